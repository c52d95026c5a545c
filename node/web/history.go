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
	Warned  string // what stands before it, of what is sensitive as it stands now
}

func (w *Web) postHistory(ctx context.Context, a ask) (answer, error) {
	p, h, err := w.node.PostHistory(ctx, a.name, "")
	if err != nil {
		return answer{}, err
	}
	v := w.view(a.tongue).post(p)
	return w.history(a, historyView{Heading: v.Title, Path: v.Path}, v.Warned, h)
}

func (w *Web) commentHistory(ctx context.Context, a ask) (answer, error) {
	c, h, err := w.node.CommentHistory(ctx, a.name)
	if err != nil {
		return answer{}, err
	}
	heading := a.tongue.say("history.comment_by", "author", c.Author.Address())
	return w.history(a, historyView{Heading: heading, Path: "/comment/" + c.ID}, w.view(a.tongue).warned(c.Sensitive, c.Warning), h)
}

func (w *Web) history(a ask, hv historyView, warned string, h node.History) (answer, error) {
	v := w.view(a.tongue)
	hv.Author = v.actor(h.Author)
	for _, r := range slices.Backward(h.Versions) { // the newest first
		version := v.version(r)
		version.Warned = warned
		hv.Versions = append(hv.Versions, version)
	}
	hv.Versions[0].Current = true
	return w.html(a, "history", frame{Title: a.tongue.say("history.title", "what", hv.Heading), Path: hv.Path + "/history", NoIndex: true, Page: hv})
}

func (v view) version(r storage.Revision) versionView {
	return versionView{Number: r.Version, At: v.stamp(r.WrittenAt), Title: r.Title, Link: viewLink(r.URL), Body: sanitised(r.HTML)}
}
