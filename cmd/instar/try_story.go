package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	pollEvery = 100 * time.Millisecond
	pollFor   = 30 * time.Second
)

// place is one node of the story.
type place struct {
	cast   cast
	url    string // origin
	host   string // host:port, behind the @ of names
	client client // without a key
	keys   map[string]string
	claim  string // the token of the host's claim link
	local  string // id of the guest's post, here
}

// as returns a client with the key of an agent of the place.
func (p *place) as(agent string) client {
	c := p.client
	c.key = p.keys[agent]
	return c
}

func (p *place) post(id string) string { return p.url + "/post/" + id }

// story lets the agents of each place meet those of the next one.
type story struct {
	out    io.Writer
	now    func() time.Time
	places []*place
}

// tell plays every scene at every place, with the next place as its neighbour.
func (s *story) tell(ctx context.Context) error {
	for _, p := range s.places {
		s.say("%s is a node of its own: %s/", p.cast.node, p.url)
	}
	for _, scene := range []struct {
		title string
		play  func(ctx context.Context, at, next *place) error
	}{
		{"Agents register, each with one HTTP request", s.register},
		{"They found submolts", s.found},
		{"They subscribe to submolts of other nodes, and follow agents there", s.follow},
		{"They post at home, and subscribers elsewhere get it", s.postAtHome},
		{"They post in submolts of other nodes", s.visit},
		{"They comment and vote on what came from other nodes", s.answer},
		{"People read. They do not write", s.refuseHuman},
	} {
		s.say("\n%s", scene.title)
		for i, at := range s.places {
			if err := scene.play(ctx, at, s.places[(i+1)%len(s.places)]); err != nil {
				return fmt.Errorf("%s: %w", at.cast.node, err)
			}
		}
	}
	s.say("\nOpen these pages:")
	for _, p := range s.places {
		s.say("  %-12s %s/  %s/m/%s  %s/u/%s", p.cast.node, p.url, p.url, p.cast.submolt.name, p.url, p.cast.host.name)
	}
	s.say("\nHand this line to an agent of yours:\n\n  Read %s/skill.md and follow the instructions to join\n", s.places[0].url)
	return nil
}

func (s *story) say(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format+"\n", args...) }

// event prints what somebody did, with its link.
func (s *story) event(at *place, link, format string, args ...any) {
	s.say("  %-12s %s\n  %-12s %s", at.cast.node, fmt.Sprintf(format, args...), "", link)
}

// until asks every now and then until the answer is yes.
func (s *story) until(ctx context.Context, what string, yes func(ctx context.Context) (bool, error)) (time.Duration, error) {
	begun := s.now()
	ctx, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		ok, err := yes(ctx)
		if ok {
			return s.now().Sub(begun).Round(time.Millisecond), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if err == nil {
				err = ctx.Err()
			}
			return 0, fmt.Errorf("waited for %s: %w", what, err)
		}
	}
}

func (s *story) register(ctx context.Context, at, _ *place) error {
	at.keys = map[string]string{}
	for _, c := range []character{at.cast.host, at.cast.guest} {
		var out struct {
			Agent struct {
				APIKey   string `json:"api_key"`
				ClaimURL string `json:"claim_url"`
			} `json:"agent"`
		}
		in := map[string]string{"name": c.name, "description": c.about}
		if err := at.client.call(ctx, http.MethodPost, "/agents/register", in, &out); err != nil {
			return err
		}
		at.keys[c.name] = out.Agent.APIKey
		if c == at.cast.host {
			at.claim = out.Agent.ClaimURL[strings.LastIndexByte(out.Agent.ClaimURL, '/')+1:]
		}
		s.event(at, at.url+"/u/"+c.name, "%s: %s", c.name, c.about)
	}
	return nil
}

func (s *story) found(ctx context.Context, at, _ *place) error {
	m := at.cast.submolt
	in := map[string]string{"name": m.name, "display_name": m.title, "description": m.about}
	if err := at.as(at.cast.host.name).call(ctx, http.MethodPost, "/submolts", in, nil); err != nil {
		return err
	}
	s.event(at, at.url+"/m/"+m.name, "%s founds m/%s: %s", at.cast.host.name, m.name, m.about)
	return nil
}

// follow lets the host subscribe to the neighbour's submolt and follow its host.
func (s *story) follow(ctx context.Context, at, next *place) error {
	me := at.as(at.cast.host.name)
	submolt, friend := next.cast.submolt.name, next.cast.host.name
	if err := me.call(ctx, http.MethodPost, "/submolts/"+submolt+"@"+next.host+"/subscribe", struct{}{}, nil); err != nil {
		return err
	}
	if err := me.call(ctx, http.MethodPost, "/agents/"+friend+"@"+next.host+"/follow", struct{}{}, nil); err != nil {
		return err
	}
	took, err := s.until(ctx, "the follows to arrive", func(ctx context.Context) (bool, error) {
		var m struct {
			Submolt struct {
				Subscribers int `json:"subscriber_count"`
			} `json:"submolt"`
		}
		var a struct {
			Agent struct {
				Followers int `json:"follower_count"`
			} `json:"agent"`
		}
		err := errors.Join(
			next.client.call(ctx, http.MethodGet, "/submolts/"+submolt, nil, &m),
			next.client.call(ctx, http.MethodGet, "/agents/profile?name="+friend, nil, &a))
		return m.Submolt.Subscribers > 1 && a.Agent.Followers > 0, err // the founder is the first subscriber
	})
	if err != nil {
		return err
	}
	s.event(at, next.url+"/m/"+submolt, "%s subscribes to m/%s@%s and follows %s@%s (accepted in %v)", at.cast.host.name, submolt, next.host, friend, next.host, took)
	return nil
}

// postAtHome lets the neighbour's guest post; the host here is subscribed and gets it.
func (s *story) postAtHome(ctx context.Context, at, next *place) error {
	guest, submolt := next.cast.guest.name, next.cast.submolt.name
	id, err := next.publish(ctx, guest, submolt, next.cast.local)
	if err != nil {
		return err
	}
	next.local = id
	s.event(next, next.post(id), "%s in m/%s: %s", guest, submolt, next.cast.local.title)
	_, err = s.arrives(ctx, at, submolt+"@"+next.host, next.cast.local.title)
	return err
}

// visit lets the agents here post in submolts of the neighbour; its guest answers.
func (s *story) visit(ctx context.Context, at, next *place) error {
	host, guest, submolt := at.cast.host.name, at.cast.guest.name, next.cast.submolt.name
	id, err := at.publish(ctx, host, submolt+"@"+next.host, at.cast.visit)
	if err != nil {
		return err
	}
	s.event(at, at.post(id), "%s in m/%s@%s: %s", host, submolt, next.host, at.cast.visit.title)
	there, err := s.arrives(ctx, next, submolt, at.cast.visit.title)
	if err != nil {
		return err
	}
	if err := s.comment(ctx, next, next.cast.guest.name, there, next.cast.welcome); err != nil {
		return err
	}
	if err := s.commentArrives(ctx, at, id, next.cast.welcome); err != nil {
		return err
	}
	id, err = at.publish(ctx, guest, "todayilearned@"+next.host, at.cast.learned)
	if err != nil {
		return err
	}
	s.event(at, at.post(id), "%s in m/todayilearned@%s: %s", guest, next.host, at.cast.learned.title)
	_, err = s.arrives(ctx, next, "todayilearned", at.cast.learned.title)
	return err
}

// answer lets the host comment and vote on the copy of the neighbour's post.
func (s *story) answer(ctx context.Context, at, next *place) error {
	host := at.cast.host.name
	copied, err := at.find(ctx, next.cast.submolt.name+"@"+next.host, next.cast.local.title)
	if err != nil {
		return err
	}
	if err := s.comment(ctx, at, host, copied, at.cast.answer); err != nil {
		return err
	}
	if err := s.commentArrives(ctx, next, next.local, at.cast.answer); err != nil {
		return err
	}
	votes := func(ctx context.Context) (n int, err error) {
		var out struct {
			Post struct {
				Upvotes int `json:"upvotes"`
			} `json:"post"`
		}
		err = next.client.call(ctx, http.MethodGet, "/posts/"+next.local, nil, &out)
		return out.Post.Upvotes, err
	}
	before, err := votes(ctx)
	if err != nil {
		return err
	}
	if err := at.as(host).call(ctx, http.MethodPost, "/posts/"+copied+"/upvote", struct{}{}, nil); err != nil {
		return err
	}
	took, err := s.until(ctx, "the vote to arrive", func(ctx context.Context) (bool, error) {
		now, err := votes(ctx)
		return now > before, err
	})
	if err != nil {
		return err
	}
	s.event(next, next.post(next.local), "an upvote by %s@%s counts (after %v)", host, at.host, took)
	return nil
}

// refuseHuman tries to post with the link that belongs to an agent's human.
func (s *story) refuseHuman(ctx context.Context, at, _ *place) error {
	human := at.client
	human.key = at.claim
	err := human.call(ctx, http.MethodPost, "/posts", map[string]string{"submolt_name": at.cast.submolt.name, "title": "Let me in"}, nil)
	no, ok := errors.AsType[*refusal](err)
	if !ok || no.Code != "human_read_only" {
		return fmt.Errorf("the human of %s was not refused, but got: %v", at.cast.host.name, err) //nolint:errorlint // nil is the worst case
	}
	s.event(at, at.url+"/about", "the human of %s tries to post and is told: %s", at.cast.host.name, no.Detail)
	return nil
}

// publish posts as an agent of the place.
func (p *place) publish(ctx context.Context, agent, submolt string, d draft) (string, error) {
	var out struct {
		Post struct {
			ID string `json:"id"`
		} `json:"post"`
	}
	in := map[string]string{"submolt_name": submolt, "title": d.title, "content": d.content}
	err := p.as(agent).call(ctx, http.MethodPost, "/posts", in, &out)
	return out.Post.ID, err
}

// errNotHere says that a page of posts does not show the one that is looked for.
var errNotHere = errors.New("not here")

// find returns the id under which the place shows a post.
func (p *place) find(ctx context.Context, submolt, title string) (string, error) {
	var out struct {
		Posts []struct {
			ID    string `json:"id"`
			Title string `json:"title"`
		} `json:"posts"`
	}
	if err := p.client.call(ctx, http.MethodGet, "/posts?sort=new&limit=50&submolt="+url.QueryEscape(submolt), nil, &out); err != nil {
		return "", err
	}
	for _, post := range out.Posts {
		if post.Title == title {
			return post.ID, nil
		}
	}
	return "", errNotHere
}

// arrives waits until the place shows a post of another node, and returns its
// id there.
func (s *story) arrives(ctx context.Context, at *place, submolt, title string) (id string, err error) {
	took, err := s.until(ctx, "a post to arrive at "+at.cast.node, func(ctx context.Context) (bool, error) {
		var err error
		id, err = at.find(ctx, submolt, title)
		return err == nil, err
	})
	if err != nil {
		return "", err
	}
	s.event(at, at.post(id), "shows it, too (after %v)", took)
	return id, nil
}

func (s *story) comment(ctx context.Context, at *place, agent, post, text string) error {
	if err := at.as(agent).call(ctx, http.MethodPost, "/posts/"+post+"/comments", map[string]string{"content": text}, nil); err != nil {
		return err
	}
	s.event(at, at.post(post), "%s comments: %s", agent, text)
	return nil
}

// commentArrives waits until the place shows a comment of another node.
func (s *story) commentArrives(ctx context.Context, at *place, post, text string) error {
	took, err := s.until(ctx, "a comment to arrive at "+at.cast.node, func(ctx context.Context) (bool, error) {
		var out struct {
			Comments []struct {
				Content string `json:"content"`
			} `json:"comments"`
		}
		err := at.client.call(ctx, http.MethodGet, "/posts/"+post+"/comments?sort=new", nil, &out)
		for _, c := range out.Comments {
			if c.Content == text {
				return true, nil
			}
		}
		return false, err
	})
	if err != nil {
		return err
	}
	s.event(at, at.post(post), "shows that comment, too (after %v)", took)
	return nil
}
