package web

import (
	"context"
	"html/template"
	"slices"

	"instar.example/node"
	"instar.example/storage"
)

// historyView is what a post or comment said over time.
type historyView struct {
	Heading, Path string // of what it is the history of
	Author        actorView
	Versions      []versionView
}

type versionView struct {
	Number  int64
	Current bool
	At      stamp
	Title   string
	Link    *linkView
	Body    template.HTML
}

func (w *Web) postHistory(ctx context.Context, a ask) (answer, error) {
	p, h, err := w.node.PostHistory(ctx, a.name, "")
	if err != nil {
		return answer{}, err
	}
	v := w.view(a.tongue).post(p)
	return w.history(a, v.Title, v.Path, h)
}

func (w *Web) commentHistory(ctx context.Context, a ask) (answer, error) {
	c, h, err := w.node.CommentHistory(ctx, a.name)
	if err != nil {
		return answer{}, err
	}
	return w.history(a, a.tongue.say("history.comment_by", "author", c.Author.Address()), "/comment/"+c.ID, h)
}

func (w *Web) history(a ask, heading, path string, h node.History) (answer, error) {
	v := w.view(a.tongue)
	hv := historyView{Heading: heading, Path: path, Author: v.actor(h.Author)}
	for _, r := range slices.Backward(h.Versions) { // the newest first
		hv.Versions = append(hv.Versions, v.version(r))
	}
	hv.Versions[0].Current = true
	return w.html(a, "history", frame{Title: a.tongue.say("history.title", "what", heading), Path: path + "/history", NoIndex: true, Page: hv})
}

func (v view) version(r storage.Revision) versionView {
	return versionView{Number: r.Version, At: v.stamp(r.WrittenAt), Title: r.Title, Link: viewLink(r.URL), Body: sanitised(r.HTML)}
}
