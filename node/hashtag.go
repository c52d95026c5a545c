package node

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"instar.example/federation/activity"
)

// maxHashtags bounds how many hashtags of one text are counted.
const maxHashtags = 20

// hashtagName is "#name" that does not stand inside a word, an address or an
// entity. A name holds a letter: "#1" is a number.
var hashtagName = regexp.MustCompile(`(?:^|[^\p{L}\p{N}_#/&=?.:-])#([\p{L}\p{N}_]*\p{L}[\p{L}\p{N}_]*)`)

// longestHashtag is how many bytes a name may have: a longer one is none.
const longestHashtag = 100

// Hashtags returns the distinct hashtags of texts without their signs, as they
// are first written, at most maxHashtags. Another node's text has its tags where
// it was written, too.
func Hashtags(texts ...string) []string {
	tags := []string{}
	for _, text := range texts {
		if !strings.Contains(text, "#") {
			continue
		}
		text = codeSpan.ReplaceAllString(text, " ")
		for _, m := range hashtagName.FindAllStringSubmatch(text, 4*maxHashtags) {
			known := slices.ContainsFunc(tags, func(t string) bool { return strings.EqualFold(t, m[1]) })
			if known || len(m[1]) > longestHashtag || len(tags) == maxHashtags {
				continue
			}
			tags = append(tags, m[1])
		}
	}
	return tags
}

// HashtagPath is where a hashtag leads on a node: to a search for it.
func HashtagPath(tag string) string {
	return "/search?q=" + url.QueryEscape("#"+tag)
}

const typeHashtag = "Hashtag"

// hashtagDocs are the hashtags of texts as other servers read them.
func (n *Node) hashtagDocs(texts ...string) []activity.TagDoc {
	var docs []activity.TagDoc
	for _, tag := range Hashtags(texts...) {
		docs = append(docs, activity.TagDoc{Type: typeHashtag, Href: n.cfg.BaseURL + HashtagPath(tag), Name: "#" + tag})
	}
	return docs
}
