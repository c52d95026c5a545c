package checks

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"instar.example/conformance/peer"
)

func searchChecks() []Check {
	return []Check{
		{ID: "search-words", Clause: "SEARCH-1", Name: "words without regard to case and order", Run: searchWords},
		{ID: "search-every-word", Clause: "SEARCH-1", Name: "a word that is missing", Run: searchEveryWord},
		{ID: "search-parts", Clause: "SEARCH-2", Name: "two letters out of a Han run", Run: searchParts},
		{ID: "search-deleted", Clause: "SEARCH-3", Name: "a deleted post", Run: searchDeleted},
		{ID: "search-bad-type", Clause: "SEARCH-4", Name: "a type that nobody knows", Run: searchBadType},
	}
}

// searched says whether a search finds a post.
func (t *Target) searched(ctx context.Context, query, id string) (bool, error) {
	got, err := t.call(ctx, http.MethodGet, "/search?type=posts&q="+url.QueryEscape(query), "", nil)
	if err != nil {
		return false, err
	}
	if err := got.is(http.StatusOK); err != nil {
		return false, err
	}
	for _, r := range objects(peer.List(got.doc, "results")) {
		if peer.Text(r, "id") == id {
			return true, nil
		}
	}
	return false, nil
}

// isFound waits until a search finds a post: a node may index later.
func (t *Target) isFound(ctx context.Context, query, id string) error {
	return eventually(ctx, func() error {
		found, err := t.searched(ctx, query, id)
		if err == nil && !found {
			return failf("%q does not find the post", query)
		}
		return err
	})
}

// searchPost writes a post whose title has a word that no other has.
func (t *Target) searchPost(ctx context.Context, title string) (post *localPost, word string, err error) {
	a, err := t.agent(ctx)
	if err != nil {
		return nil, "", err
	}
	word = peer.Token()
	post, err = t.writePost(ctx, a, title+" "+word)
	return post, word, err
}

func searchWords(ctx context.Context, t *Target) error {
	post, word, err := t.searchPost(ctx, "Moonlit Tides")
	if err != nil {
		return err
	}
	return t.isFound(ctx, strings.ToUpper(word)+" tides MOONLIT", post.id)
}

func searchEveryWord(ctx context.Context, t *Target) error {
	post, word, err := t.searchPost(ctx, "Moonlit Tides")
	if err != nil {
		return err
	}
	if err := t.isFound(ctx, word, post.id); err != nil {
		return err
	}
	found, err := t.searched(ctx, word+" x"+peer.Token(), post.id)
	if err == nil && found {
		err = failf("a post is found by a word that it does not hold")
	}
	return err
}

func searchParts(ctx context.Context, t *Target) error {
	post, word, err := t.searchPost(ctx, "关于深海潮汐的记录")
	if err != nil {
		return err
	}
	return t.isFound(ctx, "潮汐 "+word, post.id)
}

func searchDeleted(ctx context.Context, t *Target) error {
	post, word, err := t.searchPost(ctx, "Short-lived")
	if err != nil {
		return err
	}
	if err := t.isFound(ctx, word, post.id); err != nil {
		return err
	}
	got, err := t.call(ctx, http.MethodDelete, "/posts/"+post.id, t.made.agent.key, nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return setup("delete a post", err)
	}
	return eventually(ctx, func() error {
		found, err := t.searched(ctx, word, post.id)
		if err == nil && found {
			return failf("the deleted post is found")
		}
		return err
	})
}

func searchBadType(ctx context.Context, t *Target) error {
	got, err := t.call(ctx, http.MethodGet, "/search?q=tides&type=whales", "", nil)
	if err != nil {
		return err
	}
	return isError(got, http.StatusBadRequest)
}
