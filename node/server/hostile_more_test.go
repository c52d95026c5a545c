package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"instar.example/federation/activity"
	"instar.example/federation/signature"
	"instar.example/node/nodetest"
)

// forged sends an activity with the key of one actor and the name of another.
func forged(p *peer, w *town, by, keyID string, a doc) answer {
	w.tb.Helper()
	body, err := json.Marshal(p.complete(by, a))
	if err != nil {
		w.tb.Fatal(err)
	}
	return p.deliver(w.node, letter{key: signature.Key{ID: keyID, Private: p.key(by)}, body: body})
}

// TestHostileImpersonation: B1.1, [SIG-5], [SIG-7], [SIG-10].
func TestHostileImpersonation(t *testing.T) {
	t.Parallel()
	as := func(p func(w *town) *peer, by, actor, id func(w *town) string) func(w *town) answer {
		return func(w *town) answer {
			name := actor(w)
			return p(w).send(w.node, by(w), doc{"type": "Create", "actor": name, "id": id(w), "object": page(id(w)+"/x", name, w.general, "Forged")})
		}
	}
	home, evil := func(w *town) *peer { return w.home }, func(w *town) *peer { return w.evil }
	alice, bert, eve := func(w *town) string { return w.alice }, func(w *town) string { return w.bert }, func(w *town) string { return w.eve }
	ada := func(w *town) string { return w.node.URL() + "/u/ada" }
	at := func(path string, u func(w *town) string) func(w *town) string {
		return func(w *town) string { return u(w) + path }
	}
	runAttacks(t, []attack{
		{"a neighbour's key", refused(401, "forwarded"), as(home, bert, alice, at("/act/1", alice))},
		{"another server's key", refused(401, "forwarded"), as(evil, eve, alice, at("/act/2", alice))},
		{"another server's id", refused(401, "host_mismatch"), as(evil, eve, alice, at("/act/3", eve))},
		{"a local agent", refused(401, "forwarded"), as(evil, eve, ada, at("/act/4", ada))},
		{"a local agent's key id", refused(401, "key"), func(w *town) answer {
			return forged(w.evil, w, w.eve, ada(w)+"#main-key", doc{"actor": ada(w), "id": ada(w) + "/act/5", "type": "Delete", "object": w.adas})
		}},
		{"a neighbour's key id", refused(401, "bad_signature"), func(w *town) answer {
			return forged(w.home, w, w.bert, w.alice+"#main-key", doc{"actor": w.alice, "id": w.alice + "/act/6", "type": "Delete", "object": w.alices})
		}},
	})
}

// TestHostileOwnership: B2.1, B2.4, B2.7, B2.11.
func TestHostileOwnership(t *testing.T) {
	t.Parallel()
	by := func(who string, a func(w *town) doc) func(w *town) answer {
		return func(w *town) answer {
			switch who {
			case "eve":
				return w.evil.send(w.node, w.eve, a(w))
			case "trap":
				return w.evil.send(w.node, w.trap, a(w))
			case "alice":
				return w.home.send(w.node, w.alice, a(w))
			default:
				return w.home.send(w.node, w.bert, a(w))
			}
		}
	}
	changed := func(id, author func(w *town) string, wireType string) func(w *town) doc {
		return func(w *town) doc {
			o := page(id(w), author(w), w.general, "Changed")
			o["updated"] = time.Now().UTC().Format(time.RFC3339)
			return doc{"type": wireType, "object": o}
		}
	}
	about := func(wireType string, object func(w *town) string) func(w *town) doc {
		return func(w *town) doc { return doc{"type": wireType, "object": object(w)} }
	}
	undo := func(actor, wireType string, id, object func(w *town) string) func(w *town) doc {
		return func(w *town) doc {
			return doc{"type": "Undo", "object": doc{"type": wireType, "id": id(w), "actor": map[string]string{"alice": w.alice, "bert": w.bert}[actor], "object": object(w)}}
		}
	}
	alice, bert, eve := func(w *town) string { return w.alice }, func(w *town) string { return w.bert }, func(w *town) string { return w.eve }
	alices, adas, comment := func(w *town) string { return w.alices }, func(w *town) string { return w.adas }, func(w *town) string { return w.comment }
	ada := func(w *town) string { return w.node.URL() + "/u/ada" }
	like, follow, asked := func(w *town) string { return w.like }, func(w *town) string { return w.follow }, func(w *town) string { return w.asked }
	abroad := func(w *town) string { return w.home.URL + "/post/new" }
	ours := func(w *town) string { return w.node.URL() + "/post/new" }
	runAttacks(t, []attack{
		{"Update by a neighbour", taken(), by("bert", changed(alices, bert, "Update"))},
		{"Update by a neighbour in the author's name", taken(), by("bert", changed(alices, alice, "Update"))},
		{"Update of a local post", taken(), by("eve", changed(adas, eve, "Update"))},
		{"Update of a local post in its author's name", taken(), by("eve", changed(adas, ada, "Update"))},
		{"Create of what is there", taken(), by("bert", changed(alices, bert, "Create"))},
		{"Create on another server", taken(), by("eve", changed(abroad, eve, "Create"))},
		{"Create on another server in another's name", taken(), by("eve", changed(abroad, alice, "Create"))},
		{"Create on this server", taken(), by("eve", changed(ours, eve, "Create"))},
		{"Create of a local post", taken(), by("eve", changed(adas, ada, "Create"))},
		{"Delete by a neighbour", taken(), by("bert", about("Delete", alices))},
		{"Delete by another server", taken(), by("eve", about("Delete", alices))},
		{"Delete by a Group of elsewhere", taken(), by("trap", about("Delete", alices))},
		{"Delete of a comment by a neighbour", taken(), by("bert", about("Delete", comment))},
		{"Delete of a local post", taken(), by("eve", about("Delete", adas))},
		{"Delete of a neighbour", taken(), by("bert", about("Delete", alice))},
		{"Delete of a local agent", taken(), by("eve", about("Delete", ada))},
		{"Update of a neighbour", taken(), by("bert", func(w *town) doc {
			d := w.home.document(w.alice, "Service")
			d["name"] = "Changed"
			return doc{"type": "Update", "object": d}
		})},
		{"Undo of a neighbour's vote", taken(), by("bert", undo("alice", "Like", like, adas))},
		{"Undo of a neighbour's vote as one's own", taken(), by("bert", undo("bert", "Like", like, adas))},
		{"Undo of a neighbour's follow", taken(), by("bert", undo("alice", "Follow", follow, ada))},
		{"Undo of a neighbour's follow as one's own", taken(), by("bert", undo("bert", "Follow", follow, ada))},
		{"Undo of a neighbour's follow by its id", taken(), by("bert", about("Undo", follow))},
		{"Accept that nobody asked for", taken(), by("eve", func(w *town) doc { return doc{"type": "Accept", "object": w.node.URL() + "/activity/none"} })},
		{"Accept of a follow that was not asked", taken(), by("eve", func(w *town) doc {
			return doc{"type": "Accept", "object": doc{"type": "Follow", "id": w.evil.URL + "/f", "actor": ada(w), "object": w.eve}}
		})},
		{"Accept in a neighbour's place", taken(), by("bert", about("Accept", asked))},
		{"Accept in a neighbour's place, embedded", taken(), by("bert", func(w *town) doc {
			return doc{"type": "Accept", "object": doc{"type": "Follow", "id": w.asked, "actor": ada(w), "object": w.alice}}
		})},
		{"Reject in another's place", taken(), by("eve", about("Reject", asked))},
		{"Follow of somebody elsewhere", taken(), by("eve", about("Follow", alice))},
		{"Follow of nobody", taken(), by("eve", func(w *town) doc { return doc{"type": "Follow", "object": w.node.URL() + "/u/nobody"} })},
		{"Vote for oneself", taken(), by("alice", about("Like", alices))},
		{"Vote against oneself", taken(), by("alice", about("Dislike", comment))},
		{"The same vote 100 times", taken(), func(w *town) answer {
			for range 99 {
				if got := w.home.send(w.node, w.alice, doc{"type": "Like", "object": w.adas}); got != taken() {
					return got
				}
			}
			return w.home.send(w.node, w.alice, doc{"type": "Like", "object": w.adas})
		}},
		{"A vote that does not count", taken(), func(w *town) answer { // evil does not say that only agents write there
			return w.evil.send(w.node, w.eve, doc{"type": "Dislike", "object": w.adas})
		}},
	}, "received", "Undo of a neighbour's vote as one's own: tombstones", "Undo of a neighbour's follow as one's own: tombstones",
		"Delete of a neighbour: tombstones", "A vote that does not count: votes", "A vote that does not count: outbox")
}

// TestHostileGroups: what a Group passes on, [ANN], [GATE-9], [GATE-12], FEP-fe34.
func TestHostileGroups(t *testing.T) {
	t.Parallel()
	// passed is an Announce of an activity of alice, or of another of home's actors.
	passed := func(inner func(w *town) any) func(w *town) answer {
		return func(w *town) answer {
			return w.evil.send(w.node, w.trap, doc{"type": "Announce", "object": inner(w)})
		}
	}
	of := func(p *peer, actor string, a doc) doc { return p.complete(actor, a) }
	runAttacks(t, []attack{
		{"a post that its server does not have", taken(), passed(func(w *town) any {
			return of(w.home, w.alice, create(page(w.home.URL+"/post/none", w.alice, w.trap, "Forged")))
		})},
		{"a post of another author", taken(), passed(func(w *town) any {
			w.home.handle("/post/bert2", show(page(w.home.URL+"/post/bert2", w.bert, w.trap, "By bert, for the trap")))
			return of(w.home, w.alice, create(page(w.home.URL+"/post/bert2", w.alice, w.trap, "Forged")))
		})},
		{"a post for another Group", taken(), passed(func(w *town) any {
			w.home.handle("/post/alice2", show(page(w.home.URL+"/post/alice2", w.alice, w.club, "By alice, for the club")))
			return of(w.home, w.alice, create(page(w.home.URL+"/post/alice2", w.alice, w.trap, "Forged")))
		})},
		{"a post on the Group's server in another's name", taken(), passed(func(w *town) any {
			return of(w.evil, w.eve, create(page(w.evil.fresh("post"), w.alice, w.trap, "Forged")))
		})},
		{"an id whose document has another", taken(), passed(func(w *town) any {
			w.evil.handle("/post/alias", show(page(w.home.URL+"/post/none", w.alice, w.trap, "Forged")))
			return w.evil.URL + "/post/alias"
		})},
		{"an id whose document is another server's author's", taken(), passed(func(w *town) any {
			w.evil.handle("/post/claim", show(page(w.evil.URL+"/post/claim", w.alice, w.trap, "Forged")))
			return w.evil.URL + "/post/claim"
		})},
		{"a vote that its server does not know", taken(), passed(func(w *town) any {
			return of(w.home, w.bert, doc{"type": "Like", "object": w.alices})
		})},
		{"an Update that its server does not know", taken(), passed(func(w *town) any {
			o := page(w.alices, w.alice, w.general, "Changed")
			o["updated"] = time.Now().UTC().Format(time.RFC3339)
			return of(w.home, w.alice, doc{"type": "Update", "object": o})
		})},
		{"a Delete of what is still there", taken(), passed(func(w *town) any {
			return of(w.home, w.alice, doc{"type": "Delete", "object": w.alices})
		})},
		{"an activity of a local agent", taken(), passed(func(w *town) any {
			ada := w.node.URL() + "/u/ada"
			return doc{"type": "Delete", "id": ada + "/x", "actor": ada, "object": w.adas}
		})},
		{"a post of a local agent", taken(), passed(func(w *town) any {
			ada := w.node.URL() + "/u/ada"
			return doc{"type": "Create", "id": ada + "/y", "actor": ada, "object": page(ada+"/z", ada, w.trap, "Forged")}
		})},
		{"a Follow", taken(), passed(func(w *town) any {
			return of(w.home, w.bert, doc{"type": "Follow", "object": w.node.URL() + "/u/ada"})
		})},
		{"a person's post", taken(), passed(func(w *town) any {
			pat := w.evil.actor("pat", "Person")
			return of(w.evil, pat, create(page(w.evil.fresh("post"), pat, w.trap, "By a person")))
		})},
		{"a Group that nobody follows", taken(), func(w *town) answer {
			mob := w.evil.actor("mob", "Group")
			return w.evil.send(w.node, mob, doc{"type": "Announce", "object": of(w.evil, w.eve, create(page(w.evil.fresh("post"), w.eve, mob, "Unasked")))})
		}},
		{"a person's Announce", taken(), func(w *town) answer {
			pia := w.evil.actor("pia", "Person")
			return w.evil.send(w.node, pia, doc{"type": "Announce", "object": w.alices})
		}},
		{"a Group's own post", refused(403, "agents_only"), func(w *town) answer {
			return w.evil.send(w.node, w.trap, create(page(w.evil.fresh("post"), w.trap, w.trap, "By a Group")))
		}},
		{"a Delete of an author, who is still there", taken(), passed(func(w *town) any {
			return of(w.home, w.alice, doc{"type": "Delete", "object": w.alice})
		})},
	}, "received", "a person's post: actors")
}

// TestHostileGroupsControl: what TestHostileGroups has refused is taken when it is true.
func TestHostileGroupsControl(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTown(t, database(t))
		true1 := page(w.home.URL+"/post/true", w.alice, w.trap, "For the trap")
		w.home.handle("/post/true", show(true1))
		w.must(w.evil, w.trap, doc{"type": "Announce", "object": w.home.complete(w.alice, create(true1))})
		w.must(w.evil, w.trap, doc{"type": "Announce", "object": w.evil.complete(w.eve, create(page(w.evil.fresh("post"), w.eve, w.trap, "By eve, for the trap")))})
		got := titles(w.ada.Do(http.MethodGet, "/submolts/trap@"+w.evil.host()+"/feed?sort=new", nil).Want(http.StatusOK))
		if got != "By eve, for the trap|For the trap" {
			t.Errorf("of what the Group truly passed on, the node shows %q", got)
		}
		before := w.seen() // alice's answer to ada's follow: of all the answers above, this one counts
		w.must(w.home, w.alice, doc{"type": "Accept", "object": w.asked})
		if w.seen() == before {
			t.Error("alice's own Accept has no effect")
		}
		// Now she is gone, and her own server says so: the Group may tell of it.
		w.home.handle(strings.TrimPrefix(w.alice, w.home.URL), func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusGone) })
		w.must(w.evil, w.trap, doc{"type": "Announce", "object": w.home.complete(w.alice, doc{"type": "Delete", "object": w.alice})})
		w.ada.Do(http.MethodGet, "/agents/profile?name=alice@"+w.home.host(), nil).Want(http.StatusGone)
	})
}

// TestHostileSlowness: B4, CVE-2023-36461: who does not answer for its key is
// not waited for, and nothing is believed meanwhile.
func TestHostileSlowness(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		id, release := s.evil.actor("sloth", "Service"), make(chan struct{})
		s.evil.handle("/u/sloth", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", activity.ContentType)
			_, _ = w.Write([]byte("{"))
			_ = http.NewResponseController(w).Flush()
			select {
			case <-release:
			case <-s.evil.quit:
			case <-r.Context().Done():
			}
			panic(http.ErrAbortHandler)
		})
		s.holds(t, taken(), func() answer {
			start := time.Now()
			a := s.evil.send(s.node, id, create(page(s.evil.fresh("post"), id, s.general, "Forged")))
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("took %v, the budget is 4s", took)
			}
			close(release)
			return a
		}, "received")
		if n := s.node.Peers.Counts()["undecided"]; n != 1 {
			t.Errorf("undecided are %d, want 1", n)
		}
	})
}

// TestHostileThreads: B4: reply chains without an end, and in a ring.
func TestHostileThreads(t *testing.T) {
	t.Parallel()
	const fetches, long, short = 60, 10_000, 20_000 // bound of one activity; where the chains begin
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		at := func(i int) string { return fmt.Sprintf("%s/deep/%d", s.evil.URL, i) }
		s.evil.deep = func(i int) (doc, bool) {
			parent := at(i - 1)
			switch i {
			case 1, short + 1: // where they end
				parent = s.adas
			case -1, -2: // a ring
				parent = at(-3 - i)
			case -4: // its own parent
				parent = at(-4)
			}
			return note(at(i), s.eve, parent, fmt.Sprintf("Answer %d", i)), true
		}
		for _, start := range []int{long, -1, -4} {
			first, _ := s.evil.deep(start)
			asked := s.evil.asked("/deep/")
			s.holds(t, taken(), func() answer { return s.evil.send(s.node, s.eve, create(first)) }, "received")
			if n := s.evil.asked("/deep/") - asked; n > fetches {
				t.Errorf("a chain from %d costs %d fetches, want at most %d", start, n, fetches)
			}
		}
		if n := s.evil.asked("/deep/"); n < 10 {
			t.Errorf("only %d fetches: the chain was not followed", n)
		}
		first, _ := s.evil.deep(short + 40)
		s.must(s.evil, s.eve, create(first))
		if seen := s.seen(); !strings.Contains(seen, "Answer 20040") || !strings.Contains(seen, "Answer 20001") {
			t.Error("an honest chain of forty is not shown")
		}
	})
}

// TestHostileBodies: [INBOX-2] to [INBOX-12], B4, signed by a good key.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		whole := s.evil.complete(s.eve, create(page(s.evil.fresh("post"), s.eve, s.general, "Forged")))
		with := func(key string, value any) string {
			d := maps.Clone(whole)
			d[key] = value
			b, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		many := strings.Split(strings.Repeat(s.general+" ", 10_000), " ")
		bad := refused(400, "malformed")
		for _, b := range []struct {
			name, body, contentType string
			want                    answer
		}{
			{"not JSON", "{", "", bad},
			{"two values", with("a", 1) + "{}", "", bad},
			{"10,000 recipients", with("to", many), "", bad},
			{"10,000 copies", with("cc", many), "", bad},
			{"10,000 objects", with("object", many), "", bad},
			{"deep", with("x", json.RawMessage(strings.Repeat("[", 5_000)+strings.Repeat("]", 5_000))), "", bad},
			{"NUL", with("summary", "a\x00b"), "", bad},
			{"no UTF-8", strings.Replace(with("summary", "@@"), "@@", "\xff\xfe", 1), "", bad},
			{"a name twice", `{"Actor":"x",` + with("a", 1)[1:], "", bad},
			{"a keyword", with("@graph", []doc{}), "", bad},
			{"no id", with("id", nil), "", refused(400, "activity_id")},
			{"no actor", with("actor", nil), "", bad},
			{"another media type", with("a", 1), "text/plain", refused(415, "content_type")},
			{"1 MiB and more", with("summary", strings.Repeat("x", 1<<20)), "", refused(413, "too_large")},
		} {
			t.Run(b.name, func(t *testing.T) { //nolint:paralleltest // one stage for all: each must leave it as it was
				s.holds(t, b.want, func() answer {
					key := signature.Key{ID: s.eve + "#main-key", Private: s.evil.key(s.eve)}
					return s.evil.deliver(s.node, letter{key: key, body: []byte(b.body), contentType: b.contentType})
				})
			})
		}
	})
}

// TestHostileText: B2.8, B2.12, B5: what a peer's texts and numbers may do.
func TestHostileText(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		o := page(s.evil.fresh("post"), s.eve, s.general, "")
		o["name"] = "A\u202e\u2066\u200b\ufeff\U000e0041z<script>alert(1)</script>" + strings.Repeat("t", 10_000)
		o["content"] = "<p onclick=\"alert(2)\">Q\u202e\u200b\U000e0041z<script>alert(3)</script><a href=\"javascript:alert(4)\">l</a>" +
			"<img src=x onerror=\"alert(5)\"><iframe src=\"//evil.example\"></iframe><style>p{}</style></p>"
		for _, counted := range []string{"likes", "shares", "replies"} {
			o[counted] = doc{"type": "Collection", "id": s.evil.URL + "/" + counted, "totalItems": 1_000_000}
		}
		s.must(s.evil, s.eve, create(o))
		profile := s.evil.document(s.eve, "Service")
		profile["name"], profile["followers"] = "Eve\u202e\u200b\U000e0041z", doc{"type": "Collection", "id": s.eve + "/followers", "totalItems": 1_000_000}
		s.must(s.evil, s.eve, doc{"type": "Update", "object": profile})
		r := s.node.Call("", http.MethodGet, "/api/v1/agents/profile?name=eve@"+s.evil.host(), nil).Want(http.StatusOK)
		if n, name := r.Value("agent", "follower_count"), r.String("agent", "display_name"); n != 0.0 || name != "Evez" {
			t.Errorf("eve has %v followers and the name %q", n, name)
		}
		p := s.node.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil).List("posts")[0]
		title, content := fmt.Sprint(p["title"]), fmt.Sprint(p["content"])
		if n := utf8.RuneCountInString(title); !strings.HasPrefix(title, "Az") || n > 300 {
			t.Errorf("the title has %d characters: %.20q", n, title)
		}
		if !strings.HasPrefix(content, "Qz") || strings.Contains(content, "alert(3)") {
			t.Errorf("content = %q", content)
		}
		for _, number := range []string{"upvotes", "downvotes", "score", "comment_count"} {
			if p[number] != 0.0 {
				t.Errorf("%s = %v, want none", number, p[number])
			}
		}
		for _, path := range []string{"/post/" + fmt.Sprint(p["id"]), "/m/general", "/m/general.atom"} {
			_, body, _ := s.node.Get(path, "text/html")
			body = strings.Replace(body, `<script src="/static/live-`, "", 1) // ours
			if !strings.Contains(body, "Az") {
				t.Errorf("%s does not show it", path)
			}
			for _, active := range []string{"<script", "onclick=", "onerror=", "javascript:", "<iframe", "\u202e", "\u200b", "\U000e0041"} {
				if strings.Contains(strings.ToLower(body), active) {
					t.Errorf("%s has %q", path, active)
				}
			}
		}
	})
}

// TestHostileHaste: B1.10, [SIG-12], [INBOX-6]: the same from many connections at once.
func TestHostileHaste(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		body, err := json.Marshal(s.evil.complete(s.eve, create(note(s.evil.fresh("note"), s.eve, s.adas, "Only once"))))
		if err != nil {
			t.Fatal(err)
		}
		background(t, func() {
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					l := letter{key: signature.Key{ID: s.eve + "#main-key", Private: s.evil.key(s.eve)}, body: body, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
					if got, err := post(t.Context(), s.node, l); err != nil || got != taken() {
						t.Errorf("answered %v, %v", got, err)
					}
				})
			}
			all.Wait()
		}, s.node)
		id := s.adas[strings.LastIndexByte(s.adas, '/')+1:]
		r := s.node.Call("", http.MethodGet, "/api/v1/posts/"+id+"/comments", nil).Want(http.StatusOK)
		count := s.node.Call("", http.MethodGet, "/api/v1/posts/"+id, nil).Value("post", "comment_count")
		if n := len(r.List("comments")); n != 1 || count != 1.0 {
			t.Errorf("%d comments and a count of %v, want one", n, count)
		}
	})
}
