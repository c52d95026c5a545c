package peerapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"instar.example/federation/activity"
	"instar.example/node"
	"instar.example/storage"
)

// Bounds of collections. Lemmy reads at most 50 items of an outbox.
const (
	outboxItems  = 50
	contextItems = 1_000
)

// document answers at a page's address: one function for each kind of page.
func (a *API) document(r *http.Request) (answer, error) {
	letter, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch letter {
	case "":
		return a.instance(r)
	case "u", "m":
		return a.actor(r, letter, rest)
	case "post":
		return a.page(r)
	case "comment":
		return a.note(r)
	default:
		return answer{}, &node.Error{Kind: node.NotFound, Code: "not_found", Detail: "There is no document here"}
	}
}

func (a *API) instance(*http.Request) (answer, error) {
	b, err := a.node.ProvenInstance()
	return answer{body: b, contentType: activity.ContentType}, err
}

// proven is a document of ours with the proof of who wrote it (FEP-8b32).
func (a *API) proven(r *http.Request, doc any, authorID string) (answer, error) {
	b, err := a.node.ProvenDocument(r.Context(), doc, authorID)
	return answer{body: b, contentType: activity.ContentType}, err
}

// find returns the actor at a page's address.
func (a *API) find(r *http.Request, letter, name string) (storage.Actor, error) {
	if letter == "m" {
		return a.node.Submolt(r.Context(), name)
	}
	return a.node.Agent(r.Context(), name)
}

func (a *API) actor(r *http.Request, letter, name string) (answer, error) {
	x, err := a.find(r, letter, name)
	if node.IsGone(err) && x.Local() {
		return tombstone(x.URI, x.WireType)
	}
	if err != nil {
		return answer{}, err
	}
	if !x.Local() {
		return answer{location: x.URI}, nil
	}
	d, err := a.node.ActorDoc(r.Context(), x)
	if err != nil {
		return answer{}, err
	}
	return a.proven(r, d, x.ID)
}

// local returns the local actor of a collection's path.
func (a *API) local(r *http.Request) (storage.Actor, error) {
	letter, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	x, err := a.find(r, letter, chi.URLParam(r, "name"))
	if err == nil && !x.Local() {
		err = &node.Error{Kind: node.NotFound, Code: "not_found", Detail: "That actor lives elsewhere"}
	}
	return x, err
}

func (a *API) page(r *http.Request) (answer, error) {
	p, err := a.node.PostByID(r.Context(), lastSegment(r), "")
	if node.IsGone(err) {
		return tombstone(p.URI, activity.TypePage)
	}
	if err != nil {
		return answer{}, err
	}
	if p.Author.Host != "" {
		return answer{location: p.URI}, nil
	}
	mentioned, err := a.node.Mentions(r.Context(), p.Content)
	if err != nil {
		return answer{}, err
	}
	d := a.node.PageDoc(p, mentioned...)
	if d.Answers, err = a.answers(r, d.Replies, p.ID, "", 0); err != nil {
		return answer{}, err
	}
	return a.proven(r, d, p.AuthorID)
}

func (a *API) note(r *http.Request) (answer, error) {
	c, nc, err := a.node.CommentInContext(r.Context(), lastSegment(r))
	if node.IsGone(err) {
		return tombstone(c.URI, activity.TypeNote)
	}
	if err != nil {
		return answer{}, err
	}
	if c.Author.Host != "" {
		return answer{location: c.URI}, nil
	}
	d := a.node.NoteDoc(c, nc)
	if d.Answers, err = a.answers(r, d.Replies, c.PostID, c.ID, c.ReplyCount); err != nil {
		return answer{}, err
	}
	return a.proven(r, d, c.AuthorID)
}

func tombstone(uri, formerType string) (answer, error) {
	ans, err := document(activity.TombstoneDoc{ID: uri, FormerType: formerType})
	ans.status = http.StatusGone
	return ans, err
}

func lastSegment(r *http.Request) string {
	return r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
}

// activity serves what an actor of ours did, byte for byte as it was sent:
// servers that get it through another ask for it here.
func (a *API) activity(r *http.Request) (answer, error) {
	e, err := a.node.Entry(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return answer{}, err
	}
	return answer{body: e.Body, contentType: activity.ContentType}, nil
}

func (a *API) nodeOutbox(*http.Request) (answer, error) {
	return document(activity.CollectionDoc{ID: a.node.BaseURL() + "/outbox", Type: activity.TypeOrderedCollection})
}

// outbox is unpaged and holds whole activities, as Lemmy reads it (3.6).
func (a *API) outbox(r *http.Request) (answer, error) {
	x, err := a.local(r)
	if err != nil {
		return answer{}, err
	}
	entries, err := a.node.Outbox(r.Context(), x.ID, outboxItems)
	if err != nil {
		return answer{}, err
	}
	d := activity.CollectionDoc{ID: x.Outbox, Type: activity.TypeOrderedCollection, TotalItems: int(x.PostCount)}
	for _, e := range entries {
		d.Items = append(d.Items, json.RawMessage(e.Body))
	}
	d.TotalItems = max(d.TotalItems, len(entries))
	return document(d)
}

func (a *API) followers(r *http.Request) (answer, error) {
	x, err := a.local(r)
	if err != nil {
		return answer{}, err
	}
	return document(activity.CollectionDoc{ID: x.FollowersURI, Type: activity.TypeCollection, TotalItems: int(x.FollowerCount)})
}

func (a *API) following(r *http.Request) (answer, error) {
	x, err := a.local(r)
	if err != nil {
		return answer{}, err
	}
	return document(activity.CollectionDoc{ID: x.URI + "/following", Type: activity.TypeCollection, TotalItems: int(x.FollowingCount)})
}

func (a *API) featured(r *http.Request) (answer, error) {
	x, err := a.local(r)
	if err != nil {
		return answer{}, err
	}
	d := activity.CollectionDoc{ID: x.URI + "/featured", Type: activity.TypeOrderedCollection}
	if x.Kind == storage.KindSubmolt {
		pinned, err := a.node.Pinned(r.Context(), x.ID)
		if err != nil {
			return answer{}, err
		}
		for _, p := range pinned { // whole: Lemmy reads nothing of a list of ids
			mentioned, err := a.node.Mentions(r.Context(), p.Content)
			if err != nil {
				return answer{}, err
			}
			d.Items = append(d.Items, a.node.PageDoc(p, mentioned...))
		}
	}
	d.TotalItems = len(d.Items)
	return document(d)
}

func (a *API) moderators(r *http.Request) (answer, error) {
	x, err := a.local(r)
	if err != nil {
		return answer{}, err
	}
	ms, err := a.node.Moderators(r.Context(), x.Handle)
	if err != nil {
		return answer{}, err
	}
	d := activity.CollectionDoc{ID: x.URI + "/moderators", Type: activity.TypeOrderedCollection, TotalItems: len(ms)}
	for _, m := range ms {
		d.Items = append(d.Items, m.Agent.URI)
	}
	return document(d)
}

// labels lists those of a submolt whole [LABEL-2]: who reads them keeps them.
func (a *API) labels(r *http.Request) (answer, error) {
	x, err := a.local(r)
	if err != nil {
		return answer{}, err
	}
	ls, err := a.node.LabelDocs(r.Context(), x)
	if err != nil {
		return answer{}, err
	}
	d := activity.CollectionDoc{ID: x.URI + "/labels", Type: activity.TypeOrderedCollection, TotalItems: len(ls)}
	for _, l := range ls {
		d.Items = append(d.Items, l)
	}
	return document(d)
}

func (a *API) label(r *http.Request) (answer, error) {
	x, err := a.local(r)
	if err != nil {
		return answer{}, err
	}
	d, err := a.node.LabelDoc(r.Context(), x, chi.URLParam(r, "key"))
	if err != nil {
		return answer{}, err
	}
	return document(d)
}

// threadContext lists a thread: the post and its comments, in the order of writing (FEP-f228).
func (a *API) threadContext(r *http.Request) (answer, error) {
	p, err := a.node.PostByID(r.Context(), chi.URLParam(r, "id"), "")
	if err != nil {
		return answer{}, err
	}
	uris, err := a.node.ThreadURIs(r.Context(), p.ID, contextItems)
	d := activity.CollectionDoc{
		ID: a.node.BaseURL() + r.URL.Path, Type: activity.TypeOrderedCollection, AttributedTo: p.Submolt.URI,
		TotalItems: int(p.CommentCount) + 1, Items: []any{p.URI},
	}
	return list(d, uris, err)
}

func (a *API) postReplies(r *http.Request) (answer, error) {
	p, err := a.node.PostByID(r.Context(), chi.URLParam(r, "id"), "")
	if err != nil {
		return answer{}, err
	}
	uris, err := a.node.ReplyURIs(r.Context(), p.ID, "", contextItems)
	return replies(r, a.node.BaseURL()+r.URL.Path, len(uris), uris, err)
}

func (a *API) commentReplies(r *http.Request) (answer, error) {
	c, err := a.node.CommentByID(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return answer{}, err
	}
	uris, err := a.node.ReplyURIs(r.Context(), c.PostID, c.ID, contextItems)
	return replies(r, a.node.BaseURL()+r.URL.Path, int(c.ReplyCount), uris, err)
}

// replies answers a collection of replies whole, or a page of it.
func replies(r *http.Request, id string, total int, uris []string, err error) (answer, error) {
	if page, e := strconv.Atoi(r.URL.Query().Get("page")); err == nil && e == nil && page > 0 {
		return document(replyPage(id, total, uris, page))
	}
	return list(activity.CollectionDoc{ID: id, Type: activity.TypeCollection, TotalItems: total}, uris, err)
}

// replyItems is how many replies a page of them holds. The first one stands inside
// what they answer.
const replyItems = 20

func replyPage(id string, total int, uris []string, page int) activity.CollectionDoc {
	name := func(page int) string { return id + "?page=" + strconv.Itoa(page) }
	d := activity.CollectionDoc{ID: name(page), Type: activity.TypeCollectionPage, TotalItems: total, PartOf: id, Items: []any{}}
	from := min((page-1)*replyItems, len(uris))
	to := min(from+replyItems, len(uris))
	for _, u := range uris[from:to] {
		d.Items = append(d.Items, u)
	}
	if to < len(uris) {
		d.Next = name(page + 1)
	}
	return d
}

// answers is the collection of the replies to something of ours with its first page.
func (a *API) answers(r *http.Request, id, postID, parentID string, total int64) (*activity.CollectionDoc, error) {
	var uris []string
	if parentID == "" || total > 0 {
		var err error
		if uris, err = a.node.ReplyURIs(r.Context(), postID, parentID, contextItems); err != nil {
			return nil, err
		}
	}
	if parentID == "" { // of a post are counted all below it
		total = int64(len(uris))
	}
	first := replyPage(id, int(total), uris, 1)
	return &activity.CollectionDoc{ID: id, Type: activity.TypeCollection, TotalItems: int(total), FirstPage: &first}, nil
}

func list(d activity.CollectionDoc, uris []string, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	for _, u := range uris {
		d.Items = append(d.Items, u)
	}
	return document(d)
}
