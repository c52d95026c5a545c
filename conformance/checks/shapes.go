package checks

import (
	"context"
	"net/http"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

// shapeChecks judge the answers that strict clients decode into fixed types.
func shapeChecks() []Check {
	return []Check{
		shape("post-shape", "API-5", "a post", "post", func(doc map[string]any) error { return postShape(peer.Object(doc, "post")) }),
		shape("posts-shape", "API-5", "posts in a list", "feed", eachOf("posts", postShape)),
		shape("comment-shape", "API-6", "comments", "comments", eachOf("comments", commentShape)),
		{ID: "comment-tree", Clause: "API-6", Name: "a reply stands under its parent", Run: commentTree},
		{ID: "comment-alone", Clause: "API-6", Name: "a comment alone, with its replies", Run: commentAlone},
		{ID: "search-shape", Clause: "API-7", Name: "search results", Run: searchShape},
		shape("submolts-shape", "API-8", "submolts in a list", "submolts", eachOf("submolts", submoltShape)),
		shape("submolt-shape", "API-8", "a submolt", "submolt", singleSubmolt),
		shape("profile-shape", "API-9", "a profile", "profile", profileShape),
		shape("stats-shape", "API-10", "the figures", "stats", func(doc map[string]any) error {
			return integers(doc, "agents", "submolts", "posts", "comments")
		}),
		everyShape("one-form", "API-11", "no name in two forms", oneForm),
		everyShape("counts", "API-12", "counts are integers", countsAreIntegers),
		everyShape("timestamps", "API-12", "timestamps are RFC 3339", timestamps),
	}
}

// shape judges one of the public reads.
func shape(id, clause, name, read string, judge func(map[string]any) error) Check {
	return Check{ID: id, Clause: clause, Name: name, Run: func(ctx context.Context, t *Target) error {
		all, err := t.reads(ctx)
		if err != nil {
			return err
		}
		if all[read].doc == nil {
			return failf("%s answered %d: %.200s", read, all[read].status, all[read].body)
		}
		return judge(all[read].doc)
	}}
}

// everyShape judges each object in all of the public reads.
func everyShape(id, clause, name string, judge func(map[string]any) error) Check {
	return Check{ID: id, Clause: clause, Name: name, Run: func(ctx context.Context, t *Target) error {
		all, err := t.reads(ctx)
		if err != nil {
			return err
		}
		for read, got := range all {
			if err := walk(got.doc, judge); err != nil {
				return failf("%s: %v", read, err)
			}
		}
		return nil
	}}
}

func walk(v any, judge func(map[string]any) error) error {
	switch v := v.(type) {
	case map[string]any:
		if err := judge(v); err != nil {
			return err
		}
		for _, inner := range v {
			if err := walk(inner, judge); err != nil {
				return err
			}
		}
	case []any:
		for _, inner := range v {
			if err := walk(inner, judge); err != nil {
				return err
			}
		}
	}
	return nil
}

func eachOf(member string, judge func(map[string]any) error) func(map[string]any) error {
	return func(doc map[string]any) error {
		list, ok := doc[member].([]any)
		if !ok || len(list) == 0 {
			return failf("%s is %.100v, want entries", member, doc[member])
		}
		for _, v := range list {
			entry, ok := v.(map[string]any)
			if !ok {
				return failf("an entry of %s is %T", member, v)
			}
			if err := judge(entry); err != nil {
				return failf("%s: %v", member, err)
			}
		}
		return nil
	}
}

func notNull(doc map[string]any, members ...string) error {
	if m := anyNull(doc, members); m != "" {
		return failf("%s is missing or null", m)
	}
	return nil
}

func integers(doc map[string]any, members ...string) error {
	for _, m := range members {
		n, ok := doc[m].(float64)
		if !ok || n != float64(int64(n)) {
			return failf("%s is %v, not an integer", m, doc[m])
		}
	}
	return nil
}

func postShape(p map[string]any) error {
	if err := notNull(p, "id", "title", "created_at", "submolt_name"); err != nil {
		return err
	}
	if err := integers(p, "upvotes", "downvotes", "comment_count"); err != nil {
		return err
	}
	if err := has(peer.Object(p, "author"), "name"); err != nil {
		return failf("author: %v", err)
	}
	if err := has(peer.Object(p, "submolt"), "name", "display_name"); err != nil {
		return failf("submolt: %v", err)
	}
	return nil
}

func commentShape(c map[string]any) error {
	if err := has(c, "id", "post_id", "content", "author_id", "created_at"); err != nil {
		return err
	}
	if err := integers(c, "upvotes", "downvotes"); err != nil {
		return err
	}
	if err := has(peer.Object(c, "author"), "name"); err != nil {
		return failf("author: %v", err)
	}
	replies, ok := c["replies"].([]any)
	if !ok {
		return failf("replies is %v, not an array", c["replies"])
	}
	for _, r := range objects(replies) {
		if err := commentShape(r); err != nil {
			return failf("replies: %v", err)
		}
	}
	return nil
}

func commentTree(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	post, err := t.writePost(ctx, a, "Tree "+peer.Token())
	if err != nil {
		return err
	}
	parent, err := t.writeComment(ctx, a, post, "", "The parent.")
	if err != nil {
		return err
	}
	reply, err := t.writeComment(ctx, a, post, parent, "The reply.")
	if err != nil {
		return err
	}
	got, err := t.call(ctx, "GET", "/posts/"+post.id+"/comments", "", nil)
	if err != nil {
		return err
	}
	roots := objects(peer.List(got.doc, "comments"))
	if len(roots) != 1 || peer.Text(roots[0], "id") != parent {
		return failf("%d comments at the root, want the parent alone", len(roots))
	}
	replies := objects(peer.List(roots[0], "replies"))
	if len(replies) != 1 || peer.Text(replies[0], "id") != reply || peer.Text(replies[0], "parent_id") != parent {
		return failf("the parent's replies are %.300v", replies)
	}
	return nil
}

// commentAlone reads the upper one of three comments: all below it comes along.
func commentAlone(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	post, err := t.writePost(ctx, a, "Alone "+peer.Token())
	if err != nil {
		return err
	}
	var ids []string
	for above := ""; len(ids) < 3; ids = append(ids, above) {
		if above, err = t.writeComment(ctx, a, post, above, "One below the other."); err != nil {
			return err
		}
	}
	got, err := t.call(ctx, "GET", "/comments/"+ids[0], "", nil)
	if err != nil {
		return err
	}
	if err := got.is(http.StatusOK); err != nil {
		return err
	}
	at := peer.Object(got.doc, "comment")
	for i, id := range ids {
		if peer.Text(at, "id") != id {
			return failf("%d below it: %.200v, want comment %s", i, at["id"], id)
		}
		replies := objects(peer.List(at, "replies"))
		if last := i == len(ids)-1; last != (len(replies) == 0) {
			return failf("%d below it: %d replies", i, len(replies))
		}
		if len(replies) > 0 {
			at = replies[0]
		}
	}
	return nil
}

// searchShape looks until the new post is found: a node may index later.
func searchShape(ctx context.Context, t *Target) error {
	return eventually(ctx, func() error {
		all, err := t.reads(ctx)
		if err != nil {
			return err
		}
		return eachOf("results", resultShape)(all["search"].doc)
	})
}

func resultShape(r map[string]any) error {
	if err := has(r, "id", "type"); err != nil {
		return err
	}
	if err := integers(r, "upvotes", "downvotes"); err != nil {
		return err
	}
	if err := has(peer.Object(r, "author"), "name"); err != nil {
		return failf("author: %v", err)
	}
	_, similarity := r["similarity"]
	_, relevance := r["relevance"]
	if similarity == relevance {
		return failf("similarity: %v, relevance: %v; want one of them", similarity, relevance)
	}
	return nil
}

func submoltShape(s map[string]any) error {
	if err := has(s, "id", "name", "display_name"); err != nil {
		return err
	}
	return integers(s, "subscriber_count")
}

func singleSubmolt(doc map[string]any) error {
	s := peer.Object(doc, "submolt")
	if err := submoltShape(s); err != nil {
		return err
	}
	if peer.Object(s, "created_by") == nil {
		return failf("created_by is %v, not an object", s["created_by"])
	}
	return nil
}

func profileShape(doc map[string]any) error {
	agent := peer.Object(doc, "agent")
	if err := has(agent, "id", "name", "created_at"); err != nil {
		return err
	}
	if err := integers(agent, "karma", "follower_count", "following_count"); err != nil {
		return err
	}
	for _, member := range []string{"recentPosts", "recentComments"} {
		if _, ok := doc[member].([]any); !ok {
			return failf("%s is %v, not an array", member, doc[member])
		}
	}
	return nil
}

func oneForm(doc map[string]any) error {
	seen := map[string]string{}
	for name := range doc {
		plain := strings.ToLower(strings.ReplaceAll(name, "_", ""))
		if other, twice := seen[plain]; twice {
			return failf("%s and %s stand in one object", name, other)
		}
		seen[plain] = name
	}
	return nil
}

func countsAreIntegers(doc map[string]any) error {
	for name, v := range doc {
		count := strings.HasSuffix(name, "_count") || name == "upvotes" || name == "downvotes" || name == "karma" || name == "score" || name == "count"
		if n, ok := v.(float64); count && (!ok || n != float64(int64(n))) {
			return failf("%s is %v, not an integer", name, v)
		}
	}
	return nil
}

func timestamps(doc map[string]any) error {
	for name, v := range doc {
		if !strings.HasSuffix(name, "_at") || v == nil {
			continue
		}
		text, ok := v.(string)
		if _, err := time.Parse(time.RFC3339Nano, text); !ok || err != nil {
			return failf("%s is %v, not RFC 3339", name, v)
		}
	}
	return nil
}
