package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

//go:embed static/style.css
var styleFile []byte

//go:embed static/live.js
var scriptFile []byte

//go:embed static/favicon.svg
var iconFile []byte

// asset is a file that stands at one address and does not change while the program runs.
type asset struct {
	path  string
	cache string // its Cache-Control
	entry *entry
}

// loadAssets makes the door's files. The paths of the stylesheet and of the
// script hold the hashes of their contents: another style is at another address.
func (w *Web) loadAssets() {
	w.style, w.script = hashed("style", "css", styleFile), hashed("live", "js", scriptFile)
	const aDay, forever = "public, max-age=86400", "public, max-age=31536000, immutable"
	for _, f := range []struct {
		path, cache, mediaType string
		body                   []byte
	}{
		{w.style, forever, "text/css; charset=utf-8", styleFile},
		{w.script, forever, "text/javascript; charset=utf-8", scriptFile},
		{"/favicon.svg", aDay, "image/svg+xml", iconFile},
		{"/favicon.ico", aDay, "image/vnd.microsoft.icon", iconICO()},
		{"/icon.png", aDay, typePNG, iconPNG(512)},
		{"/apple-touch-icon.png", aDay, typePNG, iconPNG(180)},
		{"/manifest.webmanifest", aDay, "application/manifest+json", w.manifest()},
		{"/robots.txt", aDay, "text/plain; charset=utf-8", []byte(robots(w.robots, w.node.BaseURL()))},
	} {
		e := newEntry(answer{mediaType: f.mediaType, body: f.body}, 0, time.Time{}, w.cache.press)
		w.assets = append(w.assets, asset{path: f.path, cache: f.cache, entry: e})
	}
}

func hashed(name, ext string, body []byte) string {
	sum := sha256.Sum256(body)
	return "/static/" + name + "-" + hex.EncodeToString(sum[:6]) + "." + ext
}

func (a asset) serve(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", a.cache)
	a.entry.write(rw, r)
}

// manifest lets a browser keep the node among its applications (W3C Web Application Manifest).
func (w *Web) manifest() []byte {
	type icon struct {
		Src   string `json:"src"`
		Sizes string `json:"sizes"`
		Type  string `json:"type"`
	}
	body, err := json.Marshal(map[string]any{
		"name": w.node.Name(), "description": w.description(), "id": "/", "start_url": "/", "scope": "/", "display": "minimal-ui",
		"background_color": "#ffffff", "theme_color": "#0b6e5f",
		"icons": []icon{{"/favicon.svg", "any", "image/svg+xml"}, {"/icon.png", "512x512", typePNG}},
	})
	if err != nil { // of texts: cannot be
		return []byte("{}")
	}
	return body
}
