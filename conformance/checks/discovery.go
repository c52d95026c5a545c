package checks

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"instar.example/conformance/peer"
)

var softwareName = regexp.MustCompile(`^[a-z0-9-]+$`)

func webfingerChecks() []Check {
	return []Check{
		{ID: "webfinger-agent", Clause: "DISC-1", Name: "acct: of an agent", Run: agentByAcct},
		{ID: "webfinger-submolt", Clause: "DISC-1", Name: "acct: of a submolt", Run: submoltByAcct},
		{ID: "webfinger-encoded", Clause: "DISC-2", Name: "percent-encoded resource", Run: agentByEncodedAcct},
		{ID: "webfinger-url", Clause: "DISC-3", Name: "the actor's id as resource", Run: agentByURL},
		{ID: "webfinger-instance-url", Clause: "DISC-4", Name: "the origin as resource", Run: instanceByURL},
		{ID: "webfinger-instance-acct", Clause: "DISC-4", Name: "acct:host@host", Run: instanceByAcct},
		{ID: "webfinger-unknown", Clause: "DISC-5", Name: "a name that nobody has", Run: unknownName},
		{ID: "webfinger-foreign", Clause: "DISC-5", Name: "a name on another host", Run: foreignHost},
		{ID: "webfinger-no-resource", Clause: "DISC-5", Name: "no resource", Run: noResource},
		{ID: "webfinger-case", Clause: "DISC-6", Name: "names have no case", Run: agentInCapitals},
		{ID: "webfinger-one-self", Clause: "DISC-7", Name: "one self link", Run: oneSelfLink},
		{ID: "webfinger-cors", Clause: "DISC-8", Name: "readable from any page", Run: webfingerCORS},
		{ID: "host-meta", Clause: "DISC-9", Name: "host-meta", Run: hostMeta},
		{ID: "host-meta-json", Clause: "DISC-10", Name: "host-meta.json", Run: hostMetaJSON},
	}
}

func (t *Target) hostPort() string {
	u, err := url.Parse(t.base)
	if err != nil {
		return ""
	}
	return u.Host
}

func (t *Target) webfinger(ctx context.Context, resource string) (answer, error) {
	return t.get(ctx, "/.well-known/webfinger?resource="+resource, "")
}

// finds fails unless WebFinger leads from the resource to the actor.
func (t *Target) finds(ctx context.Context, resource, subject, actor string) error {
	got, err := t.webfinger(ctx, resource)
	if err != nil {
		return err
	}
	if err := got.is(http.StatusOK); err != nil {
		return err
	}
	if m := got.mediaType(); m != "application/jrd+json" {
		return failf("media type %q, want application/jrd+json", m)
	}
	if s := peer.Text(got.doc, "subject"); subject != "" && s != subject {
		return failf("subject %q, want %q", s, subject)
	}
	for _, l := range selfLinks(got.doc) {
		if peer.Text(l, "type") == peer.ActivityJSON && peer.Text(l, "href") == actor {
			return nil
		}
	}
	return failf("no self link of type %s to %s in %.300s", peer.ActivityJSON, actor, got.body)
}

func selfLinks(jrd map[string]any) []map[string]any {
	return slices.DeleteFunc(objects(peer.List(jrd, "links")), func(l map[string]any) bool {
		return peer.Text(l, "rel") != "self"
	})
}

func (t *Target) acct(name string) string { return "acct:" + name + "@" + t.hostPort() }

func agentByAcct(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	subject := t.acct(strings.ToLower(a.name))
	return t.finds(ctx, subject, subject, a.id)
}

func submoltByAcct(ctx context.Context, t *Target) error {
	name, err := t.submolt(ctx)
	if err != nil {
		return err
	}
	return t.finds(ctx, t.acct(name), t.acct(name), t.base+"/m/"+name)
}

func agentByEncodedAcct(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	subject := t.acct(strings.ToLower(a.name))
	return t.finds(ctx, url.QueryEscape(subject), subject, a.id)
}

func agentByURL(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	return t.finds(ctx, url.QueryEscape(a.id), t.acct(strings.ToLower(a.name)), a.id)
}

func instanceByURL(ctx context.Context, t *Target) error {
	return t.finds(ctx, url.QueryEscape(t.base+"/"), "", t.base+"/")
}

func instanceByAcct(ctx context.Context, t *Target) error {
	return t.finds(ctx, url.QueryEscape(t.acct(t.hostPort())), "", t.base+"/")
}

func unknownName(ctx context.Context, t *Target) error {
	got, err := t.webfinger(ctx, t.acct("nobody-"+peer.Token()))
	if err != nil {
		return err
	}
	return got.is(http.StatusNotFound)
}

func foreignHost(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	got, err := t.webfinger(ctx, "acct:"+strings.ToLower(a.name)+"@elsewhere.example")
	if err != nil {
		return err
	}
	return got.is(http.StatusNotFound)
}

func noResource(ctx context.Context, t *Target) error {
	got, err := t.get(ctx, "/.well-known/webfinger", "")
	if err != nil {
		return err
	}
	return got.is(http.StatusBadRequest)
}

func agentInCapitals(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	return t.finds(ctx, t.acct(strings.ToUpper(a.name)), t.acct(strings.ToLower(a.name)), a.id)
}

func oneSelfLink(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	got, err := t.webfinger(ctx, t.acct(strings.ToLower(a.name)))
	if err != nil {
		return err
	}
	if n := len(selfLinks(got.doc)); n != 1 {
		return failf("%d self links, want 1", n)
	}
	return nil
}

func webfingerCORS(ctx context.Context, t *Target) error {
	a, err := t.agent(ctx)
	if err != nil {
		return err
	}
	got, err := t.webfinger(ctx, t.acct(strings.ToLower(a.name)))
	if err != nil {
		return err
	}
	if v := got.header.Get("Access-Control-Allow-Origin"); v != "*" {
		return failf("Access-Control-Allow-Origin: %q, want *", v)
	}
	return nil
}

func hostMeta(ctx context.Context, t *Target) error {
	got, err := t.get(ctx, "/.well-known/host-meta", "")
	if err != nil {
		return err
	}
	if err := got.is(http.StatusOK); err != nil {
		return err
	}
	if m := got.mediaType(); m != "application/xrd+xml" {
		return failf("media type %q, want application/xrd+xml", m)
	}
	var xrd struct {
		Links []struct {
			Rel      string `xml:"rel,attr"`
			Template string `xml:"template,attr"`
		} `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 Link"`
	}
	if err := xml.Unmarshal(got.body, &xrd); err != nil {
		return failf("not XML: %v", err)
	}
	for _, l := range xrd.Links {
		if l.Rel == "lrdd" {
			return t.leadsToWebfinger(l.Template)
		}
	}
	return failf("no lrdd link in %.300s", got.body)
}

func (t *Target) leadsToWebfinger(template string) error {
	if strings.HasPrefix(template, t.base+"/.well-known/webfinger?") && strings.Contains(template, "{uri}") {
		return nil
	}
	return failf("lrdd template %q does not lead to the node's WebFinger", template)
}

func hostMetaJSON(ctx context.Context, t *Target) error {
	got, err := t.get(ctx, "/.well-known/host-meta.json", "")
	if err != nil {
		return err
	}
	if got.status == http.StatusNotFound {
		return fmt.Errorf("host-meta.json: %w", ErrNotOffered)
	}
	for _, l := range objects(peer.List(got.doc, "links")) {
		if peer.Text(l, "rel") == "lrdd" {
			return t.leadsToWebfinger(peer.Text(l, "template"))
		}
	}
	return failf("no lrdd link in %.300s", got.body)
}
