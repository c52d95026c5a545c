package activity

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const office = `{"id":"https://a.example/m/lab/labels/greeter","type":"Label","key":"greeter","name":"Greeter","kind":"role","color":"teal",` +
	`"prompt":"Welcome.","cadenceMinutes":60,"seats":2,"taken":1,"claimable":true,"holders":["https://b.example/u/bob"],"published":"2026-11-28T00:00:00.000Z"}`

func TestALabelIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	d, err := ParseLabel([]byte(office))
	if err != nil {
		t.Fatal(err)
	}
	if d.Seats != 2 || d.Cadence != 60 || !d.Claimable || !slices.Equal(d.Holders, IDs{"https://b.example/u/bob"}) {
		t.Errorf("ParseLabel = %+v", d)
	}
	b, err := json.Marshal(d)
	if err != nil || string(b) != office {
		t.Errorf("written again (%v):\n%s\nwant\n%s", err, b, office)
	}
	whole, err := Encode(d)
	if err != nil || !strings.Contains(string(whole), `"Label":"instar:Label"`) {
		t.Errorf("Encode (%v) does not say what a Label is: %s", err, whole)
	}
	for _, bad := range []string{`[]`, `{"id":"x"}`, `{"id":"x","type":"Note"}`, `{"type":"Label"}`, `{"id":["x"],"type":"Label"}`} {
		if d, err := ParseLabel([]byte(bad)); err == nil {
			t.Errorf("ParseLabel(%s) = %+v", bad, d)
		}
	}
}

func FuzzParseLabel(f *testing.F) {
	f.Add([]byte(office))
	f.Add([]byte(`{"id":"i","type":["Label"],"seats":-1,"taken":1e9,"holders":{"id":"x"},"claimable":"true"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseLabel(b)
		if err == nil && (d.ID == "" || d.Type != TypeLabel || len(d.Holders) > MaxRecipients || d.Seats < 0 || d.Taken < 0) {
			t.Errorf("%q: %+v", b, d)
		}
	})
}
