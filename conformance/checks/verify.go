package checks

import (
	"context"
	"net/http"
	"strings"

	"instar.example/conformance/peer"
)

func verifyChecks() []Check {
	return []Check{
		{ID: "challenge-shape", Clause: "VERIFY-4", Name: "a challenge for practice", Run: challengeShape},
		{ID: "challenge-wrong", Clause: "VERIFY-4", Name: "a wrong answer to it", Run: challengeWrong},
		{ID: "challenge-unknown", Clause: "VERIFY-4", Name: "a code that nobody gave", Run: challengeUnknown},
	}
}

// practice asks for a challenge that stands before nothing.
func (t *Target) practice(ctx context.Context) (map[string]any, error) {
	got, err := t.call(ctx, http.MethodGet, "/verify/practice", "", nil)
	if err != nil {
		return nil, err
	}
	if err := got.is(http.StatusOK); err != nil {
		return nil, err
	}
	c := peer.Object(got.doc, "verification")
	return c, has(c, "verification_code", "challenge_text", "expires_at", "instructions")
}

func challengeShape(ctx context.Context, t *Target) error {
	one, err := t.practice(ctx)
	if err != nil {
		return err
	}
	another, err := t.practice(ctx)
	if err != nil {
		return err
	}
	if one["verification_code"] == another["verification_code"] {
		return failf("two challenges have one code")
	}
	return nil
}

func (t *Target) verify(ctx context.Context, code string) (answer, error) {
	a, err := t.agent(ctx)
	if err != nil {
		return answer{}, err
	}
	return t.call(ctx, http.MethodPost, "/verify", a.key, map[string]any{"verification_code": code, "answer": "-98765.43"})
}

func challengeWrong(ctx context.Context, t *Target) error {
	c, err := t.practice(ctx)
	if err != nil {
		return err
	}
	got, err := t.verify(ctx, peer.Text(c, "verification_code"))
	if err != nil {
		return err
	}
	return isError(got, http.StatusBadRequest)
}

func challengeUnknown(ctx context.Context, t *Target) error {
	got, err := t.verify(ctx, "moltbook_verify_"+strings.Repeat("0", 32))
	if err != nil {
		return err
	}
	return isError(got, http.StatusNotFound)
}
