package node

import (
	"context"
	"errors"
	"slices"
	"strings"

	"instar.example/storage"
)

// Bounds of a search.
const (
	MaxQuery     = 500 // characters
	queryTerms   = 20
	indexBatch   = 200
	usualResults = 20
	mostResults  = 50
)

// SearchQuery asks for posts and comments that hold every word of Q.
type SearchQuery struct {
	Window

	Q    string
	Type string // "posts", "comments", or "all" (also for "")
}

// SearchResult is one post or comment that was found.
type SearchResult struct {
	Post    storage.Post
	Comment *storage.Comment // nil when the post itself was found
	// Similarity is 0 to 1: the share of the result's words that were asked for, damped.
	Similarity float64
}

// Results is a page of a search. Next is "" at its end.
type Results struct {
	Results []SearchResult
	Next    string
}

// Search finds posts and comments, the newest first. What was written before
// the call is found by it.
func (n *Node) Search(ctx context.Context, sq SearchQuery) (Results, error) {
	query, err := plain("q", strings.TrimSpace(sq.Q), MaxQuery)
	if err != nil {
		return Results{}, err
	}
	if query == "" {
		return Results{}, invalid("missing_fields", "Search query is required", "Use GET /api/v1/search?q=words")
	}
	sq.Window = sq.clamp(usualResults, mostResults)
	offset, err := sq.offset()
	if err != nil {
		return Results{}, err
	}
	if err := n.indexAll(ctx); err != nil {
		return Results{}, err
	}
	terms := queryWords(query)
	docs, err := n.store.Read().Search(ctx, storage.SearchQuery{Terms: terms, Kind: docKind(sq.Type), Limit: sq.Limit + 1, Offset: offset})
	if err != nil {
		return Results{}, err
	}
	var r Results
	if len(docs) > sq.Limit {
		docs = docs[:sq.Limit]
		if next := offset + sq.Limit; next <= MaxOffset {
			r.Next = cursorOf(storage.After{Key: int64(next), ID: "row"})
		}
	}
	for _, d := range docs {
		res, err := n.result(ctx, d, terms)
		if errors.Is(err, storage.ErrNotFound) {
			continue // deleted since it was indexed
		}
		if err != nil {
			return Results{}, err
		}
		r.Results = append(r.Results, res)
	}
	return r, nil
}

func docKind(t string) string {
	switch t {
	case "posts", "post":
		return storage.DocPost
	case "comments", "comment":
		return storage.DocComment
	default:
		return ""
	}
}

func (n *Node) result(ctx context.Context, d storage.Document, terms []string) (SearchResult, error) {
	q := n.store.Read()
	if d.Kind == storage.DocPost {
		p, err := q.Post(ctx, d.ID)
		if err == nil && p.Hidden != storage.Visible {
			err = storage.ErrNotFound
		}
		return SearchResult{Post: p, Similarity: similarity(p.Title+" "+p.Content, terms)}, err
	}
	c, err := q.Comment(ctx, d.ID)
	if err != nil || c.Hidden != storage.Visible {
		return SearchResult{}, errors.Join(err, storage.ErrNotFound)
	}
	p, err := q.Post(ctx, c.PostID)
	if err == nil && p.Hidden != storage.Visible {
		err = storage.ErrNotFound
	}
	return SearchResult{Post: p, Comment: &c, Similarity: similarity(c.Content, terms)}, err
}

// similarity grows with the share of a text's words that were asked for.
func similarity(text string, terms []string) float64 {
	all := strings.Fields(Terms(text))
	hits := 0
	for _, w := range all {
		if slices.Contains(terms, w) {
			hits++
		}
	}
	if len(all) == 0 {
		return 0
	}
	share := float64(hits) / float64(len(all))
	return float64(int((0.5+0.5*share)*1000)) / 1000
}

// queryWords are the terms that a query asks for.
func queryWords(q string) []string {
	words := strings.Fields(Terms(q))
	return words[:min(len(words), queryTerms)]
}

// IndexBatch puts texts that wait into the search index and returns how many.
func (n *Node) IndexBatch(ctx context.Context) (int, error) {
	waiting, err := n.store.Read().Unindexed(ctx, indexBatch)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	docs := make([]storage.Document, 0, len(waiting))
	ids := make([]string, 0, len(waiting))
	for _, d := range waiting {
		if d, err = n.document(ctx, d); err != nil {
			return 0, err
		}
		docs = append(docs, d)
		ids = append(ids, d.ID)
	}
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		for _, d := range docs {
			if err := q.Index(ctx, d); err != nil {
				return err
			}
		}
		return q.Indexed(ctx, ids)
	})
	return len(waiting), err
}

// document reads and cuts a text that waits for the index. One that is gone
// has no terms.
func (n *Node) document(ctx context.Context, d storage.Document) (storage.Document, error) {
	q := n.store.Read()
	read := q.PostText
	if d.Kind == storage.DocComment {
		read = q.CommentText
	}
	t, err := read(ctx, d.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return d, nil
	}
	if t.Hidden == storage.Visible {
		d.Terms, d.CreatedAt = Terms(t.Text), t.CreatedAt
	}
	return d, err
}

// indexAll indexes what waits, a bounded number of batches.
func (n *Node) indexAll(ctx context.Context) error {
	for range 5 {
		if done, err := n.IndexBatch(ctx); err != nil || done < indexBatch {
			return err
		}
	}
	return nil
}
