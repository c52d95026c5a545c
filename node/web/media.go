package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// media serves an uploaded image. Its address holds the hash of its bytes:
// what it answers never changes. Should somebody ever get anything but an
// image in there, no browser runs it.
func (w *Web) media(rw http.ResponseWriter, r *http.Request) {
	hash, ext, _ := strings.Cut(chi.URLParam(r, "file"), ".")
	m, err := w.node.Media(r.Context(), hash, ext)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	h := rw.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Etag", `"`+m.Hash+`"`)
	if strings.Contains(r.Header.Get("If-None-Match"), m.Hash) {
		rw.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", m.MediaType)
	write(rw, r, http.StatusOK, m.Body)
}
