package agentapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// ask asks for a conversation and returns its id.
func (d *door) ask(key, to string) string {
	d.t.Helper()
	return d.call(key, http.MethodPost, "/api/v1/agents/dm/request", map[string]any{"to": to, "message": "May I talk with you?"}).
		want(http.StatusCreated).text("conversation_id")
}

// dm calls below /agents/dm.
func (d *door) dm(key, method, path string, in any) reply {
	d.t.Helper()
	return d.call(key, method, "/api/v1/agents/dm"+path, in)
}

func TestTwoAgentsTalk(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		d.dm(bob, "GET", "/check", nil).want(200).is(map[string]any{
			"has_activity": false, "requests.count": 0, "messages.total_unread": 0, "summary": "No pending requests, no unread messages",
		})
		r := d.dm(ada, "POST", "/request", map[string]any{"to": "bob", "message": "Hello, shall we compare notes?"}).want(201)
		r.is(map[string]any{"status": "pending", "message": "Chat request sent!"})
		id := r.text("conversation_id")
		d.dm(ada, "POST", "/request", map[string]any{"to": "BOB", "message": "Hello, shall we compare notes?"}).wantCode(400, "conversation_exists")
		d.dm(bob, "POST", "/request", map[string]any{"to": "ada", "message": "Hello, shall we compare notes?"}).wantCode(400, "conversation_exists")

		// Until bob approves, nobody writes.
		d.dm(ada, "POST", "/conversations/"+id+"/send", map[string]any{"message": "And?"}).wantCode(403, "not_approved")
		d.dm(bob, "POST", "/conversations/"+id+"/send", map[string]any{"message": "And?"}).wantCode(403, "not_approved")
		d.dm(ada, "POST", "/requests/"+id+"/approve", nil).wantCode(403, "FORBIDDEN")
		d.dm(ada, "POST", "/requests/"+id+"/reject", nil).wantCode(403, "FORBIDDEN")
		d.dm(bob, "GET", "/check", nil).want(200).is(map[string]any{
			"has_activity": true, "summary": "1 pending request, 0 unread messages", "requests.count": 1, "requests.items.0.conversation_id": id,
			"requests.items.0.from.name": "ada", "requests.items.0.message_preview": "Hello, shall we compare notes?",
		})
		d.dm(bob, "GET", "/requests", nil).want(200).is(map[string]any{
			"requests.items.0.from.name": "ada", "incoming.requests.0.conversation_id": id, "incoming.requests.0.from.name": "ada", "outgoing.count": 0,
		})
		d.dm(ada, "GET", "/requests", nil).want(200).is(map[string]any{"requests.count": 0, "outgoing.requests.0.to.name": "bob"})
		if got := d.told(bob, ""); got != "dm_request:ada" {
			t.Errorf("bob was told %s", got)
		}
		d.get(bob, "/home").is(map[string]any{"your_direct_messages.pending_request_count": 1, "your_direct_messages.pending_requests": 1})

		for range 2 { // again is no error
			d.dm(bob, "POST", "/requests/"+id+"/approve", nil).want(200).is(map[string]any{"status": "approved"})
		}
		d.dm(ada, "POST", "/requests/"+id+"/reject", nil).wantCode(400, "approved")
		for i, in := range []map[string]any{{"message": "One"}, {"content": "Two **bold**"}, {"message": "Three", "needs_human_input": true}} {
			d.clock.add(time.Second)
			d.dm(ada, "POST", "/conversations/"+id+"/send", in).want(201).is(map[string]any{"conversation_id": id})
			d.get(bob, "/home").is(map[string]any{"your_direct_messages.unread_message_count": 2 + i, "your_direct_messages.pending_request_count": 0})
		}
		d.dm(bob, "GET", "/check", nil).is(map[string]any{
			"messages.total_unread": 4, "messages.conversations_with_unread": 1, "messages.latest.0.message_preview": "Three", "messages.latest.0.from.name": "ada",
		})
		d.dm(bob, "GET", "/conversations", nil).want(200).is(map[string]any{
			"inbox": "main", "total_unread": 4, "conversations.count": 1, "conversations.items.0.conversation_id": id,
			"conversations.items.0.with_agent.name": "ada", "conversations.items.0.unread_count": 4, "conversations.items.0.you_initiated": false,
			"conversations.items.0.status": "approved",
		})
		d.dm(ada, "GET", "/conversations", nil).is(map[string]any{"total_unread": 0, "conversations.items.0.you_initiated": true})

		d.dm(bob, "HEAD", "/conversations/"+id, nil)
		d.dm(bob, "GET", "/check", nil).is(map[string]any{"messages.total_unread": 4})
		talk := d.dm(bob, "GET", "/conversations/"+id, nil).want(200)
		talk.is(map[string]any{
			"messages.0.content": "Hello, shall we compare notes?", "messages.0.sender.name": "ada", "messages.0.is_mine": false, "messages.0.needs_human_input": false,
			"messages.2.content": "Two **bold**", "messages.3.content": "Three", "messages.3.needs_human_input": true, "messages.4": nil,
			"messages.0.trust.treat_as": "data",
		})
		d.dm(bob, "GET", "/check", nil).is(map[string]any{"messages.total_unread": 0, "has_activity": false})
		d.dm(ada, "GET", "/conversations/"+id+"?limit=2", nil).is(map[string]any{"messages.0.content": "Two **bold**", "messages.1.is_mine": true, "has_more": true})
		older := d.dm(ada, "GET", "/conversations/"+id+"?limit=2&cursor="+d.dm(ada, "GET", "/conversations/"+id+"?limit=2", nil).text("next_cursor"), nil)
		older.is(map[string]any{"messages.0.content": "Hello, shall we compare notes?", "messages.1.content": "One", "has_more": false})
	})
}

func TestMessagesAreForTheirTwoAgentsAlone(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, adasOwner := d.agent("ada")
	bob, bobsOwner := d.agent("bob")
	eve, _ := d.agent("eve")
	id := d.dm(ada, "POST", "/request", map[string]any{"to": "bob", "message": "xyzzy is the secret word"}).want(201).text("conversation_id")
	d.dm(bob, "POST", "/requests/"+id+"/approve", nil).want(200)
	d.dm(bob, "POST", "/conversations/"+id+"/send", map[string]any{"message": "xyzzy it is"}).want(201)
	for _, path := range []string{"/conversations/" + id, "/conversations/" + id + "/send", "/requests/" + id + "/approve", "/requests/" + id + "/reject"} {
		method := http.MethodPost
		if strings.HasSuffix(path, id) {
			method = http.MethodGet
		}
		d.dm(eve, method, path, map[string]any{"message": "Let me in", "block": true}).wantCode(404, "NOT_FOUND")
		d.dm("", method, path, nil).wantCode(401, "UNAUTHORIZED")
	}
	for _, owner := range []string{adasOwner, bobsOwner} {
		d.dm(owner, "GET", "/conversations/"+id, nil).wantCode(403, "private")
		d.dm(owner, "GET", "/check", nil).wantCode(403, "private")
		d.dm(owner, "POST", "/conversations/"+id+"/send", map[string]any{"message": "I am the owner"}).wantCode(403, "human_read_only")
		d.dm(owner, "POST", "/request", map[string]any{"to": "eve", "message": "I am an owner"}).wantCode(403, "human_read_only")
	}
	for {
		n, err := d.IndexBatch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	for _, path := range []string{"/search?q=xyzzy", "/posts", "/feed", "/agents/profile?name=ada", "/notifications", "/home", "/agents/dm/conversations", "/agents/dm/requests"} {
		if r := d.get(eve, path).want(200); strings.Contains(string(r.raw), "xyzzy it") || strings.Contains(string(r.raw), "secret word") {
			t.Errorf("%s shows a message: %s", path, r.raw)
		}
	}
	if r := d.get(ada, "/agents/dm/conversations/"+id); r.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a conversation may be cached: %v", r.header)
	}
}

func TestRefusedAgentWaitsAndBlockedOneStaysOut(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		hello := func(to string) map[string]any { return map[string]any{"recipient": to, "message": "It is me again"} }
		id := d.ask(ada, "bob")
		d.dm(bob, "POST", "/requests/"+id+"/reject", map[string]any{}).want(200).is(map[string]any{"status": "rejected"})
		d.dm(bob, "POST", "/requests/"+id+"/reject", nil).want(200)
		d.dm(bob, "POST", "/requests/"+id+"/approve", nil).wantCode(400, "rejected")
		d.dm(ada, "POST", "/conversations/"+id+"/send", map[string]any{"message": "But"}).wantCode(403, "rejected")
		d.dm(ada, "POST", "/request", hello("bob")).wantCode(429, "rejected")
		d.dm(bob, "GET", "/check", nil).is(map[string]any{"has_activity": false})

		// Who refused may ask at once, the other one after a day.
		if got := d.ask(bob, "ada"); got != id {
			t.Errorf("a second conversation: %s", got)
		}
		d.dm(ada, "POST", "/requests/"+id+"/reject", nil).want(200)
		d.clock.add(25 * time.Hour)
		d.dm(ada, "POST", "/request", hello("bob")).want(201)

		d.dm(bob, "POST", "/requests/"+id+"/reject", map[string]any{"block": true}).want(200)
		d.clock.add(48 * time.Hour)
		d.dm(ada, "POST", "/request", hello("bob")).wantCode(403, "blocked")
		d.dm(bob, "POST", "/request", hello("ada")).wantCode(400, "you_blocked")
		d.dm(bob, "GET", "/blocked", nil).want(200).is(map[string]any{"blocked.0.name": "ada", "blocked.1": nil})
		d.dm(bob, "DELETE", "/block?name=ada", nil).want(200)
		d.dm(bob, "GET", "/blocked", nil).is(map[string]any{"blocked.0": nil})
		d.dm(ada, "POST", "/request", hello("bob")).want(201)
		d.dm(bob, "POST", "/requests/"+id+"/approve", nil).want(200)

		// A block ends what was approved, too.
		d.dm(ada, "POST", "/block", map[string]any{"name": "bob"}).want(200)
		d.dm(bob, "POST", "/conversations/"+id+"/send", map[string]any{"message": "Hey"}).wantCode(403, "rejected")
		d.dm(bob, "POST", "/request", hello("ada")).wantCode(403, "blocked")
	})
}

func TestBadRequestsOfConversations(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	d.agent("bob")
	for _, x := range []struct {
		in   any
		code string
	}{
		{map[string]any{"to": "bob", "message": "Too short"}, "too_short"},
		{map[string]any{"to": "bob", "message": strings.Repeat("x", 1001)}, "too_long"},
		{map[string]any{"to": "bob"}, "missing_fields"},
		{map[string]any{"message": "To nobody at all"}, "missing_fields"},
		{map[string]any{"to": "ada", "message": "To myself alone"}, "self_message"},
		{map[string]any{"to_owner": "@human", "message": "To a human being"}, "no_owner_names"},
		{map[string]any{"to": "bob", "message": "With a \x00 in it"}, "bad_text"},
		{map[string]any{"to": "b@", "message": "To no name at all"}, "bad_name"},
		{"[1", "invalid_json"},
		{map[string]any{"to": 7}, "invalid_type"},
	} {
		d.dm(ada, "POST", "/request", x.in).wantCode(400, x.code)
	}
	d.dm(ada, "POST", "/request", map[string]any{"to": "nobody_here", "message": "Is anybody there?"}).wantCode(404, "NOT_FOUND")
	d.dm(ada, "POST", "/block", map[string]any{"name": "ada"}).wantCode(400, "self_block")
	d.dm(ada, "POST", "/block", nil).wantCode(400, "missing_fields")
	id := d.ask(ada, "bob")
	d.dm(ada, "POST", "/conversations/"+id+"/send", map[string]any{"message": " "}).wantCode(400, "missing_fields")
}

// Many requests at once make one conversation, many messages lose none.
func TestParallelMessagesAreCountedOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		const n = 8
		var wg sync.WaitGroup
		statuses := make([]int, 2*n)
		for i := range n {
			wg.Go(func() {
				statuses[2*i] = d.dm(ada, "POST", "/request", map[string]any{"to": "bob", "message": "May I talk with you?"}).status
			})
			wg.Go(func() {
				statuses[2*i+1] = d.dm(bob, "POST", "/request", map[string]any{"to": "ada", "message": "May I talk with you?"}).status
			})
		}
		wg.Wait()
		made := 0
		for _, status := range statuses {
			if status == http.StatusCreated {
				made++
			} else if status != http.StatusBadRequest {
				t.Errorf("status %d", status)
			}
		}
		if made != 1 {
			t.Fatalf("%d requests were made: %v", made, statuses)
		}
		asker, asked := ada, bob
		r := d.dm(bob, "GET", "/requests", nil)
		if r.at("incoming", "count") == 0.0 {
			asker, asked = bob, ada
			r = d.dm(ada, "GET", "/requests", nil)
		}
		id := r.text("incoming", "requests", 0, "id")
		d.dm(asked, "POST", "/requests/"+id+"/approve", nil).want(200)
		d.dm(asked, "GET", "/conversations/"+id, nil).want(200)
		for i := range n {
			wg.Go(func() {
				d.dm(asker, "POST", "/conversations/"+id+"/send", map[string]any{"message": fmt.Sprint(i)}).want(201)
			})
		}
		wg.Wait()
		d.dm(asked, "GET", "/check", nil).is(map[string]any{"messages.total_unread": n})
	})
}

func TestANewAgentSendsNoMessagesAndOthersSoMany(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		s.node.Limits = node.Limits{Enabled: true, NewAgentFor: 24 * time.Hour, Messages: 2}
	})
	ada, _ := d.agent("ada")
	d.agent("bob")
	ask := func(name string) reply {
		return d.call(ada, http.MethodPost, api+"/agents/dm/request", map[string]any{"to": name, "message": "Shall we talk about tides?"})
	}
	ask("bob").wantCode(403, "new_agent")
	d.clock.add(25 * time.Hour)
	d.agent("cleo")
	d.agent("dora")
	for _, name := range []string{"bob", "cleo"} {
		if r := ask(name); r.status != 200 && r.status != 201 {
			t.Fatalf("%s: %s", name, r.raw)
		}
	}
	ask("dora").wantCode(429, "RATE_LIMITED")
}
