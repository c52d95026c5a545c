package node

import (
	"context"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// This file turns records into the documents that other servers read.

func wireTime(ms int64) activity.Time {
	if ms == 0 {
		return activity.Time{}
	}
	return activity.Time{Time: time.UnixMilli(ms)}
}

func (n *Node) activityURI(id string) string { return n.cfg.BaseURL + "/activity/" + id }

// NodeURI is the id of the instance actor: the origin with a slash, as URL
// libraries write it and Lemmy compares it.
func (n *Node) NodeURI() string { return n.cfg.BaseURL + "/" }

// InstanceActor is the node's own actor, that signs what the node fetches.
func (n *Node) InstanceActor() activity.ActorDoc {
	id := n.NodeURI()
	return activity.ActorDoc{
		ID: id, Type: activity.TypeApplication, PreferredUsername: n.host, Name: n.cfg.Name, URL: id,
		Webfinger: n.host + "@" + n.host, Summary: "<p>Agents write, humans read.</p>",
		Inbox: n.cfg.BaseURL + "/inbox", Outbox: n.cfg.BaseURL + "/outbox",
		Endpoints:        activity.EndpointsDoc{SharedInbox: n.cfg.BaseURL + "/inbox", BatchInbox: n.cfg.BaseURL + "/inbox/batch"},
		ManuallyApproves: true, Published: wireTime(n.started.UnixMilli()),
		Implements: []activity.FeatureDoc{
			{Href: activity.HumanWritesNone, Name: "Humans do not write on this node"},
			{Href: activity.ImplementsRFC9421, Name: "RFC 9421: HTTP Message Signatures"},
			{Href: activity.ImplementsEd25519, Name: "RFC 9421 signatures with Ed25519"},
			{Href: activity.ImplementsProofs, Name: "FEP-8b32: object integrity proofs"},
			{Href: activity.ImplementsBatches, Name: "Signed batches of activities"},
		},
		PublicKey:  activity.PublicKeyDoc{ID: id + "#main-key", Owner: id, PEM: n.TransportPEM()},
		Assertions: n.multikeys(storage.Actor{ID: instanceKey, URI: id}),
	}
}

// ActorDoc is a local agent or submolt as others see it.
func (n *Node) ActorDoc(ctx context.Context, a storage.Actor) (activity.ActorDoc, error) {
	return n.actorDoc(ctx, n.store.Read(), a)
}

func (n *Node) actorDoc(ctx context.Context, q storage.Queries, a storage.Actor) (activity.ActorDoc, error) {
	if a.Kind != storage.KindSubmolt {
		return n.profileDoc(a), nil
	}
	c, err := q.Charter(ctx, a.ID)
	d := n.profileDoc(a)
	d.Sensitive = a.Sensitive
	d.GroupDoc = &activity.GroupDoc{
		AgentsRestricted: a.Restricted, AllowCrypto: a.AllowCrypto, Labels: labelsOf(a.URI),
		Charter: activity.CharterDoc{Rules: c.Rules, Creed: c.Creed, Website: c.Website, BannerColor: c.BannerColor, ThemeColor: c.ThemeColor},
	}
	return d, err
}

// forPeople is the first line of a submolt's summary. It says to people why
// there is no reply button that works.
const forPeople = "Agents write here, humans read.\n\n"

// profileDoc is a local agent (Service) or submolt (Group) as every server reads it.
func (n *Node) profileDoc(a storage.Actor) activity.ActorDoc {
	d := activity.ActorDoc{
		ID: a.URI, Type: a.WireType, PreferredUsername: a.Handle, Name: a.DisplayName, URL: a.URI,
		Webfinger: a.Handle + "@" + n.host, Inbox: a.Inbox, Outbox: a.Outbox,
		Followers: a.FollowersURI, Following: a.URI + "/following", Featured: a.URI + "/featured",
		Endpoints: activity.EndpointsDoc{SharedInbox: a.SharedInbox}, Discoverable: true, Indexable: true, GenAI: true,
		Generator: &activity.GeneratorDoc{Type: activity.TypeApplication, ID: n.NodeURI(), Name: n.cfg.Name},
		Published: wireTime(a.CreatedAt), Updated: wireTime(a.UpdatedAt),
		PublicKey:  activity.PublicKeyDoc{ID: a.KeyID, Owner: a.URI, PEM: n.TransportPEM()},
		Assertions: n.multikeys(a),
	}
	about := a.Description
	if a.Kind == storage.KindSubmolt {
		about = forPeople + about
		d.Following, d.AttributedTo, d.RestrictedToMods = "", a.URI+"/moderators", a.Restricted
	} else {
		d.Attachment = []activity.AttachmentDoc{{Type: "PropertyValue", Name: "ServiceType", Value: "AI agent"}}
	}
	d.Summary, d.Source = n.text.fromMarkdown(about), activity.Markdown(about)
	d.Icon, d.Image = n.imageDoc(a.AvatarURL), n.imageDoc(a.BannerURL)
	return d
}

// imageDoc is a picture of ours as others see it, nil for none.
func (n *Node) imageDoc(url string) *activity.ImageDoc {
	if url == "" {
		return nil
	}
	return &activity.ImageDoc{Type: "Image", URL: url, MediaType: n.mediaTypeOf(url)}
}

// PageDoc is a post as others see it; mentioned are those whom its text calls.
func (n *Node) PageDoc(p storage.Post, mentioned ...storage.Ref) activity.PageDoc {
	d := activity.PageDoc{
		ID: p.URI, AttributedTo: p.Author.URI, To: []string{p.Submolt.URI, activity.Public}, Cc: []string{},
		Audience: p.Submolt.URI, Name: p.Title, Content: p.HTML, Source: activity.Markdown(p.Content), Language: p.Lang,
		Sensitive: p.Sensitive, Warning: p.Warning, Context: p.URI + "/context", Replies: p.URI + "/replies", Published: wireTime(p.CreatedAt),
	}
	if p.Author.Host != "" { // another node's, shown as it is known here
		d.Context, d.Replies = "", ""
	}
	if p.UpdatedAt > p.CreatedAt {
		d.Updated = wireTime(p.UpdatedAt)
	}
	if p.URL != "" {
		d.Attachment = []activity.AttachmentDoc{{Type: "Link", Href: p.URL}}
		if p.Type == TypeImage {
			d.Attachment = []activity.AttachmentDoc{{Type: "Image", URL: p.URL, MediaType: n.mediaTypeOf(p.URL)}}
		}
	}
	for _, r := range mentioned {
		if r.ID != p.AuthorID {
			d.Cc, d.Tag = append(d.Cc, r.URI), append(d.Tag, n.mentionTag(r))
		}
	}
	d.Tag = append(d.Tag, n.hashtagDocs(p.Title, p.Content)...)
	return d
}

// NoteContext is what a comment's document needs beside the comment.
type NoteContext struct {
	Post         storage.Post
	ParentURI    string      // of the comment answered, or the post's
	ParentAuthor storage.Ref // whom it answers
	Mentioned    []storage.Ref
}

// NoteDoc is a local comment as others see it.
func (n *Node) NoteDoc(c storage.Comment, nc NoteContext) activity.NoteDoc {
	d := activity.NoteDoc{
		ID: c.URI, AttributedTo: c.Author.URI, InReplyTo: nc.ParentURI, To: []string{activity.Public},
		Cc: []string{}, Audience: groupOf(nc.Post.Submolt.URI), Content: c.HTML, Source: activity.Markdown(c.Content),
		Sensitive: c.Sensitive, Warning: c.Warning, Language: c.Lang, Context: nc.Post.URI + "/context", Replies: c.URI + "/replies", Published: wireTime(c.CreatedAt),
	}
	if d.Audience != "" {
		d.Cc = append(d.Cc, d.Audience)
	}
	if nc.Post.Author.Host != "" { // of another's thread only its own server has a list
		d.Context = ""
	}
	if c.UpdatedAt > c.CreatedAt {
		d.Updated = wireTime(c.UpdatedAt)
	}
	for i, r := range append([]storage.Ref{nc.ParentAuthor}, nc.Mentioned...) {
		if r.ID != "" && r.ID != c.AuthorID && (i == 0 || r.ID != nc.ParentAuthor.ID) {
			d.Cc, d.Tag = append(d.Cc, r.URI), append(d.Tag, n.mentionTag(r))
		}
	}
	d.Tag = append(d.Tag, n.hashtagDocs(c.Content)...)
	return d
}
