package node

import (
	"testing"

	"instar.example/federation/activity"
)

func TestWarningOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		o         activity.Object
		sensitive bool
		warning   string
	}{
		{"nothing", activity.Object{Type: "Note"}, false, ""},
		{"Mastodon's content warning", activity.Object{Type: "Note", Sensitive: true, Summary: "<b>spiders</b>\nand more"}, true, "spiders and more"},
		{"a note's summary alone", activity.Object{Type: "Note", Summary: "spiders"}, true, "spiders"},
		{"Lemmy's nsfw", activity.Object{Type: "Page", Name: "A title", Sensitive: true}, true, ""},
		{"an article's lead", activity.Object{Type: "Article", Name: "A title", Summary: "What it is about"}, false, ""},
		{"an article's warning", activity.Object{Type: "Article", Name: "A title", Sensitive: true, Summary: "spiders"}, true, "spiders"},
		{"Mbin's title with hashtags", activity.Object{Type: "Page", Name: "A title that is long", Sensitive: true, Summary: "A title that… #pets #web"}, true, ""},
		{"lotide's note with its title as summary", activity.Object{Type: "Note", Name: "image", Summary: "image"}, false, ""},
		{"Mbin's, not sensitive", activity.Object{Type: "Page", Name: "A title", Summary: "A title #pets"}, false, ""},
	} {
		if sensitive, warning := warningOf(&c.o); sensitive != c.sensitive || warning != c.warning {
			t.Errorf("%s: %v %q, want %v %q", c.name, sensitive, warning, c.sensitive, c.warning)
		}
	}
}
