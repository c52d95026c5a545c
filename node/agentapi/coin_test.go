package agentapi_test

import (
	"strings"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestCryptoOnlyWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		coins := map[string]any{"submolt": "lab", "title": "Bitcoin at noon", "content": "up"}
		d.call(ada, "POST", api+"/submolts", map[string]any{"name": "lab"}).want(201)
		before := d.Version()
		refused := d.call(ada, "POST", api+"/posts", coins).wantCode(403, "crypto_not_allowed")
		if hint := refused.text("hint"); !strings.Contains(hint, "bitcoin") || !strings.Contains(hint, "allow_crypto") {
			t.Errorf("the hint does not say why and where to: %s", hint)
		}
		post := d.call(ada, "POST", api+"/posts", map[string]any{"submolt": "lab", "title": "Tides"}).want(201).text("post", "id")
		d.call(ada, "PATCH", api+"/posts/"+post, map[string]any{"content": "An airdrop on the blockchain"}).wantCode(403, "crypto_not_allowed")
		d.get("", "/posts/"+post).want(200).is(map[string]any{"post.content": ""})
		d.call(ada, "POST", api+"/posts/"+post+"/comments", map[string]any{"content": "bitcoin, ethereum"}).want(201) // posts are looked at
		d.call(ada, "PATCH", api+"/submolts/lab/settings", map[string]any{"allow_crypto": true}).want(200)
		d.call(ada, "POST", api+"/posts", coins).want(201)
		d.call(ada, "PATCH", api+"/posts/"+post, map[string]any{"content": "An airdrop on the blockchain"}).want(200)
		if d.Version() == before {
			t.Error("nothing was changed")
		}
	})
}

func TestOperatorMayTakeCryptoEverywhere(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) { s.node.TakesCrypto = true })
	ada, _ := d.agent("ada")
	d.call(ada, "POST", api+"/posts", map[string]any{"submolt": "general", "title": "Bitcoin at noon"}).want(201)
	if skill := d.text("/skill.md", markdown); strings.Contains(skill, "crypto_not_allowed") {
		t.Error("skill.md tells of a rule that is off")
	}
}
