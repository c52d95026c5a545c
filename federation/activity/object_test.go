package activity

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestParseObject(t *testing.T) {
	t.Parallel()
	o, err := ParseObject([]byte(`{"id":"https://b.example/post/1","type":"Page","attributedTo":"https://b.example/u/bo",
	 "to":["https://a.example/m/tea","as:Public"],"cc":[],"name":"Morning tea","content":"<p>차 😀</p>","mediaType":"text/html",
	 "source":{"content":"차","mediaType":"text/markdown"},"attachment":[{"type":"Link","href":"https://c.example/tea"}],
	 "tag":[{"type":"Mention","href":"https://a.example/m/tea","name":"@tea@a.example"}],"sensitive":true,
	 "language":{"identifier":"ko","name":"한국어"},"audience":"https://a.example/m/tea","context":"https://b.example/post/1/context",
	 "inReplyTo":null,"url":"https://b.example/post/1","published":"2026-05-01T10:00:00Z","updated":"2026-05-02T10:00:00Z"}`))
	if err != nil {
		t.Fatal(err)
	}
	o.Raw = nil
	want := &Object{
		ID: "https://b.example/post/1", Type: "Page", AttributedTo: "https://b.example/u/bo",
		To: []string{"https://a.example/m/tea", "as:Public"}, Name: "Morning tea", Content: "<p>차 😀</p>", MediaType: "text/html",
		Source: "차", SourceType: "text/markdown", Sensitive: true, Language: "ko", Audience: "https://a.example/m/tea",
		Attachments: []Attachment{{Type: "Link", URL: "https://c.example/tea"}},
		Tags:        []Tag{{Type: "Mention", Name: "@tea@a.example", Href: "https://a.example/m/tea"}},
		Context:     "https://b.example/post/1/context", URL: "https://b.example/post/1",
		Published: time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC), Updated: time.Date(2026, 5, 2, 10, 0, 0, 0, time.UTC),
	}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got  %+v\nwant %+v", o, want)
	}
}

func TestParseObjectReadsEveryShape(t *testing.T) {
	t.Parallel()
	image := []Attachment{{Type: "Image", URL: "x", MediaType: "image/png", Name: "a cup"}}
	for name, c := range map[string]struct {
		members string
		got     func(*Object) any
		want    any
	}{
		"author embedded":             {`"attributedTo":{"id":"x"}`, func(o *Object) any { return o.AttributedTo }, "x"},
		"author before his channel":   {`"attributedTo":[{"type":"Group","id":"g"},{"type":"Person","id":"x"}]`, func(o *Object) any { return o.AttributedTo }, "x"},
		"a channel alone":             {`"attributedTo":[{"type":"Group","id":"g"}]`, func(o *Object) any { return o.AttributedTo }, "g"},
		"author only as actor":        {`"actor":"x"`, func(o *Object) any { return o.AttributedTo }, "x"},
		"author beside actor":         {`"actor":"y","attributedTo":"x"`, func(o *Object) any { return o.AttributedTo }, "x"},
		"source as a string":          {`"source":"x"`, func(o *Object) any { return o.Source + "|" + o.SourceType }, "x|"},
		"language as a tag":           {`"language":"ko"`, func(o *Object) any { return o.Language }, "ko"},
		"language of contentMap":      {`"content":"b","contentMap":{"en":"a","ko":"b"}`, func(o *Object) any { return o.Language }, "ko"},
		"language of the only text":   {`"contentMap":{"ko":"a"},"content":"b"`, func(o *Object) any { return o.Language + o.Content }, "kob"},
		"languages without the text":  {`"contentMap":{"ko":"a","en":"c"},"content":"b"`, func(o *Object) any { return o.Language }, ""},
		"contentMap alone":            {`"contentMap":{"ko":"a","en":"b"}`, func(o *Object) any { return o.Language + o.Content }, "koa"},
		"no language in language":     {`"content":"b","language":"und"`, func(o *Object) any { return o.Language }, ""},
		"no language in contentMap":   {`"content":"b","contentMap":{"und":"b"}`, func(o *Object) any { return o.Language + o.Content }, "b"},
		"no language, contentMap":     {`"language":{"identifier":"zxx"},"content":"b","contentMap":{"ko":"b"}`, func(o *Object) any { return o.Language }, "ko"},
		"contentMap alone, und":       {`"contentMap":{"UND":"b"}`, func(o *Object) any { return o.Language + o.Content }, "b"},
		"nameMap and summaryMap":      {`"nameMap":{"ko":"a"},"summaryMap":{"ko":"b"}`, func(o *Object) any { return o.Name + o.Summary }, "ab"},
		"name before nameMap":         {`"name":"c","nameMap":{"ko":"a"},"summary":"d","summaryMap":{"ko":"b"}`, func(o *Object) any { return o.Name + o.Summary }, "cd"},
		"options":                     {`"oneOf":[{"type":"Note","name":"a","replies":{"type":"Collection","totalItems":3}},{"name":"b"},{"name":"c","replies":{"totalItems":-1}},{},"d"]`, func(o *Object) any { return o.Options }, []Option{{"a", 3}, {"b", 0}, {"c", 0}}},
		"options of which several":    {`"anyOf":[{"name":"a"}]`, func(o *Object) any { return o.Options }, []Option{{"a", 0}}},
		"an event":                    {`"startTime":"2026-09-01T18:00:00Z","endTime":"2026-09-01T20:00:00Z"`, func(o *Object) any { return o.Ends.Sub(o.Starts) }, 2 * time.Hour},
		"a place":                     {`"location":{"type":"Place","name":"Hall","address":{"type":"PostalAddress","streetAddress":"Way 1","addressLocality":"Town"}}`, func(o *Object) any { return o.Place }, "Hall, Way 1, Town"},
		"a place with its address":    {`"location":{"name":"Hall","address":"Way 1"}`, func(o *Object) any { return o.Place }, "Hall, Way 1"},
		"a place that is a text":      {`"location":"Hall"`, func(o *Object) any { return o.Place }, "Hall"},
		"no place":                    {`"location":null`, func(o *Object) any { return o.Place }, ""},
		"a quote":                     {`"_misskey_quote":null,"quoteUrl":"x"`, func(o *Object) any { return o.Quote }, "x"},
		"a quote of FEP-044f":         {`"quote":"x","quoteAuthorization":"y"`, func(o *Object) any { return o.Quote }, "x"},
		"attachment as an object":     {`"attachment":{"type":"Image","url":"x","mediaType":"image/png","name":"a cup"}`, func(o *Object) any { return o.Attachments }, image},
		"attachment with a Link":      {`"attachment":[{"type":"Image","url":[{"type":"Link","href":"x"}],"mediaType":"image/png","name":"a cup"}]`, func(o *Object) any { return o.Attachments }, image},
		"attachment as a string":      {`"attachment":["x",{},null]`, func(o *Object) any { return o.Attachments }, []Attachment{{URL: "x"}}},
		"attachment null":             {`"attachment":null,"tag":null,"sensitive":null`, func(o *Object) any { return len(o.Attachments) + len(o.Tags) }, 0},
		"tag as an object":            {`"tag":{"type":"Hashtag","name":"#tea"}`, func(o *Object) any { return o.Tags }, []Tag{{Type: "Hashtag", Name: "#tea"}}},
		"url as Links":                {`"url":[{"type":"Link","mediaType":"video/mp4","href":"v"},{"type":"Link","mediaType":"text/html","href":"x"}]`, func(o *Object) any { return o.URL }, "x"},
		"url as a Link":               {`"url":{"type":"Link","href":"x"}`, func(o *Object) any { return o.URL }, "x"},
		"reply to an object":          {`"inReplyTo":{"id":"x"}`, func(o *Object) any { return o.InReplyTo }, "x"},
		"reply in an array":           {`"inReplyTo":["x"]`, func(o *Object) any { return o.InReplyTo }, "x"},
		"type as an array":            {`"formerType":["Page"]`, func(o *Object) any { return o.FormerType }, "Page"},
		"former type, lotide's":       {`"former_type":"Note"`, func(o *Object) any { return o.FormerType }, "Note"},
		"text with half a surrogate":  {`"content":"a\ud83d b\ude00"`, func(o *Object) any { return o.Content }, "a� b�"},
		"text with escaped surrogate": {`"content":"\ud83d\ude00\u00e9"`, func(o *Object) any { return o.Content }, "😀é"},
		"text that is a number":       {`"content":5`, func(o *Object) any { return o.Content }, ""},
	} {
		o, err := ParseObject([]byte(`{"id":"i","type":"Note",` + c.members + `}`))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := c.got(o); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", name, got, c.want)
		}
	}
}

func TestParseObjectRefuses(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"no id":         `{"type":"Note"}`,
		"no type":       `{"id":"x"}`,
		"type a number": `{"id":"x","type":3}`,
		"id a number":   `{"id":3,"type":"Note"}`,
		"a string":      `"https://b.example/post/1"`,
	} {
		if o, err := ParseObject([]byte(doc)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: ParseObject = %+v, %v", name, o, err)
		}
	}
}

func TestParseCollection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doc  string
		want Collection
	}{
		"ordered": {
			`{"id":"c","type":"OrderedCollection","totalItems":2,"orderedItems":["x",{"id":"y","type":"Note"}]}`,
			Collection{ID: "c", Type: "OrderedCollection", TotalItems: 2, Items: []Ref{{ID: "x"}, {ID: "y", Type: "Note"}}},
		},
		"paged":         {`{"id":"c","type":"Collection","first":"p1"}`, Collection{ID: "c", Type: "Collection", First: "p1"}},
		"a page":        {`{"id":"p1","type":"CollectionPage","items":"x","next":"p2"}`, Collection{ID: "p1", Type: "CollectionPage", Items: []Ref{{ID: "x"}}, Next: "p2"}},
		"first inline":  {`{"type":"Collection","first":{"type":"CollectionPage","items":["x"],"next":"p2"}}`, Collection{Type: "Collection", Items: []Ref{{ID: "x"}}, Next: "p2"}},
		"absurd counts": {`{"type":"Collection","totalItems":-3}`, Collection{Type: "Collection"}},
		"huge counts":   {`{"type":"Collection","totalItems":1e99}`, Collection{Type: "Collection"}},
	} {
		got, err := ParseCollection([]byte(c.doc))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range got.Items {
			got.Items[i].Raw = nil
		}
		if !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, *got, c.want)
		}
	}
	if _, err := ParseCollection([]byte(`{"id":"x","type":"Note","items":[]}`)); !errors.Is(err, ErrMalformed) {
		t.Errorf("a note is taken for a collection: %v", err)
	}
}

func FuzzParseObject(f *testing.F) {
	f.Add([]byte(`{"id":"i","type":["Note"],"contentMap":{"ko":"a"},"url":[{"href":["x"]}],"tag":{"name":1},"attachment":[[]]}`))
	f.Add([]byte(`{"id":"i","type":"Tombstone","former_type":"Note","attributedTo":[{"type":"Group"},"x"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := ParseObject(b); err == nil && (o.ID == "" || o.Type == "") {
			t.Errorf("%q: no id or no type", b)
		}
		if c, err := ParseCollection(b); err == nil && c.TotalItems < 0 {
			t.Errorf("%q: %d items", b, c.TotalItems)
		}
	})
}
