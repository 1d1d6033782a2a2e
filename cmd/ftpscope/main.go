// Command ftpscope says of packet captures which FTP sessions they hold, which transfers were active and which
// passive, and who really opened the data connections.
package main

import (
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"syscall"

	"ftpscope/cmd/ftpscope/fleet"
	"ftpscope/cmd/ftpscope/manual"

	"github.com/spf13/pflag"
)

func main() {
	paceCollector()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// The exit codes.
const (
	exitDone        = 0
	exitRead        = 1 // something could not be read or written; what could be was
	exitUsage       = 2
	exitFound       = 3   // --fail-on: there is a finding of that severity, or a verdict with that cause
	exitInterrupted = 130 // 128 + SIGINT, as shells say it
)

// run is the whole program: it finds the command and runs it. Files alone mean analyze.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	signal.Ignore(syscall.SIGPIPE) // a closed stdout is a write error like any other, and other outputs go on
	e := &env{stdin: stdin, stdout: stdout, console: &console{w: stderr}}
	if len(args) == 0 {
		e.error("no capture files named")
		e.hint("ftpscope FILE… analyzes captures; ftpscope help shows the rest")
		return exitUsage
	}
	switch args[0] {
	case "-h", "--help":
		return runHelp(e, args[1:])
	case "--version", "-V":
		return runVersion(e, nil)
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(e, args[1:])
		}
	}
	if !mayBeFile(args[0]) {
		e.error("%q is neither a command nor a file", args[0])
		if t, ok := manual.Find(args[0]); ok {
			e.hint("ftpscope help %s", t.Name)
			return exitUsage
		}
		e.suggest(args[0], commandNames(), "", "ftpscope help lists the commands")
		return exitUsage
	}
	return runAnalyze(e, args)
}

// mayBeFile reports whether a first argument that is no command is meant for analyze: a flag, a file that exists, or
// what looks like a file's name.
func mayBeFile(arg string) bool {
	if strings.HasPrefix(arg, "-") || strings.ContainsAny(arg, `./\`) {
		return true
	}
	return exists(arg)
}

// env is what a command has to work with.
type env struct {
	stdin  io.Reader
	stdout io.Writer
	*console
}

// command is one of the words that may follow ftpscope.
type command struct {
	name, doc string
	run       func(*env, []string) int
	usage     func() string
	flags     func() *pflag.FlagSet // nil: it has none
}

func commands() []command {
	page := func(text string) func() string { return func() string { return text } }
	return []command{
		{"analyze", "what happened in these captures", runAnalyze, analyzeUsage, new(flags).all},
		{"sniff", "the same for live interfaces, as it happens", runSniff, sniffUsage, new(sniffFlags).all},
		{"carve", "only the packets of some sessions, to keep or to share", runCarve, carveUsage, new(carveFlags).all},
		{"compare", "what two captures of the same traffic show together", runCompare, compareUsage, new(compareFlags).set},
		{"facts", "keeps what an analysis learns of captures, for join", runFacts, factsUsage, new(factsFlags).set},
		{"join", "what happened in captures whose facts were kept", runJoin, joinUsage, new(joinFlags).more},
		{"fleet", "sensors on many machines, their records in one place", runFleet, fleet.Usage, nil},
		{"open", "a session or a transfer, in Wireshark", runOpen, openUsage, new(openFlags).set},
		{"interfaces", "where sniff can listen", runInterfaces, page(interfacesUsage), nil},
		{"findings", "what ftpscope looks for, and what each finding means", runFindings, page(findingsUsage), nil},
		{"formats", "the output formats", runFormats, page(formatsUsage), nil},
		{"schema", "the JSON Schema of the records that -o json writes", runSchema, page(schemaUsage), nil},
		{"completion", "lets bash, zsh or fish complete command lines", runCompletion, completionUsage, nil},
		{"version", "which ftpscope this is", runVersion, page(versionUsage), nil},
		{"help", "this page, or a command's", runHelp, overview, nil},
	}
}

func commandNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

// Each collection looks at all that is in use, and at the program's tables: 5 MB, much beside what a small capture needs. So
// leastGarbage may wait whatever is in use, and from then on nearly as much as Go lets wait by itself.
const (
	leastGarbage = 12 << 20
	usualPercent = 80
)

// paceCollector sets the pace anew after each collection, unless the user chose one (GOGC).
func paceCollector() {
	if os.Getenv("GOGC") != "" {
		return
	}
	looked := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/globals:bytes"}, {Name: "/gc/scan/stack:bytes"}}
	percent := 0
	var pace func(*sentinel)
	pace = func(*sentinel) {
		metrics.Read(looked)
		base := 0
		for _, x := range looked {
			if x.Value.Kind() == metrics.KindUint64 {
				base += int(x.Value.Uint64())
			}
		}
		if want := max(usualPercent, leastGarbage*100/max(base, 1)); want != percent {
			percent = want
			debug.SetGCPercent(percent)
		}
		runtime.SetFinalizer(&sentinel{}, pace)
	}
	pace(nil)
}

// sentinel is garbage whose finalizer runs after each collection. It is no tiny object: those are collected together.
type sentinel struct{ _ [4]*byte }
