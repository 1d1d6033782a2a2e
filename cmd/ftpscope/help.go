package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/report"
	"ftpscope/cmd/ftpscope/manual"
)

// overview is the page of "ftpscope help".
func overview() string {
	var b strings.Builder
	b.WriteString(`ftpscope reads packet captures, finds the FTP sessions in them and says for every transfer
whether it was active or passive and who really opened the data connection.

Usage:
  ftpscope FILE|DIR|- …               the same as ftpscope analyze
  ftpscope COMMAND [flags] [ARGUMENTS]

Commands:
`)
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-10s %s\n", c.name, c.doc)
	}
	b.WriteString(`
Captures are pcap, pcapng and snoop, also compressed (gzip, zstd, xz, bzip2, lz4). Several are read
as one in the order of time; a directory or archive stands for those in it, - for standard input.

Results go to standard output, everything else to standard error. Exit status: 0 done, 1 something
could not be read, decoded or written (the rest was), 2 wrong usage, 3 --fail-on found something.
Flags for every run stand in ~/.config/ftpscope/config, one a line (--config FILE, --config none).

"ftpscope COMMAND --help" explains a command, "ftpscope help TOPIC" shows a page of the manual,
"ftpscope help topics" lists these pages:
`)
	for _, line := range prose.Wrap(strings.Join(topicNames(), ", "), 96) {
		b.WriteString("  " + line + "\n")
	}
	b.WriteString(`
Examples:
  ftpscope capture.pcap
  ftpscope analyze -o explain capture.pcap
`)
	return b.String()
}

const formatsUsage = `The output formats of analyze -o, one per line.

Usage:
  ftpscope formats

Examples:
  ftpscope formats
  ftpscope analyze -o json=sessions.jsonl -o table capture.pcap
`

const versionUsage = `The version of ftpscope, or the revision that it was built from.

Usage:
  ftpscope version

Examples:
  ftpscope version
  ftpscope --version
`

func runHelp(e *env, args []string) int {
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" {
		return e.print(overview())
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return e.print(c.usage())
		}
	}
	if t, ok := manual.Find(args[0]); ok {
		look := e.onto(report.Options{}, &looks{color: "auto"})
		return e.print(manual.Render(t.Text, manual.Style{Width: look.Width, Color: look.Color}))
	}
	if args[0] == "topics" {
		return e.print(topicList())
	}
	e.error("no command or topic %q", args[0])
	if pages := manual.Mentioning(args[0]); len(pages) > 0 && len(args[0]) > 2 {
		e.hint("the manual mentions it in %s (ftpscope help %s)", prose.List(pages), pages[0])
		return exitUsage
	}
	e.suggest(args[0], append(commandNames(), topicNames()...), "", "ftpscope help lists commands and topics")
	return exitUsage
}

// topicList is the table of contents of the manual.
func topicList() string {
	var b strings.Builder
	for _, t := range manual.Topics() {
		fmt.Fprintf(&b, "%-10s  %s\n", t.Name, t.Summary)
	}
	return b.String()
}

func topicNames() []string {
	names := []string{}
	for _, t := range manual.Topics() {
		names = append(names, t.Name)
	}
	return names
}

func runFormats(e *env, args []string) int {
	if code, done := e.noArguments("formats", formatsUsage, args); done {
		return code
	}
	var b strings.Builder
	for _, f := range allFormats() {
		fmt.Fprintf(&b, "%-16s  %s\n", f.Name, f.Doc)
	}
	return e.print(b.String())
}

// noArguments serves the commands that take none.
func (e *env) noArguments(name, usage string, args []string) (code int, done bool) {
	switch {
	case len(args) == 0:
		return 0, false
	case args[0] == "-h" || args[0] == "--help":
		return e.print(usage), true
	}
	e.error("%s takes no arguments, got %q", name, args[0])
	e.hint("ftpscope %s --help", name)
	return exitUsage, true
}

// print writes a result that is text.
func (e *env) print(s string) int {
	if _, err := io.WriteString(e.stdout, s); err != nil && !closedPipe(err) {
		e.error("standard output: %v", cause(err))
		return exitRead
	}
	return exitDone
}

func runVersion(e *env, args []string) int {
	if code, done := e.noArguments("version", versionUsage, args); done {
		return code
	}
	info, _ := debug.ReadBuildInfo()
	return e.print("ftpscope " + version(info) + "\n")
}

// version tells the module's version, the revision and the toolchain, as far as the build knows them.
func version(info *debug.BuildInfo) string {
	v := "devel"
	if info == nil {
		return v
	}
	if m := info.Main.Version; m != "" && m != "(devel)" {
		v = m
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	const short = 12 // digits of a revision that people quote, and Go in versions that it makes up of one
	var parts []string
	if r := set["vcs.revision"]; r != "" {
		r = r[:min(len(r), short)]
		if strings.Contains(v, r) {
			v = "devel"
		}
		parts = append(parts, "commit "+r)
	}
	if t := set["vcs.time"]; t != "" {
		parts = append(parts, t)
	}
	if set["vcs.modified"] == "true" {
		parts = append(parts, "modified")
	}
	if len(parts) > 0 {
		v += " (" + strings.Join(parts, ", ") + ")"
	}
	return v + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}
