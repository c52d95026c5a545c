package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"instar.example/federation/signature"
)

const (
	activityJSON = "application/activity+json"
	activityNS   = "https://www.w3.org/ns/activitystreams"

	// maxRetryAfter bounds what a server may ask for.
	maxRetryAfter = 30 * 24 * time.Hour
	// drain is how much more of an answer is read so that its connection can
	// be used again.
	drain = 32 << 10
)

// request says what kind of GET is made.
type request struct {
	accept   string
	isObject bool // signed, and the media type checked
}

var asObject = request{accept: AcceptObject, isObject: true}

// address reads an address and says whether it may be asked. Where its host
// leads is seen when it is connected to.
func (c *Client) address(address string) (*url.URL, error) {
	u, err := parse(address)
	if err != nil {
		return nil, err
	}
	if !c.config.AllowPrivate && (u.Scheme != "https" || u.Port() != "") {
		return nil, fmt.Errorf("%w: %.100q is not https on its own port", ErrForbiddenAddress, address)
	}
	if u.Host == c.config.Self {
		return nil, fmt.Errorf("%w: %.100q is our own", ErrForbiddenAddress, address)
	}
	return u, nil
}

// get asks, follows redirects, and reads the body, all within the timeout.
func (c *Client) get(ctx context.Context, first *url.URL, req request) (Document, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	u := first
	for range MaxRedirects + 1 {
		sign := req.isObject && u.Host == first.Host // CVE-2026-77632: no signature for others
		response, err := c.knock(ctx, u, req, sign)
		if err != nil {
			return Document{}, fmt.Errorf("fetch %s: %w", u, explain(err))
		}
		if !isRedirect(response.StatusCode) {
			doc, err := readDocument(response, req)
			if err != nil {
				return Document{}, fmt.Errorf("fetch %s: %w", u, explain(err))
			}
			doc.URL = u.String()
			return doc, nil
		}
		_ = response.Body.Close() // nothing in it is of use
		location := response.Header.Get("Location")
		if u, err = c.follow(u, location); err != nil {
			return Document{}, fmt.Errorf("fetch %s: %w", first, err)
		}
	}
	return Document{}, fmt.Errorf("fetch %s: %w: more than %d", first, ErrRedirect, MaxRedirects)
}

// knock asks, signed by the draft, and where the server does not take that, once
// more by RFC 9421: there are servers that read only one of the two. What an
// origin took is remembered.
func (c *Client) knock(ctx context.Context, u *url.URL, req request, sign bool) (*http.Response, error) { //nolint:revive // a fact of this hop, not a mode
	if !sign || c.config.Sign == nil {
		return c.ask(ctx, u, req, "")
	}
	origin := Origin(u.String())
	first, second := signature.Cavage, signature.Message
	if c.messages.Contains(origin) {
		first, second = second, first
	}
	response, err := c.ask(ctx, u, req, first)
	if err != nil || response.StatusCode != http.StatusUnauthorized && response.StatusCode != http.StatusBadRequest {
		return response, err
	}
	finish(response)
	response, err = c.ask(ctx, u, req, second)
	if err == nil && response.StatusCode == http.StatusOK {
		if second == signature.Message {
			c.messages.Add(origin, struct{}{})
		} else {
			c.messages.Remove(origin)
		}
	}
	return response, err
}

func (c *Client) ask(ctx context.Context, u *url.URL, req request, scheme signature.Scheme) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForbiddenAddress, err)
	}
	r.Header.Set("Accept", req.accept)
	if scheme != "" {
		key, err := c.config.Sign()
		if err != nil {
			return nil, fmt.Errorf("key of the instance actor: %w", err)
		}
		key.Scheme = scheme
		if err := signature.Sign(r, nil, key, c.config.Now()); err != nil {
			return nil, err
		}
	}
	return c.do(r)
}

func (c *Client) do(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", c.config.UserAgent)
	response, err := c.http.Do(r)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return nil, wrapped.Err // our callers name the address
	}
	if err != nil {
		return nil, err
	}
	c.config.Log.DebugContext(r.Context(), "asked another server",
		slog.String("method", r.Method), slog.String("url", r.URL.String()), slog.Int("status", response.StatusCode))
	return response, nil
}

func isRedirect(status int) bool {
	return slices.Contains([]int{301, 302, 303, 307, 308}, status)
}

// follow says where a redirect leads.
func (c *Client) follow(from *url.URL, location string) (*url.URL, error) {
	if location == "" || len(location) > MaxURL {
		return nil, fmt.Errorf("%w: Location of %d bytes", ErrRedirect, len(location))
	}
	to, err := from.Parse(location)
	if err != nil || to.Scheme != "https" && to.Scheme != "http" || from.Scheme == "https" && to.Scheme != "https" {
		return nil, fmt.Errorf("%w: to %.100q", ErrRedirect, location)
	}
	return c.address(to.String())
}

// readDocument reads an answer to its end.
func readDocument(response *http.Response, req request) (Document, error) {
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return Document{}, ErrNotFound
	case http.StatusGone:
		return Document{}, ErrGone
	default:
		return Document{}, &StatusError{Status: response.StatusCode, RetryAfter: retryAfter(response)}
	}
	types := response.Header.Values("Content-Type")
	if req.isObject && (len(types) != 1 || !isActivity(types[0])) {
		return Document{}, fmt.Errorf("%w: %.100q", ErrContentType, strings.Join(types, ", "))
	}
	if response.ContentLength > MaxBody {
		return Document{}, ErrTooLarge
	}
	// What is read here is unpacked: a small gzip of much stops at the limit.
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxBody+1))
	if err != nil {
		return Document{}, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > MaxBody {
		return Document{}, ErrTooLarge
	}
	return Document{Body: body, ContentType: response.Header.Get("Content-Type"), Status: response.StatusCode}, nil
}

// isActivity says whether a media type is ActivityPub's (ActivityPub §3.2).
func isActivity(contentType string) bool {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	return kind == activityJSON ||
		kind == "application/ld+json" && slices.Contains(strings.Fields(parameters["profile"]), activityNS)
}

// Answer is what a server said to a POST.
type Answer struct {
	Status     int
	Body       []byte        // its first MaxAnswer bytes, or as many as were asked for
	RetryAfter time.Duration // how long it asks to be left alone, or 0
}

// Post delivers an activity, signed with its actor's key. It follows no
// redirect, and any status is an Answer: what it means is for package deliver.
// An error says that there was no answer.
func (c *Client) Post(ctx context.Context, address string, body []byte, key signature.Key) (Answer, error) {
	return c.PostLong(ctx, address, body, key, MaxAnswer)
}

// PostLong is Post for whom the answer's body matters, up to so many bytes.
func (c *Client) PostLong(ctx context.Context, address string, body []byte, key signature.Key, most int64) (Answer, error) {
	u, err := c.address(address)
	if err != nil {
		return Answer{}, fmt.Errorf("post: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("post: %w: %w", ErrForbiddenAddress, err)
	}
	r.Header.Set("Content-Type", activityJSON)
	r.Header.Set("Accept", activityJSON+", application/json")
	if body == nil {
		body = []byte{}
	}
	if err := signature.Sign(r, body, key, c.config.Now()); err != nil {
		return Answer{}, fmt.Errorf("post to %s: %w", u, err)
	}
	response, err := c.do(r)
	if err != nil {
		return Answer{}, fmt.Errorf("post to %s: %w", u, explain(err))
	}
	defer finish(response)
	answer := Answer{Status: response.StatusCode, RetryAfter: retryAfter(response)}
	// The status is the answer; a body that breaks off changes nothing.
	answer.Body, _ = io.ReadAll(io.LimitReader(response.Body, most))
	return answer, nil
}

// finish reads what little may be left and gives the connection back.
func finish(response *http.Response) {
	_, _ = io.CopyN(io.Discard, response.Body, drain) // only the connection is at stake
	_ = response.Body.Close()
}

// retryAfter reads Retry-After (RFC 9110 §10.2.3). A date counts from the
// answer's own Date, so that the other clock may be wrong.
func retryAfter(response *http.Response) time.Duration {
	value := response.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	from, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, min(date.Sub(from), maxRetryAfter))
}
