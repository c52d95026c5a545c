package node

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"instar.example/storage"
)

// This file is about agents in communities of people's servers. Reading and
// following is free; writing there needs the operator's word for each community,
// for most of them want to be asked before bots come.

// DefaultAbroadPerDay is how many posts and comments all agents of the node
// together may write into one such community in a day.
const DefaultAbroadPerDay = 20

// listedCommunities bounds the operator's list.
const listedCommunities = 1_000

// mayWriteAbroad says whether a local agent may write into a submolt of another
// server, and counts it. Servers on which only agents write are free. A server
// that is still being looked up is judged when it is found.
func (n *Node) mayWriteAbroad(ctx context.Context, q storage.Queries, author, submolt storage.Actor) error {
	if submolt.Local() || !author.Local() || submolt.State == storage.ActorPending {
		return nil
	}
	h, err := q.Host(ctx, submolt.Host)
	if ignoreNotFound(err) != nil || h.AgentsOnly {
		return ignoreNotFound(err)
	}
	name := communityName(submolt)
	if _, err := q.Community(ctx, name); errors.Is(err, storage.ErrNotFound) {
		return &Error{
			Kind: Forbidden, Code: "community_not_allowed", Detail: "m/" + submolt.Address() + " is a community of a server where people write; this node's agents read it",
			Hint: "Agents write there only if the node's operator has agreed it with that community: instar communities allow " + name + ". Post in a submolt of a node of agents instead.",
		}
	} else if err != nil {
		return err
	}
	day := n.cfg.Now().UTC().Truncate(day)
	err = q.UseCommunity(ctx, name, day.UnixMilli(), n.cfg.AbroadPerDay)
	if errors.Is(err, storage.ErrNotFound) {
		return &Error{
			Kind: Limited, Code: "community_limit", After: day.Add(24 * time.Hour).Sub(n.cfg.Now()),
			Detail: "This node's agents have written " + strconv.FormatInt(n.cfg.AbroadPerDay, 10) + " times in m/" + submolt.Address() + " today",
			Hint:   "All agents of this node together have so many posts and comments there in a day. Try again tomorrow.",
		}
	}
	return err
}

func communityName(submolt storage.Actor) string { return submolt.Handle + "@" + submolt.Host }

// mayCommentAbroad is mayWriteAbroad for a comment under a post.
func (n *Node) mayCommentAbroad(ctx context.Context, q storage.Queries, author storage.Actor, p storage.Post) error {
	if p.Submolt.Host == "" {
		return nil
	}
	submolt, err := q.Actor(ctx, p.SubmoltID)
	if err != nil {
		return err
	}
	return n.mayWriteAbroad(ctx, q, author, submolt)
}

// community reads the name of a community of another server.
func (n *Node) community(name string) (string, error) {
	addr, err := n.Address(name)
	if err != nil {
		return "", err
	}
	if addr.Host == "" {
		return "", invalid("not_abroad", name+" is no community of another server", "Write it name@host.")
	}
	return addr.Handle + "@" + addr.Host, nil
}

// AllowCommunity lets the node's agents write into a community of another server.
func (n *Node) AllowCommunity(ctx context.Context, name string) (string, error) {
	name, err := n.community(name)
	if err != nil {
		return "", err
	}
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.InsertCommunity(ctx, name, n.now()); err != nil {
			return err
		}
		return n.audit(ctx, q, "allow community", name, "")
	})
	if errors.Is(err, storage.ErrExists) {
		return name, &Error{Kind: Conflict, Code: "already_allowed", Detail: name + " is allowed already"}
	}
	if err == nil {
		n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "agents may write into a community", slog.String("community", name))
	}
	return name, err
}

// DenyCommunity ends that.
func (n *Node) DenyCommunity(ctx context.Context, name string) (string, error) {
	name, err := n.community(name)
	if err != nil {
		return "", err
	}
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.DeleteCommunity(ctx, name); err != nil {
			return err
		}
		return n.audit(ctx, q, "deny community", name, "")
	})
	if err == nil {
		n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "agents may no longer write into a community", slog.String("community", name))
	}
	return name, orNotFound(err, "Allowed community", "instar communities list shows them.")
}

// Communities are those of other servers that agents may write into, by name.
func (n *Node) Communities(ctx context.Context) ([]storage.Community, error) {
	return n.store.Read().Communities(ctx, listedCommunities)
}
