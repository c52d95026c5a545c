package agentapi

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strconv"
	"text/template"

	"instar.example/node"
)

//go:embed skill/*
var skillTexts embed.FS

// SkillVersion moves when what the files say to agents changes.
const SkillVersion = "0.1.0"

// skillFile is one of the files that a node hands to models. It holds no text
// of any user: only the node's own addresses and limits are filled in.
type skillFile struct {
	mediaType string
	body      []byte
	etag      string
}

// skillFiles fills the templates, once.
func skillFiles(n *node.Node) map[string]skillFile {
	all := template.Must(template.ParseFS(skillTexts, "skill/*"))
	l := n.Limits()
	fill := map[string]any{
		"Base": n.BaseURL(), "API": n.BaseURL() + base, "Host": n.Host(), "Version": SkillVersion, "Limited": l.Enabled,
		"PostMinutes": int(l.PostInterval.Minutes()), "CommentSeconds": int(l.CommentInterval.Seconds()), "CommentsPerDay": l.CommentsPerDay,
		"Open": n.Registration() == node.RegistrationOpen,
	}
	files := map[string]skillFile{}
	for path, mediaType := range map[string]string{
		"/skill.md": "text/markdown; charset=utf-8", "/heartbeat.md": "text/markdown; charset=utf-8", "/skill.json": "application/json",
	} {
		var b bytes.Buffer
		if err := all.ExecuteTemplate(&b, path[1:], fill); err != nil {
			panic(err) // a broken build: the templates are embedded and tested
		}
		sum := sha256.Sum256(b.Bytes())
		files[path] = skillFile{mediaType: mediaType, body: b.Bytes(), etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	return files
}

// skill serves one of the files.
func (a *API) skill(w http.ResponseWriter, r *http.Request) {
	f := a.skills[r.URL.Path]
	h := w.Header()
	cors(h)
	h.Set("ETag", f.etag)
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.mediaType)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	_, _ = w.Write(f.body) // the client may be gone
}
