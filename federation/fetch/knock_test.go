package fetch_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"instar.example/federation/signature"
)

// A server that reads RFC 9421 and not the draft is asked once more in that way,
// and from then on in that way first; no other answer is asked for twice.
func TestObjectKnocksTwice(t *testing.T) {
	t.Parallel()
	var drafts, messages atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Signature-Input") == "" {
			drafts.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		messages.Add(1)
		sig, err := signature.Parse(r)
		if err == nil {
			err = signature.Verify(r, nil, sig, rsaKey().Public(), now())
		}
		if err != nil {
			t.Errorf("signature: %v", err)
		}
		answer(activityJSON, `{"id":"x"}`)(w, r)
	})
	c := private(t, nil)
	for i := range int32(3) {
		if _, err := c.Object(t.Context(), fmt.Sprintf("%s/u/%d", s.URL, i)); err != nil {
			t.Fatal(err)
		}
		if drafts.Load() != 1 || messages.Load() != i+1 {
			t.Errorf("after %d reads it was asked %d times by the draft and %d by RFC 9421", i+1, drafts.Load(), messages.Load())
		}
	}
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		var asked atomic.Int32
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.WriteHeader(status)
		})
		if _, err := private(t, nil).Object(t.Context(), s.URL+"/u/ada"); err == nil || asked.Load() != 1 {
			t.Errorf("%d: %v after %d requests", status, err, asked.Load())
		}
	}
}
