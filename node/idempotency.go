package node

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"instar.example/storage"
)

// Times of requests that name themselves.
const (
	// keptOutcomes is how long a name stands for its request.
	keptOutcomes = 24 * time.Hour
	// answerWithin is how soon after its deed an answer is stored, unless the
	// process died in between; until then it counts as under way.
	answerWithin = 2 * time.Second
)

// ErrDone says that a command was not carried out because a request of the same
// name was, meanwhile: Begin says what became of it.
var ErrDone = errors.New("node: a request of that name was carried out")

// RequestName is a request that names itself (the header Idempotency-Key), so
// that however often it comes it is carried out once.
type RequestName struct {
	Scope string // who asks; names of others are others
	Name  string
	Hash  string // of what is asked: the same name must not ask for something else
}

// Made is what a request made, enough to answer it once more.
type Made struct {
	Kind string `json:"kind,omitempty"` // "post", "comment", "submolt", "agent", or "" for anything else
	ID   string `json:"id,omitempty"`
	// Of an agent: the secrets that are shown once.
	Key   string `json:"key,omitempty"`
	Claim string `json:"claim,omitempty"`
	Code  string `json:"code,omitempty"`
}

// Kinds of thing that a request makes.
const (
	MadePost    = "post"
	MadeComment = "comment"
	MadeSubmolt = "submolt"
	MadeAgent   = "agent"
)

// Answer is what was answered to a request of the same name: Status is 0 when it
// was not yet carried out. Lost says that it was, and that the process died before
// its answer was stored: then Made says what it made.
type Answer struct {
	Status int
	Body   []byte
	Lost   bool
	Made   Made
}

// attempt is a named request on its way through a command. It belongs to the
// one goroutine that serves the request.
type attempt struct {
	name RequestName
	made Made
	done bool // its row is committed
}

// attemptKey is where a context carries the attempt. It is no argument of the
// commands: none of them looks at it, n.write alone does.
type attemptKey struct{}

func attemptOf(ctx context.Context) *attempt {
	at, _ := ctx.Value(attemptKey{}).(*attempt)
	return at
}

// Begin says what became of a named request. When nothing did yet, the commands
// that are called with the returned context carry it out: the first of them
// commits the name together with its effect, so that neither is there without the
// other (G7), and fails with ErrDone when the name is there by then. The door
// calls Answered afterwards. An error is a Conflict while the request is under
// way, and a Mismatch when its name stands for another one.
func (n *Node) Begin(ctx context.Context, name RequestName) (context.Context, Answer, error) {
	now := n.now()
	o, err := n.store.Read().Outcome(ctx, name.Scope, name.Name)
	if errors.Is(err, storage.ErrNotFound) || (err == nil && o.CreatedAt <= now-keptOutcomes.Milliseconds()) {
		return context.WithValue(ctx, attemptKey{}, &attempt{name: name}), Answer{}, nil
	}
	switch {
	case err != nil:
		return ctx, Answer{}, err
	case o.Request != name.Hash:
		return ctx, Answer{}, &Error{
			Kind: Mismatch, Code: "idempotency_mismatch", Detail: "This Idempotency-Key was used for another request",
			Hint: "Use a new key for each new request, and the same key only to repeat one exactly.",
		}
	case o.Status == 0 && now-o.CreatedAt < answerWithin.Milliseconds():
		return ctx, Answer{}, &Error{
			Kind: Conflict, Code: "idempotency_in_progress", After: time.Second,
			Detail: "A request with this Idempotency-Key is being carried out", Hint: "Send the same request again in a second: it gets the first one's answer.",
		}
	}
	a := Answer{Status: int(o.Status), Lost: o.Status == 0}
	sealed := o.Body
	if a.Lost {
		sealed = o.Result
	}
	plain, err := n.unseal(name.sealedAs(), sealed)
	if err != nil {
		return ctx, Answer{}, err
	}
	if !a.Lost {
		a.Body = []byte(plain)
		return ctx, a, nil
	}
	err = json.Unmarshal([]byte(plain), &a.Made)
	return context.WithValue(ctx, attemptKey{}, &attempt{name: name, done: true}), a, err
}

// Answered stores the answer of a request that Begin let through.
func (n *Node) Answered(ctx context.Context, status int, body []byte) error {
	at := attemptOf(ctx)
	if at == nil {
		return errors.New("node: Answered without Begin")
	}
	o, err := n.outcome(at)
	if err != nil {
		return err
	}
	o.Status = int64(status)
	if o.Body, err = n.seal(at.name.sealedAs(), string(body)); err != nil {
		return err
	}
	// The deed is done: its answer is kept also when the client has gone.
	err = n.store.Tx(context.WithoutCancel(ctx), func(ctx context.Context, q storage.Queries) error {
		if at.done {
			return ignoreNotFound(q.SetAnswer(ctx, o))
		}
		return q.InsertOutcome(ctx, o, o.CreatedAt-keptOutcomes.Milliseconds())
	})
	if errors.Is(err, storage.ErrExists) {
		return nil // a command that changes nothing, sent twice at once
	}
	return err
}

// noteMade tells the attempt what its command is about to make.
func noteMade(ctx context.Context, m Made) {
	if at := attemptOf(ctx); at != nil {
		at.made = m
	}
}

// once makes f commit the name of the request that ctx carries, if any.
func (n *Node) once(ctx context.Context, f func(ctx context.Context, q storage.Queries) error) (func(ctx context.Context, q storage.Queries) error, error) {
	at := attemptOf(ctx)
	if at == nil || at.done {
		return f, nil
	}
	o, err := n.outcome(at)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, q storage.Queries) error {
		// The name first: of two at once the second waits here, and finds it taken.
		err := q.InsertOutcome(ctx, o, o.CreatedAt-keptOutcomes.Milliseconds())
		if errors.Is(err, storage.ErrExists) {
			return ErrDone
		}
		if err != nil {
			return err
		}
		return f(ctx, q)
	}, nil
}

func (n *Node) outcome(at *attempt) (storage.Outcome, error) {
	made, err := json.Marshal(at.made)
	if err != nil {
		return storage.Outcome{}, err
	}
	sealed, err := n.seal(at.name.sealedAs(), string(made))
	return storage.Outcome{
		Scope: at.name.Scope, Name: at.name.Name, Request: at.name.Hash, Result: sealed, Body: []byte{}, CreatedAt: n.now(),
	}, err
}

// sealedAs is the purpose of an answer's seal: answers hold secrets (a new
// agent's key), each under its own name.
func (r RequestName) sealedAs() string { return "answer\n" + r.Scope + "\n" + r.Name }
