package bounded_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"instar.example/node/bounded"
)

func size(_, v string) int { return len(v) }

func TestTheLeastUsedGoesFirst(t *testing.T) {
	t.Parallel()
	c := bounded.New(64, 100, size)
	for _, k := range []string{"a", "b", "c", "d"} {
		for i := range 4 { // 16 values of 4 bytes: full
			c.Put(fmt.Sprint(k, i), "1234", nil)
		}
	}
	c.Get("a0")
	c.Put("e", "1234", nil)
	if _, found := c.Get("a0"); !found {
		t.Error("what was used last is gone")
	}
	if _, found := c.Get("a1"); found || c.Bytes() != 64 {
		t.Errorf("the least used one is there: %v, of %d bytes", found, c.Bytes())
	}
}

func TestWhatIsTooLargeOrOlderIsNotKept(t *testing.T) {
	t.Parallel()
	c := bounded.New(64, 2, size)
	c.Put("large", "12345", nil)
	if _, found := c.Get("large"); found {
		t.Error("more than its part is kept")
	}
	c.Put("a", "22", nil)
	c.Put("a", "11", func(old string) bool { return old == "22" })
	if got, _ := c.Get("a"); got != "22" {
		t.Errorf("a newer value made room for %q", got)
	}
	c.Put("a", "3", nil)
	c.Put("b", "", nil)
	c.Put("c", "", nil) // a is the third
	if _, found := c.Get("a"); found || c.Bytes() != 0 {
		t.Errorf("of two entries the third is there: %v, %d bytes", found, c.Bytes())
	}
	c.Put("b", "1", nil)
	c.Remove("b")
	if c.Bytes() != 0 {
		t.Errorf("nothing has %d bytes", c.Bytes())
	}
}

// However many use it, its bytes are those of what it holds, and within its bound.
func TestBytesAreCountedUnderManyHands(t *testing.T) {
	t.Parallel()
	const most = 1 << 10
	c := bounded.New(most, 50, size)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 2_000 {
				key := fmt.Sprint(rand.IntN(80))
				switch rand.IntN(3) {
				case 0:
					c.Get(key)
				case 1:
					c.Remove(key)
				default:
					c.Put(key, "0123456789012345678901234567890123456789"[:rand.IntN(40)], nil)
				}
				if n := c.Bytes(); n < 0 || n > most {
					t.Errorf("%d bytes of %d", n, most)
				}
			}
		})
	}
	all.Wait()
	held := 0
	for i := range 80 {
		v, _ := c.Get(fmt.Sprint(i))
		held += len(v)
	}
	if held != c.Bytes() {
		t.Errorf("what is held has %d bytes, and is counted as %d", held, c.Bytes())
	}
}
