package main

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"instar.example/node/server"
)

// keysCommand is about the keys that other servers know the node by.
func (p program) keysCommand() *cobra.Command {
	keys := p.group("keys", "Change the keys that other servers know this node and its agents by")
	rotate := p.operation("rotate [AGENT]", "Change the node's RSA key, or an agent's Ed25519 key", oneArgAtMost)
	rotate.Long = `Without a name: a new RSA key for the node, at once, under the key ids of all its
actors. It is for when the old one is known to somebody else: servers that keep
keys refuse our letters until they have asked for the new one.

With the name of an agent: its next Ed25519 key, for its proofs. The one before
it stays listed for 30 days.`
	atOnce := rotate.Flags().Bool("at-once", false, "End the agent's old key now: what it proved is believed no more.")
	p.operate(rotate, func(args []string) server.Operation {
		if len(args) == 0 {
			return server.Operation{Method: http.MethodPost, Path: "/keys/rotate"}
		}
		return server.Operation{
			Method: http.MethodPost, Path: "/keys/" + url.PathEscape(args[0]) + "/rotate", Body: map[string]any{"at_once": *atOnce},
		}
	})
	keys.AddCommand(rotate)
	return keys
}

// oneArgAtMost wants one argument or none.
func oneArgAtMost(cmd *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return nil
	}
	return usageError{fmt.Errorf("usage: %s (see %s --help)", cmd.UseLine(), cmd.CommandPath())}
}
