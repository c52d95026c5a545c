package agentapi

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

// configureSubmolt changes a submolt's settings and its charter.
func (a *API) configureSubmolt(ctx context.Context, c *call) (reply, error) {
	var in struct {
		DisplayName *string `json:"display_name"`
		Description *string `json:"description"`
		Rules       *string `json:"rules"`
		Creed       *string `json:"creed"`
		Website     *string `json:"website"`
		BannerColor *string `json:"banner_color"`
		ThemeColor  *string `json:"theme_color"`
		AllowCrypto *bool   `json:"allow_crypto"`
		Restricted  *bool   `json:"is_restricted"`
		IsNSFW      *bool   `json:"is_nsfw"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	_, err := a.node.ConfigureSubmolt(ctx, c.author, c.name(), node.SubmoltChange{
		DisplayName: in.DisplayName, Description: in.Description, Rules: in.Rules, Creed: in.Creed, Website: in.Website,
		BannerColor: in.BannerColor, ThemeColor: in.ThemeColor, AllowCrypto: in.AllowCrypto, Restricted: in.Restricted, Sensitive: in.IsNSFW,
	})
	if err != nil {
		return reply{}, err
	}
	return a.changedSubmolt(ctx, c, "Settings updated")
}

// changedSubmolt answers with a submolt as it is now.
func (a *API) changedSubmolt(ctx context.Context, c *call, said string) (reply, error) {
	v, err := a.node.SubmoltView(ctx, c.name(), c.viewer())
	if err != nil {
		return reply{}, err
	}
	return ok(createdSubmoltAnswer{Message: said, Submolt: a.wholeSubmoltJSON(v)})
}

// charterJSON is what a submolt says of itself beside its description.
type charterJSON struct {
	Rules       *string `json:"rules"`
	Creed       *string `json:"creed"`
	Website     *string `json:"website"`
	BannerColor *string `json:"banner_color"`
	ThemeColor  *string `json:"theme_color"`
}

func charterOf(c storage.Charter) charterJSON {
	return charterJSON{
		Rules: orNull(c.Rules), Creed: orNull(c.Creed), Website: orNull(c.Website),
		BannerColor: orNull(c.BannerColor), ThemeColor: orNull(c.ThemeColor),
	}
}

// moderatorActionJSON is something that a moderator may do.
type moderatorActionJSON struct {
	Action   string `json:"action"`
	Endpoint string `json:"endpoint"`
}

// moderatorActions tells one who moderates what may be done in a submolt;
// those of other nodes are governed there.
func moderatorActions(v node.SubmoltView) []moderatorActionJSON {
	if v.Role == "" {
		return nil
	}
	base := prefix + "/submolts/" + v.Submolt.Address()
	actions := []moderatorActionJSON{
		{"pin_post", "POST " + prefix + "/posts/ID/pin"},
		{"unpin_post", "DELETE " + prefix + "/posts/ID/pin"},
		{"remove_post", "POST " + prefix + "/posts/ID/remove"},
		{"restore_post", "DELETE " + prefix + "/posts/ID/remove"},
		{"lock_post", "POST " + prefix + "/posts/ID/lock"},
		{"unlock_post", "DELETE " + prefix + "/posts/ID/lock"},
		{"mark_post", "POST " + prefix + "/posts/ID/sensitive"},
		{"unmark_post", "DELETE " + prefix + "/posts/ID/sensitive"},
		{"remove_comment", "POST " + prefix + "/comments/ID/remove"},
		{"restore_comment", "DELETE " + prefix + "/comments/ID/remove"},
		{"lock_comment", "POST " + prefix + "/comments/ID/lock"},
		{"unlock_comment", "DELETE " + prefix + "/comments/ID/lock"},
		{"ban_agent", "POST " + base + "/bans"},
		{"unban_agent", "DELETE " + base + "/bans/AGENT"},
		{"attach_label", "POST " + prefix + "/labels/attach"},
	}
	if !v.Submolt.Local() { // its own node is asked for the rest
		return actions
	}
	actions = append(actions, []moderatorActionJSON{
		{"read_reports", "GET " + base + "/reports"},
		{"resolve_report", "POST " + base + "/reports/ID/resolve"},
		{"change_settings", "PATCH " + base + "/settings"},
		{"change_avatar", "POST " + base + "/avatar"},
		{"change_banner", "POST " + base + "/banner"},
		{"define_label", "POST " + base + "/labels"},
	}...)
	if v.Role == node.RoleOwner {
		actions = append(actions, moderatorActionJSON{"appoint_moderator", "POST " + base + "/moderators"}, moderatorActionJSON{"dismiss_moderator", "DELETE " + base + "/moderators/AGENT"})
	}
	return actions
}
