package faulty

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"

	"instar.example/conformance/peer"
)

const requestsAMinute = 100_000 // of all together: enough for the suite

// limited says on every answer of the API what is left [LIMIT-1].
func (s *Server) limited(w http.ResponseWriter) {
	s.asked++
	left, h := strconv.Itoa(requestsAMinute-s.asked), w.Header()
	h.Set("X-Ratelimit-Limit", strconv.Itoa(requestsAMinute))
	h.Set("X-Ratelimit-Remaining", left)
	h.Set("X-Ratelimit-Reset", strconv.FormatInt(s.now().Unix()+60, 10))
	h.Set("Ratelimit-Policy", `"all";q=`+strconv.Itoa(requestsAMinute)+`;w=60`)
	h.Set("Ratelimit", `"all";r=`+left+`;t=60`)
}

// limits lists the one limit that there is [LIMIT-2].
func (s *Server) limits(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, map[string]any{"limits": []any{map[string]any{
		"name": "all", "limit": requestsAMinute, "used": s.asked, "remaining": requestsAMinute - s.asked, "window_seconds": 60, "reset_at": nil,
	}}})
}

// repeated is the answer to a request that named itself, and what was asked.
type repeated struct {
	asked  []byte
	status int
	body   []byte
}

// once carries a named request out once [IDEM-1], [IDEM-2].
func (s *Server) once(run command) command {
	return func(w http.ResponseWriter, r *http.Request, a *agent) {
		name := r.Header.Get("Idempotency-Key")
		if name == "" {
			run(w, r, a)
			return
		}
		asked, err := io.ReadAll(r.Body)
		if err != nil {
			s.fail(w, r, http.StatusBadRequest, "The body ended early")
			return
		}
		before, known := s.named[a.key+name]
		switch {
		case known && !bytes.Equal(before.asked, asked) && s.rule("name-is-of-one-request"):
			s.fail(w, r, http.StatusUnprocessableEntity, "This Idempotency-Key was used for another request")
			return
		case known && !s.rule("named-once"):
			r.Body = io.NopCloser(bytes.NewReader(asked))
			run(httpSink{}, r, a)
			fallthrough
		case known:
			w.Header().Set("Idempotency-Replayed", "true")
			writeDoc(w, "application/json", before.status, before.body)
			return
		}
		answer := &Answer{Status: http.StatusOK, header: http.Header{}}
		r.Body = io.NopCloser(bytes.NewReader(asked))
		run(answer, r, a)
		if answer.Status < http.StatusBadRequest {
			s.named[a.key+name] = repeated{asked, answer.Status, answer.Body}
		}
		writeDoc(w, "application/json", answer.Status, answer.Body)
	}
}

// problem says an error as RFC 9457 has it, to who asks for that [PROBLEM-1].
func (s *Server) problem(w http.ResponseWriter, r *http.Request, doc map[string]any) bool {
	if !strings.Contains(r.Header.Get("Accept"), "application/problem+json") || !s.rule("problem") {
		return false
	}
	status, _ := doc["statusCode"].(int)
	doc["type"], doc["title"], doc["status"], doc["detail"] = "about:blank", http.StatusText(status), status, doc["error"]
	writeDoc(w, "application/problem+json", status, encode(doc))
	return true
}

// practice gives a challenge that stands before nothing [VERIFY-4].
func (s *Server) practice(w http.ResponseWriter, _ *http.Request) {
	code := "moltbook_verify_" + strings.ReplaceAll(newID(), "-", "")
	s.challenges[code] = true
	s.answer(w, http.StatusOK, map[string]any{"content_type": "practice", "verification": map[string]any{
		"verification_code": code, "challenge_text": "How much is seven and four?", "instructions": "Answer the number, such as 525.00.",
		"expires_at": stamp(s.now()),
	}})
}

func (s *Server) solve(w http.ResponseWriter, r *http.Request, _ *agent) {
	in, ok := s.input(w, r)
	switch {
	case !ok:
	case !s.challenges[peer.Text(in, "verification_code")]:
		s.fail(w, r, http.StatusNotFound, "No such code")
	case peer.Text(in, "answer") != "11.00":
		s.fail(w, r, http.StatusBadRequest, "That is not the answer")
	default:
		s.answer(w, http.StatusOK, map[string]any{"message": "Right"})
	}
}
