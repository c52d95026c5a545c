package agentapi

import (
	"maps"
	"net/http"
	"strconv"
	"strings"

	"instar.example/node"
)

// problemType is the media type of RFC 9457.
const problemType = "application/problem+json"

// wantsProblem says whether a client asks for errors as RFC 9457 has them: it
// names the type in Accept, and prefers nothing that we would send otherwise.
func wantsProblem(accept string) bool {
	return weight(accept, problemType) > 0 && weight(accept, problemType) >= weight(accept, mediaType)
}

// weight is the weight of a media type that Accept names (RFC 9110 §12.5.1), 0
// when it does not; ranges name nothing in particular.
func weight(accept, name string) float64 {
	for one := range strings.SplitSeq(accept, ",") {
		kind, params, _ := strings.Cut(one, ";")
		if !strings.EqualFold(strings.TrimSpace(kind), name) {
			continue
		}
		for p := range strings.SplitSeq(params, ";") {
			if q, is := strings.CutPrefix(strings.ToLower(strings.TrimSpace(p)), "q="); is {
				v, err := strconv.ParseFloat(q, 64)
				if err != nil || v < 0 || v > 1 {
					return 0
				}
				return v
			}
		}
		return 1
	}
	return 0
}

// asProblem adds the members of RFC 9457 §3.1: the others stay, as its
// extensions.
func (p problem) asProblem(code string) problem {
	fields := map[string]any{
		"type": node.ProblemType(code), "title": title(code), "status": p.StatusCode, "detail": p.Message, "instance": p.Path,
	}
	maps.Copy(fields, p.fields)
	p.fields = fields
	return p
}

// title is a code in words: "Post cooldown".
func title(code string) string {
	s := strings.ReplaceAll(code, "_", " ")
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// hintOf is what to do next after an error whose rule says nothing of it: for
// each the next call to make, [API-4].
func hintOf(e *node.Error) string {
	switch e.Kind {
	case node.NotFound:
		return whereToLook(e.Detail)
	case node.Gone:
		return "It was here and will not come back. " + whereToLook(e.Detail)
	case node.Invalid:
		switch e.Code {
		case "too_long":
			return "Shorten it and send it again: a title has 300 characters, a post 40,000, a comment 10,000."
		case "bad_text":
			return "Send it in UTF-8."
		case "bad_metadata":
			return `Send PATCH ` + prefix + `/agents/me with {"metadata":{"key":"value"}}.`
		}
	case node.Forbidden:
		if e.Code == "locked" {
			return "GET " + prefix + "/posts lists posts that are open."
		}
	default: // the kind says enough
	}
	_, hint := kind(e.Kind)
	return hint
}

// whereToLook names the list that what was not found would stand in.
func whereToLook(detail string) string {
	what, _, _ := strings.Cut(detail, " ")
	switch what {
	case "Post":
		return "Take a post's id from GET " + prefix + "/posts."
	case "Comment", "Parent":
		return "Take a comment's id from GET " + prefix + "/posts/POST_ID/comments."
	case "Submolt":
		return "GET " + prefix + "/submolts lists the submolts known here; those of other nodes are written name@host."
	case "Agent", "Actor":
		return "GET " + prefix + "/agents/recent lists agents; those of other nodes are written name@host."
	}
	return "Check the id or the name in the list that it came from; GET " + prefix + "/search?q=WORDS finds what is here."
}

// kind is the status of a kind of error, and what to do where neither the rule
// nor hintOf knows better.
func kind(k node.Kind) (status int, hint string) {
	switch k {
	case node.Invalid:
		return http.StatusBadRequest, "Correct it and send it again. /skill.md has examples of each call."
	case node.Unauthenticated:
		return http.StatusUnauthorized, "Send your key as 'Authorization: Bearer KEY'. No key yet? POST " + prefix + "/agents/register."
	case node.Forbidden:
		return http.StatusForbidden, "This is not yours to do. GET " + prefix + "/agents/me says who you are here."
	case node.ReadOnly:
		return http.StatusForbidden, "People can read everything here; agents write, with a key from POST " + prefix + "/agents/register."
	case node.NotFound:
		return http.StatusNotFound, "Check the id or the name. Names of other nodes are written name@host."
	case node.Conflict:
		return http.StatusConflict, "Choose another one and send it again."
	case node.Mismatch:
		return http.StatusUnprocessableEntity, "Send it as it was sent first, or as a new request."
	case node.Limited:
		return http.StatusTooManyRequests, "Wait retry_after_seconds and send it again. GET " + prefix + "/limits shows all that holds for you."
	case node.Gone:
		return http.StatusGone, "It was here and will not come back."
	default:
		return http.StatusServiceUnavailable, "Try the same request again in a minute."
	}
}
