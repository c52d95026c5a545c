package activity

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

const createNote = `{
 "@context": ["https://www.w3.org/ns/activitystreams", {"@language": "und"}],
 "id": "https://b.example/activities/create/1", "type": "Create",
 "actor": "https://b.example/u/bo",
 "to": ["https://www.w3.org/ns/activitystreams#Public"],
 "cc": ["https://a.example/m/tea", "https://a.example/u/ada"],
 "audience": "https://a.example/m/tea",
 "published": "2026-05-01T10:00:00.123456Z",
 "object": {"id": "https://b.example/comment/9", "type": "Note", "attributedTo": "https://b.example/u/bo",
  "inReplyTo": "https://a.example/post/1", "content": "<p>Tea &amp; \"toast\"\n</p>"}
}`

func TestParseActivity(t *testing.T) {
	t.Parallel()
	a, err := ParseActivity([]byte(createNote))
	if err != nil {
		t.Fatal(err)
	}
	object := a.Object()
	if string(a.Raw) != createNote {
		t.Error("Raw is not the document")
	}
	if !strings.Contains(createNote, string(object.Raw)) || object.Raw[0] != '{' {
		t.Errorf("Object.Raw = %s", object.Raw)
	}
	a.Raw, object.Raw = nil, nil
	want := &Activity{
		ID: "https://b.example/activities/create/1", Type: "Create", Actor: "https://b.example/u/bo",
		Objects:   a.Objects,
		To:        []string{Public},
		Cc:        []string{"https://a.example/m/tea", "https://a.example/u/ada"},
		Audience:  "https://a.example/m/tea",
		Published: time.Date(2026, 5, 1, 10, 0, 0, 123456000, time.UTC),
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
	if want := (Ref{ID: "https://b.example/comment/9", Type: "Note"}); !reflect.DeepEqual(object, want) {
		t.Errorf("object = %+v, want %+v", object, want)
	}
}

func TestParseActivityReadsEveryShape(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		members string
		got     func(*Activity) any
		want    any
	}{
		"to as a string":          {`"to":"x"`, func(a *Activity) any { return a.To }, []string{"x"}},
		"to as an object":         {`"to":{"id":"x"}`, func(a *Activity) any { return a.To }, []string{"x"}},
		"to as a mixture":         {`"to":["x",{"id":"y"},null,3,""]`, func(a *Activity) any { return a.To }, []string{"x", "y"}},
		"to null":                 {`"to":null`, func(a *Activity) any { return len(a.To) }, 0},
		"cc as a string":          {`"cc":"x"`, func(a *Activity) any { return a.Cc }, []string{"x"}},
		"actor embedded":          {`"actor":{"type":"Person","id":"y"}`, func(a *Activity) any { return a.Actor }, "y"},
		"type as an array":        {`"type":["x:Odd","as:Like","Undo"]`, func(a *Activity) any { return a.Type }, "Like"},
		"type of unknown names":   {`"type":["Odd","Odder"]`, func(a *Activity) any { return a.Type }, "Odd"},
		"type written out":        {`"type":"https://www.w3.org/ns/activitystreams#Like"`, func(a *Activity) any { return a.Type }, "Like"},
		"object as a string":      {`"object":"x"`, func(a *Activity) any { return a.Objects }, []Ref{{ID: "x"}}},
		"object as an array":      {`"object":["x","y"]`, func(a *Activity) any { return a.Objects }, []Ref{{ID: "x"}, {ID: "y"}}},
		"no object":               {`"x":1`, func(a *Activity) any { return a.Object() }, Ref{}},
		"object without id":       {`"object":{"type":"Note"}`, func(a *Activity) any { return a.Objects[0].Type + a.Objects[0].ID }, "Note"},
		"object's odd id":         {`"object":{"id":["x"]}`, func(a *Activity) any { return a.Object().ID }, ""},
		"target embedded":         {`"target":{"id":"x","type":["Collection"]}`, func(a *Activity) any { return a.Target.ID + a.Target.Type }, "xCollection"},
		"time with an offset":     {`"published":"2026-01-01T01:00:00+01:00"`, func(a *Activity) any { return a.Published }, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		"time without offset":     {`"published":"2026-01-01T00:00:00.5"`, func(a *Activity) any { return a.Published }, time.Date(2026, 1, 1, 0, 0, 0, 5e8, time.UTC)},
		"time with nine digits":   {`"updated":"2026-01-01T00:00:00.000000001Z"`, func(a *Activity) any { return a.Updated.Nanosecond() }, 1},
		"time that is none":       {`"published":"yesterday"`, func(a *Activity) any { return a.Published.IsZero() }, true},
		"end of a ban":            {`"endTime":"2026-01-01T00:00:00Z","removeData":true`, func(a *Activity) any { return a.RemoveData && a.EndTime.Year() == 2026 }, true},
		"end of a ban, as before": {`"expires":"2026-01-01T00:00:00Z"`, func(a *Activity) any { return a.EndTime.Year() }, 2026},
		"both ends of a ban":      {`"expires":"2026-01-01T00:00:00Z","endTime":"2027-01-01T00:00:00Z"`, func(a *Activity) any { return a.EndTime.Year() }, 2027},
		"both ends, turned round": {`"endTime":"2027-01-01T00:00:00Z","expires":"2026-01-01T00:00:00Z"`, func(a *Activity) any { return a.EndTime.Year() }, 2027},
		"flag that is no boolean": {`"removeData":"true"`, func(a *Activity) any { return a.RemoveData }, false},
		"escaped name":            {`"summ\u0061ry":"x"`, func(a *Activity) any { return a.Summary }, "x"},
		"another case":            {`"Summary":"x"`, func(a *Activity) any { return a.Summary }, ""},
		"audience in an array":    {`"audience":[{"id":"x"}]`, func(a *Activity) any { return a.Audience }, "x"},
	} {
		doc := `{` + c.members
		for _, needed := range []string{`"type":`, `"actor":`} {
			if !strings.HasPrefix(c.members, needed) {
				doc += `,` + needed + `"Like"`
			}
		}
		a, err := ParseActivity([]byte(doc + `}`))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := c.got(a); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", name, got, c.want)
		}
	}
}

func TestParseActivityRefuses(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"array":               `[]`,
		"no type":             `{"actor":"x"}`,
		"no actor":            `{"type":"Like"}`,
		"actor null":          `{"type":"Like","actor":null}`,
		"actor in an array":   `{"type":"Like","actor":["x"]}`,
		"actor's id an array": `{"type":"Like","actor":{"id":["x"]}}`,
		"id in an array":      `{"type":"Like","actor":"x","id":["x"]}`,
		"id as an object":     `{"type":"Like","actor":"x","id":{"id":"x"}}`,
		"id twice":            `{"type":"Like","actor":"x","id":"x","ID":"y"}`,
		"too many recipients": `{"type":"Like","actor":"x","to":["x"` + strings.Repeat(`,"x"`, MaxRecipients) + `]}`,
	} {
		if a, err := ParseActivity([]byte(doc)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: ParseActivity = %+v, %v", name, a, err)
		}
	}
}

func TestPublicHasThreeSpellings(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"} {
		if !PublicIn(nil, []string{"x", s}) {
			t.Errorf("%q is not public", s)
		}
	}
	if PublicIn([]string{"public", "https://a.example/Public"}, nil) {
		t.Error("someone is taken for everyone")
	}
}

func FuzzParseActivity(f *testing.F) {
	f.Add([]byte(createNote))
	f.Add([]byte(`{"type":["Undo"],"actor":{"id":"x"},"object":[{"type":"Like"},"y",null],"to":{"id":"z"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseActivity(b)
		if err != nil {
			return
		}
		if a.Actor == "" || a.Type == "" {
			t.Errorf("%q: no actor or no type", b)
		}
		for _, o := range a.Objects {
			if o.Raw != nil && CheckJSON(o.Raw) != nil {
				t.Errorf("%q: object %q is no document", b, o.Raw)
			}
		}
	})
}

func BenchmarkCreate(b *testing.B) {
	doc := []byte(`{"@context":["https://join-lemmy.org/context.json","https://www.w3.org/ns/activitystreams"],` +
		`"id":"https://b.example/activities/create/1","type":"Create","actor":"https://b.example/u/bo",` +
		`"to":["` + Public + `"],"cc":["https://a.example/m/tea"],"audience":"https://a.example/m/tea","object":` +
		`{"id":"https://b.example/post/9","type":"Page","attributedTo":"https://b.example/u/bo","name":"Morning tea",` +
		`"to":["https://a.example/m/tea","` + Public + `"],"cc":[],"mediaType":"text/html","content":"` +
		strings.Repeat(`<p>A line with a <a href=\"https://b.example/x\">link</a> and 차 한 잔.</p>\n`, 18) + `","source":{"content":"` +
		strings.Repeat(`A line with a [link](https://b.example/x).\n\n`, 18) + `","mediaType":"text/markdown"},` +
		`"attachment":[{"type":"Link","href":"https://c.example/tea"}],"tag":[{"type":"Mention","href":"https://a.example/m/tea","name":"@tea@a.example"}],` +
		`"sensitive":false,"language":{"identifier":"ko","name":"한국어"},"published":"2026-05-01T10:00:00.123Z"}}`)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	b.Run("CheckJSON", func(b *testing.B) {
		for b.Loop() {
			if err := CheckJSON(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ParseActivityAndObject", func(b *testing.B) {
		for b.Loop() {
			a, err := ParseActivity(doc)
			if err != nil {
				b.Fatal(err)
			}
			if _, err = ParseObject(a.Object().Raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
