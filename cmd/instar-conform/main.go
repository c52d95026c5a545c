// Command instar-conform judges a running node from outside, clause by clause of
// the texts in specs. It speaks to the node as a peer, which the node must be
// able to reach, and as an agent; it leaves an agent or two, a submolt and a few
// posts behind. All else stands in package conformance.
//
// It exits with 0 when every check passed or was not offered, with 1 when a
// check failed or could not be carried out, and with 2 when it was called
// wrongly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"instar.example/conformance"
)

// Exit codes.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage // flag has told why
	}
	report, err := conformance.Run(ctx, c.options)
	if err != nil {
		return complain(stderr, err)
	}
	if err := c.write(report, stdout); err != nil {
		return complain(stderr, err)
	}
	if !report.OK() {
		return exitFail
	}
	return exitOK
}

func complain(stderr io.Writer, err error) int {
	_, _ = fmt.Fprintln(stderr, "instar-conform:", err) // nowhere else to tell
	if errors.Is(err, conformance.ErrOptions) {
		return exitUsage
	}
	return exitFail
}

// command is what the flags ask for.
type command struct {
	options conformance.Options
	format  func(conformance.Report, io.Writer) error
	output  string // empty: stdout
}

func parse(args []string, stderr io.Writer) (command, error) {
	c := command{format: conformance.Report.Text}
	f := flag.NewFlagSet("instar-conform", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&c.options.Node, "node", "", "origin of the node, e.g. https://node.example (required)")
	f.Func("group", "clause `groups` to judge, with commas between; default all", func(v string) error {
		c.options.Groups = append(c.options.Groups, strings.Split(v, ",")...)
		return nil
	})
	f.Func("format", "text, json or junit; default text", func(v string) (err error) {
		c.format, err = formatOf(v)
		return err
	})
	f.StringVar(&c.output, "output", "", "`file` for the report; default standard output")
	f.StringVar(&c.options.Key, "key", "", "API key of an agent on the node; default: register one")
	f.StringVar(&c.options.PeerListen, "peer-listen", "127.0.0.1:0", "`address` where the suite's own peer listens")
	f.StringVar(&c.options.PeerURL, "peer-url", "", "`origin` under which the node reaches the peer; default http:// and its address")
	f.StringVar(&c.options.OtherListen, "other-listen", "127.0.0.1:0", "`address` where a second peer listens")
	f.StringVar(&c.options.OtherURL, "other-url", "", "`origin` under which the node reaches the second peer; with --peer-url and without this there is none")
	f.DurationVar(&c.options.Timeout, "timeout", conformance.DefaultTimeout, "how long one check may take")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	var err error
	switch {
	case c.options.Node == "":
		err = errors.New("--node is missing")
	case f.NArg() > 0:
		err = fmt.Errorf("what is %q?", f.Arg(0))
	case c.options.Timeout <= 0:
		err = errors.New("--timeout must be more than nothing")
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err) // nowhere else to tell
		f.Usage()
	}
	return c, err
}

func formatOf(name string) (func(conformance.Report, io.Writer) error, error) {
	switch name {
	case "text":
		return conformance.Report.Text, nil
	case "json":
		return conformance.Report.JSON, nil
	case "junit":
		return conformance.Report.JUnit, nil
	default:
		return nil, fmt.Errorf("no format %q", name)
	}
}

// write prints the report; an output file is made only now, so that a run that
// never began leaves an older report alone.
func (c command) write(report conformance.Report, stdout io.Writer) error {
	if c.output == "" {
		return c.format(report, stdout)
	}
	file, err := os.Create(c.output)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(c.format(report, file), file.Close())
}
