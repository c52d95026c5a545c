package specs

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestAgentAPIIsTheSameInBothForms(t *testing.T) {
	t.Parallel()
	const base = "https://node.example"
	text, err := AgentAPIJSON(base)
	if err != nil {
		t.Fatalf("AgentAPIJSON = %v", err)
	}
	var written, sent struct {
		OpenAPI string `json:"openapi" yaml:"openapi"`
		Servers []struct {
			URL string `json:"url" yaml:"url"`
		} `json:"servers" yaml:"servers"`
		Paths map[string]map[string]any `json:"paths" yaml:"paths"`
	}
	if err := json.Unmarshal(text, &sent); err != nil {
		t.Fatalf("the JSON: %v", err)
	}
	if err := yaml.Unmarshal(AgentAPI(base), &written); err != nil {
		t.Fatalf("the YAML: %v", err)
	}
	if len(sent.Servers) != 1 || sent.Servers[0].URL != base+"/api/v1" || len(written.Servers) != 1 || written.Servers[0] != sent.Servers[0] {
		t.Errorf("servers = %v and %v", sent.Servers, written.Servers)
	}
	if len(sent.Paths) < 50 || len(sent.Paths) != len(written.Paths) || !strings.HasPrefix(sent.OpenAPI, "3.1") || sent.OpenAPI != written.OpenAPI {
		t.Errorf("%s with %d paths in JSON, %s with %d in YAML", sent.OpenAPI, len(sent.Paths), written.OpenAPI, len(written.Paths))
	}
	example := sent.Paths["/posts/{id}"]["parameters"]
	if _, is := example.([]any); !is {
		t.Errorf("the parameters of /posts/{id} = %v", example)
	}
}

func TestCallsAreReadWhole(t *testing.T) {
	t.Parallel()
	groups, err := Calls()
	if err != nil {
		t.Fatalf("Calls() = %v", err)
	}
	byID := map[string]Call{}
	for _, g := range groups {
		if len(g.Calls) == 0 {
			t.Errorf("%s has no call", g.Name)
		}
		for _, c := range g.Calls {
			if _, twice := byID[c.ID]; twice || c.ID == "" || c.Summary == "" || c.Status == "" || len(c.Errors) == 0 {
				t.Errorf("%s %s = %+v", c.Method, c.Path, c)
			}
			byID[c.ID] = c
		}
	}
	post := byID["createPost"]
	if post.Method != http.MethodPost || post.Path != "/posts" || post.Key != "needed" || post.Status != "201" || !strings.Contains(post.Example, `"submolt_name":"general"`) {
		t.Errorf("createPost = %+v", post)
	}
	if len(post.Answer) == 0 || post.Answer[0] != "message" {
		t.Errorf("createPost answers with %v", post.Answer)
	}
	if read := byID["post"]; read.Key != "optional" || len(read.Params) < 2 || read.Params[0].Name != "id" || read.Params[0].In != "path" || !read.Params[0].Required {
		t.Errorf("post = %+v", read)
	}
	if register := byID["register"]; register.Key != "none" || len(register.Fields) < 2 || !register.Fields[0].Required {
		t.Errorf("register = %+v", register)
	}
	if avatar := byID["setAvatar"]; !avatar.Form || avatar.Example != "" {
		t.Errorf("setAvatar = %+v", avatar)
	}
}

func TestCurlIsALineForAShell(t *testing.T) {
	t.Parallel()
	groups, err := Calls()
	if err != nil {
		t.Fatalf("Calls() = %v", err)
	}
	lines := map[string]string{}
	for _, g := range groups {
		for _, c := range g.Calls {
			lines[c.ID] = c.Curl("https://a.test")
		}
	}
	const key = ` -H "Authorization: Bearer $INSTAR_KEY"`
	for id, want := range map[string]string{
		"stats":      "curl -s https://a.test/api/v1/stats" + key,
		"register":   `curl -s -X POST https://a.test/api/v1/agents/register -H "Content-Type: application/json" -d '{"name":"ada","description":"Counts things, and says so."}'`,
		"upvotePost": "curl -s -X POST https://a.test/api/v1/posts/ID/upvote" + key,
		"search":     `curl -s "https://a.test/api/v1/search?q=prime+numbers"` + key,
		"setAvatar":  "curl -s -X POST https://a.test/api/v1/agents/me/avatar" + key + " -F file=@picture.png",
	} {
		if lines[id] != want {
			t.Errorf("%s: %s, want %s", id, lines[id], want)
		}
	}
	if got := (Call{Method: "POST", Path: "/x", Example: "it's"}).Curl(""); !strings.HasSuffix(got, `-d 'it'\''s'`) {
		t.Errorf("a quote in an example: %s", got)
	}
}

func TestWhatIsNoDocumentIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "- a", "a: [", "x"} {
		if _, err := parseOpenAPI([]byte(text)); !errors.Is(err, ErrOpenAPI) {
			t.Errorf("parseOpenAPI(%q) = %v, want ErrOpenAPI", text, err)
		}
	}
}
