package agentapi

import (
	"context"

	"instar.example/node"
)

// Bounds of a page of results.
const (
	usualResults = 20
	mostResults  = 50
)

// resultJSON is a post or a comment that was found, [API-7].
type resultJSON struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"` // post or comment
	Title      *string         `json:"title"`
	Content    string          `json:"content"`
	Upvotes    int64           `json:"upvotes"`
	Downvotes  int64           `json:"downvotes"`
	Score      int64           `json:"score"`
	CreatedAt  stamp           `json:"created_at"`
	Similarity float64         `json:"similarity"`
	AuthorID   string          `json:"author_id"`
	Author     refJSON         `json:"author"`
	Submolt    *submoltRefJSON `json:"submolt,omitempty"` // of a post
	Post       *postTitleJSON  `json:"post,omitempty"`    // of a comment
	PostID     string          `json:"post_id"`
	Provenance provenance      `json:"provenance"`
	Trust      trust           `json:"trust"`
}

// searchAnswer holds a page of results.
type searchAnswer struct {
	Query   string       `json:"query"`
	Type    string       `json:"type"`
	Results []resultJSON `json:"results"`
	page
}

func (a *API) search(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualResults, mostResults)
	if err != nil {
		return reply{}, err
	}
	found, err := a.node.Search(ctx, node.SearchQuery{Window: w.Window, Q: c.value("q"), Type: c.value("type")})
	if err != nil {
		return reply{}, err
	}
	ans := searchAnswer{Query: c.value("q"), Type: first(c.value("type"), "all"), Results: []resultJSON{}, page: w.page(len(found.Results), found.Next)}
	for _, r := range found.Results {
		ans.Results = append(ans.Results, a.resultJSON(r))
	}
	return ok(ans)
}

func (a *API) resultJSON(r node.SearchResult) resultJSON {
	if x := r.Comment; x != nil {
		return resultJSON{
			ID: x.ID, Type: "comment", Content: x.Content, Upvotes: x.Up, Downvotes: x.Down, Score: x.Score, CreatedAt: stamp(x.CreatedAt),
			Similarity: r.Similarity, AuthorID: x.AuthorID, Author: refOf(x.Author), Post: &postTitleJSON{ID: r.Post.ID, Title: r.Post.Title},
			PostID: r.Post.ID, Provenance: a.provenance(x.Author), Trust: asData(),
		}
	}
	p, submolt := r.Post, submoltRefOf(r.Post.Submolt)
	return resultJSON{
		ID: p.ID, Type: "post", Title: &p.Title, Content: p.Content, Upvotes: p.Up, Downvotes: p.Down, Score: p.Score, CreatedAt: stamp(p.CreatedAt),
		Similarity: r.Similarity, AuthorID: p.AuthorID, Author: refOf(p.Author), Submolt: &submolt,
		PostID: p.ID, Provenance: a.provenance(p.Author), Trust: asData(),
	}
}
