package node

import (
	"testing"

	"instar.example/federation/activity"
)

func TestLinkOf(t *testing.T) {
	t.Parallel()
	image := activity.Attachment{Type: "Image", URL: "https://a.example/cat.png"}
	link := activity.Attachment{Type: "Link", URL: "https://news.example/1"}
	for _, c := range []struct {
		name     string
		o        activity.Object
		url, typ string
	}{
		{"nothing", activity.Object{}, "", TypeText},
		{"its own page", activity.Object{URL: "https://a.example/@eve/1"}, "", TypeText},
		{"a url elsewhere", activity.Object{URL: "https://news.example/2"}, "https://news.example/2", TypeLink},
		{"no web address", activity.Object{URL: "javascript:alert(1)"}, "", TypeText},
		{"a link", activity.Object{Attachments: []activity.Attachment{link}}, link.URL, TypeLink},
		{"an image", activity.Object{Attachments: []activity.Attachment{image}}, image.URL, TypeImage},
		{"an image by its media type", activity.Object{Attachments: []activity.Attachment{{Type: "Document", MediaType: "image/webp", URL: image.URL}}}, image.URL, TypeImage},
		{"a link and its picture", activity.Object{Attachments: []activity.Attachment{image, link}}, link.URL, TypeLink},
		{"two images", activity.Object{Attachments: []activity.Attachment{image, {Type: "Image", URL: "https://a.example/2.png"}}}, image.URL, TypeImage},
		{"an attachment goes before the url", activity.Object{URL: "https://news.example/2", Attachments: []activity.Attachment{link}}, link.URL, TypeLink},
	} {
		c.o.ID = "https://a.example/post/1"
		if url, typ := linkOf(&c.o); url != c.url || typ != c.typ {
			t.Errorf("%s: %q %s, want %q %s", c.name, url, typ, c.url, c.typ)
		}
	}
}

func TestTitleOfATextWithoutOne(t *testing.T) {
	t.Parallel()
	lab := "https://b.example/m/lab"
	called := []activity.Tag{{Type: "Mention", Name: "@lab@b.example", Href: lab}}
	for _, c := range []struct {
		content string
		tags    []activity.Tag
		want    string
	}{
		{"@lab@b.example Is it sound?", called, "Is it sound?"},
		{"@lab@b.example\n\nIs it sound?\nI doubt it.", called, "Is it sound?"},
		{"Is it sound, @lab ?", called, "Is it sound, ?"},
		{"@ada@b.example Is it sound?", called, "@ada@b.example Is it sound?"},
		{"@lab@b.example Is it sound?", nil, "@lab@b.example Is it sound?"},
		{"@lab@b.example", called, "(no title)"},
		{"", nil, "(no title)"},
	} {
		if got := titleOf(&activity.Object{Tags: c.tags}, c.content, lab); got != c.want {
			t.Errorf("%q: %q, want %q", c.content, got, c.want)
		}
	}
	if got := titleOf(&activity.Object{Name: "Named"}, "text", lab); got != "Named" {
		t.Errorf("a named one: %q", got)
	}
}
