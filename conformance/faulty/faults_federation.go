package faulty

import (
	"net/http"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

func signatureFaults() []Fault {
	const g = "signatures/"
	accepts := func(check, name string, of int) Fault {
		return edit(g+check, name, exactly("/inbox"), instead(of, http.StatusAccepted))
	}
	refuses := func(check, name string, fits func(string) bool) Fault {
		return edit(g+check, name, signedWith(fits), status(http.StatusUnauthorized))
	}
	has := func(word string) func(string) bool {
		return func(h string) bool { return strings.Contains(h, word) }
	}
	return []Fault{
		skip(g+"missing", "takes anything", "signed"),
		skip(g+"unsigned-target", "for any path", "covers:(request-target)"),
		skip(g+"unsigned-host", "for any host", "covers:host"),
		skip(g+"unsigned-date", "for ever", "covers:date"),
		skip(g+"unsigned-digest", "for any body", "covers:digest"),
		skip(g+"digest-missing", "needs no digest", "digest"),
		skip(g+"digest-garbage", "does not read the digest", "digest-fits"),
		skip(g+"digest-of-another-body", "does not read the digest", "digest-fits"),
		skip(g+"digest-two-second-wrong", "reads the first digest alone", "every-digest"),
		skip(g+"digest-two-first-wrong", "reads the last digest alone", "first-digest"),
		skip(g+"digest-sha-512-only", "passes over what it does not know", "known-digest"),
		skip(g+"date-old", "forgets the past", "not-old"),
		skip(g+"date-ahead", "forgets the future", "not-ahead"),
		skip(g+"host-other", "does not verify", "verifies"),
		skip(g+"path-other", "does not verify", "verifies"),
		skip(g+"method-other", "does not verify", "verifies"),
		skip(g+"truncated", "does not verify", "verifies"),
		skip(g+"garbage", "does not verify", "verifies"),
		skip(g+"content-type-changed", "does not verify", "verifies"),
		skip(g+"key-stranger", "does not verify", "verifies"),
		skip(g+"body-changed", "does not read the digest", "digest-fits"),
		accepts("unparsable", "takes it for none", http.StatusBadRequest),
		accepts("no-key-id", "takes it for none", http.StatusBadRequest),
		edit(g+"no-signature-parameter", "401 for what cannot be parsed", exactly("/inbox"), instead(http.StatusBadRequest, http.StatusUnauthorized)),
		skip(g+"duplicate-parameter", "the first one wins", "one-parameter"),
		skip(g+"two-headers", "the first one wins", "one-signature"),
		refuses("hs2019", "does not know it", has("hs2019")),
		refuses("rsa-sha256", "does not know it", has("rsa-sha256")),
		refuses("no-algorithm", "needs one", func(h string) bool { return !strings.Contains(h, "algorithm=") }),
		skip(g+"query-less-target", "only with the query", "query-less"),
		skip(g+"fetch-signed", "fetches unsigned", "sign-fetch"),
	}
}

func keyFaults() []Fault {
	const g = "signatures/"
	return []Fault{
		skip(g+"owner-other", "any valid key speaks for anyone", "owner-is-actor"),
		skip(g+"owner-local", "any valid key speaks for anyone", "owner-is-actor"),
		skip(g+"owner-of-another-group", "any valid key speaks for anyone", "owner-is-actor"),
		skip(g+"key-without-claim", "believes the key's document", "key-is-listed"),
		skip(g+"key-too-large", "any size", "key-not-large"),
		skip(g+"key-too-small", "any size", "key-not-small"),
		skip(g+"id-elsewhere", "ids of others", "id-on-origin"),
		skip(g+"key-stub", "only keys with a fragment", "stub-key"),
		skip(g+"replay-other-body", "remembers signatures without what they covered", "replay"),
		skip(g+"replay-other-path", "remembers signatures without what they covered", "replay"),
		skip(g+"replay-identical", "has no memory", "replay-identical", "known-id"),
	}
}

func inboxFaults() []Fault {
	const g = "inbox/"
	typed := func(check, value string) Fault {
		return edit(g+check, "refuses the type", func(r *http.Request) bool {
			return r.URL.Path == "/inbox" && r.Header.Get("Content-Type") == value
		}, status(http.StatusUnsupportedMediaType))
	}
	slow := Fault{Check: g + "shared", Name: "slow", Edit: func(r *http.Request, _ *Answer) {
		if r.URL.Path == "/inbox" {
			select {
			case <-time.After(2100 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
	}}
	lenient := instead(http.StatusBadRequest, http.StatusAccepted)
	return []Fault{
		slow,
		edit(g+"shared", "200 instead of 202", exactly("/inbox"), instead(http.StatusAccepted, http.StatusOK)),
		edit(g+"agent", "no inbox of its own", method(http.MethodPost, under("/u/")), status(http.StatusNotFound)),
		edit(g+"submolt", "no inbox of its own", method(http.MethodPost, under("/m/")), status(http.StatusNotFound)),
		edit(g+"truncated", "takes anything", exactly("/inbox"), lenient),
		edit(g+"array", "takes anything", exactly("/inbox"), lenient),
		skip(g+"trailing", "reads the first document", "one-document"),
		skip(g+"too-large", "no limit", "size"),
		skip(g+"type-text", "any type", "media-type"),
		typed("type-json", "application/json"),
		typed("type-ld-json", `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`),
		skip(g+"duplicate-key", "the last one wins", "duplicate-key"),
		skip(g+"duplicate-key-case", "the last one wins", "duplicate-key-case"),
		skip(g+"duplicate-id", "has no memory", "known-id"),
		skip(g+"deep", "any depth", "depth"),
		skip(g+"unknown-type", "only what it knows", "unknown-type"),
		skip(g+"utf-8", "any bytes", "utf-8"),
		skip(g+"no-id", "needs none", "has-id", "id-on-origin"),
		skip(g+"host-spelling", "any spelling", "host-spelling", "id-on-origin"),
		skip(g+"no-type", "needs none", "has-type"),
		skip(g+"no-actor", "takes the signer for the actor", "has-actor", "owner-is-actor", "id-on-origin"),
		skip(g+"graph", "JSON-LD and all", "keyword:@graph"),
		skip(g+"included", "JSON-LD and all", "keyword:@included"),
		skip(g+"reverse", "JSON-LD and all", "keyword:@reverse"),
		skip(g+"redirected-post", "follows redirects", "no-redirect"),
		skip(g+"shape-string-addresses", "only arrays", "string-addresses"),
		skip(g+"shape-as-public", "only the full address", "as:Public"),
		skip(g+"shape-short-public", "only the full address", "Public"),
		skip(g+"shape-actor-object", "only a string", "actor-object"),
		skip(g+"shape-object-array", "only one", "object-array"),
	}
}

func followFaults() []Fault {
	const g = "follow/"
	bareID := func(doc map[string]any) { doc["object"] = peer.Text(doc, "object") }
	return []Fault{
		sends(g+"service-agent", "never accepts", "Accept", dropped),
		sends(g+"service-submolt", "never accepts", "Accept", dropped),
		sends(g+"person-agent", "never accepts", "Accept", dropped),
		sends(g+"person-submolt", "never accepts", "Accept", dropped),
		edit(g+"person-agent", "refuses people", exactly("/inbox"), instead(http.StatusAccepted, http.StatusForbidden)),
		sends(g+"accept-actor", "another accepts", "Accept", rewritten(put("actor", "https://elsewhere.example/u/x"))),
		sends(g+"accept-inline", "the bare id", "Accept", rewritten(bareID)),
		sends(g+"accept-inline", "the Follow without its type", "Accept", rewritten(func(doc map[string]any) {
			delete(peer.Object(doc, "object"), "type")
		})),
		sends(g+"accept-id", "a fragment", "Accept", rewritten(func(doc map[string]any) {
			doc["id"] = peer.Text(doc, "actor") + "#accepts/1"
		})),
		sends(g+"accept-id", "the Follow's id", "Accept", rewritten(func(doc map[string]any) {
			doc["id"] = peer.Text(doc, "object")
		})),
		sends(g+"accept-signature", "another key id", "Accept", foreignKey),
		sends(g+"accept-signature", "without a signature", "Accept", func(d *Delivery, _ map[string]any) {
			d.Signing.Header = func(string) []string { return nil }
		}),
		skip(g+"undo", "for ever", "undo"),
		skip(g+"twice", "counts each Follow", "counted-once"),
		sends(g+"agent-posts", "tells nobody", "Create", dropped),
		sends(g+"agent-posts", "to as a string", "Create", rewritten(bareString("to"))),
		sends(g+"agent-posts-signature", "the digest is not signed", "Create", func(d *Delivery, _ map[string]any) {
			d.Signing.Covered = []string{"(request-target)", "host", "date"}
		}),
	}
}

func announceFaults() []Fault {
	const g = "announce/"
	return []Fault{
		sends(g+"remote-post", "tells nobody", "Announce", dropped),
		sends(g+"remote-post", "by another", "Announce", rewritten(put("actor", "https://elsewhere.example/m/x"))),
		sends(g+"verbatim", "encoded again", "Announce", rewritten(func(map[string]any) {})),
		sends(g+"addresses", "cc as a string", "Announce", rewritten(bareString("cc"))),
		sends(g+"addresses", "not to the public", "Announce", rewritten(put("to", []any{}))),
		sends(g+"addresses", "without published", "Announce", rewritten(without("published"))),
		edit(g+"id", "cannot be read", under("/activity/"), status(http.StatusNotFound)),
		sends(g+"signature", "another key id", "Announce", foreignKey),
		sends(g+"remote-comment", "posts alone", "Announce", holding("Note", dropped)),
		sends(g+"remote-comment-on-remote-post", "posts alone", "Announce", holding("Note", dropped)),
		sends(g+"local-post", "the object alone", "Announce", holding("Page", rewritten(func(doc map[string]any) {
			doc["object"] = peer.Object(doc, "object")["object"]
		}))),
		sends(g+"local-comment", "posts alone", "Announce", holding("Note", dropped)),
		edit(g+"readable", "local posts alone", ending("/feed"), changed(func(doc map[string]any) {
			var local []any
			for _, v := range peer.List(doc, "posts") {
				if p, ok := v.(map[string]any); ok && peer.Text(peer.Object(p, "author"), "name") != "remote" {
					local = append(local, v)
				}
			}
			doc["posts"] = local
		})),
	}
}

func traceFaults() []Fault {
	const g = "humans/"
	problem := exactly("/inbox")
	return []Fault{
		skip(g+"no-trace-s2s", "refused but stored", "no-trace"),
		skip(g+"no-trace-like", "refused but counted", "no-trace"),
		skip(g+"no-trace-owner", "refused but stored", "no-trace-owner"),
		skip(g+"announced-human", "a Group lends its rights", "inner-actor"),
		edit(g+"problem-members", "does not say who", problem, drop("actor")),
		edit(g+"problem-members", "may be cached", problem, noHeader("Cache-Control")),
		edit(g+"problem-members", "a word that others act upon", problem, set("detail", "person_is_banned_from_site")),
		edit(g+"signature-first", "who may write comes first", problem, instead(http.StatusUnauthorized, http.StatusForbidden)),
	}
}
