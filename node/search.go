package node

import (
	"context"
	"math"
	"strconv"
	"strings"

	"instar.example/storage"
)

// Bounds of a search.
const (
	MaxQuery     = 500 // characters
	usualResults = 20
	mostResults  = 50
	// searchWindow is how many of the newest matches are ranked at once; the
	// next ones follow behind them.
	searchWindow = 300
	// searchWindows is how many windows are read for one page, while nothing
	// is found in them.
	searchWindows = 2
)

// SearchQuery asks for what holds every word and phrase of Q. All filters hold
// together; "" is none.
type SearchQuery struct {
	Window

	Q            string // words, and phrases in quotation marks
	Type         string // "posts", "comments", "agents", "submolts", or "all" for posts and comments (also "")
	Author       string // name or address
	Submolt      string // name or address
	Host         string // of the author
	Language     string // BCP 47; only its first part counts
	Time         string // "hour", "day", "week", "month", "year" or "all"
	Since, Until string // RFC 3339, or a date
}

// SearchResult is one thing that was found: a comment, an agent or submolt, or else a post.
type SearchResult struct {
	Post       storage.Post     // of a comment: the one it is on
	Comment    *storage.Comment // nil when something else was found
	Actor      *storage.Actor   // an agent or a submolt; nil when something else was found
	Similarity float64          // 0 to 1, see asked.similarity
}

// Results is a page of a search. Next is "" at its end.
type Results struct {
	Results []SearchResult
	Next    string
}

// Search finds what holds all that is asked for. The newest 300 matches come
// first, ranked by how well they match and how new they are, then the next 300:
// so each page costs the same, however many there are. Votes do not count, and
// so a list stays as it is while somebody reads it, page by page. What was
// written before the call is found by it, unless hundreds of texts wait for
// the index.
func (n *Node) Search(ctx context.Context, sq SearchQuery) (Results, error) {
	query, err := plain("q", strings.TrimSpace(sq.Q), MaxQuery)
	if err != nil {
		return Results{}, err
	}
	if query == "" {
		return Results{}, invalid("missing_fields", "Search query is required", "Use GET /api/v1/search?q=words")
	}
	s := search{n: n, asked: parseQuery(query), limit: sq.clamp(usualResults, mostResults).Limit}
	if s.place, err = sq.place(); err != nil {
		return Results{}, err
	}
	if err := n.filter(ctx, sq, &s); err != nil {
		return Results{}, err
	}
	if len(s.asked.terms) == 0 {
		return Results{}, nil // signs alone
	}
	if s.current, err = n.indexWaiting(ctx); err != nil {
		return Results{}, err
	}
	return s.page(ctx)
}

// search is one search under way.
type search struct {
	n       *Node
	asked   asked
	filters []string // terms that stand for filters
	kind    string   // one of the kinds below
	from    int64    // storage places
	before  int64
	place   searchPlace
	limit   int
	current bool // no text waits for the index
}

// searchPlace is where a page of results starts.
type searchPlace struct {
	top  int64 // the window: documents before this one
	rank int64 // in it, behind the result with this rank and document
	num  int64
	skip int // for clients that count rows
}

// start is the beginning of the window below top.
func start(top int64) searchPlace {
	return searchPlace{top: top, rank: math.MaxInt64, num: math.MaxInt64}
}

func (p searchPlace) cursor() string {
	return cursorOf(storage.After{Key: p.rank, ID: strconv.FormatInt(p.top, 10) + "_" + strconv.FormatInt(p.num, 10)})
}

// place reads where the page starts.
func (sq SearchQuery) place() (searchPlace, error) {
	if sq.Cursor == "" {
		p := start(math.MaxInt64)
		p.skip = sq.clamp(usualResults, mostResults).Offset
		return p, nil
	}
	after, err := sq.after()
	if err != nil {
		return searchPlace{}, err
	}
	top, num, ok := strings.Cut(after.ID, "_")
	p := searchPlace{rank: after.Key}
	var topErr, numErr error
	p.top, topErr = strconv.ParseInt(top, 10, 64)
	p.num, numErr = strconv.ParseInt(num, 10, 64)
	if !ok || topErr != nil || numErr != nil || p.top < 0 || p.num < 0 {
		return searchPlace{}, errCursor()
	}
	return p, nil
}

// page reads windows until it has a page of results.
func (s *search) page(ctx context.Context) (Results, error) {
	var r Results
	for range searchWindows {
		w, err := s.window(ctx)
		if err != nil {
			return Results{}, err
		}
		if len(w.ranked) > 0 {
			s.place.top = w.top // the same documents for all pages of this window
		}
		rest := s.skip(s.place.behind(w.ranked))
		for len(rest) > 0 && len(r.Results) < s.limit {
			some := rest[:min(len(rest), s.limit-len(r.Results))]
			found, err := s.n.results(ctx, some)
			if err != nil {
				return Results{}, err
			}
			r.Results = append(r.Results, found...)
			rest = rest[len(some):]
			last := some[len(some)-1]
			s.place.rank, s.place.num = last.rank, last.doc.Num
		}
		switch {
		case len(rest) > 0:
			r.Next = s.place.cursor()
			return r, nil
		case !w.more:
			return r, nil
		}
		skip := s.place.skip
		s.place = start(w.low)
		s.place.skip = skip
		if len(r.Results) > 0 {
			break // a short page: what is further away costs as much again
		}
	}
	r.Next = s.place.cursor()
	return r, nil
}

// skip leaves out the rows that a client counted.
func (s *search) skip(ranked []candidate) []candidate {
	n := min(s.place.skip, len(ranked))
	s.place.skip -= n
	return ranked[n:]
}

// behind are the candidates that follow a place in their window.
func (p searchPlace) behind(ranked []candidate) []candidate {
	for i, c := range ranked {
		if c.rank < p.rank || (c.rank == p.rank && c.doc.Num < p.num) {
			return ranked[i:]
		}
	}
	return nil
}

// results reads what was found, as it is now, in the order of the candidates.
// What is not shown any more is left out.
func (n *Node) results(ctx context.Context, found []candidate) ([]SearchResult, error) {
	ids := map[string][]string{}
	for _, c := range found {
		ids[c.doc.Kind] = append(ids[c.doc.Kind], c.doc.ID)
	}
	q := n.store.Read()
	comments, err := q.CommentsByIDs(ctx, ids[storage.DocComment])
	if err != nil {
		return nil, err
	}
	postIDs := ids[storage.DocPost]
	byID := map[string]SearchResult{}
	for _, c := range comments {
		if c.Hidden == storage.Visible {
			byID[c.ID] = SearchResult{Comment: &c}
			postIDs = append(postIDs, c.PostID)
		}
	}
	posts, err := q.PostsByIDs(ctx, postIDs)
	if err != nil {
		return nil, err
	}
	for _, p := range posts {
		if p.Hidden == storage.Visible {
			byID[p.ID] = SearchResult{Post: p}
		}
	}
	actors, err := q.ActorsByIDs(ctx, append(ids[storage.KindAgent], ids[storage.KindSubmolt]...))
	if err != nil {
		return nil, err
	}
	for _, a := range actors {
		if a.State == storage.ActorActive && a.DeletedAt == 0 {
			byID[a.ID] = SearchResult{Actor: &a}
		}
	}
	var rs []SearchResult
	for _, c := range found {
		r, ok := byID[c.doc.ID]
		if ok && r.Comment != nil {
			var post SearchResult
			post, ok = byID[r.Comment.PostID]
			r.Post = post.Post
		}
		if ok {
			r.Similarity = c.similarity()
			rs = append(rs, r)
		}
	}
	return rs, nil
}
