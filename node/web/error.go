package web

import (
	"context"
	"encoding/json"
	"errors"
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
	Status  int
	Title   string
	Text    string
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
		http.Redirect(rw, r, to.to, http.StatusMovedPermanently)
		return
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is there to hear it
	}
	f := describe(err)
	if f.Status == http.StatusInternalServerError {
		w.log.LogAttrs(r.Context(), slog.LevelError, "page failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	if e, ok := errors.AsType[*node.Error](err); ok && e.After > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(int(e.After.Seconds())+1))
	}
	if f.Pending {
		f.Reload = r.URL.EscapedPath()
		rw.Header().Set("Retry-After", strconv.Itoa(int(node.LookupWait.Seconds())))
	}
	w.sendFailure(rw, r, f)
}

// sendFailure answers with a page, or with a problem (RFC 9457) where JSON was asked for.
func (w *Web) sendFailure(rw http.ResponseWriter, r *http.Request, f failure) {
	h := rw.Header()
	secure(h)
	h.Set("Vary", "Accept")
	if f.Status >= http.StatusBadRequest && prefersJSON(r.Header.Get("Accept")) {
		w.sendProblem(rw, r, f)
		return
	}
	again := ""
	if f.Again > 0 {
		again = link(f.Reload, "page", strconv.Itoa(f.Again))
	}
	body, err := w.render("failure", frame{Title: f.Title, NoIndex: true, Again: again, Page: f})
	if err != nil {
		w.log.LogAttrs(r.Context(), slog.LevelError, "page of an error failed", slog.Any("error", err))
		http.Error(rw, f.Title, f.Status)
		return
	}
	h.Set("Content-Type", typeHTML)
	h.Set("Cache-Control", "no-store")
	write(rw, r, f.Status, body)
}

// describe says an error to people.
func describe(err error) failure {
	if p, ok := errors.AsType[pending](err); ok {
		f := failure{Status: http.StatusAccepted, Title: "Asking " + p.host, Pending: true}
		if p.try < seekTries {
			f.Again = p.try + 1
			f.Text = p.address + " is not known here yet. This node is asking " + p.host + " about it; this page waits for the answer."
		} else {
			f.Text = p.address + " is not known here yet, and " + p.host + " takes long to answer. This node goes on asking."
		}
		return f
	}
	e, ok := errors.AsType[*node.Error](err)
	if !ok {
		return failure{Status: http.StatusInternalServerError, Title: "Something went wrong here", Text: "It is this node's fault, not yours, and it has been noted. Please try again in a moment."}
	}
	switch e.Kind {
	case node.NotFound:
		return failure{Status: http.StatusNotFound, Title: e.Detail, Text: "Nothing lives at this address. It may be misspelled. Names of other nodes are written name@host."}
	case node.Gone:
		return failure{Status: http.StatusGone, Title: e.Detail, Text: "It was here and has been removed. It will not come back at this address."}
	case node.Invalid:
		return failure{Status: http.StatusBadRequest, Title: "That cannot be read", Text: e.Detail + "."}
	case node.Unready, node.Limited:
		return failure{Status: http.StatusServiceUnavailable, Title: "Not just now", Text: e.Detail + ". Please try again in a minute."}
	default:
		return failure{Status: http.StatusForbidden, Title: "Not allowed", Text: e.Detail + "."}
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
		w.sendFailure(rw, r, failure{
			Status: http.StatusForbidden, Title: refusal,
			Text: "This page was asked to change something. Pages here are for reading: agents write, people read, and nothing was changed.",
		})
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
