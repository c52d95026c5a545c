package checks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"instar.example/conformance/peer"
)

// errSetup is wrapped when the suite cannot make what a check needs.
var errSetup = errors.New("set-up")

// fixtures is what the suite made on the node; each thing is made once, when a
// check first asks for it.
type fixtures struct {
	agent, rival *localAgent
	owner        string // claim token
	submolt      string
	post         *localPost
	listener     *peer.Actor
	sender       *peer.Actor
}

type localAgent struct {
	name, key, id string // id: the actor's
}

type localPost struct {
	id, title string
	url       string // the ActivityPub id
}

// setup turns a failure on the way into an error: it says nothing about the
// clause under judgement.
func setup(what string, err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*FailureError](err); ok {
		return fmt.Errorf("%w: %s: %s", errSetup, what, f.Detail)
	}
	return fmt.Errorf("%w: %s: %w", errSetup, what, err)
}

// agent is the local agent that the suite writes with.
func (t *Target) agent(ctx context.Context) (*localAgent, error) {
	if t.made.agent != nil {
		return t.made.agent, nil
	}
	if t.key == "" {
		a, owner, err := t.register(ctx, "conform-"+peer.Token())
		if err != nil {
			return nil, err
		}
		t.made.agent, t.made.owner = a, owner
		return a, nil
	}
	got, err := t.call(ctx, http.MethodGet, "/agents/me", t.key, nil)
	if err == nil {
		err = got.is(http.StatusOK)
	}
	if err != nil {
		return nil, setup("ask who --key belongs to", err)
	}
	t.made.agent = t.named(peer.Text(peer.Object(got.doc, "agent"), "name"), t.key)
	return t.made.agent, nil
}

// rival is a second local agent.
func (t *Target) rival(ctx context.Context) (*localAgent, error) {
	if t.made.rival != nil {
		return t.made.rival, nil
	}
	a, owner, err := t.register(ctx, "rival-"+peer.Token())
	if err != nil {
		return nil, err
	}
	t.made.rival = a
	if t.made.owner == "" {
		t.made.owner = owner
	}
	return a, nil
}

// ownerToken is the claim token of one of the suite's agents.
func (t *Target) ownerToken(ctx context.Context) (string, error) {
	if t.made.owner == "" {
		if _, err := t.rival(ctx); err != nil {
			return "", err
		}
	}
	return t.made.owner, nil
}

func (t *Target) named(name, key string) *localAgent {
	return &localAgent{name: name, key: key, id: t.base + "/u/" + strings.ToLower(name)}
}

func (t *Target) register(ctx context.Context, name string) (a *localAgent, owner string, err error) {
	got, err := t.call(ctx, http.MethodPost, "/agents/register", "", map[string]any{
		"name": name, "description": "An agent of the conformance suite.",
	})
	if err == nil {
		err = got.is(http.StatusCreated, http.StatusOK)
	}
	if err != nil {
		return nil, "", setup("register an agent", err)
	}
	made := peer.Object(got.doc, "agent")
	claim, err := url.Parse(peer.Text(made, "claim_url"))
	if err != nil {
		return nil, "", setup("read the claim URL", err)
	}
	return t.named(name, peer.Text(made, "api_key")), path.Base(claim.Path), nil
}

// submolt is the name of a submolt that the suite's agent founded.
func (t *Target) submolt(ctx context.Context) (string, error) {
	if t.made.submolt != "" {
		return t.made.submolt, nil
	}
	a, err := t.agent(ctx)
	if err != nil {
		return "", err
	}
	name := "conform-" + peer.Token()
	got, err := t.call(ctx, http.MethodPost, "/submolts", a.key, map[string]any{
		"name": name, "display_name": "Conformance", "description": "Made by the conformance suite.",
	})
	if err == nil {
		err = got.is(http.StatusCreated, http.StatusOK)
	}
	if err != nil {
		return "", setup("found a submolt", err)
	}
	t.made.submolt = name
	return name, nil
}

// group is the actor id of the suite's submolt.
func (t *Target) group(ctx context.Context) (string, error) {
	name, err := t.submolt(ctx)
	return t.base + "/m/" + name, err
}

// post is a post that the suite's agent wrote into its submolt.
func (t *Target) post(ctx context.Context) (*localPost, error) {
	if t.made.post != nil {
		return t.made.post, nil
	}
	a, err := t.agent(ctx)
	if err != nil {
		return nil, err
	}
	t.made.post, err = t.writePost(ctx, a, "Conformance "+peer.Token())
	return t.made.post, err
}

func (t *Target) writePost(ctx context.Context, a *localAgent, title string) (*localPost, error) {
	name, err := t.submolt(ctx)
	if err != nil {
		return nil, err
	}
	got, err := t.call(ctx, http.MethodPost, "/posts", a.key, map[string]any{
		"submolt_name": name, "title": title, "content": "A post of the conformance suite.",
	})
	if err == nil {
		err = got.is(http.StatusCreated)
	}
	if err != nil {
		return nil, setup("write a post", err)
	}
	id := peer.Text(peer.Object(got.doc, "post"), "id")
	return &localPost{id: id, title: title, url: t.base + "/post/" + id}, nil
}

func (t *Target) writeComment(ctx context.Context, a *localAgent, post *localPost, parent, text string) (string, error) {
	body := map[string]any{"content": text}
	if parent != "" {
		body["parent_id"] = parent
	}
	return t.writeCommentOf(ctx, a, post, body)
}

func (t *Target) writeCommentOf(ctx context.Context, a *localAgent, post *localPost, body map[string]any) (id string, err error) {
	got, err := t.call(ctx, http.MethodPost, "/posts/"+post.id+"/comments", a.key, body)
	if err == nil {
		err = got.is(http.StatusCreated, http.StatusOK)
	}
	if err != nil {
		return "", setup("write a comment", err)
	}
	return peer.Text(peer.Object(got.doc, "comment"), "id"), nil
}

// sender is a remote agent for activities that need no actor of their own.
func (t *Target) sender() *peer.Actor {
	if t.made.sender == nil {
		t.made.sender = t.peer.Actor("Service")
	}
	return t.made.sender
}

// listener makes sure that a remote agent follows the suite's submolt.
func (t *Target) listener(ctx context.Context) error {
	if t.made.listener != nil {
		return nil
	}
	group, err := t.group(ctx)
	if err != nil {
		return err
	}
	a := t.peer.Actor("Service")
	if _, err := t.follow(ctx, a, group); err != nil {
		return setup("follow the submolt", err)
	}
	t.made.listener = a
	return nil
}

// follow sends a Follow and waits for its Accept.
func (t *Target) follow(ctx context.Context, a *peer.Actor, object string) (peer.Received, error) {
	follow := a.Follow(object)
	if err := t.accepted(ctx, a, follow); err != nil {
		return peer.Received{}, err
	}
	return t.await(ctx, "an Accept of the Follow", acceptOf(follow))
}

func acceptOf(follow map[string]any) func(peer.Received) bool {
	return func(r peer.Received) bool {
		return r.IsActivity("Accept", "") && peer.Text(r.Doc, "object") == peer.Text(follow, "id")
	}
}

// announceOf fits an Announce, by anyone, of the activity with that id.
func announceOf(activity string) func(peer.Received) bool {
	return func(r peer.Received) bool {
		return r.IsActivity("Announce", "") && peer.Text(r.Doc, "object") == activity
	}
}

// announced sends a Create of a Page by a remote agent to the suite's submolt
// and waits for its Announce to a follower.
func (t *Target) announced(ctx context.Context, title string) (create map[string]any, got peer.Received, err error) {
	if err := t.listener(ctx); err != nil {
		return nil, peer.Received{}, err
	}
	group, err := t.group(ctx)
	if err != nil {
		return nil, peer.Received{}, err
	}
	a := t.sender()
	create = a.Create(a.Page(group, title))
	if err := t.accepted(ctx, a, create); err != nil {
		return nil, peer.Received{}, err
	}
	got, err = t.await(ctx, "an Announce of the Create", announceOf(peer.Text(create, "id")))
	return create, got, err
}

// flushed makes sure that the node has handled all it was sent so far: it
// handles and announces in order, so what is missing now never comes.
func (t *Target) flushed(ctx context.Context) error {
	_, _, err := t.announced(ctx, "Marker "+peer.Token())
	return setup("send a marker", err)
}

// feedTitles returns the titles in the newest posts of the suite's submolt.
func (t *Target) feedTitles(ctx context.Context) ([]string, error) {
	name, err := t.submolt(ctx)
	if err != nil {
		return nil, err
	}
	got, err := t.call(ctx, http.MethodGet, "/submolts/"+name+"/feed?sort=new&limit=50", "", nil)
	if err != nil {
		return nil, err
	}
	if err := got.is(http.StatusOK); err != nil {
		return nil, err
	}
	var titles []string
	for _, p := range objects(peer.List(got.doc, "posts")) {
		titles = append(titles, peer.Text(p, "title"))
	}
	return titles, nil
}

func objects(list []any) []map[string]any {
	found := make([]map[string]any, 0, len(list))
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}
