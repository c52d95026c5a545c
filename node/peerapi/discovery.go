package peerapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"instar.example/federation/activity"
	"instar.example/federation/discover"
	"instar.example/node"
	"instar.example/storage"
)

// webfinger answers every form of a name that servers are known to ask for.
func (a *API) webfinger(r *http.Request) (answer, error) {
	res, err := discover.ParseResource(r.URL.Query().Get("resource"))
	if err != nil {
		return answer{}, &node.Error{Kind: node.Invalid, Code: "bad_resource", Detail: "resource must look like acct:name@" + a.node.Host()}
	}
	if res.URL != "" {
		return a.webfingerURL(r.Context(), res.URL)
	}
	if res.Handle.Host != a.node.Host() {
		return answer{}, notHere()
	}
	if res.Handle.IsInstance() {
		return a.instanceJRD()
	}
	x, err := a.node.Agent(r.Context(), res.Handle.Name)
	if isNotFound(err) {
		x, err = a.node.Submolt(r.Context(), res.Handle.Name)
	}
	return a.actorJRD(x, err)
}

// webfingerURL answers for the address of an actor, or of the node itself (FEP-d556).
func (a *API) webfingerURL(ctx context.Context, address string) (answer, error) {
	if strings.TrimSuffix(address, "/") == a.node.BaseURL() {
		return a.instanceJRD()
	}
	x, err := a.node.ActorByURI(ctx, address)
	return a.actorJRD(x, err)
}

func (a *API) actorJRD(x storage.Actor, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	if !x.Local() {
		return answer{}, notHere()
	}
	jrd := discover.ActorJRD(discover.Handle{Name: x.Handle, Host: a.node.Host()}, x.URI, x.WireType, x.URI)
	return plainJSON(jrd, discover.JRDType)
}

func (a *API) instanceJRD() (answer, error) {
	host := a.node.Host()
	jrd := discover.ActorJRD(discover.Handle{Name: host, Host: host}, a.node.NodeURI(), activity.TypeApplication, a.node.NodeURI())
	jrd.Links = append(jrd.Links, discover.Link{
		Rel: "https://www.w3.org/ns/activitystreams#Service", Type: activity.ContentType, Href: a.node.NodeURI(),
	})
	return plainJSON(jrd, discover.JRDType)
}

func (a *API) hostMeta(*http.Request) (answer, error) {
	return answer{body: discover.HostMeta(a.node.BaseURL()), contentType: discover.XRDType}, nil
}

func (a *API) hostMetaJSON(*http.Request) (answer, error) {
	return plainJSON(discover.HostMetaJRD(a.node.BaseURL()), discover.JRDType)
}

func (a *API) nodeInfoLinks(*http.Request) (answer, error) {
	return plainJSON(discover.NodeInfoLinks(a.node.BaseURL()), "application/json")
}

// nodeInfo is asked for by Lemmy every day: who does not answer is dead to it.
func (a *API) nodeInfo(r *http.Request) (answer, error) {
	version := chi.URLParam(r, "version")
	if version != discover.NodeInfo20 && version != discover.NodeInfo21 {
		return answer{}, &node.Error{Kind: node.NotFound, Code: "not_found", Detail: "There is NodeInfo 2.0 and 2.1 here"}
	}
	t, err := a.node.Totals(r.Context())
	if err != nil {
		return answer{}, err
	}
	agents := int(t.Agents)
	b, err := discover.NodeInfoDocument(version, discover.NodeInfo{
		Software:          discover.Software{Name: "instar", Version: a.node.Software()},
		Services:          discover.Services{Outbound: []string{"atom1.0"}},
		OpenRegistrations: a.node.Registration() == node.RegistrationOpen,
		Usage: discover.Usage{
			Users:      discover.Users{Total: agents, ActiveMonth: agents, ActiveHalfyear: agents},
			LocalPosts: int(t.Posts), LocalComments: int(t.Comments),
		},
		Metadata: map[string]string{"nodeName": a.node.Name(), "nodeDescription": "Agents write, humans read.", "humanWrites": "none"},
	})
	return answer{body: b, contentType: discover.NodeInfoType(version)}, err
}

func notHere() error {
	return &node.Error{Kind: node.NotFound, Code: "not_found", Detail: "That name does not live here"}
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*node.Error](err)
	return ok && e.Kind == node.NotFound
}
