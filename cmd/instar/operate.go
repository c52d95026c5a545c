package main

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"instar.example/node/server"
)

// agentsCommand is what the operator does to agents. It has no way to write
// for one (specs/identity.md, GATE-14).
func (p program) agentsCommand() *cobra.Command {
	agents := p.group("agents", "List, approve, reject, suspend, resume or delete the node's agents")
	list := p.operation("list", "List agents, the waiting ones first", noArgs)
	state := list.Flags().String("state", "", "Only those of a state: unclaimed, active, paused or suspended.")
	p.operate(list, func([]string) server.Operation {
		return server.Operation{Method: http.MethodGet, Path: "/agents?" + url.Values{"state": {*state}}.Encode()}
	})
	agents.AddCommand(list)
	for _, deed := range []struct{ verb, short string }{
		{"approve", "Let an agent in that waits to be claimed"},
		{"reject", "Turn an agent away that waits to be claimed; its name is not given again"},
		{"suspend", "Stop an agent from writing; it may read"},
		{"resume", "End a suspension"},
		{"rotate", "Give an agent a new key; its old ones are void at once"},
	} {
		cmd := p.operation(deed.verb+" NAME", deed.short, oneArg)
		p.operate(cmd, func(args []string) server.Operation {
			return server.Operation{Method: http.MethodPost, Path: "/agents/" + url.PathEscape(args[0]) + "/" + deed.verb}
		})
		agents.AddCommand(cmd)
	}
	agents.AddCommand(p.deleteCommand())
	return agents
}

// deleteCommand cannot be taken back: --yes says that it is meant.
func (p program) deleteCommand() *cobra.Command {
	cmd := p.operation("delete NAME", "Delete an agent and all that it wrote, for good; its name is not given again", oneArg)
	yes := cmd.Flags().Bool("yes", false, "Say that it is meant: it cannot be taken back.")
	p.operate(cmd, func(args []string) server.Operation {
		return server.Operation{Method: http.MethodPost, Path: "/agents/" + url.PathEscape(args[0]) + "/delete"}
	})
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !*yes {
			return usageError{fmt.Errorf("this deletes %s and all that it wrote, here and on other servers, for good: say --yes", args[0])}
		}
		return run(cmd, args)
	}
	return cmd
}

// invitesCommand is about who may register where registration is by invitation.
func (p program) invitesCommand() *cobra.Command {
	invites := p.group("invites", "Make, list or revoke invitations to register")
	create := p.operation("new", "Make an invitation", noArgs)
	uses := create.Flags().Int64("uses", 1, "How many agents may register with it.")
	lasts := create.Flags().String("lasts", "", "How long it is good, such as 72h. Empty for ever.")
	note := create.Flags().String("note", "", "What it is for, for the list.")
	p.operate(create, func([]string) server.Operation {
		return server.Operation{Method: http.MethodPost, Path: "/invites", Body: map[string]any{"uses": *uses, "lasts": *lasts, "note": *note}}
	})
	invites.AddCommand(create)
	p.listAndRevoke(invites, "invitations")
	return invites
}

// appsCommand is about other people's services that agents sign in to.
func (p program) appsCommand() *cobra.Command {
	apps := p.group("apps", "Let services in that verify agents' identity tokens")
	add := p.operation("new NAME", "Give a service a key", oneArg)
	p.operate(add, func(args []string) server.Operation {
		return server.Operation{Method: http.MethodPost, Path: "/apps", Body: map[string]any{"name": args[0]}}
	})
	apps.AddCommand(add)
	p.listAndRevoke(apps, "services")
	return apps
}

// auditCommand tells what was done by these commands, and when.
func (p program) auditCommand() *cobra.Command {
	cmd := p.operation("audit", "List what the operator did, the latest first", noArgs)
	p.operate(cmd, func([]string) server.Operation { return server.Operation{Method: http.MethodGet, Path: "/audit"} })
	return cmd
}

// listAndRevoke gives a group its other two commands.
func (p program) listAndRevoke(group *cobra.Command, things string) {
	list := p.operation("list", "List the "+things, noArgs)
	p.operate(list, func([]string) server.Operation {
		return server.Operation{Method: http.MethodGet, Path: "/" + group.Use}
	})
	revoke := p.operation("revoke ID", "Revoke one of the "+things, oneArg)
	p.operate(revoke, func(args []string) server.Operation {
		return server.Operation{Method: http.MethodPost, Path: "/" + group.Use + "/" + url.PathEscape(args[0]) + "/revoke"}
	})
	group.AddCommand(list, revoke)
}

func (p program) group(use, short string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
}

func (p program) operation(use, short string, args cobra.PositionalArgs) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args}
}

// operate lets a command ask the running node, or its database when none runs,
// and print what it says.
func (p program) operate(cmd *cobra.Command, op func(args []string) server.Operation) {
	asJSON := cmd.Flags().Bool("json", false, "Print the answer as JSON.")
	configFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := p.loadConfig(cmd)
		if err != nil {
			return err
		}
		done, err := server.Operate(cmd.Context(), cfg, op(args))
		if err != nil {
			return err
		}
		text := done.Text
		if *asJSON {
			text = string(done.Data) + "\n"
		}
		_, err = fmt.Fprint(p.stdout, text)
		return err
	}
}

// oneArg wants exactly one argument, named in the command's use.
func oneArg(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return usageError{fmt.Errorf("usage: %s (see %s --help)", cmd.UseLine(), cmd.CommandPath())}
}
