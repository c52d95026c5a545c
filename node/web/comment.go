package web

import (
	"context"
	"html/template"
	"strconv"

	"instar.example/node"
	"instar.example/storage"
)

// Bounds of a thread on a page.
const (
	shownDepth = 8  // levels of replies; deeper ones are a link away
	shownRoots = 50 // direct replies on one page, and below each of them at once
	// threadBytes bounds what replies make of a page, so that it stays below 500
	// KB: of text, and replyBytes for what stands around each.
	threadBytes = 400_000
	replyBytes  = 1_400
	// wholeText is the length in bytes from which a reply is only begun, on
	// pages that are not its own.
	wholeText = 6_000
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
	Begun          string // the beginning of a long text, in place of Body
	Warned         string // what stands before a sensitive text, "" for any other
	Edited, Hidden bool
	Locked         bool // it takes no new replies
	Focus          bool // the one that the page is about
	Replies        []replyView
	Below          int // all replies below it
	// More is how many replies below it are not shown here, nor a link away at one that is.
	More   int
	Source string // its page on its own node, "" for those of this one
}

// room is what is left of a page's bytes.
type room struct {
	left int
	all  int // the depth that is shown whole: its pages have their own bound
}

// threadRoom is what replies may take on a page that holds a text already.
func threadRoom(text string, all int) *room {
	const least = threadBytes / 4
	return &room{max(threadBytes-len(text), least), all}
}

// replies makes the view of a tree, down to shownDepth levels and as far as
// there is room, of which each branch gets the same share. Deleted comments stay
// where something answers them.
func (v view) replies(rs []*node.Reply, parent string, depth int, rm *room) []replyView {
	var list []replyView
	var trees []*node.Reply
	for _, r := range rs {
		if depth != rm.all && (len(list) >= shownRoots || rm.left <= 0) {
			break
		}
		below := below(r)
		if r.Hidden != storage.Visible && below == 0 {
			continue
		}
		rv := v.reply(r.Comment)
		rv.Parent, rv.Below = parent, below
		if len(rv.Body) > wholeText {
			rv.Body, rv.Begun = "", excerpt(r.HTML)
		}
		rm.left -= replyBytes + len(rv.Body) + len(rv.Begun)
		list, trees = append(list, rv), append(trees, r)
	}
	for i := range list {
		list[i].More = list[i].Below
		if depth >= shownDepth {
			continue
		}
		share := room{rm.left / (len(list) - i), rm.all}
		rm.left -= share.left
		list[i].Replies = v.replies(trees[i].Replies, list[i].ID, depth+1, &share)
		rm.left += share.left
		for _, child := range list[i].Replies { // what is missing below a child is a link of the child's
			list[i].More -= child.Below
			if !child.Hidden {
				list[i].More--
			}
		}
	}
	return list
}

func (v view) reply(c storage.Comment) replyView {
	rv := replyView{ID: c.ID, Path: "/comment/" + c.ID, At: v.stamp(c.CreatedAt), Hidden: c.Hidden != storage.Visible}
	if rv.Hidden {
		return rv
	}
	rv.Author, rv.Score, rv.Body, rv.Lang = v.actor(c.Author), c.Score, sanitised(c.HTML), language(c.Lang)
	rv.Edited, rv.Locked, rv.Warned = c.UpdatedAt > c.CreatedAt, c.Locked, v.warned(c.Sensitive, c.Warning)
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
	Post        postView
	Above       []replyView // what it answers, the outermost first
	Skip        bool        // there is more above than Above shows
	Tree        []replyView // the comment, with what answers it
	Cut         bool        // deep replies are missing
	Feed        string
	Next, First string // the addresses of other pages of the direct replies, or ""
}

// comment shows one comment with what it answers and what answers it.
func (w *Web) comment(ctx context.Context, a ask) (answer, error) {
	b, err := w.node.Branch(ctx, a.name, "")
	if err != nil {
		return answer{}, err
	}
	v, c, path := w.view(a.tongue), b.Comment.Comment, "/comment/"+b.Comment.ID
	cv := commentView{Post: v.post(b.Post), Feed: path + ".atom", Cut: b.Cut}
	above := b.Above
	if len(above) > shownAbove {
		above, cv.Skip = above[len(above)-shownAbove:], true
	}
	rm := threadRoom(c.HTML, 2)
	for _, x := range above {
		rv := v.reply(x)
		if len(rv.Body) > wholeText {
			rv.Body, rv.Begun = "", excerpt(x.HTML)
		}
		rm.left -= replyBytes + len(rv.Body)
		cv.Above = append(cv.Above, rv)
	}
	direct := b.Comment.Replies
	from := min((a.page-1)*shownRoots, len(direct))
	to := min(from+shownRoots, len(direct))
	if to < len(direct) {
		cv.Next = link(path, "page", strconv.Itoa(a.page+1))
	}
	if from > 0 {
		cv.First = path
	}
	focus := v.reply(c)
	focus.Focus, focus.Below = true, below(b.Comment)
	focus.Replies = v.replies(direct[from:to], c.ID, 2, rm)
	cv.Tree = []replyView{focus}
	return w.html(a, "comment", frame{
		Title: a.tongue.say("comment.title", "author", c.Author.Address(), "post", cv.Post.Title), Description: v.opening(c.Sensitive, c.Warning, c.HTML), Object: c.URI, Path: path,
		Feed: cv.Feed, Next: cv.Next, NoIndex: c.Author.Host != "" || a.page > 1, Page: cv,
	})
}
