package agentapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// pinnedFile is an entry of the index of skills.
type pinnedFile struct{ Name, Type, Description, URL, Digest string }

func (d *door) skillIndex() []pinnedFile {
	d.t.Helper()
	var index struct {
		Schema string `json:"$schema"`
		Skills []pinnedFile
	}
	if err := json.Unmarshal([]byte(d.text("/.well-known/agent-skills/index.json", "application/json")), &index); err != nil {
		d.t.Fatalf("index.json: %v", err)
	}
	if index.Schema != "https://schemas.agentskills.io/discovery/0.2.0/schema.json" || len(index.Skills) != 4 {
		d.t.Fatalf("index.json: %+v", index)
	}
	return index.Skills
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestTheIndexNamesWhatIsServed(t *testing.T) {
	t.Parallel()
	d := open(t)
	for i, file := range []string{"skill.md", "heartbeat.md", "messaging.md", "rules.md"} {
		entry := d.skillIndex()[i]
		pinned := d.text(strings.TrimPrefix(entry.URL, d.url), markdown)
		if entry.Digest != digest(pinned) || pinned != d.text("/"+file, markdown) {
			t.Errorf("%s: %+v does not agree with what is served", file, entry)
		}
		if entry.Type != "skill-md" || !strings.HasPrefix(pinned, "---\nname: "+entry.Name+"\n") || !strings.Contains(pinned, "\ndescription: "+entry.Description+"\n") {
			t.Errorf("%s: %+v does not agree with its front matter", file, entry)
		}
	}
}

func TestAPinnedTextOutlivesItsSettings(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		before := newDoor(t, s)
		if err := before.api.KeepTexts(t.Context()); err != nil {
			t.Fatalf("KeepTexts: %v", err)
		}
		was := before.skillIndex()[0]
		text := before.text("/skill.md", markdown)
		sameNode := func(set *setup) { set.node.BaseURL = before.BaseURL() }
		after := newDoor(t, s, sameNode, func(set *setup) {
			set.node.Limits, set.node.Now = node.DefaultLimits(), func() time.Time { return before.clock.now().Add(time.Hour) }
		})
		for range 2 { // a second process, or start, changes nothing
			if err := after.api.KeepTexts(t.Context()); err != nil {
				t.Fatalf("KeepTexts: %v", err)
			}
		}
		is := after.skillIndex()[0]
		if is.Digest == was.Digest || is.URL == was.URL {
			t.Fatalf("other limits, and the same text: %+v", is)
		}
		if got := after.text(strings.TrimPrefix(was.URL, before.url), markdown); got != text || digest(got) != was.Digest {
			t.Error("the pinned text changed")
		}
		var list struct {
			Current  string
			Releases []struct {
				Release, Version string
				ServedAt         time.Time `json:"first_served_at"`
				Files            map[string]pinnedFile
			}
		}
		if err := json.Unmarshal([]byte(after.text("/skill/index.json", "application/json")), &list); err != nil {
			t.Fatalf("/skill/index.json: %v", err)
		}
		if len(list.Releases) != 2 || list.Current != list.Releases[0].Release || len(list.Releases[1].Files) != 5 {
			t.Fatalf("/skill/index.json: %+v", list)
		}
		if got := list.Releases[1]; got.Files["skill.md"].URL != was.URL || got.Files["skill.md"].Digest != was.Digest || !got.ServedAt.Equal(before.clock.now()) {
			t.Errorf("the older release: %+v", got)
		}
	})
}

func TestTextsAreCachedByTheirDigest(t *testing.T) {
	t.Parallel()
	d := open(t)
	pinned := strings.TrimPrefix(d.skillIndex()[0].URL, d.url)
	for path, caching := range map[string]string{"/skill.md": "no-cache", "/llms.txt": "no-cache", pinned: "public, max-age=31536000, immutable"} {
		_, first := d.raw(http.MethodGet, path, header("Accept-Encoding", "identity"))
		if got := first.Get("Cache-Control"); got != caching {
			t.Errorf("%s: Cache-Control %q, want %q", path, got, caching)
		}
		if status, _ := d.raw(http.MethodGet, path, header("If-None-Match", first.Get("Etag"))); status != http.StatusNotModified {
			t.Errorf("%s: %d with its own ETag", path, status)
		}
		if status, _ := d.raw(http.MethodGet, path, header("If-None-Match", `"other"`)); status != http.StatusOK {
			t.Errorf("%s: %d with another ETag", path, status)
		}
		if status, head := d.raw(http.MethodHead, path); status != http.StatusOK || head.Get("Content-Length") != first.Get("Content-Length") {
			t.Errorf("HEAD %s: %d, %s bytes of %s", path, status, head.Get("Content-Length"), first.Get("Content-Length"))
		}
	}
}

func TestWhatWasNeverServedIsNotFound(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		release := strings.Split(d.skillIndex()[0].URL, "/")[4]
		for _, path := range []string{
			"/skill/0.0.1-0123456789ab/skill.md", "/skill/" + release + "/other.md", "/skill/" + release + "/..%2fskill.md",
			"/skill/%00/skill.md", "/skill/x/%FF.md", "/skill/" + release + "/%00.md", "/skill/current/skill.md",
		} {
			d.call("", http.MethodGet, path, nil).wantCode(http.StatusNotFound, "NOT_FOUND")
		}
	})
}
