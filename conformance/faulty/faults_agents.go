package faulty

import "net/http"

// agentFaults are about search, limits, named requests, challenges and messages.
func agentFaults() []Fault {
	const g = "reads/"
	const api = "/api/v1"
	me, verify := exactly(api+"/agents/me"), exactly(api+"/verify")
	header := func(name, value string) func(*Answer) {
		return func(a *Answer) { a.header.Set(name, value) }
	}
	return []Fault{
		skip(g+"search-words", "with regard to case", "search-without-case"),
		skip(g+"search-every-word", "any word", "search-every-word"),
		skip(g+"search-parts", "whole words", "search-parts"),
		skip(g+"search-deleted", "finds it still", "search-without-deleted"),
		skip(g+"search-bad-type", "finds something", "search-types"),

		edit(g+"limit-headers", "stands still", me, header("X-Ratelimit-Remaining", "7")),
		edit(g+"limit-headers", "no time", me, noHeader("X-Ratelimit-Reset")),
		edit(g+"limit-fields", "no RateLimit", me, noHeader("Ratelimit")),
		edit(g+"limit-fields", "another number", me, header("Ratelimit-Policy", `"all";q=1;w=60`)),
		edit(g+"limits", "nothing of what is left", exactly(api+"/limits"), each("limits", without("remaining"))),
		edit(g+"limits", "none", exactly(api+"/limits"), set("limits", []any{})),
		skip(g+"named-again", "done twice", "named-once"),
		edit(g+"named-again", "does not say so", exactly(api+"/posts"), noHeader("Idempotency-Replayed")),
		skip(g+"named-otherwise", "the first answer", "name-is-of-one-request"),
		skip(g+"problem", "JSON as ever", "problem"),

		edit(g+"challenge-shape", "no text", ending("/practice"), inside("verification", without("challenge_text"))),
		edit(g+"challenge-shape", "always the same", ending("/practice"), inside("verification", put("verification_code", "x"))),
		edit(g+"challenge-wrong", "taken for right", verify, instead(http.StatusBadRequest, http.StatusOK)),
		edit(g+"challenge-unknown", "400", verify, instead(http.StatusNotFound, http.StatusBadRequest)),

		skip(g+"message-search", "found by anybody", "private-messages"),
		skip(g+"message-pages", "on the front page", "messages-off-pages"),
		skip(g+"message-key", "without a key", "private-conversations"),
	}
}
