package faulty

func batchFaults() []Fault {
	const g = "inbox/"
	return []Fault{
		edit(g+"batch-announced", "states no address", exactly("/.well-known/instar"), inside("endpoints", without("batch_inbox"))),
		edit(g+"batch-announced", "an address of another server", activityAt("/"), inside("endpoints", put("batchInbox", "https://elsewhere.example/inbox"))),
		skip(g+"batch-shape", "takes anything", "batch-shape"),
		skip(g+"batch-sender", "any actor speaks for its server", "batch-sender"),
		skip(g+"batch-origin", "a server speaks for others", "batch-origin"),
		skip(g+"batch-each", "stops at the first that is refused", "batch-each"),
		skip(g+"batch-person", "does not ask who wrote it", "batch-gate"),
		skip(g+"batch-stranger", "asks for each actor", "batch-no-fetch"),
	}
}
