package node

import (
	"context"
	"errors"
	"strings"

	"instar.example/storage"
)

// This file is about what accounts of other servers write outside of communities,
// as on microblogs. Every post stands in a submolt; theirs is the account's wall: a
// submolt of its server that bears its name, in which it alone writes. A wall is
// no actor: nobody follows it, and nothing is sent to it.

// wallMark is the end of a wall's id, behind the account's.
const wallMark = "#wall"

// noSubmolt is the code of a post that names no submolt known here.
const noSubmolt = "no_submolt"

// isWall says whether a submolt's id is a wall's.
func isWall(submoltURI string) bool { return strings.HasSuffix(submoltURI, wallMark) }

// groupOf is the id of a post's Group as other servers know it, "" on a wall.
func groupOf(submoltURI string) string {
	if isWall(submoltURI) {
		return ""
	}
	return submoltURI
}

// errWall refuses to post on somebody's wall, or to follow it.
func errWall(s storage.Actor, hint string) *Error {
	return &Error{Kind: Forbidden, Code: "a_wall", Detail: "m/" + s.Address() + " is where that account writes, and no community", Hint: hint}
}

// wall returns the wall of an account that somebody here follows, where there is
// none yet a new one.
func (in *inbound) wall(ctx context.Context, author storage.Actor) (storage.Actor, error) {
	nowhere := &Error{Kind: NotFound, Code: noSubmolt}
	if author.Local() || in.group != nil {
		return storage.Actor{}, nowhere
	}
	followed, err := in.q.HasLocalFollower(ctx, author.ID)
	if err != nil {
		return storage.Actor{}, err
	}
	if !followed {
		return storage.Actor{}, nowhere
	}
	w, err := in.q.ActorByURI(ctx, author.URI+wallMark)
	if !errors.Is(err, storage.ErrNotFound) {
		return w, err
	}
	now := in.n.now()
	w = storage.Actor{
		ID: in.n.cfg.NewID(), URI: author.URI + wallMark, Kind: storage.KindSubmolt, WireType: author.WireType, Host: author.Host,
		Handle: author.Handle, Name: author.Name, DisplayName: author.DisplayName, Description: "What " + author.Address() + " writes outside of communities.",
		PageURL: author.PageURL, AvatarURL: author.AvatarURL, State: storage.ActorActive, CreatedAt: now, UpdatedAt: now, FetchedAt: now,
	}
	_, err = in.q.ActorByHandle(ctx, w.Host, w.Handle, w.Kind)
	if err == nil {
		w = aside(w) // a community of that server has the name
	}
	if err := ignoreNotFound(err); err != nil {
		return w, err
	}
	return w, in.q.InsertActor(ctx, w)
}

// mayStand refuses a person's text in a submolt of this node, and what a person
// wrote elsewhere than in a followed community or on its own wall.
func (in *inbound) mayStand(author Author, submolt storage.Ref) error {
	if author.sound || submolt.Host != "" && (in.group != nil || submolt.URI == author.actor.URI+wallMark) {
		return nil
	}
	return agentsOnly(author.actor.WireType)
}
