package node

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"instar.example/storage"
)

// candidate is a document that the index found.
type candidate struct {
	doc        storage.Document
	thousandth int64 // of similarity
	rank       int64
}

// ranked weighs a thousandth of similarity as a day of age.
func ranked(d storage.Document, similarity float64) candidate {
	t := int64(math.Round(similarity * 1000))
	return candidate{doc: d, thousandth: t, rank: d.CreatedAt + t*day.Milliseconds()}
}

func (c candidate) similarity() float64 { return float64(c.thousandth) / 1000 }

// ranking are candidates, the best first.
type ranking struct {
	ranked []candidate
	top    int64 // the newest stands before this place
	low    int64 // all stand here or behind
	more   bool  // there may be matches before low
}

// window finds and ranks the newest matches below the place's top.
func (s *search) window(ctx context.Context) (ranking, error) {
	if s.kind == storage.KindAgent {
		return s.agents(ctx)
	}
	docs, err := s.matches(ctx, s.kind, searchWindow)
	if err != nil || len(docs) == 0 {
		return ranking{}, err
	}
	w := ranking{top: docs[0].Num + 1, low: docs[len(docs)-1].Num, more: len(docs) == searchWindow}
	if docs, err = s.holdingUnits(ctx, docs); err != nil {
		return ranking{}, err
	}
	for _, d := range docs {
		w.ranked = append(w.ranked, ranked(d, s.asked.similarity(d)))
	}
	w.sort()
	return w, nil
}

func (w *ranking) sort() {
	slices.SortFunc(w.ranked, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(b.doc.Num, a.doc.Num))
	})
}

// matches are the newest documents of a kind that hold all terms.
func (s *search) matches(ctx context.Context, kind string, limit int) ([]storage.Document, error) {
	return s.n.store.Read().Search(ctx, storage.SearchQuery{
		Terms: slices.Concat(s.asked.terms, s.filters, []string{facet(facetKind, kind)}),
		From:  s.from, Before: min(s.before, s.place.top), Limit: limit,
	})
}

// agentTexts is how many of the newest texts tell what agents write about.
const agentTexts = 2 * searchWindow

// agents finds agents by their names and descriptions, and by what they wrote:
// by the newest texts that match. Each of an agent's texts brings its similarity
// closer to 1 by a quarter of the text's own. There is one window.
func (s *search) agents(ctx context.Context) (ranking, error) {
	profiles, err := s.matches(ctx, storage.KindAgent, searchWindow)
	if err != nil {
		return ranking{}, err
	}
	texts, err := s.matches(ctx, kindContent, agentTexts)
	if err != nil {
		return ranking{}, err
	}
	if texts, err = s.shown(ctx, texts); err != nil {
		return ranking{}, err
	}
	docs, err := s.holdingUnits(ctx, append(profiles, texts...))
	if err != nil {
		return ranking{}, err
	}
	type agent struct {
		doc     storage.Document
		lacking float64 // of similarity to 1
	}
	byID := map[string]*agent{}
	w := ranking{}
	for _, d := range docs { // profiles before texts, and both the newest first
		w.top = max(w.top, d.Num+1)
		share := s.asked.similarity(d)
		if d.Kind != storage.KindAgent {
			share /= 4
		}
		a := byID[d.AuthorID]
		if a == nil {
			a = &agent{doc: storage.Document{Num: d.Num, ID: d.AuthorID, Kind: storage.KindAgent, CreatedAt: d.CreatedAt}, lacking: 1}
			byID[d.AuthorID] = a
		}
		a.lacking *= 1 - share
		if d.Num > a.doc.Num { // an agent is as new as its newest text
			a.doc.Num, a.doc.CreatedAt = d.Num, d.CreatedAt
		}
	}
	for _, a := range byID {
		w.ranked = append(w.ranked, ranked(a.doc, 1-a.lacking))
	}
	w.sort()
	return w, nil
}

// shown drops the texts that wait to be indexed anew, and may be hidden by now:
// they are counted here, and not read.
func (s *search) shown(ctx context.Context, texts []storage.Document) ([]storage.Document, error) {
	if s.current {
		return texts, nil
	}
	ids := make([]string, 0, len(texts))
	for _, d := range texts {
		ids = append(ids, d.ID)
	}
	queued, err := s.n.store.Read().Queued(ctx, ids)
	return slices.DeleteFunc(texts, func(d storage.Document) bool { return slices.Contains(queued, d.ID) }), err
}

// holdingUnits drops the documents that lack what the index did not look for,
// or hold the terms of a phrase, but not side by side.
func (s *search) holdingUnits(ctx context.Context, docs []storage.Document) ([]storage.Document, error) {
	if len(s.asked.unsure) == 0 {
		return docs, nil
	}
	var long []int64
	unsure := map[int64]bool{}
	kept := docs[:0:0]
	for _, d := range docs {
		switch {
		case s.asked.holds(d.Title, d.Body):
		case len(d.Body) > indexBody-utf8.UTFMax:
			long = append(long, d.Num)
			unsure[d.Num] = true
		default:
			continue
		}
		kept = append(kept, d)
	}
	texts, err := s.n.store.Read().WholeTexts(ctx, long)
	return slices.DeleteFunc(kept, func(d storage.Document) bool {
		return unsure[d.Num] && !s.asked.holds(d.Title, texts[d.Num])
	}), err
}

// holds says whether a text holds every unit that is unsure.
func (a asked) holds(title, body string) bool {
	for _, p := range a.unsure {
		if !strings.Contains(title, p) && !strings.Contains(body, p) {
			return false
		}
	}
	return true
}

// usualWords is the length of a text of which a word counts as usual.
const usualWords = 100

// similarity is how well a document that holds all units matches a query:
//
//	0.3 + 0.3 title + 0.2 often + 0.2 whole
//
// title is the share of the units that stand in the title. often is how often
// they stand in the title and the beginning of the body, each count c made
// c / (c + 1.2 (0.25 + 0.75 words/100)), on average. whole is 1 when the query
// stands in the title in one row, 1/2 when it does in the beginning of the body.
// It depends on nothing but the document and the query.
func (a asked) similarity(d storage.Document) float64 {
	long := 1.2 * (0.25 + 0.75*float64(d.Size)/usualWords)
	title, often, whole := 0.0, 0.0, 0.0
	for _, u := range a.units {
		inTitle := strings.Count(d.Title, u)
		if inTitle > 0 {
			title++
		}
		count := float64(inTitle + strings.Count(d.Body, u))
		often += count / (count + long)
	}
	switch {
	case strings.Contains(d.Title, a.whole):
		whole = 1
	case strings.Contains(d.Body, a.whole):
		whole = 0.5
	}
	units := float64(len(a.units))
	return 0.3 + 0.3*title/units + 0.2*often/units + 0.2*whole
}
