package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"ftpscope/analyze"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/filter"
	"ftpscope/cmd/ftpscope/wireshark"
)

// openFlags are what open takes.
type openFlags struct {
	common
	text, print       bool
	session, transfer int
}

func (f *openFlags) set() *pflag.FlagSet {
	s := newSet("open")
	s.BoolVar(&f.text, "text", false, "show the packets as text, by tshark")
	s.BoolVar(&f.print, "print", false, "print the command, and do not run it")
	f.keyFlags.add(s)
	s.Var(&f.ports, "port", "treat port `N` as a control port as well as 21; repeatable")
	s.StringVarP(&f.filter, "filter", "f", "", "number the sessions of packets that match `EXPR`, in tcpdump's words")
	f.readFlags.add(s)
	s.IntVar(&f.workers, "workers", 1, "track connections with `N` goroutines (0: one a processor)")
	s.BoolVarP(&f.quiet, "quiet", "q", false, "no warnings, no progress")
	s.BoolVarP(&f.help, "help", "h", false, "show this page")
	return s
}

func openUsage() string {
	var f openFlags
	return `Shows a session, or one of its transfers, in Wireshark: the packets of its connections.

Usage:
  ftpscope open [flags] SESSION[.TRANSFER] FILE|DIR …

Sessions and transfers have the numbers that analyze gives them, of the same files and with the same
flags. Of several files the one in which it begins is opened. Wireshark runs until it is closed.

Flags:
` + f.set().FlagUsagesWrapped(100) + `
Examples:
  ftpscope open 3.1 capture.pcap
  ftpscope open --text 3 capture.pcap
`
}

func (f *openFlags) check(args []string) error {
	if len(args) < 2 {
		return errors.New("open takes the number of a session or a transfer, and captures: 3.1 capture.pcap")
	}
	session, transfer, has := strings.Cut(args[0], ".")
	var err error
	if f.session, err = strconv.Atoi(session); err == nil && has {
		f.transfer, err = strconv.Atoi(transfer)
	}
	if err != nil || f.session < 1 || has && f.transfer < 1 {
		return fmt.Errorf("open takes the number of a session or a transfer first, such as 3 or 3.1, got %q", args[0])
	}
	if f.filter != "" {
		if f.packets, err = filter.Parse(f.filter); err != nil {
			return fmt.Errorf("--filter: %w", err)
		}
	}
	f.judgeFlags.add(newSet("")) // as they are by default
	return errors.Join(f.readFlags.check(), setWorkers(&f.workers))
}

// runOpen looks for the session and starts the program that shows it. No shell sees the command.
func runOpen(e *env, args []string) int {
	var f openFlags
	s := f.set()
	code, done := e.parseFlags(s, args, &f.help, openUsage, func() error { return f.check(s.Args()) })
	if done {
		return code
	}
	e.quiet = f.quiet
	j := newJob(e, &f.common, nil, s.Args()[1:])
	found, files, ok := j.sought(f.session)
	if !ok {
		return exitRead
	}
	opt := wireshark.Options{Files: files, Transfer: f.transfer, Text: f.text}
	if len(f.keyLogs) > 0 {
		opt.KeyLog = f.keyLogs[0]
	}
	command, more, err := wireshark.Command(found, opt)
	if err != nil {
		e.error("%v", err)
		return exitRead
	}
	if more {
		e.warning("the packets are in several files: only those in %s are shown (mergecap -w ALL.pcapng FILE … joins them)", files[found.First.Pos.File()])
	}
	if f.print {
		return max(e.print(wireshark.Quoted(command)+"\n"), j.code())
	}
	return max(e.start(command), j.code())
}

// start runs a program until it ends.
func (e *env) start(command []string) int {
	path, err := exec.LookPath(command[0])
	if err != nil {
		e.error("%s is not installed, or not in $PATH", command[0])
		e.hint("--print prints the command; --text takes tshark")
		return exitRead
	}
	c := exec.Command(path, command[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, e.stdout, os.Stderr
	if err := c.Run(); err != nil {
		e.error("%s: %v", command[0], err)
		return exitRead
	}
	return exitDone
}

// errSought ends an analysis when it has found what it was for.
var errSought = errors.New("found")

// seeker looks for a session.
type seeker struct {
	goesOn
	want  int
	seen  int
	found *record.Session
}

func (s *seeker) Session(x *record.Session) error {
	s.seen++
	if x.ID != s.want {
		return nil
	}
	copied := *x
	s.found = &copied
	return errSought
}

// sought is the session of that number, and the names of the captures.
func (j *job) sought(session int) (*record.Session, []string, bool) {
	if !j.openKeys(false) {
		return nil, nil, false
	}
	defer j.keys.close()
	in, err := capture.Open(j.files, capture.Options{Stdin: j.stdin, Problem: j.problem, Ahead: j.flags.workers - 1, Secrets: j.keys.Block})
	if err != nil {
		j.fail("%v", err)
		return nil, nil, false
	}
	defer in.Close()
	j.keys.Searches(in.LaterSecrets)
	if len(in.Files()) == 0 {
		return nil, nil, false
	}
	s := &seeker{want: session}
	stop := j.progress("looking for the session in", in, func() int64 { return int64(s.seen) })
	_, err = analyze.Run(in, j.options(), s)
	stop()
	switch {
	case s.found != nil:
		return s.found, in.Files(), true
	case err != nil:
		j.fail("%v", err)
	default:
		j.fail("there is no session %d: the captures have %s", session, prose.Many(uint64(s.seen), "session"))
	}
	return nil, nil, false
}
