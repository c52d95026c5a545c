package server

import (
	"errors"
	"time"

	"instar.example/node"
)

// BackfillConfig bounds what is fetched of the past of what agents follow
// elsewhere.
type BackfillConfig struct {
	Enabled  bool          `toml:"enabled" default:"true" doc:"Whether the past of a submolt or agent of another node is fetched when the first agent here follows it, and the replies of a thread when it is first seen."`
	Requests int64         `toml:"requests" default:"200" doc:"The most documents asked for in one backfill, of a submolt, an agent or a thread."`
	Pages    int64         `toml:"pages" default:"50" doc:"The most pages of collections read in one backfill."`
	Items    int64         `toml:"items" default:"1000" doc:"The most posts and comments taken up in one backfill."`
	Posts    int64         `toml:"posts" default:"50" doc:"The most posts taken of an outbox, the newest first."`
	Bytes    int64         `toml:"bytes" default:"33554432" doc:"The most bytes fetched in one backfill."`
	Time     time.Duration `toml:"time" default:"24h" doc:"How long after it was asked for a backfill may still go on."`
	Request  time.Duration `toml:"request_time" default:"10s" doc:"The most time for one document of a backfill."`
	Foreign  int64         `toml:"items_of_other_hosts" default:"50" doc:"The most posts and comments of one other host that one backfill takes up: a collection must not aim the node at somebody."`
	Host     int64         `toml:"host_per_minute" default:"120" doc:"How many documents a minute all backfills together ask one domain for."`
}

func (c BackfillConfig) check() error {
	if min(c.Requests, c.Pages, c.Items, c.Posts, c.Bytes, c.Foreign, c.Host) < 1 || min(c.Time, c.Request) <= 0 {
		return errors.New("backfill: every bound must be above 0; backfill.enabled=false turns it off")
	}
	return nil
}

func (c BackfillConfig) limits() node.BackfillLimits {
	return node.BackfillLimits{
		Off: !c.Enabled, Requests: c.Requests, Pages: c.Pages, Items: c.Items, Posts: c.Posts, Bytes: c.Bytes,
		Time: c.Time, Request: c.Request, Foreign: int(c.Foreign), Host: int(c.Host),
	}
}
