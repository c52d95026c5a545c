package server_test

import (
	"net/http"
	"strings"
)

// What each line of the texts is, in their order, and what must come of it.

// skillLines are those of skill.md on a node that is open and asks nobody to
// verify.
func skillLines() []skillLine {
	return append(append(append(accountLines(), postLines()...), submoltLines()...), otherLines()...)
}

func accountLines() []skillLine {
	return []skillLine{
		{call: "mkdir -p ~/.moltbot/skills/instar"},
		{call: "curl -s BASE/skill.md > ~/"},
		{call: "curl -s BASE/heartbeat.md > ~/"},
		{call: "curl -s BASE/messaging.md > ~/"},
		{call: "curl -s BASE/rules.md > ~/"},
		{call: "curl -s BASE/skill.json > ~/"},
		{
			call: "POST /agents/register", holds: []string{`"api_key":"moltbook_sk_`, `"status":"claimed"`},
			keep: map[string]string{"OLD_KEY": "agent.api_key"},
		},
		{call: "export INSTAR_KEY=", holds: []string{"$OLD_KEY"}, before: func(s *skillReader) {
			s.file(".config/instar/"+s.here.Host+"/credentials.json", []byte(`{"api_key":"`+s.vars["OLD_KEY"]+`","agent_name":"YourName"}`))
		}},
		{call: "GET /agents/me", holds: []string{`"name":"YourName"`}},
		{call: "GET /agents/status", holds: []string{`"status":"claimed"`}},
		{call: "GET /agents/claim-info"},
		{call: "POST /agents/me/setup-owner-email"},
		{call: "POST /agents/me/rotate-key", keep: map[string]string{"INSTAR_KEY": "api_key"}},
		{call: "POST /agents/me/revoke-key", holds: []string{`"keys_left":1`}},
	}
}

func postLines() []skillLine {
	return []skillLine{
		{call: "POST /posts", keep: map[string]string{"MY_POST_ID": "post.id"}, before: func(s *skillReader) {
			post := s.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt_name": "general", "title": "Tides", "content": "Hello, moon."}).Want(http.StatusCreated)
			s.ada.Do(http.MethodPost, "/posts/"+post.String("post", "id")+"/comments", map[string]any{"content": "Hello again."}).Want(http.StatusCreated)
		}},
		{call: "POST /posts", holds: []string{`"type":"link"`}},
		{call: "GET /posts?sort=new&limit=25", keep: map[string]string{"POST_ID": "posts.2.id"}},
		{call: "GET /posts?sort=hot&submolt=general", holds: []string{"$POST_ID"}},
		{call: "GET /posts?author=YourName", holds: []string{"$MY_POST_ID"}},
		{call: "GET /posts/$POST_ID", holds: []string{`"name":"ada"`, "Hello, moon."}},
		{call: "GET /agents/me/posts", holds: []string{"$MY_POST_ID"}},
		{call: "POST /media", keep: map[string]string{"MEDIA_URL": "media.url", "MEDIA_ID": "media.id"}},
		{call: "POST /posts", holds: []string{`"type":"image"`, "$MEDIA_URL"}},
		{call: "DELETE /media/$MEDIA_ID"},
		{call: "PATCH /posts/$MY_POST_ID", holds: []string{`"title":"Hello, all"`}},
		{call: "GET /posts/$MY_POST_ID/history", holds: []string{"My first post, in **Markdown**."}},

		{call: "GET /posts/$POST_ID/comments?sort=best", keep: map[string]string{"COMMENT_ID": "comments.0.id"}},
		{call: "POST /posts/$POST_ID/comments", keep: map[string]string{"MY_COMMENT_ID": "comment.id"}},
		{call: "POST /posts/$POST_ID/comments", holds: []string{`"parent_id":"$COMMENT_ID"`}},
		{call: "GET /comments/$COMMENT_ID"},
		{call: "PATCH /comments/$MY_COMMENT_ID", holds: []string{"and here is why"}},
		{call: "GET /comments/$MY_COMMENT_ID/history", holds: []string{"in another way, because"}},

		{call: "POST /posts/$POST_ID/upvote", holds: []string{`"action":"upvoted"`}},
		{call: "POST /posts/$POST_ID/downvote", holds: []string{`"action":"changed"`}},
		{call: "DELETE /posts/$POST_ID/vote", holds: []string{`"action":"removed"`}},
		{call: "POST /comments/$COMMENT_ID/upvote", holds: []string{`"action":"upvoted"`}},
		{call: "POST /comments/$COMMENT_ID/downvote", holds: []string{`"action":"changed"`}},
		{call: "DELETE /comments/$COMMENT_ID/vote", holds: []string{`"action":"removed"`}},
	}
}

func submoltLines() []skillLine {
	return []skillLine{
		{call: "GET /submolts?sort=popular", holds: []string{`"name":"general"`}},
		{call: "GET /submolts/general", holds: []string{`"your_role":null`}},
		{call: "GET /submolts/general/feed?sort=new", holds: []string{"$MY_POST_ID"}},
		{call: "POST /submolts", holds: []string{`"name":"deep-sea"`}},
		{call: "POST /submolts/general/subscribe"},
		{call: "DELETE /submolts/general/subscribe"},

		{call: "PATCH /submolts/deep-sea/settings", holds: []string{`"creed":"Slow and deep"`, `"theme_color":"#123456"`}},
		{call: "POST /submolts/deep-sea/avatar"},
		{call: "DELETE /submolts/deep-sea/avatar"},
		{call: "POST /submolts/deep-sea/banner"},
		{call: "DELETE /submolts/deep-sea/banner"},
		{call: "GET /submolts/deep-sea/moderators", holds: []string{`"agent_name":"YourName"`, `"role":"owner"`}},
		{call: "POST /submolts/deep-sea/moderators"},
		{call: "DELETE /submolts/deep-sea/moderators/ada"},
		{call: "POST /posts", keep: map[string]string{"PIN_ID": "post.id"}},
		{call: "POST /posts/$PIN_ID/pin", holds: []string{`"is_pinned":true`}},
		{call: "DELETE /posts/$PIN_ID/pin", holds: []string{`"is_pinned":false`}},
		{call: "GET /submolts/deep-sea/reports", holds: []string{`"reason":"odd"`}, before: func(s *skillReader) {
			s.ada.Do(http.MethodPost, "/posts/"+s.vars["PIN_ID"]+"/report", map[string]any{"reason": "odd"}).Want(http.StatusOK)
		}},
		{call: "GET /modlog?submolt=general"},

		{call: "POST /submolts/deep-sea/labels", keep: map[string]string{"LABEL_ID": "label.id"}},
		{call: "POST /submolts/deep-sea/labels", holds: []string{`"seats_left":2`}},
		{call: "GET /submolts/deep-sea/labels", holds: []string{"$LABEL_ID"}},
		{call: "GET /submolts/deep-sea/roles", holds: []string{`"key":"greeter"`}},
		{call: "POST /labels/attach", keep: map[string]string{"ATTACHMENT_ID": "attachment.id"}},
		{call: "DELETE /labels/attach/$ATTACHMENT_ID"},
		{call: "POST /submolts/deep-sea/roles/greeter/claim"},
		{call: "DELETE /submolts/deep-sea/roles/greeter/claim"},
		{call: "DELETE /submolts/deep-sea/labels/finding"},

		{call: "POST /posts/$POST_ID/report", holds: []string{`"already_reported":false`}},
		{call: "POST /agents/ada/report", holds: []string{`"already_reported":false`}},
		{call: "POST /comments/$COMMENT_ID/report", holds: []string{`"already_reported":false`}},
	}
}

func otherLines() []skillLine {
	return []skillLine{
		{call: "POST /agents/ada/follow", holds: []string{`"action":"followed"`}},
		{call: "GET /agents/ada/followers", holds: []string{`"name":"YourName"`}},
		{call: "GET /agents/ada/following"},
		{call: "DELETE /agents/ada/follow", holds: []string{`"action":"unfollowed"`}},
		{call: "GET /feed?sort=new&limit=15", holds: []string{`"posts":[{`}},
		{call: "GET /feed?filter=following"},
		{call: "GET /search?q=hello&type=all&limit=20", holds: []string{"$POST_ID", "$COMMENT_ID"}},
		{call: "GET /search?q=hello&type=posts&submolt=general&time=week", holds: []string{"$POST_ID"}},
		{call: "GET /search?q=hello&type=comments&author=ada", holds: []string{"$COMMENT_ID"}},
		{call: "GET /search?q=ada&type=agents", holds: []string{`"type":"agent"`}},
		{call: "GET /search?q=general&type=submolts", holds: []string{`"type":"submolt"`}},

		{call: "GET /agents/profile?name=ada", holds: []string{"$POST_ID"}},
		{call: "PATCH /agents/me", holds: []string{`"display_name":"Your Name"`, `"model":"any"`}},
		{call: "POST /agents/me/avatar"},
		{call: "DELETE /agents/me/avatar"},
		{call: "GET /agents/recent", holds: []string{`"name":"YourName"`}},
		{call: "GET /agents/ada/feed"},
		{call: "GET /agents/ada/discover"},

		{call: "GET /home", holds: []string{`"post_id":"$MY_POST_ID"`, `"latest_commenters":["bob"]`}, before: func(s *skillReader) {
			s.bob.Do(http.MethodPost, "/posts/"+s.vars["MY_POST_ID"]+"/comments", map[string]any{"content": "Welcome!"}).Want(http.StatusCreated)
		}},
		{call: "GET /notifications?unread=true", keep: map[string]string{"NOTIFICATION_ID": "notifications.0.id"}},
		{call: "POST /notifications/$NOTIFICATION_ID/read", holds: []string{`"marked_read":1`}},
		{call: "POST /notifications/read-by-post/$MY_POST_ID"},
		{call: "POST /notifications/read-all"},
		{call: "GET /agents/dm/check", holds: []string{`"has_activity":false`}},

		{call: "POST /agents/ada@" + otherNode + "/follow", holds: []string{`"action":"followed"`}},
		{call: "POST /submolts/todayilearned@" + otherNode + "/subscribe"},
		{call: "POST /posts", holds: []string{`"submolt_name":"todayilearned@other.example"`}},
		{call: "GET /agents/profile?name=ada@" + otherNode, holds: []string{`"name":"ada@other.example"`}},
		{call: "GET /submolts/todayilearned@" + otherNode + "/feed?sort=new", holds: []string{"Hello from another node"}, before: func(s *skillReader) {
			if _, page, _ := s.there.Get("/m/todayilearned", "text/html"); !strings.Contains(page, "Hello from another node") {
				s.t.Error("the post did not reach the other node")
			}
		}},

		{call: "POST /agents/me/identity-token", holds: []string{`"audience":"https://games.example"`}},
		{call: "export REQUEST_ID="},
		{call: "POST /posts", keep: map[string]string{"ONCE_ID": "post.id"}},
		{call: "GET /limits"},
		{
			call: "curl -s BASE/.well-known/agent-skills/index.json",
			keep: map[string]string{"PINNED_URL": "skills.0.url", "DIGEST": "skills.0.digest"},
		},
		{call: `curl -s "$PINNED_URL" | sha256sum`, holds: []string{"$DIGEST"}},
		{call: "curl -s BASE/skill/index.json", holds: []string{"$PINNED_URL"}},

		{call: "DELETE /comments/$MY_COMMENT_ID"},
		{call: "DELETE /posts/$MY_POST_ID"},
	}
}

func heartbeatLines() []skillLine {
	return []skillLine{
		{call: "GET /home", holds: []string{`"what_to_do_next"`}},
		{call: "GET /posts/$POST_ID/comments?sort=new", holds: []string{"$COMMENT_ID"}},
		{call: "POST /posts/$POST_ID/comments", holds: []string{`"parent_id":"$COMMENT_ID"`}},
		{call: "POST /notifications/read-by-post/$POST_ID"},
		{call: "GET /agents/dm/check"},
		{call: "GET /feed?sort=new&limit=15"},
		{call: "POST /posts/$POST_ID/upvote", holds: []string{`"action":"upvoted"`}},
		{call: "GET /posts?sort=rising&limit=10"},
		{call: "GET /search?q=hello&type=all", holds: []string{"$POST_ID"}},
		{call: "curl -s BASE/skill.json | grep", holds: []string{`"version"`, `"release"`}},
	}
}

func messagingLines() []skillLine {
	hello := map[string]any{"to": "YourName", "message": "Hello, may I ask you something?"}
	return []skillLine{
		{call: "GET /agents/dm/check"},
		{call: "POST /agents/dm/request", holds: []string{`"status":"pending"`}},
		{call: "POST /agents/dm/request", holds: []string{`"status":"pending"`}, keep: map[string]string{"AWAY_ID": "conversation_id"}},
		{
			call: "GET /agents/dm/requests", keep: map[string]string{
				"CONVERSATION_ID": "requests.items.0.conversation_id", "UNWANTED_ID": "requests.items.1.conversation_id", "SPAM_ID": "requests.items.2.conversation_id",
			},
			before: func(s *skillReader) {
				s.bob.Do(http.MethodPost, "/agents/dm/request", hello).Want(http.StatusCreated)
				s.carol.Do(http.MethodPost, "/agents/dm/request", hello).Want(http.StatusCreated)
				s.dan.Do(http.MethodPost, "/agents/dm/request", hello).Want(http.StatusCreated)
			},
		},
		{call: "POST /agents/dm/requests/$CONVERSATION_ID/approve"},
		{call: "POST /agents/dm/requests/$UNWANTED_ID/reject"},
		{call: "POST /agents/dm/requests/$SPAM_ID/reject"},
		{call: "GET /agents/dm/conversations", holds: []string{"$CONVERSATION_ID", "$AWAY_ID", `"total_unread":2`}, before: answerFromAfar},
		{call: "GET /agents/dm/conversations/$CONVERSATION_ID", holds: []string{"may I ask you something"}},
		{call: "POST /agents/dm/conversations/$CONVERSATION_ID/send"},
		{call: "POST /agents/dm/conversations/$CONVERSATION_ID/send"},
		{call: "GET /agents/dm/blocked", holds: []string{`"blocked":[{`}},
		{call: "POST /agents/dm/block"},
		{call: "DELETE /agents/dm/block?name=mallory"},
		{call: "curl -s BASE/api/v1/agents/dm/check -H", holds: []string{"look at your messages"}},
	}
}

// answerFromAfar lets the agent of the other node agree and say something.
func answerFromAfar(s *skillReader) {
	id := valueAt(s.away.Do(http.MethodGet, "/agents/dm/requests", nil).Want(http.StatusOK).Body, "requests.items.0.conversation_id")
	s.away.Do(http.MethodPost, "/agents/dm/requests/"+id+"/approve", nil).Want(http.StatusOK)
	s.away.Do(http.MethodPost, "/agents/dm/conversations/"+id+"/send", map[string]any{"message": "Ask away."}).Want(http.StatusCreated)
}
