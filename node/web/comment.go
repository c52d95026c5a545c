package web

import (
	"context"
	"html"
	"html/template"

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
	Begun          string        // the beginning of a long text, in place of Body
	Warned         template.HTML // what stands before a sensitive text, "" for any other
	Open           string        // where a sensitive text is shown, "" where it is
	Edited, Hidden bool
	Removed        bool // hidden by a moderator
	Locked         bool // it takes no new replies
	Focus          bool // the one that the page is about
	Replies        []replyView
	Below          int // all replies below it
	// More is how many replies below it are not shown here, nor a link away at one that is.
	More   int
	Source string // its page on its own node, "" for those of this one
	read   int    // of Below, those that were read
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
		read := below(r)
		if r.Hidden != storage.Visible && read == 0 && r.ReplyCount == 0 {
			continue
		}
		rv := v.reply(r.Comment)
		rv.Parent, rv.read, rv.Below = parent, read, max(read, int(r.ReplyCount))
		rv.begin(r.HTML)
		rm.left -= rv.weight()
		list, trees = append(list, rv), append(trees, r)
	}
	for i := range list {
		missing, direct := list[i].read, int(trees[i].ReplyCount)
		if depth < shownDepth {
			share := room{rm.left / (len(list) - i), rm.all}
			rm.left -= share.left
			list[i].Replies = v.replies(trees[i].Replies, list[i].ID, depth+1, &share)
			rm.left += share.left
		}
		for _, child := range list[i].Replies { // what is missing below a child is a link of the child's
			missing -= child.read
			if !child.Hidden {
				missing--
				direct--
			}
		}
		list[i].More = max(missing, direct) // of long threads not all was read
	}
	return list
}

// begin leaves of a long text its beginning.
func (rv *replyView) begin(markup string) {
	if len(rv.Body) > wholeText {
		rv.Body, rv.Begun = "", excerpt(markup)
	}
}

// weight is about how many bytes a reply is on a page: its texts, and what its
// author's server may make long.
func (rv *replyView) weight() int {
	const times = 4 // a host stands in an address and beside a name, and twice in words about it
	return replyBytes + len(rv.Body) + 5*len(rv.Begun) + len(rv.Warned) + times*len(rv.Author.Host) + len(html.EscapeString(rv.Source))
}

func (v view) reply(c storage.Comment) replyView {
	rv := replyView{ID: c.ID, Path: "/comment/" + c.ID, At: v.stamp(c.CreatedAt), Hidden: c.Hidden != storage.Visible, Removed: c.Hidden == storage.Removed}
	if rv.Hidden {
		return rv
	}
	rv.Author, rv.Score, rv.Body, rv.Lang = v.actor(c.Author), c.Score, sanitised(c.HTML, v.level), language(c.Lang)
	rv.Edited, rv.Locked, rv.Warned = v.edited[c.ID], c.Locked, v.warning(c.Sensitive, c.Warning)
	if rv.Warned != "" {
		rv.Body, rv.Open = "", ask{}.opening(rv.Path)
	}
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

// changed are the ids of the comments of a thread that may have been edited.
func changed(rs []*node.Reply) []string {
	var ids []string
	for _, r := range rs {
		if r.UpdatedAt > r.CreatedAt {
			ids = append(ids, r.ID)
		}
		ids = append(ids, changed(r.Replies)...)
	}
	return ids
}

// edited says which of some posts and comments have an earlier version.
func (w *Web) edited(ctx context.Context, ids []string) (map[string]bool, error) {
	revised, err := w.node.Revised(ctx, ids)
	is := make(map[string]bool, len(revised))
	for _, id := range revised {
		is[id] = true
	}
	return is, err
}

type commentView struct {
	Post        postView
	Above       []replyView // what it answers, the outermost first
	Skip        bool        // there is more above than Above shows
	Tree        []replyView // the comment, with what answers it
	Cut         bool        // deep replies are missing
	Next, First string      // the addresses of other pages of the direct replies, or ""
}

// comment shows one comment with what it answers and what answers it.
func (w *Web) comment(ctx context.Context, a ask) (answer, error) {
	b, err := w.node.BranchPage(ctx, a.name, node.Window{Cursor: a.after, Limit: shownRoots})
	if err != nil {
		return answer{}, err
	}
	v, c, path := w.view(a.tongue), b.Comment.Comment, "/comment/"+b.Comment.ID
	a = ask{path: a.path, name: a.name, after: a.after, page: 1, open: a.open, tongue: a.tongue}
	v.level = 2
	if v.edited, err = w.edited(ctx, changed([]*node.Reply{b.Comment})); err != nil {
		return answer{}, err
	}
	cv := commentView{Post: v.post(b.Post), Cut: b.Cut}
	above := b.Above
	if len(above) > shownAbove {
		above, cv.Skip = above[len(above)-shownAbove:], true
	}
	rm := threadRoom(c.HTML, 2)
	for _, x := range above {
		rv := v.reply(x)
		rv.begin(x.HTML)
		rm.left -= rv.weight()
		cv.Above = append(cv.Above, rv)
	}
	if b.Next != "" {
		cv.Next = a.link(path, func(a *ask) { a.after = b.Next })
	}
	cv.First = a.first(path)
	focus := v.reply(c)
	opened := focus.Warned != "" && a.open != ""
	switch {
	case opened:
		focus.Body, focus.Open = sanitised(c.HTML, v.level), ""
	case focus.Warned != "":
		focus.Open = a.opening(path)
	}
	focus.Focus, focus.Below = true, max(below(b.Comment), int(c.ReplyCount))
	focus.Replies = v.replies(b.Comment.Replies, c.ID, 2, rm)
	cv.Tree = []replyView{focus}
	f := frame{
		Title: a.tongue.say("comment.title", "author", c.Author.Address(), "post", cv.Post.Title), Description: v.beginning(c.Sensitive, c.Warning, c.HTML), Object: c.URI, Path: path,
		Feed: path + ".atom", Next: cv.Next, NoIndex: c.Author.Host != "" || a.after != "" || opened, Page: cv,
	}
	if focus.Hidden { // there is nothing of it but its place
		f.Title, f.Description, f.Object, f.Path, f.Feed, f.NoIndex = cv.Post.Title, "", "", "", "", true
	}
	return w.html(a, "comment", f)
}
