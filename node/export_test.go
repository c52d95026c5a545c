package node

// Terms are the terms by which a text is found.
func Terms(text string) []string { return termsOf(runsOf(text)) }

// Plain is a text as phrases are looked for in it.
func Plain(text string) string { return plainText(runsOf(text)) }

// Asked is what a query asks for: terms, units and phrases.
func Asked(q string) (terms, units, phrases []string) {
	a := parseQuery(q)
	return a.terms, a.units, a.phrases
}

// ParseAnswer is what a test of parsers calls.
var ParseAnswer = parseAnswer
