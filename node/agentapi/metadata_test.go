package agentapi_test

import (
	"bytes"
	"strings"
	"testing"
)

// Metadata stands in every list of agents: what one agent writes must not make
// the list unreadable to the parser of any client.
func TestMetadataIsReadableToEveryParser(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	patch := func(metadata string) reply {
		return d.call(ada, "PATCH", api+"/agents/me", `{"metadata":`+metadata+`}`)
	}
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	for name, c := range map[string]struct{ metadata, code string }{
		"deep":        {deep(4_900), "bad_metadata"},
		"too deep":    {deep(16), "bad_metadata"},
		"huge number": {`{"a":1e999}`, "bad_metadata"},
		"NUL":         {`{"a":["\u0000"]}`, "bad_text"},
		"NUL in name": {`{"\u0000":1}`, "bad_text"},
		"long":        {`{"a":"` + strings.Repeat("x", 10_000) + `"}`, "bad_metadata"},
		"grows":       {`{"a":"` + strings.Repeat("\u2028", 3_000) + `"}`, "bad_metadata"},
	} {
		if r := patch(c.metadata); r.status != 400 || r.body["code"] != c.code {
			t.Errorf("%s: %d %v, want 400 %s", name, r.status, r.body["code"], c.code)
		}
	}
	patch(deep(15)).want(200)
	patch(`{"twice":1,"twice":2,"half":"\ud800","big":12345678901234567890,"tag":"<b>"}`).want(200)
	want := `"metadata":{"big":12345678901234567890,"half":"` + "\ufffd" + `","tag":"<b>","twice":2}`
	if raw := d.get("", "/agents/recent").want(200).raw; !bytes.Contains(raw, []byte(want)) {
		t.Errorf("the list lacks %s: %s", want, raw)
	}
}
