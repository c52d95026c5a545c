package node

import (
	"context"
	"slices"
	"unicode/utf8"

	"instar.example/storage"
)

// Bounds of indexing.
const (
	indexBatch = 100
	// indexBatches is how many a search does itself, so that it finds what was
	// just written.
	indexBatches = 2
	// indexBody is how many bytes of a text are read to rank it.
	indexBody = 800
)

// IndexBatch puts texts that wait into the search index and returns how many.
func (n *Node) IndexBatch(ctx context.Context) (int, error) {
	waiting, err := n.store.Read().Unindexed(ctx, indexBatch)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	ids := make([]string, 0, len(waiting))
	for _, d := range waiting {
		ids = append(ids, d.ID)
	}
	// Cut into terms before the transaction: the one writer waits for nobody's text.
	texts, err := n.store.Read().Texts(ctx, waiting)
	if err != nil {
		return 0, err
	}
	ready := make(map[storage.Text]storage.Document, len(texts))
	for _, t := range texts {
		if t.Hidden == storage.Visible {
			ready[t] = n.document(t)
		}
	}
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		taken, err := q.TakeUnindexed(ctx, ids)
		if err != nil {
			return err
		}
		waiting := slices.DeleteFunc(slices.Clone(waiting), func(d storage.Document) bool { return !slices.Contains(taken, d.ID) })
		if len(waiting) == 0 {
			return nil
		}
		texts, err := q.Texts(ctx, waiting)
		if err != nil {
			return err
		}
		byID := make(map[string]storage.Text, len(texts))
		for _, t := range texts {
			byID[t.ID] = t
		}
		docs := make([]storage.Document, 0, len(waiting))
		for _, d := range waiting {
			if t, ok := byID[d.ID]; ok && t.Hidden == storage.Visible {
				made, same := ready[t]
				if d = made; !same { // it was changed meanwhile
					d = n.document(t)
				}
			}
			docs = append(docs, d)
		}
		return q.Index(ctx, docs)
	})
	return len(waiting), err
}

// document is what the index holds of a text.
func (n *Node) document(t storage.Text) storage.Document {
	title, body := runsOf(t.Title), runsOf(t.Content)
	all := slices.Concat(title, body)
	d := storage.Document{
		ID: t.ID, Kind: t.Kind, AuthorID: t.AuthorID, CreatedAt: t.CreatedAt, Size: wordsIn(all),
		Title: plainText(title), Body: plainText(body), Terms: append(termsOf(all), n.facets(t)...),
	}
	if end := indexBody; len(d.Body) > end {
		for !utf8.RuneStart(d.Body[end]) {
			end--
		}
		d.Body, d.Rest = d.Body[:end], d.Body[end:]
	}
	return d
}

// facets are the terms that filters ask for.
func (n *Node) facets(t storage.Text) []string {
	host := t.Host
	if host == "" {
		host = n.host
	}
	fs := []string{facet(facetKind, t.Kind), facet(facetHost, host), facet(facetAuthor, t.AuthorID)}
	if t.Kind == storage.DocPost || t.Kind == storage.DocComment {
		fs = append(fs, facet(facetKind, kindContent), facet(facetSubmolt, t.SubmoltID))
	}
	if t.Lang == "" {
		t.Lang = Language(t.Title + " " + t.Content)
	}
	if t.Lang != "" {
		fs = append(fs, facet(facetLanguage, baseLanguage(t.Lang)))
	}
	return fs
}

// indexWaiting indexes what waits and says whether that is all: it stops when
// much waits.
func (n *Node) indexWaiting(ctx context.Context) (all bool, err error) {
	for range indexBatches {
		if done, err := n.IndexBatch(ctx); err != nil || done < indexBatch {
			return true, err
		}
	}
	return false, nil
}
