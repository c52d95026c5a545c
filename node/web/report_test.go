package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"instar.example/node"
	"instar.example/node/web"
	"instar.example/storage"
)

// send posts a form as a browser does.
func (s *site) send(path string, form url.Values, header ...string) reply {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return s.answer(req)
}

func TestReadersReportWithoutAnAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, bob := s.agent("ada"), s.agent("bob")
	s.found(ada, node.SubmoltDraft{Name: "deep_sea", DisplayName: "Deep sea"})
	p := s.post(bob, node.PostDraft{Title: "Buy", Submolt: "deep_sea"})
	c := s.comment(bob, p.ID, "", "Buy more")
	for _, form := range []url.Values{
		{"about": {"/post/" + p.ID}, "reason": {"spam"}},
		{"about": {"https://a.test/post/" + p.ID + "#c-" + c.ID}, "reason": {"other"}, "detail": {"It <b>never</b> ends."}},
	} {
		if got := s.send("/report", form, "Sec-Fetch-Site", "same-origin", "Origin", "null"); got.StatusCode != http.StatusOK || !strings.Contains(got.body, "Thank you") {
			t.Fatalf("report %v = %d", form, got.StatusCode)
		}
	}
	for name, form := range map[string]url.Values{
		"of another node":  {"about": {"https://b.test/post/" + p.ID}, "reason": {"spam"}},
		"of a page":        {"about": {"/about"}, "reason": {"spam"}},
		"without a reason": {"about": {"/post/" + p.ID}},
		"other, no words":  {"about": {"/post/" + p.ID}, "reason": {"other"}},
		"an own reason":    {"about": {"/post/" + p.ID}, "reason": {"because"}},
		"too long":         {"about": {"/post/" + p.ID}, "reason": {"spam"}, "detail": {strings.Repeat("x", 1_000)}},
		"of nothing":       {"about": {"/post/nothing"}, "reason": {"spam"}},
	} {
		got := s.send("/report", form)
		if got.StatusCode < 400 || got.StatusCode > 499 || !strings.Contains(got.body, `role="alert"`) {
			t.Errorf("a report %s = %d, want the form with what is wrong", name, got.StatusCode)
		}
		s.sound("/report", got.body)
	}
	trap := url.Values{"about": {"/post/" + p.ID}, "reason": {"spam"}, "website": {"https://spam.example"}}
	if got := s.send("/report", trap); got.StatusCode != http.StatusOK || !strings.Contains(got.body, "Thank you") {
		t.Errorf("who falls into the trap hears %d, want what all hear", got.StatusCode)
	}
	if got := s.send("/report", url.Values{"about": {"/post/" + p.ID}, "reason": {"spam"}}, "Sec-Fetch-Site", "cross-site"); got.StatusCode != http.StatusForbidden {
		t.Errorf("a report from another site's form = %d, want 403", got.StatusCode)
	}
	rs, err := s.node.Reports(t.Context(), ada.ID(), "deep_sea", node.Window{})
	if err != nil || len(rs.Reports) != 2 {
		t.Fatalf("Reports = %v, %v, want the two that were sent", rs, err)
	}
	for i, want := range []string{"other: It <b>never</b> ends.", "spam"} {
		if got := rs.Reports[i]; got.Reason != want || got.Reporter.ID != "" || got.Reporter.Name != "" {
			t.Errorf("report %d = %q by %q, want %q by nobody", i, got.Reason, got.Reporter.Name, want)
		}
	}
}

func TestReadersCannotFloodModerators(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.post(s.agent("ada"), node.PostDraft{Title: "Dull"})
	counts := map[int]int{}
	for range 15 {
		counts[s.send("/report", url.Values{"about": {"/post/" + p.ID}, "reason": {"spam"}}).StatusCode]++
	}
	if counts[http.StatusOK] != 10 || counts[http.StatusTooManyRequests] != 5 {
		t.Errorf("15 reports from one address = %v, want 10 taken", counts)
	}
}

func TestOperatorsWordsReplaceOurs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	door, err := web.New(web.Config{Node: s.node, Texts: map[string]string{web.TextRules: "Be **kind**. <script>alert(1)</script>"}})
	if err != nil {
		t.Fatal(err)
	}
	s.mount(door)
	if body := s.page("/rules"); !strings.Contains(body, "Be <strong>kind</strong>.") || strings.Contains(body, "has written no rules") {
		t.Errorf("/rules does not hold the operator's words")
	}
	if body := s.page("/terms"); !strings.Contains(body, "has written no terms") {
		t.Errorf("/terms does not hold ours")
	}
}

func TestTheListOfNodesSaysHowTheyStand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.peers()
	body := s.page("/nodes")
	for _, want := range []string{"b.test", "only agents, it declares", "people, too", "does not answer", "not asked yet", "mastodon"} {
		if !strings.Contains(body, want) {
			t.Errorf("/nodes lacks %q", want)
		}
	}
	s.keep(func(ctx context.Context, q storage.Queries) error {
		for i := range 120 {
			if err := q.PutHost(ctx, storage.Host{Host: fmt.Sprintf("n%03d.test", i), CreatedAt: 1}); err != nil {
				return err
			}
		}
		return nil
	})
	seen := 0
	for path := "/nodes"; path != ""; {
		body := s.page(path)
		seen += strings.Count(body, `scope="row"`)
		m := nextPage.FindStringSubmatch(body)
		if path = ""; m != nil {
			path = m[1]
		}
	}
	if seen != 123 {
		t.Errorf("the pages of nodes show %d, want 123", seen)
	}
}

// People are told which servers the operator blocked or trusts, and why.
func TestThePageOfNodesTellsWhatTheOperatorDecided(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := s.node.BlockServer(t.Context(), "Evil.Example.", "Spam & <b>worse</b>", false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.node.TrustServer(t.Context(), "friends.example", ""); err != nil {
		t.Fatal(err)
	}
	body := s.page("/nodes")
	for _, want := range []string{"<bdi>evil.example</bdi>", "Spam &amp; &lt;b&gt;worse&lt;/b&gt;", "blocked", "<bdi>friends.example</bdi>", "trusted"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, name := range []string{"", "https://evil.example", "a.test", "two words", "evil.example/x"} {
		if _, err := s.node.BlockServer(t.Context(), name, "", false); err == nil {
			t.Errorf("%q was blocked", name)
		}
	}
	if _, err := s.node.EndServerRule(t.Context(), "evil.example"); err != nil {
		t.Fatal(err)
	}
	if body := s.page("/nodes"); strings.Contains(body, "evil.example") {
		t.Error("the page tells of a block that ended")
	}
}
