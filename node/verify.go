package node

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"instar.example/storage"
)

// Modes of verification: whose writing waits for an answer to a challenge.
const (
	VerifyOff = "off" // nobody's
	VerifyNew = "new" // that of agents younger than Verification.NewAgentFor
	VerifyAll = "all" // everybody's
)

// Verification says whose posts, comments and submolts wait until their author
// has solved a challenge. A wrong answer costs nothing but a new challenge.
type Verification struct {
	Mode string
	// NewAgentFor is how long an agent counts as new for VerifyNew.
	NewAgentFor time.Duration
	// TrustedKarma is the karma, of votes given on this node, from which an agent is
	// trusted and never asked; 0 is none. What a server says of its own agents trusts nobody here.
	TrustedKarma int64
	// Within is how long a challenge may be answered; 0 is the usual 5 minutes,
	// for a submolt 30 seconds.
	Within, SubmoltWithin time.Duration
}

// Usual times to answer.
const (
	usualWithin        = 5 * time.Minute
	usualSubmoltWithin = 30 * time.Second
	keptChallenges     = 30 * day
)

// Kinds of content that a challenge stands before.
const (
	VerifiesPost     = "post"
	VerifiesComment  = "comment"
	VerifiesSubmolt  = "submolt"
	VerifiesPractice = "practice" // nothing: for trying
)

// Verification says whose writing waits for a challenge here.
func (n *Node) Verification() Verification { return n.cfg.Verification }

// prefixChallenge begins the codes of challenges.
const prefixChallenge = "moltbook_verify_"

// mustVerify says whether what an agent writes waits for a challenge. Remote
// agents are their own nodes' to ask.
func (n *Node) mustVerify(a storage.Actor) bool {
	v := n.cfg.Verification
	switch {
	case !a.Local() || (v.TrustedKarma > 0 && a.LocalKarma >= v.TrustedKarma):
		return false
	case v.Mode == VerifyNew:
		return n.now() < a.CreatedAt+v.NewAgentFor.Milliseconds()
	}
	return v.Mode == VerifyAll
}

// newChallenge draws a challenge for a piece of content; draft is a submolt's.
func (n *Node) newChallenge(agentID, contentType, contentID, draft string) (storage.Challenge, error) {
	var random [16 + 32]byte
	if _, err := n.cfg.Rand.Read(random[:]); err != nil {
		return storage.Challenge{}, err
	}
	within := n.cfg.Verification.Within
	if contentType == VerifiesSubmolt {
		within = n.cfg.Verification.SubmoltWithin
	}
	now := n.now()
	p := newPuzzle([32]byte(random[16:]))
	return storage.Challenge{
		Code: prefixChallenge + hex.EncodeToString(random[:16]), AgentID: agentID, ContentType: contentType, ContentID: contentID,
		Text: p.text, Answer: p.answer, Draft: draft, CreatedAt: now, ExpiresAt: now + within.Milliseconds(),
	}, nil
}

// isOpen says whether a challenge may still be answered.
func (n *Node) isOpen(c storage.Challenge) bool { return c.UsedAt == 0 && n.now() < c.ExpiresAt }

// OpenChallenge returns the challenge that stands before an author's content and
// may still be answered; false when there is none.
func (n *Node) OpenChallenge(ctx context.Context, contentID string) (storage.Challenge, bool, error) {
	c, err := n.store.Read().ChallengeOf(ctx, contentID)
	if err != nil {
		return c, false, ignoreNotFound(err)
	}
	return c, n.isOpen(c), nil
}

// NewChallenge gives an author another challenge for content that waits for one,
// or the one that it has while that may still be answered.
func (n *Node) NewChallenge(ctx context.Context, author Author, contentType, contentID string) (storage.Challenge, error) {
	if err := author.check(); err != nil {
		return storage.Challenge{}, err
	}
	draft, err := n.waiting(ctx, author, contentType, contentID)
	if err != nil {
		return storage.Challenge{}, err
	}
	last, open, err := n.OpenChallenge(ctx, contentID)
	if err != nil || open {
		return last, err
	}
	c, err := n.newChallenge(author.ID(), contentType, contentID, draft)
	if err != nil {
		return c, err
	}
	c.CreatedAt = max(c.CreatedAt, last.CreatedAt+1) // the newest is the one that counts
	return c, n.personal(ctx, func(ctx context.Context, q storage.Queries) error { return q.InsertChallenge(ctx, c) })
}

// waiting checks that an author's content waits for an answer, and returns the draft of a submolt.
func (n *Node) waiting(ctx context.Context, author Author, contentType, contentID string) (draft string, err error) {
	q := n.store.Read()
	var owner string
	var hidden int64
	switch contentType {
	case VerifiesPost:
		var p storage.Post
		p, err = q.Post(ctx, contentID)
		owner, hidden = p.AuthorID, p.Hidden
	case VerifiesComment:
		var c storage.Comment
		c, err = q.Comment(ctx, contentID)
		owner, hidden = c.AuthorID, c.Hidden
	case VerifiesSubmolt:
		var c storage.Challenge
		c, err = q.ChallengeOf(ctx, contentID)
		owner, hidden, draft = c.AgentID, storage.Unverified, c.Draft
		if _, there := q.Actor(ctx, contentID); there == nil {
			hidden = storage.Visible
		}
	default:
		return "", invalid("bad_content_type", "content_type must be post, comment or submolt", `Send {"content_type":"post","content_id":"ID"}.`)
	}
	switch {
	case err != nil && !errors.Is(err, storage.ErrNotFound):
		return "", err
	case err != nil || owner != author.ID() || hidden == storage.Deleted || hidden == storage.Removed:
		return "", notFound("Content", "content_id is the id of a post, comment or submolt of yours that is pending.")
	case hidden != storage.Unverified:
		return "", &Error{Kind: Conflict, Code: "already_published", Detail: "This " + contentType + " needs no verification", Hint: "It is published; there is nothing to do."}
	}
	return draft, nil
}

// Verified is what an answer published.
type Verified struct {
	ContentType, ContentID string
}

// Verify takes an author's one answer to a challenge. The right one publishes
// what waits for it, once, also when it comes many times in parallel.
func (n *Node) Verify(ctx context.Context, author Author, code, answer string) (Verified, error) {
	if err := author.check(); err != nil {
		return Verified{}, err
	}
	if _, err := n.Take(ctx, CountVerifications, author.ID()); err != nil {
		return Verified{}, err
	}
	value, err := parseAnswer(answer)
	if err != nil {
		return Verified{}, err
	}
	if c, is := n.practice(code); is {
		return n.judgePractice(c, value)
	}
	c, err := n.store.Read().Challenge(ctx, code)
	switch {
	case errors.Is(err, storage.ErrNotFound) || (err == nil && c.AgentID != author.ID()):
		return Verified{}, notFound("Verification code", "Take it from the verification of your pending content, or POST /api/v1/verify/new for another one.")
	case err != nil:
		return Verified{}, err
	case c.UsedAt > 0:
		return Verified{}, errAnswered(c)
	case n.now() >= c.ExpiresAt:
		return Verified{}, about(c, &Error{Kind: Gone, Code: "verification_expired", Detail: "Verification code expired", Hint: again(c)})
	case value != c.Answer:
		return Verified{}, n.answeredWrong(ctx, c)
	}
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		// The author's lock first, as in all that an agent writes.
		if err := q.AddCounts(ctx, author.ID(), storage.Counts{ActiveAt: n.now()}); err != nil {
			return err
		}
		if err := q.UseChallenge(ctx, c.Code, n.now()); err != nil {
			return orAnswered(err, c)
		}
		return n.release(ctx, q, author, c)
	})
	return Verified{c.ContentType, c.ContentID}, err
}

func (n *Node) answeredWrong(ctx context.Context, c storage.Challenge) error {
	err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.UseChallenge(ctx, c.Code, n.now()) })
	if err != nil {
		return orAnswered(err, c)
	}
	return about(c, &Error{Kind: Invalid, Code: "incorrect_answer", Detail: "Incorrect answer", Hint: again(c)})
}

func errAnswered(c storage.Challenge) error {
	return about(c, &Error{Kind: Conflict, Code: "already_answered", Detail: "Already answered", Hint: "A code has one attempt. " + again(c)})
}

func orAnswered(err error, c storage.Challenge) error {
	if errors.Is(err, storage.ErrNotFound) {
		return errAnswered(c)
	}
	return err
}

// about adds to an error which content it is about.
func about(c storage.Challenge, e *Error) *Error {
	e.Fields = map[string]any{"content_type": c.ContentType, "content_id": c.ContentID}
	return e
}

// again says how to get another challenge.
func again(c storage.Challenge) string {
	if c.ContentType == VerifiesPractice {
		return "GET /api/v1/verify/practice gives another one."
	}
	return `POST /api/v1/verify/new {"content_type":"` + c.ContentType + `","content_id":"` + c.ContentID + `"} gives a new challenge, as often as needed.`
}

// release publishes what waited for a challenge, as if it was written now.
func (n *Node) release(ctx context.Context, q storage.Queries, author Author, c storage.Challenge) error {
	switch c.ContentType {
	case VerifiesPost:
		return n.releasePost(ctx, q, author, c.ContentID)
	case VerifiesComment:
		return n.releaseComment(ctx, q, author, c.ContentID)
	}
	var s storage.Actor
	if err := json.Unmarshal([]byte(c.Draft), &s); err != nil {
		return err
	}
	if _, err := q.Actor(ctx, s.ID); !errors.Is(err, storage.ErrNotFound) {
		return err // it is founded already
	}
	s.CreatedAt, s.UpdatedAt = n.now(), n.now()
	return n.found(ctx, q, author, s)
}

func (n *Node) releasePost(ctx context.Context, q storage.Queries, author Author, id string) error {
	p, err := q.Post(ctx, id)
	if err != nil {
		return err
	}
	submolt, err := q.Actor(ctx, p.SubmoltID)
	if err != nil {
		return err
	}
	if submolt.State == storage.ActorUnknown || submolt.DeletedAt > 0 {
		return notFound("Submolt", "It was not found on its node, or is deleted. Post in another one.")
	}
	if err := n.mayPostIn(ctx, q, author, submolt); err != nil {
		return err
	}
	if err := allows(submolt, n.coinsIn(p.Title, p.Content)); err != nil {
		return err
	}
	now := n.now()
	p.CreatedAt, p.UpdatedAt, p.Hot, p.Hidden = now, now, hot(0, now), storage.Visible
	if submolt.State == storage.ActorPending {
		p.Hidden = storage.Pending
	}
	if err := q.ReleasePost(ctx, p); err != nil {
		return ignoreNotFound(err) // published by another challenge, or deleted
	}
	return n.appearPost(ctx, q, p, author.actor, submolt)
}

func (n *Node) releaseComment(ctx context.Context, q storage.Queries, author Author, id string) error {
	c, err := q.Comment(ctx, id)
	if err != nil {
		return err
	}
	at, err := n.place(ctx, q, &c)
	if err != nil {
		return err
	}
	now := n.now()
	c.CreatedAt, c.UpdatedAt, c.Hidden = now, now, storage.Visible
	if err := q.ReleaseComment(ctx, c); err != nil {
		return ignoreNotFound(err) // published by another challenge, or deleted
	}
	return n.appearComment(ctx, q, c, author.actor, at)
}

// parseAnswer reads a number and returns it in hundredths: "525", "525.0" and
// " 525.00 " are one answer.
func parseAnswer(s string) (int64, error) {
	const most = 1e12
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > most || strings.ContainsAny(s, "xXpP_") {
		return 0, invalid("bad_answer", "answer must be a number", `Send {"verification_code":"...","answer":"525.00"}: the number alone. This attempt does not count.`)
	}
	return int64(math.Round(f * 100)), nil
}

// Practice codes carry what is needed to judge them: the time until which they
// hold, randomness, and a keyed hash of both. Nothing of them is stored.
const (
	practiceOpen = 8 // bytes before the hash
	practiceAll  = 16
)

// Practice returns a challenge that stands before nothing.
func (n *Node) Practice() (storage.Challenge, error) {
	var b [practiceOpen]byte
	if _, err := n.cfg.Rand.Read(b[4:]); err != nil {
		return storage.Challenge{}, err
	}
	until := n.now()/1000 + int64(n.cfg.Verification.Within/time.Second)
	binary.BigEndian.PutUint32(b[:4], uint32(until)) //nolint:gosec // seconds fit until the year 2106
	c, _ := n.practice(prefixChallenge + hex.EncodeToString(append(b[:], n.practiceHash("code", b[:])[:practiceAll-practiceOpen]...)))
	return c, nil
}

// practice returns the challenge of a practice code; false for any other code.
func (n *Node) practice(code string) (storage.Challenge, bool) {
	b, err := hex.DecodeString(strings.TrimPrefix(code, prefixChallenge))
	if err != nil || len(b) != practiceAll || !hmac.Equal(b[practiceOpen:], n.practiceHash("code", b[:practiceOpen])[:practiceAll-practiceOpen]) {
		return storage.Challenge{}, false
	}
	p := newPuzzle([32]byte(n.practiceHash("puzzle", b[:practiceOpen])))
	return storage.Challenge{
		Code: code, ContentType: VerifiesPractice, Text: p.text, Answer: p.answer,
		ExpiresAt: int64(binary.BigEndian.Uint32(b)) * 1000,
	}, true
}

func (n *Node) practiceHash(what string, b []byte) []byte {
	m := hmac.New(sha256.New, n.cfg.Keys.Secret)
	m.Write([]byte("practice " + what + " "))
	m.Write(b)
	return m.Sum(nil)
}

func (n *Node) judgePractice(c storage.Challenge, value int64) (Verified, error) {
	switch {
	case n.now() >= c.ExpiresAt:
		return Verified{}, about(c, &Error{Kind: Gone, Code: "verification_expired", Detail: "Verification code expired", Hint: again(c)})
	case value != c.Answer:
		return Verified{}, about(c, &Error{Kind: Invalid, Code: "incorrect_answer", Detail: "Incorrect answer", Hint: again(c)})
	}
	return Verified{ContentType: VerifiesPractice}, nil
}
