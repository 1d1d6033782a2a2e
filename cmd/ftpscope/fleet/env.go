// Package fleet is what ftpscope does on more than one machine: the commands of
// "ftpscope fleet", and the sensor that sniff becomes with --fleet. The work is done in
// the packages below it. A build with the tag nofleet leaves it out.
package fleet

import (
	"io"

	"github.com/spf13/pflag"

	"ftpscope/analyze/report"
)

// Env is what commands have to work with.
type Env struct {
	Stdout  io.Writer
	Version string

	Error, Hint, Warn, Say func(format string, args ...any)

	// Parse reads a command's arguments, as all commands' are read.
	Parse func(s *pflag.FlagSet, args []string, help *bool, page func() string, check func() error) (code int, done bool)
	// Outputs reads -o flags; it says what is wrong with them.
	Outputs func(args []string) (list []Output, ok bool)
	// Suggest hints at the known word that is nearest to an unknown one.
	Suggest func(word string, known []string, prefix, otherwise string)
}

// Output is a format and where it goes; no path means standard output.
type Output struct {
	Format report.Format
	Path   string
}

// The exit codes of commands, as the program has them.
const (
	exitDone  = 0
	exitRead  = 1
	exitUsage = 2
)

// Word is a command of fleet, and what it is for.
type Word struct{ Name, Doc string }
