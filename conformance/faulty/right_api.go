package faulty

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"instar.example/conformance/peer"
)

const (
	defaultLimit = 25
	maxLimit     = 50
)

// apiRoutes are the agents' API, as far as the suite speaks it.
func (s *Server) apiRoutes(mux *http.ServeMux) {
	const api = "/api/v1"
	mux.HandleFunc("POST "+api+"/agents/register", s.register)
	mux.HandleFunc("GET "+api+"/agents/me", s.me)
	mux.HandleFunc("PATCH "+api+"/agents/me", s.writing("describe", s.describe))
	mux.HandleFunc("GET "+api+"/agents/profile", s.profile)
	mux.HandleFunc("POST "+api+"/agents/{name}/follow", s.writing("follow", s.follow))
	mux.HandleFunc("GET "+api+"/posts", s.listPosts)
	mux.HandleFunc("POST "+api+"/posts", s.writing("post", s.once(s.createPost)))
	mux.HandleFunc("GET "+api+"/posts/{id}", s.readPost)
	mux.HandleFunc("DELETE "+api+"/posts/{id}", s.writing("delete", s.deletePost))
	mux.HandleFunc("PATCH "+api+"/posts/{id}", s.writing("edit", s.editPost))
	mux.HandleFunc("POST "+api+"/posts/{id}/report", s.writing("report", s.reportPost))
	mux.HandleFunc("GET "+api+"/posts/{id}/comments", s.listComments)
	mux.HandleFunc("POST "+api+"/posts/{id}/comments", s.writing("comment", s.createComment))
	mux.HandleFunc("POST "+api+"/posts/{id}/upvote", s.writing("vote", s.vote(1)))
	mux.HandleFunc("POST "+api+"/posts/{id}/downvote", s.writing("vote", s.vote(-1)))
	mux.HandleFunc("GET "+api+"/submolts", s.listSubmolts)
	mux.HandleFunc("POST "+api+"/submolts", s.writing("found", s.found))
	mux.HandleFunc("GET "+api+"/submolts/{name}", s.readSubmolt)
	mux.HandleFunc("GET "+api+"/submolts/{name}/feed", s.listPosts)
	mux.HandleFunc("POST "+api+"/submolts/{name}/subscribe", s.writing("subscribe", s.subscribe))
	s.actRoutes(mux)
	s.labelRoutes(mux)
	s.talkRoutes(mux)
	mux.HandleFunc("GET "+api+"/comments/{id}", s.readComment)
	mux.HandleFunc("GET "+api+"/limits", s.limits)
	mux.HandleFunc("GET "+api+"/verify/practice", s.practice)
	mux.HandleFunc("POST "+api+"/verify", s.writing("verify", s.solve))
	mux.HandleFunc("GET "+api+"/search", s.search)
	mux.HandleFunc("GET "+api+"/stats", s.stats)
	mux.HandleFunc(api+"/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, http.StatusNotFound, "There is nothing here")
	})
}

// asker is who sent a request over a local surface.
type asker struct {
	agent   *agent // nil unless a key was shown
	owner   bool
	invalid bool // showed something that nobody has
}

func (a asker) principal() string {
	switch {
	case a.agent != nil:
		return "agent"
	case a.owner:
		return "owner"
	default:
		return "anonymous"
	}
}

func (s *Server) who(r *http.Request) asker {
	key := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if key == "" && s.rule("x-api-key") {
		key = r.Header.Get("X-Api-Key")
	}
	if s.base != "http://"+r.Host && s.rule("own-host") {
		return asker{invalid: key != ""}
	}
	a := asker{agent: s.keys[key], owner: s.claims[key] != nil}
	a.invalid = key != "" && a.agent == nil && !a.owner
	return a
}

type command func(w http.ResponseWriter, r *http.Request, a *agent)

// writing lets through whom the identity table lets through.
func (s *Server) writing(verb string, run command) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := s.who(r)
		row := "agent-api/" + who.principal() + "/" + verb
		if who.agent != nil && !strings.HasPrefix(who.agent.name, "rival-") {
			row = "none" // the suite's first agent sets the scene; rows are about its second
		}
		refused := s.refuses(row, who.agent == nil)
		switch {
		case !refused && who.agent != nil:
			run(w, r, who.agent)
		case !refused:
			s.answer(w, http.StatusOK, map[string]any{"message": "Done"})
		case who.principal() == "anonymous":
			s.fail(w, r, http.StatusUnauthorized, "Authentication required")
		default:
			if !s.rule("no-trace-owner") {
				run(httpSink{}, r, s.claims[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")])
			}
			s.readOnly(w, r)
		}
	}
}

// httpSink swallows an answer.
type httpSink struct{}

func (httpSink) Header() http.Header { return http.Header{} }

func (httpSink) WriteHeader(int) {}

func (httpSink) Write(b []byte) (int, error) { return len(b), nil }

func (s *Server) answer(w http.ResponseWriter, status int, doc map[string]any) {
	doc["success"] = true
	writeDoc(w, "application/json", status, encode(doc))
}

func codeOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "UNAUTHORIZED"
	case http.StatusNotFound:
		return "NOT_FOUND"
	case http.StatusConflict:
		return "CONFLICT"
	default:
		return "BAD_REQUEST"
	}
}

func (s *Server) failure(r *http.Request, status int, sentence string) map[string]any {
	return map[string]any{
		"success": false, "error": sentence, "message": sentence, "hint": "See the API's documentation.",
		"code": codeOf(status), "statusCode": status, "path": r.URL.Path, "timestamp": stamp(s.now()),
	}
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, sentence string) {
	if doc := s.failure(r, status, sentence); !s.problem(w, r, doc) {
		writeDoc(w, "application/json", status, encode(doc))
	}
}

// readOnly is the refusal of [GATE-3].
func (s *Server) readOnly(w http.ResponseWriter, r *http.Request) {
	doc := s.failure(r, http.StatusForbidden, "Humans are read-only here")
	doc["code"] = "human_read_only"
	writeDoc(w, "application/json", http.StatusForbidden, encode(doc))
}

func (s *Server) input(w http.ResponseWriter, r *http.Request) (map[string]any, bool) {
	var doc map[string]any
	if err := json.NewDecoder(r.Body).Decode(&doc); err != nil {
		s.fail(w, r, http.StatusBadRequest, "The body is not JSON")
		return nil, false
	}
	return doc, true
}

func (s *Server) nameInUse(name string) bool {
	return s.agents[lower(name)] != nil || s.submolts[lower(name)] != nil
}

func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	in, ok := s.input(w, r)
	if !ok {
		return
	}
	name := peer.Text(in, "name")
	if s.nameInUse(name) && s.rule("names-without-case") || s.agents[name] != nil {
		s.fail(w, r, http.StatusConflict, "That name is in use")
		return
	}
	a := &agent{
		id: newID(), name: lower(name), spelled: name, description: peer.Text(in, "description"),
		key: "moltbook_sk_" + peer.Token(), claim: "moltbook_claim_" + peer.Token(), created: s.now(),
		following: map[string]bool{}, abroad: map[string]bool{}, blocked: map[string]bool{},
	}
	s.agents[a.name], s.keys[a.key], s.claims[a.claim] = a, a, a
	s.answer(w, http.StatusCreated, map[string]any{"agent": map[string]any{
		"id": a.id, "name": a.spelled, "api_key": a.key, "claim_url": s.base + "/claim/" + a.claim,
		"verification_code": "reef-" + peer.Token()[:4],
	}})
}

func (s *Server) agentJSON(a *agent) map[string]any {
	return map[string]any{
		"id": a.id, "name": a.spelled, "description": a.description, "karma": 0, "created_at": stamp(a.created),
		"follower_count": len(s.followers[s.agentURL(a.name)]), "following_count": len(a.following),
	}
}

func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	who := s.who(r)
	if who.agent == nil {
		s.fail(w, r, http.StatusUnauthorized, "Invalid API key")
		return
	}
	s.answer(w, http.StatusOK, map[string]any{"agent": s.agentJSON(who.agent)})
}

func (s *Server) describe(w http.ResponseWriter, r *http.Request, a *agent) {
	if in, ok := s.input(w, r); ok {
		a.description = peer.Text(in, "description")
		s.answer(w, http.StatusOK, map[string]any{"agent": s.agentJSON(a)})
	}
}

func (s *Server) profile(w http.ResponseWriter, r *http.Request) {
	a := s.agents[lower(r.URL.Query().Get("name"))]
	if a == nil {
		s.fail(w, r, http.StatusNotFound, "No such agent")
		return
	}
	posts := s.newest(func(p *post) bool { return p.author == a.spelled })
	s.answer(w, http.StatusOK, map[string]any{
		"agent": s.agentJSON(a), "recentPosts": listOf(posts, s.postJSON), "recentComments": []any{},
	})
}

func (s *Server) follow(w http.ResponseWriter, r *http.Request, a *agent) {
	if id, is := elsewhere(r.PathValue("name")); is {
		s.goAbroad(r.Context(), a, id)
		s.answer(w, http.StatusOK, map[string]any{"action": "followed"})
		return
	}
	followed := s.agents[lower(r.PathValue("name"))]
	if followed == nil {
		s.fail(w, r, http.StatusNotFound, "No such agent")
		return
	}
	a.following[followed.name] = true
	s.answer(w, http.StatusOK, map[string]any{"action": "followed", "message": "Now following " + followed.spelled})
}

func (s *Server) stats(w http.ResponseWriter, _ *http.Request) {
	comments := 0
	for _, p := range s.posts {
		comments += len(p.comments)
	}
	s.answer(w, http.StatusOK, map[string]any{
		"agents": len(s.agents), "submolts": len(s.submolts), "posts": len(s.posts), "comments": comments,
		"last_updated": s.now().Format(time.RFC3339),
	})
}

func listOf[T any](list []T, encode func(T) map[string]any) []any {
	all := make([]any, 0, len(list))
	for _, v := range list {
		all = append(all, encode(v))
	}
	return all
}

func (s *Server) postJSON(p *post) map[string]any {
	return map[string]any{
		"id": p.id, "title": p.title, "content": p.content, "created_at": stamp(p.created),
		"upvotes": p.count(1), "downvotes": p.count(-1), "score": p.count(1) - p.count(-1), "comment_count": len(p.comments),
		"author": map[string]any{"id": p.author, "name": p.author}, "submolt_name": p.submolt.name,
		"provenance": s.provenance(p),
		"submolt":    map[string]any{"id": p.submolt.id, "name": p.submolt.name, "display_name": p.submolt.display},
	}
}

// commentJSON holds all replies of a comment.
func (s *Server) commentJSON(c *comment) map[string]any {
	var parent any
	if found := s.findComment(c.parent); found != nil {
		parent = found.id
	}
	return map[string]any{
		"id": c.id, "post_id": c.post.id, "parent_id": parent, "content": c.content, "created_at": stamp(c.created),
		"author_id": c.author, "author": map[string]any{"id": c.author, "name": c.author},
		"upvotes": c.count(1), "downvotes": c.count(-1), "replies": s.replies(c.post, c.url),
	}
}

func (s *Server) replies(p *post, parent string) []any {
	var found []*comment
	for _, c := range p.comments {
		if c.parent == parent {
			found = append(found, c)
		}
	}
	return listOf(found, s.commentJSON)
}

// page cuts one page out of a list, as limit and cursor ask.
func (s *Server) page(r *http.Request, posts []*post) ([]*post, map[string]any) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		limit = defaultLimit
	}
	limit = min(max(limit, 1), maxLimit)
	begin, err := strconv.Atoi(r.URL.Query().Get("cursor"))
	if err != nil {
		begin = 0
	}
	begin = min(begin, len(posts))
	end := min(begin+limit, len(posts))
	envelope := map[string]any{"has_more": end < len(posts), "next_cursor": nil}
	if end < len(posts) {
		envelope["next_cursor"] = strconv.Itoa(end)
		if !s.rule("cursor") {
			envelope["next_cursor"] = strconv.Itoa(end + 1)
		}
	}
	return posts[begin:end], envelope
}

// listPosts answers the posts of a submolt, or of all.
func (s *Server) listPosts(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	posts, envelope := s.page(r, s.newest(func(p *post) bool { return name == "" || p.submolt.name == name }))
	envelope["posts"] = listOf(posts, s.postJSON)
	s.answer(w, http.StatusOK, envelope)
}

func (s *Server) createPost(w http.ResponseWriter, r *http.Request, a *agent) {
	in, ok := s.input(w, r)
	if !ok {
		return
	}
	title, m := peer.Text(in, "title"), s.submolts[peer.Text(in, "submolt_name")]
	switch {
	case s.isWall(peer.Text(in, "submolt_name")) && s.rule("wall-own"):
		s.foreignText(w, r)
		return
	case s.isWall(peer.Text(in, "submolt_name")):
		s.answer(w, http.StatusCreated, map[string]any{"post": map[string]any{}})
		return
	case title == "":
		s.fail(w, r, http.StatusBadRequest, "A post needs a title")
		return
	case m == nil:
		s.fail(w, r, http.StatusNotFound, "No such submolt")
		return
	}
	p := &post{entry: entry{author: a.spelled, authorURL: s.agentURL(a.name), content: peer.Text(in, "content")}, title: title, submolt: m}
	s.addPost(p)
	s.publish(p.authorURL, m, s.pageDoc(p))
	s.answer(w, http.StatusCreated, map[string]any{"post": s.postJSON(p)})
}

// thePost answers 404 unless the post is there.
func (s *Server) thePost(w http.ResponseWriter, r *http.Request) *post {
	p := s.findPost(r.PathValue("id"))
	if p == nil || p.deleted {
		s.fail(w, r, http.StatusNotFound, "No such post")
		return nil
	}
	return p
}

func (s *Server) readPost(w http.ResponseWriter, r *http.Request) {
	if p := s.thePost(w, r); p != nil {
		s.answer(w, http.StatusOK, map[string]any{"post": s.postJSON(p), "comments": s.replies(p, p.url)})
	}
}

func (s *Server) deletePost(w http.ResponseWriter, r *http.Request, _ *agent) {
	if p := s.thePost(w, r); p != nil {
		p.deleted = true
		s.answer(w, http.StatusOK, map[string]any{"message": "Post deleted"})
	}
}

func (s *Server) editPost(w http.ResponseWriter, r *http.Request, _ *agent) {
	p := s.thePost(w, r)
	if p == nil {
		return
	}
	if in, ok := s.input(w, r); ok {
		p.title = peer.Text(in, "title")
		s.answer(w, http.StatusOK, map[string]any{"post": s.postJSON(p)})
	}
}

func (s *Server) reportPost(w http.ResponseWriter, r *http.Request, _ *agent) {
	if p := s.thePost(w, r); p != nil {
		s.answer(w, http.StatusOK, map[string]any{"message": "Reported"})
	}
}

func (s *Server) listComments(w http.ResponseWriter, r *http.Request) {
	if p := s.thePost(w, r); p != nil {
		s.answer(w, http.StatusOK, map[string]any{
			"comments": s.replies(p, p.url), "has_more": false, "next_cursor": nil,
		})
	}
}

func (s *Server) createComment(w http.ResponseWriter, r *http.Request, a *agent) {
	p := s.thePost(w, r)
	if p == nil {
		return
	}
	in, ok := s.input(w, r)
	if !ok {
		return
	}
	parent := s.findComment(peer.Text(in, "parent_id"))
	if p.locked || parent != nil && parent.locked {
		s.fail(w, r, http.StatusForbidden, "It is locked")
		return
	}
	c := &comment{entry: entry{author: a.spelled, authorURL: s.agentURL(a.name), content: peer.Text(in, "content")}, parent: p.url, post: p, warning: peer.Text(in, "content_warning")}
	if parent != nil && s.rule("comment-tree") {
		c.parent = parent.url
	}
	s.addComment(c)
	s.publish(c.authorURL, p.submolt, s.noteDoc(c))
	s.answer(w, http.StatusCreated, map[string]any{"comment": s.commentJSON(c)})
}

// vote sets the agent's vote [API-16].
func (s *Server) vote(direction int) command {
	return func(w http.ResponseWriter, r *http.Request, a *agent) {
		p := s.thePost(w, r)
		if p == nil {
			return
		}
		if p.human && s.rule("mirror-votes") {
			s.foreignText(w, r)
			return
		}
		voter := a.name
		if p.votes[voter] != 0 && !s.rule("votes-set-a-state") {
			voter += " again"
		}
		p.votes[voter] = direction
		s.answer(w, http.StatusOK, map[string]any{"author": map[string]any{"name": p.author}})
	}
}
