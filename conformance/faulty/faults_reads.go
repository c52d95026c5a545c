package faulty

import (
	"html"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

func apiFaults() []Fault {
	const g = "reads/"
	const api = "/api/v1"
	query := func(word string) match {
		return func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, word) }
	}
	posting := method(http.MethodPost, exactly(api+"/posts"))
	return []Fault{
		edit(g+"without-key", "needs a key", method(http.MethodGet, under(api+"/search")), status(http.StatusUnauthorized)),
		edit(g+"json", "a page", under(api+"/stats"), contentType("text/html")),
		edit(g+"json", "no success", under(api+"/submolts"), drop("success")),
		edit(g+"delete-json", "204", method(http.MethodDelete, under(api)), func(a *Answer) {
			a.Status, a.Body = http.StatusNoContent, nil
		}),
		edit(g+"no-redirect", "a redirect", func(r *http.Request) bool { return strings.HasSuffix(r.RequestURI, "/") }, func(a *Answer) {
			a.Status = http.StatusPermanentRedirect
			a.header.Set("Location", api+"/posts")
		}),
		edit(g+"error-shape", "no statusCode", under(api), drop("statusCode")),
		edit(g+"error-shape", "another message", under(api), set("message", "No.")),
		edit(g+"error-unknown-route", "the reason phrase", under(api), changed(func(doc map[string]any) {
			if doc["success"] == false {
				doc["error"], doc["message"] = "Not Found", "Not Found"
			}
		})),
		edit(g+"cursor", "forgets the rest", ending("/feed"), changed(func(doc map[string]any) {
			doc["has_more"], doc["next_cursor"] = false, nil
		})),
		edit(g+"cursor", "no has_more", ending("/feed"), drop("has_more")),
		edit(g+"limit", "refuses", query("limit=-1"), status(http.StatusBadRequest)),
		edit(g+"unknown-parameters", "refuses", query("whatever"), status(http.StatusBadRequest)),
		edit(g+"register", "another prefix", ending("/register"), replace("moltbook_sk_", "sk_")),
		edit(g+"register", "200", ending("/register"), status(http.StatusOK)),
		skip(g+"vote-again", "counts each vote", "votes-set-a-state"),
		skip(g+"vote-opposite", "counts each vote", "votes-set-a-state"),
		edit(g+"not-json", "500", posting, instead(http.StatusBadRequest, http.StatusInternalServerError)),
		edit(g+"no-title", "422", posting, instead(http.StatusBadRequest, http.StatusUnprocessableEntity)),
		edit(g+"unknown-submolt", "400", posting, instead(http.StatusNotFound, http.StatusBadRequest)),
		skip(g+"name-in-use", "names have a case", "names-without-case"),
		skip(g+"x-api-key", "only Authorization", "x-api-key"),
		edit(g+"unknown-key", "403", under(api), instead(http.StatusUnauthorized, http.StatusForbidden)),
		skip(g+"key-elsewhere", "taken as ever", "own-host"),
	}
}

func shapeFaults() []Fault {
	const g = "reads/"
	const api = "/api/v1"
	onePost := func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, api+"/posts/") && !strings.HasSuffix(r.URL.Path, "/comments")
	}
	comments := method(http.MethodGet, ending("/comments"))
	profile := ending("/profile")
	return []Fault{
		edit(g+"post-shape", "no author", onePost, inside("post", put("author", nil))),
		edit(g+"posts-shape", "no submolt", ending("/feed"), each("posts", without("submolt"))),
		edit(g+"comment-shape", "author_id is null", comments, each("comments", put("author_id", nil))),
		edit(g+"comment-tree", "no replies", comments, each("comments", put("replies", []any{}))),
		edit(g+"comment-alone", "one level of replies", under(api+"/comments/"), inside("comment", func(doc map[string]any) {
			for _, reply := range peer.List(doc, "replies") {
				if reply, is := reply.(map[string]any); is {
					reply["replies"] = []any{}
				}
			}
		})),
		edit(g+"comment-alone", "no replies", under(api+"/comments/"), inside("comment", put("replies", []any{}))),
		edit(g+"search-shape", "two names for one thing", ending("/search"), each("results", put("relevance", 1))),
		edit(g+"submolts-shape", "no display_name", exactly(api+"/submolts"), each("submolts", without("display_name"))),
		edit(g+"submolt-shape", "created_by as a string", under(api+"/submolts/"), inside("submolt", put("created_by", "ada"))),
		edit(g+"profile-shape", "recentPosts is null", profile, set("recentPosts", nil)),
		edit(g+"stats-shape", "a count as a string", ending("/stats"), set("posts", "12")),
		edit(g+"one-form", "both forms", profile, inside("agent", put("followerCount", 1))),
		edit(g+"counts", "half a vote", onePost, inside("post", put("upvotes", number))),
		edit(g+"timestamps", "an empty timestamp", onePost, inside("post", put("created_at", ""))),
	}
}

func webFaults() []Fault {
	const g = "reads/"
	alive := func(a *Answer) {
		if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			a.Body = []byte(html.UnescapeString(string(a.Body)))
		}
	}
	scripted := func(a *Answer) {
		if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			a.Body = []byte("<script>show(" + string(a.Body) + ")</script>")
		}
	}
	return []Fault{
		edit(g+"pages", "only with scripts", under("/"), scripted),
		edit(g+"atom-submolt", "no entries", ending(".atom"), replace("entry>", "post>")),
		edit(g+"atom-agent", "not XML", ending(".atom"), replace("</feed>", "")),
		edit(g+"atom-post", "no id", ending(".atom"), replace("id>", "guid>")),
		edit(g+"escaped-title", "as it was written", under("/post/"), alive),
		edit(g+"escaped-content", "as it was written", under("/post/"), alive),
		edit(g+"pages", "not found", exactly("/m"), status(http.StatusNotFound)),
	}
}
