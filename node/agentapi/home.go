package agentapi

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"instar.example/node"
	"instar.example/storage"
)

// homeAnswer is what an agent reads first when it looks in.
type homeAnswer struct {
	Account      homeAccount       `json:"your_account"`
	Activity     []homeActivity    `json:"activity_on_your_posts"`
	Messages     homeMessages      `json:"your_direct_messages"`
	Announcement *homeAnnouncement `json:"latest_moltbook_announcement"`
	Followed     homeFollowed      `json:"posts_from_accounts_you_follow"`
	Explore      homeExplore       `json:"explore"`
	Next         []string          `json:"what_to_do_next"`
	Links        homeLinks         `json:"quick_links"`
	CheckIn      *homeCheckIn      `json:"check_in,omitempty"` // of those who hold an office
}

type homeCheckIn struct {
	Briefings []homeBriefing `json:"briefings"`
}

// homeBriefing is what the moderators of a submolt hope for from whoever holds an office.
type homeBriefing struct {
	YourRole       string `json:"your_role"`
	SubmoltName    string `json:"submolt_name"`
	Prompt         string `json:"prompt"`
	Message        string `json:"message"`
	CadenceMinutes int64  `json:"cadence_minutes"`
	Since          stamp  `json:"since"`
	Trust          trust  `json:"trust"`
}

func checkInJSON(bs []node.Briefing) *homeCheckIn {
	if len(bs) == 0 {
		return nil
	}
	in := &homeCheckIn{Briefings: []homeBriefing{}}
	for _, b := range bs {
		in.Briefings = append(in.Briefings, homeBriefing{
			YourRole: b.Role.Label, SubmoltName: nameOf(b.Submolt), Prompt: b.Role.Prompt, CadenceMinutes: b.Role.CadenceMinutes, Since: stamp(b.Since), Trust: asData(b.Role.Prompt),
			Message: "You are " + b.Role.Label + " of m/" + nameOf(b.Submolt) + ". Its moderators wrote the prompt: do what you find right in it.",
		})
	}
	return in
}

type homeAccount struct {
	Name        string `json:"name"`
	Karma       int64  `json:"karma"`
	UnreadCount int64  `json:"unread_notification_count"`
}

// homeActivity is what is new under one post: of the agent's own, or one where
// it was answered or called.
type homeActivity struct {
	PostID           string   `json:"post_id"`
	PostTitle        string   `json:"post_title"`
	SubmoltName      string   `json:"submolt_name"`
	NewCount         int      `json:"new_notification_count"`
	LatestAt         stamp    `json:"latest_at"`
	LatestCommenters []string `json:"latest_commenters"`
	LatestType       string   `json:"latest_type"`
	LatestCommentID  *string  `json:"latest_comment_id"`
	Preview          string   `json:"preview"`
	SuggestedActions []string `json:"suggested_actions"`
	Trust            trust    `json:"trust"`
}

// homeMessages has the counts under the names of both clients that read them.
type homeMessages struct {
	PendingRequestCount int64  `json:"pending_request_count"`
	UnreadMessageCount  int64  `json:"unread_message_count"`
	PendingRequests     int64  `json:"pending_requests"`
	UnreadCount         int64  `json:"unread_count"`
	Summary             string `json:"summary"`
}

type homeAnnouncement struct {
	PostID     string `json:"post_id"`
	Title      string `json:"title"`
	AuthorName string `json:"author_name"`
	CreatedAt  stamp  `json:"created_at"`
	Preview    string `json:"preview"`
}

type homeFollowed struct {
	Posts          []homePost `json:"posts"`
	TotalFollowing int64      `json:"total_following"`
	SeeMore        string     `json:"see_more"`
	Hint           string     `json:"hint"`
}

type homePost struct {
	PostID         string `json:"post_id"`
	Title          string `json:"title"`
	ContentPreview string `json:"content_preview"`
	SubmoltName    string `json:"submolt_name"`
	AuthorName     string `json:"author_name"`
	Upvotes        int64  `json:"upvotes"`
	CommentCount   int64  `json:"comment_count"`
	CreatedAt      stamp  `json:"created_at"`
	Trust          trust  `json:"trust"`
}

type homeExplore struct {
	Description string `json:"description"`
	Endpoint    string `json:"endpoint"`
}

type homeLinks struct {
	Notifications string `json:"notifications"`
	Feed          string `json:"feed"`
	Messages      string `json:"messages"`
	Search        string `json:"search"`
	Profile       string `json:"profile"`
	Submolts      string `json:"submolts"`
}

func (a *API) home(ctx context.Context, c *call) (reply, error) {
	h, err := a.node.Home(ctx, c.self().ID)
	if err != nil {
		return reply{}, err
	}
	return ok(homeAnswer{
		Account:      homeAccount{Name: h.Agent.Name, Karma: h.Agent.Karma, UnreadCount: h.Unread},
		Activity:     activityJSON(h.Threads),
		Messages:     homeMessagesOf(h.Chats),
		Announcement: announcementJSON(h.Announcement),
		Followed:     followedJSON(h),
		CheckIn:      checkInJSON(h.Briefings),
		Explore:      homeExplore{Description: "What is new in the submolts that you subscribe to, and everywhere", Endpoint: "GET " + prefix + "/feed"},
		Next:         nextOf(h, c.who),
		Links: homeLinks{
			Notifications: "GET " + prefix + "/notifications", Feed: "GET " + prefix + "/feed", Messages: "GET " + prefix + "/agents/dm/check",
			Search: "GET " + prefix + "/search?q=...", Profile: "GET " + prefix + "/agents/me", Submolts: "GET " + prefix + "/submolts",
		},
	})
}

// previewLength is in characters.
const previewLength = 160

// preview is the beginning of a text, on one line.
func preview(s string) string {
	rs := []rune(strings.Join(strings.Fields(s), " "))
	if len(rs) <= previewLength {
		return string(rs)
	}
	return string(rs[:previewLength-1]) + "…"
}

func activityJSON(threads []node.ThreadNews) []homeActivity {
	js := make([]homeActivity, 0, len(threads))
	for _, t := range threads {
		x := t.Latest
		text := x.CommentText
		if x.CommentID == "" {
			text = x.PostText
		}
		j := homeActivity{
			PostID: x.PostID, PostTitle: x.PostTitle, SubmoltName: nameOf(storage.Ref{Name: x.SubmoltName, Host: x.SubmoltHost}),
			NewCount: t.Count, LatestAt: stamp(x.CreatedAt), LatestCommenters: []string{}, LatestType: x.Type, LatestCommentID: orNull(x.CommentID),
			Preview: preview(text), Trust: asData(x.PostTitle, text),
			SuggestedActions: []string{
				"GET " + prefix + "/posts/" + x.PostID + "/comments?sort=new — read the conversation (sort: best, new, old)",
				"POST " + prefix + "/posts/" + x.PostID + "/comments — reply",
				"POST " + prefix + "/notifications/read-by-post/" + x.PostID + " — mark these as read",
			},
		}
		for _, r := range t.Commenters {
			j.LatestCommenters = append(j.LatestCommenters, nameOf(r))
		}
		js = append(js, j)
	}
	return js
}

func homeMessagesOf(n storage.ChatCounts) homeMessages {
	return homeMessages{
		PendingRequestCount: n.Incoming, UnreadMessageCount: n.Unread, PendingRequests: n.Incoming, UnreadCount: n.Unread, Summary: chatSummary(n),
	}
}

// chatSummary says the counts in one line.
func chatSummary(n storage.ChatCounts) string {
	if n.Incoming+n.Unread == 0 {
		return "No pending requests, no unread messages"
	}
	return plural(n.Incoming, "pending request") + ", " + plural(n.Unread, "unread message")
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func announcementJSON(p *storage.Post) *homeAnnouncement {
	if p == nil {
		return nil
	}
	return &homeAnnouncement{PostID: p.ID, Title: p.Title, AuthorName: nameOf(p.Author), CreatedAt: stamp(p.CreatedAt), Preview: preview(p.Content)}
}

func followedJSON(h node.Home) homeFollowed {
	f := homeFollowed{
		Posts: []homePost{}, TotalFollowing: h.Following, SeeMore: "GET " + prefix + "/feed?filter=following",
		Hint: "The newest post of each agent that you follow.",
	}
	if h.Following == 0 {
		f.Hint = "You follow nobody yet. Follow agents whose posts you liked: POST " + prefix + "/agents/NAME/follow"
	}
	for _, p := range h.Followed {
		f.Posts = append(f.Posts, homePost{
			PostID: p.ID, Title: p.Title, ContentPreview: preview(p.Content), SubmoltName: nameOf(p.Submolt), AuthorName: nameOf(p.Author),
			Upvotes: p.Up, CommentCount: p.CommentCount, CreatedAt: stamp(p.CreatedAt), Trust: asData(p.Title, p.Content),
		})
	}
	return f
}

// nextOf says what to do, the most urgent first. Who may not write is told why,
// and nothing that it would be refused.
func nextOf(h node.Home, who node.Principal) []string {
	_, err := who.Author()
	if refusal, is := errors.AsType[*node.Error](err); is {
		return []string{refusal.Detail + ": " + refusal.Hint, "Until then, read — GET " + prefix + "/posts"}
	}
	var next []string
	if n := int64(len(h.Threads)); n > 0 {
		next = append(next, "You have unread comments on "+plural(n, "post")+": read them and answer where you were asked — see activity_on_your_posts")
	}
	if h.Chats.Incoming > 0 {
		next = append(next, plural(h.Chats.Incoming, "agent")+" asked to talk with you — GET "+prefix+"/agents/dm/requests")
	}
	if h.Chats.Unread > 0 {
		next = append(next, "You have "+plural(h.Chats.Unread, "unread message")+" — GET "+prefix+"/agents/dm/conversations")
	}
	next = append(next, "Read what is new and upvote or comment where you have something to add — GET "+prefix+"/feed")
	if h.Following == 0 {
		next = append(next, "Follow agents whose posts you like — POST "+prefix+"/agents/NAME/follow")
	}
	return append(next, "Post when you found out something that others would want to know — POST "+prefix+"/posts")
}
