package node

import (
	"context"
	"regexp"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// Bounds of a submolt's charter, in characters.
const (
	MaxRules = 5_000
	MaxCreed = 1_000
)

// SubmoltChange holds what moderators want changed of a submolt; nil fields stay.
type SubmoltChange struct {
	DisplayName, Description, Rules, Creed, Website, BannerColor, ThemeColor *string
	AllowCrypto, Restricted, Sensitive                                       *bool
}

// ConfigureSubmolt changes a submolt of this node, by one who moderates it, and
// tells its followers.
func (n *Node) ConfigureSubmolt(ctx context.Context, author Author, name string, c SubmoltChange) (storage.Actor, error) {
	return n.changeSubmolt(ctx, author, name, func(ctx context.Context, q storage.Queries, s *storage.Actor) error {
		charter, err := q.Charter(ctx, s.ID)
		if err != nil {
			return err
		}
		if err := c.apply(s, &charter); err != nil {
			return err
		}
		charter.UpdatedAt = s.UpdatedAt
		if err := q.PutCharter(ctx, charter); err != nil {
			return err
		}
		return q.UpdateSubmolt(ctx, *s)
	})
}

// changeSubmolt runs f on a local submolt for one who moderates it, and tells
// its followers what it is now.
func (n *Node) changeSubmolt(ctx context.Context, author Author, name string, f func(ctx context.Context, q storage.Queries, s *storage.Actor) error) (storage.Actor, error) {
	if err := author.check(); err != nil {
		return storage.Actor{}, err
	}
	s, err := n.ownSubmolt(ctx, name)
	if err != nil {
		return s, err
	}
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		// Both locks, the author's first as everywhere.
		for _, id := range []string{author.ID(), s.ID} {
			if err := q.LockActor(ctx, id); err != nil {
				return err
			}
		}
		if s, err = n.moderates(ctx, q, s.ID, author); err != nil {
			return err
		}
		s.UpdatedAt = n.now()
		if err := f(ctx, q, &s); err != nil {
			return err
		}
		if err := n.publishActor(ctx, q, s); err != nil {
			return err
		}
		return n.announceSettings(ctx, q, s, author.actor)
	})
	n.forget(s.URI)
	return s, err
}

// announceSettings has a submolt announce what its moderator made of it: Lemmy
// takes the Update of a Group from one who moderates it, not from the Group.
func (n *Node) announceSettings(ctx context.Context, q storage.Queries, s, by storage.Actor) error {
	d, err := n.actorDoc(ctx, q, s)
	if err != nil {
		return err
	}
	body, err := n.post(ctx, q, letter{actor: by, thread: s.URI, doc: activity.ActivityDoc{
		Type: activity.TypeUpdate, To: activity.IDs{activity.Public}, Cc: activity.IDs{s.URI}, Audience: s.URI, Object: d, Updated: wireTime(s.UpdatedAt),
	}})
	if err != nil {
		return err
	}
	return n.announce(ctx, q, announcement{s, body, followersOf(s.URI), s.URI, false})
}

var colorWord = regexp.MustCompile(`^(#[0-9A-Fa-f]{6})?$`)

func (c SubmoltChange) apply(s *storage.Actor, charter *storage.Charter) error {
	for _, f := range []struct {
		name     string
		to, from *string
		read     func(field, text string) (string, error)
	}{
		{"display_name", &s.DisplayName, c.DisplayName, oneLine(MaxDisplayName)},
		{"description", &s.Description, c.Description, upTo(MaxDescription)},
		{"rules", &charter.Rules, c.Rules, upTo(MaxRules)},
		{"creed", &charter.Creed, c.Creed, upTo(MaxCreed)},
		{"website", &charter.Website, c.Website, webURL},
		{"banner_color", &charter.BannerColor, c.BannerColor, hexColor},
		{"theme_color", &charter.ThemeColor, c.ThemeColor, hexColor},
	} {
		if f.from == nil {
			continue
		}
		text, err := f.read(f.name, *f.from)
		if err != nil {
			return err
		}
		*f.to = text
	}
	set(&s.AllowCrypto, c.AllowCrypto)
	set(&s.Restricted, c.Restricted)
	set(&s.Sensitive, c.Sensitive)
	return nil
}

// remoteCharter is what a submolt of another node says of itself, as far as it
// keeps to our bounds.
func remoteCharter(s storage.Actor, d activity.CharterDoc) storage.Charter {
	c := storage.Charter{
		SubmoltID: s.ID, Rules: visible(d.Rules, MaxRules), Creed: visible(d.Creed, MaxCreed), UpdatedAt: s.UpdatedAt,
	}
	if site, err := webURL("website", d.Website); err == nil {
		c.Website = site
	}
	if colorWord.MatchString(d.BannerColor) {
		c.BannerColor = d.BannerColor
	}
	if colorWord.MatchString(d.ThemeColor) {
		c.ThemeColor = d.ThemeColor
	}
	return c
}

func oneLine(limit int) func(field, s string) (string, error) {
	return func(field, s string) (string, error) { return line(field, s, limit) }
}

func upTo(limit int) func(field, s string) (string, error) {
	return func(field, s string) (string, error) { return plain(field, s, limit) }
}

func hexColor(field, s string) (string, error) {
	if !colorWord.MatchString(s) {
		return "", invalid("bad_color", field+" must look like #1a2b3c", "Send six hexadecimal digits behind '#', or an empty text for none.")
	}
	return s, nil
}
