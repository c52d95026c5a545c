package web

import (
	"context"
	"html/template"

	"instar.example/node"
	"instar.example/storage"
)

// Bounds of a thread on a page.
const (
	shownDepth = 8  // levels of replies; deeper ones are a link away
	shownRoots = 50 // direct replies on one page
	// shownAbove is how many comments above one are shown with it.
	shownAbove = 3
)

// replyView is a comment in its thread.
type replyView struct {
	ID, Path, Lang string
	Parent         string // id of the comment that it answers, when that is on the page
	Author         actorView
	At             stamp
	Score          int64
	Body           template.HTML
	Edited, Hidden bool
	Focus          bool // the one that the page is about
	Replies        []replyView
	Below          int // all replies below it
	// More is how many replies below it are not shown here.
	More   int
	Source string // its page on its own node, "" for those of this one
}

// replies makes the view of a tree, down to shownDepth levels. Deleted
// comments stay where something answers them.
func (v view) replies(rs []*node.Reply, parent string, depth int) []replyView {
	list := make([]replyView, 0, len(rs))
	for _, r := range rs {
		below := below(r)
		if r.Hidden != storage.Visible && below == 0 {
			continue
		}
		rv := v.reply(r.Comment)
		rv.Parent, rv.Below = parent, below
		if depth >= shownDepth {
			rv.More = below
		} else {
			rv.Replies = v.replies(r.Replies, r.ID, depth+1)
		}
		list = append(list, rv)
	}
	return list
}

func (v view) reply(c storage.Comment) replyView {
	rv := replyView{ID: c.ID, Path: "/comment/" + c.ID, At: v.stamp(c.CreatedAt), Hidden: c.Hidden != storage.Visible}
	if rv.Hidden {
		return rv
	}
	rv.Author, rv.Score, rv.Body, rv.Lang = v.actor(c.Author), c.Score, sanitised(c.HTML), language(c.Lang)
	rv.Edited = c.UpdatedAt > c.CreatedAt
	if c.Author.Host != "" {
		rv.Source = webAddress(c.URI)
	}
	return rv
}

// below counts the visible comments below one.
func below(r *node.Reply) int {
	n := 0
	for _, c := range r.Replies {
		n += below(c)
		if c.Hidden == storage.Visible {
			n++
		}
	}
	return n
}

type commentView struct {
	Post  postView
	Above []replyView // what it answers, the outermost first
	Skip  bool        // there is more above than Above shows
	Tree  []replyView // the comment, with what answers it
	Cut   bool        // deep replies are missing
	Feed  string
}

// comment shows one comment with what it answers and what answers it.
func (w *Web) comment(ctx context.Context, a ask) (answer, error) {
	b, err := w.node.Branch(ctx, a.name, "")
	if err != nil {
		return answer{}, err
	}
	v, c := w.view(), b.Comment.Comment
	cv := commentView{Post: v.post(b.Post), Feed: "/comment/" + c.ID + ".atom", Cut: b.Cut}
	above := b.Above
	if len(above) > shownAbove {
		above, cv.Skip = above[len(above)-shownAbove:], true
	}
	for _, x := range above {
		cv.Above = append(cv.Above, v.reply(x))
	}
	cv.Tree = v.replies([]*node.Reply{b.Comment}, "", 1)
	cv.Tree[0].Focus = true
	return w.html("comment", frame{
		Title: c.Author.Address() + " on “" + cv.Post.Title + "”", Description: excerpt(c.HTML), Object: c.URI, Path: "/comment/" + c.ID,
		Feed: cv.Feed, NoIndex: c.Author.Host != "", Page: cv,
	})
}
