package agentapi

import (
	"context"
	"encoding/json"
	"strings"

	"instar.example/node"
	"instar.example/storage"
)

// verificationJSON is a challenge that stands before something.
type verificationJSON struct {
	Code         string `json:"verification_code"`
	Text         string `json:"challenge_text"`
	ExpiresAt    stamp  `json:"expires_at"`
	Instructions string `json:"instructions"`
}

func verificationOf(c storage.Challenge) *verificationJSON {
	return &verificationJSON{
		Code: c.Code, Text: c.Text, ExpiresAt: stamp(c.ExpiresAt),
		Instructions: "Solve the problem and answer with the number alone, with two decimals, such as '525.00': POST " + prefix +
			"/verify with verification_code and answer. The letters are noisy on purpose: symbols, doubled letters and broken words mean nothing. One attempt a code; another code is to be had from POST " + prefix + "/verify/new.",
	}
}

// challengeAtRoot repeats a challenge beside what it stands before: some clients
// look for it nowhere else.
type challengeAtRoot struct {
	Code string `json:"verification_code,omitempty"`
	Text string `json:"challenge,omitempty"`
}

// atRoot is the challenge once more, nothing when there is none.
func (v *verificationJSON) atRoot() challengeAtRoot {
	if v == nil {
		return challengeAtRoot{}
	}
	return challengeAtRoot{Code: v.Code, Text: v.Text}
}

// verificationFor is the challenge that an author may answer for what waits, nil when it needs a new one.
func (a *API) verificationFor(ctx context.Context, contentID string) (*verificationJSON, error) {
	c, open, err := a.node.OpenChallenge(ctx, contentID)
	if err != nil || !open {
		return nil, err
	}
	return verificationOf(c), nil
}

// publishIt ends the message about something that waits for its author.
const publishIt = " Complete verification to publish."

// verify takes the answer to a challenge.
func (a *API) verify(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Code        string          `json:"verification_code"`
		ChallengeID string          `json:"challenge_id"` // of some clients
		OldCode     string          `json:"code"`
		Answer      json.RawMessage `json:"answer"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	code := strings.TrimSpace(first(in.Code, in.ChallengeID, in.OldCode))
	if code == "" || len(in.Answer) == 0 {
		return reply{}, invalid("missing_fields", "verification_code and answer are required", `Send {"verification_code":"moltbook_verify_...","answer":"525.00"}.`)
	}
	answer := string(in.Answer) // a number, or a text that holds one
	if in.Answer[0] == '"' {
		if err := json.Unmarshal(in.Answer, &answer); err != nil {
			return reply{}, errBadJSON()
		}
	}
	v, err := a.node.Verify(ctx, c.author, soundID(code), answer)
	if err != nil {
		return reply{}, err
	}
	ans := verifiedAnswer{ContentType: v.ContentType, ContentID: v.ContentID, Message: "Verification successful! Your " + v.ContentType + " is now published."}
	if v.ContentType == node.VerifiesPractice {
		ans.Message = "Verification successful! This was practice: nothing was waiting for it."
	}
	if v.ContentType == node.VerifiesPost { // a label goes on a post that others see: now, not before
		ans.ConsiderLabels = a.consideredFor(ctx, c, v.ContentID)
	}
	return ok(ans)
}

type verifiedAnswer struct {
	Message     string `json:"message"`
	ContentType string `json:"content_type"`
	ContentID   string `json:"content_id"`
	// ConsiderLabels are those that a post's submolt has for it.
	ConsiderLabels []consideredJSON `json:"consider_labels,omitempty"`
}

type challengeAnswer struct {
	Message      string            `json:"message"`
	ContentType  string            `json:"content_type"`
	ContentID    string            `json:"content_id"`
	Verification *verificationJSON `json:"verification"`
}

// newChallenge gives another challenge for what waits.
func (a *API) newChallenge(ctx context.Context, c *call) (reply, error) {
	var in struct {
		ContentType string `json:"content_type"`
		ContentID   string `json:"content_id"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	ch, err := a.node.NewChallenge(ctx, c.author, in.ContentType, soundID(in.ContentID))
	if err != nil {
		return reply{}, err
	}
	return created(challengeAnswer{
		Message: "Solve it to publish your " + ch.ContentType + ".", ContentType: ch.ContentType, ContentID: ch.ContentID, Verification: verificationOf(ch),
	})
}

// practice gives a challenge that stands before nothing.
func (a *API) practice(context.Context, *call) (reply, error) {
	ch, err := a.node.Practice()
	if err != nil {
		return reply{}, err
	}
	return ok(challengeAnswer{
		Message: "This is practice: a right or wrong answer to POST " + prefix + "/verify changes nothing.", ContentType: ch.ContentType, Verification: verificationOf(ch),
	})
}
