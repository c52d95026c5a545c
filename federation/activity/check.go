package activity

import (
	"fmt"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// The bounds of a document. They are far above what any server sends and far
// below what would hurt.
const (
	MaxBytes = 1 << 20 // of the whole document; Mastodon's own limit
	MaxDepth = 32      // of objects and arrays in each other
	MaxKeys  = 2000    // of one object
	MaxItems = 2000    // of one array
)

// CheckJSON says whether b is one JSON object or other value that all readers
// understand alike: valid UTF-8, nothing after it, no name twice in an object
// (nor in two spellings of case, which some decoders take for one), no NUL in
// a string, and within the bounds above. The JSON-LD keywords @graph,
// @included and @reverse are refused: they let a JSON-LD processor see another
// document than a JSON reader (CVE-2022-24307, CVE-2026-42462).
//
// Inside "@context" names may differ in case alone, as they do in the wild;
// nothing there is ever read.
func CheckJSON(b []byte) error {
	if len(b) > MaxBytes {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(b))
	}
	if !utf8.Valid(b) {
		return fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	c := checker{b: b, names: make([]uint64, 0, 64)}
	c.space()
	if c.value() {
		c.space()
		if c.i == len(b) {
			return nil
		}
		c.problem = "more than one value"
	}
	return fmt.Errorf("%w: %s at byte %d", ErrMalformed, c.problem, c.i)
}

// checker walks once over a document. Its methods leave i behind what they
// accepted; when they return false, problem says why.
type checker struct {
	b       []byte
	i       int
	depth   int
	context int      // how many "@context" values we are in
	names   []uint64 // hashes of the names in the open objects, as a stack
	problem string
}

func (c *checker) fail(problem string) bool {
	c.problem = problem
	return false
}

func (c *checker) peek() byte {
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

func (c *checker) space() {
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case ' ', '\n', '\r', '\t':
			c.i++
		default:
			return
		}
	}
}

func (c *checker) value() bool {
	switch ch := c.peek(); ch {
	case '{':
		return c.object()
	case '[':
		return c.array()
	case '"':
		return c.stringValue()
	case 't':
		return c.word("true")
	case 'f':
		return c.word("false")
	case 'n':
		return c.word("null")
	default:
		return c.number()
	}
}

func (c *checker) enter() bool {
	c.i++
	c.depth++
	if c.depth > MaxDepth {
		return c.fail("too deep")
	}
	c.space()
	return true
}

func (c *checker) leave() {
	c.i++
	c.depth--
}

func (c *checker) object() bool {
	if !c.enter() {
		return false
	}
	if c.peek() == '}' {
		c.leave()
		return true
	}
	base := len(c.names)
	for {
		if len(c.names)-base == MaxKeys {
			return c.fail("too many names in an object")
		}
		if !c.member() {
			return false
		}
		c.space()
		switch c.peek() {
		case ',':
			c.i++
			c.space()
		case '}':
			if repeats(c.names[base:]) {
				return c.fail("a name stands twice in the object that ends")
			}
			c.names = c.names[:base]
			c.leave()
			return true
		default:
			return c.fail("',' or '}' expected")
		}
	}
}

func (c *checker) array() bool {
	if !c.enter() {
		return false
	}
	if c.peek() == ']' {
		c.leave()
		return true
	}
	for n := 1; ; n++ {
		if n > MaxItems {
			return c.fail("too many items in an array")
		}
		if !c.value() {
			return false
		}
		c.space()
		switch c.peek() {
		case ',':
			c.i++
			c.space()
		case ']':
			c.leave()
			return true
		default:
			return c.fail("',' or ']' expected")
		}
	}
}

// member accepts a name and its value.
func (c *checker) member() bool {
	start := c.i
	if c.peek() != '"' {
		return c.fail("a name expected")
	}
	if !c.text() {
		return false
	}
	name := c.b[start:c.i]
	raw := name[1 : len(name)-1]
	if slices.Contains(raw, '\\') {
		raw = []byte(unquote(name))
	}
	if isKeyword(raw) {
		return c.fail("a JSON-LD keyword that is not accepted")
	}
	c.names = append(c.names, hashName(raw, c.context == 0))
	c.space()
	if c.peek() != ':' {
		return c.fail("':' expected")
	}
	c.i++
	c.space()
	if string(raw) != "@context" {
		return c.value()
	}
	c.context++
	ok := c.value()
	c.context--
	return ok
}

// stringValue accepts a string; inside "@context" it must not make a name
// stand for a refused keyword.
func (c *checker) stringValue() bool {
	start := c.i
	if !c.text() {
		return false
	}
	if c.context > 0 && isKeyword([]byte(unquote(c.b[start:c.i]))) {
		return c.fail("a JSON-LD keyword that is not accepted")
	}
	return true
}

func (c *checker) text() bool {
	b, i := c.b, c.i+1
	for i < len(b) {
		switch ch := b[i]; {
		case ch == '"':
			c.i = i + 1
			return true
		case ch == '\\':
			c.i = i
			n := escape(b[i:])
			if n == 0 {
				return c.fail("bad escape in a string")
			}
			i += n
		case ch < 0x20:
			c.i = i
			return c.fail("control character in a string")
		default:
			i++
		}
	}
	c.i = len(b)
	return c.fail("string without end")
}

// escape returns the length of the escape sequence that b starts with, or 0
// when it is none or stands for NUL, which not every database can hold.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if r := hex4(b[2:]); r > 0 {
			return 6
		}
	}
	return 0
}

func (c *checker) word(w string) bool {
	if len(c.b)-c.i < len(w) || string(c.b[c.i:c.i+len(w)]) != w {
		return c.fail("a value expected")
	}
	c.i += len(w)
	return true
}

// longNumber is the length from which a number may be too large for a float64,
// the largest of which has 309 digits; one with an exponent always may.
const longNumber = 300

func (c *checker) number() bool {
	start, exponent := c.i, false
	if c.peek() == '-' {
		c.i++
	}
	switch {
	case c.peek() == '0':
		c.i++
	case !c.digits():
		return c.fail("a value expected")
	}
	if c.peek() == '.' {
		c.i++
		if !c.digits() {
			return c.fail("a digit expected")
		}
	}
	if ch := c.peek(); ch == 'e' || ch == 'E' {
		c.i++
		exponent = true
		if ch = c.peek(); ch == '+' || ch == '-' {
			c.i++
		}
		if !c.digits() {
			return c.fail("a digit expected")
		}
	}
	if exponent || c.i-start > longNumber {
		if _, err := strconv.ParseFloat(string(c.b[start:c.i]), 64); err != nil {
			return c.fail("a number is too large")
		}
	}
	return true
}

func (c *checker) digits() bool {
	start := c.i
	for c.i < len(c.b) && '0' <= c.b[c.i] && c.b[c.i] <= '9' {
		c.i++
	}
	return c.i > start
}

func isKeyword(name []byte) bool {
	if len(name) == 0 || name[0] != '@' {
		return false
	}
	switch string(name) {
	case "@graph", "@included", "@reverse":
		return true
	}
	return false
}

// repeats says whether a hash stands twice in names. Two names of one hash
// count as the same name: a sender can craft that, to be refused.
func repeats(names []uint64) bool {
	if len(names) <= 16 {
		for i, n := range names {
			if slices.Contains(names[:i], n) {
				return true
			}
		}
		return false
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return true
		}
	}
	return false
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// hashName is FNV-1a over name; with fold, over its case-folded form.
func hashName(name []byte, fold bool) uint64 { //nolint:revive // the two ways differ in one step of the loop
	h := uint64(fnvOffset)
	for _, ch := range name {
		if fold {
			if ch >= utf8.RuneSelf {
				return hashFolded(name)
			}
			if 'A' <= ch && ch <= 'Z' {
				ch += 'a' - 'A'
			}
		}
		h = (h ^ uint64(ch)) * fnvPrime
	}
	return h
}

// hashFolded folds as encoding/json does: by the simple folding of Unicode,
// in which the Kelvin sign is a k and the long s an s.
func hashFolded(name []byte) uint64 {
	folded := make([]byte, 0, len(name))
	for _, r := range string(name) {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		if 'A' <= least && least <= 'Z' {
			least += 'a' - 'A'
		}
		folded = utf8.AppendRune(folded, least)
	}
	return hashName(folded, false)
}
