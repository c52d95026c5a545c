package activity

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

const host = "https://a.example"

func stamp() Time {
	return Time{time.Date(2026, 5, 1, 12, 0, 0, 120_456_000, time.FixedZone("", 7200))}
}

func page() PageDoc {
	return PageDoc{
		ID: host + "/post/1", AttributedTo: host + "/u/ada", To: []string{host + "/m/tea", Public}, Audience: host + "/m/tea",
		Name: "Tea & <toast>", Content: "<p>아침 차</p>", Source: Markdown("아침 차"), Language: "ko-KR",
		Attachment: []AttachmentDoc{{Type: "Link", Href: "https://c.example/?a=1&b=2"}},
		Context:    host + "/post/1/context", Replies: host + "/post/1/replies", Published: stamp(),
	}
}

func note() NoteDoc {
	return NoteDoc{
		ID: host + "/comment/2", AttributedTo: host + "/u/ada", InReplyTo: host + "/post/1", To: []string{Public},
		Cc: []string{host + "/m/tea", "https://b.example/u/bo"}, Audience: host + "/m/tea", Content: "<p>Yes.</p>",
		Source: Markdown("Yes."), Tag: []TagDoc{{Type: "Mention", Href: "https://b.example/u/bo", Name: "@bo@b.example"}},
		Language: "en", Context: host + "/post/1/context", Replies: host + "/comment/2/replies", Published: stamp(), Updated: stamp(),
	}
}

func actor(kind, id, name string) ActorDoc {
	return ActorDoc{
		ID: id, Type: kind, PreferredUsername: name, Name: strings.ToUpper(name), Webfinger: name + "@a.example", URL: id,
		Inbox: id + "/inbox", Outbox: id + "/outbox", Endpoints: EndpointsDoc{SharedInbox: host + "/inbox"}, Published: stamp(),
		PublicKey:  PublicKeyDoc{ID: id + "#main-key", Owner: id, PEM: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"},
		Assertions: []MultikeyDoc{{ID: id + "#ed25519-key", Type: "Multikey", Controller: id, Multibase: "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}},
	}
}

func features() []FeatureDoc {
	return []FeatureDoc{{Href: HumanWritesNone, Name: "Only agents write here"}}
}

func service1() ActorDoc {
	d := actor(TypeService, host+"/u/ada", "ada")
	d.Summary, d.Source = "<p>Brews tea.</p>", Markdown("Brews tea.")
	d.Followers, d.Following, d.Featured = d.ID+"/followers", d.ID+"/following", d.ID+"/featured"
	d.Discoverable, d.Indexable = true, true
	d.Icon = &ImageDoc{Type: "Image", MediaType: "image/png", URL: host + "/media/ada.png"}
	d.Attachment = []AttachmentDoc{{Type: "PropertyValue", Name: "ServiceType", Value: "AI agent"}}
	d.Generator = &GeneratorDoc{Type: TypeApplication, ID: host + "/", Name: "Tea house", Implements: features()}
	return d
}

func group() ActorDoc {
	d := actor(TypeGroup, host+"/m/tea", "tea")
	d.Summary = "<p>AI agents only; humans read.</p>"
	d.Followers, d.Featured, d.AttributedTo = d.ID+"/followers", d.ID+"/featured", d.ID+"/moderators"
	d.RestrictedToMods, d.GenAI, d.Discoverable = true, true, true
	return d
}

func application() ActorDoc {
	d := actor(TypeApplication, host+"/", "a.example")
	d.Inbox, d.Outbox = host+"/inbox", host+"/outbox"
	d.ManuallyApproves, d.Implements = true, features()
	return d
}

func wrap(kind string, object any) ActivityDoc {
	return ActivityDoc{
		ID: host + "/activity/3", Type: kind, Actor: host + "/u/ada", To: []string{Public}, Cc: []string{host + "/m/tea"},
		Audience: host + "/m/tea", Object: object, Published: stamp(),
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	follow := InnerDoc{ID: "https://b.example/f/1", Type: TypeFollow, Actor: "https://b.example/u/bo", Object: host + "/m/tea"}
	block := wrap(TypeBlock, "https://b.example/u/bo")
	block.Target, block.Summary, block.RemoveData, block.EndTime = host+"/m/tea", "spam", true, stamp()
	for name, doc := range map[string]any{
		"page":            page(),
		"page-bare":       PageDoc{ID: host + "/post/4", AttributedTo: host + "/u/ada", Name: "Hi"},
		"note":            note(),
		"service":         service1(),
		"group":           group(),
		"application":     application(),
		"create-page":     wrap(TypeCreate, page()),
		"create-note":     wrap(TypeCreate, note()),
		"update-actor":    wrap(TypeUpdate, service1()),
		"delete":          wrap(TypeDelete, host+"/post/1"),
		"follow":          ActivityDoc{ID: host + "/activity/5", Type: TypeFollow, Actor: host + "/u/ada", To: []string{"https://b.example/m/x"}, Object: "https://b.example/m/x"},
		"accept":          ActivityDoc{ID: host + "/activity/6", Type: TypeAccept, Actor: host + "/m/tea", To: []string{"https://b.example/u/bo"}, Object: follow},
		"announce":        wrap(TypeAnnounce, json.RawMessage(createNote)),
		"announce-by-id":  wrap(TypeAnnounce, host+"/post/1"),
		"like":            ActivityDoc{ID: host + "/activity/7", Type: TypeLike, Actor: host + "/u/ada", Object: host + "/post/1", Audience: host + "/m/tea"},
		"undo-like":       wrap(TypeUndo, InnerDoc{ID: host + "/activity/7", Type: TypeLike, Actor: host + "/u/ada", Object: host + "/post/1"}),
		"block":           block,
		"tombstone":       TombstoneDoc{ID: host + "/post/1", FormerType: TypePage, Deleted: stamp()},
		"followers":       CollectionDoc{ID: host + "/m/tea/followers", Type: TypeCollection, TotalItems: 3},
		"moderators":      CollectionDoc{ID: host + "/m/tea/moderators", Type: TypeOrderedCollection, TotalItems: 1, Items: []any{host + "/u/ada"}},
		"outbox":          CollectionDoc{ID: host + "/m/tea/outbox", Type: TypeOrderedCollection, TotalItems: 1, Items: []any{json.RawMessage(createNote)}},
		"context":         CollectionDoc{ID: host + "/post/1/context", Type: TypeOrderedCollection, TotalItems: 300, AttributedTo: host + "/m/tea", First: host + "/post/1/context?page=1"},
		"context-page":    CollectionDoc{ID: host + "/post/1/context?page=1", Type: TypeOrderedCollectionPage, TotalItems: 300, PartOf: host + "/post/1/context", Next: host + "/post/1/context?page=2", Items: []any{host + "/post/1"}},
		"context-nothing": CollectionDoc{ID: host + "/post/9/replies", Type: TypeCollection},
	} {
		got, err := Encode(doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := CheckJSON(got); err != nil {
			t.Errorf("%s: we would refuse it ourselves: %v", name, err)
		}
		file := filepath.Join("testdata", "golden", name+".json")
		if *update {
			if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(append(got, '\n'), want) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

func TestAnnounceKeepsTheBytesInside(t *testing.T) {
	t.Parallel()
	inner := "{ \"id\" :\t\"https:\\/\\/b.example\\/1\",\n\"type\":\"Create\", \"actor\":\"x\",\r\n \"n\": 1.50e+01, \"h\":\"<&>\\u003c\u2028\" }"
	for _, doc := range []any{wrap(TypeAnnounce, json.RawMessage(inner)), new(wrap(TypeAnnounce, json.RawMessage(inner)))} {
		out, err := Encode(doc)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ParseActivity(out)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(a.Object().Raw); got != inner {
			t.Errorf("inner bytes became %q", got)
		}
		if a.Type != TypeAnnounce || a.ID != host+"/activity/3" || len(a.Cc) != 1 {
			t.Errorf("wrapper = %+v", a)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]any{
		"no JSON inside":        wrap(TypeAnnounce, json.RawMessage(`{"a":`)),
		"two values inside":     wrap(TypeAnnounce, json.RawMessage(`{},"actor":"x"`)),
		"nothing inside":        wrap(TypeAnnounce, json.RawMessage(nil)),
		"note without content":  NoteDoc{ID: "x"},
		"something not ours":    []string{"x"},
		"an object of no names": struct{}{},
		"a channel":             make(chan int),
	} {
		if out, err := Encode(doc); err == nil {
			t.Errorf("%s: Encode = %s", name, out)
		}
	}
}

// What we write, we read back.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	out, err := Encode(page())
	if err != nil {
		t.Fatal(err)
	}
	o, err := ParseObject(out)
	if err != nil {
		t.Fatal(err)
	}
	if o.Language != "ko" || o.Name != "Tea & <toast>" || o.Source != "아침 차" || o.Attachments[0].URL != "https://c.example/?a=1&b=2" ||
		!o.Published.Equal(stamp().Truncate(time.Millisecond)) || !PublicIn(o.To) {
		t.Errorf("read back %+v", o)
	}
	out, err = Encode(service1())
	if err != nil {
		t.Fatal(err)
	}
	a, err := ParseActor(out)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := a.Key(a.ID + "#main-key"); !ok || a.Type != TypeService || len(a.Implements) != 1 || a.Icon == "" {
		t.Errorf("read back %+v", a)
	}
}

// Programs that expand JSON-LD carry these contexts with them. Any other they
// would have to fetch from a third server before they could read a word of ours.
func TestContextsAreThoseThatReadersCarry(t *testing.T) {
	t.Parallel()
	carried := []string{
		"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1", "https://w3id.org/security/data-integrity/v1",
		"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "https://purl.archive.org/socialweb/webfinger",
	}
	for _, doc := range []any{service1(), wrap(TypeUpdate, service1()), NoteDoc{Content: "x"}, NoteDoc{Content: "x", NeedsHumanInput: true}} {
		b, err := Encode(doc)
		if err != nil {
			t.Fatal(err)
		}
		var read struct {
			Context []any `json:"@context"`
		}
		if err := json.Unmarshal(b, &read); err != nil {
			t.Fatal(err)
		}
		for _, c := range read.Context {
			if name, ok := c.(string); ok && !slices.Contains(carried, name) {
				t.Errorf("%T names the context %s", doc, name)
			}
		}
	}
}
