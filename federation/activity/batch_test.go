package activity

import (
	"bytes"
	"strings"
	"testing"
)

func TestABatchKeepsTheBytesOfItsActivities(t *testing.T) {
	t.Parallel()
	in := [][]byte{[]byte(`{"id":"https://b.example/1",  "type":"Like"}`), []byte(`{}`), []byte(`"x"`)}
	b := EncodeBatch(in)
	if size := BatchOverhead + len(in) - 1 + len(in[0]) + len(in[1]) + len(in[2]); len(b) != size {
		t.Errorf("%d bytes, want %d", len(b), size)
	}
	out, err := ParseBatch(b)
	if err != nil || len(out) != len(in) {
		t.Fatalf("ParseBatch: %d, %v", len(out), err)
	}
	for i := range in {
		if !bytes.Equal(out[i], in[i]) {
			t.Errorf("item %d is %s, want %s", i, out[i], in[i])
		}
	}
}

func TestWhatIsNoBatch(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":       ``,
		"an activity":   `{"type":"Like","orderedItems":[{}]}`,
		"no items":      `{"type":"OrderedCollection"}`,
		"empty":         string(EncodeBatch(nil)),
		"items of 257":  string(EncodeBatch(bytes.Split(bytes.Repeat([]byte("{} "), MaxBatchItems+1), []byte(" "))[:MaxBatchItems+1])),
		"items no list": `{"type":"OrderedCollection","orderedItems":{}}`,
		"broken off":    `{"type":"OrderedCollection","orderedItems":[{},`,
		"two":           string(EncodeBatch([][]byte{[]byte("{}")})) + "{}",
		"too large":     `{"type":"OrderedCollection","orderedItems":["` + strings.Repeat("x", MaxBatchBytes) + `"]}`,
	} {
		if items, err := ParseBatch([]byte(body)); err == nil {
			t.Errorf("%s: %d items", name, len(items))
		}
	}
}

func FuzzParseBatch(f *testing.F) {
	f.Add(EncodeBatch([][]byte{[]byte(`{"id":"https://b.example/1","type":"Like"}`), []byte(`[]`)}))
	f.Add([]byte(`{"type":"OrderedCollection","ORDEREDITEMS":[1],"orderedItems":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		items, err := ParseBatch(b)
		if err != nil {
			return
		}
		whole := make([][]byte, len(items))
		for i, item := range items {
			whole[i] = item
			_, _ = ParseActivity(item) // must not panic
		}
		again, err := ParseBatch(EncodeBatch(whole))
		if err != nil && len(b) < MaxBatchBytes/2 || err == nil && len(again) != len(items) {
			t.Errorf("%d items became %d: %v", len(items), len(again), err)
		}
	})
}
