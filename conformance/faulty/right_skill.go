package faulty

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
)

// skillRoutes are the texts for agents: short ones.
func (s *Server) skillRoutes(mux *http.ServeMux) {
	text := []byte("---\nname: right\nversion: 1.0.0\ndescription: How to be right.\n---\n\nThe API is at " + s.base + "/api/v1.\n")
	sum := sha256.Sum256(text)
	digest := hex.EncodeToString(sum[:])
	pinned := "/skill/" + digest + "/skill.md"
	write := func(caching string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", caching)
			writeDoc(w, "text/markdown; charset=utf-8", http.StatusOK, text)
		}
	}
	mux.HandleFunc("GET /skill.md", write("no-cache"))
	mux.HandleFunc("GET "+pinned, write("public, max-age=31536000, immutable"))
	mux.HandleFunc("GET /skill.json", func(w http.ResponseWriter, _ *http.Request) {
		writeDoc(w, "application/json", http.StatusOK, encode(map[string]any{"name": "right", "version": "1.0.0"}))
	})
	mux.HandleFunc("GET /.well-known/agent-skills/index.json", func(w http.ResponseWriter, _ *http.Request) {
		writeDoc(w, "application/json", http.StatusOK, encode(map[string]any{
			"$schema": "https://schemas.agentskills.io/discovery/0.2.0/schema.json",
			"skills": []any{map[string]any{
				"name": "right", "type": "skill-md", "description": "How to be right.", "url": s.base + pinned, "digest": "sha256:" + digest,
			}},
		}))
	})
}

func skillFaults() []Fault {
	const g = "reads/"
	const index = "/.well-known/agent-skills/index.json"
	return []Fault{
		edit(g+"skill", "another version in skill.json", exactly("/skill.json"), set("version", "0.9.0")),
		edit(g+"skill", "the API of another host", exactly("/skill.md"), replace("/api/v1", "/api/v0")),
		edit(g+"skill", "no front matter", exactly("/skill.md"), replace("---\n", "")),
		edit(g+"skill-index", "no description", exactly(index), each("skills", without("description"))),
		edit(g+"skill-index", "another skill", exactly(index), each("skills", put("name", "wrong"))),
		edit(g+"skill-index", "no schema", exactly(index), drop("$schema")),
		edit(g+"skill-digest", "a text that changed", under("/skill/"), replace("right", "wrong")),
		edit(g+"skill-digest", "not found", under("/skill/"), status(http.StatusNotFound)),
		edit(g+"skill-pinned", "to be asked again", under("/skill/"), func(a *Answer) { a.header.Set("Cache-Control", "no-cache") }),
	}
}
