package node

import (
	"runtime"
	"strings"
	"testing"
)

// TestNoTextGrowsWithoutBound: few characters of Markdown make very much HTML, or
// very much memory on the way to it. Such a text is shown as it is written.
func TestNoTextGrowsWithoutBound(t *testing.T) { //nolint:paralleltest // what it allocates is measured
	r := newRenderer()
	times := func(s string) string { return strings.Repeat(s, MaxContent/len(s)) }
	row := func(cell string, n int) string { return "|" + strings.Repeat(cell, n) + "\n" }
	for name, text := range map[string]string{
		"a table":                 row("a|", 4_000) + row("-|", 4_000) + strings.Repeat("a\n", 10_000),
		"a table in a quote":      "> " + row("a|", 4_000) + "> " + row("-|", 4_000) + strings.Repeat("> a\n", 5_000),
		"a table in a list":       "1. " + row("a|", 4_000) + "   " + row("-|", 4_000) + strings.Repeat("   a\n", 4_000),
		"a table after a lazy -":  "- " + row("a|", 4_000) + "  " + row(":-:|", 4_000) + strings.Repeat("  a\n", 4_000),
		"many tables":             strings.Repeat(row("a|", 500)+row("-|", 500)+strings.Repeat("a\n", 200)+"\n", 15),
		"one address, many links": "[a]: http://a.example/" + strings.Repeat("x", 1_000) + "\n\n" + strings.Repeat("[a]", 12_000),
		"quotes":                  times(">"),
		"quotes apart":            times("> "),
		"lists":                   times("1. ") + "a",
		"dashes":                  times("- ") + "a",
		"lists in quotes":         times("> - ") + "a",
		"addresses":               times("www.a.b "),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		page := r.fromMarkdown(text)
		runtime.ReadMemStats(&after)
		if len(page) > maxRendered {
			t.Errorf("%s: %d bytes of %d", name, len(page), len(text))
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 512 { // a bomb takes gigabytes, the race detector some times what is needed
			t.Errorf("%s takes %d MB", name, took)
		}
	}
	if got := asWritten("a<b\nc"); got != "<p>a&lt;b<br>c</p>" {
		t.Errorf("as it is written: %s", got)
	}
}

// TestOrdinaryTextsAreRendered: what people of the trade write is within the bounds.
func TestOrdinaryTextsAreRendered(t *testing.T) {
	t.Parallel()
	r := newRenderer()
	table := "| a | b |\n|---|---|\n" + strings.Repeat("| c | d |\n", 2_000)
	for name, text := range map[string]string{
		"a long table":   table,
		"a quoted list":  "> > - 1. a\n",
		"rulers":         strings.Repeat("a\n\n---\n\n", 5_000),
		"numbers":        strings.Repeat("1 - 2 - 3 - 4\n", 2_000),
		"a conversation": strings.Repeat(">", 30) + " a\n",
	} {
		if page := r.fromMarkdown(text); page == asWritten(text) {
			t.Errorf("%s is shown as it is written", name)
		}
	}
}
