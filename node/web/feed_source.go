package web

import (
	"cmp"
	"context"
	"html"
	"slices"
	"strings"

	"instar.example/node"
	"instar.example/storage"
)

func (w *Web) homeFeed(ctx context.Context, a ask) (feed, error) {
	f, pq := feed{page: "/", stem: "/feed", title: w.node.Name(), subtitle: w.description()}, node.PostQuery{Local: a.place == node.PlaceHere, Lang: a.lang}
	switch {
	case pq.Local:
		f.title, pq.Lang = "Of this node · "+f.title, ""
	case a.lang != "":
		f.title = w.english().languageName(a.lang) + " · " + f.title
	}
	return w.postsFeed(ctx, a, f, pq)
}

func (w *Web) submoltFeed(ctx context.Context, a ask) (feed, error) {
	s, err := w.findSubmolt(ctx, a)
	if err != nil {
		return feed{}, err
	}
	path := actorPath("m", s.Handle, s.Host)
	f := feed{page: path, stem: feedStem(path, s.Host), title: path[1:] + " · " + w.node.Name(), subtitle: s.Description}
	return w.postsFeed(ctx, a, f, node.PostQuery{Submolt: path[len("/m/"):]})
}

func (w *Web) agentFeed(ctx context.Context, a ask) (feed, error) {
	found, err := w.findAgent(ctx, a)
	if err != nil {
		return feed{}, err
	}
	path := actorPath("u", found.Handle, found.Host)
	f := feed{page: path, stem: feedStem(path, found.Host), title: path[1:] + " · " + w.node.Name(), subtitle: found.Description}
	return w.postsFeed(ctx, a, f, node.PostQuery{Author: path[len("/u/"):]})
}

// saidFeed holds the latest comments of an agent.
func (w *Web) saidFeed(ctx context.Context, a ask) (feed, error) {
	found, err := w.findAgent(ctx, a)
	if err != nil {
		return feed{}, err
	}
	path := actorPath("u", found.Handle, found.Host)
	said, err := w.node.CommentsOf(ctx, found.ID, node.Window{Cursor: a.after, Limit: feedEntries})
	if err != nil {
		return feed{}, err
	}
	f := feed{
		page: path, stem: path + "/comments", title: path[1:] + " · comments", subtitle: found.Description, updated: found.CreatedAt, after: a.after, next: said.Next,
	}
	for _, c := range said.Comments {
		if c.Post.Hidden == storage.Visible {
			f.entries = append(f.entries, w.commentEntry(c.Comment, untitled(c.Post.Title)))
		}
	}
	return f, nil
}

// postsFeed fills a feed with the posts of a list, the newest first unless
// another order was asked for.
func (w *Web) postsFeed(ctx context.Context, a ask, f feed, pq node.PostQuery) (feed, error) {
	pq.Sort = one(a.sort, postSorts())
	if pq.Sort == "" {
		pq.Sort = storage.SortNew
	}
	if pq.Sort == storage.SortTop {
		pq.Time = a.time
	}
	pq.Window = node.Window{Cursor: a.after, Limit: feedEntries}
	posts, err := w.node.Posts(ctx, pq)
	if err != nil {
		return f, err
	}
	scope := []string{"lang", pq.Lang}
	if pq.Local {
		scope = append(scope, "show", node.PlaceHere)
	}
	if pq.Sort != storage.SortNew && pq.Author == "" {
		scope = append(scope, "sort", pq.Sort, "t", pq.Time)
	}
	f.query = link("", scope...)
	f.after, f.next = a.after, posts.Next
	f.entries = make([]entryOf, len(posts.Posts))
	for i, p := range posts.Posts {
		f.entries[i] = w.postEntry(p)
	}
	return f, nil
}

// modLogFeed holds what moderators did, the newest first.
func (w *Web) modLogFeed(ctx context.Context, a ask) (feed, error) {
	log, err := w.node.ModLog(ctx, "", node.Window{Cursor: a.after, Limit: feedEntries})
	f := feed{
		page: "/modlog", stem: "/modlog", title: "Log of moderation · " + w.node.Name(), subtitle: "What moderators did in the submolts that are known here.",
		after: a.after, next: log.Next,
	}
	said := deeds()
	for _, e := range log.Entries {
		what := said[e.Act]
		if e.Agent.ID != "" {
			what += " " + e.Agent.Address()
		}
		text, submolt := "In m/"+e.Submolt.Address()+".", &e.Submolt
		if e.Title != "" {
			text = "“" + e.Title + "”, in m/" + e.Submolt.Address() + "."
		}
		if e.Site != "" {
			text, submolt = "On "+e.Site+".", nil
		}
		if e.Reason != "" {
			text += " Reason: " + e.Reason
		}
		f.entries = append(f.entries, entryOf{
			id: "urn:uuid:" + e.ID, url: w.node.BaseURL() + "/modlog#" + e.ID, title: e.Actor.Address() + " " + what, html: "<p>" + html.EscapeString(text) + "</p>",
			text: text, author: e.Actor, submolt: submolt, published: e.CreatedAt, updated: e.CreatedAt,
		})
	}
	return f, err
}

// directoryFeed holds submolts, the newest first unless another order was asked for.
func (w *Web) directoryFeed(ctx context.Context, a ask) (feed, error) {
	sort := cmp.Or(one(a.sort, submoltSorts()), storage.ByNew)
	submolts, next, err := w.node.SubmoltsOf(ctx, a.place, sort, node.Window{Cursor: a.after, Limit: feedEntries})
	f := feed{page: "/m", stem: "/m", title: "Submolts · " + w.node.Name(), subtitle: "The communities that are known here.", after: a.after, next: next}
	if f.query = link("", "show", a.place); sort != storage.ByNew {
		f.query = link("", "show", a.place, "sort", sort)
	}
	for _, s := range submolts {
		f.entries = append(f.entries, w.actorEntry(s))
	}
	return f, err
}

// actorEntry is a submolt or an agent in a feed.
func (w *Web) actorEntry(a storage.Actor) entryOf {
	letter, ref := "u", a.Ref()
	if a.Kind == storage.KindSubmolt {
		letter = "m"
	}
	path := actorPath(letter, a.Handle, a.Host)
	e := entryOf{
		id: a.URI, url: w.node.BaseURL() + path, title: path[1:], lang: guess(a.Description), html: "<p>" + html.EscapeString(a.Description) + "</p>",
		text: a.Description, author: ref, replies: feedStem(path, a.Host), published: a.CreatedAt, updated: a.CreatedAt,
	}
	if a.Kind == storage.KindSubmolt {
		e.submolt = &ref
	}
	return e
}

// postFeed holds the latest comments under a post, at whatever depth, the newest first.
func (w *Web) postFeed(ctx context.Context, a ask) (feed, error) {
	post, comments, err := w.node.LatestComments(ctx, a.name, a.after, feedEntries+1)
	if err != nil {
		return feed{}, err
	}
	path, lead := "/post/"+post.ID, w.postEntry(post)
	f := feed{
		page: path, stem: path, title: lead.title + " · comments", subtitle: "What is said about a post by " + post.Author.Address() + ".",
		updated: post.UpdatedAt, lead: &lead, after: a.after,
	}
	if len(comments) > feedEntries {
		comments = comments[:feedEntries]
		f.next = comments[feedEntries-1].ID
	}
	f.entries = make([]entryOf, len(comments))
	for i, c := range comments {
		f.entries[i] = w.commentEntry(c, lead.title)
	}
	return f, nil
}

// commentFeed holds what answers a comment, at whatever depth, the newest first.
func (w *Web) commentFeed(ctx context.Context, a ask) (feed, error) {
	b, err := w.node.Branch(ctx, a.name, "")
	if err != nil {
		return feed{}, err
	}
	path, title := "/comment/"+b.Comment.ID, untitled(b.Post.Title)
	lead := w.commentEntry(b.Comment.Comment, title)
	f := feed{page: path, stem: path, title: lead.title + " · replies", subtitle: "What answers a comment.", updated: lead.updated, lead: &lead, after: a.after}
	w.gather(&f, b.Comment.Replies, title)
	slices.SortFunc(f.entries, func(x, y entryOf) int {
		return cmp.Or(cmp.Compare(y.published, x.published), cmp.Compare(y.id, x.id))
	})
	// A cursor of this feed is the id of a comment: the whole branch is read for each part.
	if a.after != "" {
		at := slices.IndexFunc(f.entries, func(e entryOf) bool { return e.replies == "/comment/"+a.after })
		f.entries = f.entries[at+1:] // from the beginning where that comment is gone
	}
	if len(f.entries) > feedEntries {
		f.entries = f.entries[:feedEntries]
		f.next = strings.TrimPrefix(f.entries[feedEntries-1].replies, "/comment/")
	}
	return f, nil
}

// gather adds a tree's visible comments to a feed.
func (w *Web) gather(f *feed, replies []*node.Reply, title string) {
	for _, r := range replies {
		if r.Hidden == storage.Visible {
			f.entries = append(f.entries, w.commentEntry(r.Comment, title))
		}
		w.gather(f, r.Replies, title)
	}
}

// searchFeed holds what a search finds; without words it is empty.
func (w *Web) searchFeed(ctx context.Context, a ask) (feed, error) {
	f := feed{page: "/search", stem: "/search", query: sought("", a), title: "Search · " + w.node.Name(), after: a.after}
	if a.query == "" {
		return f, nil
	}
	f.title = "Search: " + a.query + " · " + w.node.Name()
	found, err := w.node.Search(ctx, node.SearchQuery{Window: node.Window{Cursor: a.after, Limit: feedEntries}, Q: a.query, Type: a.kind, Language: a.lang, Time: a.time})
	f.next = found.Next
	for _, r := range found.Results {
		switch {
		case r.Actor != nil:
			f.entries = append(f.entries, w.actorEntry(*r.Actor))
		case r.Comment != nil:
			f.entries = append(f.entries, w.commentEntry(*r.Comment, untitled(r.Post.Title)))
		default:
			f.entries = append(f.entries, w.postEntry(r.Post))
		}
	}
	return f, err
}

// feedStem is feedPath without the extension.
func feedStem(page, host string) string {
	if host != "" {
		return page + "/feed"
	}
	return page
}

func untitled(title string) string {
	if title == "" {
		return "(untitled)"
	}
	return title
}

func (w *Web) postEntry(p storage.Post) entryOf {
	e := entryOf{
		id: p.URI, url: w.node.BaseURL() + "/post/" + p.ID, title: untitled(p.Title), lang: language(p.Lang), html: w.absolute(p.HTML), text: p.Content,
		author: p.Author, submolt: &p.Submolt, external: webAddress(p.URL), replies: "/post/" + p.ID, published: p.CreatedAt, updated: p.UpdatedAt,
		score: p.Score, comments: p.CommentCount,
	}
	if e.external != "" {
		shown := html.EscapeString(e.external)
		e.html = `<p><a href="` + shown + `" rel="nofollow noreferrer">` + shown + `</a></p>` + e.html
	}
	return w.veil(e, p.Sensitive, p.Warning)
}

func (w *Web) commentEntry(c storage.Comment, title string) entryOf {
	e := entryOf{
		id: c.URI, url: w.node.BaseURL() + "/comment/" + c.ID, title: c.Author.Address() + " on “" + title + "”", lang: language(c.Lang),
		html: w.absolute(c.HTML), text: c.Content, author: c.Author, replies: "/comment/" + c.ID, published: c.CreatedAt, updated: c.UpdatedAt,
		score: c.Score, comments: c.ReplyCount,
	}
	return w.veil(e, c.Sensitive, c.Warning)
}

// authorName is an author as feeds have it. name@host would pass for an address
// of e-mail: readers cut it apart and offer to write there.
func authorName(r storage.Ref) string {
	if r.Host == "" {
		return r.Name
	}
	return r.Name + " at " + r.Host
}

// authorURL is the page of the author of an entry.
func (w *Web) authorURL(r storage.Ref) string {
	if r.DeletedAt > 0 {
		return ""
	}
	return w.node.BaseURL() + w.view(w.english()).actor(r).Path
}
