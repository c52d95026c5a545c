package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"instar.example/node/server"
)

func (p program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(p.stdout, "instar %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// version is the release, with the commit where the Go tool stamped one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return server.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return server.Version + "+" + setting.Value[:min(12, len(setting.Value))]
		}
	}
	return server.Version
}
