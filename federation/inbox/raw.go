package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"
)

// RawRequest is a request to an inbox as it came, to be stored when its
// sender's key cannot be had in time and decided later. It holds what a
// signature can cover, and no credentials.
type RawRequest struct {
	Method   string      `json:"method"`
	Target   string      `json:"target"` // of the request line, not decoded
	Host     string      `json:"host"`
	Header   http.Header `json:"header"`
	Body     []byte      `json:"body"`
	Received time.Time   `json:"received"` // the time that its date is judged by
}

// NewRawRequest takes down a request whose body was read before. The result
// shares body and the values of headers with it.
func NewRawRequest(r *http.Request, body []byte, received time.Time) RawRequest {
	header := maps.Clone(r.Header)
	for _, credential := range [...]string{"Authorization", "Proxy-Authorization", "Cookie"} {
		delete(header, credential)
	}
	target := r.RequestURI
	if target == "" { // a request that no server read
		target = r.URL.RequestURI()
	}
	return RawRequest{Method: r.Method, Target: target, Host: r.Host, Header: header, Body: body, Received: received}
}

// DecodeRawRequest is the inverse of Encode.
func DecodeRawRequest(b []byte) (RawRequest, error) {
	var q RawRequest
	if err := json.Unmarshal(b, &q); err != nil {
		return RawRequest{}, fmt.Errorf("decode raw request: %w", err)
	}
	if q.Method == "" || q.Target == "" || q.Received.IsZero() {
		return RawRequest{}, errors.New("decode raw request: incomplete")
	}
	return q, nil
}

// Encode returns the request as bytes that can be stored.
func (q RawRequest) Encode() ([]byte, error) {
	b, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("encode raw request: %w", err)
	}
	return b, nil
}

// request makes of q what the server had read.
func (q RawRequest) request(ctx context.Context) (*http.Request, error) {
	u, err := url.ParseRequestURI(q.Target)
	if err != nil {
		return nil, fmt.Errorf("raw request: %w", err)
	}
	r := &http.Request{
		Method: q.Method, URL: u, RequestURI: q.Target, Host: q.Host, Header: q.Header, ContentLength: int64(len(q.Body)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
	}
	return r.WithContext(ctx), nil
}
