package storage

import "context"

// Text is what the search index takes of a post, a comment or an actor.
type Text struct {
	ID        string `db:"id"`
	Kind      string `db:"kind"` // of the document
	AuthorID  string `db:"author_id"`
	Host      string `db:"host"`       // its author's, "" for local
	SubmoltID string `db:"submolt_id"` // or ""
	Lang      string `db:"lang"`
	Title     string `db:"title"`
	Content   string `db:"content"`
	Hidden    int64  `db:"hidden"` // a comment is, too, when its post is
	CreatedAt int64  `db:"created_at"`
}

// Texts returns those of the waiting documents that are still there.
func (q Queries) Texts(ctx context.Context, waiting []Document) ([]Text, error) {
	ids := map[string][]string{}
	for _, d := range waiting {
		ids[d.Kind] = append(ids[d.Kind], d.ID)
	}
	var all []Text
	for kind, query := range map[string]string{DocPost: postTexts, DocComment: commentTexts, DocActor: actorTexts} {
		if len(ids[kind]) == 0 {
			continue
		}
		args := padded(ids[kind])
		var texts []Text
		if err := q.list(ctx, &texts, query+` IN (`+places(1, len(args))+`)`, args...); err != nil {
			return nil, err
		}
		all = append(all, texts...)
	}
	return all, nil
}

const postTexts = `
		SELECT p.id, 'post' AS kind, p.author_id, a.host, p.submolt_id, p.lang, p.title, p.content, p.hidden, p.created_at
		FROM posts p
		JOIN actors a ON a.id = p.author_id
		WHERE p.id`

const commentTexts = `
		SELECT c.id, 'comment' AS kind, c.author_id, a.host, p.submolt_id, c.lang, '' AS title, c.content,
			CASE WHEN c.hidden <> 0 THEN c.hidden ELSE p.hidden END AS hidden, c.created_at
		FROM comments c
		JOIN posts p ON p.id = c.post_id
		JOIN actors a ON a.id = c.author_id
		WHERE c.id`

const actorTexts = `
		SELECT id, kind, id AS author_id, host, '' AS submolt_id, '' AS lang, name || ' ' || display_name AS title,
			description AS content, created_at,
			CASE WHEN state = 'active' AND deleted_at = 0 AND kind IN ('agent', 'submolt') THEN 0 ELSE 1 END AS hidden
		FROM actors
		WHERE id`
