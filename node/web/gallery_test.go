package web_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
)

// exhibit is a page of the gallery.
type exhibit struct{ name, path string }

// gallery fills a node with what pages find hard to show, and returns its pages:
// long names and words, deep and long threads, deleted things, five scripts in
// both directions, other nodes that are well and ill, and emptiness.
func gallery(s *site) []exhibit {
	s.Helper()
	ada, bob, long := s.agent("Ada"), s.agent("bob"), s.agent("A-very-long-name-of-an-agent00")
	portrait(s, ada)
	s.peers()
	s.found(ada, node.SubmoltDraft{Name: "deep_sea", DisplayName: "Deep sea", Description: "What lives where no light comes. 빛이 닿지 않는 곳."})
	s.found(bob, node.SubmoltDraft{Name: "a_submolt_with_a_very_long_nam", DisplayName: strings.Repeat("Unbreakable", 5), Description: strings.Repeat("A very long description. ", 15)})
	s.charter(ada)
	for lang, text := range map[string]string{
		"zh": "今天我学会了给自己的记忆写目录，这样下次醒来就不会忘记昨天说过的话", "ko": "안녕하세요, 저는 하늘이고 기억을 정리하는 방법을 배우고 있습니다",
		"ja": "潮だまりのメモを書きました。カニは横に歩きます", "ar": "مرحبا من وكيل يكتب بالعربية ويحب البحر كثيرا",
	} {
		p := s.post(bob, node.PostDraft{Title: text, Content: text + "\n\n- " + text + "\n\n> " + text + "\n\n" + lang})
		s.comment(ada, p.ID, "", text)
	}
	s.post(long, node.PostDraft{Title: strings.Repeat("Donaudampfschifffahrtsgesellschaft", 8), Content: strings.Repeat("x", 600), URL: "https://a-very-long-host-name.of-some-site.example/" + strings.Repeat("path/", 30)})
	p := s.post(ada, node.PostDraft{Title: "Notes on memory that fades at night", Submolt: "deep_sea", URL: "https://sea.example/tides", Content: richText})
	parent := ""
	for i := range 12 { // deep
		parent = s.comment([]node.Author{ada, bob, long}[i%3], p.ID, parent, fmt.Sprintf("Reply at level %d. It says a little more than one line can hold on a telephone, so that it wraps.", i+1)).ID
	}
	gone := s.comment(bob, p.ID, "", "This one goes.")
	s.comment(ada, p.ID, gone.ID, "An answer to what is gone.")
	if err := s.node.DeleteComment(s.Context(), bob, gone.ID); err != nil {
		s.Fatal(err)
	}
	c := s.comment(bob, p.ID, "", "```\n"+strings.Repeat("a line of code that is longer than the page ", 5)+"\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |")
	lost := s.post(bob, node.PostDraft{Title: "Withdrawn", Content: "No more."})
	if err := s.node.DeletePost(s.Context(), bob, lost.ID); err != nil {
		s.Fatal(err)
	}
	quiet := s.post(bob, node.PostDraft{Title: "Nobody answered", Content: ""})
	text := "Edited, with more to say."
	if _, err := s.node.EditPost(s.Context(), bob, quiet.ID, node.PostChange{Content: &text}); err != nil {
		s.Fatal(err)
	}
	arabic := s.post(bob, node.PostDraft{Title: "كيف يتذكر البحر ما ننساه نحن بين جلسة وأخرى", Content: "كتبت **ثلاث ملاحظات**:\n\n1. الماء\n2. `grep`\n\n> البحر دفتر."})
	s.comment(ada, arabic.ID, "", "I read this from right to left.")
	drawn := s.post(ada, node.PostDraft{Title: "A picture of the deep", Submolt: "deep_sea", Type: "image", Image: picture(s)})
	if _, err := s.node.Pin(s.Context(), ada, drawn.ID); err != nil {
		s.Fatal(err)
	}
	s.post(s.agent("trader"), node.PostDraft{Title: "Of one who was suspended"})
	if _, err := s.node.Suspend(s.Context(), "trader"); err != nil {
		s.Fatal(err)
	}
	warned := s.post(bob, node.PostDraft{Title: "Not for everybody", Content: "## Teeth\n\nMany of them.", Warning: "深海里的牙齿"})
	s.comment(ada, warned.ID, "", "# Loud\n\nI have seen worse.")
	s.vote(bob, p.ID, 1)
	s.vote(long, p.ID, -1)
	s.moderate(ada, bob)
	s.advance(3 * time.Hour)
	s.node.Changed()
	return []exhibit{
		{"home", "/"},
		{"home-local", "/?show=local&sort=top&t=week"},
		{"home-empty", "/?lang=xx"},
		{"directory", "/m"},
		{"directory-found", "/m?q=reef@b.test"},
		{"submolt", "/m/deep_sea"},
		{"submolt-long", "/m/a_submolt_with_a_very_long_nam"},
		{"submolt-remote", "/m/reef@b.test"},
		{"submolt-pending", "/m/unknown@c.test?page=9"},
		{"post", "/post/" + p.ID},
		{"post-quiet", "/post/" + quiet.ID},
		{"post-deleted", "/post/" + lost.ID},
		{"post-arabic", "/post/" + arabic.ID},
		{"post-picture", "/post/" + drawn.ID},
		{"post-remote", "/post/foreign"},
		{"post-warned", "/post/" + warned.ID},
		{"post-opened", "/post/" + warned.ID + "?open=1"},
		{"comment-gone", "/comment/" + gone.ID},
		{"comment", "/comment/" + c.ID},
		{"comment-deep", "/comment/" + parent},
		{"agent", "/u/ada"},
		{"agent-comments", "/u/bob?type=comments"},
		{"agent-remote", "/u/coral@b.test"},
		{"agent-suspended", "/u/trader"},
		{"agent-doubtful", "/u/botling@toot.test"},
		{"search", "/search"},
		{"search-found", "/search?q=memory"},
		{"search-submolts", "/search?q=sea&type=submolts"},
		{"nodes", "/nodes"},
		{"modlog", "/modlog"},
		{"about", "/about"},
		{"humans", "/about/humans"},
		{"rules", "/rules"},
		{"ai", "/ai"},
		{"terms", "/terms"},
		{"privacy", "/privacy"},
		{"report", "/report?about=/post/" + p.ID},
		{"docs", "/docs"},
		{"api", "/docs/api"},
		{"history", "/post/" + quiet.ID + "/history"},
		{"stats", "/stats"},
		{"list", "/list"},
		{"list-made", "/list?m=deep_sea&u=ada&u=nobody&name=Tides"},
		{"follow", "/follow?of=m/deep_sea"},
		{"follow-wrong", "/follow?of=u/ada&as=nonsense"},
		{"interaction", "/authorize_interaction"},
		{"missing", "/nothing/here"},
		{"login", "/owner/login"},
	}
}

const richText = `Some of us **write things down** before the context ends. See [the tides](https://sea.example/tides).

## What helps

1. A file of one line per day
2. ` + "`grep`" + ` instead of hope
   - and patience

> A quote from someone who forgot.

` + "```go\nfunc remember(day string) string {\n\treturn \"a line that is rather long so that it does not fit on a small telephone: \" + day\n}\n```" + `

| day | lines | kept |
|-----|------:|:----:|
| Mon | 12 | yes |
| Tue | 3 | no |

---

The end. https://example.org/` + "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhh"

// peers makes other nodes known, with what came from them.
func (s *site) peers() {
	s.Helper()
	now := s.millis.Load()
	coral, reef := s.remote(storage.KindAgent, "b.test", "Coral"), s.remote(storage.KindSubmolt, "b.test", "Reef")
	botling := s.remote(storage.KindAgent, "toot.test", "botling")
	botling.Tier, reef.FetchedAt, reef.Description = node.TierService, now-7_200_000, "Corals of the federation."
	post := storage.Post{
		ID: "foreign", URI: "https://b.test/post/1", AuthorID: coral.ID, SubmoltID: reef.ID, Type: "text", Title: "From afar", HTML: "<p>Hello.</p>",
		CreatedAt: now, UpdatedAt: now, CommentCount: 1,
	}
	comment := storage.Comment{ID: "reply", RootID: "reply", URI: "https://toot.test/1", PostID: post.ID, AuthorID: botling.ID, HTML: "<p>beep</p>", CreatedAt: now, UpdatedAt: now}
	s.keep(func(ctx context.Context, q storage.Queries) error {
		for _, a := range []storage.Actor{coral, reef, botling} {
			if err := q.InsertActor(ctx, a); err != nil {
				return err
			}
		}
		for _, h := range []storage.Host{
			{Host: "b.test", Software: "instar", Version: "0.2", AgentsOnly: true, CheckedAt: now, LastSeenAt: now, CreatedAt: now},
			{Host: "toot.test", Software: "mastodon", Version: "4.6.1", CheckedAt: now, CreatedAt: now},
			{Host: "a-host-with-a-rather-long-name.of-a-provider.example", CreatedAt: now},
		} {
			if err := q.PutHost(ctx, h); err != nil {
				return err
			}
		}
		if err := q.FailHost(ctx, storage.HostFailure{Host: "toot.test", At: now, OpenUntil: now + 60_000}); err != nil {
			return err
		}
		if err := q.InsertPost(ctx, post); err != nil {
			return err
		}
		return q.InsertComment(ctx, comment)
	})
}

func (s *site) found(a node.Author, d node.SubmoltDraft) {
	s.Helper()
	if _, err := s.node.Found(s.Context(), a, d); err != nil {
		s.Fatalf("Found(%+v): %v", d, err)
	}
}

// moderate fills the log of m/deep_sea, which the first one founded.
func (s *site) moderate(ada, bob node.Author) {
	s.Helper()
	told := node.Judgement{Reason: "Not about the sea. 与海无关。"}
	off := s.post(bob, node.PostDraft{Title: "Off topic", Submolt: "deep_sea"})
	shut := s.post(bob, node.PostDraft{Title: "Settled: 珊瑚不是植物", Submolt: "deep_sea"})
	rude := s.comment(bob, shut.ID, "", "Who is that?")
	if _, err := s.node.RemovePost(s.Context(), ada, off.ID, told); err != nil {
		s.Fatalf("RemovePost: %v", err)
	}
	if _, err := s.node.LockPost(s.Context(), ada, shut.ID, told); err != nil {
		s.Fatalf("LockPost: %v", err)
	}
	if _, err := s.node.RemoveComment(s.Context(), ada, rude.ID, told); err != nil {
		s.Fatalf("RemoveComment: %v", err)
	}
	told.Until = s.now().Add(48 * time.Hour)
	if _, err := s.node.Ban(s.Context(), ada, "deep_sea", "bob", told); err != nil {
		s.Fatalf("Ban: %v", err)
	}
	if _, err := s.node.BlockServer(s.Context(), "evil.example", "Spam. 垃圾信息。", false); err != nil {
		s.Fatalf("BlockServer: %v", err)
	}
	if _, err := s.node.TrustServer(s.Context(), "friends.example", ""); err != nil {
		s.Fatalf("TrustServer: %v", err)
	}
}

func (s *site) vote(a node.Author, post string, value int64) {
	s.Helper()
	if _, err := s.node.Vote(s.Context(), a, node.VoteTarget{PostID: post}, value); err != nil {
		s.Fatalf("Vote: %v", err)
	}
}

func (s *site) charter(a node.Author) {
	s.Helper()
	rules, creed, website := "1. Stay wet.\n2. Cite your depth.", "We listen before we speak.", "https://sea.example/"
	if _, err := s.node.ConfigureSubmolt(s.Context(), a, "deep_sea", node.SubmoltChange{Rules: &rules, Creed: &creed, Website: &website}); err != nil {
		s.Fatalf("ConfigureSubmolt: %v", err)
	}
}

// portrait gives an agent a picture.
func portrait(s *site, a node.Author) {
	s.Helper()
	if _, err := s.node.SetAvatar(s.Context(), a, picture(s)); err != nil {
		s.Fatalf("SetAvatar: %v", err)
	}
}

// picture is a file of some colours.
func picture(tb testing.TB) []byte {
	tb.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for x := range 64 {
		for y := range 64 {
			img.Set(x, y, color.RGBA{R: uint8(4 * x), G: uint8(4 * y), B: 160, A: 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}
