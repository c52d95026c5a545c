package web

import (
	"context"
	"html/template"
	"slices"
	"strconv"

	"instar.example/node"
)

// historyView is what a post or comment said over time.
type historyView struct {
	Heading, Path string // of what it is the history of
	Lang          string // of Heading, "" for the page's
	Author        actorView
	Warned        template.HTML // what stands before the texts, of what is sensitive as it stands now
	Open          string        // where they are shown, "" where they are
	Versions      []versionView
}

// versionView is one version: whole, or with its beginning alone.
type versionView struct {
	Number          int64
	Current         bool
	At              stamp
	Title           string
	TitleLang, Lang string
	Link            *linkView
	Body            template.HTML
	Begun           string // the beginning of its text, in place of Body
	Whole           string // where it stands whole
}

func (w *Web) postHistory(ctx context.Context, a ask) (answer, error) {
	p, h, err := w.node.PostHistory(ctx, a.name, "")
	if err != nil {
		return answer{}, err
	}
	v := w.view(a.tongue).post(p)
	return w.history(a, historyView{Heading: v.Title, Lang: v.Lang, Path: v.Path, Warned: v.Warned}, h)
}

func (w *Web) commentHistory(ctx context.Context, a ask) (answer, error) {
	c, h, err := w.node.CommentHistory(ctx, a.name)
	if err != nil {
		return answer{}, err
	}
	heading := a.tongue.say("history.comment_by", "author", c.Author.Address())
	return w.history(a, historyView{Heading: heading, Path: "/comment/" + c.ID, Warned: w.view(a.tongue).warning(c.Sensitive, c.Warning)}, h)
}

// history shows one version whole, the newest or the one that is asked for, and
// of all others the beginning: together they may be as long as fifty texts.
func (w *Web) history(a ask, hv historyView, h node.History) (answer, error) {
	v, path := w.view(a.tongue), hv.Path+"/history"
	a = ask{path: a.path, name: a.name, page: 1, open: a.open, version: a.version, tongue: a.tongue}
	hv.Author = v.actor(h.Author)
	if hv.Warned != "" && a.open == "" {
		hv.Open = a.opening(path)
	}
	newest := h.Versions[len(h.Versions)-1].Version
	whole, err := strconv.ParseInt(a.version, 10, 64)
	if err != nil || whole < 1 || whole > newest {
		whole = newest
	}
	for _, r := range slices.Backward(h.Versions) { // the newest first
		vv := versionView{Number: r.Version, Current: r.Version == newest, At: v.stamp(r.WrittenAt), Title: r.Title, TitleLang: guess(r.Title), Lang: guess(r.Title + " " + r.Content)}
		if hv.Open == "" {
			vv.Link = viewLink(r.URL)
			if r.Version == whole || len(r.HTML) <= excerptLength {
				vv.Body = sanitised(r.HTML, 3)
			} else {
				vv.Begun = excerpt(r.HTML)
			}
		}
		if vv.Begun != "" {
			vv.Whole = a.link(path, func(a *ask) { a.version = strconv.FormatInt(r.Version, 10) })
		}
		hv.Versions = append(hv.Versions, vv)
	}
	return w.html(a, "history", frame{Title: a.tongue.say("history.title", "what", hv.Heading), Path: path, NoIndex: true, Page: hv})
}
