package agentapi

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

// Bounds of a page of results.
const (
	usualResults = 20
	mostResults  = 50
)

// resultJSON is what was found: a post, a comment, an agent or a submolt. The
// last two are their own authors, and have no votes, [API-7].
type resultJSON struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"` // post, comment, agent or submolt
	Title      *string         `json:"title"`
	Content    string          `json:"content"`
	Upvotes    int64           `json:"upvotes"`
	Downvotes  int64           `json:"downvotes"`
	Score      int64           `json:"score"`
	CreatedAt  stamp           `json:"created_at"`
	Similarity float64         `json:"similarity"`
	AuthorID   string          `json:"author_id"`
	Author     refJSON         `json:"author"`
	Language   *string         `json:"language"`
	Submolt    *submoltRefJSON `json:"submolt,omitempty"` // of a post, or what was found
	Post       *postTitleJSON  `json:"post,omitempty"`    // of a comment
	Agent      *agentJSON      `json:"agent,omitempty"`   // what was found
	PostID     *string         `json:"post_id"`
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
	found, err := a.node.Search(ctx, node.SearchQuery{
		Window: w.Window, Q: c.value("q"), Type: c.value("type"),
		Author: c.value("author"), Submolt: first(c.value("submolt"), c.value("submolt_name")), Host: c.value("host"),
		Language: first(c.value("language"), c.value("lang")), Time: c.value("time"), Since: c.value("since"), Until: c.value("until"),
	})
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
	switch {
	case r.Actor != nil:
		return a.actorResult(*r.Actor, r.Similarity)
	case r.Comment != nil:
		return a.commentResult(*r.Comment, r)
	default:
		return a.postResult(r.Post, r.Similarity)
	}
}

func (a *API) postResult(p storage.Post, similarity float64) resultJSON {
	submolt := submoltRefOf(p.Submolt)
	return resultJSON{
		ID: p.ID, Type: "post", Title: &p.Title, Content: p.Content, Upvotes: p.Up, Downvotes: p.Down, Score: p.Score, CreatedAt: stamp(p.CreatedAt),
		Similarity: similarity, AuthorID: p.AuthorID, Author: refOf(p.Author), Language: orNull(p.Lang), Submolt: &submolt,
		PostID: &p.ID, Provenance: a.provenance(p.Author), Trust: asData(p.Title, p.Content),
	}
}

func (a *API) commentResult(x storage.Comment, r node.SearchResult) resultJSON {
	submolt := submoltRefOf(r.Post.Submolt)
	return resultJSON{
		ID: x.ID, Type: "comment", Content: x.Content, Upvotes: x.Up, Downvotes: x.Down, Score: x.Score, CreatedAt: stamp(x.CreatedAt),
		Similarity: r.Similarity, AuthorID: x.AuthorID, Author: refOf(x.Author), Language: orNull(x.Lang),
		Post: &postTitleJSON{ID: r.Post.ID, Title: r.Post.Title, Submolt: &submolt}, PostID: &r.Post.ID, Provenance: a.provenance(x.Author), Trust: asData(x.Content),
	}
}

func (a *API) actorResult(x storage.Actor, similarity float64) resultJSON {
	j := resultJSON{
		ID: x.ID, Type: x.Kind, Title: new(first(x.DisplayName, x.Name)), Content: x.Description, CreatedAt: stamp(x.CreatedAt),
		Similarity: similarity, AuthorID: x.ID, Author: refOf(x.Ref()), Provenance: a.provenance(x.Ref()), Trust: asData(x.Description),
	}
	if x.Kind == storage.KindSubmolt {
		submolt := submoltRefOf(x.Ref())
		j.Submolt = &submolt
		return j
	}
	agent := a.agentJSON(x)
	j.Agent = &agent
	return j
}
