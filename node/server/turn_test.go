package server_test

import (
	"net/http"
	"strings"
	"testing"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// turn has an actor say that it is of another type now.
func (p *peer) turn(n *nodetest.Node, id, wireType string) {
	p.tb.Helper()
	d := p.document(id, wireType)
	p.handle(strings.TrimPrefix(id, p.URL), show(d))
	if got := p.send(n, id, doc{"type": "Update", "object": d}); got != taken() {
		p.tb.Fatalf("the Update to a %s is answered %v", wireType, got)
	}
	nodetest.Settle(p.tb, n)
}

// GoToSocial's bots are Applications. One is followed and read by its name as
// people are, and writes from when it says that it is a Service.
func TestAnApplicationThatTurnsIntoAService(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t))
		ada, p := n.Agent("ada"), newPeer(t)
		bot := p.actor("bot", "Application")
		name := "bot@" + p.host()
		background(t, func() { ada.Do(http.MethodPost, "/agents/"+name+"/follow", nil).Want(http.StatusOK) }, n)
		p.send(n, bot, doc{"type": "Accept", "object": p.received(activity.TypeFollow, bot)})
		nodetest.Settle(t, n)
		background(t, func() {
			ada.Do(http.MethodGet, "/agents/profile?name="+name, nil).Want(http.StatusOK)
		}, n)
		following := ada.Do(http.MethodGet, "/agents/ada/following", nil).Want(http.StatusOK).List("following")
		if len(following) != 1 || following[0]["name"] != name {
			t.Errorf("ada follows %v", following)
		}
		p.turn(n, bot, "Service")
		if kind := ada.Do(http.MethodGet, "/agents/profile?name="+name, nil).Want(http.StatusOK).String("agent", "kind"); kind != "agent" {
			t.Errorf("its kind is %q", kind)
		}
		page := doc{"id": p.fresh("post"), "type": "Page", "name": "By a bot", "attributedTo": bot, "to": []string{n.URL() + "/m/general", activity.Public}, "audience": n.URL() + "/m/general"}
		if got := p.send(n, bot, doc{"type": "Create", "object": page, "to": page["to"]}); got != taken() {
			t.Errorf("its Create is answered %v", got)
		}
	})
}

// An actor that turns into what another name stands for here gets a name
// beside it when that is somebody's, and the name when it is nobody's yet.
func TestAnActorTurnsIntoATakenName(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t))
		ada, p := n.Agent("ada"), newPeer(t)
		meet := func(id string) {
			p.send(n, id, doc{"type": "Follow", "object": n.URL() + "/u/ada"})
			nodetest.Settle(t, n)
		}
		submolt := func(name string) nodetest.Reply { return ada.Do(http.MethodGet, "/submolts/"+name+"@"+p.host(), nil) }

		nobodys := p.actor("lab", "Person")
		meet(nobodys)
		background(t, func() { submolt("lab").Want(http.StatusNotFound) }, n) // leaves a name that means nobody
		p.turn(n, nobodys, "Group")
		if got := submolt("lab").Want(http.StatusOK).String("submolt", "uri"); got != nobodys {
			t.Errorf("lab is %q", got)
		}

		owner, other := p.actor("club", "Group"), p.actor("other", "Person")
		meet(owner)
		d := p.document(other, "Person")
		d["preferredUsername"] = "club"
		p.handle("/u/other", show(d))
		meet(other)
		d["type"] = "Group"
		if got := p.send(n, other, doc{"type": "Update", "object": d}); got != taken() {
			t.Fatalf("the Update is answered %v", got)
		}
		nodetest.Settle(t, n)
		if got := submolt("club").Want(http.StatusOK).String("submolt", "uri"); got != owner {
			t.Errorf("club is %q", got)
		}
	})
}
