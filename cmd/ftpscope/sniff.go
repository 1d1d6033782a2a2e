package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ftpscope/analyze"
	"ftpscope/analyze/extract"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/formats"
	"ftpscope/capture"
	"ftpscope/capture/flow"
	"ftpscope/capture/live"
	"ftpscope/cmd/ftpscope/fleet"
	"ftpscope/cmd/ftpscope/metrics"
	"ftpscope/cmd/ftpscope/sandbox"
	"ftpscope/cmd/ftpscope/view"
)

// runSniff is the same as analyze, of interfaces. What needs rights is opened first; then they are given up.
func runSniff(e *env, args []string) int {
	var f sniffFlags
	if code, done := f.parse(e, args); done {
		return code
	}
	e.quiet = f.quiet
	s := &sniffing{job: newJob(e, &f.common, &f.extract, f.interfaces), sniff: &f}
	specs, ok := s.specs()
	if !ok {
		return exitUsage
	}
	return s.profiled(func() { s.run(specs) })
}

// sniffing is one run of sniff.
type sniffing struct {
	job
	sniff     *sniffFlags
	source    liveSource
	outs      []*liveFile
	writers   []report.Writer
	watchers  []watcher
	kept      *kept
	folder    *extract.Folder // nil: no files are wanted
	extractor *extract.Live   // nil: nor hashes
	metrics   *metrics.Metrics
	view      *view.View
	fleet     *fleet.Sensor // nil: no records are sent
	ended     chan struct{}
	removed   int  // interfaces
	follows   bool // files, not interfaces
	toStdout  bool // an output goes to standard output
}

// liveSource is what sniffing listens to: interfaces, or files that grow.
type liveSource interface {
	analyze.Live
	Stop() // ends it after what has come
	Close() error
}

// watcher is an output that also shows how the analysis stands: the live view, the metrics.
type watcher interface {
	report.Writer
	Status(*analyze.Status)
}

// specs are the outputs: without any, what suits standard output.
func (s *sniffing) specs() ([]outputSpec, bool) {
	names := s.sniff.outputs
	if len(names) == 0 && s.sniff.fleet.Wanted() && !view.Suits(s.stdin, s.stdout) {
		return nil, true // the hub has the records
	}
	if len(names) == 0 {
		names = []string{"table"}
	}
	specs, ok := s.outputSpecs(names)
	for i := range specs {
		if name := specs[i].format.Name; specs[i].format.Dialogue {
			s.error("-o %s needs captures that have ended", name)
			if s.follows {
				s.hint("without --follow: ftpscope analyze -o %s=FILE …", name)
			} else {
				s.hint("keep the packets with -w, then: ftpscope analyze -o %s=FILE …", name)
			}
			return nil, false
		}
		if specs[i].format.Name == "table" && (specs[i].path != "" || !view.Suits(s.stdin, s.stdout)) {
			specs[i].format, _ = formats.Find("lines") // a table needs all sessions; what shows them as they come is lines
		}
	}
	return specs, ok
}

func (s *sniffing) run(specs []outputSpec) {
	user, err := sandbox.Who(s.sniff.user)
	if err != nil {
		s.fail("--user: %v", err)
		return
	}
	source, err := live.Open(live.Options{
		Interfaces: s.sniff.interfaces, RingSize: int(s.sniff.ring), NoPromisc: s.sniff.noPromisc, Rings: s.flags.workers,
		TunnelPorts: s.flags.vxlanPorts, Problem: s.problem,
	})
	if err != nil {
		s.cannotOpen(err)
		return
	}
	defer source.Close()
	if !s.openKeys(true) {
		return
	}
	defer s.keys.close()
	s.source = source
	if !s.openMetrics() || !s.makeFolder(user) || !s.connectFleet(user) {
		return
	}
	defer s.closeFleet()
	if !s.confine(user, specs) || !s.open(specs) || !s.openFleet() || !s.openExtract() {
		return
	}
	s.listen()
}

// listen analyzes what the source gives, to its end.
func (s *sniffing) listen() {
	s.ended = make(chan struct{})
	s.signals()
	if d := s.sniff.duration; d > 0 {
		time.AfterFunc(d, s.source.Stop)
	}
	s.showView()
	s.tellListening()
	stopMetrics := s.serveMetrics()
	defer stopMetrics()
	if s.kept != nil || s.folder != nil {
		s.writers = append(s.writers, goesOn{})
	}
	if len(s.flags.keyLogs) > 0 {
		s.writers = append(s.writers, &s.tlsCount)
	}
	tee := report.NewTee(s.writers...)
	summary, err := analyze.Run(s.limited(), s.options(), s.records(tee))
	close(s.ended)
	s.closeView(summary)
	s.close(tee, err)
	if s.removed > 0 && s.removed == len(s.source.Files()) {
		s.fail("no interface is left to listen on")
	}
	if summary != nil {
		s.tellSummary(summary)
		s.conclude(summary)
	}
}

// tellListening says on a terminal what is listened to, when nothing else shows that it is.
func (s *sniffing) tellListening() {
	if s.view != nil {
		return
	}
	what := strings.Join(s.files, ", ")
	if f := s.flags.filter; f != "" {
		what += ", filter " + strconv.Quote(f)
	}
	if s.sniff.keep != "" {
		what += ", packets to " + s.sniff.keep
	}
	s.say("%s %s; Ctrl-C ends it", map[bool]string{false: "listening on", true: "following"}[s.follows], what)
}

// tellSummary says on a terminal what came, when all outputs are files.
func (s *sniffing) tellSummary(summary *record.Summary) {
	if s.view == nil && !s.toStdout {
		s.say("%s", strings.TrimSpace(s.summaryLine(summary)))
	}
}

// summaryLine is a summary as lines have it.
func (s *sniffing) summaryLine(summary *record.Summary) string {
	var b bytes.Buffer
	format, _ := formats.Find("lines")
	if format.New(&b, s.flags.looks.options()).Summary(summary) != nil {
		return ""
	}
	return b.String()
}

// problem tells what happened to an interface.
func (s *sniffing) problem(err error) {
	s.warning("%v", err)
	if errors.Is(err, live.ErrRemoved) {
		s.removed++
	}
}

// options are those of the analysis.
func (s *sniffing) options() analyze.Options {
	opt := s.job.options()
	opt.IdleTimeout, opt.Interval, opt.Status = flow.Time(s.sniff.idleTimeout), flow.Time(s.sniff.interval), s.status
	if s.kept != nil {
		opt.Evidence = s.kept.evidence()
	}
	if s.extractor != nil {
		opt.Follow, opt.Claims = s.extractor, s.extractor
	}
	if s.view != nil && opt.Interval == 0 {
		opt.Interval = flow.Time(viewEvery)
	}
	return opt
}

// cannotOpen says why an interface cannot be listened on, and what now.
func (s *sniffing) cannotOpen(err error) {
	if errors.Is(err, fs.ErrPermission) {
		s.fail("%s: sniffing needs the right to open raw sockets", s.sniff.interfaces[0])
		s.hint("sudo ftpscope sniff -i %s, or once: sudo setcap cap_net_raw+ep $(which ftpscope)", s.sniff.interfaces[0])
		return
	}
	if s.fail("%v", err); errors.Is(err, live.ErrNotFound) {
		s.hint("interfaces here: %s (ftpscope interfaces)", strings.Join(interfaceNames(), ", "))
	}
}

// confine gives up all rights but those that writing the outputs takes.
func (s *sniffing) confine(user sandbox.User, specs []outputSpec) bool {
	opt := sandbox.Options{User: user}
	for _, spec := range specs {
		if spec.path != "" {
			opt.Write = append(opt.Write, spec.path)
		}
	}
	if s.metrics != nil {
		opt.Read = metrics.Reads()
	}
	if s.sniff.keep != "" {
		opt.Write = append(opt.Write, s.keptPlace())
	}
	for _, dir := range []string{s.extract.dir, s.sniff.fleet.Dir()} {
		if dir != "" {
			opt.Write, opt.Read = append(opt.Write, dir), append(opt.Read, dir)
		}
	}
	if s.fleet != nil {
		opt.Connect = s.sniff.fleet.Ports()
	}
	done, err := sandbox.Apply(opt)
	var refused *sandbox.WriteError
	if errors.As(err, &refused) {
		s.fail("%v", err)
		s.hint("--user NAME, or another folder")
		return false
	}
	if err != nil {
		s.fail("%v", err)
		return false
	}
	for _, what := range done.Missing {
		s.warning("%s", what)
	}
	return true
}

// openMetrics listens where metrics are asked for.
func (s *sniffing) openMetrics() bool {
	if s.sniff.metrics == "" {
		return true
	}
	m, err := metrics.Listen(s.sniff.metrics)
	if err != nil {
		s.fail("%v", err)
		return false
	}
	s.metrics = m
	s.writers, s.watchers = append(s.writers, m), append(s.watchers, m)
	return true
}

// serveMetrics answers until the end.
func (s *sniffing) serveMetrics() (stop func()) {
	if s.metrics == nil {
		return func() {}
	}
	go func() {
		if err := s.metrics.Serve(); err != nil {
			s.warning("metrics: %v", err)
		}
	}()
	return func() { s.metrics.Close() }
}

// open opens the outputs; one that cannot be opened is reason enough not to start.
func (s *sniffing) open(specs []outputSpec) bool {
	opt := s.flags.looks.options()
	opt.ShowPasswords, opt.All, opt.Live, opt.Files = s.flags.showPasswords, true, true, len(s.source.Files())
	if s.sniff.keepsOneFile() {
		opt.Files = 1 // packets have the numbers of -w
	}
	for _, spec := range specs {
		if spec.format.Name == "table" {
			s.openView()
			continue
		}
		if s.follows {
			if err := overwrites(spec.path, s.source.Files()); err != nil {
				s.fail("%v", err)
				return false
			}
		}
		if spec.path == "" {
			s.toStdout = true
			s.write(newEachRecord(clearing{s.stdout, s.console}, spec.format, s.onto(opt, &s.flags.looks)))
			continue
		}
		file, err := openLive(spec.path, s.flags.showPasswords, s.warning)
		if err != nil {
			s.fail("%v", err)
			return false
		}
		s.outs = append(s.outs, file)
		s.write(newEachRecord(file, spec.format, opt))
	}
	if err := s.openKept(); err != nil {
		s.fail("%v", err)
		return false
	}
	return true
}

// write adds an output. Snapshots are for those who asked for them.
func (s *sniffing) write(w report.Writer) {
	if s.sniff.interval == 0 {
		w = endedOnly{w}
	}
	s.writers = append(s.writers, s.flags.choice.Choose(w))
}

// oneRequest is how soon after the first signal to end another one means the same: timeout(1) signals a program, and then the
// group that it is in.
const oneRequest = 500 * time.Millisecond

// endRequests tells signals to end apart.
type endRequests struct{ first time.Time }

type endRequest int

const (
	endFirst endRequest = iota
	endEcho             // of the first
	endAgain
)

func (r *endRequests) take(now time.Time) endRequest {
	switch {
	case r.first.IsZero():
		r.first = now
		return endFirst
	case now.Sub(r.first) < oneRequest:
		return endEcho
	}
	return endAgain
}

// signals ends the run at the first SIGINT or SIGTERM, at once at the second, and reopens outputs at SIGHUP.
func (s *sniffing) signals() {
	list := make(chan os.Signal, 4)
	signal.Notify(list, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		var requests endRequests
		for {
			select {
			case <-s.ended:
				signal.Stop(list)
				return
			case sig := <-list:
				if sig == syscall.SIGHUP {
					s.reopen()
					continue
				}
				switch requests.take(time.Now()) {
				case endFirst:
					s.source.Stop()
				case endAgain:
					s.abort()
					os.Exit(exitInterrupted)
				}
			}
		}
	}()
}

// reopen has the outputs opened anew before the next record.
func (s *sniffing) reopen() {
	for _, o := range s.outs {
		o.reopen.Store(true)
	}
	if s.kept != nil {
		s.kept.out.Reopen()
	}
}

// abort leaves the terminal and the folder of files as they should be.
func (s *sniffing) abort() {
	if s.view != nil {
		s.view.Close()
	}
	if s.folder != nil {
		s.folder.Abort()
	}
}

func (s *sniffing) status(st *analyze.Status) {
	for _, w := range s.watchers {
		w.Status(st)
	}
	if s.kept != nil {
		s.kept.status(st.Now)
	}
}

// close ends the outputs.
func (s *sniffing) close(tee *report.Tee, run error) {
	for i, err := range tee.Errs() {
		if err != nil && !closedPipe(err) {
			s.fail("output %d: %v", i+1, cause(err))
		}
	}
	for _, o := range s.outs {
		if err := o.close(); err != nil {
			s.fail("%s: %v", o.path, cause(err))
		}
	}
	s.closeKept()
	s.closeFolder(s.folder)
}

// limited is the source with the limit of --packets.
func (s *sniffing) limited() analyze.Source {
	if s.sniff.packets == 0 {
		return s.source
	}
	return &limited{liveSource: s.source, left: s.sniff.packets}
}

// limited ends after a number of packets.
type limited struct {
	liveSource
	left uint64
}

// Next returns no more packets than are left.
func (l *limited) Next() ([]capture.Packet, error) {
	if l.left == 0 {
		l.liveSource.Stop()
		for { // what the kernel still has is more than was asked for
			if _, err := l.liveSource.Next(); err != nil {
				return nil, err
			}
		}
	}
	batch, err := l.liveSource.Next()
	if uint64(len(batch)) > l.left {
		batch = batch[:l.left]
	}
	l.left -= uint64(len(batch))
	return batch, err
}

// checkFollow checks the flags of analyze that have to do with files that grow.
func (f *flags) checkFollow() error {
	switch {
	case !f.follow && (f.interval != 0 || f.idleTimeout != 0):
		return errors.New("--interval and --idle-timeout belong to --follow")
	case f.interval < 0 || f.idleTimeout < 0:
		return errors.New("--interval and --idle-timeout take times like 30s or 1h")
	case f.interval > 0 && f.interval < time.Second:
		return errors.New("--interval takes a second or more")
	}
	return nil
}

// runFollow is analyze of captures that are still being written: it tells of sessions as sniff does.
func runFollow(e *env, f *flags, files []string) int {
	sniff := &sniffFlags{common: f.common, extract: f.extract, interval: f.interval, idleTimeout: f.idleTimeout}
	if sniff.idleTimeout == 0 {
		sniff.idleTimeout = defaultIdle
	}
	s := &sniffing{job: newJob(e, &sniff.common, &sniff.extract, files), sniff: sniff, follows: true}
	specs, ok := s.specs()
	if !ok {
		return exitUsage
	}
	return s.profiled(func() { s.follow(specs) })
}

func (s *sniffing) follow(specs []outputSpec) {
	if !s.openKeys(true) {
		return
	}
	defer s.keys.close()
	source, err := capture.Follow(s.files, capture.Options{Stdin: s.stdin, Problem: s.job.problem, Secrets: s.keys.Block})
	if err != nil {
		s.fail("%v", err)
		return
	}
	defer source.Close()
	s.source = source
	if !source.Alive() || !s.open(specs) || !s.openExtract() {
		return
	}
	s.listen()
}

// viewEvery is how often the view hears of open sessions, whether or not outputs do.
const viewEvery = 2 * time.Second

// openView makes the live view.
func (s *sniffing) openView() {
	out, _ := s.stdout.(*os.File) // what specs found to be a terminal
	s.view = view.New(view.Options{
		Interfaces: s.files, Files: s.follows, Color: s.flags.colored(true), ShowPasswords: s.flags.showPasswords, Zone: s.flags.zone.Zone, In: s.stdin, Out: out, Now: time.Now,
	})
	s.writers, s.watchers = append(s.writers, s.view), append(s.watchers, s.view)
}

// showView begins to draw. Who asks to quit twice wants it at once.
func (s *sniffing) showView() {
	if s.view == nil {
		return
	}
	s.lend(s.view.Warn)
	stopping := false
	s.view.Run(func() {
		if stopping {
			os.Exit(exitInterrupted)
		}
		stopping = true
		s.source.Stop()
	})
}

// closeView gives the terminal back and says on it what the view had to say.
func (s *sniffing) closeView(summary *record.Summary) {
	if s.view == nil {
		return
	}
	err := s.view.Close()
	s.lend(nil)
	for _, text := range s.view.Warnings() {
		s.warning("%s", text)
	}
	if err != nil {
		s.fail("%v", err)
	}
	if summary == nil {
		return
	}
	s.print(s.summaryLine(summary))
}

// ended is a writer of sessions that ended: snapshots of those that go on are for others.
type endedOnly struct{ report.Writer }

func (w endedOnly) Session(x *record.Session) error {
	if x.Open {
		return nil
	}
	return w.Writer.Session(x)
}
