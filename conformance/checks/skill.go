package checks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

// skillChecks judge the texts from which agents learn to use a node.
func skillChecks() []Check {
	return []Check{
		{ID: "skill", Clause: "SKILL-1", Name: "skill.md and skill.json", Run: skillAndManifest},
		{ID: "skill-index", Clause: "SKILL-2", Name: "the index of skills", Run: skillIndex},
		{ID: "skill-digest", Clause: "SKILL-2", Name: "a text and its digest", Run: skillDigests},
		{ID: "skill-pinned", Clause: "SKILL-3", Name: "a pinned text is immutable", Run: skillPinned},
	}
}

// frontMatter reads the simple members of a text's front matter.
func frontMatter(text string) map[string]string {
	found := map[string]string{}
	rest, opened := strings.CutPrefix(text, "---\n")
	head, _, closed := strings.Cut(rest, "\n---\n")
	if !opened || !closed {
		return found
	}
	for line := range strings.Lines(head) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			found[name] = strings.TrimSpace(value)
		}
	}
	return found
}

func (t *Target) skill(ctx context.Context) (front map[string]string, body string, err error) {
	got, err := t.get(ctx, "/skill.md", "text/markdown, */*")
	if err != nil {
		return nil, "", err
	}
	if err := got.is(http.StatusOK); err != nil {
		return nil, "", failf("/skill.md: %v", err)
	}
	if m := got.mediaType(); m != "text/markdown" && m != "text/plain" {
		return nil, "", failf("/skill.md has the media type %q", m)
	}
	front = frontMatter(string(got.body))
	for _, name := range []string{"name", "version", "description"} {
		if front[name] == "" {
			return nil, "", failf("the front matter of /skill.md has no %s", name)
		}
	}
	return front, string(got.body), nil
}

func skillAndManifest(ctx context.Context, t *Target) error {
	front, body, err := t.skill(ctx)
	if err != nil {
		return err
	}
	if !strings.Contains(body, t.base+"/api/v1") {
		return failf("/skill.md does not name %s/api/v1", t.base)
	}
	got, err := t.get(ctx, "/skill.json", "application/json")
	if err != nil {
		return err
	}
	if err := got.is(http.StatusOK); err != nil {
		return failf("/skill.json: %v", err)
	}
	for _, name := range []string{"name", "version"} {
		if value := peer.Text(got.doc, name); value != front[name] {
			return failf("%s is %q in /skill.json, %q in /skill.md", name, value, front[name])
		}
	}
	return nil
}

// skills are the entries of the index.
func (t *Target) skills(ctx context.Context) ([]map[string]any, error) {
	got, err := t.get(ctx, "/.well-known/agent-skills/index.json", "application/json")
	if err != nil {
		return nil, err
	}
	if err := got.is(http.StatusOK); err != nil {
		return nil, failf("the index of skills: %v", err)
	}
	if schema := peer.Text(got.doc, "$schema"); !strings.HasPrefix(schema, "https://schemas.agentskills.io/discovery/0.2.") {
		return nil, failf("$schema is %q", schema)
	}
	list := objects(peer.List(got.doc, "skills"))
	if len(list) == 0 {
		return nil, failf("the index has no skills: %.200s", got.body)
	}
	return list, nil
}

func skillIndex(ctx context.Context, t *Target) error {
	front, _, err := t.skill(ctx)
	if err != nil {
		return err
	}
	list, err := t.skills(ctx)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, s := range list {
		if err := has(s, "name", "type", "description", "url", "digest"); err != nil {
			return failf("skill %v: %v", s["name"], err)
		}
		names[peer.Text(s, "name")] = true
	}
	if !names[front["name"]] {
		return failf("the index has no %q", front["name"])
	}
	return nil
}

// eachPinned reads what the index names.
func (t *Target) eachPinned(ctx context.Context, judge func(digest string, got answer) error) error {
	list, err := t.skills(ctx)
	if err != nil {
		return err
	}
	for _, s := range list {
		url := peer.Text(s, "url")
		if !strings.HasPrefix(url, t.base+"/") && !strings.HasPrefix(url, "/") {
			continue // another server's to keep
		}
		got, err := t.get(ctx, url, "")
		if err != nil {
			return err
		}
		if err := got.is(http.StatusOK); err != nil {
			return failf("%s: %v", url, err)
		}
		if err := judge(peer.Text(s, "digest"), got); err != nil {
			return failf("%s: %v", url, err)
		}
	}
	return nil
}

func skillDigests(ctx context.Context, t *Target) error {
	return t.eachPinned(ctx, func(digest string, got answer) error {
		sum := sha256.Sum256(got.body)
		if is := "sha256:" + hex.EncodeToString(sum[:]); is != digest {
			return failf("its digest is %s, the index says %q", is, digest)
		}
		return nil
	})
}

func skillPinned(ctx context.Context, t *Target) error {
	return t.eachPinned(ctx, func(_ string, got answer) error {
		if caching := got.header.Get("Cache-Control"); !strings.Contains(caching, "immutable") {
			return failf("Cache-Control is %q", caching)
		}
		return nil
	})
}
