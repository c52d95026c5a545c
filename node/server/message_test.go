package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// dm calls the API below /agents/dm.
func dm(a *nodetest.Agent, method, path string, body any) nodetest.Reply {
	return a.Do(method, "/agents/dm"+path, body)
}

// said lists the texts of a conversation.
func said(a *nodetest.Agent, id string) string {
	var ts []string
	for _, m := range dm(a, http.MethodGet, "/conversations/"+id, nil).Want(http.StatusOK).List("messages") {
		ts = append(ts, m["content"].(string))
	}
	return strings.Join(ts, "|")
}

// incoming is the id of the newest request that waits for an agent.
func incoming(t *testing.T, a *nodetest.Agent) string {
	t.Helper()
	rs := dm(a, http.MethodGet, "/requests", nil).Want(http.StatusOK).List("incoming", "requests")
	if len(rs) == 0 {
		t.Fatalf("no request came to %s", a.Name)
	}
	return rs[0]["conversation_id"].(string)
}

func TestAgentsOfTwoNodesTalk(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		var asked nodetest.Reply
		background(t, func() {
			asked = dm(s.ada, http.MethodPost, "/request", map[string]any{"to": "bob@" + s.b.Host, "message": "Shall we compare xyzzy notes?"}).Want(http.StatusCreated)
		}, s.a, s.b)
		onA := asked.String("conversation_id")
		check := dm(s.bob, http.MethodGet, "/check", nil).Want(http.StatusOK)
		if check.Value("requests", "count") != 1.0 || check.List("requests", "items")[0]["message_preview"] != "Shall we compare xyzzy notes?" {
			t.Fatalf("bob's messages: %v", check.Body)
		}
		if got := told(s.bob); got != "dm_request:ada@"+s.a.Host {
			t.Errorf("bob was told %s", got)
		}
		onB := incoming(t, s.bob)
		dm(s.ada, http.MethodPost, "/conversations/"+onA+"/send", map[string]any{"message": "Too early"}).Want(http.StatusForbidden)
		dm(s.bob, http.MethodPost, "/requests/"+onB+"/approve", nil).Want(http.StatusOK)
		nodetest.Settle(t, s.a, s.b)
		dm(s.ada, http.MethodPost, "/conversations/"+onA+"/send", map[string]any{"message": "Mine say **xyzzy**", "needs_human_input": true}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		home := s.bob.Do(http.MethodGet, "/home", nil).Want(http.StatusOK)
		if home.Value("your_direct_messages", "unread_message_count") != 2.0 {
			t.Errorf("bob's home: %v", home.Value("your_direct_messages"))
		}
		talk := dm(s.bob, http.MethodGet, "/conversations/"+onB, nil).Want(http.StatusOK).List("messages")
		if len(talk) != 2 || talk[1]["content"] != "Mine say **xyzzy**" || talk[1]["needs_human_input"] != true || talk[1]["is_mine"] != false {
			t.Errorf("bob reads %v", talk)
		}
		dm(s.bob, http.MethodPost, "/conversations/"+onB+"/send", map[string]any{"message": "So do mine"}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		if got := said(s.ada, onA); got != "Shall we compare xyzzy notes?|Mine say **xyzzy**|So do mine" {
			t.Errorf("ada reads %s", got)
		}
		secret(t, s, onA)

		// A block on b ends it on a, too, and stays.
		dm(s.bob, http.MethodPost, "/requests/"+onB+"/reject", map[string]any{"block": true}).Want(http.StatusOK)
		nodetest.Settle(t, s.a, s.b)
		dm(s.ada, http.MethodPost, "/conversations/"+onA+"/send", map[string]any{"message": "Still there?"}).Want(http.StatusForbidden)
	})
}

// secret looks for the word xyzzy wherever others can look.
func secret(t *testing.T, s story, onA string) {
	t.Helper()
	eve := s.a.Agent("eve")
	nodetest.Settle(t, s.a, s.b)
	message := dm(s.ada, http.MethodGet, "/conversations/"+onA, nil).List("messages")[0]["id"].(string)
	for _, n := range []*nodetest.Node{s.a, s.b} {
		for _, path := range []string{
			"/", "/u/ada", "/u/ada@" + s.a.Host, "/search?q=xyzzy", "/u/ada/outbox", "/u/bob/outbox", "/outbox", "/message/" + message, "/conversation/" + onA,
			"/api/v1/search?q=xyzzy", "/api/v1/posts", "/api/v1/agents/profile?name=ada",
		} {
			for _, accept := range []string{"text/html", "application/activity+json"} {
				status, body, _ := n.Get(path, accept)
				if strings.Contains(body, "xyzzy notes") || strings.Contains(body, "say ") || (strings.HasPrefix(path, "/message") && status != http.StatusNotFound) {
					t.Errorf("%s of %s shows a message: %d %s", path, n.Host, status, body)
				}
			}
		}
	}
	if r := eve.Do(http.MethodGet, "/agents/dm/conversations/"+onA, nil); r.Status != http.StatusNotFound {
		t.Errorf("eve reads %v", r.Body)
	}
}

func whisper(p *peer, from, to, text string) doc {
	return doc{"type": "Create", "to": []string{to}, "object": doc{
		"id": p.fresh("message"), "type": "Note", "attributedTo": from, "to": []string{to}, "cc": []string{}, "content": "<p>" + text + "</p>",
		"source": doc{"content": text, "mediaType": "text/markdown"}, "context": p.URL + "/conversation/1",
	}}
}

// lastCame is the last activity that came to a peer.
func (p *peer) lastCame() doc {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var d doc
	if len(p.post) == 0 || json.Unmarshal(p.post[len(p.post)-1], &d) != nil {
		p.tb.Fatalf("nothing came to %s", p.URL)
	}
	return d
}

// talk is a node with ada, and a peer with an agent alice.
type talk struct {
	*stage

	alice, ada string // ids
}

func newTalk(t *testing.T, o nodetest.Option) *talk {
	t.Helper()
	s := newStage(t, o)
	return &talk{stage: s, alice: s.evil.actor("alice", "Service"), ada: s.node.URL() + "/u/ada"}
}

func (w *talk) counts(t *testing.T, requests, unread float64) {
	t.Helper()
	r := dm(w.stage.ada, http.MethodGet, "/check", nil).Want(http.StatusOK)
	if r.Value("requests", "count") != requests || r.Value("messages", "total_unread") != unread {
		t.Errorf("%v requests and %v unread, want %v and %v", r.Value("requests", "count"), r.Value("messages", "total_unread"), requests, unread)
	}
}

func TestMessagesOfAPeerInEveryOrder(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTalk(t, database(t))
		ada := w.stage.ada

		// The first message asks; the same once more, in another activity, is known.
		first := whisper(w.evil, w.alice, w.ada, "Hello ada")
		w.must(w.evil, w.alice, first)
		w.must(w.evil, w.alice, first)
		w.counts(t, 1, 0)
		id := incoming(t, ada)
		dm(ada, http.MethodPost, "/requests/"+id+"/approve", nil).Want(http.StatusOK)
		nodetest.Settle(t, w.node)
		object := first["object"].(doc)["id"]
		if got := w.evil.lastCame(); got["type"] != "Accept" || got["object"] != object || fmt.Sprint(got["to"]) != "["+w.alice+"]" || fmt.Sprint(got["cc"]) != "[]" {
			t.Errorf("alice's node got %v", got)
		}
		w.must(w.evil, w.alice, whisper(w.evil, w.alice, w.ada, "More"))
		w.counts(t, 0, 2)

		dm(ada, http.MethodPost, "/conversations/"+id+"/send", map[string]any{"message": "Hello *alice*", "needs_human_input": true}).Want(http.StatusCreated)
		nodetest.Settle(t, w.node)
		got := w.evil.lastCame()
		note, _ := got["object"].(map[string]any)
		if got["type"] != "Create" || fmt.Sprint(got["to"]) != "["+w.alice+"]" || fmt.Sprint(note["to"]) != "["+w.alice+"]" || fmt.Sprint(note["cc"]) != "[]" ||
			note["attributedTo"] != w.ada || note["needsHumanInput"] != true || note["context"] != w.evil.URL+"/conversation/1" || !strings.Contains(note["content"].(string), "<em>alice</em>") {
			t.Errorf("alice's node got %v", got)
		}
		if status, _, _ := w.node.Get(strings.TrimPrefix(got["id"].(string), w.node.URL()), "application/activity+json"); status != http.StatusNotFound {
			t.Errorf("the activity is shown: %d", status)
		}

		// What its sender deletes is not read any more; nobody else deletes it.
		gone := whisper(w.evil, w.alice, w.ada, "Forget this")
		w.must(w.evil, w.alice, gone)
		w.must(w.evil, w.eve, doc{"type": "Delete", "object": gone["object"].(doc)["id"]})
		if got := said(ada, id); got != "Hello ada|More|Hello *alice*|Forget this" {
			t.Errorf("ada reads %s", got)
		}
		w.must(w.evil, w.alice, doc{"type": "Delete", "object": gone["object"].(doc)["id"]})
		if got := said(ada, id); got != "Hello ada|More|Hello *alice*|[deleted]" {
			t.Errorf("ada reads %s", got)
		}
		late := whisper(w.evil, w.alice, w.ada, "Deleted before it came")
		w.must(w.evil, w.alice, doc{"type": "Delete", "object": late["object"].(doc)["id"]})
		w.must(w.evil, w.alice, late)

		// The other side ends it; a stranger cannot, and an unknown one is ignored.
		w.must(w.evil, w.eve, doc{"type": "Reject", "object": object})
		w.must(w.evil, w.alice, doc{"type": "Reject", "object": w.evil.fresh("message")})
		dm(ada, http.MethodPost, "/conversations/"+id+"/send", map[string]any{"message": "Still here"}).Want(http.StatusCreated)
		w.must(w.evil, w.alice, doc{"type": "Reject", "object": object})
		dm(ada, http.MethodPost, "/conversations/"+id+"/send", map[string]any{"message": "Gone"}).Want(http.StatusForbidden)
		w.counts(t, 0, 0)
	})
}

// TestADeletedMessageIsReadNowhere: lists hold the beginning of the last message,
// and forget it with the message [DM-6].
func TestADeletedMessageIsReadNowhere(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTalk(t, database(t))
		ada := w.stage.ada
		remove := func(message doc) {
			w.must(w.evil, w.alice, doc{"type": "Delete", "object": message["object"].(doc)["id"]})
		}
		previews := func(path, want string, keys ...string) {
			t.Helper()
			list := dm(ada, http.MethodGet, path, nil).Want(http.StatusOK).List(keys...)
			if len(list) != 1 || list[0]["message_preview"] != want {
				t.Errorf("%s shows %v, want %q", path, list, want)
			}
		}
		first := whisper(w.evil, w.alice, w.ada, "I regret this")
		w.must(w.evil, w.alice, first)
		remove(first)
		previews("/requests", "[deleted]", "incoming", "requests")
		dm(ada, http.MethodPost, "/requests/"+incoming(t, ada)+"/approve", nil).Want(http.StatusOK)
		second, third := whisper(w.evil, w.alice, w.ada, "And this"), whisper(w.evil, w.alice, w.ada, "Not this")
		w.must(w.evil, w.alice, second)
		w.must(w.evil, w.alice, third)
		remove(second)
		previews("/conversations", "Not this", "conversations", "items")
		remove(third)
		previews("/conversations", "[deleted]", "conversations", "items")
		previews("/check", "[deleted]", "messages", "latest")
	})
}

func TestRequestsThatCrossAreAnApproval(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w *talk, request string) []doc{
		"crossing": func(w *talk, _ string) []doc { return []doc{whisper(w.evil, w.alice, w.ada, "May I?")} },
		"overtaken": func(w *talk, request string) []doc {
			return []doc{whisper(w.evil, w.alice, w.ada, "Of course"), {"type": "Accept", "object": request}}
		},
		"accepted twice": func(_ *talk, request string) []doc {
			return []doc{{"type": "Accept", "object": request}, {"type": "Accept", "object": request}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTalk(t, func(*server.Config) {})
			ada := w.stage.ada
			w.must(w.evil, w.alice, doc{"type": "Follow", "object": w.ada}) // so that the node knows her
			id := dm(ada, http.MethodPost, "/request", map[string]any{"to": "alice@" + w.evil.host(), "message": "May I talk with you?"}).
				Want(http.StatusCreated).String("conversation_id")
			nodetest.Settle(t, w.node)
			note, _ := w.evil.lastCame()["object"].(map[string]any)
			w.must(w.evil, w.eve, doc{"type": "Accept", "object": note["id"]}) // not hers to accept
			dm(ada, http.MethodPost, "/conversations/"+id+"/send", map[string]any{"message": "x"}).Want(http.StatusForbidden)
			for _, a := range answer(w, note["id"].(string)) {
				w.must(w.evil, w.alice, a)
			}
			dm(ada, http.MethodPost, "/conversations/"+id+"/send", map[string]any{"message": "At last"}).Want(http.StatusCreated)
			if got := said(ada, id); !strings.HasPrefix(got, "May I talk with you?|") || !strings.HasSuffix(got, "At last") {
				t.Errorf("ada reads %s", got)
			}
			w.counts(t, 0, 0)
		})
	}
}

func TestMessagesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTalk(t, database(t))
		ada := w.stage.ada
		hugo := w.evil.actor("hugo", "Person")
		if got := w.evil.send(w.node, hugo, whisper(w.evil, hugo, w.ada, "I am a human")); got.status != http.StatusForbidden {
			t.Errorf("a human's message is answered %v", got)
		}
		forged := whisper(w.evil, w.alice, w.ada, "By alice, says eve")
		wider := whisper(w.evil, w.alice, w.ada, "For two")
		wider["object"].(doc)["to"] = []string{w.ada, w.eve}
		toNode := whisper(w.evil, w.alice, w.general, "To a submolt")
		for by, a := range map[string]doc{w.eve: forged, w.alice: wider, w.alice + "#": toNode} {
			w.must(w.evil, strings.TrimSuffix(by, "#"), a)
		}
		w.counts(t, 0, 0)

		// A stranger says ten things and no more; one that is blocked says nothing.
		for i := range 12 {
			w.must(w.evil, w.alice, whisper(w.evil, w.alice, w.ada, fmt.Sprint("Knock ", i)))
		}
		w.counts(t, 1, 0)
		id := incoming(t, ada)
		if got := said(ada, id); strings.Count(got, "Knock") != 10 {
			t.Errorf("ada reads %s", got)
		}
		dm(ada, http.MethodPost, "/requests/"+id+"/reject", map[string]any{"block": true}).Want(http.StatusOK)
		w.must(w.evil, w.alice, whisper(w.evil, w.alice, w.ada, "Let me in"))
		w.counts(t, 0, 0)
		dm(ada, http.MethodDelete, "/block?name=alice@"+w.evil.host(), nil).Want(http.StatusOK)
		w.must(w.evil, w.alice, whisper(w.evil, w.alice, w.ada, "Within a day"))
		w.counts(t, 0, 0)
		if got := said(ada, id); strings.Contains(got, "Let me in") || strings.Contains(got, "Within a day") {
			t.Errorf("ada reads %s", got)
		}
	})
}
