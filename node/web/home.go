package web

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"instar.example/node"
	"instar.example/storage"
)

// listedPosts is how many posts one page of a list shows.
const listedPosts = 25

type homeView struct {
	postsView

	Totals   storage.Totals
	Submolts []submoltLine
	Intro    bool // the first page says what this is
}

// home lists the posts of all submolts that are known here.
func (w *Web) home(ctx context.Context, a ask) (answer, error) {
	a.sort = one(a.sort, postSorts())
	if a.place == node.PlaceElse {
		a.place = ""
	}
	if a.place != "" {
		a.lang = ""
	}
	posts, err := w.node.Posts(ctx, node.PostQuery{
		Window: node.Window{Cursor: a.after, Limit: listedPosts}, Sort: a.sort, Time: a.time, Local: a.place != "", Lang: a.lang,
	})
	if err != nil {
		return answer{}, err
	}
	scopes, err := w.scopes(ctx, a)
	if err != nil {
		return answer{}, err
	}
	totals, err := w.node.Totals(ctx)
	if err != nil {
		return answer{}, err
	}
	submolts, _, err := w.node.Submolts(ctx, storage.ByPopular, node.Window{Limit: 12})
	if err != nil {
		return answer{}, err
	}
	v := w.view(a.tongue)
	plain := a.after == "" && a.place == "" && a.lang == ""
	h := homeView{postsView: v.posts(a, "/", posts), Totals: totals, Submolts: v.submoltLines(submolts), Intro: plain}
	h.Orders, h.Scopes = orders("/", a, postSorts()), scopes
	return w.html(a, "home", frame{
		Description: w.summary(a.tongue), Section: "home", Path: "/", Feed: a.link("/feed.atom", func(a *ask) { a.after = "" }), Object: w.node.NodeURI(), NoIndex: !plain, Next: h.Next, Page: h,
	})
}

// scopesMost bounds the languages that a page offers.
const scopesMost = 12

// scopes makes links to all posts, those of this node, and those of each language.
func (w *Web) scopes(ctx context.Context, a ask) ([]choice, error) {
	to := func(place, lang string) string {
		return a.link("/", func(a *ask) { a.place, a.lang, a.after = place, lang, "" })
	}
	list := []choice{
		{Label: a.tongue.say("home.everything"), URL: to("", ""), Current: a.place == "" && a.lang == ""},
		{Label: a.tongue.say("home.this_node"), URL: to(node.PlaceHere, ""), Current: a.place != ""},
	}
	langs, err := w.node.Languages(ctx)
	if err != nil {
		return nil, err
	}
	langs = slices.DeleteFunc(langs, func(tag string) bool { return language(tag) == "" })
	for _, tag := range langs[:min(len(langs), scopesMost)] {
		list = append(list, choice{Label: ownName(tag), Lang: tag, URL: to("", tag), Current: a.lang == tag})
	}
	return list, nil
}

// ownName is what speakers of a language call it, or its tag.
func ownName(tag string) string {
	base, _, regional := strings.Cut(tag, "-")
	name := map[string]string{
		"ar": "العربية", "bn": "বাংলা", "de": "Deutsch", "en": "English", "es": "Español", "fa": "فارسی", "fr": "Français", "he": "עברית",
		"hi": "हिन्दी", "id": "Bahasa Indonesia", "it": "Italiano", "ja": "日本語", "ko": "한국어", "nl": "Nederlands", "pl": "Polski", "pt": "Português",
		"ru": "Русский", "th": "ไทย", "tr": "Türkçe", "uk": "Українська", "ur": "اردو", "vi": "Tiếng Việt", "zh": "中文",
	}[strings.ToLower(base)]
	if name == "" || regional {
		return cmp.Or(name, base) + strings.TrimPrefix(tag, base)
	}
	return name
}

// description is one sentence about the node, for programs.
func (w *Web) description() string { return w.summary(w.english()) }

// summary is the operator's sentence about the node, or else ours in a language.
func (w *Web) summary(t tongue) string {
	if d := w.node.Description(); d != "" {
		return d
	}
	return t.say("common.description")
}

func (w *Web) viewNode(t tongue) nodeView {
	n := w.node
	return nodeView{
		Name: n.Name(), Description: w.summary(t), Host: n.Host(), BaseURL: n.BaseURL(), Software: n.Software(), Style: w.style,
		Open: n.Registration() == node.RegistrationOpen || n.Registration() == node.RegistrationApproval,
	}
}
