package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
)

// boolFlag and intFlag are flags that refuse a value in words of ours: the
// library's own name a function of Go.
type (
	boolFlag struct{ value *bool }
	intFlag  struct {
		value    *int
		from, to int
	}
)

// addBool adds a flag that may stand without a value. Its default is what value points to.
func addBool(cmd *cobra.Command, value *bool, name, doc string) {
	cmd.Flags().VarPF(boolFlag{value}, name, "", doc).NoOptDefVal = "true"
}

func (f boolFlag) String() string { return strconv.FormatBool(*f.value) }

// Type is the library's word, which help and completion know.
func (f boolFlag) Type() string { return "bool" }

// Set reads a value as the command line has it.
func (f boolFlag) Set(s string) error {
	v, err := strconv.ParseBool(s)
	if err != nil {
		return errors.New("must be true or false")
	}
	*f.value = v
	return nil
}

func (f intFlag) String() string { return strconv.Itoa(*f.value) }

// Type is the library's word, which help knows.
func (f intFlag) Type() string { return "int" }

// Set reads a value as the command line has it.
func (f intFlag) Set(s string) error {
	v, err := strconv.Atoi(s)
	if err != nil || v < f.from || v > f.to {
		return fmt.Errorf("must be a whole number from %d to %d", f.from, f.to)
	}
	*f.value = v
	return nil
}
