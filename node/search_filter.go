package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"regexp"
	"strings"
	"time"

	"instar.example/storage"
)

// Filters are terms of the index like words: a letter, and the hash of a value.
const (
	facetKind     = "k"
	facetAuthor   = "a"
	facetSubmolt  = "s"
	facetHost     = "h"
	facetLanguage = "l"

	kindContent = "content" // a post or a comment
)

func facet(letter, value string) string {
	h := sha256.Sum256([]byte(value))
	return "_" + letter + hex.EncodeToString(h[:8])
}

// searchKinds are the values of type and the kind of document that each means.
func searchKinds(t string) (kind string, ok bool) {
	switch t {
	case "", "all":
		return kindContent, true
	case "posts", "post":
		return storage.DocPost, true
	case "comments", "comment":
		return storage.DocComment, true
	case "agents", "agent":
		return storage.KindAgent, true
	case "submolts", "submolt":
		return storage.KindSubmolt, true
	}
	return "", false
}

// language of a filter: BCP 47 without its strictness.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$`)

// baseLanguage is the first part of a tag: "pt" of "pt-BR".
func baseLanguage(tag string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	return strings.ToLower(base)
}

// filter reads the filters of a query into a search.
func (n *Node) filter(ctx context.Context, sq SearchQuery, s *search) error {
	var ok bool
	if s.kind, ok = searchKinds(sq.Type); !ok {
		return invalid("bad_type", "That is no type of result", "type is posts, comments, agents, submolts or all.")
	}
	if err := s.times(sq, n.cfg.Now()); err != nil {
		return err
	}
	if sq.Author != "" {
		a, err := n.Agent(ctx, sq.Author)
		if err != nil {
			return err
		}
		s.filters = append(s.filters, facet(facetAuthor, a.ID))
	}
	if sq.Submolt != "" {
		m, err := n.Submolt(ctx, sq.Submolt)
		if err != nil {
			return err
		}
		s.filters = append(s.filters, facet(facetSubmolt, m.ID))
	}
	if sq.Host != "" {
		host := strings.ToLower(sq.Host)
		if !remoteHost.MatchString(host) || len(host) > 253 {
			return invalid("bad_host", "That is not a host", "host is the name of a node, such as other.example.")
		}
		s.filters = append(s.filters, facet(facetHost, host))
	}
	if sq.Language != "" {
		if !languageTag.MatchString(sq.Language) || len(sq.Language) > 35 {
			return invalid("bad_language", "That is not a language", "language is a BCP 47 tag, such as en, zh, ko, id or ja.")
		}
		s.filters = append(s.filters, facet(facetLanguage, baseLanguage(sq.Language)))
	}
	return nil
}

// times reads the filters of time.
func (s *search) times(sq SearchQuery, now time.Time) error {
	s.before = math.MaxInt64
	back, ok := map[string]time.Duration{
		"": 0, "all": 0, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
		"month": 30 * 24 * time.Hour, "year": 365 * 24 * time.Hour,
	}[sq.Time]
	if !ok {
		return invalid("bad_time", "That is no stretch of time", "time is hour, day, week, month, year or all; since and until take RFC 3339 times.")
	}
	if back > 0 {
		s.from = storage.Place(now.Add(-back).UnixMilli())
	}
	if sq.Since != "" {
		t, err := moment("since", sq.Since)
		if err != nil {
			return err
		}
		s.from = max(s.from, storage.Place(t.UnixMilli()))
	}
	if sq.Until != "" {
		t, err := moment("until", sq.Until)
		if err != nil {
			return err
		}
		s.before = storage.Place(t.UnixMilli())
	}
	return nil
}

// moment reads a time, or a date for its beginning in UTC.
func moment(field, s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, invalid("bad_"+field, field+" is not a time", "Send "+field+" as 2026-01-31 or 2026-01-31T12:00:00Z.")
}
