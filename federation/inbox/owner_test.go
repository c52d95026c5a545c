package inbox

import (
	"errors"
	"strings"
	"testing"

	"instar.example/federation/activity"
)

func TestCheckKeyOwner(t *testing.T) {
	t.Parallel()
	const actor, pem = "https://b.example/u/bo", "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"
	key := func(id, owner, text string) activity.PublicKey {
		return activity.PublicKey{ID: id, Owner: owner, PEM: text}
	}
	for name, c := range map[string]struct {
		keyID  string
		key    activity.PublicKey
		actor  string
		listed []activity.PublicKey
		ok     bool
	}{
		"fragment":             {actor + "#main-key", key(actor+"#main-key", actor, pem), actor, []activity.PublicKey{key(actor+"#main-key", actor, pem)}, true},
		"second key":           {actor + "#2", key(actor+"#2", actor, pem), actor, []activity.PublicKey{key(actor+"#1", actor, "y"), key(actor+"#2", actor, pem)}, true},
		"GoToSocial's stub":    {actor + "/main-key", key(actor+"/main-key", actor, pem), actor, []activity.PublicKey{key(actor+"/main-key", actor, pem+"\n")}, true},
		"lotide's slashes":     {"https://b.example//u/bo#main-key", key("https://b.example//u/bo#main-key", actor, pem), actor, []activity.PublicKey{key("https://b.example//u/bo#main-key", actor, pem)}, true},
		"WordPress' query":     {"https://b.example/?author=0#main-key", key("https://b.example/?author=0#main-key", "https://b.example/?author=0", pem), "https://b.example/?author=0", []activity.PublicKey{key("https://b.example/?author=0#main-key", "https://b.example/?author=0", pem)}, true},
		"key on another host":  {"https://keys.example/1", key("https://keys.example/1", actor, pem), actor, []activity.PublicKey{key("https://keys.example/1", actor, pem)}, true},
		"not listed":           {"https://evil.example/k", key("https://evil.example/k", actor, pem), actor, []activity.PublicKey{key(actor+"#main-key", actor, "y")}, false},
		"no keys listed":       {actor + "#main-key", key(actor+"#main-key", actor, pem), actor, nil, false},
		"listed, another text": {actor + "#main-key", key(actor+"#main-key", actor, pem), actor, []activity.PublicKey{key(actor+"#main-key", actor, "y")}, false},
		"listed as another's":  {actor + "#main-key", key(actor+"#main-key", actor, pem), actor, []activity.PublicKey{key(actor+"#main-key", "https://b.example/u/di", pem)}, false},
		"of another owner":     {actor + "#main-key", key(actor+"#main-key", "https://b.example/u/di", pem), actor, []activity.PublicKey{key(actor+"#main-key", actor, pem)}, false},
		"another key's id":     {actor + "#main-key", key(actor+"#other", actor, pem), actor, []activity.PublicKey{key(actor+"#main-key", actor, pem)}, false},
		"no address":           {"acct:bo@b.example", key("acct:bo@b.example", actor, pem), actor, []activity.PublicKey{key("acct:bo@b.example", actor, pem)}, false},
		"no owner":             {actor + "#main-key", key(actor+"#main-key", "", pem), "", []activity.PublicKey{key(actor+"#main-key", "", pem)}, false},
	} {
		err := CheckKeyOwner(c.keyID, c.key, &activity.Actor{ID: c.actor, Keys: c.listed})
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrKeyOwner) {
			t.Errorf("%s: CheckKeyOwner = %v, want ok %v", name, err, c.ok)
		}
	}
}

func TestCheckID(t *testing.T) {
	t.Parallel()
	for id, ok := range map[string]bool{
		"https://b.example/1":                                true,
		"http://127.0.0.1:8081/1":                            true,
		"https://b.example/1#a":                              true,
		"https://b.example/" + strings.Repeat("a", MaxID-18): true,
		"https://b.example/" + strings.Repeat("a", MaxID-17): false,
		"":                       false,
		"/1":                     false,
		"b.example/1":            false,
		"https:///1":             false,
		"https:b.example":        false,
		"ftp://b.example/1":      false,
		"javascript:alert(1)":    false,
		"https://u:p@b.example/": false,
		"https://b.example/a b":  false,
		"https://b.example/\n":   false,
		"https://b.example/%zz":  false,
	} {
		if err := checkID(id); (err == nil) != ok {
			t.Errorf("checkID(%.40q) = %v, want ok %v", id, err, ok)
		}
	}
}
