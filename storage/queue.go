package storage

// Queue is a set of tables that hold work for later.
type Queue uint

// Queues. Each is one table, or two, that a kind of work looks at.
const (
	QueueOutbox    Queue = 1 << iota // entries that no lane was told of
	QueueLanes                       // inboxes that are behind, or may go again
	QueueReceived                    // activities that wait to be applied
	QueueLookups                     // names that are to be looked up
	QueueIndex                       // texts that are to be indexed
	QueueMails                       // letters to owners
	QueueClaims                      // claims that are to be looked at
	QueueBackfills                   // pasts that are to be fetched
	QueueErasures                    // actors whose content is to go
	QueueHosts                       // servers that are to be asked who they are
)

// OnQueued has f told of the queues into which a transaction put something, when
// it is committed. It is called before the store is used; f does not wait.
func (s *Store) OnQueued(f func(Queue)) { s.queued = f }

// tell says what a committed transaction queued.
func (s *Store) tell(all Queue) {
	if s.queued != nil && all != 0 {
		s.queued(all)
	}
}

// queue notes that the transaction puts something into a queue. What is done
// outside of one nobody is told of.
func (q Queries) queue(into Queue) {
	if q.into != nil {
		*q.into |= into
	}
}
