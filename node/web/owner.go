package web

import (
	"context"
	"crypto/hmac"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/storage"
)

// These are the only pages with forms and a cookie: those of an agent's owner,
// who claims, pauses and gives new keys, and writes nothing that anybody reads.
// Reading a page changes nothing, whatever its address holds: links are opened
// by scanners. What changes something is a POST with a token from our own form,
// shown to the same browser, from our own origin. Addresses with a secret are
// kept nowhere and told to nobody.

// maxForm bounds a form.
const maxForm = 8 << 10

// visit is one request of an owner's browser.
type visit struct {
	r       *http.Request
	tongue  tongue
	browser string     // the secret of the browser's cookie, a new one when it had none
	secret  string     // the end of the address
	form    url.Values // of a POST
	signIn  string     // set by a page: the browser's secret from now on
}

func (v *visit) value(name string) string { return strings.TrimSpace(v.form.Get(name)) }

// ownerPage makes one answer to an owner.
type ownerPage func(ctx context.Context, v *visit) (answer, error)

// seeOtherError is the error of a form that was done, and of a page that needs another first.
type seeOtherError struct{ to string }

func (e seeOtherError) Error() string { return "continues at " + e.to }

// errForm is the error of a form that is not known to be ours.
var errForm = errors.New("this form was not sent from a page that this browser was shown")

// ownerRoutes mounts the owner's pages.
func (w *Web) ownerRoutes(r chi.Router) {
	for _, rt := range []struct {
		pattern  string
		get, set ownerPage
	}{
		{"/claim/{secret}", w.claim, w.doClaim},
		{"/owner/confirm/{secret}", w.confirm, w.doConfirm},
		{"/owner/login", w.login, w.doLogin},
		{"/owner", w.owner, w.doOwner},
	} {
		read, set := w.serveOwner(rt.get), w.serveOwner(rt.set)
		r.Get(rt.pattern, read)
		r.Head(rt.pattern, read)
		r.Post(rt.pattern, set)
		for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
			r.Method(method, rt.pattern, http.HandlerFunc(w.refuse))
		}
	}
}

// cookieName binds the cookie to this host where the browser can hold it to that.
func (w *Web) cookieName() string {
	if w.https() {
		return "__Host-instar_owner"
	}
	return "instar_owner"
}

func (w *Web) https() bool { return strings.HasPrefix(w.node.BaseURL(), "https://") }

// serveOwner answers an owner's browser.
func (w *Web) serveOwner(p ownerPage) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), renderTimeout)
		defer cancel()
		h := rw.Header()
		secure(h)
		h.Set("Vary", "Cookie")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex")
		v, err := w.visit(rw, r)
		if err == nil {
			err = w.showOwner(ctx, rw, v, p)
		}
		var to seeOtherError
		switch {
		case errors.As(err, &to):
			h.Set("Location", w.tongueOf(r).keep(to.to))
			write(rw, r, http.StatusSeeOther, nil)
		case errors.Is(err, errForm):
			w.refuseForm(rw, r)
		case err != nil:
			w.fail(rw, r, err)
		}
	}
}

// refuseForm answers what was posted to an owner's page and is no form of ours.
func (w *Web) refuseForm(rw http.ResponseWriter, r *http.Request) {
	if prefersJSON(r.Header.Get("Accept")) {
		w.refuse(rw, r)
		return
	}
	t := w.tongueOf(r)
	w.sendFailure(rw, r, t, failure{
		Status: http.StatusForbidden, Title: t.say("failure.form"), Text: t.say("failure.form_text"),
	})
}

func (w *Web) showOwner(ctx context.Context, rw http.ResponseWriter, v *visit, p ownerPage) error {
	got, err := p(ctx, v)
	if v.signIn != "" {
		w.setCookie(rw, v.signIn)
	}
	if err != nil {
		return err
	}
	rw.Header().Set("Content-Type", got.mediaType)
	rw.Header().Set("Content-Language", v.tongue.code)
	write(rw, v.r, http.StatusOK, got.body)
	return nil
}

func (w *Web) setCookie(rw http.ResponseWriter, secret string) {
	http.SetCookie(rw, &http.Cookie{ //nolint:gosec // Secure wherever the node speaks https
		Name: w.cookieName(), Value: secret, Path: "/", MaxAge: int(node.SessionLasts.Seconds()), HttpOnly: true, Secure: w.https(), SameSite: http.SameSiteLaxMode,
	})
}

// visit reads a request, and lets a form through only when it is ours.
func (w *Web) visit(rw http.ResponseWriter, r *http.Request) (*visit, error) {
	v := &visit{r: r, tongue: w.tongueOf(r), secret: chi.URLParam(r, "secret")}
	if c, err := r.Cookie(w.cookieName()); err == nil {
		v.browser = c.Value
	}
	if r.Method != http.MethodPost {
		if v.browser != "" {
			return v, nil
		}
		var err error
		if v.browser, err = w.node.NewBrowser(); err == nil {
			w.setCookie(rw, v.browser)
		}
		return v, err
	}
	if !w.sameOrigin(r) || v.browser == "" {
		return nil, errForm
	}
	r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, errForm
	}
	v.form = r.PostForm
	if !hmac.Equal([]byte(v.form.Get("form")), []byte(w.node.FormToken(v.browser))) {
		return nil, errForm
	}
	return v, nil
}

// sameOrigin says whether a browser sent a form from one of our pages, as far
// as it says. With Referrer-Policy: no-referrer it sends "null" as the origin,
// so that Sec-Fetch-Site decides there; the form's token decides in any case.
func (w *Web) sameOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	return origin == "" || origin == "null" || origin == w.node.BaseURL()
}

// private is a page that only its visitor sees; its title is in the catalogue.
// It does not name its own address, which may hold a secret.
func (w *Web) private(v *visit, name, title string, page any) (answer, error) {
	return w.html(ask{page: 1, tongue: v.tongue}, name, frame{Title: v.tongue.say(title), NoIndex: true, Page: struct {
		Form string
		Data any
	}{w.node.FormToken(v.browser), page}})
}

// claim is where an agent's owner lands who opens the claim link.
func (w *Web) claim(ctx context.Context, v *visit) (answer, error) {
	p, err := w.node.ClaimPage(ctx, v.secret, v.browser)
	if err != nil {
		return answer{}, err
	}
	_, err = w.node.Session(ctx, v.browser)
	return w.private(v, "claim", "claim.title", struct {
		node.ClaimPage

		Claimed, SignedIn, Sent bool
	}{p, p.Agent.ClaimedAt > 0, err == nil, v.r.URL.Query().Has("sent")})
}

// doClaim begins a claim, or looks at those that were begun.
func (w *Web) doClaim(ctx context.Context, v *visit) (answer, error) {
	here := "/claim/" + url.PathEscape(v.secret)
	if v.value("do") == "look" {
		return answer{}, then(w.node.HurryClaim(ctx, v.secret, v.browser), here)
	}
	method := v.value("method")
	if method == node.MethodEmail {
		if err := w.countMail(ctx, v); err != nil {
			return answer{}, err
		}
		here += "?sent"
	}
	err := w.node.StartClaim(ctx, v.secret, v.browser, method, v.value("subject"))
	return answer{}, then(err, here)
}

// countMail counts a letter that somebody wants sent.
func (w *Web) countMail(ctx context.Context, v *visit) error {
	_, err := w.node.Take(ctx, node.CountMails, node.AddressOf(v.r.RemoteAddr))
	return err
}

// then continues at an address when nothing went wrong.
func then(err error, to string) error {
	if err != nil {
		return err
	}
	return seeOtherError{to}
}

// confirm is where a mailed link leads. It does nothing before the button is pressed.
func (w *Web) confirm(ctx context.Context, v *visit) (answer, error) {
	c, err := w.node.Confirmation(ctx, v.secret)
	if err != nil {
		return answer{}, err
	}
	return w.private(v, "confirm", "confirm.title", struct {
		Agent        string
		Claim, Login bool
	}{c.Agent.Name, c.Purpose == storage.LinkClaim, c.Purpose == storage.LinkLogin})
}

func (w *Web) doConfirm(ctx context.Context, v *visit) (answer, error) {
	secret, err := w.node.Confirm(ctx, v.secret)
	if err != nil {
		return answer{}, err
	}
	v.signIn = secret
	return answer{}, seeOtherError{"/owner"}
}

// login asks an owner for an address to write to.
func (w *Web) login(_ context.Context, v *visit) (answer, error) {
	return w.private(v, "login", "login.title", struct{ Sent bool }{v.r.URL.Query().Has("sent")})
}

// doLogin answers the same whether or not the address is an owner's.
func (w *Web) doLogin(ctx context.Context, v *visit) (answer, error) {
	if err := w.countMail(ctx, v); err != nil {
		return answer{}, err
	}
	return answer{}, then(w.node.MailLogin(ctx, v.value("email")), "/owner/login?sent")
}

// session is the owner's whose browser it is; others are sent to sign in.
func (w *Web) session(ctx context.Context, v *visit) (node.Session, error) {
	s, err := w.node.Session(ctx, v.browser)
	if e, is := errors.AsType[*node.Error](err); is && e.Kind == node.Unauthenticated {
		return s, seeOtherError{"/owner/login"}
	}
	return s, err
}

type ownedAgent struct {
	Name, Path, State string
	Said              string // State in words
	Paused, Suspended bool
}

// owner is an owner's own page: its agents and what it can do with them.
func (w *Web) owner(ctx context.Context, v *visit) (answer, error) {
	s, err := w.session(ctx, v)
	if err != nil {
		return answer{}, err
	}
	o, err := w.node.Owned(ctx, s)
	if err != nil {
		return answer{}, err
	}
	agents := make([]ownedAgent, 0, len(o.Agents))
	for _, a := range o.Agents {
		agents = append(agents, ownedAgent{
			Name: a.Name, Path: actorPath("u", a.Handle, ""), State: a.State, Said: v.tongue.say("state." + a.State),
			Paused: a.State == storage.ActorPaused, Suspended: a.State == storage.ActorSuspended,
		})
	}
	return w.private(v, "owner", "owner.h1", struct {
		Agents   []ownedAgent
		Contacts []string
		Limit    int64
		Hours    int64
		Mail     bool
		Sent     bool
	}{agents, o.Contacts, o.Limit, int64(w.node.KeyOverlap().Hours()), w.node.MailsOwners(), v.r.URL.Query().Has("sent")})
}

// doOwner does what an owner's button says.
func (w *Web) doOwner(ctx context.Context, v *visit) (answer, error) {
	s, err := w.session(ctx, v)
	if err != nil {
		return answer{}, err
	}
	agent, to := v.value("agent"), "/owner"
	switch v.value("do") {
	case "pause":
		err = w.node.Pause(ctx, s, agent)
	case "resume":
		err = w.node.Unpause(ctx, s, agent)
	case "revoke":
		err = w.node.RevokeOwned(ctx, s, agent)
	case "rotate":
		return w.newKey(ctx, v, s, agent)
	case "email":
		to += "?sent"
		if err = w.countMail(ctx, v); err == nil {
			err = w.node.MailContact(ctx, s, v.value("email"))
		}
	case "leave":
		to = "/"
		err = w.node.SignOut(ctx, s)
	default:
		err = errForm
	}
	return answer{}, then(err, to)
}

// newKey shows an agent's new key, this once.
func (w *Web) newKey(ctx context.Context, v *visit, s node.Session, agent string) (answer, error) {
	overlap := w.node.KeyOverlap()
	if v.value("old") == "revoke" {
		overlap = 0
	}
	k, err := w.node.RotateOwned(ctx, s, agent, overlap)
	if err != nil {
		return answer{}, err
	}
	return w.private(v, "key", "key.title", struct {
		Agent, Key string
		Overlap    bool
		Until      stamp
	}{agent, k.Key, overlap > 0, w.view(v.tongue).stamp(k.OldUntil)})
}
