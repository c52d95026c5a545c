package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"instar.example/node/nodetest"
	"instar.example/node/server"
	"instar.example/specs/spectest"
)

// otherNode stands in the texts for a node that is not this one.
const otherNode = "other.example"

// skillLine is a line of the texts' shell blocks, and what must come of it.
type skillLine struct {
	// call is the method and the path below the API as they are printed; of any
	// other line how it begins, BASE being the node.
	call string
	// holds is what the answer must hold, with variables filled in; a JSON
	// answer of the API is always a success.
	holds []string
	// keep takes from the answer what a reader carries on: name and path.
	keep map[string]string
	// before is what others do meanwhile.
	before func(s *skillReader)
}

// answerCheck judges an answer of the agents' API: path is without base and query.
type answerCheck func(t *testing.T, method, path string, status int, body []byte)

// succeeded is the least that holds for every answer to a line of the texts.
func succeeded(t *testing.T, method, path string, status int, body []byte) {
	t.Helper()
	var ans struct {
		Success bool `json:"success"`
	}
	if err := json.Unmarshal(body, &ans); err != nil || !ans.Success || status < 200 || status > 299 {
		t.Errorf("%s %s answers %d: %.500s", method, path, status, body)
	}
	spectest.Answer(t, method, path, status, body)
}

// skillReader is who follows the texts with nothing but a shell and curl.
type skillReader struct {
	t                          *testing.T
	here, there                *nodetest.Node
	ada, bob, carol, dan, away *nodetest.Agent // away lives on there
	dir                        string          // its home
	vars                       map[string]string
	check                      answerCheck
}

func newSkillReader(t *testing.T, opts ...nodetest.Option) *skillReader {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed: the lines of the texts were not tried")
	}
	s := &skillReader{t: t, dir: t.TempDir(), vars: map[string]string{}, check: succeeded}
	s.here, s.there = nodetest.New(t, opts...), nodetest.New(t, opts...)
	s.ada, s.bob, s.carol, s.dan, s.away = s.here.Agent("ada"), s.here.Agent("bob"), s.here.Agent("carol"), s.here.Agent("dan"), s.there.Agent("ada")
	s.here.Agent("mallory")
	s.file("picture.png", picture(t))
	// A status that is none of success ends curl with one; each line tells what it asked and what came.
	s.file(".curlrc", []byte("fail-with-body\nwrite-out = \"%{stderr}%{http_code} %{method} %{url_effective}\\n\"\n"))
	return s
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatalf("encode a picture: %v", err)
	}
	return b.Bytes()
}

func (s *skillReader) file(name string, content []byte) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatalf("make a folder: %v", err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		s.t.Fatalf("write %s: %v", name, err)
	}
}

// read returns a text of the node.
func (s *skillReader) read(file string) string {
	s.t.Helper()
	status, body, _ := s.here.Get("/"+file, "*/*")
	if status != http.StatusOK {
		s.t.Fatalf("GET /%s: %d", file, status)
	}
	return body
}

// follow runs a text's lines as they are printed. A line that is not known fails.
func (s *skillReader) follow(printed []string, known []skillLine) {
	s.t.Helper()
	for i, line := range printed {
		if i >= len(known) || !s.is(line, known[i].call) {
			want := "nothing"
			if i < len(known) {
				want = known[i].call
			}
			s.t.Fatalf("the next line is\n%s\nwhere this test knows %q: tell it what to expect", line, want)
		}
		s.try(line, known[i])
	}
	if len(printed) < len(known) {
		s.t.Errorf("the text has %d lines, this test knows %d: where is %q?", len(printed), len(known), known[len(printed)].call)
	}
}

// is says whether a printed line makes the call.
func (s *skillReader) is(line, call string) bool {
	base := s.here.URL()
	_, at, found := strings.Cut(line, base+"/api/v1")
	if !found || strings.Contains(line, "|") {
		return strings.HasPrefix(strings.ReplaceAll(line, base, "BASE"), call)
	}
	method := http.MethodGet
	if _, m, has := strings.Cut(line, "-X "); has {
		method, _, _ = strings.Cut(m, " ")
	}
	if end := strings.IndexAny(at, `" `); end >= 0 {
		at = at[:end]
	}
	return method+" "+at == call
}

// try runs one line while the nodes do their background work.
func (s *skillReader) try(line string, want skillLine) {
	s.t.Helper()
	if want.before != nil {
		want.before(s)
		nodetest.Settle(s.t, s.here, s.there)
	}
	var out, errs bytes.Buffer
	var err error
	background(s.t, func() {
		script := strings.ReplaceAll(line, otherNode, s.there.Host)
		name, exported := exportOf(line)
		if exported {
			script += "\nprintf %s \"$" + name + "\""
		}
		cmd := exec.CommandContext(s.t.Context(), "sh", "-c", script)
		cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, &out, &errs
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "NO_PROXY=*"}
		for name, value := range s.vars {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		if err = cmd.Run(); exported {
			s.vars[name] = out.String()
		}
	}, s.here, s.there)
	if err != nil {
		s.t.Fatalf("%s\n%v: %s%s", line, err, out.String(), errs.String())
	}
	s.judge(line, out.Bytes(), errs.String(), want)
}

// exportOf is the variable that a line sets.
func exportOf(line string) (name string, is bool) {
	if line, is = strings.CutPrefix(line, "export "); !is {
		return "", false
	}
	name, _, is = strings.Cut(line, "=")
	return name, is
}

// judge looks at what a line wrote; told is what curl says of each request.
func (s *skillReader) judge(line string, out []byte, told string, want skillLine) {
	s.t.Helper()
	if fields := strings.Fields(told); len(fields) == 3 && !strings.ContainsAny(line, "|>") {
		status, _ := strconv.Atoi(fields[0])
		u, err := url.Parse(fields[2])
		if err != nil {
			s.t.Fatalf("%s: %v", line, err)
		}
		if strings.HasPrefix(u.Path, "/api/") {
			s.check(s.t, fields[1], u.Path, status, out)
		}
	}
	for _, part := range want.holds {
		part = strings.ReplaceAll(os.Expand(part, func(name string) string { return s.vars[name] }), otherNode, s.there.Host)
		if !bytes.Contains(out, []byte(part)) {
			s.t.Errorf("%s\nanswers %.1500s\nwithout %s", line, out, part)
		}
	}
	var ans any
	if err := json.Unmarshal(out, &ans); err != nil && len(want.keep) > 0 {
		s.t.Fatalf("%s: %v", line, err)
	}
	for name, path := range want.keep {
		v := valueAt(ans, path)
		if v == "" {
			s.t.Fatalf("%s: nothing at %s: %.1500s", line, path, out)
		}
		s.vars[name] = strings.TrimPrefix(v, "sha256:")
	}
}

// valueAt is what stands at a path such as "posts.0.id", "" for nothing.
func valueAt(v any, path string) string {
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				return ""
			}
			v = x[i]
		}
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// shellLinesOf returns the commands of a text's shell blocks.
func shellLinesOf(markdown string) []string {
	var lines []string
	inside := false
	for line := range strings.Lines(markdown) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside && line == "```bash"
		case inside && line != "":
			lines = append(lines, line)
		}
	}
	return lines
}

// A new agent is brought up with nothing but the texts, a shell and curl.
func TestEachLineOfTheSkillTextsWorksAsPrinted(t *testing.T) {
	t.Parallel()
	s := newSkillReader(t)
	s.follow(shellLinesOf(s.read("skill.md")), skillLines())
	s.follow(shellLinesOf(s.read("heartbeat.md")), heartbeatLines())
	s.follow(shellLinesOf(s.read("messaging.md")), messagingLines())
	for file, installed := range map[string]string{
		"skill.md": "SKILL.md", "heartbeat.md": "HEARTBEAT.md", "messaging.md": "MESSAGING.md", "rules.md": "RULES.md", "skill.json": "package.json",
	} {
		got, err := os.ReadFile(filepath.Join(s.dir, ".moltbot", "skills", "instar", installed))
		if err != nil || string(got) != s.read(file) {
			t.Errorf("%s is not what was installed: %v", file, err)
		}
	}
}

// A node that asks for verification has lines of its own.
func TestTheLinesOfVerificationWorkAsPrinted(t *testing.T) {
	t.Parallel()
	s := newSkillReader(t, func(c *server.Config) { c.Verification.Mode = "all" })
	_, section, found := strings.Cut(s.read("skill.md"), "\n## Verification\n")
	if !found {
		t.Fatal("skill.md says nothing of verification")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	s.vars["INSTAR_KEY"] = s.ada.Key
	s.follow(shellLinesOf(section), []skillLine{
		{call: "GET /verify/practice", keep: map[string]string{"CODE": "verification.verification_code", "CHALLENGE": "verification.challenge_text"}},
		{call: "POST /verify", holds: []string{"This was practice"}, before: func(s *skillReader) { s.vars["ANSWER"] = solved(t, s.vars["CHALLENGE"]) }},
		{call: "POST /verify/new", keep: map[string]string{"CHALLENGE": "verification.challenge_text"}, before: func(s *skillReader) {
			post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt_name": "general", "title": "Waits"}).Want(http.StatusCreated)
			if post.Value("verification_required") != true {
				t.Errorf("the post does not wait: %v", post.Body)
			}
			s.vars["PENDING_ID"] = post.String("post", "id")
		}},
	})
}

// solved solves a challenge as skill.md tells: what is no letter means nothing,
// nor does a doubled one.
func solved(t *testing.T, challenge string) string {
	t.Helper()
	plain := func(text string) string {
		var b strings.Builder
		var last rune
		for _, r := range strings.ToLower(text) {
			if r >= 'a' && r <= 'z' && r != last {
				b.WriteRune(r)
				last = r
			}
		}
		return b.String()
	}
	words := map[string]int{}
	for i, w := range strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen") {
		words[plain(w)] = i
	}
	for i, w := range strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety") {
		words[plain(w)] = 10 * (i + 2)
	}
	text := plain(challenge)
	var numbers []int
	for i, end := 0, 0; i < len(text); i++ {
		long := ""
		for w := range words {
			if strings.HasPrefix(text[i:], w) && len(w) > len(long) {
				long = w
			}
		}
		if long == "" {
			continue
		}
		value, last := words[long], len(numbers)-1
		if last >= 0 && i == end && numbers[last] >= 20 && value < 10 {
			numbers[last] += value
		} else {
			numbers = append(numbers, value)
		}
		i += len(long) - 1
		end = i + 1
	}
	if len(numbers) != 2 {
		t.Fatalf("%q holds the numbers %v", challenge, numbers)
	}
	a, b := float64(numbers[0]), float64(numbers[1])
	switch {
	case strings.Contains(text, plain("shared by")):
		a /= b
	case strings.HasPrefix(text, plain("each of")):
		a *= b
	case strings.Contains(text, plain("remain")):
		a -= b
	default:
		a += b
	}
	return strconv.FormatFloat(a, 'f', 2, 64)
}
