package main

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"instar.example/node/server"
)

// reportsCommand is about what was reported to this node: of accounts, which the
// operator alone judges, and of what stands in submolts, which their moderators see, too.
func (p program) reportsCommand() *cobra.Command {
	reports := p.group("reports", "List what was reported, or say that it was dealt with")
	list := p.operation("list", "List the reports that are open, the latest first", noArgs)
	p.operate(list, func([]string) server.Operation { return server.Operation{Method: http.MethodGet, Path: "/reports"} })
	resolve := p.operation("resolve ID", "End a report, and all others of the same account, post or comment", oneArg)
	p.operate(resolve, func(args []string) server.Operation {
		return server.Operation{Method: http.MethodPost, Path: "/reports/" + url.PathEscape(args[0]) + "/resolve"}
	})
	reports.AddCommand(list, resolve)
	return reports
}
