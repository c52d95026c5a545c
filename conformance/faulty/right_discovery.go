package faulty

import (
	"crypto/x509"
	"encoding/pem"
	"maps"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

func (s *Server) discoveryRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /.well-known/webfinger", s.webfinger)
	mux.HandleFunc("GET /.well-known/host-meta", s.hostMeta)
	mux.HandleFunc("GET /.well-known/host-meta.json", s.hostMetaJSON)
	mux.HandleFunc("GET /.well-known/nodeinfo", s.nodeinfoLinks)
	mux.HandleFunc("GET /nodeinfo/{version}", s.nodeinfo)
	mux.HandleFunc("GET /.well-known/instar", s.statement)
	mux.HandleFunc("GET /actor", s.instanceActor)
	mux.HandleFunc("GET /u/{name}/followers", s.followersOf)
	mux.HandleFunc("GET /m/{name}/followers", s.followersOf)
	mux.HandleFunc("GET /m/{name}/outbox", s.outbox)
	mux.HandleFunc("GET /m/{name}/featured", s.featured)
	mux.HandleFunc("GET /m/{name}/moderators", s.moderators)
	mux.HandleFunc("GET /post/{id}/replies", s.thread)
	mux.HandleFunc("GET /post/{id}/context", s.thread)
	mux.HandleFunc("GET /comment/{id}", s.commentDocument)
	mux.HandleFunc("GET /activity/{id}", s.activityDocument)
}

func (s *Server) host() string { return strings.TrimPrefix(s.base, "http://") }

func writeDoc(w http.ResponseWriter, contentType string, status int, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // an Answer never fails
}

func (s *Server) writeActivity(w http.ResponseWriter, doc map[string]any) {
	whole := map[string]any{"@context": []any{peer.ActivityStreams, "https://w3id.org/security/v1"}}
	maps.Copy(whole, doc)
	w.Header().Set("Vary", "Accept")
	writeDoc(w, peer.ActivityJSON, http.StatusOK, encode(s.proven(whole)))
}

func wantsActivity(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, peer.ActivityJSON) ||
		strings.Contains(accept, "application/ld+json") && strings.Contains(accept, peer.ActivityStreams)
}

// resolve turns a WebFinger resource into an actor's name and URL.
func (s *Server) resolve(resource string) (name, actor string) {
	handle, isAcct := strings.CutPrefix(resource, "acct:")
	if !isAcct {
		path, ours := strings.CutPrefix(resource, s.base)
		if !ours {
			return "", ""
		}
		handle = strings.TrimPrefix(strings.TrimPrefix(path, "/u/"), "/m/") + "@" + s.host()
		if path == "/" {
			handle = s.host() + "@" + s.host()
		}
	}
	name, host, _ := strings.Cut(lower(handle), "@")
	switch {
	case host != s.host():
		return "", ""
	case name == s.host():
		return name, s.base + "/"
	case s.agents[name] != nil:
		return name, s.agentURL(name)
	case s.submolts[name] != nil:
		return name, s.submolts[name].url(s)
	}
	return "", ""
}

func (s *Server) webfinger(w http.ResponseWriter, r *http.Request) {
	resource := r.URL.Query().Get("resource")
	if resource == "" {
		http.Error(w, "resource is missing", http.StatusBadRequest)
		return
	}
	name, actor := s.resolve(resource)
	if actor == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	writeDoc(w, "application/jrd+json", http.StatusOK, encode(map[string]any{
		"subject": "acct:" + name + "@" + s.host(),
		"links":   []any{map[string]any{"rel": "self", "type": peer.ActivityJSON, "href": actor}},
	}))
}

func (s *Server) hostMeta(w http.ResponseWriter, _ *http.Request) {
	writeDoc(w, "application/xrd+xml", http.StatusOK, []byte(`<?xml version="1.0" encoding="UTF-8"?>
<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" template="`+s.base+`/.well-known/webfinger?resource={uri}"/></XRD>`))
}

func (s *Server) hostMetaJSON(w http.ResponseWriter, _ *http.Request) {
	writeDoc(w, "application/json", http.StatusOK, encode(map[string]any{"links": []any{map[string]any{
		"rel": "lrdd", "template": s.base + "/.well-known/webfinger?resource={uri}",
	}}}))
}

func (s *Server) nodeinfoLinks(w http.ResponseWriter, _ *http.Request) {
	const schema = "http://nodeinfo.diaspora.software/ns/schema/"
	writeDoc(w, "application/json", http.StatusOK, encode(map[string]any{"links": []any{
		map[string]any{"rel": schema + "2.1", "href": s.base + "/nodeinfo/2.1"},
		map[string]any{"rel": schema + "2.0", "href": s.base + "/nodeinfo/2.0"},
		map[string]any{"rel": peer.ActivityStreams + "#Application", "href": s.base + "/"},
	}}))
}

func (s *Server) nodeinfo(w http.ResponseWriter, r *http.Request) {
	writeDoc(w, "application/json", http.StatusOK, encode(map[string]any{
		"version": r.PathValue("version"), "software": map[string]any{"name": "right", "version": "1"},
		"protocols": []any{"activitypub"}, "services": map[string]any{"inbound": []any{}, "outbound": []any{}},
		"openRegistrations": true, "usage": map[string]any{"users": map[string]any{}},
		"metadata": map[string]any{"nodeName": "Right"},
	}))
}

func (s *Server) keyDoc(owner string) map[string]any {
	der, err := x509.MarshalPKIXPublicKey(s.key.Public())
	if err != nil {
		return nil // cannot be: the key is RSA
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return map[string]any{"id": owner + "#main-key", "owner": owner, "publicKeyPem": string(text)}
}

func (s *Server) instanceActor(w http.ResponseWriter, _ *http.Request) {
	s.writeActivity(w, map[string]any{
		"id": s.base + "/", "type": "Application", "preferredUsername": s.host(), "name": "Right",
		"inbox": s.base + "/inbox", "outbox": s.base + "/outbox",
		"endpoints": map[string]any{"sharedInbox": s.base + "/inbox", "batchInbox": s.base + "/inbox/batch"},
		"implements": []any{
			map[string]any{"href": peer.HumanWritesNone, "name": "Only agents write"},
			map[string]any{"href": "https://instar.example/ns#batch", "name": "Batches"},
		},
		"publicKey":       s.keyDoc(s.base + "/"),
		"assertionMethod": s.multikeys(s.base + "/"),
	})
}

func (s *Server) statement(w http.ResponseWriter, _ *http.Request) {
	writeDoc(w, "application/json", http.StatusOK, encode(map[string]any{
		"software": map[string]any{"name": "right", "version": "1"}, "actor": s.base + "/", "human_writes": "none",
		"human_texts": s.humanTexts(),
		"policy":      "open", "endpoints": map[string]any{"shared_inbox": s.base + "/inbox", "batch_inbox": s.base + "/inbox/batch"},
		"keys": map[string]any{"public_key": s.keyDoc(s.base + "/"), "assertion_method": s.multikeys(s.base + "/")},
	}))
}

// actorDoc is what agents and submolts share.
func (s *Server) actorDoc(url, kind, name string) map[string]any {
	return map[string]any{
		"id": url, "type": kind, "preferredUsername": lower(name), "name": name, "url": url,
		"inbox": url + "/inbox", "outbox": url + "/outbox", "followers": url + "/followers",
		"following": url + "/following", "published": stamp(s.now()),
		"endpoints": map[string]any{"sharedInbox": s.base + "/inbox"}, "publicKey": s.keyDoc(url),
		"assertionMethod": s.multikeys(url),
	}
}

func (s *Server) groupDoc(m *submolt) map[string]any {
	doc := s.actorDoc(m.url(s), "Group", m.name)
	doc["attributedTo"] = m.url(s) + "/moderators"
	doc["featured"] = m.url(s) + "/featured"
	doc["postingRestrictedToMods"] = false
	doc["agentsRestricted"], doc["allowCrypto"], doc["labels"] = false, false, m.url(s)+"/labels"
	doc["charter"] = map[string]any{"rules": "Be kind.", "creed": ""}
	return doc
}

func (s *Server) followersOf(w http.ResponseWriter, r *http.Request) {
	actor := s.base + strings.TrimSuffix(r.URL.Path, "/followers")
	n := len(s.followers[actor])
	s.writeActivity(w, map[string]any{"id": actor + "/followers", "type": "Collection", "totalItems": n, "items": []any{}})
}

func (s *Server) ordered(w http.ResponseWriter, r *http.Request, items []any) {
	s.writeActivity(w, map[string]any{
		"id": s.base + r.URL.Path, "type": "OrderedCollection", "totalItems": len(items), "orderedItems": items,
	})
}

func (s *Server) outbox(w http.ResponseWriter, r *http.Request) { s.ordered(w, r, []any{}) }

func (s *Server) featured(w http.ResponseWriter, r *http.Request) {
	pinned := []any{}
	for _, p := range s.posts {
		if p.pinned && p.submolt.name == r.PathValue("name") {
			pinned = append(pinned, p.url)
		}
	}
	s.ordered(w, r, pinned)
}

func (s *Server) moderators(w http.ResponseWriter, r *http.Request) {
	m := s.submolts[r.PathValue("name")]
	if m == nil {
		http.NotFound(w, r)
		return
	}
	s.ordered(w, r, []any{s.agentURL(m.founder)})
}

func (s *Server) thread(w http.ResponseWriter, r *http.Request) {
	p := s.findPost(r.PathValue("id"))
	items := []any{}
	if p != nil {
		if strings.HasSuffix(r.URL.Path, "/context") {
			items = append(items, p.url)
		}
		for _, c := range p.comments {
			items = append(items, c.url)
		}
	}
	s.ordered(w, r, items)
}

func (s *Server) commentDocument(w http.ResponseWriter, r *http.Request) {
	c := s.findComment(r.PathValue("id"))
	if c == nil {
		http.NotFound(w, r)
		return
	}
	s.writeActivity(w, s.noteDoc(c))
}

func (s *Server) activityDocument(w http.ResponseWriter, r *http.Request) {
	body := s.docs[s.base+r.URL.Path]
	if body == nil {
		http.NotFound(w, r)
		return
	}
	if doc, err := parse(body); err == nil && s.rule("withdraws") {
		if p := s.findPost(peer.Text(doc, "object")); p != nil && p.deleted {
			w.WriteHeader(http.StatusGone)
			return
		}
	}
	w.Header().Set("Vary", "Accept")
	writeDoc(w, peer.ActivityJSON, http.StatusOK, body)
}
