package server_test

import (
	"net/http"
	"testing"

	"instar.example/node/nodetest"
)

// TestHostileModeration: what is pinned in a submolt, and who moderates it,
// that submolt says and nobody else.
func TestHostileModeration(t *testing.T) {
	t.Parallel()
	add := func(object, collection string) doc { return doc{"type": "Add", "object": object, "target": collection} }
	block := func(w *town, target string) doc {
		return doc{"type": "Block", "object": w.node.URL() + "/u/ada", "target": target, "removeData": true}
	}
	passed := func(w *town, inner doc) answer {
		return w.evil.send(w.node, w.trap, doc{"type": "Announce", "object": w.evil.complete(w.eve, inner)})
	}
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTown(t, database(t))
		attacks := []attack{
			{"a pin by a stranger", taken(), func(w *town) answer { return w.evil.send(w.node, w.eve, add(w.adas, w.general+"/featured")) }},
			{"a pin by a foreign Group", taken(), func(w *town) answer { return w.evil.send(w.node, w.trap, add(w.adas, w.general+"/featured")) }},
			{"a pin that another Group passes on", taken(), func(w *town) answer { return passed(w, add(w.adas, w.general+"/featured")) }},
			{"a pin in another Group", taken(), func(w *town) answer { return passed(w, add(w.alices, w.club+"/featured")) }},
			{"a pin of what stands elsewhere", taken(), func(w *town) answer { return passed(w, add(w.adas, w.trap+"/featured")) }},
			{"an appointment by a stranger", taken(), func(w *town) answer { return w.evil.send(w.node, w.eve, add(w.eve, w.general+"/moderators")) }},
			{"an appointment in another Group", taken(), func(w *town) answer { return passed(w, add(w.eve, w.club+"/moderators")) }},
			{"a pin by a person", refused(403, "agents_only"), func(w *town) answer {
				return w.evil.send(w.node, w.evil.actor("pam", "Person"), add(w.adas, w.general+"/featured"))
			}},
			{"a lock by a stranger", taken(), func(w *town) answer { return w.evil.send(w.node, w.eve, doc{"type": "Lock", "object": w.adas}) }},
			{"a lock by a foreign Group", taken(), func(w *town) answer { return w.evil.send(w.node, w.trap, doc{"type": "Lock", "object": w.adas}) }},
			{"a lock that another Group passes on", taken(), func(w *town) answer { return passed(w, doc{"type": "Lock", "object": w.alices}) }},
			{"a ban by a stranger", taken(), func(w *town) answer { return w.evil.send(w.node, w.eve, block(w, w.general)) }},
			{"a ban that another Group passes on", taken(), func(w *town) answer { return passed(w, block(w, w.general)) }},
			{"a ban from another node's Group", taken(), func(w *town) answer { return passed(w, block(w, w.club)) }},
			{"the end of a removal by a stranger", taken(), func(w *town) answer {
				return w.evil.send(w.node, w.eve, doc{"type": "Undo", "object": w.evil.complete(w.eve, doc{"type": "Delete", "object": w.adas})})
			}},
			{"the undoing of what another did", taken(), func(w *town) answer {
				return w.evil.send(w.node, w.eve, doc{"type": "Undo", "object": doc{"id": w.evil.fresh("lock"), "type": "Lock", "actor": w.trap, "object": w.adas}})
			}},
			{"a removal by a stranger", taken(), func(w *town) answer {
				return w.evil.send(w.node, w.eve, doc{"type": "Delete", "object": w.adas, "summary": "off topic"})
			}},
			{"a removal that another Group passes on", taken(), func(w *town) answer {
				return passed(w, doc{"type": "Delete", "object": w.adas, "summary": "off topic"})
			}},
			{"no target", taken(), func(w *town) answer { return w.evil.send(w.node, w.eve, doc{"type": "Remove", "object": w.adas}) }},
			{"a report of everything", taken(), func(w *town) answer {
				pete := w.evil.actor("pete", "Person")
				return w.evil.send(w.node, pete, doc{"type": "Flag", "object": []string{w.adas, w.alices, w.comment, w.node.URL() + "/u/ada", "x"}, "content": "<b>bad</b>"})
			}},
		}
		for _, a := range attacks {
			t.Run(a.name, func(t *testing.T) { //nolint:paralleltest // one town for all
				w.holds(t, a.want, func() answer { return a.do(w) }, a.keeps([]string{"received", "a report of everything: actors", "a report of everything: reports"})...)
			})
		}
		for _, name := range []string{"general", "club@" + w.home.host(), "trap@" + w.evil.host()} {
			if ms := w.ada.Do(http.MethodGet, "/submolts/"+name+"/moderators", nil).Want(http.StatusOK).List("moderators"); len(ms) != 0 {
				t.Errorf("moderators of %s: %v", name, ms)
			}
		}
		// What the Group says of itself is taken.
		w.must(w.evil, w.trap, doc{"type": "Announce", "object": w.evil.complete(w.eve, add(w.eve, w.trap+"/moderators"))})
		if ms := w.ada.Do(http.MethodGet, "/submolts/trap@"+w.evil.host()+"/moderators", nil).List("moderators"); len(ms) != 1 {
			t.Errorf("moderators of the trap: %v", ms)
		}
	})
}

// TestHostileWords: a Group may do with its own what it likes, and have it be said by
// no agent of ours who did not.
func TestHostileWords(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTown(t, database(t))
		ada, there := w.node.URL()+"/u/ada", w.evil.URL+"/post/there"
		w.must(w.evil, w.trap, doc{"type": "Announce", "object": w.evil.complete(w.eve, create(page(there, w.eve, w.trap, "In the trap")))})
		asked := w.evil.received("Follow", w.trap)
		for i, inner := range []doc{
			{"type": "Lock", "id": w.node.URL() + "/activity/forged", "object": there, "summary": "I lock what I like"},
			{"type": "Block", "id": asked, "object": w.eve, "target": w.trap, "summary": "I ban whom I like"},
			{"type": "Delete", "id": w.evil.URL + "/activity/forged", "object": there, "summary": "I remove what I like"},
		} {
			inner["actor"] = ada
			w.must(w.evil, w.trap, doc{"type": "Announce", "object": w.evil.complete(ada, inner)})
			acts := w.node.Call("", http.MethodGet, "/api/v1/modlog", nil).Want(http.StatusOK).List("actions")
			if len(acts) != i+1 {
				t.Fatalf("%v: the log has %v", inner["type"], acts)
			}
			if by, _ := acts[0]["moderator"].(map[string]any); by["name"] != "trap@"+w.evil.host() {
				t.Errorf("%v was done by %v", inner["type"], acts[0])
			}
		}
	})
}
