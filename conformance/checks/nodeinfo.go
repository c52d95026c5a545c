package checks

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"instar.example/conformance/peer"
)

const nodeinfoSchema = "http://nodeinfo.diaspora.software/ns/schema/"

func nodeinfoChecks() []Check {
	return []Check{
		{ID: "nodeinfo-links", Clause: "DISC-11", Name: "links to 2.0, 2.1 and the instance actor", Run: nodeinfoLinks},
		{ID: "nodeinfo-2.0", Clause: "DISC-12", Name: "NodeInfo 2.0", Run: func(ctx context.Context, t *Target) error {
			return t.nodeinfoDocument(ctx, "2.0")
		}},
		{ID: "nodeinfo-2.1", Clause: "DISC-12", Name: "NodeInfo 2.1", Run: func(ctx context.Context, t *Target) error {
			return t.nodeinfoDocument(ctx, "2.1")
		}},
		{ID: "nodeinfo-metadata", Clause: "DISC-13", Name: "metadata is a map of strings", Run: nodeinfoMetadata},
		{ID: "nodeinfo-type", Clause: "DISC-14", Name: "media type of NodeInfo", Run: nodeinfoType},
	}
}

// nodeinfoLink returns where the well-known document leads for a relation.
func (t *Target) nodeinfoLink(ctx context.Context, rel string) (string, error) {
	got, err := t.get(ctx, "/.well-known/nodeinfo", "")
	if err != nil {
		return "", err
	}
	if err := got.is(http.StatusOK); err != nil {
		return "", err
	}
	for _, l := range objects(peer.List(got.doc, "links")) {
		if peer.Text(l, "rel") == rel {
			return peer.Text(l, "href"), nil
		}
	}
	return "", failf("no link of relation %s in %.300s", rel, got.body)
}

func (t *Target) nodeinfo(ctx context.Context, version string) (answer, error) {
	href, err := t.nodeinfoLink(ctx, nodeinfoSchema+version)
	if err != nil {
		return answer{}, err
	}
	if !strings.HasPrefix(href, t.base+"/") {
		return answer{}, failf("NodeInfo %s is linked at %q, not on the node", version, href)
	}
	got, err := t.get(ctx, href, "")
	if err != nil {
		return answer{}, err
	}
	return got, got.is(http.StatusOK)
}

func nodeinfoLinks(ctx context.Context, t *Target) error {
	for _, version := range []string{"2.0", "2.1"} {
		if _, err := t.nodeinfo(ctx, version); err != nil {
			return err
		}
	}
	href, err := t.nodeinfoLink(ctx, peer.ActivityStreams+"#Application")
	if err != nil {
		return err
	}
	if href != t.base+"/" {
		return failf("the instance actor is linked as %q, want %s/", href, t.base)
	}
	return nil
}

func (t *Target) nodeinfoDocument(ctx context.Context, version string) error {
	got, err := t.nodeinfo(ctx, version)
	if err != nil {
		return err
	}
	if v := peer.Text(got.doc, "version"); v != version {
		return failf("version %q, want %q", v, version)
	}
	software := peer.Object(got.doc, "software")
	if name := peer.Text(software, "name"); !softwareName.MatchString(name) {
		return failf("software.name %q", name)
	}
	if peer.Text(software, "version") == "" {
		return failf("no software.version")
	}
	if !slices.Contains(peer.List(got.doc, "protocols"), any("activitypub")) {
		return failf("protocols %v lack activitypub", got.doc["protocols"])
	}
	services := peer.Object(got.doc, "services")
	if peer.List(services, "inbound") == nil || peer.List(services, "outbound") == nil {
		return failf("services %v lack the arrays inbound and outbound", got.doc["services"])
	}
	if _, ok := got.doc["openRegistrations"].(bool); !ok {
		return failf("openRegistrations is %T, not a boolean", got.doc["openRegistrations"])
	}
	if peer.Object(peer.Object(got.doc, "usage"), "users") == nil {
		return failf("no object usage.users")
	}
	if peer.Object(got.doc, "metadata") == nil {
		return failf("no object metadata")
	}
	return nil
}

func nodeinfoMetadata(ctx context.Context, t *Target) error {
	for _, version := range []string{"2.0", "2.1"} {
		got, err := t.nodeinfo(ctx, version)
		if err != nil {
			return err
		}
		for name, v := range peer.Object(got.doc, "metadata") {
			if _, ok := v.(string); !ok {
				return failf("metadata.%s of NodeInfo %s is %T, not a string", name, version, v)
			}
		}
	}
	return nil
}

func nodeinfoType(ctx context.Context, t *Target) error {
	for _, version := range []string{"2.0", "2.1"} {
		got, err := t.nodeinfo(ctx, version)
		if err != nil {
			return err
		}
		if m := got.mediaType(); m != "application/json" {
			return failf("NodeInfo %s has media type %q, want application/json", version, m)
		}
	}
	return nil
}
