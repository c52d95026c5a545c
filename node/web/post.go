package web

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

func threadSorts() []string {
	return []string{storage.SortBest, storage.SortNew, storage.SortOld}
}

type threadView struct {
	Post    postView
	Orders  []choice
	Replies []replyView
	Next    string // the address of the next comments, or ""
	First   string // the address of the first ones when these are not
	Cut     bool   // deep replies are missing
	Feed    string
	Author  *standing   // nil where it was deleted
	Submolt submoltLine // without a name where it was deleted
}

// post shows a post with what was said about it.
func (w *Web) post(ctx context.Context, a ask) (answer, error) {
	a = ask{path: a.path, name: a.name, sort: one(a.sort, threadSorts()), after: a.after, page: 1, open: a.open, tongue: a.tongue}
	t, err := w.node.Thread(ctx, node.ThreadQuery{
		Window: node.Window{Cursor: a.after, Limit: shownRoots}, PostID: a.name, Sort: a.sort,
	})
	if err != nil {
		return answer{}, err
	}
	v, path := w.view(a.tongue), "/post/"+t.Post.ID
	v.level = 3 // below the one over all comments
	ids := changed(t.Replies)
	if t.Post.UpdatedAt > t.Post.CreatedAt {
		ids = append(ids, t.Post.ID)
	}
	if v.edited, err = w.edited(ctx, ids); err != nil {
		return answer{}, err
	}
	tv := threadView{Post: v.post(t.Post), Orders: orders(path, a, threadSorts()), Cut: t.Cut, Feed: path + ".atom"}
	tv.Replies = v.replies(t.Replies, "", 1, threadRoom(t.Post.HTML, 1))
	opened := tv.Post.Warned != "" && a.open != ""
	if tv.Post.Warned != "" && !opened {
		tv.Post.Open, tv.Post.Link, tv.Post.Picture = a.opening(path), nil, ""
	} else {
		tv.Post.Body, tv.Post.Hashtags = sanitised(t.Post.HTML, 2), tagLinks(t.Post.Title, t.Post.Content)
	}
	if t.Next != "" {
		tv.Next = a.link(path, func(a *ask) { a.after = t.Next })
	}
	tv.First = a.first(path)
	if err := w.around(ctx, v, t.Post, &tv); err != nil {
		return answer{}, err
	}
	return w.html(a, "post", frame{
		Title: tv.Post.Title, Description: v.beginning(t.Post.Sensitive, t.Post.Warning, t.Post.HTML), Path: path, Object: t.Post.URI, Feed: tv.Feed, Next: tv.Next,
		NoIndex: a.after != "" || t.Post.Author.Host != "" || opened, Page: tv,
	})
}

// around adds who wrote a post, and where.
func (w *Web) around(ctx context.Context, v view, p storage.Post, tv *threadView) error {
	if p.Author.DeletedAt == 0 {
		author, err := w.node.ActorByID(ctx, p.AuthorID)
		if err != nil {
			return err
		}
		st, err := w.standing(ctx, author)
		if err != nil {
			return err
		}
		tv.Author = &st
	}
	if p.Submolt.DeletedAt > 0 {
		return nil
	}
	s, err := w.node.ActorByID(ctx, p.SubmoltID)
	tv.Submolt = v.submoltLine(s)
	return err
}
