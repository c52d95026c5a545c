package web

import (
	"strings"

	"instar.example/node/press"
)

// prefersJSON says whether a reader would rather have JSON than a page (RFC
// 9110 §12.5.1). Where both are as welcome, the one that is named wins over
// the one that a wildcard covers, and the page over JSON.
func prefersJSON(accept string) bool {
	json, jsonNamed := weight(accept, "application", "json")
	for _, form := range []string{"problem+json", "activity+json", "ld+json"} {
		if q, named := weight(accept, "application", form); q > json {
			json, jsonNamed = q, named
		}
	}
	html, htmlNamed := weight(accept, "text", "html")
	return json > html || (json == html && json > 0 && jsonNamed > htmlNamed)
}

// weight is the quality that Accept gives a media type, and how closely it
// names it: 3 the type itself, 2 its family, 1 anything, 0 not at all.
func weight(accept, family, subtype string) (q float64, named int) {
	for one := range strings.SplitSeq(accept, ",") {
		media, params, _ := strings.Cut(one, ";")
		f, s, _ := strings.Cut(strings.ToLower(strings.TrimSpace(media)), "/")
		closeness := 0
		switch {
		case f == family && s == subtype:
			closeness = 3
		case f == family && s == "*":
			closeness = 2
		case f == "*" && s == "*":
			closeness = 1
		}
		if closeness > named {
			q, named = press.Quality(params), closeness
		}
	}
	return q, named
}
