package main

import (
	"errors"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"

	"ftpscope/analyze"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture"
)

// runAnalyze is the main job: flags, outputs, captures, the analysis, and what to say of it.
func runAnalyze(e *env, args []string) int {
	var f flags
	files, code, done := f.parse(e, args)
	if done {
		return code
	}
	e.quiet = f.quiet
	if name := files[0]; slices.Contains(commandNames(), name) && !exists(name) {
		e.error("%s: no such file; a command comes before its flags", name)
		e.hint("ftpscope %s [flags] …", name)
		return exitUsage
	}
	if f.follow {
		return runFollow(e, &f, files)
	}
	specs, ok := e.outputSpecs(f.outputs)
	if !ok {
		return exitUsage
	}
	j := newJob(e, &f.common, &f.extract, files)
	return j.profiled(func() { j.run(specs) })
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// job is one run of analyze or sniff.
type job struct {
	*env
	flags     *common
	extract   *extractFlags
	files     []string
	failed    bool
	ended     bool   // by the user, before the end
	watch     *watch // whether there is what --fail-on asks for; nil: it asks for nothing
	data      *dataSeen
	undecoded bool            // packets of files that were not decoded: what they carried is not in the result
	told      map[string]bool // files of which the user was told that something is wrong with them
	said      map[string]bool // problems
	keys      *keys           // nil: none were opened
	tlsCount  tlsCount
	dialogue  bool // an output shows every command
	curves    bool // an output draws pictures of transfers
	inputs    func() []report.Input
}

func newJob(e *env, flags *common, extract *extractFlags, files []string) job {
	return job{env: e, flags: flags, extract: extract, files: files, told: map[string]bool{}, said: map[string]bool{}}
}

// profiled does the work, with the profiles that were asked for, and returns what to exit with.
func (j *job) profiled(work func()) int {
	stop, err := profile(j.flags.cpuprofile, j.flags.memprofile)
	if err != nil {
		j.error("--cpuprofile %s: %v", j.flags.cpuprofile, cause(err))
		return exitRead
	}
	work()
	if err := stop(); err != nil {
		j.fail("%v", err)
	}
	return j.code()
}

// code is what to exit with.
func (j *job) code() int {
	switch {
	case j.ended:
		return exitInterrupted
	case j.failed:
		return exitRead
	case j.watch != nil && j.watch.seen:
		return exitFound
	case j.undecoded:
		return exitRead
	}
	return exitDone
}

func (j *job) fail(format string, args ...any) {
	j.failed = true
	j.error(format, args...)
}

// problem takes what capture says of files, while they are read.
func (j *job) problem(err *capture.FileError) {
	j.told[err.File], j.said[err.Error()] = true, true
	if errors.Is(err, capture.ErrEnded) {
		return // interrupted says it
	}
	if err.Warning {
		j.warning("%v", err)
		return
	}
	j.fail("%v", err)
}

// openKeys opens the key logs; false: one cannot be read.
func (j *job) openKeys(grow bool) bool {
	k, err := j.flags.openKeys(grow)
	if err != nil {
		j.fail("%v", err)
		return false
	}
	j.keys = k
	return true
}

// options are the flags that concern the analysis.
func (j *job) options() analyze.Options {
	f := j.flags
	opt := analyze.Options{Workers: f.workers, Ports: f.ports, Dialogue: f.commands || j.dialogue, Curves: j.curves, ShowPasswords: f.showPasswords, Judge: f.judgeFlags.options(), Problem: j.problem}
	opt.MergeNetworks = f.mergeNetworks
	if j.keys != nil {
		opt.Keys = j.keys.Store
	}
	opt.Decode.VXLANPorts, opt.Decode.VerifyChecksums = f.vxlanPorts, f.checksums
	if f.packets != nil {
		opt.Filter = f.packets
	}
	return opt
}

// run reads the captures and writes the outputs. Nothing readable means no output: an old result stays as it was.
func (j *job) run(specs []outputSpec) {
	opt := capture.Options{Stdin: j.stdin, Problem: j.problem, Ahead: j.flags.workers - 1, Digest: wantsDialogue(specs)}
	source := &interruptible{wakes: make(chan struct{})}
	endEarly := source.end
	if j.extract.wanted() {
		opt.Spool, endEarly = j.spooled, nil // what the first pass has not seen cannot be extracted
	} else {
		opt.Ended = source.wakes
	}
	if !j.openKeys(false) {
		return
	}
	defer j.keys.close()
	opt.Secrets = j.keys.Block
	c, err := capture.Open(j.files, opt)
	if err != nil {
		j.fail("%v", err)
		return
	}
	defer c.Close()
	j.keys.Searches(c.LaterSecrets)
	if len(c.Files()) == 0 {
		return
	}
	j.dialogue, j.curves, j.inputs = wantsDialogue(specs), wantsCurves(specs), sync.OnceValue(func() []report.Input { return hashed(c) })
	outs := j.openOutputs(specs, c.Files())
	if len(outs) == 0 {
		return
	}
	folder, err := j.openFolder(j.extract)
	if err != nil {
		j.fail("%v", err)
		for _, o := range outs {
			_ = o.close(err) // nothing was written
		}
		return
	}
	source.Capture = c
	stopWatch := onInterrupt(outs, folder, endEarly)
	defer stopWatch()
	var writers []report.Writer
	for _, o := range outs {
		writers = append(writers, j.flags.choice.Choose(o.writer))
	}
	if folder != nil {
		writers = append(writers, goesOn{})
	}
	if len(j.flags.keyLogs) > 0 {
		writers = append(writers, &j.tlsCount)
	}
	tee := report.NewTee(writers...)
	var summary *record.Summary
	if j.extract.wanted() {
		summary, err = j.twice(c, tee, folder)
	} else {
		summary, err = j.once(source, tee)
	}
	j.closeFolder(folder)
	if source.ended.Load() {
		j.interrupted(source)
	}
	j.closeOutputs(outs, tee.Errs(), err)
	if summary == nil {
		return
	}
	for _, name := range summary.Capture.TruncatedFiles {
		if !j.told[name] { // files that were cut are told of when they are read
			j.warning("%s: not read to its end", name)
		}
	}
	if j.flags.packets != nil && summary.Packets == 0 && c.Stats().Packets > 0 {
		j.warning("no packet matches the filter (behind VLAN tags it looks only after the word vlan, as tcpdump does)")
	}
	j.conclude(summary)
	j.undecoded = summary.Capture.Undecoded > 0
}

// watched hands records on to out, and sees what --fail-on asks for.
func (j *job) watched(out report.Writer) report.Writer {
	j.data = &dataSeen{Writer: out}
	out = j.data
	if len(j.flags.failOn) == 0 {
		return out
	}
	j.watch = &watch{Writer: out, what: j.flags.failOn}
	return j.watch
}

func (j *job) once(c *interruptible, tee *report.Tee) (*record.Summary, error) {
	defer j.progress("analyzing", c.Capture, tee.Sessions)()
	return analyze.Run(c, j.options(), j.watched(tee))
}

// conclude says what the summary has to say besides the outputs.
func (j *job) conclude(s *record.Summary) {
	switch text, mostly := diagnosis.Undecoded(s); {
	case mostly && !j.failed:
		j.fail("%s", text)
	case text != "":
		j.warning("%s", text)
	}
	j.keyWarnings()
	j.data.tell(j)
	for _, w := range diagnosis.Warnings(s) {
		j.warning("%s", w)
	}
}

// profile starts the profiles asked for; stop writes them.
func profile(cpu, memory string) (stop func() error, err error) {
	var running *os.File
	if cpu != "" {
		if running, err = os.Create(cpu); err != nil {
			return nil, err
		}
		if err := pprof.StartCPUProfile(running); err != nil {
			running.Close()
			return nil, err
		}
	}
	return func() error {
		if running != nil {
			pprof.StopCPUProfile()
			if err := running.Close(); err != nil {
				return err
			}
		}
		if memory == "" {
			return nil
		}
		f, err := os.Create(memory)
		if err != nil {
			return err
		}
		defer f.Close()
		runtime.GC() // what is still in use, not what lies around
		return pprof.WriteHeapProfile(f)
	}, nil
}
