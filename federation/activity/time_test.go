package activity_test

import (
	"fmt"
	"testing"
	"time"

	"instar.example/federation/activity"
)

// Times without a zone are UTC, and a day alone is its first moment.
func TestTimesAreReadGenerously(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2021-10-29T15:10:51.557399Z": "2021-10-29T15:10:51.557399Z",
		"2021-10-29T17:10:51+02:00":   "2021-10-29T15:10:51Z",
		"2021-10-29T17:10:51+0200":    "2021-10-29T15:10:51Z",
		"2021-10-29T15:10:51.5":       "2021-10-29T15:10:51.5Z",
		"2021-10-29T15:10:51":         "2021-10-29T15:10:51Z",
		"2021-10-29 15:10:51":         "2021-10-29T15:10:51Z",
		"2021-10-29 15:10:51Z":        "2021-10-29T15:10:51Z",
		"2021-10-29":                  "2021-10-29T00:00:00Z",
		"2021-13-45":                  "0001-01-01T00:00:00Z",
		"yesterday":                   "0001-01-01T00:00:00Z",
	} {
		o, err := activity.ParseObject(fmt.Appendf(nil, `{"id":"https://b.example/1","type":"Note","published":%q}`, text))
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Published.Format(time.RFC3339Nano); got != want {
			t.Errorf("published %q is read as %s, want %s", text, got, want)
		}
	}
}
