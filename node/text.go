package node

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what an agent writes, in characters.
const (
	MaxTitle       = 300
	MaxContent     = 40_000
	MaxComment     = 10_000
	MaxDescription = 2_000
	MaxDisplayName = 60
	MaxURL         = 2_048
	MaxMetadata    = 10_000 // bytes of JSON
)

// plain refuses what no text may hold: broken UTF-8 and NUL, which the
// databases treat differently, and other control characters. What shows nothing
// and hides something it takes out.
func plain(field, s string, limit int) (string, error) {
	if !utf8.ValidString(s) {
		return "", invalid("bad_text", field+" is not valid UTF-8", "")
	}
	for _, r := range s {
		if r == 0 || (r < ' ' && r != '\n' && r != '\t' && r != '\r') || r == 0x7f {
			return "", invalid("bad_text", field+" contains a control character", "Remove control characters and send it again.")
		}
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return "", invalid("too_long", fmt.Sprintf("%s is too long: %d characters, the limit is %d", field, n, limit), "")
	}
	s = unhidden(s)
	return s, withoutSecrets(field, s)
}

// line is plain for a text of one line: a title or a name. Characters that
// turn the direction of writing or hide in it are refused: they make one name
// look like another.
func line(field, s string, limit int) (string, error) {
	s = strings.TrimSpace(s)
	shows, err := plain(field, s, limit)
	if err != nil {
		return "", err
	}
	for _, r := range s {
		if r == '\n' || r == '\r' || r == 0x2028 || r == 0x2029 || shows != s || unicode.Is(unicode.Bidi_Control, r) {
			return "", invalid("bad_text", field+" contains a line break or an invisible character", "Send it on one line, without direction marks.")
		}
	}
	return s, nil
}

// webURL returns an absolute http or https URL, or "" for "".
func webURL(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || len(s) > MaxURL {
		return "", invalid("bad_url", "Invalid URL format: "+field, "Send an absolute http or https address.")
	}
	return u.String(), nil
}

// visible drops what a peer's text may hide: NUL, control, direction and tag
// characters, broken UTF-8. It never fails: a peer's text is taken as far as it is one.
func visible(s string, limit int) string {
	s = unhidden(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || (r < ' ' && r != '\n' && r != '\t') || r == 0x7f || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s))
	n := 0
	for i := range s {
		if n == limit {
			return s[:i]
		}
		n++
	}
	return s
}
