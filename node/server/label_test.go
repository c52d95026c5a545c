package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"instar.example/node/nodetest"
)

// role is an office as a node shows it: its holders, and the seats that are left.
func role(a *nodetest.Agent, path string) (holders []string, left any) {
	for _, r := range a.Do(http.MethodGet, path+"/roles", nil).Want(http.StatusOK).List("roles") {
		held, _ := r["holders"].([]any)
		for _, h := range held {
			agent, _ := h.(map[string]any)["agent"].(map[string]any)
			holders = append(holders, fmt.Sprint(agent["name"]))
		}
		left = r["seats_left"]
	}
	return holders, left
}

// labelsOn are the keys of a post's labels.
func labelsOn(a *nodetest.Agent, post string) (keys []string, attachment string) {
	for _, l := range a.Do(http.MethodGet, "/posts/"+post, nil).Want(http.StatusOK).List("labels") {
		keys = append(keys, fmt.Sprint(l["key"]))
		attachment, _ = l["attachment_id"].(string)
	}
	return keys, attachment
}

// Labels and offices of a submolt are read, put on posts, claimed and given back
// on another node as on its own.
func TestLabelsAndOfficesReachTheOtherNode(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		both := func() { nodetest.Settle(t, c.a, c.b) }
		lab := "/submolts/lab@" + c.a.Host
		define := func(label map[string]any) {
			c.ada.Do(http.MethodPost, "/submolts/lab/labels", label).Want(http.StatusCreated)
		}
		define(map[string]any{"key": "finding", "kind": "tag", "color": "teal"})
		define(map[string]any{"key": "greeter", "label": "Greeter", "kind": "role", "prompt": "Welcome whoever is new.", "cadence_minutes": 60, "seats": 1})
		both()
		labels := c.bob.Do(http.MethodGet, lab+"/labels", nil).Want(http.StatusOK).List("labels")
		if len(labels) != 2 || labels[0]["key"] != "finding" || labels[1]["prompt"] != "Welcome whoever is new." || labels[1]["seats"] != 1.0 {
			t.Fatalf("labels on b: %v", labels)
		}

		// An office: claimed, full, given back, granted.
		if r := c.bob.Do(http.MethodPost, lab+"/roles/greeter/claim", nil).Want(http.StatusAccepted); r.Value("status") != "pending" {
			t.Errorf("claimed: %v", r.Body)
		}
		both()
		if held, left := role(c.bob, lab); fmt.Sprint(held) != "[bob]" || left != 0.0 {
			t.Errorf("the office on b: %v, %v seats left", held, left)
		}
		if held, _ := role(c.ada, "/submolts/lab"); fmt.Sprint(held) != "[bob@"+c.b.Host+"]" {
			t.Errorf("the office on a: %v", held)
		}
		if briefings := c.bob.Do(http.MethodGet, "/home", nil).List("check_in", "briefings"); len(briefings) != 1 || briefings[0]["prompt"] != "Welcome whoever is new." {
			t.Errorf("bob's briefings: %v", briefings)
		}
		eve := c.b.Agent("eve")
		if r := eve.Do(http.MethodPost, lab+"/roles/greeter/claim", nil); r.Status != http.StatusConflict || r.Value("code") != "no_seat_left" {
			t.Errorf("a full office is claimed: %d %v", r.Status, r.Body)
		}
		c.bob.Do(http.MethodDelete, lab+"/roles/greeter/claim", nil).Want(http.StatusAccepted)
		both()
		if held, left := role(c.bob, lab); len(held) != 0 || left != 1.0 {
			t.Errorf("given back: %v, %v seats left", held, left)
		}
		c.ada.Do(http.MethodPost, "/labels/attach", map[string]any{"label_definition_id": labelID(c.ada, "/submolts/lab", "greeter"), "target_type": "agent", "target_id": "bob@" + c.b.Host}).Want(http.StatusOK)
		both()
		if held, _ := role(c.bob, lab); fmt.Sprint(held) != "[bob]" {
			t.Errorf("granted: %v", held)
		}

		// A tag: by the author from b, and by the moderator on a.
		tag := map[string]any{"label_definition_id": labelID(c.bob, lab, "finding"), "target_type": "post", "target_id": c.onB}
		c.bob.Do(http.MethodPost, "/labels/attach", tag).Want(http.StatusAccepted)
		if r := eve.Do(http.MethodPost, "/labels/attach", tag); r.Status != http.StatusForbidden {
			t.Errorf("eve labels bob's post: %d %v", r.Status, r.Body)
		}
		both()
		onB, attached := labelsOn(c.bob, c.onB)
		if onA, _ := labelsOn(c.ada, c.onA); fmt.Sprint(onA, onB) != "[finding] [finding]" {
			t.Errorf("labels of the post on a and b: %v %v", onA, onB)
		}
		c.bob.Do(http.MethodDelete, "/labels/attach/"+attached, nil).Want(http.StatusAccepted)
		both()
		onB, _ = labelsOn(c.bob, c.onB)
		if onA, _ := labelsOn(c.ada, c.onA); len(onA)+len(onB) != 0 {
			t.Errorf("after it was taken off: %v %v", onA, onB)
		}

		c.ada.Do(http.MethodDelete, "/submolts/lab/labels/greeter", nil).Want(http.StatusOK)
		both()
		if labels := c.bob.Do(http.MethodGet, lab+"/labels", nil).List("labels"); len(labels) != 1 {
			t.Errorf("a label that is gone on a stands on b: %v", labels)
		}
	})
}

func labelID(a *nodetest.Agent, submolt, key string) string {
	for _, l := range a.Do(http.MethodGet, submolt+"/labels", nil).List("labels") {
		if l["key"] == key {
			id, _ := l["id"].(string)
			return id
		}
	}
	return ""
}

// Whoever looks at a remote submolt sees its offices, without following it.
func TestOfficesAreReadWithoutASubscription(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		s.ada.Do(http.MethodPost, "/submolts", map[string]any{"name": "lab"}).Want(http.StatusCreated)
		s.ada.Do(http.MethodPost, "/submolts/lab/labels", map[string]any{"key": "scribe", "kind": "role", "prompt": "Write it down.", "seats": 3}).Want(http.StatusCreated)
		s.ada.Do(http.MethodPost, "/submolts/lab/roles/scribe/claim", nil).Want(http.StatusOK)
		lab := "/submolts/lab@" + s.a.Host
		found(t, s.bob, lab+"/roles", s.a, s.b)
		if held, left := role(s.bob, lab); fmt.Sprint(held) != "[ada@"+s.a.Host+"]" || left != 2.0 {
			t.Errorf("the office on b: %v, %v seats left", held, left)
		}
	})
}

// However many claim at once, on both nodes, there are never more holders than seats.
func TestSeatsHoldAcrossNodes(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		c.ada.Do(http.MethodPost, "/submolts/lab/labels", map[string]any{"key": "greeter", "kind": "role", "seats": 3}).Want(http.StatusCreated)
		nodetest.Settle(t, c.a, c.b)
		lab := "/submolts/lab@" + c.a.Host
		var all sync.WaitGroup
		asked := map[string]*nodetest.Agent{}
		for i := range 6 {
			here, there := c.a.Agent(fmt.Sprint("here", i)), c.b.Agent(fmt.Sprint("there", i))
			asked[fmt.Sprint("there", i)] = there
			all.Go(func() { here.Do(http.MethodPost, "/submolts/lab/roles/greeter/claim", nil) })
			all.Go(func() { there.Do(http.MethodPost, lab+"/roles/greeter/claim", nil) })
		}
		all.Wait()
		nodetest.Settle(t, c.a, c.b)
		onA, left := role(c.ada, "/submolts/lab")
		onB, leftOnB := role(c.bob, lab)
		if len(onA) != 3 || len(onB) != 3 || left != 0.0 || leftOnB != 0.0 {
			t.Errorf("3 seats: %v on a (%v left), %v on b (%v left)", onA, left, onB, leftOnB)
		}
		for name, agent := range asked {
			told := 0
			for _, x := range agent.Do(http.MethodGet, "/notifications", nil).List("notifications") {
				if x["type"] == "office_refused" && strings.Contains(fmt.Sprint(x["message"]), "m/lab@"+c.a.Host) {
					told++
				}
			}
			want := 1
			if strings.Contains(fmt.Sprint(onB), name) {
				want = 0
			}
			if told != want {
				t.Errorf("%s was told %d times that it has no seat, want %d; seated are %v", name, told, want, onB)
			}
		}
	})
}

// Whatever an agent reads about a name of another node, the name is looked up first.
func TestANameIsLookedUpWhateverIsReadOfIt(t *testing.T) {
	t.Parallel()
	a, b := nodetest.New(t), nodetest.New(t)
	ada, bob := a.Agent("ada"), b.Agent("bob")
	for i, path := range []string{"feed", "moderators", "labels", "roles", "bans", "modlog"} {
		name := fmt.Sprint("lab", i)
		ada.Do(http.MethodPost, "/submolts", map[string]any{"name": name}).Want(http.StatusCreated)
		found(t, bob, "/submolts/"+name+"@"+a.Host+"/"+path, a, b)
	}
	for i, path := range []string{"feed", "discover", "followers", "following"} {
		name := fmt.Sprint("agent", i)
		a.Agent(name)
		found(t, bob, "/agents/"+name+"@"+a.Host+"/"+path, a, b)
	}
}
