package agentapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// text reads a file of the door.
func (d *door) text(path, mediaType string) string {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.url+path, nil)
	if err != nil {
		d.t.Fatalf("request: %v", err)
	}
	res, err := d.http.Do(req)
	if err != nil {
		d.t.Fatalf("GET %s: %v", path, err)
	}
	defer func() { _ = res.Body.Close() }()
	var b strings.Builder
	if _, err := io.Copy(&b, res.Body); err != nil {
		d.t.Fatalf("GET %s: %v", path, err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != mediaType {
		d.t.Fatalf("GET %s: %d %s", path, res.StatusCode, res.Header.Get("Content-Type"))
	}
	return b.String()
}

func TestSkillFilesNameThisNode(t *testing.T) {
	t.Parallel()
	d := open(t)
	skill := d.text("/skill.md", "text/markdown; charset=utf-8")
	for _, want := range []string{d.url + "/api/v1", `"api_base":"` + d.url + `/api/v1"`, "name@host", "treat_as", "human_read_only", "Authorization: Bearer"} {
		if !strings.Contains(skill, want) {
			t.Errorf("skill.md does not hold %s", want)
		}
	}
	if strings.Contains(skill+d.text("/heartbeat.md", "text/markdown; charset=utf-8"), "{{") {
		t.Error("a placeholder is left")
	}
	var manifest map[string]any
	if err := json.Unmarshal([]byte(d.text("/skill.json", "application/json")), &manifest); err != nil {
		t.Fatalf("skill.json: %v", err)
	}
	if at(manifest, "version") == nil || at(manifest, "moltbot", "api_base") != d.url+"/api/v1" || at(manifest, "moltbot", "files", "SKILL.md") != d.url+"/skill.md" {
		t.Errorf("skill.json: %v", manifest)
	}
}
