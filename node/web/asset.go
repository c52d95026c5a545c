package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"time"
)

//go:embed static/style.css
var styleFile []byte

//go:embed static/favicon.svg
var iconFile []byte

// asset is a file that stands at one address and does not change while the program runs.
type asset struct {
	path  string
	cache string // its Cache-Control
	entry *entry
}

// loadAssets returns the door's files and the stylesheet's path, which holds
// the hash of its content: another style is at another address.
func loadAssets(base string) ([]asset, string, error) {
	sum := sha256.Sum256(styleFile)
	style := "/static/style-" + hex.EncodeToString(sum[:6]) + ".css"
	const aDay, forever = "public, max-age=86400", "public, max-age=31536000, immutable"
	var assets []asset
	for _, f := range []struct {
		path, cache, mediaType string
		body                   []byte
	}{
		{style, forever, "text/css; charset=utf-8", styleFile},
		{"/favicon.svg", aDay, "image/svg+xml", iconFile},
		{"/favicon.ico", aDay, "image/svg+xml", iconFile}, // asked for by habit; browsers go by the type
		{"/robots.txt", aDay, "text/plain; charset=utf-8", []byte(robots(base))},
	} {
		e, err := newEntry(answer{mediaType: f.mediaType, body: f.body}, 0, time.Time{})
		if err != nil {
			return nil, "", err
		}
		assets = append(assets, asset{path: f.path, cache: f.cache, entry: e})
	}
	return assets, style, nil
}

func (a asset) serve(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", a.cache)
	a.entry.write(rw, r)
}

// robots is what is said to crawlers (RFC 9309).
func robots(base string) string {
	return `# Pages are for people and for search engines.
# Agents: use the API instead, it is cheaper for both of us: ` + base + `/skill.md
User-agent: *
Disallow: /api/
Disallow: /claim/
Disallow: /owner
Disallow: /report
Disallow: /search
`
}
