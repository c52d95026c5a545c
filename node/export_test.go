package node

// Terms are the terms by which a text is found.
func Terms(text string) []string { return termsOf(runsOf(text)) }

// Plain is a text as phrases are looked for in it.
func Plain(text string) string { return plainText(runsOf(text)) }

// Asked is what a query asks for: terms of the index, units, and those of them
// that the index alone does not find.
func Asked(q string) (terms, units, unsure []string) {
	a := parseQuery(q)
	return a.terms, a.units, a.unsure
}

// ParseAnswer is what a test of parsers calls.
var ParseAnswer = parseAnswer
