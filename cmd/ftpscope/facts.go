package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"ftpscope/analyze"
	"ftpscope/analyze/facts"
	"ftpscope/analyze/report"
	"ftpscope/capture"
)

// factsFlags are what facts takes.
type factsFlags struct {
	common
	read      []string
	file      string
	point     string
	noSecrets bool
}

func (f *factsFlags) set() *pflag.FlagSet {
	s := newSet("facts")
	s.StringVarP(&f.file, "output", "o", "", "write the facts to `FILE`")
	s.StringArrayVarP(&f.read, "read", "r", nil, "read `FILE`, the same as an argument; repeatable")
	s.StringVar(&f.point, "point", "", "call what was captured `NAME`: join takes files of one name (default: the captures' names)")
	s.BoolVar(&f.noSecrets, "no-secrets", false, "leave passwords out")
	s.BoolVar(&f.showPasswords, "show-passwords", false, "keep passwords in texts, so that join can show them")
	f.keyFlags.add(s)
	s.Var(&f.ports, "port", "treat port `N` as a control port as well as 21; repeatable")
	s.StringVarP(&f.filter, "filter", "f", "", "only packets that match `EXPR`, in tcpdump's syntax: 'not port 22'")
	f.readFlags.add(s)
	s.IntVar(&f.workers, "workers", 1, "track connections with `N` threads (0: one per processor)")
	s.BoolVarP(&f.quiet, "quiet", "q", false, "no warnings, no progress")
	s.BoolVarP(&f.help, "help", "h", false, "show this page")
	return s
}

func factsUsage() string {
	var f factsFlags
	return `Reads captures and keeps what an analysis learns of them in a file, for join.

Usage:
  ftpscope facts [flags] -o FILE FILE|DIR|- …

A facts file is a small part of its captures' size, so that captures can be read where they lie
and joined elsewhere. It holds user names, passwords and names of files, and is for your eyes only.

Flags:
` + f.set().FlagUsagesWrapped(100) + `
Examples:
  ftpscope facts -o fw1.facts /captures/fw1/
  ftpscope facts --no-secrets -o fw1.facts capture.pcap
`
}

func (f *factsFlags) check(files []string) error {
	switch {
	case len(files) == 0:
		return errors.New("no capture files named")
	case f.file == "":
		return &wayOut{errors.New("no facts file named"), "-o FILE names it"}
	case f.noSecrets && f.showPasswords:
		return errors.New("--no-secrets and --show-passwords exclude each other")
	}
	if err := filterWords(files); err != nil {
		return err
	}
	return f.common.check()
}

func runFacts(e *env, args []string) int {
	var f factsFlags
	var files []string
	s, unused := f.set(), newSet("")
	f.judgeFlags.add(unused) // what they are by default
	f.looks.add(unused)
	code, done := e.parseFlags(s, args, &f.help, factsUsage, func() error {
		files = append(f.read, s.Args()...)
		return f.check(files)
	})
	if done {
		return code
	}
	e.quiet = f.quiet
	j := newJob(e, &f.common, nil, files)
	j.writeFacts(&f)
	return j.code()
}

// writeFacts reads the captures and writes the file, which has its name when it is whole.
func (j *job) writeFacts(f *factsFlags) {
	if !j.openKeys(false) {
		return
	}
	defer j.keys.close()
	c, err := capture.Open(j.files, capture.Options{Stdin: j.stdin, Problem: j.problem, Ahead: f.workers - 1, Secrets: j.keys.Block})
	if err != nil {
		j.fail("%v", err)
		return
	}
	defer c.Close()
	j.keys.Searches(c.LaterSecrets)
	if len(c.Files()) == 0 {
		return
	}
	o := &output{spec: outputSpec{format: report.Format{Name: "facts"}, path: filepath.Clean(f.file)}, private: true}
	err = overwrites(o.spec.path, c.Files())
	if err == nil {
		err = o.open()
	}
	if err != nil {
		j.fail("%v", err)
		return
	}
	o.buf = bufio.NewWriterSize(o.file, outputBuffer)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer onInterrupt([]*output{o}, nil, cancel)()
	j.dialogue, j.curves = true, true
	info, _ := debug.ReadBuildInfo()
	set := facts.Set{Source: c, Point: cmp.Or(f.point, strings.Join(j.files, " ")), Settings: f.settings(), Program: version(info)}
	stop := j.progress("reading", c, func() int64 { return 0 })
	_, err = facts.Write(ctx, o.buf, set, facts.Piece{}, facts.Options{Analyze: j.options(), NoSecrets: f.noSecrets})
	if stop(); errors.Is(err, context.Canceled) {
		j.ended, err = true, errInterrupted
	}
	j.closeOutputs([]*output{o}, []error{nil}, err)
	j.undecoded = len(c.Stats().Truncated) > 0
}

// joinFlags are what join takes.
type joinFlags struct{ common }

func (f *joinFlags) set() *pflag.FlagSet {
	s := newSet("join")
	f.outputFlag(s)
	s.BoolVar(&f.commands, "commands", false, "json: write every command with its replies")
	s.BoolVar(&f.showPasswords, "show-passwords", false, "show passwords instead of (hidden), if facts had the same flag")
	s.BoolVar(&f.all, "all", false, "show every session and transfer, however many")
	s.BoolVarP(&f.quiet, "quiet", "q", false, "no warnings, no progress")
	s.BoolVarP(&f.help, "help", "h", false, "show this page")
	return s
}

// more are the flags, those of the topics too.
func (f *joinFlags) more() *pflag.FlagSet {
	s := f.set()
	f.choiceFlags.add(s, "user")
	f.judgeFlags.add(s)
	f.looks.add(s)
	return s
}

func joinUsage() string {
	var f joinFlags
	return `Says what happened in captures whose facts were kept: what analyze says of the captures.

Usage:
  ftpscope join [flags] FACTS …

The files are all pieces of one set, in any order. More flags: ftpscope help choosing, judging,
looks.

Flags:
` + f.set().FlagUsagesWrapped(100) + `
Examples:
  ftpscope join fw1.facts
  ftpscope join -o json=sessions.jsonl -o sqlite=case.db fw1.facts
`
}

func runJoin(e *env, args []string) int {
	var f joinFlags
	s := f.more()
	code, done := e.parseFlags(s, args, &f.help, joinUsage, func() error {
		if len(s.Args()) == 0 {
			return errors.New("no facts files named")
		}
		return f.check()
	})
	if done {
		return code
	}
	e.quiet = f.quiet
	specs, ok := e.outputSpecs(f.outputs)
	if !ok {
		return exitUsage
	}
	j := newJob(e, &f.common, nil, s.Args())
	j.join(specs)
	return j.code()
}

// openFacts opens the files, and the pieces in their order; false: they cannot be joined.
func (j *job) openFacts() (pieces []*facts.Reader, done func(), ok bool) {
	var closing []func()
	done = func() {
		for _, f := range closing {
			f()
		}
	}
	for _, name := range j.files {
		file, err := os.Open(name)
		if err != nil {
			j.fail("%s: %v", name, cause(err))
			continue
		}
		closing = append(closing, func() { _ = file.Close() }) // it was only read
		r, err := facts.NewReader(file, name)
		if err != nil {
			j.fail("%v", cause(err))
			if errors.Is(err, facts.ErrNoFacts) {
				j.hint("ftpscope facts makes them of captures; ftpscope analyze reads captures themselves")
			}
			continue
		}
		closing = append(closing, r.Close)
		info, _ := debug.ReadBuildInfo()
		if own := version(info); r.Program != own {
			j.fail("%s: facts of ftpscope %s; this is %s", name, r.Program, own)
			j.hint("make the facts again, or join them with the ftpscope that made them")
			continue
		}
		if j.flags.showPasswords && !r.ShowPasswords {
			j.fail("%s: --show-passwords: the facts have none to show", name)
			j.hint("ftpscope facts --show-passwords keeps them")
			continue
		}
		pieces = append(pieces, r)
	}
	if j.failed {
		return nil, done, false
	}
	pieces, err := facts.Ordered(pieces)
	if err != nil {
		j.fail("%v", err)
	}
	return pieces, done, err == nil
}

// join writes the outputs.
func (j *job) join(specs []outputSpec) {
	pieces, done, ok := j.openFacts()
	defer done()
	if !ok {
		return
	}
	head := &pieces[0].Head
	inputs := head.Files
	j.dialogue, j.inputs = true, sync.OnceValue(func() (list []report.Input) {
		for _, name := range inputs {
			size, sha := hashFile(name)
			list = append(list, report.Input{Name: name, Size: size, SHA256: sha})
		}
		return list
	})
	for _, o := range specs {
		if err := overwrites(o.path, j.files); err != nil {
			j.fail("%v", err)
			return
		}
	}
	outs := j.openOutputs(specs, inputs)
	if len(outs) == 0 {
		return
	}
	defer onInterrupt(outs, nil, nil)()
	var writers []report.Writer
	for _, o := range outs {
		writers = append(writers, j.flags.choice.Choose(o.writer))
	}
	tee := report.NewTee(writers...)
	summary, err := facts.Join(context.Background(), pieces, analyze.Options{Judge: j.flags.judgeFlags.options()}, j.watched(tee))
	j.closeOutputs(outs, tee.Errs(), err)
	if summary == nil {
		return
	}
	for _, name := range summary.Capture.TruncatedFiles {
		j.warning("%s: not read to its end", name)
	}
	j.conclude(summary)
	j.undecoded = summary.Capture.Undecoded > 0
}
