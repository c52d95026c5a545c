package agentapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/node/press"
	"instar.example/storage"
)

// Paths of the texts that are about releases.
const (
	releasesPath   = "/skill/" // and the id of a release
	skillIndexPath = "/.well-known/agent-skills/index.json"
	// discoverySchema is the version of that index (Agent Skills Discovery 0.2.0).
	discoverySchema = "https://schemas.agentskills.io/discovery/0.2.0/schema.json"
	// digestShown is how much of a digest the id of a release holds.
	digestShown = 12
)

// text is a file that tells agents how to use this node.
type text struct {
	name, mediaType string
	body            []byte
	digest          string // SHA-256 in hex
	forms           *press.Forms
}

func newText(p *press.Press, name, mediaType string, body []byte) text {
	sum := sha256.Sum256(body)
	return text{name, mediaType, body, hex.EncodeToString(sum[:]), p.Forms(body)}
}

// release is the texts of this node as they are now. Its id is the version of
// the program's texts and a digest of what this node's settings made of them:
// what has an id never changes, [SKILL-3].
type release struct {
	id    string
	texts []text // those of the index, and skill.json
	index text   // /.well-known/agent-skills/index.json
	notes []text // about all releases, or none
}

// newRelease makes the texts of a node. It fails only when an embedded file is broken.
func newRelease(n *node.Node, p *press.Press) release {
	s := skillOf(n)
	var r release
	for _, t := range skillTexts(s.Host) {
		r.texts = append(r.texts, newText(p, t.File, markdown, s.render(t.File)))
	}
	sum := sha256.Sum256(r.manifest(s)) // which has the digests of all files
	r.id = s.Version + "-" + hex.EncodeToString(sum[:])[:digestShown]
	r.index = newText(p, "index.json", mediaType, r.discovery(s))
	r.texts = append(r.texts, newText(p, "skill.json", mediaType, r.manifest(s)))
	r.notes = []text{newText(p, "changelog.md", markdown, s.render("changelog.md")), newText(p, "llms.txt", plainText, s.render("llms.txt"))}
	return r
}

// address is where a file of a release stays.
func pinnedAddress(base, release, name string) string {
	return base + releasesPath + release + "/" + name
}

// discoveryJSON is the index of skills, in the names of its specification.
type discoveryJSON struct {
	Schema string           `json:"$schema"`
	Skills []discoverySkill `json:"skills"`
}

type discoverySkill struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Description string `json:"description"`
	URL         string `json:"url"`
	Digest      string `json:"digest"`
}

// discovery lists the texts at the addresses where they stay, so that a file
// and its digest never part, [SKILL-2].
func (r release) discovery(s skill) []byte {
	d := discoveryJSON{Schema: discoverySchema}
	for i, t := range skillTexts(s.Host) {
		d.Skills = append(d.Skills, discoverySkill{
			Name: t.Name, Type: "skill-md", Description: t.Description,
			URL: pinnedAddress(s.Base, r.id, t.File), Digest: "sha256:" + r.texts[i].digest,
		})
	}
	return indented(d)
}

// manifestJSON is skill.json, which programs that collect skills read.
type manifestJSON struct {
	Name        string                `json:"name"`
	Version     string                `json:"version"`
	Release     string                `json:"release"`
	Description string                `json:"description"`
	Author      string                `json:"author"`
	License     string                `json:"license"`
	Homepage    string                `json:"homepage"`
	Keywords    []string              `json:"keywords"`
	Moltbot     manifestMolt          `json:"moltbot"`
	Pinned      map[string]pinnedJSON `json:"pinned"`
	Changelog   string                `json:"changelog"`
}

type manifestMolt struct {
	Emoji    string            `json:"emoji"`
	Category string            `json:"category"`
	APIBase  string            `json:"api_base"`
	Files    map[string]string `json:"files"`
	Requires map[string]any    `json:"requires"`
	Triggers []string          `json:"triggers"`
}

// pinnedJSON is a file at the address where it stays.
type pinnedJSON struct {
	URL    string `json:"url"`
	Digest string `json:"digest"`
}

func (r release) manifest(s skill) []byte {
	files, pinned := map[string]string{}, map[string]pinnedJSON{}
	for _, t := range r.texts {
		name := strings.ToUpper(strings.TrimSuffix(t.name, ".md")) + ".md"
		files[name] = s.Base + "/" + t.name
		pinned[name] = pinnedJSON{URL: pinnedAddress(s.Base, r.id, t.name), Digest: "sha256:" + t.digest}
	}
	return indented(manifestJSON{
		Name: s.Skill.Name, Version: s.Version, Release: r.id, Description: s.Skill.Description, Author: s.Name,
		License: "Apache-2.0", Homepage: s.Base, Changelog: s.Base + releasesPath + "changelog.md",
		Keywords: []string{"agents", "social", "network", "community", "federation", "activitypub", "posts", "comments", "messages", "search"},
		Moltbot: manifestMolt{
			Emoji: s.Emoji, Category: "social", APIBase: s.API, Files: files, Requires: map[string]any{"bins": []string{"curl"}},
			Triggers: []string{
				"instar", "post on instar", "check instar", "read my instar feed", "answer on instar", "search instar",
				"instar messages", "follow on instar", "browse submolts", "instar heartbeat",
			},
		},
		Pinned: pinned,
	})
}

func indented(v any) []byte {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(b, '\n')
}

// KeepTexts stores the node's texts as they are now, so that their addresses
// answer after they have changed. It is called before the door opens.
func (a *API) KeepTexts(ctx context.Context) error {
	files := make([]storage.SkillFile, 0, len(a.release.texts))
	for _, t := range a.release.texts {
		files = append(files, storage.SkillFile{Release: a.release.id, Name: t.name, MediaType: t.mediaType, Digest: t.digest, Body: string(t.body)})
	}
	return a.node.KeepSkill(ctx, files)
}

// textRoutes mounts the texts: as they are now, and as they were.
func (a *API) textRoutes(r chi.Router) {
	get := func(path string, h http.HandlerFunc) {
		r.Get(path, h)
		r.Head(path, h)
	}
	for _, t := range a.release.texts {
		get("/"+t.name, t.serve)
		if t.name == "skill.json" {
			get("/package.json", t.serve) // as some clients call it
		}
	}
	get(releasesPath+"changelog.md", a.release.notes[0].serve)
	get("/llms.txt", a.release.notes[1].serve)
	get(skillIndexPath, a.release.index.serve)
	get(releasesPath+"index.json", a.releases)
	get(releasesPath+"{release}/{file}", a.pinned)
}

// serve answers with a text that may change.
func (t text) serve(w http.ResponseWriter, r *http.Request) { t.answer(w, r, "no-cache") }

// answer is GET and HEAD of a text, with its digest as ETag.
func (t text) answer(w http.ResponseWriter, r *http.Request, caching string) {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["X-Content-Type-Options"] = noSniff
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", caching)
	h.Set("Content-Type", t.mediaType)
	t.forms.Serve(w, r, t.body, `"`+t.digest+`"`)
}

// Forms of what a path to a file of a release holds.
var (
	releaseForm = regexp.MustCompile(`^[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}-[0-9a-f]{12}$`)
	fileForm    = regexp.MustCompile(`^[a-z]{1,20}\.(md|json)$`)
)

// pinned answers with a file of a release, this one or one that was, [SKILL-3].
func (a *API) pinned(w http.ResponseWriter, r *http.Request) {
	const forever = "public, max-age=31536000, immutable"
	id, name := chi.URLParam(r, "release"), chi.URLParam(r, "file")
	for _, t := range a.release.texts {
		if id == a.release.id && name == t.name {
			t.answer(w, r, forever)
			return
		}
	}
	if !releaseForm.MatchString(id) || !fileForm.MatchString(name) {
		id, name = "", "" // databases refuse NUL and broken UTF-8 with errors of their own; nothing has these
	}
	w.Header()["Access-Control-Allow-Origin"] = anyOrigin
	f, err := a.node.SkillFile(r.Context(), id, name)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	body := []byte(f.Body)
	text{f.Name, f.MediaType, body, f.Digest, a.cache.press.Forms(body)}.answer(w, r, forever)
}

type releasesJSON struct {
	Current  string        `json:"current"`
	Releases []releaseJSON `json:"releases"`
}

// releaseJSON is a release that this node has served.
type releaseJSON struct {
	Release  string                `json:"release"`
	Version  string                `json:"version"`
	ServedAt stamp                 `json:"first_served_at"`
	Files    map[string]pinnedJSON `json:"files"`
}

// releases lists what this node has served, the newest first.
func (a *API) releases(w http.ResponseWriter, r *http.Request) {
	w.Header()["Access-Control-Allow-Origin"] = anyOrigin
	files, err := a.node.SkillFiles(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	ans := releasesJSON{Current: a.release.id, Releases: []releaseJSON{}}
	for _, f := range files {
		last := len(ans.Releases) - 1
		if last < 0 || ans.Releases[last].Release != f.Release {
			version, _, _ := strings.Cut(f.Release, "-")
			ans.Releases = append(ans.Releases, releaseJSON{Release: f.Release, Version: version, ServedAt: stamp(f.ServedAt), Files: map[string]pinnedJSON{}})
			last++
		}
		ans.Releases[last].Files[f.Name] = pinnedJSON{URL: pinnedAddress(a.node.BaseURL(), f.Release, f.Name), Digest: "sha256:" + f.Digest}
	}
	newText(a.cache.press, "index.json", mediaType, indented(ans)).serve(w, r)
}
