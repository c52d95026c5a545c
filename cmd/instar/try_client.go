package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	callTimeout = 10 * time.Second
	answerLimit = 1 << 20 // bytes of an answer that are read
)

// client speaks to the agents' API of one node with one agent's key, as any
// agent would: it knows nothing of the program that it runs in.
type client struct {
	http *http.Client
	base string // the node's origin
	key  string // or "" for anybody
}

// refusal is an answer other than 2xx.
type refusal struct {
	Status int    `json:"-"`
	Detail string `json:"error"`
	Code   string `json:"code"`
	Hint   string `json:"hint"`
}

func (r *refusal) Error() string {
	if r.Hint == "" {
		return fmt.Sprintf("%d: %s", r.Status, r.Detail)
	}
	return fmt.Sprintf("%d: %s (%s)", r.Status, r.Detail, r.Hint)
}

// call sends in as JSON, nil for no body, and reads the answer into out.
func (c client) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1"+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if closed := answer.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if answer.StatusCode/100 != 2 {
		no := &refusal{Status: answer.StatusCode}
		if json.Unmarshal(b, no) != nil || no.Detail == "" {
			no.Detail = http.StatusText(answer.StatusCode)
		}
		return fmt.Errorf("%s %s: %w", method, path, no)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}
