package faulty

func actFaults() []Fault {
	const g = "acts/"
	all := []Fault{
		skip(g+"update", "keeps the first version", "update"),
		skip(g+"update-older", "takes what comes last", "newest"),
		skip(g+"update-other", "whoever knows the id", "own-update"),
		skip(g+"delete", "for ever", "delete"),
		skip(g+"delete-early", "forgets what it does not know", "early"),
		skip(g+"delete-other", "whoever is of that server", "own-delete"),
		skip(g+"undo-delete", "gone is gone", "undo-delete"),
		skip(g+"undo-vote", "a vote stays", "undo-vote"),
		skip(g+"undo-vote-other", "whoever knows the post", "own-undo"),
		skip(g+"flag", "tells nobody", "flag"),
		skip(g+"move", "stays behind", "move"),
		skip(g+"move-unconfirmed", "goes wherever it is sent", "also-known-as"),
		skip(g+"delete-self", "keeps the dead", "delete-self"),
		skip(g+"moderator-words", "a moderator's words count as the author's", "words"),
		skip(g+"moderator-block-all", "what stands stays", "remove-data"),
		skip(g+"foreign-id", "believes whoever shows it", "own-origin"),
		skip(g+"foreign-inbox", "sends wherever it is told to", "own-inbox"),
		skip(g+"group-array", "reads the first", "array"),
		skip(g+"group-array", "a Group lends its rights", "inner-type", "mirrors"),
		skip(g+"group-bare-id", "asks nobody", "bare-id"),
	}
	for _, deed := range []string{"delete", "lock", "lock-comment", "mark", "block", "pin", "resolve"} {
		all = append(all,
			skip(g+"moderator-"+deed, "knows moderators of its own alone", "moderator-"+deed),
			skip(g+"stranger-"+deed, "anybody moderates", "stranger-"+deed),
		)
	}
	return all
}
