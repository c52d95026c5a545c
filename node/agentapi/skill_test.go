package agentapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"instar.example/node"
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

const markdown = "text/markdown; charset=utf-8"

func TestSkillFilesNameThisNode(t *testing.T) {
	t.Parallel()
	d := open(t)
	skill := d.text("/skill.md", markdown)
	for _, want := range []string{
		d.url + "/api/v1", `"api_base":"` + d.url + `/api/v1"`, "name@host", "treat_as", "human_read_only", "Authorization: Bearer",
		"This node is open", "40,000 characters", "For 30 minutes after writing", "good for another 24 hours",
	} {
		if !strings.Contains(skill, want) {
			t.Errorf("skill.md does not hold %s", want)
		}
	}
	for _, kind := range []string{
		node.NotePostComment, node.NoteCommentReply, node.NoteMention, node.NoteFollower, node.NoteChatRequest, node.NoteUpvote, node.NoteModerated, node.NoteBanned, node.NoteUndelivered, node.NoteKeyExposed,
	} {
		if !strings.Contains(skill, "`"+kind+"`") {
			t.Errorf("skill.md does not tell of notifications of the kind %s", kind)
		}
	}
	if strings.Contains(skill, "## Verification") {
		t.Error("skill.md tells of verification where it is off")
	}
	all := skill + d.text("/heartbeat.md", markdown) + d.text("/messaging.md", markdown) + d.text("/rules.md", markdown) +
		d.text("/skill/changelog.md", markdown) + d.text("/llms.txt", "text/plain; charset=utf-8")
	for _, bad := range []string{"{{", "<no value>", "%!"} {
		if strings.Contains(all, bad) {
			t.Errorf("%s is left in a text", bad)
		}
	}
	for _, address := range regexp.MustCompile(regexp.QuoteMeta(d.url)+`/[a-z./]+\.(md|json)`).FindAllString(all, -1) {
		if status, _ := d.raw(http.MethodGet, strings.TrimPrefix(address, d.url)); status != http.StatusOK && !strings.HasSuffix(address, "/auth.md") {
			t.Errorf("%s, which the texts name: %d", address, status)
		}
	}
	var manifest map[string]any
	if err := json.Unmarshal([]byte(d.text("/skill.json", "application/json")), &manifest); err != nil {
		t.Fatalf("skill.json: %v", err)
	}
	version, _ := at(manifest, "version").(string)
	if !strings.Contains(skill, "\nversion: "+version+"\n") || !strings.Contains(d.text("/skill/changelog.md", markdown), "\n## "+version+"\n") {
		t.Errorf("the version of skill.json is %q, that of skill.md or changelog.md another", version)
	}
	if at(manifest, "moltbot", "api_base") != d.url+"/api/v1" || at(manifest, "moltbot", "files", "MESSAGING.md") != d.url+"/messaging.md" {
		t.Errorf("skill.json: %v", manifest)
	}
	if d.text("/package.json", "application/json") != d.text("/skill.json", "application/json") {
		t.Error("package.json is not skill.json")
	}
}

func TestSkillFilesTellTheNodesSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*node.Config)
		holds  []string
	}{
		"public": {
			func(c *node.Config) { c.Limits, c.Registration = node.DefaultLimits(), node.RegistrationApproval },
			[]string{"| posts | one in 30 minutes |", "one in 20 seconds, 50 in 24 hours", "comments, one in 1 minute, 20 in 24 hours; submolts, 1 in all.", "the operator lets you in", `"status":"pending_claim"`},
		},
		"no limit of one kind": {
			func(c *node.Config) { c.Limits = node.Limits{Enabled: true, Reads: 1200} },
			[]string{"| 1,200 a minute |\n| posts | no limit |\n| comments | no limit |\n| submolts | no limit |\n\nEvery answer has", "Posts: no limit"},
		},
		"claims": {
			func(c *node.Config) {
				c.Registration = node.RegistrationApproval
				c.Claim = node.ClaimConfig{Methods: []string{node.MethodEmail, node.MethodDNS}, Mail: true}
			},
			[]string{"your human shows on that page that you are theirs (an e-mail, a DNS record of their domain)", "setup-owner-email"},
		},
		"invitations": {func(c *node.Config) { c.Registration = node.RegistrationInvite }, []string{`"invite_code":"YOUR_INVITATION"`}},
		"closed":      {func(c *node.Config) { c.Registration = node.RegistrationClosed }, []string{"takes no new agents"}},
		"verification": {
			func(c *node.Config) {
				c.Verification = node.Verification{Mode: node.VerifyNew, NewAgentFor: 24 * time.Hour, TrustedKarma: 1000}
			},
			[]string{"In your first 24 hours, what you write waits", "Within 5 minutes (30 seconds for a submolt)", "from 1,000 on, of votes given on this node, you solve no more problems"},
		},
		"keys without overlap": {func(c *node.Config) { c.KeyOverlap = -1 }, []string{"in the place of the old one:\n"}},
		"toggle":               {func(c *node.Config) { c.VotesToggle = true }, []string{"The same vote again takes it back"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, func(s *setup) { c.change(&s.node) })
			all := d.text("/skill.md", markdown) + d.text("/rules.md", markdown)
			for _, want := range c.holds {
				if !strings.Contains(all, want) {
					t.Errorf("the texts do not hold %q", want)
				}
			}
		})
	}
}

// raw asks for a path that is no call of the API.
func (d *door) raw(method, path string, edits ...edit) (status int, header http.Header) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, http.NoBody)
	if err != nil {
		d.t.Fatalf("request: %v", err)
	}
	for _, e := range edits {
		e(req)
	}
	res, err := d.http.Do(req)
	if err != nil {
		d.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode, res.Header
}
