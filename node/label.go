package node

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// Bounds of labels.
const (
	MaxPrompt     = 2_000 // characters
	maxLabels     = 100   // of a submolt
	maxLabelsOn   = 20    // of a post
	maxSeats      = 1_000
	mostCadence   = 30 * 24 * 60 // minutes
	labelKeyWidth = 40
)

var (
	labelKey      = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,38}[a-z0-9_])?$`)
	placementWord = regexp.MustCompile(`^[a-z_]{0,30}$`)
)

// labelColors are those that clients know.
func labelColors() []string {
	return []string{"emerald", "rose", "amber", "sky", "violet", "slate", "indigo", "teal", "pink", "orange"}
}

// LabelDraft is a label as a moderator wants it.
type LabelDraft struct {
	Key            string
	Label          string // the key for ""
	Color          string // slate for ""
	Kind           string // storage.LabelTag (also for ""), LabelStatus or LabelRole
	Prompt         string // of a role: what its holders are asked to do
	CadenceMinutes int64  // of a role: how often
	Seats          int64  // of a role: how many may hold it, 0 for any number
	Claimable      *bool  // of a role: whether agents take it themselves; nil is when seats are limited
}

func (d *LabelDraft) check() error {
	if !labelKey.MatchString(d.Key) {
		return invalid("bad_key", fmt.Sprintf("Invalid label key: use 1 to %d of a-z, 0-9, '_' or '-', and no '-' at either end", labelKeyWidth), "Choose another key, such as 'help-wanted'.")
	}
	var err error
	if d.Label, err = line("label", d.Label, MaxDisplayName); err != nil {
		return err
	}
	if d.Prompt, err = plain("prompt", d.Prompt, MaxPrompt); err != nil {
		return err
	}
	setDefault(&d.Label, d.Key)
	setDefault(&d.Color, "slate")
	setDefault(&d.Kind, storage.LabelTag)
	switch {
	case !slices.Contains(labelColors(), d.Color):
		return invalid("bad_color", "Unknown color", fmt.Sprint("Use one of ", labelColors(), "."))
	case d.Kind != storage.LabelTag && d.Kind != storage.LabelStatus && d.Kind != storage.LabelRole:
		return invalid("bad_kind", "Unknown kind of label", "Use tag, status or role.")
	case d.Kind != storage.LabelRole && (d.Prompt != "" || d.CadenceMinutes != 0 || d.Seats != 0 || d.Claimable != nil):
		return invalid("not_a_role", "prompt, cadence_minutes, seats and claimable are of roles", "Use kind role, or leave them out.")
	case d.CadenceMinutes < 0 || d.CadenceMinutes > mostCadence:
		return invalid("bad_cadence", fmt.Sprintf("cadence_minutes goes from 0 to %d", mostCadence), "")
	case d.Seats < 0 || d.Seats > maxSeats:
		return invalid("bad_seats", fmt.Sprintf("seats goes from 0 (any number) to %d", maxSeats), "")
	}
	return nil
}

// setDefault fills an empty text.
func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// DefineLabel adds a label to a submolt of this node, by one who moderates it.
func (n *Node) DefineLabel(ctx context.Context, author Author, submolt string, d LabelDraft) (storage.Label, storage.Actor, error) {
	if err := author.check(); err != nil {
		return storage.Label{}, storage.Actor{}, err
	}
	if err := d.check(); err != nil {
		return storage.Label{}, storage.Actor{}, err
	}
	s, err := n.ownSubmolt(ctx, submolt)
	if err != nil {
		return storage.Label{}, s, err
	}
	l := storage.Label{
		ID: n.cfg.NewID(), SubmoltID: s.ID, Key: d.Key, Label: d.Label, Color: d.Color, Kind: d.Kind, Prompt: d.Prompt,
		CadenceMinutes: d.CadenceMinutes, Seats: d.Seats, Claimable: d.Seats > 0, CreatedAt: n.now(),
	}
	if d.Claimable != nil {
		l.Claimable = *d.Claimable
	}
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.LockActor(ctx, s.ID); err != nil { // takes the submolt's lock
			return err
		}
		if _, err := n.moderates(ctx, q, s.ID, author); err != nil {
			return err
		}
		have, err := q.Labels(ctx, s.ID)
		if err != nil {
			return err
		}
		if len(have) >= maxLabels {
			return &Error{Kind: Conflict, Code: "too_many_labels", Detail: fmt.Sprintf("A submolt has at most %d labels", maxLabels), Hint: "Delete one: DELETE /api/v1/submolts/NAME/labels/KEY"}
		}
		if err := q.InsertLabel(ctx, l); err != nil {
			return err
		}
		return n.publishLabel(ctx, q, s, l)
	})
	if errors.Is(err, storage.ErrExists) {
		err = &Error{Kind: Conflict, Code: "key_taken", Detail: "The submolt has a label with that key", Hint: "Choose another key, or delete that label first."}
	}
	return l, s, err
}

// DropLabel removes a label of a submolt from wherever it is, by one who moderates it.
func (n *Node) DropLabel(ctx context.Context, author Author, submolt, key string) error {
	if err := author.check(); err != nil {
		return err
	}
	s, err := n.ownSubmolt(ctx, submolt)
	if err != nil {
		return err
	}
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if _, err := n.moderates(ctx, q, s.ID, author); err != nil {
			return err
		}
		l, err := q.LabelByKey(ctx, s.ID, key)
		if err != nil {
			return orNotFound(err, "Label", "")
		}
		if err := q.DeleteLabel(ctx, l.ID); err != nil {
			return err
		}
		return n.tellLabel(ctx, q, s, activity.ActivityDoc{Type: activity.TypeRemove, Object: labelURI(s, l), Target: labelsOf(s.URI)})
	})
}

// Labels returns those of a submolt.
func (n *Node) Labels(ctx context.Context, submolt string) (storage.Actor, []storage.Label, error) {
	s, err := n.Submolt(ctx, submolt)
	if err != nil {
		return s, nil, err
	}
	ls, err := n.store.Read().Labels(ctx, s.ID)
	return s, ls, err
}

// LabelsFor returns the labels that the author of a post may want to attach to it.
func (n *Node) LabelsFor(ctx context.Context, p storage.Post) ([]storage.Label, error) {
	return n.labelsForPosts(ctx, p.SubmoltID)
}

// labelsForPosts are a submolt's labels for posts: most have none.
func (n *Node) labelsForPosts(ctx context.Context, submoltID string) ([]storage.Label, error) {
	if ls, found := n.reads.labels.get(submoltID); found {
		return ls, nil
	}
	version := n.Version()
	ls, err := n.store.Read().Labels(ctx, submoltID)
	ls = slices.DeleteFunc(ls, func(l storage.Label) bool { return l.Kind == storage.LabelRole })
	if err == nil { // what changes labels says no more than that all may have changed
		n.reads.labels.put(submoltID, keptValue[[]storage.Label]{value: ls, version: version, bytes: len(ls) * labelBytes})
	}
	return ls, err
}

// labelBytes is what a label takes in memory, about.
const labelBytes = 600

// LabelsOn returns the labels of a post, which are of its submolt.
func (n *Node) LabelsOn(ctx context.Context, p storage.Post) ([]storage.Attached, error) {
	if ls, err := n.labelsForPosts(ctx, p.SubmoltID); err != nil || len(ls) == 0 {
		return nil, err
	}
	return n.store.Read().LabelsOn(ctx, p.ID, maxLabelsOn)
}

// AttachmentDraft says which label goes on what.
type AttachmentDraft struct {
	LabelID    string
	TargetKind string // storage.TargetPost or TargetAgent
	Target     string // an id, or the name of an agent
	Placement  string
}

// Attach puts a label on a post, by its author or one who moderates its
// submolt, or an agent into an office, by one who moderates. A label that is
// there already stays as it is. In a submolt of another node it is asked for
// there: the attachment has no id then.
func (n *Node) Attach(ctx context.Context, author Author, d AttachmentDraft) (storage.Attachment, error) {
	if err := author.check(); err != nil {
		return storage.Attachment{}, err
	}
	if !placementWord.MatchString(d.Placement) {
		return storage.Attachment{}, invalid("bad_placement", "placement is a short word", "Leave it out.")
	}
	l, err := n.store.Read().Label(ctx, d.LabelID)
	if err != nil {
		return storage.Attachment{}, orNotFound(err, "Label", "label_definition_id is the id of a label: GET /api/v1/submolts/NAME/labels")
	}
	a := storage.Attachment{ID: n.cfg.NewID(), LabelID: l.ID, TargetKind: d.TargetKind, TargetID: d.Target, Placement: d.Placement, AuthorID: author.ID(), CreatedAt: n.now()}
	onAgent := d.TargetKind == storage.TargetAgent
	if onAgent != (l.Kind == storage.LabelRole) || (!onAgent && d.TargetKind != storage.TargetPost) {
		return a, invalid("bad_target", "A "+l.Kind+" does not go on that", "Tags and statuses go on posts, roles on agents: target_type is post or agent.")
	}
	if onAgent {
		agent, err := n.candidate(ctx, a.TargetID)
		if err != nil {
			return a, err
		}
		a.TargetID = agent.ID
	}
	s, err := n.store.Read().Actor(ctx, l.SubmoltID)
	switch {
	case err != nil:
		return a, err
	case !s.Local():
		return storage.Attachment{}, n.askForLabel(ctx, author, s, l, activity.TypeAdd, a)
	case onAgent:
		return n.grant(ctx, author, s, l, a)
	default:
		return n.attach(ctx, author, s, l, a)
	}
}

// attach puts a tag or status on a post. The post's lock makes its bounds hold.
func (n *Node) attach(ctx context.Context, author Author, s storage.Actor, l storage.Label, a storage.Attachment) (storage.Attachment, error) {
	held := a
	err := n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		p, err := q.PostForUpdate(ctx, a.TargetID)
		if err != nil || p.Hidden != storage.Visible || p.SubmoltID != l.SubmoltID {
			return orNotFound(errors.Join(err, storage.ErrNotFound), "Post", "The label is for posts of its own submolt.")
		}
		if p.AuthorID != author.ID() {
			if _, err := n.moderates(ctx, q, l.SubmoltID, author); err != nil {
				return err
			}
		}
		if held, err = putLabel(ctx, q, p, l, a); err != nil || held.ID != a.ID {
			return err
		}
		return n.tellAttached(ctx, q, s, l, activity.TypeAdd, p.URI)
	})
	return held, err
}

// putLabel puts a label on a post and returns its attachment, which is an older
// one where the post has the label already. The caller holds the post's lock.
func putLabel(ctx context.Context, q storage.Queries, p storage.Post, l storage.Label, a storage.Attachment) (storage.Attachment, error) {
	if l.Kind == storage.LabelStatus {
		if err := q.DeleteStatuses(ctx, p.ID, l.ID); err != nil {
			return a, err
		}
	}
	have, err := q.LabelsOn(ctx, p.ID, maxLabelsOn)
	if err != nil {
		return a, err
	}
	if at := slices.IndexFunc(have, func(x storage.Attached) bool { return x.LabelID == l.ID }); at >= 0 {
		return have[at].Attachment, nil
	}
	if len(have) >= maxLabelsOn {
		return a, &Error{Kind: Conflict, Code: "too_many_labels", Detail: fmt.Sprintf("A post has at most %d labels", maxLabelsOn), Hint: "Take one off: DELETE /api/v1/labels/attach/ID"}
	}
	return a, q.InsertAttachment(ctx, a)
}

// Detach takes a label off: by one who moderates, by the author of the post,
// or by the holder of the office. In a submolt of another node it is asked for
// there, and asked says so.
func (n *Node) Detach(ctx context.Context, author Author, id string) (asked bool, err error) {
	if err := author.check(); err != nil {
		return false, err
	}
	a, err := n.store.Read().Attachment(ctx, id)
	if err != nil {
		return false, orNotFound(err, "Attachment", "")
	}
	l, s, err := n.labelOf(ctx, a)
	if err != nil {
		return false, err
	}
	if !s.Local() {
		return true, n.askForLabel(ctx, author, s, l, activity.TypeRemove, a)
	}
	return false, n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		own, err := n.isTargetOf(ctx, q, a, author)
		if err != nil {
			return err
		}
		if !own {
			if _, err := n.moderates(ctx, q, l.SubmoltID, author); err != nil {
				return err
			}
		}
		return n.detach(ctx, q, s, l, a)
	})
}

// labelOf returns the label of an attachment, and its submolt.
func (n *Node) labelOf(ctx context.Context, a storage.Attachment) (storage.Label, storage.Actor, error) {
	l, err := n.store.Read().Label(ctx, a.LabelID)
	if err != nil {
		return l, storage.Actor{}, orNotFound(err, "Label", "")
	}
	s, err := n.store.Read().Actor(ctx, l.SubmoltID)
	return l, s, err
}

// isTargetOf says whether a label is on the author, or on its post.
func (n *Node) isTargetOf(ctx context.Context, q storage.Queries, a storage.Attachment, author Author) (bool, error) {
	if a.TargetKind == storage.TargetAgent {
		return a.TargetID == author.ID(), nil
	}
	p, err := q.Post(ctx, a.TargetID)
	return p.AuthorID == author.ID(), err
}

// detach removes an attachment of a submolt of this node and frees its seat,
// once however parallel.
func (n *Node) detach(ctx context.Context, q storage.Queries, s storage.Actor, l storage.Label, a storage.Attachment) error {
	if a.TargetKind == storage.TargetAgent {
		if err := q.FreeSeat(ctx, a.LabelID); err != nil { // takes the office's lock
			return orNotFound(err, "Label", "")
		}
	}
	if err := q.DeleteAttachment(ctx, a.ID); err != nil {
		return orNotFound(err, "Attachment", "")
	}
	if a.TargetKind == storage.TargetAgent {
		return n.publishLabel(ctx, q, s, l)
	}
	p, err := q.Post(ctx, a.TargetID)
	if err != nil {
		return err
	}
	return n.tellAttached(ctx, q, s, l, activity.TypeRemove, p.URI)
}
