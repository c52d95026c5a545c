package server_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"instar.example/federation/activity"
	"instar.example/federation/fetch"
	"instar.example/federation/signature"
	"instar.example/node"
	"instar.example/node/worker"
)

// FEDERATION.md tells the limits that the code has.
func TestFederationTellsTheLimits(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../FEDERATION.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n### Limits\n")
	if !found {
		t.Fatal("FEDERATION.md has no part Limits")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	past := node.DefaultBackfill()
	want := map[string]string{
		"inbox body, fetched document":                                         bytesOf(t, activity.MaxBytes, fetch.MaxBody) + " each",
		"nesting, keys, array items of a document":                             numbers(activity.MaxDepth, activity.MaxKeys, activity.MaxItems),
		"age of a signed request":                                              fmt.Sprintf("%g hour either way", signature.Window.Hours()),
		"title, post, comment":                                                 numbers(node.MaxTitle, node.MaxContent, node.MaxComment) + " characters",
		"recipients in `to` and in `cc`":                                       numbers(activity.MaxRecipients) + " each",
		"documents asked for because of one activity":                          fmt.Sprintf("%d in one turn, 240 over all its turns; a domain's budget besides", worker.MaxFetches),
		"ids and addresses":                                                    numbers(node.MaxURL) + " bytes, in the host's one spelling",
		"ancestors fetched above one comment":                                  numbers(node.MaxReplyDepth),
		"redirects of a GET, of a POST":                                        numbers(fetch.MaxRedirects, 0),
		"backfill of one thread or actor: requests, items, posts of an outbox": numbers(int(past.Requests), int(past.Items), int(past.Posts)),
		"attachments kept with one post, comment or message; characters of what each shows": numbers(node.MaxAttachments) + "; " + numbers(node.MaxAltText),
		"options of a poll; characters of each":                                             numbers(node.MaxOptions) + "; " + numbers(node.MaxOption),
		"activities, bytes of a batch":                                                      numbers(activity.MaxBatchItems) + ", " + bytesOf(t, activity.MaxBatchBytes),
		"RSA keys":                                                                          fmt.Sprintf("%d to %d bits, e = 65537", signature.MinRSABits, signature.MaxRSABits),
	}
	rows := regexp.MustCompile(`(?m)^\| (.+?) \| (.+?) \|$`).FindAllStringSubmatch(table, -1)
	for _, row := range rows[1:] { // behind the head
		if row[2][0] < '0' || row[2][0] > '9' {
			continue // a rule, and no figure
		}
		if limit, known := want[row[1]]; !known || limit != row[2] {
			t.Errorf("FEDERATION.md: %q has the limit %q, the code has %q", row[1], row[2], limit)
		}
		delete(want, row[1])
	}
	for what, limit := range want {
		t.Errorf("FEDERATION.md does not tell: %s: %s", what, limit)
	}
}

// bytesOf writes sizes, which are to be the same, as the table does.
func bytesOf(t *testing.T, sizes ...int) string {
	t.Helper()
	for _, size := range sizes {
		if size != sizes[0] {
			t.Errorf("one line of FEDERATION.md tells of the sizes %v", sizes)
		}
	}
	return fmt.Sprintf("%d MiB", sizes[0]>>20)
}

// numbers writes whole numbers as the table does.
func numbers(list ...int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = fmt.Sprint(n)
		if n >= 1_000 {
			words[i] = fmt.Sprintf("%d,%03d", n/1_000, n%1_000)
		}
	}
	return strings.Join(words, ", ")
}
