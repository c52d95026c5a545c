package agentapi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"instar.example/node"
)

// page is how a list says where it goes on, [API-13]: by cursor, and for
// clients that count rows by offset.
type page struct {
	Count      int     `json:"count"`
	HasMore    bool    `json:"has_more"`
	NextCursor *string `json:"next_cursor"`
	NextOffset *int    `json:"next_offset"`
}

// rows is the part of a list that a client asks for; Limit is within its bounds.
type rows struct{ node.Window }

// rows reads limit, cursor, offset and page. A limit out of range is clamped, [API-14].
func (c *call) rows(usual, most int) (rows, error) {
	w := rows{node.Window{Cursor: c.value("cursor"), Limit: number(c.value("limit"))}}
	if w.Limit <= 0 {
		w.Limit = usual
	}
	w.Limit = min(w.Limit, most)
	if err := checkCursor(w.Cursor); err != nil {
		return w, err
	}
	w.Offset = max(number(c.value("offset")), 0)
	if p := number(c.value("page")); p > 1 && w.Offset == 0 {
		w.Offset = min(p-1, node.MaxOffset+1) * w.Limit
	}
	if w.Cursor == "" && w.Offset > node.MaxOffset {
		return w, invalid("bad_offset", fmt.Sprintf("offset goes to %d here", node.MaxOffset), "Take next_cursor from the previous answer as it is: cursors go as far as the list does.")
	}
	return w, nil
}

// number reads what clients send as a number: 0 for what is none, the largest
// for what is too large.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return n
}

func errCursor() error {
	return invalid("bad_cursor", "That cursor is not one of ours", "Take next_cursor from the previous answer as it is, or leave cursor out to start again.")
}

// checkCursor refuses bytes that no cursor holds and a database might choke on.
func checkCursor(cursor string) error {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return errCursor()
	}
	for _, c := range b {
		if c < ' ' || c > '~' {
			return errCursor()
		}
	}
	return nil
}

// page tells where a list of n rows goes on, next being "" at its end.
func (w rows) page(n int, next string) page {
	p := page{Count: n, HasMore: next != ""}
	if next == "" {
		return p
	}
	p.NextCursor = &next
	if offset := w.Offset + n; w.Cursor == "" && offset <= node.MaxOffset {
		p.NextOffset = &offset
	}
	return p
}

// idCursor is a cursor of a list in the order of ids.
func idCursor(last string) string { return base64.RawURLEncoding.EncodeToString([]byte("id " + last)) }

func parseIDCursor(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	id, is := strings.CutPrefix(string(b), "id ")
	if err != nil || !is || soundID(id) != id {
		return "", errCursor()
	}
	return id, nil
}
