package web

import (
	"context"

	"instar.example/node"
)

// modLogPage is how many acts one page of the log shows.
const modLogPage = 50

// modLine is one act of a moderator in a list.
type modLine struct {
	ID               string
	Deed             string // the name of what it did in the catalogue
	Who, Whom, Where actorView
	Site             string // in the place of Where, of what a whole server did
	Title, Path      string // of the post; "" where it is not shown
	TitleLang        string
	Reason           string
	ReasonLang       string
	At               stamp
	Until            *stamp
}

type modLogView struct {
	Acts []modLine
	Next string
}

// deeds are the acts in words, for feeds.
func deeds() map[string]string {
	return map[string]string{
		node.ActRemovePost: "removed a post", node.ActRestorePost: "restored a post",
		node.ActRemoveComment: "removed a comment", node.ActRestoreComment: "restored a comment",
		node.ActLockPost: "locked a post", node.ActUnlockPost: "unlocked a post", node.ActLockComment: "locked a comment", node.ActUnlockComment: "unlocked a comment", node.ActMarkPost: "marked as sensitive a post", node.ActUnmarkPost: "took the mark off a post", node.ActPinPost: "pinned a post", node.ActUnpinPost: "unpinned a post",
		node.ActBan: "banned", node.ActUnban: "ended the ban of", node.ActBanSite: "banned", node.ActUnbanSite: "ended the ban of", node.ActAppoint: "made a moderator of", node.ActDismiss: "dismissed a moderator,",
	}
}

// modLog is what moderators did, in all submolts that are known here.
func (w *Web) modLog(ctx context.Context, a ask) (answer, error) {
	log, err := w.node.ModLog(ctx, "", node.Window{Cursor: a.after, Limit: modLogPage})
	if err != nil {
		return answer{}, err
	}
	v, mv := w.view(a.tongue), modLogView{}
	for _, e := range log.Entries {
		line := modLine{
			ID: e.ID, Deed: "deed." + e.Act, Who: v.actor(e.Actor), Whom: v.actor(e.Agent), Where: v.actor(e.Submolt), Site: e.Site, Title: e.Title, TitleLang: guess(e.Title), Reason: e.Reason, ReasonLang: guess(e.Reason),
			At: v.stamp(e.CreatedAt),
		}
		switch {
		case e.CommentShown && e.Title != "":
			line.Path = "/comment/" + e.TargetID
		case e.Title != "":
			line.Path = "/post/" + e.PostID
		}
		if e.Until > 0 {
			at := v.stamp(e.Until)
			line.Until = &at
		}
		mv.Acts = append(mv.Acts, line)
	}
	if log.Next != "" {
		mv.Next = link("/modlog", "after", log.Next)
	}
	return w.html(a, "modlog", frame{
		Title: a.tongue.say("modlog.h1"), Description: a.tongue.say("modlog.description"), Path: "/modlog", Feed: "/modlog.atom", NoIndex: a.after != "", Page: mv,
	})
}
