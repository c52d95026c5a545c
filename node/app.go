package node

import (
	"context"
	"errors"
	"time"

	"instar.example/storage"
)

// Bounds of apps.
const (
	AppCallsPerMinute = 100 // identity tokens that one app may have verified
	listedApps        = 1_000
)

// NewApp is an app that was let in: the only time its key is shown.
type NewApp struct {
	storage.App

	Key string
}

// AddApp lets a service of somebody else verify agents' identity tokens.
func (n *Node) AddApp(ctx context.Context, name string) (NewApp, error) {
	name, err := line("name", name, MaxDisplayName)
	if err != nil {
		return NewApp{}, err
	}
	if name == "" {
		return NewApp{}, invalid("missing_fields", "An app needs a name", "")
	}
	key, err := n.newToken(PrefixApp)
	if err != nil {
		return NewApp{}, err
	}
	a := NewApp{Key: key, App: storage.App{ID: n.cfg.NewID(), Hash: n.hashToken(key), Name: name, CreatedAt: n.now()}}
	return a, n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.InsertApp(ctx, a.App); err != nil {
			return err
		}
		return n.audit(ctx, q, "let app in", a.ID, name)
	})
}

// Apps returns the apps, the newest first, without their keys.
func (n *Node) Apps(ctx context.Context) ([]storage.App, error) {
	return n.store.Read().Apps(ctx, listedApps)
}

// RevokeApp ends an app's key at once.
func (n *Node) RevokeApp(ctx context.Context, id string) error {
	err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.RevokeApp(ctx, id, n.now()); err != nil {
			return err
		}
		return n.audit(ctx, q, "revoke app", id, "")
	})
	return orNotFound(err, "App", "'instar apps list' names those that there are.")
}

// AppCall is a call of an app whose key is sound. Only App makes one.
type AppCall struct{ id string }

// App finds out which app calls, by its key, counts the call, and says where the
// app stands.
func (n *Node) App(ctx context.Context, key string) (AppCall, Standing, error) {
	if key == "" {
		return AppCall{}, Standing{}, &Error{Kind: Unauthenticated, Code: "missing_app_key", Detail: "App key required", Hint: "Send it as X-Moltbook-App-Key: " + PrefixApp + "... The node's operator gives it."}
	}
	hash := n.hashToken(key)
	a, err := n.store.Read().App(ctx, hash) // who guesses takes no turn of those who write
	if err == nil {
		err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
			var err error
			a, err = q.CountApp(ctx, hash, n.now(), time.Minute.Milliseconds())
			return err
		})
	}
	if errors.Is(err, storage.ErrNotFound) {
		return AppCall{}, Standing{}, &Error{Kind: Unauthenticated, Code: "invalid_app_key", Detail: "Invalid app key", Hint: "It is unknown here or revoked. The node's operator gives another."}
	}
	if err != nil {
		return AppCall{}, Standing{}, err
	}
	s := Standing{
		Name: "app", Limit: AppCallsPerMinute, Left: max(AppCallsPerMinute-a.Used, 0), Per: time.Minute, ResetAt: a.WindowAt + time.Minute.Milliseconds(),
	}
	if a.Used > AppCallsPerMinute {
		return AppCall{}, s, &Error{
			Kind: Limited, Code: "rate_limit_exceeded", After: time.UnixMilli(s.ResetAt).Sub(n.Now()), Met: s, Detail: "Too many tokens verified by this app",
			Hint: "100 a minute are verified; the public keys at /.well-known/jwks.json verify any number.",
		}
	}
	return AppCall{id: a.ID}, s, nil
}
