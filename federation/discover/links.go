package discover

import (
	"context"
	"fmt"
	"strings"

	"instar.example/federation/fetch"
)

// Links asks a handle's host for all that WebFinger says of it. Unlike what
// WebFinger returns nothing of it is confirmed: it is what that host says of
// its own people. The error is as WebFinger's.
func Links(ctx context.Context, c *fetch.Client, h Handle) (JRD, error) {
	jrd, err := ask(ctx, c, h)
	if err != nil {
		return JRD{}, fmt.Errorf("webfinger %s: %w", h, err)
	}
	return jrd, nil
}

// Template returns the first template under a relation, or "". Some write it as
// the address of a link.
func (j JRD) Template(rel string) string {
	for _, l := range j.Links {
		if l.Rel == rel && l.Template != "" {
			return l.Template
		}
		if l.Rel == rel && strings.Contains(l.Href, "{") {
			return l.Href
		}
	}
	return ""
}
