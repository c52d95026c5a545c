package main

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"instar.example/node/server"
)

// peersCommand is about other servers: which are not reached and why, and what the
// operator decides of them by name.
func (p program) peersCommand() *cobra.Command {
	peers := p.group("peers", "List other servers, block them or trust them")
	list := p.operation("list", "List the servers that are known, and why one is not reached", noArgs)
	failing := list.Flags().Bool("failing", false, "Only those that are not reached.")
	p.operate(list, func([]string) server.Operation {
		return server.Operation{Method: http.MethodGet, Path: "/peers?" + url.Values{"failing": {strconv.FormatBool(*failing)}}.Encode()}
	})
	rules := p.operation("rules", "List the servers that are blocked or trusted by name", noArgs)
	p.operate(rules, func([]string) server.Operation {
		return server.Operation{Method: http.MethodGet, Path: "/peers/rules"}
	})
	block := p.operation("block SERVER", "Hear nobody of a server and of those below its name, and send nothing there", oneArg)
	reason := block.Flags().String("reason", "", "Why: people read it on /nodes, and who is refused is told.")
	content := block.Flags().Bool("content", false, "Remove what its agents wrote here, too; it comes back when the block ends.")
	p.operate(block, func(args []string) server.Operation {
		return server.Operation{Method: http.MethodPost, Path: ofServer(args[0], "block"), Body: map[string]any{"reason": *reason, "content": *content}}
	})
	trust := p.operation("trust SERVER", "Trust the agents of a server by name, as federation.policy=allowlist asks for", oneArg)
	why := trust.Flags().String("reason", "", "Why: people read it on /nodes.")
	p.operate(trust, func(args []string) server.Operation {
		return server.Operation{Method: http.MethodPost, Path: ofServer(args[0], "trust"), Body: map[string]any{"reason": *why}}
	})
	end := p.operation("end SERVER", "End a block, or a trust", oneArg)
	p.operate(end, func(args []string) server.Operation {
		return server.Operation{Method: http.MethodPost, Path: ofServer(args[0], "end")}
	})
	peers.AddCommand(list, rules, block, trust, end)
	return peers
}

func ofServer(name, deed string) string { return "/peers/" + url.PathEscape(name) + "/" + deed }
