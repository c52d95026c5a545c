package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"instar.example/federation/activity"
	"instar.example/node"
	"instar.example/storage"
)

func followAddress(of, as string) string {
	return "/follow?" + url.Values{"of": {of}, "as": {as}}.Encode()
}

func TestFollowLeadsToTheReadersServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.agent("ada")
	uri, agent := url.QueryEscape("https://a.test/m/general"), url.QueryEscape("https://a.test/u/ada")
	for host, way := range map[string]node.Way{
		"fep.example":       {Software: "other", Follow: "https://fep.example/intents/follow?object={object}&back={on-success}", Subscribe: "https://fep.example/never?uri={uri}"},
		"object.example":    {Software: "mastodon", Object: "https://object.example/intent?id={object}"},
		"ostatus.example":   {Software: "mastodon", Subscribe: "https://ostatus.example/authorize_interaction?uri={uri}"},
		"mastodon.example":  {Software: "mastodon"},
		"lemmy.example":     {Software: "lemmy"},
		"misskey.example":   {Software: "misskey"},
		"mbin.example":      {Software: "mbin"},
		"piefed.example":    {Software: "piefed"},
		"gts.example":       {Software: "gotosocial"},
		"unknown.example":   {Software: "homemade"},
		"hostile.example":   {Software: "homemade", Follow: "javascript:alert({object})", Subscribe: "data:text/html,{uri}"},
		"unreached.example": {Trouble: "the server does not answer"},
	} {
		s.node.TellWay(host, way)
	}
	for _, tc := range []struct{ of, as, url, holds string }{
		{"m/general", "me@fep.example", "https://fep.example/intents/follow?object=" + uri + "&back=" + uri, "Follow on"},
		{"m/general", "@me@object.example", "https://object.example/intent?id=" + uri, "Follow on"},
		{"u/ada", "https://ostatus.example/@me", "https://ostatus.example/authorize_interaction?uri=" + agent, "Follow on"},
		{"m/general", "mastodon.example", "https://mastodon.example/authorize_interaction?uri=" + uri, "Sign in there"},
		{"m/general", "me@lemmy.example", "https://lemmy.example/search?q=%21general%40a.test&type=Communities&listingType=All", "Search for it on"},
		{"u/ada", "me@lemmy.example", "https://lemmy.example/search?q=%40ada%40a.test&type=Users&listingType=All", "Search for it on"},
		{"u/ada", "me@misskey.example", "https://misskey.example/authorize-follow?acct=ada%40a.test", "Follow on"},
		{"m/general", "me@mbin.example", "https://mbin.example/search?q=general%40a.test", "Search for it on"},
		{"m/general", "me@piefed.example", "https://piefed.example/community/lookup/general/a.test", "press Join"},
		{"m/general", "me@gts.example", "", "GoToSocial has no pages for this"},
		{"m/general", "me@unknown.example", "", "Copy the handle below"},
		{"m/general", "me@hostile.example", "", "Copy the handle below"},
		{"m/general", "me@unreached.example", "", "the server does not answer"},
		{"m/general", "me@a.test", "", "people have no accounts"},
		{"m/general", "me at home", "", "does not look like a fediverse address"},
		{"m/general", `"><script>alert(1)</script>@evil.example`, "", "does not look like a fediverse address"},
		{"m/general", "", "", "Your fediverse address"},
	} {
		got := s.get(followAddress(tc.of, tc.as))
		body := strings.ReplaceAll(got.body, "&amp;", "&")
		s.sound(tc.as, got.body)
		if got.StatusCode != http.StatusOK || got.Header.Get("Cache-Control") != "no-store" || !strings.Contains(body, tc.holds) {
			t.Errorf("%s as %q = %d %q, want a page with %q: %s", tc.of, tc.as, got.StatusCode, got.Header.Get("Cache-Control"), tc.holds, body)
		}
		_, rest, has := strings.Cut(body, `<a class="button" href="`)
		to, _, _ := strings.Cut(rest, `"`)
		if to != tc.url || has != (tc.url != "") {
			t.Errorf("%s as %q leads to %q, want %q", tc.of, tc.as, to, tc.url)
		}
	}
}

func TestFollowAsksAServerOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := s.node.Version()
	for _, as := range []string{"alice@far.example", "bob@far.example", "alice@far.example"} {
		got := s.get(followAddress("m/general", as))
		if !strings.Contains(got.body, "Asking <bdi>far.example</bdi>") || !strings.Contains(got.body, `http-equiv="refresh" content="0; url=/follow?as=`) || !strings.Contains(got.body, `<a href="">look again</a>`) {
			t.Errorf("as %s: not told to wait: %s", as, got.body)
		}
	}
	if asked := s.node.WaysAsked(10); len(asked) != 1 || asked[0] != (node.WayQuestion{Name: "alice", Host: "far.example"}) {
		t.Errorf("asked %v, want far.example once", asked)
	}
	if s.node.Version() != before {
		t.Error("something was stored")
	}
	for i := range 100 { // a reader cannot make the node ask everybody
		s.get(followAddress("m/general", "x@h"+strings.Repeat("a", i%50+1)+string(rune('a'+i/50))+".example"))
	}
	if asked := s.node.WaysAsked(1000); len(asked) > 30 {
		t.Errorf("%d servers are asked at once", len(asked))
	}
}

func TestFollowNeedsSomethingToFollow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for of, want := range map[string]int{"": 404, "general": 404, "m/none": 404, "u/none": 404, "x/general": 404, "m/new@far.example": 202} {
		if got := s.get(followAddress(of, "")); got.StatusCode != want {
			t.Errorf("of %q = %d, want %d", of, got.StatusCode, want)
		}
	}
	if got := s.do(http.MethodPost, "/follow"); got.StatusCode != http.StatusForbidden {
		t.Errorf("POST /follow = %d, want 403", got.StatusCode)
	}
	if got := s.page("/authorize_interaction?uri=https://a.test/m/general"); !strings.Contains(got, "Nothing to confirm here") {
		t.Error("/authorize_interaction does not explain itself")
	}
	for path, of := range map[string]string{"/m/general": "m/general"} {
		if !strings.Contains(s.page(path), `<input type="hidden" name="of" value="`+of+`">`) {
			t.Errorf("%s has no form to follow it", path)
		}
	}
}

// A page that waits for another node comes back to what was asked for, and not without end.
func TestFollowingWhatIsLookedUpGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	at := "/follow?of=m%2Fcoral%40b.test&ui=es&theme=dark"
	for try := 2; try <= 5; try++ {
		got := s.get(at)
		m := regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]+)"`).FindStringSubmatch(got.body)
		if got.StatusCode != http.StatusAccepted || m == nil {
			t.Fatalf("GET %s = %d %v, want a 202 that looks again", at, got.StatusCode, m)
		}
		u, err := url.Parse(html.UnescapeString(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		if q := u.Query(); q.Get("of") != "m/coral@b.test" || q.Get("page") != strconv.Itoa(try) || q.Get("ui") != "es" || q.Get("theme") != "dark" {
			t.Errorf("GET %s looks again at %s", at, u)
		}
		if !strings.Contains(html.UnescapeString(got.body), `class="button" href="/follow?of=m%2Fcoral%40b.test&ui=es&theme=dark"`) {
			t.Errorf("GET %s: the link to look again loses what was asked for: %s", at, got.body)
		}
		at = u.String()
	}
	if got := s.get(at); strings.Contains(got.body, `http-equiv="refresh"`) {
		t.Errorf("GET %s looks again without end", at)
	}
}

// A person of another server has no page of an agent, however long one waits for it.
func TestAPersonIsNoAgent(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/u/coral@b.test")
	l, addr := s.lookup(storage.KindAgent)
	waiting := make(chan reply)
	go func() { waiting <- s.get("/u/coral@b.test?page=2&ui=es") }()
	uri := "https://b.test/u/coral"
	err := s.node.LookupFound(t.Context(), l, storage.KindAgent, addr, &activity.Actor{ID: uri, Type: "Person", PreferredUsername: "Coral", Inbox: uri + "/inbox"})
	if err != nil {
		t.Fatal(err)
	}
	if got := <-waiting; got.StatusCode != http.StatusNotFound || !strings.Contains(got.body, "coral@b.test no es un agente") {
		t.Errorf("GET a person's name that waited = %d, want 404: %s", got.StatusCode, got.body)
	}
}
