package server_test

import (
	"net/http"
	"testing"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// A community elsewhere passes on thousands of people's votes: who they are is asked
// once, and none of their votes is looked up. An agent's is, and counts in that community.
func TestPeoplesAnnouncedVotesAreNotLookedUp(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		l := newLibrary(t, nodetest.New(t, database(t)))
		l.subscribe(l.ada)
		far := newPeer(t).agentsOnly()
		hugo, bot := far.actor("hugo", "Person"), far.actor("bot", "Service")
		for i := range 4 {
			l.must(l.books, l.club, l.announced(string(rune('1'+i)), l.post(i+1)))
		}
		vote := func(kind, by, id, post string) {
			t.Helper()
			like := doc{"id": id, "type": kind, "actor": by, "object": l.books.URL + "/post/" + post, "to": []string{activity.Public}}
			far.handle(id[len(far.URL):], show(like))
			l.must(l.books, l.club, doc{"type": "Announce", "object": like})
		}
		vote("Like", hugo, far.URL+"/vote/hugo/1", "1")
		vote("Like", hugo, far.URL+"/vote/hugo/2", "2")
		vote("Dislike", hugo, far.URL+"/vote/hugo/3", "3")
		l.must(l.books, l.club, doc{"type": "Announce", "object": doc{
			"id": far.URL + "/vote/hugo/4", "type": "Undo", "actor": hugo, "to": []string{activity.Public},
			"object": doc{"id": far.URL + "/vote/hugo/3", "type": "Dislike", "actor": hugo, "object": l.books.URL + "/post/3"},
		}})
		if votes, who := far.asked("/vote/"), far.asked("/u/hugo"); votes != 0 || who != 1 {
			t.Errorf("for 3 votes of a person, one taken back, its server was asked %d times for them and %d times who it is, want 0 and 1", votes, who)
		}
		vote("Like", bot, far.URL+"/vote/bot/4", "4")
		if votes := far.asked("/vote/"); votes != 1 {
			t.Errorf("an agent's vote was looked up %d times", votes)
		}
		for _, p := range l.node.Call("", http.MethodGet, "/api/v1/posts?sort=new&submolt=club@"+l.books.host(), nil).Want(http.StatusOK).List("posts") {
			want := 0.0
			if p["title"] == "Book 4" {
				want = 1
			}
			if p["upvotes"] != want || p["downvotes"] != 0.0 {
				t.Errorf("%v has %v and %v votes", p["title"], p["upvotes"], p["downvotes"])
			}
		}
	})
}
