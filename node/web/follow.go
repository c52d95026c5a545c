package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/storage"
)

// serverName is a host with at least one dot, or one of loopback with a port.
var serverName = regexp.MustCompile(`^(([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}|localhost|[0-9.]{7,15})(:[0-9]{1,5})?$`)

// signSubmolt stands before the handle of a submolt in a search.
const signSubmolt = "!"

// followPath asks a reader's own server to follow something of this one.
const followPath = "/follow"

// followRoutes mounts the page that leads a reader to their own server. Its
// answers are kept by nobody: they hold who asked.
func (w *Web) followRoutes(r chi.Router) {
	r.Get(followPath, w.follow)
	r.Head(followPath, w.follow)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		r.Method(method, followPath, http.HandlerFunc(w.refuse))
	}
}

// followView is the page that leads a reader to their own server.
type followView struct {
	Of          string // "m/name" or "u/name", with @host for other nodes
	Path        string // its page
	Handle      string // name@host
	Sign        string // what stands before the handle in a search: "@", or "!" for submolts
	URI         string
	Account     string // as the reader wrote it
	Trouble     string // why it cannot be done, "" for no trouble
	TroubleLang string // of Trouble where it is not the page's
	Waiting     bool   // the reader's server is being asked
	Host        string // of the reader
	URL         string // where to go on, or ""
	Exact       bool   // URL does it; else it is a search there
	Word        string // what else to do, for the reader's software
	try         int    // how often the reader's page has asked, from 1
}

// follow shows the form, or where a reader goes on. Nothing about the reader is
// stored or logged; their server is asked by the worker.
func (w *Web) follow(rw http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), renderTimeout)
	defer cancel()
	q, t := r.URL.Query(), w.tongueOf(r)
	try, _ := strconv.Atoi(q.Get("page")) // 0 for what is no number
	fv, err := w.followed(ctx, strings.TrimSpace(q.Get("of")), max(try, 1))
	if err == nil {
		fv.Account, fv.try = strings.TrimSpace(strings.ToValidUTF8(q.Get("as"), "")), try
		err = w.lead(ctx, t, &fv)
	}
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	f := frame{Title: t.say("follow.title", "of", fv.Of), Description: t.say("follow.description"), NoIndex: true, Page: fv}
	if fv.Waiting && fv.try < seekTries {
		f.Again = link(followPath, "of", fv.Of, "as", fv.Account, "page", strconv.Itoa(max(fv.try, 1)+1))
	}
	here := link(followPath, "of", fv.Of, "as", fv.Account)
	body, err := w.render(ask{path: here, page: 1, tongue: t}, "follow", f)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	h := rw.Header()
	secure(h)
	h.Set("Content-Language", t.code)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", typeHTML)
	write(rw, r, http.StatusOK, body)
}

// followed finds what is to be followed; try is how often it was asked for.
func (w *Web) followed(ctx context.Context, of string, try int) (followView, error) {
	letter, name, ok := strings.Cut(of, "/")
	a := ask{name: name, page: try}
	var found storage.Actor
	var err error
	sign := "@"
	switch {
	case ok && letter == "m":
		sign = signSubmolt
		found, err = w.findSubmolt(ctx, a)
	case ok && letter == "u":
		found, err = w.findAgent(ctx, a)
	default:
		err = &node.Error{Kind: node.NotFound, Code: "not_found", Detail: "There is nothing to follow under that name"}
	}
	if err != nil {
		return followView{}, err
	}
	path := actorPath(letter, found.Handle, found.Host)
	return followView{Of: path[1:], Path: path, Handle: w.handle(found), Sign: sign, URI: webAddress(found.URI)}, nil
}

// lead says where the reader goes on, as far as it is known.
func (w *Web) lead(ctx context.Context, t tongue, fv *followView) error {
	if fv.Account == "" {
		return nil
	}
	name, host := account(fv.Account)
	switch {
	case host == "":
		fv.Trouble = t.say("follow.no_address")
		return nil
	case host == w.node.Host():
		fv.Trouble = t.say("follow.this_node")
		return nil
	}
	fv.Host = host
	way, ok := w.node.WayOf(host)
	switch {
	case !ok && w.seeker.allow("way "+host, w.now()):
		fv.Waiting = true
		return w.node.AskWay(node.WayQuestion{Name: name, Host: host})
	case !ok && fv.try > 1: // as seek does
		way, ok = w.node.AwaitWay(ctx, host)
	}
	switch {
	case !ok:
		fv.Waiting = true
		return nil
	case way.Trouble != "":
		trouble, lang := t.told(way.Trouble)
		fv.Trouble, fv.TroubleLang = t.say("follow.trouble", "host", host, "trouble", trouble), lang
		return nil
	}
	w.choose(t, fv, way)
	return nil
}

// choose takes the first way that a server offers, in the order of how much of
// the work it takes off the reader.
func (w *Web) choose(t tongue, fv *followView, way node.Way) {
	back := w.node.BaseURL() + fv.Path
	fill := func(template string) string {
		return webAddress(strings.NewReplacer(
			"{object}", url.QueryEscape(fv.URI), "{uri}", url.QueryEscape(fv.URI),
			"{on-success}", url.QueryEscape(back), "{on-cancel}", url.QueryEscape(back),
		).Replace(template))
	}
	for _, template := range []string{way.Follow, way.Object, way.Subscribe} {
		if fv.URL = fill(template); fv.URL != "" {
			fv.Exact = true
			break
		}
	}
	template, exact, word := habit(way.Software, fv.Sign)
	fv.Word = t.say(word)
	if fv.URL == "" && template != "" {
		name, host, _ := strings.Cut(fv.Handle, "@")
		fv.URL = fill("https://" + fv.Host + strings.NewReplacer(
			"{handle}", url.QueryEscape(fv.Sign+fv.Handle), "{acct}", url.QueryEscape(fv.Handle), "{name}", url.PathEscape(name), "{host}", url.PathEscape(host),
		).Replace(template))
		fv.Exact = exact
	}
}

// habit is where people of a software follow, when their server does not say:
// a template, whether it leads to the very thing, and what to do there (in the
// catalogue).
func habit(software, sign string) (template string, exact bool, word string) {
	const search = "follow.word_search"
	switch software {
	case "mastodon", "glitch", "hometown", "pleroma", "akkoma", "takahe", "pixelfed":
		return "/authorize_interaction?uri={uri}", true, "follow.word_confirm"
	case "misskey", "sharkey", "firefish", "iceshrimp", "foundkey", "cherrypick":
		return "/authorize-follow?acct={acct}", true, "follow.word_confirm"
	case "lemmy":
		if sign == signSubmolt {
			return "/search?q={handle}&type=Communities&listingType=All", false, search
		}
		return "/search?q={handle}&type=Users&listingType=All", false, search
	case "piefed":
		if sign == signSubmolt {
			return "/community/lookup/{name}/{host}", true, "follow.word_join"
		}
		return "/search?q={handle}", false, search
	case "mbin", "kbin":
		return "/search?q={acct}", false, search
	case "gotosocial":
		return "", false, "follow.word_gotosocial"
	default:
		return "", false, "follow.word_copy"
	}
}

// account reads who a reader is elsewhere: you@host, @you@host, a server's name,
// or the address of a profile. host is "" for what cannot be one.
func account(s string) (name, host string) {
	if len(s) > maxParam {
		return "", ""
	}
	if u, err := url.Parse(s); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
		last := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
		s = strings.TrimPrefix(last, "@") + "@" + u.Host
	}
	s = strings.TrimLeft(strings.TrimPrefix(s, "acct:"), "@!")
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		name, s = s[:i], s[i+1:]
		if strings.ContainsAny(name, "@/ \t\n:?#%") {
			return "", ""
		}
	}
	host = strings.TrimSuffix(strings.ToLower(s), ".")
	if !serverName.MatchString(host) || len(host) > 253 {
		return "", ""
	}
	return name, host
}

// noInteraction answers where other servers send people who want to do
// something here from their own account.
func (w *Web) noInteraction(_ context.Context, a ask) (answer, error) {
	return w.html(a, "interaction", frame{
		Title: a.tongue.say("interaction.h1"), Description: a.tongue.say("interaction.description"), NoIndex: true,
	})
}
