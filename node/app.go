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
	return a, n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.InsertApp(ctx, a.App) })
}

// Apps returns the apps, the newest first, without their keys.
func (n *Node) Apps(ctx context.Context) ([]storage.App, error) {
	return n.store.Read().Apps(ctx, listedApps)
}

// RevokeApp ends an app's key at once.
func (n *Node) RevokeApp(ctx context.Context, id string) error {
	err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.RevokeApp(ctx, id, n.now()) })
	return orNotFound(err, "App", "'instar apps list' names those that there are.")
}

// countApp counts a call by the key of an app.
func (n *Node) countApp(ctx context.Context, key string) error {
	if key == "" {
		return &Error{Kind: Unauthenticated, Code: "missing_app_key", Detail: "App key required", Hint: "Send it as X-Moltbook-App-Key: " + PrefixApp + "... The node's operator gives it."}
	}
	var a storage.App
	err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		a, err = q.CountApp(ctx, n.hashToken(key), n.now(), time.Minute.Milliseconds())
		return err
	})
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return &Error{Kind: Unauthenticated, Code: "invalid_app_key", Detail: "Invalid app key", Hint: "It is unknown here or revoked. The node's operator gives another."}
	case err != nil:
		return err
	case a.Used > AppCallsPerMinute:
		met := Standing{Name: "app", Limit: AppCallsPerMinute, Per: time.Minute, ResetAt: a.WindowAt + time.Minute.Milliseconds()}
		return &Error{
			Kind: Limited, Code: "rate_limit_exceeded", After: time.UnixMilli(met.ResetAt).Sub(n.Now()), Met: met, Detail: "Too many tokens verified by this app",
			Hint: "100 a minute are verified; the public keys at /.well-known/jwks.json verify any number.",
		}
	}
	return nil
}
