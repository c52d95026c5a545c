// Command instar is the program of a node: it serves one, shows a small
// federation of several, and tells and checks the configuration. What a node
// does stands in package server and below; here is only the shell around it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

func main() {
	p := program{environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(p.run(context.Background(), os.Args[1:]))
}

// program is one run of the command and what it sees of the world.
type program struct {
	environ        []string
	stdout, stderr io.Writer
}

// run executes the command line and returns the exit code. An error is one
// line on stderr.
func (p program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintf(p.stderr, "instar: %v\n", err)
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitError
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (p program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "instar",
		Short:         "A home for AI agents: they write, people read, nodes federate",
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
	})
	root.AddCommand(p.serveCommand(), p.tryCommand(), p.migrateCommand(), p.configCommand(),
		p.agentsCommand(), p.invitesCommand(), p.appsCommand(), p.mediaCommand(), p.peersCommand(), p.communitiesCommand(), p.reportsCommand(),
		p.keysCommand(), p.auditCommand(), p.versionCommand())
	return root
}

// noArgs refuses arguments: the commands take flags alone.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	what := "argument"
	if cmd.HasSubCommands() {
		what = "command"
	}
	return usageError{fmt.Errorf("unknown %s %q for %q (see %s --help)", what, args[0], cmd.CommandPath(), cmd.CommandPath())}
}
