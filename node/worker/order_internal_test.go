package worker

import (
	"strings"
	"testing"

	"instar.example/storage"
)

func TestWhatOneActorDoesWithOneThingStaysInOrder(t *testing.T) {
	t.Parallel()
	const zoe, yan, group = `"actor":"https://b.test/u/zoe"`, `"actor":"https://b.test/u/yan"`, `"actor":"https://b.test/m/g"`
	about := `"object":"https://a.test/post/1"`
	batch := []storage.Received{
		{ID: "6", DueAt: 1, Body: []byte(`{"type":"Announce",` + group + `,"object":{"type":"Undo",` + zoe + `,"object":{"type":"Like",` + zoe + `,` + about + `}}}`)},
		{ID: "5", DueAt: 1, Body: []byte(`{"type":"Like",` + yan + `,` + about + `}`)},
		{ID: "4", DueAt: 1, Body: []byte(`{"type":"Announce",` + group + `,"object":{"type":"Dislike",` + zoe + `,` + about + `}}`)},
		{ID: "1", DueAt: 2, Body: []byte(`{"type":"Like",` + zoe + `,` + about + `}`)},
		{ID: "2", DueAt: 1, Body: []byte(`{"type":"Create",` + zoe + `,"object":{"type":"Note","id":"https://b.test/1","attributedTo":"https://b.test/u/zoe"}}`)},
		{ID: "3", DueAt: 1, Body: []byte(`{"type":"Delete",` + zoe + `,"object":"https://b.test/1"}`)},
		{ID: "8", DueAt: 1, Body: []byte(`[]`)},
		{ID: "9", DueAt: 1, Body: nil},
	}
	var got []string
	for _, row := range inOrder(batch) {
		var ids []string
		for _, r := range row {
			ids = append(ids, r.ID)
		}
		got = append(got, strings.Join(ids, " "))
	}
	if all := strings.Join(got, "|"); all != "2 3|4 6 1|5|8|9" {
		t.Errorf("rows %q", all)
	}
}
