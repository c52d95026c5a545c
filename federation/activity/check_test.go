package activity

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestCheckJSONAccepts(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`{}`, `[]`, `"a"`, `0`, `-0.5e+10`, `true`, `false`, `null`, " \t\r\n{ } ",
		`{"a":1,"b":[1,2,{"a":3}],"c":{"a":null}}`,
		`{"a":"\"\\\/\b\f\n\r\té😀\ud800"}`,
		`{"@context":["x",{"Emoji":"a","emoji":"b"}],"id":"y"}`,
		`{"@context":{"@vocab":"x","a":{"@id":"x","@type":"@id"}}}`,
		strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth),
		object(MaxKeys), array(MaxItems),
		`{"대한":"민국","Ä":1,"B":2}`,
	} {
		if err := CheckJSON([]byte(doc)); err != nil {
			t.Errorf("CheckJSON(%.60q) = %v", doc, err)
		}
	}
}

func TestCheckJSONRefuses(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"nothing":                 ``,
		"space only":              ` `,
		"two values":              `{}{}`,
		"byte order mark":         "\ufeff{}",
		"invalid UTF-8":           "{\"a\":\"\xff\"}",
		"surrogate as UTF-8":      "{\"a\":\"\xed\xa0\x80\"}",
		"same name":               `{"a":1,"a":2}`,
		"same name escaped":       `{"actor":1,"\u0061ctor":2}`,
		"same name nested":        `{"x":[{"a":1,"b":2,"a":3}]}`,
		"name in another case":    `{"actor":1,"Actor":2}`,
		"Kelvin sign for k":       "{\"link\":1,\"lin\u212a\":2}",
		"long s for s, escaped":   `{"cc":1,"ſ":2,"S":3}`,
		"other case, not ASCII":   `{"ä":1,"Ä":2}`,
		"same name among many":    object(40)[:len(object(40))-1] + `,"K7":1}`,
		"same name in @context":   `{"@context":{"a":1,"a":2}}`,
		"case beside @context":    `{"@context":{},"a":1,"A":2}`,
		"@graph":                  `{"@graph":[]}`,
		"@graph escaped":          `{"\u0040graph":[]}`,
		"@included deep":          `{"a":[{"@included":1}]}`,
		"@reverse in @context":    `{"@context":{"a":{"@reverse":"b"}}}`,
		"alias of @graph":         `{"@context":{"items":"@graph"}}`,
		"NUL escaped":             `{"a":"\u0000"}`,
		"NUL raw":                 "{\"a\":\"\x00\"}",
		"line feed in a string":   "{\"a\":\"\n\"}",
		"unknown escape":          `"\x"`,
		"short escape":            `"\u12"`,
		"escape at the end":       `"\`,
		"open string":             `"a`,
		"open object":             `{"a":1`,
		"open array":              `[1`,
		"comma at the end":        `{"a":1,}`,
		"comma at an array's end": `[1,]`,
		"no colon":                `{"a" 1}`,
		"no value":                `{"a":}`,
		"bare name":               `{a:1}`,
		"single quotes":           `{'a':1}`,
		"comment":                 `{}//`,
		"leading zero":            `01`,
		"plus":                    `+1`,
		"bare dot":                `1.`,
		"bare exponent":           `1e`,
		"minus alone":             `-`,
		"NaN":                     `NaN`,
		"cut word":                `tru`,
		"too deep":                strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
		"very deep":               strings.Repeat("[", 10000),
		"too many names":          object(MaxKeys + 1),
		"too many items":          array(MaxItems + 1),
		"too large":               `"` + strings.Repeat("a", MaxBytes) + `"`,
	} {
		err := CheckJSON([]byte(doc))
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: CheckJSON(%.60q) = %v, want a refusal", name, doc, err)
		}
	}
}

// A sender can make every object as full as allowed; that must stay cheap.
// BenchmarkCheckJSONOfManyNames measures the worst case for the search for
// names that differ by case alone: it must not grow with the square of their number.
func BenchmarkCheckJSONOfManyNames(b *testing.B) {
	one := object(MaxKeys)
	doc := []byte("[" + one + strings.Repeat(","+one, MaxBytes/len(one)-2) + "]")
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if err := CheckJSON(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"A":2}`, `{"a":"😀\n","b":[true,false,null,-1.5e3]}`,
		`{"@context":{"A":1,"a":"@graph"}}`, `[[[]]]`, "2" + strings.Repeat("0", 400), `{"a":1e999}`, "{\"lin\u212a\":2}", createNote,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if CheckJSON(b) != nil {
			return
		}
		// What we accept, encoding/json reads, and reads the same texts.
		var want any
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatalf("accepted %q, but: %v", b, err)
		}
		if s, ok := want.(map[string]any); ok {
			v, err := document(b)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for name, m := range v.members() {
				n++
				if text, ok := s[name].(string); ok && text != m.text() {
					t.Fatalf("%q of %q = %q, want %q", name, b, m.text(), text)
				}
				if list, ok := s[name].([]any); ok && count(m) != len(list) {
					t.Fatalf("%q of %q has %d items, want %d", name, b, count(m), len(list))
				}
			}
			if n != len(s) {
				t.Fatalf("%q has %d members, want %d", b, n, len(s))
			}
		}
	})
}

func count(v value) int {
	n := 0
	for range v.items() {
		n++
	}
	return n
}

func object(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	return "{" + b.String()[1:] + "}"
}

func array(n int) string { return "[0" + strings.Repeat(",0", n-1) + "]" }
