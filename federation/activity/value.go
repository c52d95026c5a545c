package activity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// value is the bytes of one JSON value that passed CheckJSON, without space
// around it. Its methods read what they can and give the zero value for the
// rest; they never fail on another kind of value than the one hoped for.
type value []byte

// document checks b and returns it as an object.
func document(b []byte) (value, error) {
	if err := CheckJSON(b); err != nil {
		return nil, err
	}
	v := value(bytes.TrimSpace(b))
	if v.first() != '{' {
		return nil, fmt.Errorf("%w: not an object", ErrMalformed)
	}
	return v, nil
}

func (v value) first() byte {
	if len(v) == 0 {
		return 0
	}
	return v[0]
}

func (v value) isNull() bool { return v.first() == 'n' || len(v) == 0 }
func (v value) isTrue() bool { return v.first() == 't' }

// members yields the names and values of an object, of another value nothing.
func (v value) members() iter.Seq2[string, value] {
	return func(yield func(string, value) bool) {
		if v.first() != '{' {
			return
		}
		for i := skipSpace(v, 1); i < len(v) && v[i] == '"'; {
			end := skipString(v, i)
			name := unquote(v[i:end])
			start := skipSpace(v, skipSpace(v, end)+1) // behind the colon
			end = skipValue(v, start)
			if start > end || !yield(name, v[start:end]) {
				return
			}
			i = skipSpace(v, skipSpace(v, end)+1) // behind the comma
		}
	}
}

// items yields the items of an array, of null nothing, and any other value
// as its own single item.
func (v value) items() iter.Seq[value] {
	return func(yield func(value) bool) {
		switch {
		case v.isNull():
			return
		case v[0] != '[':
			yield(v)
			return
		}
		for i := skipSpace(v, 1); i < len(v) && v[i] != ']'; {
			end := skipValue(v, i)
			if end <= i || !yield(v[i:end]) {
				return
			}
			i = skipSpace(v, skipSpace(v, end)+1)
		}
	}
}

// member returns the value of one name, nil when it is missing.
func (v value) member(name string) value {
	for n, m := range v.members() {
		if n == name {
			return m
		}
	}
	return nil
}

// text returns a string's text, and "" for any other value.
func (v value) text() string {
	if v.first() != '"' {
		return ""
	}
	return unquote(v)
}

// id returns the id that a string is, an object has, or the first item with
// one has; of a Link the address it leads to.
func (v value) id() string {
	for item := range v.items() {
		if id := item.ref().ID; id != "" {
			return id
		}
	}
	return ""
}

// ids returns the id of every item that has one.
func (v value) ids() []string {
	var ids []string
	for item := range v.items() {
		if id := item.ref().ID; id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// recipients is ids for "to" and "cc", bounded.
func (v value) recipients() ([]string, error) {
	ids := v.ids()
	if len(ids) > MaxRecipients {
		return nil, fmt.Errorf("more than %d recipients", MaxRecipients)
	}
	return ids, nil
}

// ownID returns a document's own id, which is a string and nothing else: an
// id wrapped in an array or object has been a way to pass for another.
func (v value) ownID() (string, error) {
	if v.first() != '"' && !v.isNull() {
		return "", errors.New("not a string")
	}
	return v.text(), nil
}

// oneID returns the id that a string is or an object has, never of an array.
func (v value) oneID() (string, error) {
	switch v.first() {
	case '"':
		return v.text(), nil
	case '{':
		return v.member("id").ownID()
	}
	return "", errors.New("neither an id nor an object")
}

// ref returns a string or an object, or the first item of an array.
func (v value) ref() Ref {
	switch v.first() {
	case '"':
		return Ref{ID: v.text()}
	case '[':
		for item := range v.items() {
			if item.first() != '[' {
				return item.ref()
			}
		}
		return Ref{}
	case '{':
		return v.embedded()
	}
	return Ref{}
}

func (v value) embedded() Ref {
	r := Ref{Raw: json.RawMessage(v)}
	href := ""
	for name, m := range v.members() {
		switch name {
		case "id":
			r.ID = m.text()
		case "href":
			href = m.text()
		case "type":
			r.Type = m.typeName()
		}
	}
	if r.ID == "" {
		r.ID = href
	}
	return r
}

// refs returns every item as a Ref; what is neither string nor object is left out.
func (v value) refs() []Ref {
	var refs []Ref
	for item := range v.items() {
		if ch := item.first(); ch == '"' || ch == '{' {
			refs = append(refs, item.ref())
		}
	}
	return refs
}

// typeName returns the type that a string is, or of an array the first one
// known here, else the first one.
func (v value) typeName() string {
	first := ""
	for item := range v.items() {
		name := strings.TrimPrefix(strings.TrimPrefix(item.text(), namespace), "as:")
		if isKnownType(name) {
			return name
		}
		if first == "" {
			first = name
		}
	}
	return first
}

// url returns the address that a string is, a Link or Image leads to, or the
// one best for people in an array of these.
func (v value) url() string {
	best := ""
	for item := range v.items() {
		address, isPage := item.text(), false
		for name, m := range item.members() {
			switch name {
			case "href", "url":
				address = m.url()
			case "mediaType":
				isPage = m.text() == "text/html"
			}
		}
		if isPage && address != "" {
			return address
		}
		if best == "" {
			best = address
		}
	}
	return best
}

// time reads any RFC 3339 time, also with a space for the T or without an
// offset (taken for UTC); what cannot be read is the zero time.
func (v value) time() time.Time {
	s := v.text()
	for _, layout := range [...]string{
		time.RFC3339, // takes any number of fractional digits
		"2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z07:00",
		time.DateTime,
		time.DateOnly, // its first moment
		"2006-01-02T15:04:05Z0700",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// count returns a whole number of at least 0, and 0 for any other value.
func (v value) count() int {
	n, err := strconv.ParseInt(string(v), 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return int(n)
}

// The skip functions return the index behind what starts at b[i]. They rely
// on CheckJSON; on other bytes they end at len(b) at the latest.

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(b)
}

func skipValue(b []byte, i int) int {
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			i = skipString(b, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\n', '\r', '\t':
			i++
			continue
		default:
			i = skipWord(b, i)
		}
		if depth <= 0 {
			return i
		}
	}
	return len(b)
}

func skipWord(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case ',', ']', '}', ' ', '\n', '\r', '\t':
			return i
		}
	}
	return i
}

// unquote returns the text of a JSON string, given with its quotes. Half a
// surrogate pair becomes U+FFFD, as in encoding/json.
func unquote(quoted []byte) string {
	raw := quoted[1 : len(quoted)-1]
	i := bytes.IndexByte(raw, '\\')
	if i < 0 {
		return string(raw)
	}
	text := make([]byte, 0, len(raw))
	for ; i >= 0; i = bytes.IndexByte(raw, '\\') {
		text = append(text, raw[:i]...)
		raw = raw[i:]
		var n int
		text, n = appendEscaped(text, raw)
		raw = raw[n:]
	}
	return string(append(text, raw...))
}

// appendEscaped appends what the escape at the start of b stands for and
// returns its length.
func appendEscaped(text, b []byte) (longer []byte, n int) {
	switch b[1] {
	case 'b':
		return append(text, '\b'), 2
	case 'f':
		return append(text, '\f'), 2
	case 'n':
		return append(text, '\n'), 2
	case 'r':
		return append(text, '\r'), 2
	case 't':
		return append(text, '\t'), 2
	case 'u':
		return appendUnicode(text, b)
	default: // the quote, the slash and the backslash stand for themselves
		return append(text, b[1]), 2
	}
}

func appendUnicode(text, b []byte) (longer []byte, n int) {
	r := hex4(b[2:])
	if utf16.IsSurrogate(r) {
		if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
			if pair := utf16.DecodeRune(r, hex4(b[8:])); pair != utf8.RuneError {
				return utf8.AppendRune(text, pair), 12
			}
		}
		r = utf8.RuneError
	}
	return utf8.AppendRune(text, r), 6
}

// hex4 reads four hexadecimal digits; -1 when they are not there.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, ch := range b[:4] {
		switch {
		case '0' <= ch && ch <= '9':
			ch -= '0'
		case 'a' <= ch && ch <= 'f':
			ch -= 'a' - 10
		case 'A' <= ch && ch <= 'F':
			ch -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(ch)
	}
	return r
}
