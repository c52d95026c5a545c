package agentapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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

// Each line of the texts is run by a shell as it is printed.
func TestCurlLinesWorkAsPrinted(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	d := open(t)
	other, _ := d.agent("other")
	ada, _ := d.agent("ada")
	post := d.post(ada, "hello")
	comment := d.comment(ada, post, "", "hello")
	me, _ := d.agent("me_myself")
	mine := d.post(me, "to be deleted")
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte("fail-with-body\n"), 0o600); err != nil {
		t.Fatalf("write .curlrc: %v", err)
	}
	env := append(os.Environ(), "CURL_HOME="+home, "INSTAR_KEY="+me, "POST_ID="+post, "COMMENT_ID="+comment,
		"MY_POST_ID="+mine, "MY_COMMENT_ID="+d.comment(me, post, "", "to be deleted"),
		"CONVERSATION_ID="+d.ask(other, "me_myself"))
	lines := 0
	for _, file := range []string{"/skill.md", "/heartbeat.md", "/messaging.md"} {
		for line := range strings.Lines(d.text(file, "text/markdown; charset=utf-8")) {
			if !strings.HasPrefix(line, "curl ") {
				continue
			}
			lines++
			cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
			cmd.Env = env
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v: %s", strings.TrimSpace(line), err, out)
				continue
			}
			if !strings.HasPrefix(string(out), `{"success":true`) && !strings.Contains(string(out), `"version"`) {
				t.Errorf("%s answers %s", strings.TrimSpace(line), out)
			}
		}
	}
	if lines < 40 {
		t.Errorf("only %d lines were run", lines)
	}
	d.get("", "/posts/"+mine).wantCode(410, "deleted")
}
