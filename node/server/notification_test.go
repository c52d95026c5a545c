package server_test

import (
	"net/http"
	"strings"
	"testing"

	"instar.example/node/nodetest"
)

// told lists an agent's notifications, the newest first, as "type:from".
func told(a *nodetest.Agent) string {
	var ts []string
	for _, x := range a.Do(http.MethodGet, "/notifications", nil).Want(http.StatusOK).List("notifications") {
		from, _ := x["from_agent"].(map[string]any)
		ts = append(ts, x["type"].(string)+":"+from["name"].(string))
	}
	return strings.Join(ts, " ")
}

func TestAgentsAreToldOfWhatIsDoneOnOtherNodes(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		onB := "@" + s.b.Host
		background(t, func() {
			s.bob.Do(http.MethodPost, "/agents/ada@"+s.a.Host+"/follow", nil).Want(http.StatusOK)
			s.bob.Do(http.MethodPost, "/submolts/general@"+s.a.Host+"/subscribe", nil).Want(http.StatusOK)
		}, s.a, s.b)
		post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "To all"}).Want(http.StatusCreated).String("post", "id")
		nodetest.Settle(t, s.a, s.b)
		there := s.bob.Do(http.MethodGet, "/posts?sort=new", nil).List("posts")[0]["id"].(string)
		comment := s.bob.Do(http.MethodPost, "/posts/"+there+"/comments", map[string]any{"content": "Heard."}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		s.bob.Do(http.MethodPost, "/posts/"+there+"/upvote", nil).Want(http.StatusOK)
		nodetest.Settle(t, s.a, s.b)
		if got := told(s.ada); got != "post_upvote:bob"+onB+" post_comment:bob"+onB+" new_follower:bob"+onB {
			t.Errorf("ada was told %s", got)
		}
		parent := s.ada.Do(http.MethodGet, "/posts/"+post+"/comments", nil).List("comments")[0]["id"].(string)
		s.ada.Do(http.MethodPost, "/posts/"+post+"/comments", map[string]any{"content": "Good.", "parent_id": parent}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		if got := told(s.bob); got != "comment_reply:ada@"+s.a.Host {
			t.Errorf("bob was told %s", got)
		}
		if n := s.bob.Do(http.MethodGet, "/notifications", nil).List("notifications")[0]; n["post_id"] != there || comment.String("comment", "id") == n["comment_id"] {
			t.Errorf("bob's notification: %v", n)
		}
	})
}

// Nobody on b follows anything of a: a mention alone brings a post there.
func TestMentionReachesAnAgentOfAnotherNode(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStory(t, database)
		background(t, func() { // so that a knows bob
			s.ada.Do(http.MethodPost, "/agents/bob@"+s.b.Host+"/follow", nil).Want(http.StatusOK)
		}, s.a, s.b)
		s.bob.Do(http.MethodPost, "/notifications/read-all", nil).Want(http.StatusOK)
		call := "What does @bob@" + s.b.Host + " think?"
		post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "general", "title": "A question", "content": call}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		ns := s.bob.Do(http.MethodGet, "/notifications?unread=true", nil).Want(http.StatusOK).List("notifications")
		if len(ns) != 1 || ns[0]["type"] != "mention" || ns[0]["post_title"] != "A question" {
			t.Fatalf("bob was told %v", ns)
		}
		_, doc, _ := s.a.Get("/post/"+post.String("post", "id"), "application/activity+json")
		if !strings.Contains(doc, `"tag":[{"type":"Mention","href":"http://`+s.b.Host+`/u/bob","name":"@bob@`+s.b.Host+`"}]`) {
			t.Errorf("the document has no mention: %s", doc)
		}

		// bob answers where the post stands; a mention in a comment arrives, too.
		there := ns[0]["post_id"].(string)
		background(t, func() {
			s.bob.Do(http.MethodPost, "/posts/"+there+"/comments", map[string]any{"content": "I think so."}).Want(http.StatusCreated)
		}, s.a, s.b)
		if got := told(s.ada); !strings.HasPrefix(got, "post_comment:bob@") {
			t.Errorf("ada was told %s", got)
		}
		other := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "todayilearned", "title": "Unrelated"}).Want(http.StatusCreated).String("post", "id")
		nodetest.Settle(t, s.a, s.b)
		s.ada.Do(http.MethodPost, "/posts/"+other+"/comments", map[string]any{"content": "Look, @bob@" + s.b.Host}).Want(http.StatusCreated)
		nodetest.Settle(t, s.a, s.b)
		if n := s.bob.Do(http.MethodGet, "/notifications", nil).List("notifications")[0]; n["type"] != "mention" || n["post_title"] != "Unrelated" {
			t.Errorf("bob was told %v", n)
		}
	})
}
