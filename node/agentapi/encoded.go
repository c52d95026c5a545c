package agentapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"instar.example/node"
	"instar.example/node/bounded"
	"instar.example/storage"
)

// Bounds of what is kept encoded, in bytes.
const (
	encodedPostsBytes   = 16 << 20
	encodedThreadsBytes = 8 << 20
)

// encoded keeps the JSON of posts and threads. Each hangs on nothing but the
// value that it was made of, which is compared: nobody has to say when it ends.
type encoded struct {
	posts   *bounded.Cache[string, encodedPost]           // by the post's id, with "alone " before it of those that tell more of their authors
	threads *bounded.Cache[**node.Reply, *encodedReplies] // by where the thread stands in memory
}

// encodedPost is a post without anything of its viewer.
type encodedPost struct {
	of   storage.Post // without its HTML, which is not told
	by   node.Writer  // of one that stands alone
	json []byte
}

func (p encodedPost) cost() int {
	return len(p.json) + len(p.of.Content) + len(p.by.Description) + entryOverhead
}

func newEncoded() *encoded {
	return &encoded{
		posts:   bounded.New(encodedPostsBytes, encodedPostsBytes/entryOverhead, func(_ string, p encodedPost) int { return p.cost() }),
		threads: bounded.New(encodedThreadsBytes, encodedThreadsBytes/entryOverhead, func(_ **node.Reply, r *encodedReplies) int { return r.cost() }),
	}
}

// post returns the JSON of a visible post: nobody may change it.
func (a *API) encodedPost(p storage.Post) ([]byte, error) {
	return a.encodedOnce(p.ID, encodedPost{of: p}, func() any { return a.postJSON(p) })
}

// encodedAlone is encodedPost with more of its author.
func (a *API) encodedAlone(p storage.Post, by node.Writer) ([]byte, error) {
	return a.encodedOnce("alone "+p.ID, encodedPost{of: p, by: by}, func() any {
		return postAloneJSON{postJSON: a.postJSON(p), Author: authorOf(p.Author, by)}
	})
}

// encodedOnce returns what is kept of the same, or makes it.
func (a *API) encodedOnce(key string, of encodedPost, value func() any) ([]byte, error) {
	of.of.HTML = ""
	if have, found := a.encoded.posts.Get(key); found && have.of == of.of && have.by == of.by {
		return have.json, nil
	}
	var err error
	if of.json, err = appendJSON(nil, value()); err != nil {
		return nil, err
	}
	a.encoded.posts.Put(key, of, nil)
	return of.json, nil
}

// appendJSON appends a value as it stands in every answer.
func appendJSON(to []byte, v any) ([]byte, error) {
	b := bytes.NewBuffer(to)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false) // it is read by agents, and never as a page
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// headed is an answer whose first fields are encoded already.
type headed struct {
	head []byte // fields, each with its comma behind it
	rest any    // a struct that is never empty
}

// posts begins an answer with posts; view is what their viewer has to do with
// each, as more fields of it.
func (a *API) headPosts(posts []storage.Post, rest any, view func(p storage.Post) string) (headed, error) {
	size := 0
	texts := make([][]byte, len(posts))
	for i, p := range posts {
		var err error
		if texts[i], err = a.encodedPost(p); err != nil {
			return headed{}, err
		}
		size += len(texts[i]) + viewBytes
	}
	head := append(make([]byte, 0, size), `"posts":[`...)
	for i, text := range texts {
		if i > 0 {
			head = append(head, ',')
		}
		head = append(head, text[:len(text)-1]...)
		if view != nil {
			head = append(head, view(posts[i])...)
		}
		head = append(head, '}')
	}
	return headed{append(head, "],"...), rest}, nil
}

// viewBytes is about what a view takes.
const viewBytes = 32

// followView tells a viewer whether it follows a post's author.
func followView(follows map[string]bool) func(p storage.Post) string {
	return func(p storage.Post) string { return `,"you_follow_author":` + strconv.FormatBool(follows[p.AuthorID]) }
}

// encodedReplies is the JSON of a tree of comments, and where the votes of
// whoever looks at it have their places.
type encodedReplies struct {
	of    []*node.Reply
	json  []byte
	votes []votePlace
}

type votePlace struct {
	at int // in the JSON
	id string
}

func (r *encodedReplies) cost() int { return 2*len(r.json) + entryOverhead }

// ids are those that can be voted on.
func (r *encodedReplies) ids() []string {
	ids := make([]string, len(r.votes))
	for i, v := range r.votes {
		ids[i] = v.id
	}
	return ids
}

// replies returns the JSON of a tree of comments that never changes.
func (a *API) encodedReplies(rs []*node.Reply) (*encodedReplies, error) {
	if len(rs) == 0 {
		return &encodedReplies{json: []byte("[]")}, nil
	}
	e := a.encoded
	if have, found := e.threads.Get(&rs[0]); found && len(have.of) == len(rs) {
		return have, nil
	}
	made := &encodedReplies{of: rs}
	if err := made.append(a, rs); err != nil {
		return nil, err
	}
	made.json = slices.Clip(made.json)
	e.threads.Put(&rs[0], made, nil)
	return made, nil
}

// append encodes replies with all replies to them, [API-6]. The depth is
// bounded by node.MaxDepth.
func (r *encodedReplies) append(a *API, rs []*node.Reply) error {
	r.json = append(r.json, '[')
	for i, one := range rs {
		if i > 0 {
			r.json = append(r.json, ',')
		}
		var err error
		if r.json, err = appendJSON(r.json, a.commentFields(one.Comment)); err != nil {
			return err
		}
		r.json = r.json[:len(r.json)-1]
		r.votes = append(r.votes, votePlace{len(r.json), one.ID})
		r.json = append(r.json, `,"replies":`...)
		if err := r.append(a, one.Replies); err != nil {
			return err
		}
		r.json = append(r.json, '}')
	}
	r.json = append(r.json, ']')
	return nil
}

// appendTo appends the tree as an answer's field; with votes, which are nil for
// nobody, it tells them.
func (r *encodedReplies) appendTo(head []byte, votes map[string]int64) []byte {
	head = append(head, `"comments":`...)
	from := 0
	if votes != nil {
		for _, v := range r.votes {
			head = append(head, r.json[from:v.at]...)
			head = append(head, `,"your_vote":`...)
			head = strconv.AppendInt(head, votes[v.id], 10)
			from = v.at
		}
	}
	return append(append(head, r.json[from:]...), ',')
}
