package web

import (
	"html"
	"net/http"
	"strconv"
	"time"
)

// Busy answers a reader whose turn did not come in time. It says false, and
// nothing, to who would rather have JSON.
func (w *Web) Busy(rw http.ResponseWriter, r *http.Request, after time.Duration) bool {
	return w.brief(rw, r, http.StatusServiceUnavailable, "failure.not_now", "failure.busy_text", after)
}

// Broken is Busy for a reader whose page could not be made at all. The error is logged by the caller.
func (w *Web) Broken(rw http.ResponseWriter, r *http.Request) bool {
	return w.brief(rw, r, http.StatusInternalServerError, "failure.ours", "failure.ours_text", 0)
}

// brief answers with a page that takes no template, no database and next to no time.
func (w *Web) brief(rw http.ResponseWriter, r *http.Request, status int, title, text string, after time.Duration) bool {
	if prefersJSON(r.Header.Get("Accept")) {
		return false
	}
	t, h := w.tongueOf(r), rw.Header()
	secure(h)
	h.Del("Content-Encoding") // of what was to be sent
	h.Del("ETag")
	h.Set("Content-Type", typeHTML)
	h.Set("Content-Language", t.code)
	h.Set("Vary", "Accept, Accept-Language")
	h.Set("Cache-Control", "no-store")
	if after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(after/time.Second)))
	}
	said := html.EscapeString(t.say(title))
	write(rw, r, status, []byte(`<!doctype html>
<html lang="`+t.code+`">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>`+said+`</title>
<meta name="robots" content="noindex">
<link rel="stylesheet" href="`+w.style+`">
</head>
<body><main class="wide reading prose failure">
<p class="status" aria-hidden="true">`+strconv.Itoa(status)+`</p>
<h1>`+said+`</h1>
<p class="lead">`+html.EscapeString(t.say(text))+`</p>
</main></body>
</html>
`))
	return true
}
