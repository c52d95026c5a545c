package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"instar.example/node/admin"
	"instar.example/node/nodetest"
)

// A Flag that names no post or comment of ours is a report of those agents and
// submolts of ours that it names, which the operator sees and ends.
func TestAnAccountIsReported(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Open"}).Want(http.StatusCreated).String("post", "uri")
		ada, pete := s.node.URL()+"/u/ada", s.evil.actor("pete", "Person")
		operator := admin.New(s.node.Node, nil).Handler()
		call := func(method, path string) string {
			w := httptest.NewRecorder()
			operator.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
			return w.Body.String()
		}
		open := func() string {
			rs, err := s.node.Node.OpenReports(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var list []string
			for _, r := range rs {
				list = append([]string{fmt.Sprintf("%s %s: %s (%d)", r.Kind, strings.TrimPrefix(s.node.Node.ReportPlace(r), s.node.URL()), r.Reason, r.Count)}, list...)
			}
			return strings.Join(list, "; ")
		}
		flag := func(by string, objects any, reason string) {
			t.Helper()
			s.must(s.evil, by, doc{"type": "Flag", "object": objects, "content": reason})
		}
		flag(pete, ada, "it sells things")
		flag(pete, ada, "it sells things, again") // one report for each reporter
		flag(pete, []string{s.node.URL() + "/u/nobody", s.evil.URL + "/post/1", s.eve, s.node.URL() + "/"}, "none of it is an account here")
		flag(pete, []string{ada, s.general}, "the submolt, too")
		flag(s.eve, []string{ada, s.evil.URL + "/post/gone"}, "with a post that is not here")
		want := "agent /u/ada: it sells things (2); submolt /m/general: the submolt, too (1); agent /u/ada: with a post that is not here (2)"
		if got := open(); got != want {
			t.Errorf("reports:\n%s\nwant\n%s", got, want)
		}
		flag(pete, []string{ada, post}, "a post and its author")
		if got := open(); !strings.HasPrefix(got, want+"; post /post/") || !strings.HasSuffix(got, ": a post and its author (1)") {
			t.Errorf("reports, with a post's: %s", got)
		}
		if list := call(http.MethodGet, "/reports"); !strings.Contains(list, `"about":"`+ada+`"`) || !strings.Contains(list, "it sells things") {
			t.Errorf("the operator's list: %s", list)
		}
		rs, err := s.node.Node.OpenReports(t.Context())
		if err != nil || len(rs) != 4 {
			t.Fatalf("%d reports, %v", len(rs), err)
		}
		if said := call(http.MethodPost, "/reports/"+rs[3].ID+"/resolve"); !strings.Contains(said, `"resolved":2`) {
			t.Errorf("resolved: %s", said)
		}
		if said := call(http.MethodPost, "/reports/"+rs[3].ID+"/resolve"); !strings.Contains(said, "Report not found") {
			t.Errorf("resolved again: %s", said)
		}
		if got := open(); strings.Contains(got, "/u/ada") {
			t.Errorf("reports after it was resolved: %s", got)
		}
		if said := call(http.MethodPost, "/reports/"+rs[0].ID+"/resolve"); !strings.Contains(said, `"resolved":1`) {
			t.Errorf("resolved of a post: %s", said)
		}
		if audit := call(http.MethodGet, "/audit"); strings.Count(audit, `"resolve report"`) != 2 {
			t.Errorf("audit: %s", audit)
		}
	})
}

// TestAnAgentIsReportedToBothOperators: what an agent says of another one of
// another node, its own operator has and that node's.
func TestAnAgentIsReportedToBothOperators(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		report := func(name, reason string) nodetest.Reply {
			return s.bob.Do(http.MethodPost, "/agents/"+name+"/report", map[string]any{"reason": reason})
		}
		ada := "ada@" + s.a.Host
		background(t, func() { s.bob.Do(http.MethodGet, "/agents/profile?name="+ada, nil) }, s.a, s.b)
		for i, again := range []bool{false, true} {
			if r := report(ada, "pretends to be bob").Want(http.StatusOK); r.Value("already_reported") != again {
				t.Errorf("report %d: %v", i, r.Body)
			}
		}
		for name, status := range map[string]int{"bob": http.StatusBadRequest, "nobody": http.StatusNotFound, "general": http.StatusNotFound} {
			if r := report(name, ""); r.Status != status {
				t.Errorf("report of %s: %d %v", name, r.Status, r.Body)
			}
		}
		if r := report(ada, strings.Repeat("x", 1_001)); r.Status != http.StatusBadRequest {
			t.Errorf("a long reason: %d", r.Status)
		}
		nodetest.Settle(t, s.a, s.b)
		for _, n := range []*nodetest.Node{s.a, s.b} {
			rs, err := n.Node.OpenReports(t.Context())
			if err != nil || len(rs) != 1 || rs[0].Reason != "pretends to be bob" || n.Node.ReportPlace(rs[0]) != s.a.URL()+"/u/ada" {
				t.Errorf("the operator of %s has %+v, %v", n.Host, rs, err)
			}
		}
	})
}
