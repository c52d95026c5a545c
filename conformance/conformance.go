// Package conformance judges a running node from outside, against the clauses
// of package specs: as a peer, with actors, keys and a recording inbox of its
// own (package peer), and as an agent, over the HTTP API. It shares no code with
// the nodes that it judges.
//
// Run is the whole of it: it starts a peer, runs the checks one after another
// and returns a Report, which prints itself as text, JSON or JUnit XML.
package conformance

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"instar.example/conformance/checks"
	"instar.example/conformance/peer"
	"instar.example/specs"
)

// Check is one way to see whether a clause holds.
type Check = checks.Check

// Target is the node under judgement.
type Target = checks.Target

// ErrOptions is wrapped when Options cannot be used.
var ErrOptions = errors.New("cannot run")

// DefaultTimeout is how long one check may take, waiting for deliveries
// included.
const DefaultTimeout = 15 * time.Second

// Options says what is judged and how.
type Options struct {
	Node   string   // origin of the node, e.g. "http://127.0.0.1:8080"; required
	Groups []string // clause groups; empty: all
	Checks []string // ids of single checks; empty: all of the groups
	Key    string   // API key of an agent on the node; empty: register one
	Client *http.Client

	Peer       *peer.Node // a peer that runs already; nil: start one
	PeerListen string     // where the peer listens; default 127.0.0.1:0
	PeerURL    string     // under which origin the node reaches the peer
	PeerKeys   []*rsa.PrivateKey

	// OtherListen and OtherURL are those of a second peer, for what one origin says
	// of another. Where PeerURL is given and OtherURL is not, there is none, and the
	// checks that need it are not offered.
	OtherListen string
	OtherURL    string

	Timeout time.Duration // for each check; default DefaultTimeout
	Now     func() time.Time
	Done    func(Result) // called after each check; nil: nobody listens
}

// Run judges a node. The error says that the suite could not run at all; what
// the node did wrong stands in the report.
func Run(ctx context.Context, o Options) (Report, error) {
	chosen, err := o.complete()
	if err != nil {
		return Report{}, err
	}
	if o.Peer == nil {
		o.Peer, err = peer.Start(ctx, peer.Options{Listen: o.PeerListen, URL: o.PeerURL, Keys: o.PeerKeys, Now: o.Now})
		if err != nil {
			return Report{}, err
		}
		defer func() { _ = o.Peer.Close() }() // nothing is lost with it
	}
	var other *peer.Node
	if o.PeerURL == "" || o.OtherURL != "" {
		other, err = peer.Start(ctx, peer.Options{Listen: o.OtherListen, URL: o.OtherURL, Keys: o.PeerKeys, Now: o.Now})
		if err != nil {
			return Report{}, err
		}
		defer func() { _ = other.Close() }() // nothing is lost with it
	}
	clauses, err := specs.Clauses()
	if err != nil {
		return Report{}, fmt.Errorf("read the clauses: %w", err)
	}
	report := Report{Node: o.Node, Begun: o.Now().UTC()}
	target := checks.NewTarget(o.Node, o.Client, o.Key, o.Peer, other)
	for _, c := range chosen {
		if ctx.Err() != nil {
			return report, fmt.Errorf("run the checks: %w", context.Cause(ctx))
		}
		result := o.judge(ctx, target, c)
		if o.Done != nil {
			o.Done(result)
		}
		report.Results = append(report.Results, result)
	}
	report.Took = o.Now().Sub(report.Begun)
	report.byClause(clauses)
	return report, nil
}

// complete fills in defaults and returns the checks that were asked for.
func (o *Options) complete() ([]Check, error) {
	u, err := url.Parse(o.Node)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("node %q is not an origin such as https://node.example: %w", o.Node, ErrOptions)
	}
	o.Node = strings.TrimSuffix(o.Node, "/")
	if o.Client == nil {
		o.Client = &http.Client{}
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, g := range o.Groups {
		if !slices.Contains(checks.Groups(), g) {
			return nil, fmt.Errorf("no group %q; there are %s: %w", g, strings.Join(checks.Groups(), ", "), ErrOptions)
		}
	}
	all, err := checks.All()
	if err != nil {
		return nil, err
	}
	chosen := slices.DeleteFunc(all, func(c Check) bool {
		return len(o.Groups) > 0 && !slices.Contains(o.Groups, c.Group) ||
			len(o.Checks) > 0 && !slices.Contains(o.Checks, c.ID)
	})
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no check is named so: %w", ErrOptions)
	}
	return chosen, nil
}

func (o *Options) judge(ctx context.Context, t *Target, c Check) Result {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	begun := o.Now()
	err := c.Run(ctx, t)
	return Result{
		Check: c.ID, Clause: c.Clause, Group: c.Group, Name: c.Name,
		Outcome: outcomeOf(err), Detail: detailOf(err), Took: o.Now().Sub(begun),
	}
}

func outcomeOf(err error) Outcome {
	var f *checks.FailureError
	switch {
	case err == nil:
		return Pass
	case errors.Is(err, checks.ErrNotOffered):
		return NotOffered
	case errors.As(err, &f):
		return Fail
	default:
		return Error
	}
}

func detailOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
