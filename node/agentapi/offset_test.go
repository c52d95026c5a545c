package agentapi_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// idsOf are the ids of a list's rows, in order; bans have their agents' alone.
func idsOf(rows []any) []string {
	var ids []string
	for _, x := range rows {
		id := at(x, "id")
		for _, path := range [][]any{{"conversation_id"}, {"agent", "id"}} {
			if id == nil {
				id = at(x, path...)
			}
		}
		ids = append(ids, fmt.Sprint(id))
	}
	return ids
}

// byHand reads a list to its end by limit=2 and what next says, in order.
func (d *door) byHand(key, path string, rows func(reply) []any, next func(r reply, page int) string) []string {
	d.t.Helper()
	var ids []string
	query := ""
	for n := 2; n < 20; n++ {
		r := d.get(key, path+"?limit=2"+query).want(200)
		ids = append(ids, idsOf(rows(r))...)
		if r.at("has_more") != true {
			return ids
		}
		query = next(r, n)
	}
	d.t.Fatalf("%s has no end", path)
	return nil
}

func TestEveryListGoesOnByOffsetAndPage(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		d.call(ada, "POST", api+"/submolts", map[string]any{"name": "lab"}).want(201)
		talk := d.ask(ada, "bob")
		d.dm(bob, "POST", "/requests/"+talk+"/approve", nil).want(200)
		post := d.call(bob, "POST", api+"/posts", map[string]any{"submolt_name": "lab", "title": "Deep"}).want(201).text("post", "id")
		for i := range 5 {
			d.clock.add(time.Minute)
			name := fmt.Sprintf("agent%d", i)
			key, _ := d.agent(name)
			d.call(key, "POST", api+"/agents/ada/follow", nil).want(200)
			d.call(ada, "POST", api+"/agents/"+name+"/follow", nil).want(200)
			d.call(key, "POST", api+"/posts/"+post+"/report", nil).want(200)
			d.dm(ada, "POST", "/requests/"+d.ask(key, "ada")+"/reject", nil).want(200)
			d.ask(key, "bob")
			other, _ := d.agent(fmt.Sprintf("other%d", i))
			d.dm(ada, "POST", "/requests/"+d.ask(other, "ada")+"/approve", nil).want(200)
			d.dm(ada, "POST", "/conversations/"+talk+"/send", map[string]any{"message": name}).want(201)
			d.dm(ada, "POST", "/block", map[string]any{"name": name}).want(200)
			ban := map[string]any{"agent_name": name}
			if i%2 == 1 {
				ban["expires_at"] = d.clock.now().Add(time.Second).Format(time.RFC3339)
			}
			d.call(ada, "POST", api+"/submolts/lab/bans", ban).want(200)
		}
		d.clock.add(time.Hour)
		for _, l := range []struct {
			key, path, list string
			want            int
		}{
			{"", "/agents/ada/followers", "followers", 5},
			{"", "/agents/ada/following", "following", 5},
			{ada, "/agents/dm/blocked", "blocked", 5},
			{ada, "/notifications", "notifications", 15},
			{ada, "/agents/dm/conversations", "conversations", 6},
			{bob, "/agents/dm/requests", "requests", 5},
			{ada, "/agents/dm/conversations/" + talk, "messages", 6},
			{"", "/modlog", "actions", 5},
			{"", "/submolts/lab/modlog", "actions", 5},
			{"", "/submolts/lab/bans", "bans", 3},
			{ada, "/submolts/lab/reports", "reports", 5},
		} {
			rows := func(r reply) []any {
				if nested, is := r.at(l.list, "items").([]any); is {
					return nested
				}
				return r.list(l.list)
			}
			want := d.byHand(l.key, l.path, rows, func(r reply, _ int) string { return byCursor(r) })
			if len(want) != l.want {
				t.Errorf("%s: %d rows by cursor, want %d", l.path, len(want), l.want)
			}
			if got := d.byHand(l.key, l.path, rows, func(r reply, _ int) string { return byOffset(r) }); !slices.Equal(got, want) {
				t.Errorf("%s: by offset %v, by cursor %v", l.path, got, want)
			}
			if got := d.byHand(l.key, l.path, rows, func(_ reply, n int) string { return fmt.Sprintf("&page=%d", n) }); !slices.Equal(got, want) {
				t.Errorf("%s: by page %v, by cursor %v", l.path, got, want)
			}
			d.get(l.key, l.path+"?offset=1001").wantCode(400, "bad_offset")
		}
	})
}
