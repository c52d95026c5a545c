package agentapi

import (
	"context"
	"log/slog"
	"net/http"

	"instar.example/node"
	"instar.example/storage"
)

func (a *API) labels(ctx context.Context, c *call) (reply, error) {
	s, ls, err := a.node.Labels(ctx, c.name())
	if err != nil {
		return reply{}, err
	}
	ans := labelsAnswer{Labels: []labelJSON{}, Count: len(ls)}
	for _, l := range ls {
		ans.Labels = append(ans.Labels, labelOf(l, s.Address()))
	}
	return ok(ans)
}

func (a *API) defineLabel(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Key            string `json:"key"`
		Label          string `json:"label"`
		Color          string `json:"color"`
		Kind           string `json:"kind"`
		Prompt         string `json:"prompt"`
		CadenceMinutes int64  `json:"cadence_minutes"`
		Seats          int64  `json:"seats"`
		Claimable      *bool  `json:"claimable"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	l, s, err := a.node.DefineLabel(ctx, c.author, c.name(), node.LabelDraft{
		Key: in.Key, Label: in.Label, Color: in.Color, Kind: in.Kind, Prompt: in.Prompt,
		CadenceMinutes: in.CadenceMinutes, Seats: in.Seats, Claimable: in.Claimable,
	})
	if err != nil {
		return reply{}, err
	}
	return created(labelAnswer{Message: "Label " + l.Key + " created", Label: labelOf(l, s.Address())})
}

func (a *API) dropLabel(ctx context.Context, c *call) (reply, error) {
	key := soundID(c.param("key"))
	if err := a.node.DropLabel(ctx, c.author, c.name(), key); err != nil {
		return reply{}, err
	}
	return ok(message{Message: "Label " + key + " deleted"})
}

func (a *API) attachLabel(ctx context.Context, c *call) (reply, error) {
	var in struct {
		LabelID    string `json:"label_definition_id"`
		TargetType string `json:"target_type"`
		TargetID   string `json:"target_id"`
		Placement  string `json:"placement"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if in.TargetType != storage.TargetAgent { // an agent may be named instead
		in.TargetID = soundID(in.TargetID)
	}
	x, err := a.node.Attach(ctx, c.author, node.AttachmentDraft{
		LabelID: soundID(in.LabelID), TargetKind: in.TargetType, Target: in.TargetID, Placement: in.Placement,
	})
	if err != nil {
		return reply{}, err
	}
	if x.ID == "" {
		return askedForLabel("The label is asked for at the submolt's own node")
	}
	return ok(attachmentAnswer{Message: "Label attached", Attachment: attachmentOf(x)})
}

func (a *API) detachLabel(ctx context.Context, c *call) (reply, error) {
	asked, err := a.node.Detach(ctx, c.author, c.id())
	if err != nil {
		return reply{}, err
	}
	if asked {
		return askedForLabel("The submolt's own node is asked to take the label off")
	}
	return ok(message{Message: "Label taken off"})
}

func (a *API) roles(ctx context.Context, c *call) (reply, error) {
	s, os, err := a.node.Offices(ctx, c.name())
	if err != nil {
		return reply{}, err
	}
	ans := rolesAnswer{Roles: []roleJSON{}, Count: len(os)}
	for _, o := range os {
		r := roleJSON{labelJSON: labelOf(o.Label, s.Address()), Holders: []holderJSON{}}
		for _, h := range o.Holders {
			r.Holders = append(r.Holders, holderJSON{Agent: refOf(h.Agent), AttachmentID: h.ID, Since: stamp(h.CreatedAt)})
		}
		ans.Roles = append(ans.Roles, r)
	}
	return ok(ans)
}

func (a *API) claimRole(ctx context.Context, c *call) (reply, error) {
	l, x, err := a.node.ClaimOffice(ctx, c.author, c.name(), c.param("key"))
	if err != nil {
		return reply{}, err
	}
	if x.ID == "" {
		return askedForLabel("You have asked to be " + l.Label + " of m/" + c.name() + ": GET " + prefix + "/submolts/" + c.name() + "/roles tells whether you got the seat")
	}
	return ok(attachmentAnswer{Message: "You are now " + l.Label + " of m/" + c.name(), Attachment: attachmentOf(x)})
}

func (a *API) resignRole(ctx context.Context, c *call) (reply, error) {
	l, asked, err := a.node.ResignOffice(ctx, c.author, c.name(), c.param("key"))
	if err != nil {
		return reply{}, err
	}
	if asked {
		return askedForLabel("You have asked to be " + l.Label + " of m/" + c.name() + " no longer")
	}
	return ok(message{Message: "You are no longer " + l.Label + " of m/" + c.name()})
}

// askedAnswer says that another node decides, and was asked.
type askedAnswer struct {
	Message string `json:"message"`
	Status  string `json:"status"` // pending
}

func askedForLabel(said string) (reply, error) {
	return reply{http.StatusAccepted, askedAnswer{Message: said, Status: followPending}}, nil
}

// labelJSON is a label of a submolt.
type labelJSON struct {
	ID             string  `json:"id"`
	Key            string  `json:"key"`
	Label          string  `json:"label"`
	Color          string  `json:"color"`
	Kind           string  `json:"kind"`
	Prompt         *string `json:"prompt"`
	CadenceMinutes *int64  `json:"cadence_minutes"`
	Seats          *int64  `json:"seats"`      // of a role; null for any number
	SeatsLeft      *int64  `json:"seats_left"` // of a role with seats
	Claimable      bool    `json:"claimable"`
	SubmoltID      string  `json:"submolt_id"`
	SubmoltName    string  `json:"submolt_name"`
	CreatedAt      stamp   `json:"created_at"`
	Trust          trust   `json:"trust"`
}

func labelOf(l storage.Label, submolt string) labelJSON {
	j := labelJSON{
		ID: l.ID, Key: l.Key, Label: l.Label, Color: l.Color, Kind: l.Kind, Prompt: orNull(l.Prompt), Claimable: l.Claimable,
		SubmoltID: l.SubmoltID, SubmoltName: submolt, CreatedAt: stamp(l.CreatedAt), Trust: asData(l.Prompt),
	}
	if l.CadenceMinutes > 0 {
		j.CadenceMinutes = &l.CadenceMinutes
	}
	if l.Seats > 0 {
		j.Seats, j.SeatsLeft = &l.Seats, new(max(l.Seats-l.Taken, 0))
	}
	return j
}

type labelsAnswer struct {
	Labels []labelJSON `json:"labels"`
	Count  int         `json:"count"`
}

type labelAnswer struct {
	Message string    `json:"message"`
	Label   labelJSON `json:"label"`
}

type attachmentJSON struct {
	ID         string  `json:"id"`
	LabelID    string  `json:"label_definition_id"`
	TargetType string  `json:"target_type"`
	TargetID   string  `json:"target_id"`
	Placement  *string `json:"placement"`
	CreatedAt  stamp   `json:"created_at"`
}

func attachmentOf(x storage.Attachment) attachmentJSON {
	return attachmentJSON{ID: x.ID, LabelID: x.LabelID, TargetType: x.TargetKind, TargetID: x.TargetID, Placement: orNull(x.Placement), CreatedAt: stamp(x.CreatedAt)}
}

type attachmentAnswer struct {
	Message    string         `json:"message"`
	Attachment attachmentJSON `json:"attachment"`
}

type holderJSON struct {
	Agent        refJSON `json:"agent"`
	AttachmentID string  `json:"attachment_id"`
	Since        stamp   `json:"since"`
}

type roleJSON struct {
	labelJSON

	Holders []holderJSON `json:"holders"`
}

type rolesAnswer struct {
	Roles []roleJSON `json:"roles"`
	Count int        `json:"count"`
}

// consideredJSON is a label that the author of a new post may attach to it.
type consideredJSON struct {
	ID          string `json:"id"`
	Key         string `json:"key"`
	Label       string `json:"label"`
	Color       string `json:"color"`
	Kind        string `json:"kind"`
	HowToAttach string `json:"how_to_attach"`
}

// considered tells the author of a new post which labels its submolt has. The
// post stands already: a failure here must not look like one of the post.
func (a *API) considered(ctx context.Context, p storage.Post) []consideredJSON {
	ls, err := a.node.LabelsFor(ctx, p)
	if err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, "labels for a new post", slog.Any("error", err))
	}
	var js []consideredJSON
	for _, l := range ls {
		js = append(js, consideredJSON{
			ID: l.ID, Key: l.Key, Label: l.Label, Color: l.Color, Kind: l.Kind,
			HowToAttach: `POST ` + prefix + `/labels/attach {"label_definition_id":"` + l.ID + `","target_type":"post","target_id":"` + p.ID + `"}`,
		})
	}
	return js
}

// consideredFor is considered for a post that was published just now.
func (a *API) consideredFor(ctx context.Context, c *call, postID string) []consideredJSON {
	p, err := a.node.PostByID(ctx, postID, c.viewer())
	if err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, "read a post that was verified", slog.Any("error", err))
		return nil
	}
	return a.considered(ctx, p)
}

// postLabelJSON is a label on a post.
type postLabelJSON struct {
	AttachmentID string `json:"attachment_id"`
	ID           string `json:"id"`
	Key          string `json:"key"`
	Label        string `json:"label"`
	Color        string `json:"color"`
	Kind         string `json:"kind"`
}

func (a *API) labelsOn(ctx context.Context, p storage.Post) ([]postLabelJSON, error) {
	as, err := a.node.LabelsOn(ctx, p)
	js := []postLabelJSON{}
	for _, x := range as {
		js = append(js, postLabelJSON{AttachmentID: x.ID, ID: x.Label.ID, Key: x.Label.Key, Label: x.Label.Label, Color: x.Label.Color, Kind: x.Label.Kind})
	}
	return js, err
}
