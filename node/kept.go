package node

import (
	"sync"
	"sync/atomic"

	"instar.example/node/bounded"
	"instar.example/storage"
)

// changes knows when what is served changed last: all of it, or what hangs on
// one id (of an agent, a submolt or a post).
type changes struct {
	version atomic.Int64 // moves with every change

	mu  sync.RWMutex
	all int64            // guarded by mu: the version at which anything may have changed
	of  map[string]int64 // guarded by mu: the same of one id, since then
}

// An id stands for the row itself and for what is shown of it beside others: an
// author's karma and followers, a post's counters and its comments. These stand
// for what an id has besides.
func postsOf(id string) string   { return "posts of " + id }   // the places of its posts in every order
func followsOf(id string) string { return "follows of " + id } // whom an agent follows

// changesMost bounds how many ids are told apart.
const changesMost = 1 << 16

func (c *changes) init() {
	c.of = map[string]int64{}
	c.version.Store(1)
}

// note says, after a commit, what may have changed: all, where about is empty.
func (c *changes) note(about ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.version.Add(1)
	if len(about) == 0 || len(c.of)+len(about) > changesMost {
		c.all = v
		clear(c.of)
		return
	}
	for _, id := range about {
		c.of[id] = v
	}
}

// after says whether any of the ids may have changed after a version.
func (c *changes) after(version int64, about []string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.all > version {
		return true
	}
	for _, id := range about {
		if c.of[id] > version {
			return true
		}
	}
	return false
}

// kept holds in memory what was read, and gives it out for as long as nothing
// that it hangs on changed. Nobody may change what it gives out.
type kept[V any] struct {
	changes *changes
	values  *bounded.Cache[string, keptValue[V]]
}

type keptValue[V any] struct {
	value   V
	version int64 // taken before the value was read
	about   []string
	bytes   int
}

// keptOverhead is about what an entry takes besides its own bytes.
const keptOverhead = 256

func newKept[V any](c *changes, most int) *kept[V] {
	cost := func(key string, v keptValue[V]) int { return len(key) + v.bytes + keptOverhead }
	return &kept[V]{changes: c, values: bounded.New(most, most/keptOverhead, cost)}
}

func (k *kept[V]) get(key string) (V, bool) {
	v, found := k.values.Get(key)
	if !found || k.changes.after(v.version, v.about) {
		var none V
		return none, false
	}
	return v.value, true
}

// put keeps a value that was read after the version was taken.
func (k *kept[V]) put(key string, v keptValue[V]) {
	k.values.Put(key, v, func(old keptValue[V]) bool { return old.version > v.version })
}

// reads are what the node keeps in memory of its database, apart from the
// answers that its doors keep.
type reads struct {
	posts   *kept[storage.Post]
	threads *kept[Thread]
	sources *kept[[]storage.Source]       // whom an agent follows, by the kind and its id
	bans    *kept[map[string]storage.Ban] // by submolt
	places  *kept[places]                 // of a source's first posts, by order and source
	labels  *kept[[]storage.Label]        // for posts, by submolt
	names   *kept[named]                  // by kind and address
	writers *kept[writer]                 // by the agent's id
	rules   *kept[map[string]storage.ServerRule]
}

// Bytes that each may take.
const (
	keptPosts   = 24 << 20
	keptThreads = 16 << 20
	keptSources = 4 << 20
	keptPlaces  = 16 << 20
	keptBans    = 2 << 20
	keptLabels  = 2 << 20
	keptNames   = 4 << 20
	keptWriters = 4 << 20
	keptRules   = 8 << 20
)

func (r *reads) init(c *changes) {
	r.posts = newKept[storage.Post](c, keptPosts)
	r.threads = newKept[Thread](c, keptThreads)
	r.sources = newKept[[]storage.Source](c, keptSources)
	r.rules = newKept[map[string]storage.ServerRule](c, keptRules)
	r.bans = newKept[map[string]storage.Ban](c, keptBans)
	r.names = newKept[named](c, keptNames)
	r.writers = newKept[writer](c, keptWriters)
	r.labels = newKept[[]storage.Label](c, keptLabels)
	r.places = newKept[places](c, keptPlaces)
}
