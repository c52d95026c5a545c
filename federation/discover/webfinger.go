package discover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"instar.example/federation/fetch"
)

// WebFinger asks a handle's host for the actor of that name and returns the
// actor's id. It makes at most five requests. An id on another host than the
// handle's is taken only when that host says the same (a domain that lends its
// name to another, security: webfinger spoofing).
//
// The error is ErrNoActor or ErrMalformed, or one of package fetch's:
// fetch.ErrNotFound when the host has no such name.
func WebFinger(ctx context.Context, c *fetch.Client, h Handle) (string, error) {
	ids, err := Actors(ctx, c, h)
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// Actors is WebFinger where a name may mean several actors of one host, as on
// Lemmy, where a person and a community may share it. There is at least one.
func Actors(ctx context.Context, c *fetch.Client, h Handle) ([]string, error) {
	jrd, err := ask(ctx, c, h)
	if err != nil {
		return nil, fmt.Errorf("webfinger %s: %w", h, err)
	}
	id := jrd.Self()
	origin := fetch.Origin(id)
	if origin == "" {
		return nil, fmt.Errorf("webfinger %s: %w", h, ErrNoActor)
	}
	if hostOf(origin) != h.Host {
		if err := confirm(ctx, c, h, id); err != nil {
			return nil, fmt.Errorf("webfinger %s: %s does not confirm it: %w", h, origin, err)
		}
		return []string{id}, nil
	}
	return slices.DeleteFunc(jrd.Selves(), func(id string) bool { return !fetch.SameOrigin(id, origin) }), nil
}

// hostOf cuts the scheme off an origin; Handle.Host has no port 443 or, like
// the origin of plain http, no port 80.
func hostOf(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	return host
}

// ask gets the JRD of a handle from its own host, with the detour over
// host-meta that older servers on a host of their own need.
func ask(ctx context.Context, c *fetch.Client, h Handle) (JRD, error) {
	doc, base, err := wellKnown(ctx, c, h.Host, "webfinger?"+query(h.Acct()), JRDType+", application/json")
	if errors.Is(err, fetch.ErrNotFound) {
		meta, metaErr := c.JSON(ctx, base+"/.well-known/host-meta", XRDType+", application/xml")
		if metaErr != nil {
			return JRD{}, err // the first answer stands
		}
		at, metaErr := parseHostMeta(meta.Body)
		if metaErr != nil {
			return JRD{}, err
		}
		doc, err = c.JSON(ctx, strings.Replace(at, "{uri}", url.QueryEscape(h.Acct()), 1), JRDType+", application/json")
	}
	if err != nil {
		return JRD{}, err
	}
	return ParseJRD(doc.Body)
}

func query(resource string) string { return url.Values{"resource": {resource}}.Encode() }

// confirm asks the host of an actor whether the actor goes by a handle of
// another host: it must either answer for the handle, or answer for the actor
// with the handle as its subject.
func confirm(ctx context.Context, c *fetch.Client, h Handle, id string) error {
	for _, resource := range [...]string{h.Acct(), id} {
		doc, err := c.JSON(ctx, fetch.Origin(id)+"/.well-known/webfinger?"+query(resource), JRDType+", application/json")
		if errors.Is(err, fetch.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		jrd, err := ParseJRD(doc.Body)
		if err != nil {
			return err
		}
		subject, err := ParseHandle(jrd.Subject)
		if jrd.Self() == id && (resource != id || err == nil && subject == h) {
			return nil
		}
	}
	return ErrNoActor
}

// wellKnown gets a well-known document of a host: over https, or over plain
// http where the client allows that, which is in development. It returns the
// origin that answered, or was asked first.
func wellKnown(ctx context.Context, c *fetch.Client, host, name, accept string) (doc fetch.Document, base string, err error) {
	schemes := []string{"https://", "http://"}
	switch {
	case isLoopback(host):
		schemes = []string{"http://", "https://"}
	case !hasPort(host): // a public host
		schemes = schemes[:1]
	}
	var errs []error
	for _, scheme := range schemes {
		doc, err := c.JSON(ctx, scheme+host+"/.well-known/"+name, accept)
		if err == nil || errors.Is(err, fetch.ErrNotFound) || errors.Is(err, fetch.ErrGone) {
			return doc, scheme + host, err
		}
		errs = append(errs, err)
	}
	return fetch.Document{}, schemes[0] + host, errors.Join(errs...)
}

func hasPort(host string) bool {
	_, _, err := net.SplitHostPort(host)
	return err == nil
}

func isLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	ip, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && ip.IsLoopback()
}
