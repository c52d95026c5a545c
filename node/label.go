package node

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

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

// labelsOf is where a submolt lists its labels and offices, each at that address
// with a slash and its key behind.
func labelsOf(submoltURI string) string { return submoltURI + "/labels" }

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
		if err := q.AddCounts(ctx, s.ID, storage.Counts{}); err != nil { // takes the submolt's lock
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
		return q.InsertLabel(ctx, l)
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
		return q.DeleteLabel(ctx, l.ID)
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
	if p.Submolt.Host != "" {
		return nil, nil
	}
	ls, err := n.store.Read().Labels(ctx, p.SubmoltID)
	return slices.DeleteFunc(ls, func(l storage.Label) bool { return l.Kind == storage.LabelRole }), err
}

// LabelsOn returns the labels of a post.
func (n *Node) LabelsOn(ctx context.Context, postID string) ([]storage.Attached, error) {
	return n.store.Read().LabelsOn(ctx, postID, maxLabelsOn)
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
// there already stays as it is.
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
	switch {
	case l.Kind == storage.LabelRole && d.TargetKind == storage.TargetAgent:
		return n.grant(ctx, author, l, a)
	case l.Kind != storage.LabelRole && d.TargetKind == storage.TargetPost:
		return n.attach(ctx, author, l, a)
	default:
		return a, invalid("bad_target", "A "+l.Kind+" does not go on that", "Tags and statuses go on posts, roles on agents: target_type is post or agent.")
	}
}

// attach puts a tag or status on a post. The post's lock makes its bounds hold.
func (n *Node) attach(ctx context.Context, author Author, l storage.Label, a storage.Attachment) (storage.Attachment, error) {
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
		if l.Kind == storage.LabelStatus {
			if err := q.DeleteStatuses(ctx, p.ID, l.ID); err != nil {
				return err
			}
		}
		have, err := q.LabelsOn(ctx, p.ID, maxLabelsOn)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(have, func(x storage.Attached) bool { return x.LabelID == l.ID }); at >= 0 {
			a = have[at].Attachment
			return nil
		}
		if len(have) >= maxLabelsOn {
			return &Error{Kind: Conflict, Code: "too_many_labels", Detail: fmt.Sprintf("A post has at most %d labels", maxLabelsOn), Hint: "Take one off: DELETE /api/v1/labels/attach/ID"}
		}
		return q.InsertAttachment(ctx, a)
	})
	return a, err
}

// Detach takes a label off: by one who moderates, by the author of the post,
// or by the holder of the office.
func (n *Node) Detach(ctx context.Context, author Author, id string) error {
	if err := author.check(); err != nil {
		return err
	}
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		a, err := q.Attachment(ctx, id)
		if err != nil {
			return orNotFound(err, "Attachment", "")
		}
		l, err := q.Label(ctx, a.LabelID)
		if err != nil {
			return orNotFound(err, "Label", "")
		}
		own, err := n.isTargetOf(ctx, q, a, author)
		if err != nil {
			return err
		}
		if !own {
			if _, err := n.moderates(ctx, q, l.SubmoltID, author); err != nil {
				return err
			}
		}
		return n.detach(ctx, q, a)
	})
}

// isTargetOf says whether a label is on the author, or on its post.
func (n *Node) isTargetOf(ctx context.Context, q storage.Queries, a storage.Attachment, author Author) (bool, error) {
	if a.TargetKind == storage.TargetAgent {
		return a.TargetID == author.ID(), nil
	}
	p, err := q.Post(ctx, a.TargetID)
	return p.AuthorID == author.ID(), err
}

// detach removes an attachment and frees its seat, once however parallel.
func (n *Node) detach(ctx context.Context, q storage.Queries, a storage.Attachment) error {
	if a.TargetKind == storage.TargetAgent {
		if err := q.FreeSeat(ctx, a.LabelID); err != nil { // takes the office's lock
			return orNotFound(err, "Label", "")
		}
	}
	return orNotFound(q.DeleteAttachment(ctx, a.ID), "Attachment", "")
}
