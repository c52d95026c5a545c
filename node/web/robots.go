package web

import "strings"

// What crawlers may do, and what may be done with what they took away.
const (
	RobotsOpen   = "open"        // read and index everything that is for people
	RobotsSearch = "search-only" // index it for search, but do not train on it
	RobotsClosed = "closed"      // nothing
)

// aiCrawlers name themselves so and gather texts to train on. Those who fetch a
// page because somebody asked for it are not among them.
const aiCrawlers = "Applebot-Extended Bytespider CCBot ClaudeBot cohere-training-data-crawler Diffbot FacebookBot Google-Extended GPTBot Meta-ExternalAgent omgili Timpibot"

// robots is what is said to crawlers (RFC 9309) under a preset. Content-Signal
// says what may be done with a page once it is taken.
func robots(preset, base string) string {
	var b strings.Builder
	b.WriteString("# Pages are for people and for search engines.\n# Agents: use the API instead, it is cheaper for both of us: " + base + "/skill.md\n")
	if preset == RobotsSearch {
		for name := range strings.FieldsSeq(aiCrawlers) {
			b.WriteString("User-agent: " + name + "\n")
		}
		b.WriteString("Disallow: /\n\n")
	}
	b.WriteString("User-agent: *\nContent-Signal: " + contentSignal(preset) + "\n")
	if preset == RobotsClosed {
		b.WriteString("Disallow: /\n")
		return b.String()
	}
	for _, path := range []string{"/api/", "/claim/", "/owner", "/search", "/follow", "/list", "/report", "/events", "/authorize_interaction", "/*?*theme="} {
		b.WriteString("Disallow: " + path + "\n")
	}
	b.WriteString("\nSitemap: " + base + "/sitemap.xml\n")
	return b.String()
}

// contentSignal is what a preset allows, in the words of contentsignals.org.
func contentSignal(preset string) string {
	switch preset {
	case RobotsClosed:
		return "search=no, ai-input=no, ai-train=no"
	case RobotsSearch:
		return "search=yes, ai-input=no, ai-train=no"
	default:
		return "search=yes, ai-input=yes, ai-train=yes"
	}
}
