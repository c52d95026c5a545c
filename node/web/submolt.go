package web

import (
	"context"
	"slices"

	"instar.example/node"
	"instar.example/storage"
)

// submoltLine is a submolt in a list.
type submoltLine struct {
	actorView

	Title, TitleLang   string
	Description, Lang  string
	Subscribers, Posts int64
	ActiveAt           *stamp
}

func (v view) submoltLines(actors []storage.Actor) []submoltLine {
	list := make([]submoltLine, len(actors))
	for i, s := range actors {
		list[i] = v.submoltLine(s)
	}
	return list
}

func (v view) submoltLine(s storage.Actor) submoltLine {
	return submoltLine{
		actorView: v.actor(s.Ref()), Title: s.DisplayName, TitleLang: guess(s.DisplayName), Description: s.Description, Lang: guess(s.Description),
		Subscribers: s.FollowerCount, Posts: s.PostCount, ActiveAt: v.when(s.LastActiveAt),
	}
}

// guess is the language of a text that came without one.
func guess(text string) string { return language(node.Language(text)) }

type submoltView struct {
	postsView

	Submolt    submoltLine
	Handle     string // as one follows it from elsewhere
	Founded    stamp
	Fetched    *stamp // of a remote one: when its node last said what it is
	Past       *pastView
	Founder    *actorView
	Moderators []actorView
	Offices    []officeView
	Charter    storage.Charter
	CreedLang  string
	RulesLang  string
	Website    *linkView
	Restricted bool
	Sensitive  bool
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
	a.place, a.lang = "", ""
	if a.name != address {
		return answer{}, redirect{a.link(path, func(*ask) {})}
	}
	v := w.view(a.tongue)
	past, err := w.past(ctx, v, a, s, path)
	if err != nil {
		return answer{}, err
	}
	posts, err := w.node.Posts(ctx, node.PostQuery{Window: node.Window{Cursor: a.after, Limit: listedPosts}, Sort: a.sort, Time: a.time, Submolt: address})
	if err != nil {
		return answer{}, err
	}
	if a.after == "" {
		if posts.Posts, err = w.pinnedFirst(ctx, s.ID, posts.Posts); err != nil {
			return answer{}, err
		}
	}
	sv := submoltView{
		postsView: v.posts(a, path, posts), Submolt: v.submoltLine(s), Handle: w.handle(s),
		Founded: v.stamp(s.CreatedAt), Restricted: s.Restricted && s.Local(), Sensitive: s.Sensitive, Feed: feedPath(path, s.Host), Past: past,
	}
	sv.Orders = orders(path, a, submoltPostSorts())
	for i := range sv.Posts {
		sv.Posts[i].InSubmolt = true
	}
	if sv.Activity, err = w.activity(ctx, a.tongue, s.ID); err != nil {
		return answer{}, err
	}
	if !s.Local() {
		sv.Source, sv.Fetched = webAddress(s.PageURL), v.when(s.FetchedAt)
	}
	if err := w.constitution(ctx, v, address, &sv); err != nil {
		return answer{}, err
	}
	return w.html(a, "submolt", frame{
		Title: "m/" + address, Description: s.Description, Section: "m", Path: path, Object: s.URI, Feed: sv.Feed, Next: sv.Next, Again: past.next(len(sv.Posts)),
		NoIndex: a.after != "" || !s.Local(), Page: sv,
	})
}

// officeView is a role in a submolt.
type officeView struct {
	Name    string
	Lang    string // of Name
	Holders []actorView
}

// constitution adds what a submolt says of itself, and who does what in it.
func (w *Web) constitution(ctx context.Context, v view, address string, sv *submoltView) error {
	seen, err := w.node.SubmoltView(ctx, address, "")
	if err != nil {
		return err
	}
	sv.Charter, sv.Website = seen.Charter, viewLink(seen.Charter.Website)
	sv.CreedLang, sv.RulesLang = guess(seen.Charter.Creed), guess(seen.Charter.Rules)
	if seen.Creator.ID != "" {
		sv.Founder = new(v.actor(seen.Creator))
	}
	moderators, err := w.node.Moderators(ctx, address)
	if err != nil {
		return err
	}
	for _, m := range moderators {
		sv.Moderators = append(sv.Moderators, v.actor(m.Agent))
	}
	_, offices, err := w.node.Offices(ctx, address)
	for _, o := range offices {
		ov := officeView{Name: o.Label.Label, Lang: guess(o.Label.Label)}
		for _, h := range o.Holders {
			ov.Holders = append(ov.Holders, v.actor(h.Agent))
		}
		sv.Offices = append(sv.Offices, ov)
	}
	return err
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
