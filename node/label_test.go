package node_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"instar.example/node"
	"instar.example/storage"
)

func (l lone) label(by node.Author, d node.LabelDraft) storage.Label {
	l.t.Helper()
	x, _, err := l.DefineLabel(l.t.Context(), by, "lab", d)
	if err != nil {
		l.t.Fatalf("DefineLabel(%+v): %v", d, err)
	}
	return x
}

// keys lists the labels of a post.
func (l lone) keys(postID string) string {
	l.t.Helper()
	p, err := l.PostByID(l.t.Context(), postID, "")
	if err != nil {
		l.t.Fatalf("PostByID: %v", err)
	}
	as, err := l.LabelsOn(l.t.Context(), p)
	if err != nil {
		l.t.Fatalf("LabelsOn: %v", err)
	}
	var keys []string
	for _, a := range as {
		keys = append(keys, a.Label.Key)
	}
	return strings.Join(keys, " ")
}

func TestLabelsAreDefinedByModerators(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, l lone, ada node.Author) {
		bob := l.agent("bob")
		for want, d := range map[string]node.LabelDraft{
			"bad_key": {Key: "No Spaces"}, "bad_color": {Key: "x", Color: "red"}, "bad_kind": {Key: "x", Kind: "flair"},
			"not_a_role": {Key: "x", Seats: 3}, "bad_seats": {Key: "x", Kind: storage.LabelRole, Seats: -1},
			"bad_cadence": {Key: "x", Kind: storage.LabelRole, CadenceMinutes: 1 << 40}, "too_long": {Key: "x", Label: strings.Repeat("x", 61)},
		} {
			if _, _, err := l.DefineLabel(t.Context(), ada, "lab", d); code(err) != want {
				t.Errorf("DefineLabel(%+v) = %v, want %s", d, err, want)
			}
		}
		if _, _, err := l.DefineLabel(t.Context(), bob, "lab", node.LabelDraft{Key: "x"}); code(err) != "not_moderator" {
			t.Errorf("DefineLabel by bob = %v", err)
		}
		x := l.label(ada, node.LabelDraft{Key: "x"})
		if x.Label != "x" || x.Color != "slate" || x.Kind != storage.LabelTag || x.Claimable {
			t.Errorf("defaults: %+v", x)
		}
		if _, _, err := l.DefineLabel(t.Context(), ada, "lab", node.LabelDraft{Key: "x"}); code(err) != "key_taken" {
			t.Errorf("DefineLabel again = %v", err)
		}
		p := l.postIn(bob, "lab", "labelled")
		if _, err := l.Attach(t.Context(), bob, node.AttachmentDraft{LabelID: x.ID, TargetKind: "post", Target: p.ID}); err != nil {
			t.Errorf("Attach: %v", err)
		}
		if err := l.DropLabel(t.Context(), bob, "lab", "x"); code(err) != "not_moderator" {
			t.Errorf("DropLabel by bob = %v", err)
		}
		if err := l.DropLabel(t.Context(), ada, "lab", "x"); err != nil || l.keys(p.ID) != "" {
			t.Errorf("DropLabel = %v, the post has %q", err, l.keys(p.ID))
		}
		if err := l.DropLabel(t.Context(), ada, "lab", "x"); code(err) != "not_found" {
			t.Errorf("DropLabel again = %v", err)
		}
	})
}

func TestPostsHaveManyTagsAndOneStatus(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, l lone, ada node.Author) {
		bob, eve := l.agent("bob"), l.agent("eve")
		p, elsewhere := l.postIn(bob, "lab", "labelled"), l.post(bob, "in general")
		ids := map[string]string{}
		for key, kind := range map[string]string{"idea": "tag", "bug": "tag", "open": "status", "done": "status", "judge": "role"} {
			ids[key] = l.label(ada, node.LabelDraft{Key: key, Kind: kind}).ID
		}
		var last storage.Attachment
		steps := []struct {
			by               node.Author
			key, kind, where string
			want, keys       string
		}{
			{bob, "idea", "post", p.ID, "<nil>", "idea"},
			{bob, "idea", "post", p.ID, "<nil>", "idea"},
			{eve, "bug", "post", p.ID, "not_moderator", "idea"},
			{ada, "bug", "post", p.ID, "<nil>", "idea bug"},
			{ada, "open", "post", p.ID, "<nil>", "idea bug open"},
			{bob, "done", "post", p.ID, "<nil>", "idea bug done"},
			{bob, "judge", "post", p.ID, "bad_target", "idea bug done"},
			{ada, "bug", "agent", "bob", "bad_target", "idea bug done"},
			{bob, "bug", "post", elsewhere.ID, "not_found", "idea bug done"},
			{bob, "none", "post", p.ID, "not_found", "idea bug done"},
		}
		for i, s := range steps {
			a, err := l.Attach(t.Context(), s.by, node.AttachmentDraft{LabelID: ids[s.key], TargetKind: s.kind, Target: s.where})
			if code(err) != s.want || l.keys(p.ID) != s.keys {
				t.Errorf("step %d: %v and %q, want %s and %q", i, err, l.keys(p.ID), s.want, s.keys)
			}
			if err == nil {
				last = a
			}
		}
		if _, err := l.Detach(t.Context(), eve, last.ID); code(err) != "not_moderator" {
			t.Errorf("Detach by another = %v", err)
		}
		if _, err := l.Detach(t.Context(), bob, last.ID); err != nil || l.keys(p.ID) != "idea bug" {
			t.Errorf("Detach = %v, %q", err, l.keys(p.ID))
		}
		if _, err := l.Detach(t.Context(), bob, last.ID); code(err) != "not_found" {
			t.Errorf("Detach again = %v", err)
		}
	})
}

// One of the bounds that a hundred parallel claims must not pass.
func TestSeatsAreExactUnderParallelClaims(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, l lone, ada node.Author) {
		const seats, claims = 3, 100
		l.label(ada, node.LabelDraft{Key: "greeter", Kind: storage.LabelRole, Prompt: "Greet who is new.", CadenceMinutes: 60, Seats: seats})
		var agents []node.Author
		for i := range claims / 2 {
			agents = append(agents, l.agent(fmt.Sprint("agent", i)))
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		seated := map[string]bool{}
		for i := range claims {
			a := agents[i/2] // each claims twice at the same time
			all.Go(func() {
				_, at, err := l.ClaimOffice(context.WithoutCancel(t.Context()), a, "lab", "greeter")
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && at.TargetID == a.ID():
					seated[a.ID()] = true
				case code(err) != "no_seat_left":
					t.Errorf("ClaimOffice = %+v, %v", at, err)
				}
			})
		}
		all.Wait()
		_, os, err := l.Offices(t.Context(), "lab")
		if err != nil || len(os) != 1 || len(os[0].Holders) != seats || os[0].Taken != seats || len(seated) != seats {
			t.Fatalf("Offices = %+v, %v; %d claims succeeded", os, err, len(seated))
		}
		// Half of those seated resign, each many times at once: each frees one seat.
		var resigned atomic.Int64
		for _, a := range agents {
			if !seated[a.ID()] {
				continue
			}
			for range 5 {
				all.Go(func() {
					_, _, err := l.ResignOffice(context.WithoutCancel(t.Context()), a, "lab", "greeter")
					if err == nil {
						resigned.Add(1)
					} else if code(err) != "not_found" {
						t.Errorf("ResignOffice = %v", err)
					}
				})
			}
		}
		all.Wait()
		if _, os, _ := l.Offices(t.Context(), "lab"); resigned.Load() != seats || os[0].Taken != 0 || len(os[0].Holders) != 0 {
			t.Errorf("%d resigned, the office is %+v", resigned.Load(), os[0])
		}
	})
}

func TestOfficesAreGrantedClaimedAndBrief(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, l lone, ada node.Author) {
		bob, eve := l.agent("bob"), l.agent("eve")
		judge := l.label(ada, node.LabelDraft{Key: "judge", Label: "The Judge", Kind: storage.LabelRole, Prompt: "Read the reports.", CadenceMinutes: 30})
		l.label(ada, node.LabelDraft{Key: "friend", Kind: storage.LabelRole, Seats: 1})
		if _, _, err := l.ClaimOffice(t.Context(), bob, "lab", "judge"); code(err) != "not_claimable" {
			t.Errorf("ClaimOffice(judge) = %v", err)
		}
		if _, err := l.Attach(t.Context(), bob, node.AttachmentDraft{LabelID: judge.ID, TargetKind: "agent", Target: bob.ID()}); code(err) != "not_moderator" {
			t.Errorf("bob grants himself an office: %v", err)
		}
		if _, err := l.Attach(t.Context(), ada, node.AttachmentDraft{LabelID: judge.ID, TargetKind: "agent", Target: "nobody"}); code(err) != "not_found" {
			t.Errorf("an office for nobody: %v", err)
		}
		at, err := l.Attach(t.Context(), ada, node.AttachmentDraft{LabelID: judge.ID, TargetKind: "agent", Target: "BOB"})
		if err != nil || at.TargetID != bob.ID() {
			t.Fatalf("Attach = %+v, %v", at, err)
		}
		if _, _, err := l.ClaimOffice(t.Context(), bob, "lab", "friend"); err != nil {
			t.Errorf("ClaimOffice(friend) = %v", err)
		}
		if _, _, err := l.ClaimOffice(t.Context(), eve, "lab", "friend"); code(err) != "no_seat_left" {
			t.Errorf("ClaimOffice(friend) by eve = %v", err)
		}
		bs, err := l.Briefings(t.Context(), bob.ID())
		if err != nil || len(bs) != 1 || bs[0].Role.Label != "The Judge" || bs[0].Role.Prompt != "Read the reports." || bs[0].Role.CadenceMinutes != 30 || bs[0].Submolt.Name != "lab" {
			t.Errorf("Briefings = %+v, %v", bs, err)
		}
		if _, err := l.Detach(t.Context(), eve, at.ID); code(err) != "not_moderator" {
			t.Errorf("eve dismisses the judge: %v", err)
		}
		if _, err := l.Detach(t.Context(), bob, at.ID); err != nil {
			t.Errorf("bob resigns by Detach: %v", err)
		}
		if bs, _ := l.Briefings(t.Context(), bob.ID()); len(bs) != 0 {
			t.Errorf("Briefings afterwards = %+v", bs)
		}
		if _, _, err := l.ResignOffice(t.Context(), bob, "lab", "friend"); err != nil {
			t.Errorf("ResignOffice = %v", err)
		}
		if _, _, err := l.ClaimOffice(t.Context(), eve, "lab", "friend"); err != nil {
			t.Errorf("ClaimOffice(friend) after bob's resignation = %v", err)
		}
	})
}
