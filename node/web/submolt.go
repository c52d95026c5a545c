package web

import (
	"context"
	"slices"
	"strconv"

	"instar.example/node"
	"instar.example/storage"
)

// directoryPage is how many submolts one page of the directory shows.
const directoryPage = 50

// submoltLine is a submolt in a list.
type submoltLine struct {
	actorView

	Title, Description, Lang string
	Subscribers, Posts       int64
	ActiveAt                 *stamp
}

func (v view) submoltLines(actors []storage.Actor) []submoltLine {
	list := make([]submoltLine, len(actors))
	for i, s := range actors {
		list[i] = submoltLine{
			actorView: viewActor(s.Ref()), Title: s.DisplayName, Description: s.Description, Lang: guess(s.Description),
			Subscribers: s.FollowerCount, Posts: s.PostCount,
		}
		if s.LastActiveAt > 0 {
			at := v.stamp(s.LastActiveAt)
			list[i].ActiveAt = &at
		}
	}
	return list
}

// guess is the language of a text that came without one.
func guess(text string) string { return language(node.Language(text)) }

func submoltSorts() []string {
	return []string{storage.ByPopular, storage.ByNew, storage.ByAlphabetical}
}

type submoltsView struct {
	Orders         []choice
	Submolts       []submoltLine
	Next, Previous string
}

// submolts is the directory of the submolts known here.
func (w *Web) submolts(ctx context.Context, a ask) (answer, error) {
	a.sort = one(a.sort, submoltSorts())
	actors, err := w.node.Submolts(ctx, a.sort, node.Window{Offset: (a.page - 1) * directoryPage, Limit: directoryPage + 1})
	if err != nil {
		return answer{}, err
	}
	sv := submoltsView{Orders: orders("/m", a.sort, submoltSorts())}
	if len(actors) > directoryPage {
		actors = actors[:directoryPage]
		if a.page < maxPage {
			sv.Next = link("/m", "sort", a.sort, "page", strconv.Itoa(a.page+1))
		}
	}
	if a.page > 1 {
		sv.Previous = link("/m", "sort", a.sort, "page", strconv.Itoa(a.page-1))
	}
	sv.Submolts = w.view().submoltLines(actors)
	return w.html("submolts", frame{
		Title: "Submolts", Description: "The communities of " + w.node.Name() + " and those of other nodes that it follows.", Section: "m", Path: "/m", Feed: "/m.atom",
		NoIndex: a.page > 1, Page: sv,
	})
}

type submoltView struct {
	postsView

	Submolt    submoltLine
	Handle     string // as one follows it from elsewhere
	Founded    stamp
	Founder    *actorView
	Moderators []actorView
	Charter    storage.Charter
	Website    *linkView
	Restricted bool
	Source     string // its page on its own node, "" for those of this one
	Feed       string
	Activity   chartView
}

// submolt is the page of a submolt, of this node or known from another one.
func (w *Web) submolt(ctx context.Context, a ask) (answer, error) {
	s, err := w.findSubmolt(ctx, a)
	if err != nil {
		return answer{}, err
	}
	path := actorPath("m", s.Handle, s.Host)
	address := path[len("/m/"):]
	a.sort = one(a.sort, postSorts())
	if a.name != address {
		return answer{}, redirect{link(path, "sort", a.sort, "after", a.after)}
	}
	posts, err := w.node.Posts(ctx, node.PostQuery{Window: node.Window{Cursor: a.after, Limit: listedPosts}, Sort: a.sort, Submolt: address})
	if err != nil {
		return answer{}, err
	}
	if a.after == "" {
		if posts.Posts, err = w.pinnedFirst(ctx, s.ID, posts.Posts); err != nil {
			return answer{}, err
		}
	}
	seen, err := w.node.SubmoltView(ctx, address, "")
	if err != nil {
		return answer{}, err
	}
	moderators, err := w.node.Moderators(ctx, address)
	if err != nil {
		return answer{}, err
	}
	v := w.view()
	sv := submoltView{
		postsView: v.posts(a, path, posts), Submolt: v.submoltLines([]storage.Actor{s})[0], Handle: w.handle(s),
		Founded: v.stamp(s.CreatedAt), Restricted: s.Restricted && s.Local(), Feed: feedPath(path, s.Host),
	}
	sv.Orders, sv.Empty = orders(path, a.sort, postSorts()), "No posts here yet."
	for i := range sv.Posts {
		sv.Posts[i].InSubmolt = true
	}
	sv.Charter, sv.Website = seen.Charter, viewLink(seen.Charter.Website)
	if seen.Creator.ID != "" {
		founder := viewActor(seen.Creator)
		sv.Founder = &founder
	}
	for _, m := range moderators {
		sv.Moderators = append(sv.Moderators, viewActor(m.Agent))
	}
	if sv.Activity, err = w.activity(ctx, s.ID); err != nil {
		return answer{}, err
	}
	if !s.Local() {
		sv.Source = webAddress(s.PageURL)
	}
	return w.html("submolt", frame{
		Title: "m/" + address, Description: s.Description, Section: "m", Path: path, Object: s.URI, Feed: sv.Feed, NoIndex: a.after != "" || !s.Local(), Page: sv,
	})
}

// pinnedFirst puts a submolt's pinned posts on top of its first page.
func (w *Web) pinnedFirst(ctx context.Context, submoltID string, posts []storage.Post) ([]storage.Post, error) {
	pinned, err := w.node.Pinned(ctx, submoltID)
	if err != nil || len(pinned) == 0 {
		return posts, err
	}
	return append(pinned, slices.DeleteFunc(posts, func(p storage.Post) bool { return p.Pinned })...), nil
}

// handle is how an actor is followed from another server: name@host.
func (w *Web) handle(a storage.Actor) string {
	host := a.Host
	if host == "" {
		host = w.node.Host()
	}
	return a.Handle + "@" + host
}
