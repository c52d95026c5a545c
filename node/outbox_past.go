package node

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// The log of activities forgets what is old (keptOutbox); posts stay. What the
// outbox collections of their authors and submolts held of them is made anew, so
// that a quiet submolt is not an empty one to who begins to follow it.

// Marks before a post's id in the ids of activities that are made anew.
const (
	pastCreate   = "create-"
	pastAnnounce = "announce-"
)

// pastEntries are entries for an actor's posts that its log does not hold any
// more, the newest first.
func (n *Node) pastEntries(ctx context.Context, q storage.Queries, a storage.Actor, have []storage.Entry, limit int) ([]storage.Entry, error) {
	// Behind the time from which the log has everything; what it still holds of those may come first.
	from := storage.After{Key: n.now() - keptOutbox.Milliseconds(), ID: "0"}
	list := storage.PostList{Sort: storage.SortNew, After: from, Limit: limit + len(have)}
	if a.Kind == storage.KindSubmolt {
		list.SubmoltID = a.ID
	} else {
		list.AuthorID = a.ID
	}
	posts, err := q.Posts(ctx, list)
	if err != nil {
		return nil, err
	}
	var past []storage.Entry
	for _, p := range posts {
		if carried(have, p.URI) {
			continue
		}
		if len(past) == limit {
			break
		}
		e, err := n.pastEntry(ctx, q, a, p)
		if err != nil {
			return nil, err
		}
		past = append(past, e)
	}
	return past, nil
}

// carried says whether one of the entries carries a post: the log's time is
// that of the act, which of another node's post is not its own.
func carried(have []storage.Entry, uri string) bool {
	quoted := []byte(`"` + uri + `"`)
	for _, e := range have {
		if bytes.Contains(e.Body, quoted) {
			return true
		}
	}
	return false
}

// pastEntry makes the activity anew by which an agent published a post, or by
// which a submolt passed it on. What another server's author sent is not kept: a
// submolt names that post by its id.
func (n *Node) pastEntry(ctx context.Context, q storage.Queries, a storage.Actor, p storage.Post) (storage.Entry, error) {
	var object any = p.URI
	if p.Author.Host == "" {
		body, err := n.pastCreate(ctx, q, p)
		if err != nil {
			return storage.Entry{}, err
		}
		object = json.RawMessage(body)
	}
	e := storage.Entry{ActorID: a.ID, Type: activity.TypeCreate, CreatedAt: p.CreatedAt, ID: pastCreate + p.ID + " " + strconv.FormatInt(p.UpdatedAt, 10)}
	if a.Kind != storage.KindSubmolt {
		e.Body, _ = object.(json.RawMessage)
		return n.provenEntry(ctx, e, a)
	}
	e.Type, e.ID = activity.TypeAnnounce, pastAnnounce+e.ID
	body, err := activity.Encode(activity.ActivityDoc{
		ID: n.activityURI(pastAnnounce + p.ID), Type: activity.TypeAnnounce, Actor: a.URI, To: activity.IDs{a.URI, activity.Public},
		Cc: activity.IDs{a.FollowersURI}, Object: object, Published: wireTime(p.CreatedAt),
	})
	if err != nil {
		return storage.Entry{}, err
	}
	e.Body = body
	return n.provenEntry(ctx, e, a)
}

func (n *Node) pastCreate(ctx context.Context, q storage.Queries, p storage.Post) ([]byte, error) {
	author, err := q.Actor(ctx, p.AuthorID)
	if err != nil {
		return nil, err
	}
	submolt, err := q.Actor(ctx, p.SubmoltID)
	if err != nil {
		return nil, err
	}
	called, err := n.mentions(ctx, q, p.Content)
	if err != nil {
		return nil, err
	}
	doc := n.postLetter(p, author, submolt, called).doc
	doc.ID, doc.Type, doc.Actor, doc.Published = n.activityURI(pastCreate+p.ID), activity.TypeCreate, author.URI, wireTime(p.CreatedAt)
	return activity.Encode(doc)
}

// pastByID returns an activity that was made anew, by the last segment of its id.
func (n *Node) pastByID(ctx context.Context, id string) (storage.Entry, error) {
	postID, announced := strings.CutPrefix(id, pastAnnounce)
	if !announced {
		postID = strings.TrimPrefix(id, pastCreate)
	}
	p, err := n.PostByID(ctx, postID, "")
	if err != nil {
		return storage.Entry{}, err
	}
	actorID, home := p.AuthorID, p.Author.Host
	if announced {
		actorID, home = p.SubmoltID, p.Submolt.Host
	}
	if home != "" || p.CreatedAt > n.now()-keptOutbox.Milliseconds() {
		return storage.Entry{}, notFound("Activity", "")
	}
	q := n.store.Read()
	a, err := q.Actor(ctx, actorID)
	if err != nil {
		return storage.Entry{}, err
	}
	return n.pastEntry(ctx, q, a, p)
}
