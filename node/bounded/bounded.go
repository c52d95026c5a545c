// Package bounded keeps values in memory within a number of bytes: the least
// recently used ones go first. It knows nothing of what it keeps, and nothing of
// when a value has become too old: that is for its users to say.
package bounded

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// oneOf is the part of all bytes that one value may have: a larger one would
// push out too many others, and is not kept.
const oneOf = 16

// Cache keeps values by key. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	most int
	cost func(K, V) int

	mu    sync.Mutex
	lru   *simplelru.LRU[K, V] // guarded by mu
	bytes int                  // guarded by mu
}

// New returns a cache of at most so many bytes and entries. cost says about how
// many bytes a value takes, the same each time it is asked.
func New[K comparable, V any](bytes, entries int, cost func(K, V) int) *Cache[K, V] {
	c := &Cache[K, V]{most: bytes, cost: cost}
	lru, err := simplelru.NewLRU(entries, func(k K, v V) { c.bytes -= cost(k, v) })
	if err != nil { // only for a size below one
		panic(err)
	}
	c.lru = lru
	return c
}

// Get returns the value of a key, and counts it as used.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lru.Get(key)
}

// Put keeps a value in the place of the key's old one, unless that is newer, which
// newer says; nil is never.
func (c *Cache[K, V]) Put(key K, value V, newer func(old V) bool) {
	n := c.cost(key, value)
	if n > c.most/oneOf {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if newer != nil {
		if old, found := c.lru.Peek(key); found && newer(old) {
			return
		}
	}
	c.lru.Remove(key) // so that its bytes are counted off
	for c.bytes+n > c.most && c.lru.Len() > 0 {
		c.lru.RemoveOldest()
	}
	c.lru.Add(key, value)
	c.bytes += n
}

// Remove forgets a key.
func (c *Cache[K, V]) Remove(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(key)
}

// Bytes is about how many bytes the values take.
func (c *Cache[K, V]) Bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
