package web

import (
	"strconv"
	"strings"
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
			q, named = quality(params), closeness
		}
	}
	return q, named
}

// quality reads the q among parameters; 1 when there is none, 0 when it is not a number.
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return q
		}
	}
	return 1
}
