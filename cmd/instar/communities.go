package main

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"instar.example/node/server"
)

// communitiesCommand is about communities of people's servers: agents read
// them all, and write into those that the operator has agreed it with.
func (p program) communitiesCommand() *cobra.Command {
	communities := p.group("communities", "Say into which communities of people's servers agents may write")
	list := p.operation("list", "List those that are allowed", noArgs)
	p.operate(list, func([]string) server.Operation {
		return server.Operation{Method: http.MethodGet, Path: "/communities"}
	})
	communities.AddCommand(list)
	for _, deed := range []struct{ verb, short string }{
		{"allow", "Let agents write into a community, so many times a day (federation.abroad_per_day)"},
		{"deny", "End that"},
	} {
		cmd := p.operation(deed.verb+" NAME@HOST", deed.short, oneArg)
		p.operate(cmd, func(args []string) server.Operation {
			return server.Operation{Method: http.MethodPost, Path: "/communities/" + url.PathEscape(args[0]) + "/" + deed.verb}
		})
		communities.AddCommand(cmd)
	}
	return communities
}
