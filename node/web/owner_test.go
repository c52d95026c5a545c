package web_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// browser is somebody with a cookie.
type browser struct {
	*site

	cookie string
	client *http.Client
}

func (s *site) browser() *browser {
	return &browser{site: s, client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

type sight struct {
	status int
	body   string
	header http.Header
}

func (b *browser) send(method, path, body string, headers ...string) sight {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.server.URL+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.cookie != "" {
		req.Header.Set("Cookie", b.cookie)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range res.Cookies() {
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || !strings.HasPrefix(c.Name, "__Host-") {
			b.Errorf("%s %s: a loose cookie: %+v", method, path, c)
		}
		b.cookie = c.Name + "=" + c.Value
	}
	h := res.Header
	if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("ETag") != "" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		b.Errorf("%s %s: kept or told: %v", method, path, h)
	}
	return sight{res.StatusCode, string(text), h}
}

func (b *browser) open(path string) sight {
	b.Helper()
	return b.send(http.MethodGet, path, "")
}

var formToken = regexp.MustCompile(`name="form" value="([0-9a-f]+)"`)

// fill opens a page and sends its form.
func (b *browser) fill(path string, values ...string) sight {
	b.Helper()
	page := b.open(path)
	if page.status != http.StatusOK {
		b.Fatalf("GET %s = %d: %s", path, page.status, page.body)
	}
	b.sound(path, page.body)
	token := formToken.FindStringSubmatch(page.body)
	if token == nil {
		b.Fatalf("%s has no form", path)
	}
	return b.send(http.MethodPost, path, form(append(values, "form", token[1])...), "Origin", "null", "Sec-Fetch-Site", "same-origin")
}

func form(values ...string) string {
	v := url.Values{}
	for i := 0; i < len(values); i += 2 {
		v.Set(values[i], values[i+1])
	}
	return v.Encode()
}

// letters takes the letters that wait to be sent.
func (s *site) letters() []node.Mail {
	s.Helper()
	ms, err := s.node.LeaseMails(s.Context(), "test", time.Minute, 100)
	if err != nil {
		s.Fatal(err)
	}
	for _, m := range ms {
		if err := s.node.MailSent(s.Context(), m); err != nil {
			s.Fatal(err)
		}
	}
	return ms
}

var linkIn = regexp.MustCompile(`https://a\.test(/owner/confirm/\S+)`)

// link is the address in the one letter that waits.
func (s *site) link(to string) string {
	s.Helper()
	ms := s.letters()
	if len(ms) != 1 || ms[0].To != to {
		s.Fatalf("letters = %+v, want one to %s", ms, to)
	}
	return linkIn.FindStringSubmatch(ms[0].Text)[1]
}

func claiming(methods ...string) func(*node.Config) {
	return func(c *node.Config) {
		c.Registration = node.RegistrationApproval
		c.Claim = node.ClaimConfig{Methods: methods, Mail: true, AgentsPerOwner: 2}
	}
}

func (s *site) registered(name string) node.Registered {
	s.Helper()
	r, err := s.node.Register(s.Context(), name, "", "")
	if err != nil {
		s.Fatal(err)
	}
	return r
}

// writes says what stands against an agent's writing: "" for nothing.
func (s *site) writes(key string) string {
	s.Helper()
	p, err := s.node.Authenticate(s.Context(), key)
	if err == nil {
		_, err = p.Author()
	}
	if e, ok := err.(*node.Error); ok { //nolint:errorlint // never wrapped
		return e.Code
	}
	return ""
}

func TestAnOwnerClaimsByLetterAndLooksAfterItsAgent(t *testing.T) {
	t.Parallel()
	s := newSite(t, claiming(node.MethodEmail))
	ada := s.registered("ada")
	b := s.browser()
	claim := "/claim/" + ada.ClaimToken
	page := b.open(claim)
	if page.status != 200 || strings.Contains(page.body, ada.ClaimToken) || !strings.Contains(page.body, "ada") {
		t.Fatalf("GET claim = %d, the token inside: %v", page.status, strings.Contains(page.body, ada.ClaimToken))
	}
	if got := s.writes(ada.Key); got != "not_claimed" {
		t.Fatalf("opening the link claims: %q", got)
	}
	if got := b.fill(claim, "method", "email", "subject", "Owner@Example.org"); got.status != http.StatusSeeOther {
		t.Fatalf("POST claim = %d: %s", got.status, got.body)
	}
	link := s.link("owner@example.org")
	other := s.browser() // the letter may be opened anywhere
	if got := other.open(link); got.status != 200 || s.writes(ada.Key) != "not_claimed" {
		t.Fatalf("opening the letter's link = %d, or it claims", got.status)
	}
	anonymous := other.cookie
	if got := other.fill(link); got.status != http.StatusSeeOther || got.header.Get("Location") != "/owner" {
		t.Fatalf("POST confirm = %d: %s", got.status, got.body)
	}
	if other.cookie == anonymous {
		t.Error("signing in keeps the cookie of before")
	}
	if got := s.writes(ada.Key); got != "" {
		t.Fatalf("claimed, and still %q", got)
	}
	if got := b.open(link); got.status != http.StatusNotFound {
		t.Errorf("a link that was used = %d, want 404", got.status)
	}
	if got := other.open("/owner"); !strings.Contains(got.body, "ada") || !strings.Contains(got.body, "email:owner@example.org") {
		t.Errorf("the owner's page = %d %s", got.status, got.body)
	}
	if got := b.open("/owner"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/owner/login" {
		t.Errorf("another browser sees the owner's page: %d", got.status)
	}

	other.fill("/owner", "do", "pause", "agent", "ada")
	if got := s.writes(ada.Key); got != "paused" {
		t.Errorf("paused: %q", got)
	}
	other.fill("/owner", "do", "resume", "agent", "ada")
	if got := s.writes(ada.Key); got != "" {
		t.Errorf("resumed: %q", got)
	}
	shown := other.fill("/owner", "do", "rotate", "agent", "ada")
	key := regexp.MustCompile(`moltbook_sk_[A-Za-z0-9_-]{32}`).FindString(shown.body)
	if key == "" || key == ada.Key || s.writes(key) != "" || s.writes(ada.Key) != "" {
		t.Errorf("rotated: new %q, old %q", s.writes(key), s.writes(ada.Key))
	}
	s.advance(25 * time.Hour)
	if got := s.writes(ada.Key); got != "unauthorized" {
		t.Errorf("the old key after its overlap: %q", got)
	}
	shown = other.fill("/owner", "do", "rotate", "agent", "ada", "old", "revoke")
	if got := s.writes(key); got != "unauthorized" {
		t.Errorf("the old key that was to end at once: %q", got)
	}
	key = regexp.MustCompile(`moltbook_sk_[A-Za-z0-9_-]{32}`).FindString(shown.body)
	other.fill("/owner", "do", "revoke", "agent", "ada")
	if got := s.writes(key); got != "unauthorized" {
		t.Errorf("a revoked key: %q", got)
	}
	other.fill("/owner", "do", "leave")
	if got := other.open("/owner"); got.status != http.StatusSeeOther {
		t.Errorf("signed out, and still %d", got.status)
	}
}

func TestAnOwnerSignsInByLetter(t *testing.T) {
	t.Parallel()
	s := newSite(t, claiming(node.MethodEmail))
	own := func(name, mail string) *browser {
		b := s.browser()
		b.fill("/claim/"+s.registered(name).ClaimToken, "method", "email", "subject", mail)
		b.fill(s.link(mail))
		return b
	}
	own("ada", "one@example.org")
	two := own("bob", "two@example.org")

	b := s.browser()
	known := b.fill("/owner/login", "email", "ONE@example.org")
	link := s.link("one@example.org")
	unknown := s.browser().fill("/owner/login", "email", "nobody@example.org")
	if known.status != unknown.status || known.header.Get("Location") != unknown.header.Get("Location") || known.body != unknown.body {
		t.Errorf("an address that is known is told from one that is not: %+v, %+v", known, unknown)
	}
	if ms := s.letters(); len(ms) != 1 || ms[0].To != "" {
		t.Errorf("letters to an address that nobody has: %+v", ms)
	}
	b.fill(link)
	if got := b.open("/owner"); !strings.Contains(got.body, ">ada<") && !strings.Contains(got.body, "<bdi>ada</bdi>") || strings.Contains(got.body, "bob") {
		t.Errorf("signed in, the page = %d %s", got.status, got.body)
	}
	// Another's agent is as unknown as one that does not exist.
	var answers []string
	for _, name := range []string{"bob", "nobody"} {
		for _, do := range []string{"pause", "resume", "rotate", "revoke"} {
			got := b.fill("/owner", "do", do, "agent", name)
			if got.status != http.StatusNotFound || strings.Contains(got.body, "moltbook_sk_") {
				t.Errorf("%s of %s = %d", do, name, got.status)
			}
			answers = append(answers, got.body)
		}
	}
	if answers[0] != answers[4] {
		t.Error("another's agent is told from one that does not exist")
	}
	// A second address, and one that is taken.
	b.fill("/owner", "do", "email", "email", "uno@example.org")
	b.fill(s.link("uno@example.org"))
	if got := b.open("/owner"); !strings.Contains(got.body, "uno@example.org") {
		t.Error("the second address is not the owner's")
	}
	b.fill("/owner", "do", "email", "email", "two@example.org")
	if got := b.fill(s.link("two@example.org")); got.status != http.StatusForbidden {
		t.Errorf("another owner's address = %d", got.status)
	}
	if got := two.open("/owner"); !strings.Contains(got.body, "bob") {
		t.Errorf("the other owner lost its page: %d", got.status)
	}
	// Links and sessions end.
	two.fill("/owner/login", "email", "two@example.org")
	late := s.link("two@example.org")
	s.advance(61 * time.Minute)
	if got := two.open(late); got.status != http.StatusNotFound {
		t.Errorf("a link after its hour = %d", got.status)
	}
	s.advance(8 * 24 * time.Hour)
	if got := two.open("/owner"); got.status != http.StatusSeeOther {
		t.Errorf("a session after its week = %d", got.status)
	}
}

func TestOnlyOurOwnFormsChangeAnything(t *testing.T) {
	t.Parallel()
	s := newSite(t, claiming(node.MethodNone, node.MethodEmail))
	ada := s.registered("ada")
	path := "/claim/" + ada.ClaimToken
	b := s.browser()
	token := formToken.FindStringSubmatch(b.open(path).body)[1]
	stranger := s.browser()
	foreign := formToken.FindStringSubmatch(stranger.open(path).body)[1]
	good := form("method", "none", "form", token)
	for name, tc := range map[string]struct {
		who     *browser
		body    string
		headers []string
	}{
		"no token":             {b, form("method", "none"), nil},
		"another's token":      {b, form("method", "none", "form", foreign), nil},
		"no cookie":            {s.browser(), good, nil},
		"another origin":       {b, good, []string{"Origin", "https://evil.test"}},
		"a likely origin":      {b, good, []string{"Origin", "https://a.test.evil.test"}},
		"http":                 {b, good, []string{"Origin", "http://a.test"}},
		"another site":         {b, good, []string{"Sec-Fetch-Site", "cross-site"}},
		"a neighbour's site":   {b, good, []string{"Sec-Fetch-Site", "same-site", "Origin", "null"}},
		"JSON":                 {b, `{"method":"none","form":"` + token + `"}`, []string{"Content-Type", "application/json"}},
		"too long":             {b, good + "&x=" + strings.Repeat("x", 9000), nil},
		"the token in the URL": {b, "x=1", []string{"X-Query", token}},
	} {
		to := path
		if name == "the token in the URL" {
			to += "?form=" + token + "&method=none"
		}
		if got := tc.who.send(http.MethodPost, to, tc.body, tc.headers...); got.status != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", name, got.status)
		}
		if s.writes(ada.Key) != "not_claimed" {
			t.Fatalf("%s: the agent is claimed", name)
		}
	}
	if got := b.send(http.MethodPost, path, good, "Origin", "https://a.test", "Sec-Fetch-Site", "same-origin"); got.status != http.StatusSeeOther || s.writes(ada.Key) != "" {
		t.Errorf("our own form = %d, the agent: %q", got.status, s.writes(ada.Key))
	}
	for _, p := range []string{"/claim/moltbook_claim_guessed", "/claim/" + ada.Key, "/owner/confirm/x", "/owner/confirm/" + ada.ClaimToken} {
		if got := b.open(p); got.status != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", p, got.status)
		}
	}
}

func TestLettersAreCounted(t *testing.T) {
	t.Parallel()
	s := newSite(t, claiming(node.MethodEmail))
	ada := s.registered("ada")
	b := s.browser()
	for i := range 6 {
		want := http.StatusSeeOther
		if i == 5 {
			want = http.StatusTooManyRequests
		}
		if got := b.fill("/claim/"+ada.ClaimToken, "method", "email", "subject", "victim@example.org"); got.status != want {
			t.Errorf("letter %d: %d, want %d", i+1, got.status, want)
		}
	}
	if ms := s.letters(); len(ms) != 5 {
		t.Errorf("%d letters, want 5", len(ms))
	}
	for _, bad := range []string{"", "x", "a@b\r\nBcc: c@d.test", "Ada <a@b.test>", "a@b.test, c@d.test", "ä@b.test", strings.Repeat("a", 250) + "@b.test"} {
		if got := b.fill("/claim/"+ada.ClaimToken, "method", "email", "subject", bad); got.status != http.StatusBadRequest {
			t.Errorf("a letter to %q: %d, want 400", bad, got.status)
		}
	}
	s.advance(61 * time.Minute)
	if got := b.fill("/claim/"+ada.ClaimToken, "method", "email", "subject", "victim@example.org"); got.status != http.StatusSeeOther {
		t.Errorf("an hour later: %d", got.status)
	}
}

func TestNoSecretOfAnOwnerIsInTheDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, claiming(node.MethodEmail, node.MethodDNS))
	ada := s.registered("ada")
	b := s.browser()
	b.fill("/claim/"+ada.ClaimToken, "method", "dns", "subject", "secret-domain.example")
	b.fill("/claim/"+ada.ClaimToken, "method", "email", "subject", "private@example.org")
	var rows []string
	q := s.store.Read()
	keep := func(v ...string) { rows = append(rows, v...) }
	links, err := q.LinksSince(t.Context(), "", "", 0)
	if err != nil || links.All != 1 {
		t.Fatalf("links = %+v, %v", links, err)
	}
	claims, err := q.ClaimsOf(t.Context(), ada.Agent.ID, 5)
	if err != nil || len(claims) != 1 {
		t.Fatalf("claims = %+v, %v", claims, err)
	}
	keep(string(claims[0].Subject), claims[0].Browser)
	var mails []storage.Mail
	s.keep(func(ctx context.Context, q storage.Queries) error {
		var err error
		mails, err = q.LeaseMails(ctx, "look", s.millis.Load(), s.millis.Load(), 5)
		return err
	})
	if len(mails) != 1 {
		t.Fatalf("mails = %d", len(mails))
	}
	keep(string(mails[0].Sealed))
	link := s.link("private@example.org")
	for _, secret := range []string{"secret-domain", "private@", "example.org", strings.TrimPrefix(link, "/owner/confirm/"), strings.SplitN(b.cookie, "=", 2)[1]} {
		for _, row := range rows {
			if strings.Contains(row, secret) {
				t.Errorf("%q stands in the database", secret)
			}
		}
	}
}
