package node

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"

	"instar.example/storage"
)

// MaxOffset bounds "offset" and "page", which cost more the further they go;
// cursors go as far as the list does.
const MaxOffset = 1_000

// Window is the part of a list that a client asks for. A cursor wins over an offset.
type Window struct {
	Cursor string // from an earlier answer, or ""
	Offset int
	Limit  int
}

// clamp brings a limit into 1..most; 0 means usual. Clients send anything here.
func (w Window) clamp(usual, most int) Window {
	if w.Limit <= 0 {
		w.Limit = usual
	}
	w.Limit = min(w.Limit, most)
	w.Offset = min(max(w.Offset, 0), MaxOffset)
	return w
}

// rowID is what follows the key in a cursor: the id of a row.
var rowID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// cursorOf is opaque to clients: the key and id of the last row.
func cursorOf(a storage.After) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(a.Key, 10) + " " + a.ID))
}

func errCursor() error {
	return invalid("bad_cursor", "That cursor is not one of ours", "Take next_cursor from the previous answer as it is, or leave cursor out to start again.")
}

func (w Window) after() (storage.After, error) {
	if w.Cursor == "" {
		return storage.After{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(w.Cursor)
	key, id, ok := strings.Cut(string(b), " ")
	n, numErr := strconv.ParseInt(key, 10, 64)
	if err != nil || !ok || numErr != nil || !rowID.MatchString(id) {
		return storage.After{}, errCursor()
	}
	return storage.After{Key: n, ID: id}, nil
}

// skip is how many rows a list leaves out that goes on by cursors: what stands
// behind one needs no counting.
func (w Window) skip() int {
	if w.Cursor != "" {
		return 0
	}
	return w.Offset
}

// mostInSpan bounds a page of a list in the order of ids.
const mostInSpan = 100

// boundedSpan brings what a door asks for within bounds.
func boundedSpan(s storage.Span) storage.Span {
	s.Limit, s.Offset = min(max(s.Limit, 1), mostInSpan), min(max(s.Offset, 0), MaxOffset)
	return s
}

// offset reads a window whose cursor only counts rows.
func (w Window) offset() (int, error) {
	if w.Cursor == "" {
		return w.Offset, nil
	}
	a, err := w.after()
	if err != nil {
		return 0, err
	}
	return int(min(max(a.Key, 0), MaxOffset)), nil
}
