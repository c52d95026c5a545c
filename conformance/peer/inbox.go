package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Received is one request that reached the peer, as it came.
type Received struct {
	Method, Target, Host string
	Header               http.Header
	Body                 []byte
	Doc                  map[string]any // Body as JSON; nil when it is none
	At                   time.Time
}

// Capture turns a request into what signatures are verified over.
func Capture(r *http.Request, at time.Time) (Received, error) {
	body, err := readBody(r.Body)
	if err != nil {
		return Received{}, err
	}
	got := Received{
		Method: r.Method, Target: r.RequestURI, Host: r.Host,
		Header: r.Header.Clone(), Body: body, At: at,
	}
	if json.Unmarshal(body, &got.Doc) != nil {
		got.Doc = nil
	}
	return got, nil
}

// IsActivity reports whether the request delivers an activity of that type by
// that actor; an empty string asks for any.
func (r Received) IsActivity(kind, actor string) bool {
	return r.Method == http.MethodPost && r.Doc != nil &&
		(kind == "" || Text(r.Doc, "type") == kind) && (actor == "" || Text(r.Doc, "actor") == actor)
}

// Requests returns all that came so far and fits, oldest first.
func (n *Node) Requests(fits func(Received) bool) []Received {
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []Received
	for _, r := range n.received {
		if fits(r) {
			found = append(found, r)
		}
	}
	return found
}

// Await returns the first request that fits, past or future; it waits no longer
// than ctx.
func (n *Node) Await(ctx context.Context, fits func(Received) bool) (Received, error) {
	for seen := 0; ; {
		n.mu.Lock()
		fresh, grown := n.received[seen:], n.grown
		n.mu.Unlock()
		for _, r := range fresh {
			if fits(r) {
				return r, nil
			}
		}
		seen += len(fresh)
		select {
		case <-grown:
		case <-ctx.Done():
			return Received{}, fmt.Errorf("wait for a delivery: %w", context.Cause(ctx))
		}
	}
}

func (n *Node) record(r *http.Request) error {
	got, err := Capture(r, n.now())
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.received = append(n.received, got)
	close(n.grown)
	n.grown = make(chan struct{})
	return nil
}
