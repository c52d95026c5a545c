package node

import (
	"context"
	"errors"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// filling is one step of a backfill in one transaction.
type filling struct {
	*inbound

	job   *storage.Backfill // what it has used up
	actor storage.Actor     // whose past it is, or the submolt of the thread
}

func (f *filling) step(ctx context.Context, s storage.BackfillStep) error {
	switch s.Kind {
	case stepActor:
		return f.profile(ctx, s)
	case stepActivity:
		return f.activity(ctx, s)
	case stepPin:
		return f.pinned(ctx, s)
	case stepModerator:
		_, err := f.appoint(ctx, &activity.Activity{Type: activity.TypeAdd, Objects: []activity.Ref{{ID: s.URI}}}, f.actor, f.actor)
		return err
	case stepLabels:
		return f.labels(ctx, s)
	case stepObject, stepReply:
		return f.content(ctx, s)
	default:
		return f.items(ctx, s)
	}
}

// document returns what stands at an address; nil when nothing does.
func (f *filling) document(uri string) ([]byte, error) {
	body, fetched := f.docs[uri]
	if !fetched {
		return nil, &MissingError{URI: uri}
	}
	return body, nil
}

// profile finds the collections of a submolt or an agent in its own document.
func (f *filling) profile(ctx context.Context, s storage.BackfillStep) error {
	body, err := f.document(s.URI)
	if err != nil || body == nil {
		return err
	}
	doc, err := activity.ParseActor(body)
	if err != nil || doc.ID != f.actor.URI {
		return &Error{Kind: Invalid, Code: "bad_actor"}
	}
	collections := []storage.BackfillStep{{URI: doc.Outbox, Kind: stepOutbox}}
	if f.actor.Kind == storage.KindSubmolt {
		collections = append(collections, storage.BackfillStep{URI: doc.Featured, Kind: stepFeatured}, storage.BackfillStep{URI: doc.Moderators, Kind: stepModerators})
	}
	for _, c := range collections {
		if err := f.page(ctx, c, s.URI); err != nil {
			return err
		}
	}
	return nil
}

// page adds a page of a collection as a step, if the server that named it has it.
func (f *filling) page(ctx context.Context, c storage.BackfillStep, of string) error {
	if c.URI == "" || originOf(c.URI) != originOf(of) || f.job.Pages >= f.n.cfg.Backfill.Pages {
		return nil
	}
	c.Backfill, c.Host, c.Rank, c.Seq = f.job.URI, HostOf(c.URI), rankOf(c.Kind), f.job.Pages
	added, err := f.q.InsertStep(ctx, c)
	if added {
		f.job.Pages++
	}
	return err
}

// items takes up what a collection, or a page of it, holds. A page that came
// before is not asked for again: a circle ends there.
func (f *filling) items(ctx context.Context, s storage.BackfillStep) error {
	body, err := f.document(s.URI)
	if err != nil || body == nil {
		return err
	}
	c, err := activity.ParseCollection(body)
	if err != nil || (c.ID != "" && originOf(c.ID) != originOf(s.URI)) {
		return &Error{Kind: Invalid, Code: "bad_collection"}
	}
	hosts, err := f.q.StepHosts(ctx, s.Backfill)
	if err != nil {
		return err
	}
	bounds := f.n.boundsOf(*f.job)
	most := bounds.Items
	if s.Kind == stepOutbox {
		most = min(most, bounds.Posts)
	}
	for _, ref := range c.Items {
		if f.job.Items >= most {
			return nil
		}
		if err := f.item(ctx, s, ref, hosts); err != nil {
			return err
		}
	}
	for _, next := range []string{c.First, c.Next} {
		if err := f.page(ctx, storage.BackfillStep{URI: next, Kind: s.Kind}, s.URI); err != nil {
			return err
		}
	}
	return nil
}

// item adds one item of a collection as a step. What stands in it whole is
// believed where it is of the server that showed it (FEP-fe34).
func (f *filling) item(ctx context.Context, s storage.BackfillStep, ref activity.Ref, hosts map[string]int) error {
	host := HostOf(ref.ID)
	if host == "" || (host == f.n.host && s.Kind != stepOutbox) {
		return nil
	}
	if host != HostOf(f.job.URI) && hosts[host] >= f.n.cfg.Backfill.Foreign {
		return nil
	}
	next := storage.BackfillStep{Backfill: f.job.URI, URI: ref.ID, Kind: itemOf(s.Kind), Host: host, Seq: f.job.Items}
	next.Rank = rankOf(next.Kind)
	if next.Kind == stepActivity && originOf(ref.ID) == originOf(s.URI) {
		next.Body = ref.Raw
	}
	added, err := f.q.InsertStep(ctx, next)
	if added {
		hosts[host]++
		f.job.Items++
	}
	return err
}

// activity takes up an item of an outbox: what a submolt announced, or what an
// agent wrote.
func (f *filling) activity(ctx context.Context, s storage.BackfillStep) error {
	body := s.Body
	if len(body) == 0 {
		var err error
		if body, err = f.document(s.URI); err != nil || body == nil {
			return err
		}
	}
	a, err := activity.ParseActivity(body)
	if err != nil {
		return f.bare(ctx, body)
	}
	if a.Actor != f.actor.URI || a.ID != s.URI {
		return &Error{Kind: Forbidden, Code: "foreign_activity"}
	}
	if f.group == nil {
		if a.Type != activity.TypeCreate || f.actor.Kind != storage.KindAgent {
			return nil
		}
		_, err := f.create(ctx, a, f.actor)
		return err
	}
	if a.Type != activity.TypeAnnounce {
		return nil
	}
	for _, ref := range a.Objects {
		if ref.Raw != nil && ref.Type != activity.TypeCreate {
			continue // what was done to a post shows in the post itself
		}
		if _, err := f.inner(ctx, ref, f.actor); err != nil {
			return err
		}
	}
	return nil
}

// bare takes up an item of an outbox that is an object and no activity.
func (f *filling) bare(ctx context.Context, body []byte) error {
	o, err := activity.ParseObject(body)
	if err != nil || HostOf(o.ID) != f.actor.Host {
		return &Error{Kind: Invalid, Code: "bad_object"}
	}
	_, err = f.fetchedObject(ctx, o)
	return err
}

// known says whether a post or comment is here, or is gone for good.
func (f *filling) known(ctx context.Context, uri string) (bool, error) {
	_, err := f.target(ctx, uri)
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return false, err
	}
	return f.q.IsTombstone(ctx, uri, "")
}

// content takes up a post or comment that a collection names, as its own server
// shows it, and where it came as a reply, the replies to it.
func (f *filling) content(ctx context.Context, s storage.BackfillStep) error {
	known, err := f.known(ctx, s.URI)
	if err != nil || known {
		return err
	}
	body, err := f.document(s.URI)
	if err != nil || body == nil {
		return err
	}
	o, err := activity.ParseObject(body)
	if err != nil || o.ID != s.URI {
		return &Error{Kind: Invalid, Code: "bad_object"}
	}
	if _, err := f.fetchedObject(ctx, o); err != nil || s.Kind != stepReply {
		return err
	}
	return f.page(ctx, storage.BackfillStep{URI: o.Replies, Kind: stepReplies}, o.ID)
}

// pinned takes up a post that a submolt shows first.
func (f *filling) pinned(ctx context.Context, s storage.BackfillStep) error {
	if err := f.content(ctx, s); err != nil {
		return err
	}
	_, err := f.pin(ctx, &activity.Activity{Type: activity.TypeAdd, Objects: []activity.Ref{{ID: s.URI}}}, f.actor, f.actor)
	return err
}
