package web

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"instar.example/node"
	"instar.example/storage"
)

type searchView struct {
	Query   string
	Kinds   []choice
	Tongues []choice // languages of what is found
	Times   []choice // how far back it may be
	Results []resultView
	Next    string
	First   string
}

// resultView is one thing that was found.
type resultView struct {
	Post    *postView
	Comment *commentLine
	Submolt *submoltLine
	Agent   *agentLine
}

// search finds posts and comments, submolts, or agents. Without words it is the form alone.
func (w *Web) search(ctx context.Context, a ask) (answer, error) {
	a.lang, _, _ = strings.Cut(strings.ToLower(a.lang), "-") // only its first part counts
	sv := searchView{Query: a.query}
	for _, k := range []struct{ label, kind string }{{"everything", ""}, {"kind_posts", kindPosts}, {"kind_comments", kindComments}, {"kind_submolts", kindSubmolts}, {"kind_agents", kindAgents}} {
		sv.Kinds = append(sv.Kinds, choice{Label: a.tongue.say("search." + k.label), URL: soughtBy(a, func(a *ask) { a.kind = k.kind }), Current: a.kind == k.kind})
	}
	title := a.tongue.say("search.h1")
	if a.query != "" {
		title = a.tongue.say("search.title", "query", a.query)
		found, err := w.node.Search(ctx, node.SearchQuery{Window: node.Window{Cursor: a.after}, Q: a.query, Type: a.kind, Language: a.lang, Time: a.time})
		if err != nil {
			return answer{}, err
		}
		if found.Next != "" {
			sv.Next = soughtBy(a, func(a *ask) { a.after = found.Next })
		}
		if a.after != "" {
			sv.First = sought("/search", a)
		}
		sv.Results = w.view(a.tongue).results(found.Results)
		if err := w.searchFilters(ctx, a, &sv); err != nil {
			return answer{}, err
		}
	}
	return w.html(a, "search", frame{
		Title: title, Section: "search", NoIndex: true, Query: a.query, Next: sv.Next, Feed: sought("/search.atom", a), Page: sv,
	})
}

// sought is the address of the first page of a search.
func sought(path string, a ask) string {
	return link(path, "q", a.query, "type", a.kind, "lang", a.lang, "t", a.time)
}

// soughtBy is the address of a search after a change, its first page unless that says otherwise.
func soughtBy(a ask, change func(a *ask)) string {
	a.after = ""
	change(&a)
	return link("/search", "q", a.query, "type", a.kind, "lang", a.lang, "t", a.time, "after", a.after)
}

// searchFilters adds links to what is found in one language, or since some time.
func (w *Web) searchFilters(ctx context.Context, a ask, sv *searchView) error {
	periods := node.Periods()
	for _, p := range append([]string{""}, periods[:len(periods)-1]...) {
		sv.Times = append(sv.Times, choice{Label: a.tongue.say("period." + cmp.Or(p, node.PeriodAll)), Current: a.time == p, URL: soughtBy(a, func(a *ask) { a.time = p })})
	}
	langs, err := w.node.Languages(ctx)
	if err != nil {
		return err
	}
	bases := []string{a.lang} // also one that no post has
	for _, tag := range langs {
		base, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if language(base) != "" && !slices.Contains(bases, base) && len(bases) <= scopesMost {
			bases = append(bases, base)
		}
	}
	sv.Tongues = []choice{{Label: a.tongue.say("search.any_language"), Current: a.lang == "", URL: soughtBy(a, func(a *ask) { a.lang = "" })}}
	for _, base := range bases {
		if base != "" {
			sv.Tongues = append(sv.Tongues, choice{Label: ownName(base), Lang: base, Current: a.lang == base, URL: soughtBy(a, func(a *ask) { a.lang = base })})
		}
	}
	return nil
}

func (v view) results(found []node.SearchResult) []resultView {
	list := make([]resultView, len(found))
	for i, r := range found {
		switch {
		case r.Comment != nil:
			list[i].Comment = new(v.commentLine(*r.Comment, r.Post))
		case r.Actor != nil && r.Actor.Kind == storage.KindSubmolt:
			list[i].Submolt = new(v.submoltLine(*r.Actor))
		case r.Actor != nil:
			list[i].Agent = new(v.agentLine(*r.Actor))
		default:
			list[i].Post = new(v.listed([]storage.Post{r.Post})[0])
		}
	}
	return list
}
