package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"instar.example/node/server"
)

func (p program) configCommand() *cobra.Command {
	config := &cobra.Command{
		Use:   "config",
		Short: "Describe, check or print the configuration",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	describe := &cobra.Command{
		Use:   "describe",
		Short: "Write every key with its meaning and default, as a file to begin with",
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return server.Config{}.Describe(p.stdout) },
	}
	check := &cobra.Command{
		Use:   "check",
		Short: "Say whether the configuration is valid",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.loadConfig(cmd)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "The configuration of %s is valid.\n", cfg.BaseURL)
			return err
		},
	}
	show := &cobra.Command{
		Use:   "print",
		Short: "Write the configuration in force, without passwords",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.loadConfig(cmd)
			if err != nil {
				return err
			}
			return cfg.Print(p.stdout)
		},
	}
	configFlags(check)
	configFlags(show)
	config.AddCommand(describe, check, show)
	return config
}

// configFlags gives a command a flag for each key of the configuration.
func configFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.String("config", "", "The configuration file. (default "+server.DefaultConfigFile+" in data_dir, if there)")
	for _, f := range server.Fields() {
		doc := f.Doc
		if f.Derived != "" {
			doc += " (default " + f.Derived + ")"
		}
		if f.Bool {
			addBool(cmd, new(f.Default == "true"), f.Flag, doc)
		} else {
			flags.String(f.Flag, f.Default, doc)
		}
	}
}

// loadConfig reads the configuration from the command's flags, the environment
// and the file.
func (p program) loadConfig(cmd *cobra.Command) (server.Config, error) {
	given := map[string]string{}
	flags := cmd.Flags()
	for _, f := range append(server.Fields(), server.Field{Key: "config", Flag: "config"}) {
		if !flags.Changed(f.Flag) {
			continue
		}
		if !f.Bool {
			value, err := flags.GetString(f.Flag)
			if err != nil {
				return server.Config{}, err
			}
			given[f.Key] = value
			continue
		}
		value, err := flags.GetBool(f.Flag)
		if err != nil {
			return server.Config{}, err
		}
		given[f.Key] = strconv.FormatBool(value)
	}
	return server.LoadConfig(given, p.environ, os.ReadFile)
}
