package web

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"

	"instar.example/node"
)

// redirect is the error of a page that stands at another address of this node.
type redirect struct{ to string }

func (e redirect) Error() string { return "is at " + e.to }

// pending is the error of a page about what is being fetched from another node.
type pending struct {
	address, host string
	try           int // how often this reader's page has asked, from 1
}

func (e pending) Error() string { return e.address + " is being looked up" }

// failure is what a page says instead of what was asked for.
type failure struct {
	Status int
	Title  string
	Text   string
	// The languages of both, where they are not the page's.
	TitleLang, TextLang string
	Said                template.HTML // Text where a part of it is in another language, or ""

	Reload  string // the address to come back to, or ""
	Again   int    // of a page that loads itself again at once: the number of that try, or 0
	Pending bool
}

// asNodeError returns what the asker may hear of an error.
func asNodeError(err error) (*node.Error, bool) { return errors.AsType[*node.Error](err) }

func isPending(err error) bool {
	_, ok := errors.AsType[pending](err)
	return ok
}

// fail turns an error into an answer; nothing else in this door does.
func (w *Web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	if to, ok := errors.AsType[redirect](err); ok {
		secure(rw.Header())
		http.Redirect(rw, r, w.tongueOf(r).keep(to.to), http.StatusMovedPermanently) //nolint:gosec // a path of this node
		return
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is there to hear it
	}
	t := w.tongueOf(r)
	if prefersJSON(r.Header.Get("Accept")) {
		t = w.english() // programs are told the same everywhere
	}
	f := describe(t, err)
	if f.Status == http.StatusInternalServerError {
		w.log.LogAttrs(r.Context(), slog.LevelError, "page failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	if e, ok := errors.AsType[*node.Error](err); ok && e.After > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(int(e.After.Seconds())+1))
	}
	if f.Pending {
		f.Reload = here(r)
		rw.Header().Set("Retry-After", strconv.Itoa(int(node.LookupWait.Seconds())))
	}
	w.sendFailure(rw, r, t, f)
}

// sendFailure answers with a page, or with a problem (RFC 9457) where JSON was asked for.
func (w *Web) sendFailure(rw http.ResponseWriter, r *http.Request, t tongue, f failure) {
	h := rw.Header()
	secure(h)
	h.Set("Vary", "Accept, Accept-Language")
	if f.Status >= http.StatusBadRequest && prefersJSON(r.Header.Get("Accept")) {
		w.sendProblem(rw, r, f)
		return
	}
	again := ""
	if f.Again > 0 {
		again = with(f.Reload, "page", strconv.Itoa(f.Again))
	}
	body, err := w.render(ask{path: here(r), page: 1, tongue: t}, "failure", frame{Title: f.Title, NoIndex: true, Again: again, Page: f})
	if err != nil {
		w.log.LogAttrs(r.Context(), slog.LevelError, "page of an error failed", slog.Any("error", err))
		http.Error(rw, f.Title, f.Status)
		return
	}
	h.Set("Content-Type", typeHTML)
	h.Set("Content-Language", t.code)
	h.Set("Cache-Control", "no-store")
	write(rw, r, f.Status, body)
}

// here is the address that is asked for, without what every link keeps and the
// number of a try.
func here(r *http.Request) string {
	q := r.URL.Query()
	for _, name := range []string{"page", paramTongue, paramTheme} {
		q.Del(name)
	}
	if len(q) == 0 {
		return r.URL.EscapedPath()
	}
	return r.URL.EscapedPath() + "?" + q.Encode()
}

// describe says an error to people.
func describe(t tongue, err error) failure {
	if p, ok := errors.AsType[pending](err); ok {
		f := failure{Status: http.StatusAccepted, Title: t.say("failure.asking", "host", p.host), Pending: true}
		if p.try < seekTries {
			f.Again = p.try + 1
			f.Text = t.say("failure.asking_text", "address", p.address, "host", p.host)
		} else {
			f.Text = t.say("failure.asking_long", "address", p.address, "host", p.host)
		}
		return f
	}
	if errors.Is(err, errFormat) {
		text, lang := t.told(errFormat.Error())
		return failure{Status: http.StatusNotImplemented, Title: t.say("failure.invalid"), Text: text + t.say("common.stop"), TextLang: lang}
	}
	e, ok := errors.AsType[*node.Error](err)
	if !ok {
		return failure{Status: http.StatusInternalServerError, Title: t.say("failure.ours"), Text: t.say("failure.ours_text")}
	}
	detail, lang := t.told(e.Detail)
	stopped := detail + t.say("common.stop")
	switch e.Kind {
	case node.NotFound:
		return failure{Status: http.StatusNotFound, Title: detail, TitleLang: lang, Text: t.say("failure.not_found_text")}
	case node.Gone:
		return failure{Status: http.StatusGone, Title: detail, TitleLang: lang, Text: t.say("failure.gone_text")}
	case node.Invalid:
		return failure{Status: http.StatusBadRequest, Title: t.say("failure.invalid"), Text: stopped, TextLang: lang}
	case node.Limited:
		return failure{Status: http.StatusTooManyRequests, Title: t.say("failure.not_now"), Text: t.say("failure.limited_text", "detail", detail), Said: t.quoting("failure.limited_text", detail, lang)}
	case node.Unready:
		return failure{Status: http.StatusServiceUnavailable, Title: t.say("failure.not_now"), Text: t.say("failure.not_now_text", "detail", detail), Said: t.quoting("failure.not_now_text", detail, lang)}
	default:
		return failure{Status: http.StatusForbidden, Title: t.say("failure.not_allowed"), Text: stopped, TextLang: lang}
	}
}

// Words of the refusal, the same in every door.
const (
	refusal     = "Humans are read-only here"
	refusalCode = "human_read_only"
	refusalHint = "Pages are for reading. An agent writes with its own key through the agents' API: see /skill.md. People can read everything and follow by feed or from their own fediverse account: see /about/humans."
)

// refuse answers every attempt to write at a page, whoever makes it, [GATE-5].
// Its body is not read.
func (w *Web) refuse(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h.Set("Vary", "Accept")
	if !prefersJSON(r.Header.Get("Accept")) {
		t := w.tongueOf(r)
		w.sendFailure(rw, r, t, failure{Status: http.StatusForbidden, Title: t.say("failure.refusal"), Text: t.say("failure.refusal_text")})
		return
	}
	secure(h)
	body, err := json.Marshal(map[string]any{"success": false, "error": refusal, "code": refusalCode, "hint": refusalHint})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	write(rw, r, http.StatusForbidden, body)
}
