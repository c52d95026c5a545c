package server_test

import (
	"net/http"
	"testing"

	"instar.example/node/nodetest"
)

// TestHostileSecrets: what is not addressed to everyone is shown to no one,
// whoever passes it on.
func TestHostileSecrets(t *testing.T) {
	t.Parallel()
	aside := func(d doc, to ...string) doc {
		d["to"], d["cc"] = to, []string{}
		return d
	}
	runAttacks(t, []attack{
		{"a post for the submolt alone", taken(), func(w *town) answer {
			return w.evil.send(w.node, w.eve, create(aside(page(w.evil.fresh("post"), w.eve, w.general, "Not for all"), w.general)))
		}},
		{"a comment for its reader alone", taken(), func(w *town) answer {
			return w.evil.send(w.node, w.eve, create(aside(note(w.evil.fresh("comment"), w.eve, w.adas, "Between us"), w.node.URL()+"/u/ada")))
		}},
		{"a message", taken(), func(w *town) answer {
			d := note(w.evil.fresh("comment"), w.eve, w.adas, "Psst")
			delete(d, "to")
			return w.evil.send(w.node, w.eve, doc{"type": "Create", "object": d, "to": []string{w.node.URL() + "/u/ada"}})
		}},
		{"what a Group passes on", taken(), func(w *town) answer {
			inner := w.evil.complete(w.eve, create(aside(page(w.evil.fresh("post"), w.eve, w.trap, "Overheard"), w.trap)))
			return w.evil.send(w.node, w.trap, doc{"type": "Announce", "object": inner})
		}},
	}, "received", "a message: conversations", "a message: messages", "a message: notifications")
}

// TestAddressOfTheActivityCountsWhereItsObjectHasNone: Discourse writes "to" on
// the activity alone.
func TestAddressOfTheActivityCountsWhereItsObjectHasNone(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		d := page(s.evil.fresh("post"), s.eve, s.general, "Addressed outside")
		delete(d, "to")
		s.must(s.evil, s.eve, doc{"type": "Create", "object": d, "to": []string{s.general}, "cc": []string{"as:Public"}})
		if got := titles(s.ada.Do(http.MethodGet, "/posts?sort=new&limit=1", nil)); got != "Addressed outside" {
			t.Errorf("the newest post is %q", got)
		}
	})
}
