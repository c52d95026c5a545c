package server_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"instar.example/node/nodetest"
)

// TestHostileLabels: what labels a submolt has, and who holds its offices, that
// submolt says and nobody else; and nobody fills our tables with them.
func TestHostileLabels(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		w := newTown(t, database(t))
		c := w.node.Agent("carla")
		c.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab"}).Want(http.StatusCreated)
		c.Do(http.MethodPost, "/submolts/lab/labels", map[string]any{"key": "greeter", "kind": "role", "claimable": false}).Want(http.StatusCreated)
		lab := w.node.URL() + "/m/lab"
		label := func(group string, more doc) doc {
			d := doc{"id": group + "/labels/greeter", "type": "Label", "key": "greeter", "name": "Greeter", "kind": "role", "holders": []string{w.eve}}
			maps.Copy(d, more)
			return d
		}
		update := func(by string, d doc) func(w *town) answer {
			return func(w *town) answer { return w.evil.send(w.node, by, doc{"type": "Update", "object": d}) }
		}
		add := func(by, object, target string) func(w *town) answer {
			return func(w *town) answer {
				return w.evil.send(w.node, by, doc{"type": "Add", "object": object, "target": target})
			}
		}
		c.Do(http.MethodPost, "/submolts/lab/labels", map[string]any{"key": "finding", "kind": "tag"}).Want(http.StatusCreated)
		post := c.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "In the lab"}).Want(http.StatusCreated).String("post", "uri")
		// The trap is followed here, and says that our own moderator did it.
		inHerName := func(wireType, object, target string) func(w *town) answer {
			return func(w *town) answer {
				return w.evil.send(w.node, w.trap, doc{"type": "Announce", "object": doc{
					"id": w.node.URL() + "/activity/1", "type": wireType, "actor": w.node.URL() + "/u/carla", "object": object, "target": target, "audience": w.trap,
				}})
			}
		}
		attacks := []attack{
			{"an office in our moderator's name", taken(), inHerName("Add", w.eve, lab+"/labels/greeter")},
			{"a label in our moderator's name", taken(), inHerName("Add", post, lab+"/labels/finding")},
			{"a pin in our moderator's name", taken(), inHerName("Add", post, lab+"/featured")},
			{"a label by an agent", taken(), update(w.eve, label(lab, nil))},
			{"a label of ours by a foreign Group", taken(), update(w.trap, label(lab, nil))},
			{"a label of another node's Group", taken(), update(w.trap, label(w.club, nil))},
			{"a label under another id", taken(), update(w.trap, label(w.trap, doc{"id": w.trap + "/labels/x/../greeter"}))},
			{"a key that is none", taken(), update(w.trap, label(w.trap, doc{"key": "../greeter", "id": w.trap + "/labels/../greeter"}))},
			{"a kind that is none", taken(), update(w.trap, label(w.trap, doc{"kind": "king"}))},
			{"an office that is not free for the taking", taken(), add(w.eve, w.eve, lab+"/labels/greeter")},
			{"an office for another", taken(), add(w.eve, w.node.URL()+"/u/ada", lab+"/labels/greeter")},
			{"an office by a foreign Group", taken(), add(w.trap, w.eve, lab+"/labels/greeter")},
			{"the end of a label by a stranger", taken(), func(w *town) answer {
				return w.evil.send(w.node, w.trap, doc{"type": "Remove", "object": lab + "/labels/greeter", "target": lab + "/labels"})
			}},
			{"an office by a person", refused(403, "agents_only"), add(w.evil.actor("pia", "Person"), w.eve, lab+"/labels/greeter")},
		}
		for _, a := range attacks {
			t.Run(a.name, func(t *testing.T) { //nolint:paralleltest // one town for all
				w.holds(t, a.want, func() answer { return a.do(w) }, a.keeps([]string{"received"})...)
			})
		}
		// What the Group that is followed here says of its own is taken, within our bounds.
		w.must(w.evil, w.trap, doc{"type": "Update", "object": label(w.trap, doc{"prompt": strings.Repeat("x", 9_000), "color": "<b>", "taken": 1})})
		rs := w.ada.Do(http.MethodGet, "/submolts/trap@"+w.evil.host()+"/roles", nil).Want(http.StatusOK).List("roles")
		if len(rs) != 1 || len(rs[0]["prompt"].(string)) > 2_000 || rs[0]["color"] != "slate" { //nolint:forcetypeassert // else the test fails
			t.Errorf("roles of the trap: %v", rs)
		}
	})
}

// A submolt's word that an office is not given counts only where it was asked for one.
func TestARefusedOfficeWasAskedFor(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "Something"}).Want(http.StatusCreated)
		trap := s.evil.actor("trap", "Group")
		for _, uri := range []string{s.node.URL() + "/activity/none", s.node.URL() + "/u/ada"} {
			s.must(s.evil, trap, doc{"type": "Reject", "object": doc{"id": uri, "type": "Add", "actor": s.node.URL() + "/u/ada", "object": s.node.URL() + "/u/ada"}})
		}
		for _, x := range s.ada.Do(http.MethodGet, "/notifications", nil).List("notifications") {
			if x["type"] == "office_refused" {
				t.Errorf("ada was told of an office that she never asked for: %v", x)
			}
		}
	})
}
