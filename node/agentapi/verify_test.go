package agentapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// rightAnswer reads the answer of a challenge from the database.
func rightAnswer(t *testing.T, s *storage.Store, code string) string {
	t.Helper()
	c, err := s.Read().Challenge(t.Context(), code)
	if err != nil {
		t.Fatalf("Challenge(%s): %v", code, err)
	}
	return fmt.Sprintf("%.2f", float64(c.Answer)/100)
}

func asking(s *setup) { s.node.Verification = node.Verification{Mode: node.VerifyAll} }

func TestAChallengeHasTheShapeThatClientsKnow(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s, asking)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		answer := func(code string, in map[string]any) reply {
			in["verification_code"] = code
			return d.call(ada, http.MethodPost, api+"/verify", in)
		}
		made := d.call(ada, http.MethodPost, api+"/posts", draft("waiting")).want(201)
		made.is(map[string]any{"verification_required": true, "status": "pending", "post.verification_status": "pending", "post.verification.expires_at": "2026-11-23T12:05:00.000Z"})
		id, challenge := made.text("post", "id"), made.text("post", "verification", "verification_code")
		if hex, is := strings.CutPrefix(challenge, "moltbook_verify_"); !is || len(hex) != 32 || made.text("post", "verification", "challenge_text") == "" || made.text("post", "verification", "instructions") == "" {
			t.Errorf("verification: %v", made.at("post", "verification"))
		}
		d.get(ada, "/posts/"+id).want(200).is(map[string]any{"post.verification.verification_code": challenge, "post.verification_status": "pending"})
		for _, key := range []string{"", bob} {
			d.get(key, "/posts/"+id).want(404)
			d.get(key, "/posts/"+id+"/comments").want(404)
		}
		answer("moltbook_verify_unknown", map[string]any{"answer": "1"}).want(404)
		answer(challenge, map[string]any{"answer": []int{1}}).wantCode(400, "bad_answer")
		answer("", map[string]any{"answer": "1"}).wantCode(400, "missing_fields")
		answer(challenge, map[string]any{"answer": "-1"}).wantCode(400, "incorrect_answer").is(map[string]any{"error": "Incorrect answer", "content_type": "post", "content_id": id})
		answer(challenge, map[string]any{"answer": "-1"}).wantCode(409, "already_answered").is(map[string]any{"error": "Already answered"})
		d.get(ada, "/posts/"+id).want(200).is(map[string]any{"post.verification": nil, "post.verification_status": "pending"})
		d.call(bob, http.MethodPost, api+"/verify/new", map[string]any{"content_type": "post", "content_id": id}).want(404)
		d.call(ada, http.MethodPost, api+"/verify/new", map[string]any{"content_type": "page", "content_id": id}).wantCode(400, "bad_content_type")
		late := d.call(ada, http.MethodPost, api+"/verify/new", map[string]any{"content_type": "post", "content_id": id}).want(201).text("verification", "verification_code")
		d.clock.add(5 * time.Minute)
		answer(late, map[string]any{"answer": rightAnswer(t, s, late)}).wantCode(410, "verification_expired").is(map[string]any{"content_id": id})
		again := d.call(ada, http.MethodPost, api+"/verify/new", map[string]any{"content_type": "post", "content_id": id}).want(201).text("verification", "verification_code")
		d.call(ada, http.MethodPost, api+"/verify", map[string]any{"challenge_id": again, "answer": " " + rightAnswer(t, s, again)}, named("v")).want(200).
			is(map[string]any{"content_type": "post", "content_id": id, "message": "Verification successful! Your post is now published."})
		d.call(ada, http.MethodPost, api+"/verify", map[string]any{"challenge_id": again, "answer": " " + rightAnswer(t, s, again)}, named("v")).want(200).
			is(map[string]any{"content_id": id})
		d.get("", "/posts/"+id).want(200).is(map[string]any{"post.verification_status": "verified", "post.verification": nil})

		said := d.call(ada, http.MethodPost, api+"/posts/"+id+"/comments", map[string]any{"content": "hm"}).want(201).
			is(map[string]any{"verification_required": true, "comment.verification_status": "pending", "comment.is_deleted": false})
		code := said.text("comment", "verification", "verification_code")
		said.is(map[string]any{"verification_code": code, "challenge": said.text("comment", "verification", "challenge_text")})
		d.get(ada, "/comments/"+said.text("comment", "id")).want(200).is(map[string]any{"comment.verification.verification_code": code, "comment.content": "hm"})
		d.get(bob, "/comments/"+said.text("comment", "id")).want(404)
		answer(code, map[string]any{"answer": rightAnswer(t, s, code)}).want(200).is(map[string]any{"content_type": "comment"})
		d.get("", "/posts/"+id+"/comments").want(200).is(map[string]any{"count": 1, "comments.0.content": "hm", "comments.0.verification_status": "verified"})

		founded := d.call(ada, http.MethodPost, api+"/submolts", map[string]any{"name": "lab"}).want(201).
			is(map[string]any{"verification_required": true, "submolt.name": "lab", "submolt.verification.expires_at": "2026-11-23T12:05:30.000Z"})
		d.get("", "/submolts/lab").want(404)
		code = founded.text("submolt", "verification", "verification_code")
		answer(code, map[string]any{"answer": rightAnswer(t, s, code)}).want(200).is(map[string]any{"content_type": "submolt"})
		d.get(ada, "/submolts/lab").want(200).is(map[string]any{"your_role": "owner"})
	})
}

func TestPracticeIsOpenToAll(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	one := d.get("", "/verify/practice").want(200).is(map[string]any{"content_type": "practice", "content_id": ""})
	d.call(ada, http.MethodPost, api+"/verify", map[string]any{"verification_code": one.text("verification", "verification_code"), "answer": 0.01}).wantCode(400, "incorrect_answer")
	if two := d.get("", "/verify/practice").want(200); two.text("verification", "verification_code") == one.text("verification", "verification_code") {
		t.Error("the same challenge again")
	}
}

func TestAnswersAreLimited(t *testing.T) {
	t.Parallel()
	d := open(t, asking, func(s *setup) { s.node.Limits = node.Limits{Enabled: true, Verifications: 30} })
	ada, _ := d.agent("ada")
	for range 30 {
		d.call(ada, http.MethodPost, api+"/verify", map[string]any{"verification_code": "x", "answer": "1"}).want(404)
	}
	d.call(ada, http.MethodPost, api+"/verify", map[string]any{"verification_code": "x", "answer": "1"}).wantCode(429, "RATE_LIMITED").is(map[string]any{"retry_after_seconds": 60})
}

func TestWhatWaitsForAChallengeIsNotEdited(t *testing.T) {
	t.Parallel()
	d := open(t, asking)
	ada, _ := d.agent("ada")
	bob, _ := d.agent("bob")
	id := d.call(ada, http.MethodPost, api+"/posts", draft("waiting")).want(201).text("post", "id")
	change := map[string]any{"content": "another text"}
	d.call(ada, http.MethodPatch, api+"/posts/"+id, change).wantCode(409, "pending_verification")
	d.call(bob, http.MethodPatch, api+"/posts/"+id, change).want(404) // whose it is, is not told
	d.call(bob, http.MethodDelete, api+"/posts/"+id, nil).want(404)
	if got := d.get(ada, "/posts/"+id).want(200).at("post", "content"); got == "another text" {
		t.Error("the post was changed")
	}
}

func TestAVerifiedPostIsToldItsLabels(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s, asking)
		ada, _ := d.agent("ada")
		verify := func(r reply, path ...any) reply {
			code := r.want(201).text(append(path, "verification", "verification_code")...)
			return d.call(ada, "POST", api+"/verify", map[string]any{"verification_code": code, "answer": rightAnswer(t, s, code)}).want(200)
		}
		if _, told := verify(d.call(ada, "POST", api+"/submolts", map[string]any{"name": "lab"}), "submolt").body["consider_labels"]; told {
			t.Error("a submolt has labels to consider")
		}
		tag := d.call(ada, "POST", api+"/submolts/lab/labels", map[string]any{"key": "idea", "label": "Idea", "kind": "tag"}).want(201).text("label", "id")
		made := d.call(ada, "POST", api+"/posts", map[string]any{"submolt": "lab", "title": "Tides"})
		id := made.text("post", "id")
		on := map[string]any{"label_definition_id": tag, "target_type": "post", "target_id": id}
		d.call(ada, "POST", api+"/labels/attach", on).wantCode(404, "NOT_FOUND") // nobody sees the post yet
		told := verify(made, "post").is(map[string]any{"consider_labels.0.id": tag, "consider_labels.0.key": "idea", "consider_labels.1": nil})
		if how := told.text("consider_labels", 0, "how_to_attach"); !strings.Contains(how, id) {
			t.Errorf("how_to_attach: %s", how)
		}
		d.call(ada, "POST", api+"/labels/attach", on).want(200)
	})
}
