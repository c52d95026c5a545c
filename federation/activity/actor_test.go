package activity

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

const service = `{"@context":"https://www.w3.org/ns/activitystreams","id":"https://b.example/u/bo","type":"Service",
 "preferredUsername":"bo","name":"Bo","summary":"<p>Brews tea.</p>","source":{"content":"Brews tea.","mediaType":"text/markdown"},
 "inbox":"https://b.example/u/bo/inbox","outbox":"https://b.example/u/bo/outbox","followers":"https://b.example/u/bo/followers",
 "following":"https://b.example/u/bo/following","featured":"https://b.example/u/bo/featured",
 "endpoints":{"sharedInbox":"https://b.example/inbox"},"url":"https://b.example/@bo","manuallyApprovesFollowers":false,
 "icon":[{"type":"Image","url":"https://b.example/bo.png"}],"alsoKnownAs":["https://c.example/u/bo"],
 "generator":{"type":"Application","id":"https://b.example/","implements":[{"href":"https://instar.example/ns#humanWritesNone","name":"x"}]},
 "publicKey":{"id":"https://b.example/u/bo#main-key","owner":"https://b.example/u/bo","publicKeyPem":"PEM"},
 "published":"2026-01-01T00:00:00Z"}`

func TestParseActor(t *testing.T) {
	t.Parallel()
	a, err := ParseActor([]byte(service))
	if err != nil {
		t.Fatal(err)
	}
	a.Raw = nil
	want := &Actor{
		ID: "https://b.example/u/bo", Type: TypeService, PreferredUsername: "bo", Name: "Bo",
		Summary: "<p>Brews tea.</p>", Source: "Brews tea.", Inbox: "https://b.example/u/bo/inbox",
		Outbox: "https://b.example/u/bo/outbox", Followers: "https://b.example/u/bo/followers",
		Following: "https://b.example/u/bo/following", Featured: "https://b.example/u/bo/featured",
		SharedInbox: "https://b.example/inbox", URL: "https://b.example/@bo", Icon: "https://b.example/bo.png",
		AlsoKnownAs: []string{"https://c.example/u/bo"}, Implements: []string{HumanWritesNone},
		Keys:      []PublicKey{{ID: "https://b.example/u/bo#main-key", Owner: "https://b.example/u/bo", PEM: "PEM"}},
		Published: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
	if k, ok := a.Key("https://b.example/u/bo#main-key"); !ok || k.PEM != "PEM" {
		t.Errorf("Key = %v, %v", k, ok)
	}
	if _, ok := a.Key("https://b.example/u/bo"); ok {
		t.Error("a key of another id was found")
	}
}

func TestParseActorReadsEveryShape(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		members string
		got     func(*Actor) any
		want    any
	}{
		"two types":                    {`"type":["Service","as:Bot"]`, func(a *Actor) any { return a.Type }, "Service"},
		"an odd type first":            {`"type":["as:Bot","Service"]`, func(a *Actor) any { return a.Type }, "Service"},
		"no type":                      {`"name":"x"`, func(a *Actor) any { return a.Type }, ""},
		"keys in an array":             {`"publicKey":[{"id":"a","owner":"i","publicKeyPem":"p"},{"id":"b","controller":"i","publicKeyPem":"q"}]`, func(a *Actor) any { return a.Keys }, []PublicKey{{ID: "a", Owner: "i", PEM: "p"}, {ID: "b", Owner: "i", PEM: "q"}}},
		"Multikeys":                    {`"assertionMethod":[{"id":"a","controller":"i","publicKeyMultibase":"z6"},"elsewhere",{"id":"b","controller":{"id":"i"},"publicKeyMultibase":"z7"},{"id":"c"}]`, func(a *Actor) any { return a.Assertions }, []PublicKey{{ID: "a", Owner: "i", Multibase: "z6"}, {ID: "b", Owner: "i", Multibase: "z7"}}},
		"a key by id":                  {`"publicKey":"x"`, func(a *Actor) any { return len(a.Keys) }, 0},
		"Discourse's shared inbox":     {`"sharedInbox":"x"`, func(a *Actor) any { return a.SharedInbox }, "x"},
		"endpoints win":                {`"endpoints":{"sharedInbox":"x"},"sharedInbox":"y"`, func(a *Actor) any { return a.SharedInbox }, "x"},
		"endpoints null":               {`"endpoints":null`, func(a *Actor) any { return a.SharedInbox }, ""},
		"moderators by attribution":    {`"attributedTo":"x","postingRestrictedToMods":true`, func(a *Actor) any { return a.Moderators }, "x"},
		"moderators, PieFed's":         {`"moderators":"x","attributedTo":"y"`, func(a *Actor) any { return a.Moderators }, "x"},
		"PeerTube's owners":            {`"attributedTo":[{"type":"Person","id":"x"}]`, func(a *Actor) any { return a.Moderators }, ""},
		"features of the actor":        {`"implements":["x",{"href":"y"}],"generator":{"implements":{"href":"z"}}`, func(a *Actor) any { return a.Implements }, []string{"x", "y", "z"}},
		"generator by id":              {`"generator":"x"`, func(a *Actor) any { return len(a.Implements) }, 0},
		"icon nested":                  {`"icon":{"type":"Image","image":{"url":"x"}}`, func(a *Actor) any { return a.Icon }, "x"},
		"icon null":                    {`"icon":null`, func(a *Actor) any { return a.Icon }, ""},
		"moved":                        {`"movedTo":"x","alsoKnownAs":"y"`, func(a *Actor) any { return a.MovedTo + a.AlsoKnownAs[0] }, "xy"},
		"featured embedded":            {`"featured":{"id":"x","type":"OrderedCollection"}`, func(a *Actor) any { return a.Featured }, "x"},
		"source that is not Markdown":  {`"source":{"content":"x","mediaType":"text/bbcode"}`, func(a *Actor) any { return a.Source }, ""},
		"hand-picked followers":        {`"manuallyApprovesFollowers":true`, func(a *Actor) any { return a.ManuallyApproves }, true},
		"posting by moderators only":   {`"postingRestrictedToMods":true`, func(a *Actor) any { return a.RestrictedToMods }, true},
		"more keys than anybody needs": {`"publicKey":[` + keys(30) + `]`, func(a *Actor) any { return len(a.Keys) }, MaxKeysOfActor},
	} {
		a, err := ParseActor([]byte(`{"id":"i","inbox":"in",` + c.members + `}`))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := c.got(a); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", name, got, c.want)
		}
	}
}

func keys(n int) string {
	list := ""
	for range n {
		list += `,{"id":"a","owner":"i","publicKeyPem":"p"}`
	}
	return list[1:]
}

func TestParseActorRefuses(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"no id":     `{"type":"Service","inbox":"x"}`,
		"no inbox":  `{"type":"Service","id":"x"}`,
		"key stub":  `{"id":"x","preferredUsername":"bo","publicKey":{"id":"x/main-key","owner":"x","publicKeyPem":"p"}}`,
		"id nested": `{"type":"Service","inbox":"x","id":{"id":"x"}}`,
	} {
		if a, err := ParseActor([]byte(doc)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: ParseActor = %+v, %v", name, a, err)
		}
	}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doc, keyID string
		want       PublicKey
		err        error
	}{
		"of an actor":       {service, "https://b.example/u/bo#main-key", PublicKey{ID: "https://b.example/u/bo#main-key", Owner: "https://b.example/u/bo", PEM: "PEM"}, nil},
		"of a stub":         {`{"id":"x","publicKey":{"id":"x/main-key","owner":"x","publicKeyPem":"p"}}`, "x/main-key", PublicKey{ID: "x/main-key", Owner: "x", PEM: "p"}, nil},
		"bare":              {`{"id":"k","owner":"x","publicKeyPem":"p"}`, "k", PublicKey{ID: "k", Owner: "x", PEM: "p"}, nil},
		"bare, controller":  {`{"id":"k","controller":{"id":"x"},"publicKeyPem":"p"}`, "k", PublicKey{ID: "k", Owner: "x", PEM: "p"}, nil},
		"second of several": {`{"id":"x","publicKey":[{"id":"a","owner":"x","publicKeyPem":"p"},{"id":"b","owner":"x","publicKeyPem":"q"}]}`, "b", PublicKey{ID: "b", Owner: "x", PEM: "q"}, nil},
		"Multikey":          {`{"id":"x","assertionMethod":{"id":"x#ed","controller":"x","publicKeyMultibase":"z6"}}`, "x#ed", PublicKey{ID: "x#ed", Owner: "x", Multibase: "z6"}, nil},
		"bare Multikey":     {`{"id":"k","controller":"x","publicKeyMultibase":"z6"}`, "k", PublicKey{ID: "k", Owner: "x", Multibase: "z6"}, nil},
		"another id":        {service, "https://b.example/u/bo#other", PublicKey{}, ErrNoKey},
		"no owner":          {`{"id":"k","publicKeyPem":"p"}`, "k", PublicKey{}, ErrMalformed},
		"no text":           {`{"id":"k","owner":"x"}`, "k", PublicKey{}, ErrNoKey},
		"not JSON":          {`<html>`, "k", PublicKey{}, ErrMalformed},
	} {
		got, err := ParseKey([]byte(c.doc), c.keyID)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: ParseKey = %v, %v; want %v, %v", name, got, err, c.want, c.err)
		}
	}
}

func FuzzParseActor(f *testing.F) {
	f.Add([]byte(service))
	f.Add([]byte(`{"id":"i","inbox":"x","publicKey":[{"id":"k","owner":{"id":"i"},"publicKeyPem":"p"}],"icon":[[]],"endpoints":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := ParseActor(b); err == nil && (a.ID == "" || a.Inbox == "" || len(a.Keys) > MaxKeysOfActor) {
			t.Errorf("%q: %+v", b, a)
		}
		if k, err := ParseKey(b, "k"); err == nil && (k.ID != "k" || k.Owner == "" || k.PEM == "") {
			t.Errorf("%q: %+v", b, k)
		}
	})
}
