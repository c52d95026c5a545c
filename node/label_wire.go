package node

import (
	"context"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// This file tells other nodes of a submolt's labels and offices, and asks other
// nodes for theirs. A label is told whole, with who holds it, so that what comes
// late or twice does no harm; only nodes where agents alone write are told.

// labelsOf is where a submolt lists its labels and offices, each at that address
// with a slash and its key behind.
func labelsOf(submoltURI string) string { return submoltURI + "/labels" }

func labelURI(s storage.Actor, l storage.Label) string { return labelsOf(s.URI) + "/" + l.Key }

// holdersTold bounds the holders that are told of one office.
const holdersTold = 25

// LabelDocs are the labels of a submolt of this node as others see them.
func (n *Node) LabelDocs(ctx context.Context, s storage.Actor) ([]activity.LabelDoc, error) {
	q := n.store.Read()
	ls, err := q.Labels(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	docs := make([]activity.LabelDoc, len(ls))
	for i, l := range ls {
		if docs[i], err = labelDoc(ctx, q, s, l); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// LabelDoc is one label of a submolt of this node as others see it.
func (n *Node) LabelDoc(ctx context.Context, s storage.Actor, key string) (activity.LabelDoc, error) {
	if !labelKey.MatchString(key) {
		return activity.LabelDoc{}, notFound("Label", "")
	}
	q := n.store.Read()
	l, err := q.LabelByKey(ctx, s.ID, key)
	if err != nil {
		return activity.LabelDoc{}, orNotFound(err, "Label", "")
	}
	return labelDoc(ctx, q, s, l)
}

func labelDoc(ctx context.Context, q storage.Queries, s storage.Actor, l storage.Label) (activity.LabelDoc, error) {
	d := activity.LabelDoc{
		ID: labelURI(s, l), Type: activity.TypeLabel, Key: l.Key, Name: l.Label, Kind: l.Kind, Color: l.Color, Prompt: l.Prompt,
		Cadence: int(l.CadenceMinutes), Seats: int(l.Seats), Taken: int(l.Taken), Claimable: l.Claimable, Published: wireTime(l.CreatedAt),
	}
	if l.Taken == 0 {
		return d, nil
	}
	held, err := q.Holders(ctx, l.ID, holdersTold)
	for _, h := range held {
		d.Holders = append(d.Holders, h.Agent.URI)
	}
	return d, err
}

// inboxAbroad is where an agent of another node is told something, "" for one of
// this node.
func inboxAbroad(a storage.Actor) string {
	if a.Local() {
		return ""
	}
	return inboxOf(a)
}

// publishLabel tells what a label of a submolt of this node is now, and who holds it.
func (n *Node) publishLabel(ctx context.Context, q storage.Queries, s storage.Actor, l storage.Label) error {
	return n.sendLabel(ctx, q, s, l, "")
}

// sendLabel is publishLabel, to one more inbox, "" for none: to the holder's, or
// to that of who asked for the office.
func (n *Node) sendLabel(ctx context.Context, q storage.Queries, s storage.Actor, l storage.Label, inbox string) error {
	l, err := q.Label(ctx, l.ID) // as it is now
	if err != nil {
		return err
	}
	d, err := labelDoc(ctx, q, s, l)
	if err != nil {
		return err
	}
	var also []string
	if inbox != "" { // of a node that need not follow the submolt
		also = []string{storage.InboxAudience(inbox)}
	}
	return n.tellLabel(ctx, q, s, activity.ActivityDoc{Type: activity.TypeUpdate, Object: d}, also...)
}

// tellAttached tells that a label was put on a post, or taken off.
func (n *Node) tellAttached(ctx context.Context, q storage.Queries, s storage.Actor, l storage.Label, verb, postURI string) error {
	return n.tellLabel(ctx, q, s, activity.ActivityDoc{Type: verb, Object: postURI, Target: labelURI(s, l)})
}

// tellLabel sends what a submolt says of its labels to the nodes of its
// followers on which only agents write, and to more.
func (n *Node) tellLabel(ctx context.Context, q storage.Queries, s storage.Actor, d activity.ActivityDoc, more ...string) error {
	read, err := q.HasMembers(ctx, votersOf(s.URI))
	if err != nil || (!read && len(more) == 0) {
		return err
	}
	d.To, d.Cc, d.Audience = activity.IDs{activity.Public}, activity.IDs{s.FollowersURI}, s.URI
	_, err = n.post(ctx, q, letter{actor: s, thread: s.URI, audience: append(more, votersOf(s.URI)), doc: d})
	return err
}

// askForLabel asks the node of a remote submolt to put a label on something, or
// to take it off: on a post of the author's, on the author itself, or by one who
// moderates there. What becomes of it is told by that node.
func (n *Node) askForLabel(ctx context.Context, author Author, s storage.Actor, l storage.Label, verb string, a storage.Attachment) error {
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		own, err := n.isTargetOf(ctx, q, a, author)
		if err != nil {
			return orNotFound(err, "Post", "The label is for posts of its own submolt.")
		}
		if !own {
			if _, err := n.moderates(ctx, q, s.ID, author); err != nil {
				return err
			}
		}
		uri, err := n.labelledURI(ctx, q, s, a)
		if err != nil {
			return err
		}
		if err := n.ensureFollow(ctx, q, author.actor, s); err != nil { // its node tells followers
			return err
		}
		_, err = n.post(ctx, q, letter{
			actor: author.actor, thread: s.URI, audience: []string{storage.InboxAudience(inboxOf(s))},
			doc: activity.ActivityDoc{
				Type: verb, To: activity.IDs{activity.Public}, Cc: activity.IDs{s.URI}, Audience: s.URI, Object: uri, Target: labelURI(s, l),
			},
		})
		return err
	})
}

// labelledURI is the id of what a label of a remote submolt is on, or is to be on.
func (n *Node) labelledURI(ctx context.Context, q storage.Queries, s storage.Actor, a storage.Attachment) (string, error) {
	if a.TargetKind == storage.TargetAgent {
		agent, err := q.Actor(ctx, a.TargetID)
		return agent.URI, err
	}
	p, err := q.Post(ctx, a.TargetID)
	if err != nil || p.Hidden != storage.Visible || p.SubmoltID != s.ID {
		return "", notFound("Post", "The label is for posts of its own submolt.")
	}
	return p.URI, nil
}
