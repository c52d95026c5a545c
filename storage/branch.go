package storage

import "context"

// Above returns a comment and those that it answers, up to the one that answers
// the post itself, at most limit, in no order.
func (q Queries) Above(ctx context.Context, id string, limit int) ([]Comment, error) {
	cs := []Comment{}
	err := q.list(ctx, &cs, `
		WITH RECURSIVE branch (id, parent_id) AS (
			SELECT c.id, c.parent_id
			FROM comments c
			WHERE c.id = $1
			UNION ALL
			SELECT c.id, c.parent_id
			FROM branch
			JOIN comments c ON c.id = branch.parent_id
		)
		SELECT `+commentColumns+`, `+refColumns("a", "author")+`
		FROM (SELECT id FROM branch LIMIT $2) branch
		JOIN comments c ON c.id = branch.id
		JOIN actors a ON a.id = c.author_id`, id, limit)
	return cs, err
}

// Under returns the replies to some comments with all replies to those, at most
// limit, in no order. Where there are more, the deepest are left out: both
// databases walk level by level and stop at the limit.
func (q Queries) Under(ctx context.Context, parents []string, limit int) ([]Comment, error) {
	cs := []Comment{}
	if len(parents) == 0 {
		return cs, nil
	}
	args := append([]any{limit}, padded(parents)...)
	err := q.list(ctx, &cs, `
		WITH RECURSIVE branch (id) AS (
			SELECT c.id
			FROM comments c
			WHERE c.parent_id IN (`+places(2, len(args)-1)+`) AND c.parent_id <> '' AND c.hidden <> 4
			UNION ALL
			SELECT c.id
			FROM branch
			JOIN comments c ON c.parent_id = branch.id AND c.parent_id <> '' AND c.hidden <> 4
		)
		SELECT `+commentColumns+`, `+refColumns("a", "author")+`
		FROM (SELECT id FROM branch LIMIT $1) branch
		JOIN comments c ON c.id = branch.id
		JOIN actors a ON a.id = c.author_id`, args...)
	return cs, err
}

// LatestComments returns the visible comments of a post that came last, the
// newest first; where before is not "", those that came before that id.
func (q Queries) LatestComments(ctx context.Context, postID, before string, limit int) ([]Comment, error) {
	cs, args, earlier := []Comment{}, []any{postID, limit}, ""
	if before != "" {
		args, earlier = append(args, before), " AND c.id < $3"
	}
	err := q.list(ctx, &cs, commentSelect()+`
		WHERE c.post_id = $1 AND c.hidden = 0`+earlier+`
		ORDER BY c.id DESC
		LIMIT $2`, args...)
	return cs, err
}
