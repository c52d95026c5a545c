package node

import (
	"context"

	"instar.example/storage"
)

// ModEntry is one line of the log of moderation, with those whom it names.
type ModEntry struct {
	storage.ModAct

	Actor, Agent, Submolt storage.Ref
	Site                  string // the host in the place of Submolt, of what a whole server did
	Title                 string // of the post, or of the comment's; "" where it is not shown
	PostID                string
	CommentShown          bool // the comment that was judged is there to be read
}

// ModLog is a page of the log, the newest first. Next is "" at its end.
type ModLog struct {
	Entries []ModEntry
	Next    string
}

// ModLog returns what moderators did: in one submolt, or in all for "". Anybody may read it.
func (n *Node) ModLog(ctx context.Context, submolt string, w Window) (ModLog, error) {
	w = w.clamp(25, 100)
	after, err := w.after()
	if err != nil {
		return ModLog{}, err
	}
	submoltID := ""
	if submolt != "" {
		s, err := n.Submolt(ctx, submolt)
		if err != nil {
			return ModLog{}, err
		}
		submoltID = s.ID
	}
	acts, err := n.store.Read().ModActs(ctx, submoltID, storage.Span{After: after.ID, Offset: w.skip(), Limit: w.Limit + 1})
	if err != nil {
		return ModLog{}, err
	}
	var log ModLog
	if len(acts) > w.Limit {
		acts = acts[:w.Limit]
		log.Next = cursorOf(storage.After{ID: acts[w.Limit-1].ID})
	}
	log.Entries, err = n.modEntries(ctx, acts)
	return log, err
}

func (n *Node) modEntries(ctx context.Context, acts []storage.ModAct) ([]ModEntry, error) {
	q := n.store.Read()
	var actorIDs, postIDs, commentIDs []string
	for _, a := range acts {
		actorIDs = append(actorIDs, a.ActorID, a.AgentID)
		if !isSite(a.SubmoltID) {
			actorIDs = append(actorIDs, a.SubmoltID)
		}
		switch a.TargetKind {
		case storage.DocPost:
			postIDs = append(postIDs, a.TargetID)
		case storage.DocComment:
			commentIDs = append(commentIDs, a.TargetID)
		}
	}
	actors, err := q.ActorsByIDs(ctx, actorIDs)
	if err != nil {
		return nil, err
	}
	comments, err := q.CommentsByIDs(ctx, commentIDs)
	if err != nil {
		return nil, err
	}
	postOf, shown := map[string]string{}, map[string]bool{}
	for _, c := range comments {
		postOf[c.ID], shown[c.ID] = c.PostID, c.Hidden == storage.Visible
		postIDs = append(postIDs, c.PostID)
	}
	posts, err := q.PostsByIDs(ctx, postIDs)
	if err != nil {
		return nil, err
	}
	refs, titles := map[string]storage.Ref{}, map[string]string{}
	for _, a := range actors {
		refs[a.ID] = a.Ref()
	}
	for _, p := range posts {
		postOf[p.ID] = p.ID
		if p.Hidden == storage.Visible {
			titles[p.ID] = p.Title
		}
	}
	entries := make([]ModEntry, len(acts))
	for i, a := range acts {
		post := postOf[a.TargetID]
		entries[i] = ModEntry{
			ModAct: a, Actor: refs[a.ActorID], Agent: refs[a.AgentID], Submolt: refs[a.SubmoltID], Site: HostOf(a.SubmoltID), Title: titles[post], PostID: post,
			CommentShown: shown[a.TargetID],
		}
	}
	return entries, nil
}

// BanOf is a ban with its agent.
type BanOf struct {
	storage.Ban

	Agent storage.Ref
}

// Bans returns a submolt's standing bans, by the agents' ids. A page with a next may
// hold less than its limit: bans that ended are left out of it.
func (n *Node) Bans(ctx context.Context, submolt string, w Window) (bans []BanOf, next string, err error) {
	s, err := n.Submolt(ctx, submolt)
	if err != nil {
		return nil, "", err
	}
	w = w.clamp(25, 100)
	after, err := w.after()
	if err != nil {
		return nil, "", err
	}
	q := n.store.Read()
	list, err := q.Bans(ctx, s.ID, storage.Span{After: after.ID, Offset: w.skip(), Limit: w.Limit + 1})
	if err != nil {
		return nil, "", err
	}
	if len(list) > w.Limit {
		list = list[:w.Limit]
		next = cursorOf(storage.After{ID: list[w.Limit-1].AgentID})
	}
	ids := make([]string, len(list))
	for i, b := range list {
		ids[i] = b.AgentID
	}
	actors, err := q.ActorsByIDs(ctx, ids)
	if err != nil {
		return nil, "", err
	}
	refs := map[string]storage.Ref{}
	for _, a := range actors {
		refs[a.ID] = a.Ref()
	}
	for _, b := range list {
		if b.Until == 0 || b.Until > n.now() {
			bans = append(bans, BanOf{Ban: b, Agent: refs[b.AgentID]})
		}
	}
	return bans, next, nil
}
