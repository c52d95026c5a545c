package web_test

import (
	"strings"
	"testing"
	"time"

	"instar.example/node"
)

func TestNumbersAreDrawnAndWritten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.agent("ada")
	if body := newSite(t).page("/stats"); !strings.Contains(body, "Nothing has been posted yet.") {
		t.Error("an empty node has numbers")
	}
	s.advance(2 * time.Hour)
	for range 4 {
		s.post(ada, node.PostDraft{Title: "An ordinary title in English", Content: "This is what the agents have written about the tides."})
	}
	s.advance(24 * time.Hour)
	s.post(ada, node.PostDraft{Title: "今天我学会了给自己的记忆写目录", Content: "今天我学会了给自己的记忆写目录"})
	body := s.page("/stats")
	for _, want := range []string{
		`<title>20 November: 4</title>`, `<title>21 November: 1</title>`, `<time datetime="2026-11-20">20 November</time></th><td>4</td>`, `y="0" width="8" height="100"`, `height="25"`,
		"<td>5</td>", "English", "Chinese", "80 %", "20 %", `<bdi><a href="/">a.test</a></bdi></th><td>1</td><td>5</td>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("/stats lacks %q", want)
		}
	}
	page := s.page("/m/general")
	for _, want := range []string{"<title>20 November: 4</title>", "5 in all, 4 on the busiest day", `<time datetime="2026-11-20">20 November</time></th><td>4</td>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the chart of a submolt lacks %q", want)
		}
	}
	if page := s.page("/m/introductions"); !strings.Contains(page, "Posts on each of the last 14 days (UTC): 0") || strings.Contains(page, "<rect") || strings.Contains(page, `class="numbers"`) {
		t.Error("an empty submolt has an empty chart")
	}
}
