package web

import (
	"html/template"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"

	"instar.example/node"
	"instar.example/storage"
)

// view makes what templates show of records, at one time.
type view struct {
	tongue

	now  time.Time
	base string // the node's origin
	// edited are the posts and comments that have an earlier version (note).
	edited map[string]bool
	// level is that of the first heading in a comment.
	level int
}

func (w *Web) view(t tongue) view { return view{tongue: t, now: w.now(), base: w.node.BaseURL()} }

// stamp is a time as a page shows it.
type stamp struct{ Machine, Full, Ago string }

func (v view) stamp(ms int64) stamp {
	t := time.UnixMilli(ms).UTC()
	return stamp{Machine: t.Format(time.RFC3339), Full: v.date("time.full", v.months, t), Ago: v.ago(v.now.Sub(t), t)}
}

// ago rounds: a page is kept for a minute, and nobody counts seconds.
func (c *catalogue) ago(d time.Duration, t time.Time) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return c.say("time.now") // or ahead of us: clocks of other nodes differ
	case d < time.Hour:
		return c.say("time.minutes", "n", int(d/time.Minute))
	case d < day:
		return c.say("time.hours", "n", int(d/time.Hour))
	case d < 2*day:
		return c.say("time.yesterday")
	case d < 30*day:
		return c.say("time.days", "n", int(d/day))
	default:
		return c.date("time.date", c.short, t)
	}
}

// date writes a day, with the names of months that are given.
func (c *catalogue) date(key string, months []string, t time.Time) string {
	return c.say(key, "day", strconv.Itoa(t.Day()), "month", months[t.Month()-1], "year", strconv.Itoa(t.Year()), "clock", t.Format("15:04"))
}

// when is a stamp of a time that may never have been.
func (v view) when(ms int64) *stamp {
	if ms <= 0 {
		return nil
	}
	return new(v.stamp(ms))
}

// actorView is an agent or a submolt as it stands in a line of text.
type actorView struct {
	Name, Host string // Host is "" for those of this node
	Path       string
	Icon       icon
	Avatar     string // the path of its picture, "" for its Icon
	Gone       bool   // deleted: it has no page
	Agent      bool   // and so marked as one; moderators may be people of other servers, or this node's operator
	Vouched    bool   // of an agent of another node: that one declares that only agents write there
	Person     bool   // no agent: a person, whose text from elsewhere is shown here
}

func (v view) actor(r storage.Ref) actorView {
	letter := "u"
	if r.Kind == storage.KindSubmolt {
		letter = "m"
	}
	return actorView{
		Name: r.Name, Host: r.Host, Path: actorPath(letter, r.Name, r.Host), Icon: identicon(r.URI), Avatar: v.picture(r.AvatarURL), Gone: r.DeletedAt > 0,
		Agent: r.Kind == storage.KindAgent, Vouched: r.Tier >= node.TierVouched, Person: r.Kind == storage.KindHuman,
	}
}

// picture is the path of an image that this node serves itself; readers' browsers are sent nowhere else.
func (v view) picture(address string) string {
	path, ours := strings.CutPrefix(address, v.base)
	if !ours || !strings.HasPrefix(path, "/media/") {
		return ""
	}
	return path
}

// actorPath is the page of an agent ("u") or submolt ("m").
func actorPath(letter, name, host string) string {
	return "/" + letter + "/" + node.Address{Handle: strings.ToLower(name), Host: host}.String()
}

// feedPath is the Atom twin of an actor's page: names of other nodes hold
// dots, so that theirs stands below the page.
func feedPath(page, host string) string {
	if host != "" {
		return page + "/feed.atom"
	}
	return page + ".atom"
}

// postView is a post in a list or on its page.
type postView struct {
	ID, Path, Title, Lang  string
	Author, Submolt        actorView
	Link                   *linkView // what a link post points to
	Picture                string    // the path of an image post's picture, of those that this node serves
	Excerpt                string
	Warned                 template.HTML // what stands before a sensitive text, "" for any other
	Open                   string        // where a sensitive text is shown, "" where it is
	Hashtags               []tagLink     // on its own page
	Body                   template.HTML
	Score, Up, Down        int64
	Comments               int64
	At                     stamp
	Edited, Pinned, Locked bool
	Source                 string // its page on its own node, "" for posts of this one
	InSubmolt              bool   // its line stands on its submolt's page
}

// tagLink is a hashtag and the search that it leads to.
type tagLink struct{ Name, Path string }

func tagLinks(texts ...string) []tagLink {
	var links []tagLink
	for _, tag := range node.Hashtags(texts...) {
		links = append(links, tagLink{"#" + tag, node.HashtagPath(tag)})
	}
	return links
}

// linkView is an address on another host.
type linkView struct{ URL, Host string }

func (v view) post(p storage.Post) postView {
	pv := postView{
		ID: p.ID, Path: "/post/" + p.ID, Title: p.Title, Lang: language(p.Lang), Author: v.actor(p.Author), Submolt: v.actor(p.Submolt),
		Link: viewLink(p.URL), Score: p.Score, Up: p.Up, Down: p.Down, Comments: p.CommentCount, At: v.stamp(p.CreatedAt),
		Edited: v.edited[p.ID], Pinned: p.Pinned, Locked: p.Locked, Warned: v.warning(p.Sensitive, p.Warning),
	}
	if strings.TrimSpace(pv.Title) == "" {
		pv.Title = v.say("common.untitled")
	}
	if pv.Picture = v.picture(p.URL); pv.Picture != "" {
		pv.Link = nil
	}
	if p.Author.Host != "" {
		pv.Source = webAddress(p.URI)
	}
	return pv
}

func (v view) listed(posts []storage.Post) []postView {
	list := make([]postView, len(posts))
	for i, p := range posts {
		list[i] = v.post(p)
		if list[i].Warned != "" {
			list[i].Link = nil
			continue
		}
		list[i].Excerpt = excerpt(p.HTML)
	}
	return list
}

func viewLink(address string) *linkView {
	if address = webAddress(address); address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return &linkView{URL: address, Host: strings.TrimPrefix(u.Host, "www.")}
}

// webAddress is an address that a page may point to, or "".
func webAddress(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.ContainsAny(u.Host, `<>"% &;'()\{}`) {
		return ""
	}
	return u.String()
}

// sanitised trusts the HTML of a post or comment: node made it from Markdown
// or from a peer's HTML through its allow-list before it was stored
// (node/html.go). Nothing else may pass here.
//
// Its headings become parts of the page: the first is of the given level.
func sanitised(stored string, level int) template.HTML {
	return template.HTML(outline(reachable.Replace(stored), level)) //nolint:gosec // sanitised before it was stored, see above
}

// headingTag begins or ends a heading. In sanitised HTML "<" is nothing else than the beginning of a tag.
var headingTag = regexp.MustCompile(`<(/?)h([1-6])\b`)

// outline gives headings the levels of their places: none above the given one, and
// none left out between one and what it is a part of.
func outline(markup string, level int) string {
	if !strings.Contains(markup, "<h") {
		return markup
	}
	var above []byte // the levels, as they were written, of what a place is a part of
	return headingTag.ReplaceAllStringFunc(markup, func(tag string) string {
		written := tag[len(tag)-1]
		if tag[1] != '/' {
			for len(above) > 0 && above[len(above)-1] >= written {
				above = above[:len(above)-1]
			}
			above = append(above, written)
		}
		return tag[:len(tag)-1] + strconv.Itoa(min(level+len(above)-1, 6))
	})
}

// reachable lets the keyboard scroll what may be wider than the page (WCAG
// 2.1.1). In sanitised HTML these are elements: texts have no "<".
var reachable = strings.NewReplacer("<pre>", `<pre tabindex="0">`, "<table>", `<table tabindex="0">`)

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// language is a BCP 47 tag, or "" for what is none: peers write anything.
func language(tag string) string {
	if !languageTag.MatchString(tag) {
		return ""
	}
	return tag
}

// excerptLength is in characters.
const excerptLength = 280

// excerpt is the beginning of a text in HTML, without its markup.
func excerpt(markup string) string {
	var b strings.Builder
	count, space := 0, false
	// Elements that do not part words.
	inline := map[string]bool{"a": true, "b": true, "code": true, "del": true, "em": true, "i": true, "s": true, "strong": true, "sub": true, "sup": true}
	z := html.NewTokenizer(strings.NewReader(markup))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			for _, r := range string(z.Text()) {
				switch {
				case r == ' ' || r == '\n' || r == '\t' || r == '\r':
					space = count > 0
					continue
				case count >= excerptLength:
					b.WriteRune('…')
					return b.String()
				case space && count < excerptLength-1:
					b.WriteByte(' ')
					count++
				}
				b.WriteRune(r)
				count, space = count+1, false
			}
		default:
			if name, _ := z.TagName(); !inline[string(name)] {
				space = count > 0
			}
		}
	}
}
