package node

// ParseAnswer is what a test of parsers calls.
var ParseAnswer = parseAnswer
