package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"ftpscope/analyze"
	"ftpscope/analyze/compare"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/report/comparison"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture"
	"ftpscope/capture/filter"
)

// compareFlags are what compare takes.
type compareFlags struct {
	outputs []string
	workers int
	ports   ports
	vxlan   ports
	filter  string
	packets *filter.Filter
	failOn  []string
	all     bool
	quiet   bool
	help    bool
	looks
}

func (f *compareFlags) set() *pflag.FlagSet {
	s := newSet("compare")
	s.StringArrayVarP(&f.outputs, "output", "o", nil, "write in `FORMAT[=FILE]`: table, json or explain; repeatable")
	s.StringSliceVar(&f.failOn, "fail-on", nil, "exit with status 3 if a session has `VERDICT` (between, lost, one-sided, …); repeatable")
	s.BoolVar(&f.all, "all", false, "show every session, however many, and all that NAT changed")
	s.Var(&f.ports, "port", "treat port `N` as a control port as well as 21; repeatable")
	s.Var(&f.vxlan, "vxlan-port", "read UDP port `N` as VXLAN as well as 4789 and 8472; repeatable")
	s.StringVarP(&f.filter, "filter", "f", "", "only packets that match `EXPR`, in tcpdump's syntax, on both sides")
	s.IntVar(&f.workers, "workers", 1, "track connections with `N` threads (0: one per processor)")
	f.looks.add(s)
	s.BoolVarP(&f.quiet, "quiet", "q", false, "no warnings")
	s.BoolVarP(&f.help, "help", "h", false, "show this page")
	return s
}

func compareUsage() string {
	var f compareFlags
	return `Says what two captures of the same traffic show together: what was rewritten, lost or made up
between the points where they were taken.

Usage:
  ftpscope compare [flags] CLIENT-SIDE SERVER-SIDE

A side is a capture file, a directory, or several files joined by commas: a rotated set. Sessions
are paired by content and time, across NAT and different clocks. "here" is the client's side and
"there" the server's; ftpscope exchanges them if they are given the other way round.
Verdicts, the worst first: ` + strings.Join(compare.Verdicts(), ", ") + `.

Flags:
` + f.set().FlagUsagesWrapped(100) + `
Examples:
  ftpscope compare inside.pcap outside.pcap
  ftpscope compare -o explain --fail-on between,lost client.pcap server-1.pcap,server-2.pcap
`
}

func (f *compareFlags) check(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("compare takes two sides, got %d", len(args))
	}
	if err := f.looks.check(); err != nil {
		return err
	}
	if err := setWorkers(&f.workers); err != nil {
		return err
	}
	for _, v := range f.failOn {
		if !slices.Contains(compare.Verdicts(), v) {
			return fmt.Errorf("--fail-on takes %s, got %q", strings.Join(compare.Verdicts(), ", "), v)
		}
	}
	if f.filter != "" {
		var err error
		if f.packets, err = filter.Parse(f.filter); err != nil {
			return fmt.Errorf("--filter: %w", err)
		}
	}
	return nil
}

// runCompare compares two sides.
func runCompare(e *env, args []string) int {
	var f compareFlags
	s := f.set()
	code, done := e.parseFlags(s, args, &f.help, compareUsage, func() error { return f.check(s.Args()) })
	if done {
		return code
	}
	e.quiet = f.quiet
	specs, ok := e.compareSpecs(f.outputs)
	if !ok {
		return exitUsage
	}
	j := &compareJob{env: e, flags: &f, told: map[string]bool{}}
	var points [2]analyze.Point
	for i, arg := range s.Args() {
		if points[i], ok = j.point(arg); !ok {
			return exitRead
		}
	}
	if sameFile(s.Arg(0), s.Arg(1)) {
		e.warning("%s and %s are the same file", s.Arg(0), s.Arg(1))
	}
	res, err := analyze.Compare(points[0], points[1], j.options())
	if err != nil {
		if !errors.Is(err, errNoSide) || !j.failed {
			e.error("%v", err)
		}
		return exitRead
	}
	j.warn(res)
	for _, spec := range specs {
		j.write(spec, res)
	}
	switch {
	case j.failed:
		return exitRead
	case slices.ContainsFunc(f.failOn, func(v string) bool { return res.Verdicts[v] > 0 }):
		return exitFound
	case j.undecoded:
		return exitRead
	}
	return exitDone
}

// compareJob is one run of compare.
type compareJob struct {
	*env
	flags     *compareFlags
	failed    bool
	undecoded bool            // some packets were not decoded
	read      []string        // the files of both sides
	told      map[string]bool // files of which the user was told that something is wrong with them
}

func (j *compareJob) options() analyze.Options {
	opt := analyze.Options{Workers: j.flags.workers, Ports: j.flags.ports, Problem: j.problem}
	opt.Decode.VXLANPorts = j.flags.vxlan
	if j.flags.packets != nil {
		opt.Filter = j.flags.packets
	}
	return opt
}

func (j *compareJob) problem(err *capture.FileError) {
	j.told[err.File] = true
	if err.Warning {
		j.warning("%v", err)
		return
	}
	j.failed = true
	j.error("%v", err)
}

// errNoSide ends a comparison; why there is nothing to compare was said of the files.
var errNoSide = errors.New("nothing to compare with")

// errOnce is why standard input and pipes cannot be a side.
var errOnce = errors.New("each side is read more than once, so it cannot be a pipe or standard input; save it to a file first")

// point makes a side of an argument: a file that has that name, else names joined by commas.
func (j *compareJob) point(arg string) (analyze.Point, bool) {
	names := []string{arg}
	if _, err := os.Stat(arg); err != nil && strings.Contains(arg, ",") {
		names = strings.Split(arg, ",")
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if name == "-" || err == nil && !info.IsDir() && !info.Mode().IsRegular() {
			j.error("%s: %v", name, errOnce)
			return analyze.Point{}, false
		}
	}
	told := false
	shown := &job{env: j.env, files: names}
	open := func() (analyze.Source, error) {
		opt := capture.Options{Stdin: strings.NewReader(""), Ahead: j.flags.workers - 1}
		if !told {
			opt.Problem = j.problem
		}
		told = true
		c, err := capture.Open(names, opt)
		if err != nil {
			return nil, err
		}
		if len(c.Files()) == 0 {
			return nil, errNoSide
		}
		j.read = append(j.read, c.Files()...)
		return &shownSource{c, shown.progress("comparing", c, func() int64 { return 0 })}, nil
	}
	return analyze.Point{Name: arg, Open: open}, true
}

// shownSource is a capture whose reading is shown until its end.
type shownSource struct {
	*capture.Capture
	stop func()
}

// Next ends the showing, and the reading, when there is no more.
func (s *shownSource) Next() ([]capture.Packet, error) {
	batch, err := s.Capture.Next()
	if err != nil && s.stop != nil {
		s.stop()
		s.stop = nil
		s.Close()
	}
	return batch, err
}

// warn says what the user should know before he reads the result.
func (j *compareJob) warn(r *compare.Result) {
	if r.Swapped {
		j.warning("the sides were given the other way round: %s is nearer to the clients (%s); compared as if it came first", r.Here.Name, r.OrderReason)
	}
	for _, s := range []*compare.Side{r.Here, r.There} {
		switch text, mostly := diagnosis.Undecoded(s.Summary); {
		case mostly && !j.failed:
			j.failed = true
			j.error("%s", text)
		case text != "":
			j.undecoded = true
			j.warning("%s", text)
		}
		for _, w := range diagnosis.Warnings(s.Summary) {
			j.warning("%s: %s", s.Name, w)
		}
		for _, name := range s.Truncated {
			if !j.told[name] {
				j.warning("%s: not read to its end; what came after is unknown", name)
			}
		}
		if s.Skipped > 0 {
			j.warning("%s: %s beyond the limit of %s not compared", s.Name, prose.Many(uint64(s.Skipped), "session"), prose.Number(compare.MaxSessions))
		}
	}
}

func (e *env) compareSpecs(args []string) ([]spec[comparison.Format], bool) {
	return specsOf(e, args, func(name string) (format comparison.Format, needsFile, known bool) {
		list := comparison.Formats()
		i := slices.IndexFunc(list, func(f comparison.Format) bool { return f.Name == name })
		if i < 0 {
			e.error("compare has no output format %q", name)
			e.hint("formats: table, json, explain")
			return format, false, false
		}
		return list[i], false, true
	})
}

// write writes one output; a file gets its name when it is whole.
func (j *compareJob) write(spec spec[comparison.Format], r *compare.Result) {
	opt := j.flags.options()
	opt.All = j.flags.all
	o := &output{spec: outputSpec{path: spec.path}}
	var to io.Writer = clearing{j.stdout, j.console}
	if spec.path == "" {
		opt = j.onto(opt, &j.flags.looks)
	} else {
		err := overwrites(spec.path, j.read)
		if err == nil {
			err = o.open()
		}
		if err != nil {
			j.failed = true
			j.error("%v", err)
			return
		}
		to = o.file
	}
	o.buf = bufio.NewWriterSize(to, outputBuffer)
	err := spec.format.Write(o.buf, r, opt)
	if err = o.close(err); err != nil && !(spec.path == "" && closedPipe(err)) {
		j.failed = true
		j.error("%s: %v", place(spec.path), cause(err))
	}
}
