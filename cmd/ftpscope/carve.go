package main

import (
	"bufio"
	"fmt"
	"net/netip"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"ftpscope/analyze"
	"ftpscope/analyze/carve"
	"ftpscope/analyze/keylog"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture"
	"ftpscope/capture/flow"
	"ftpscope/capture/pcapfile"
)

// runCarve analyzes the captures, then reads them again for the packets of the sessions that were chosen.
func runCarve(e *env, args []string) int {
	var f carveFlags
	files, code, done := f.parse(e, args)
	if done {
		return code
	}
	e.quiet = f.quiet
	c := &carving{job: newJob(e, &f.common, nil, files), carveFlags: &f}
	c.run()
	return c.code()
}

// carving is one run of carve.
type carving struct {
	job
	*carveFlags
	plan     carve.Plan
	sessions uint64 // chosen or not
	tries    *tries // nil: without --all-ftp
	unknown  bool   // a transfer was asked for that there is not
}

func (c *carving) run() {
	if !c.openKeys(false) {
		return
	}
	defer c.keys.close()
	in, err := capture.Open(c.files, capture.Options{
		Stdin: c.stdin, Problem: c.problem, Ahead: c.workers - 1, Secrets: c.keys.Block,
		Spool: func(name string) {
			if !c.quiet {
				c.hint("%s is copied to a temporary file, because carve reads captures twice", name)
			}
		},
	})
	if err != nil {
		c.fail("%v", err)
		return
	}
	defer in.Close()
	c.keys.Searches(in.LaterSecrets)
	if len(in.Files()) == 0 || !c.sound(in.Files()) || !c.choose(in) {
		return
	}
	out := &output{spec: outputSpec{path: c.path()}}
	if err := c.openCarved(out); err != nil {
		c.fail("%v", err)
		return
	}
	stopWatch := onInterrupt([]*output{out}, nil, nil)
	defer stopWatch()
	stats, err := c.write(in, out)
	if err = out.close(err); err != nil {
		if out.spec.path != "" || !closedPipe(err) {
			c.fail("%s: %v", place(out.spec.path), cause(err))
		}
		return
	}
	if out.spec.path != "" {
		c.wrote(out.spec.path, "%s, %s", prose.Many(stats.Packets, "packet"), prose.Size(stats.Bytes))
	}
	for _, l := range stats.Left {
		c.fail("%s left out, the first is packet %d of %s: %v", prose.Many(l.Packets, "packet"), l.First.Packet(), in.Files()[l.First.File()], l.Why)
	}
}

// path is that of the output; empty: standard output.
func (c *carving) path() string {
	if c.carveFlags.write == "-" {
		return ""
	}
	return filepath.Clean(c.carveFlags.write)
}

// sound refuses to write over what is read.
func (c *carving) sound(inputs []string) bool {
	path := c.path()
	if path == "" {
		if _, isTerminal := terminal(c.stdout); isTerminal {
			c.fail("standard output is a terminal")
			c.hint("-w OUT.pcapng")
			return false
		}
		return true
	}
	if err := overwrites(path, inputs); err != nil {
		c.fail("%v", err)
		return false
	}
	return true
}

// choose makes the plan by a first pass; false: there is nothing to carve, or that is not known.
func (c *carving) choose(in *capture.Capture) bool {
	opt := c.options()
	out := c.flags.choice.Choose(&chosen{c})
	if c.allFTP {
		c.tries = newTries(out, c.ports)
		out, opt.Evidence = c.tries, c.tries
	}
	tee := report.NewTee(out)
	stopProgress := c.progress("looking for sessions in", in, tee.Sessions)
	_, err := analyze.Run(in, opt, tee)
	stopProgress()
	if err != nil {
		c.fail("%v", err)
		return false
	}
	if missing := c.missing(); len(missing) > 0 {
		c.fail("there is no session %s: the captures have %s", strings.Join(missing, ", "), prose.Many(c.sessions, "session"))
		return false
	}
	if c.plan.Conns() == 0 {
		c.fail("no session was chosen: nothing to write")
		c.hint("ftpscope analyze with the same files and flags shows the sessions that they choose")
	}
	if c.tries != nil && c.tries.lost > 0 {
		c.warning("attempts to reach a control port: %s beyond the first %d left out", prose.Many(c.tries.lost, "attempt"), maxTries)
	}
	return c.plan.Conns() > 0 && !c.unknown
}

// missing are the sessions asked for that are not in the captures.
func (c *carving) missing() (list []string) {
	for _, n := range c.carveFlags.sessions {
		if uint64(n) > c.sessions {
			list = append(list, fmt.Sprint(n))
		}
	}
	return list
}

// openCarved opens the output: not for everybody's eyes, as captures hold passwords.
func (c *carving) openCarved(o *output) error {
	if o.spec.path == "" {
		o.buf = bufio.NewWriterSize(c.stdout, outputBuffer)
		return nil
	}
	if err := o.open(); err != nil {
		return err
	}
	o.buf = bufio.NewWriterSize(o.file, outputBuffer)
	return nil
}

// write is the second pass.
func (c *carving) write(in *capture.Capture, out *output) (carve.Stats, error) {
	info, _ := debug.ReadBuildInfo()
	as := c.options()
	opt := carve.Options{
		Section: pcapfile.SectionInfo{Application: "ftpscope " + version(info), Comment: c.comment()},
		Name:    filepath.Base, Redact: c.redact, Names: c.names,
		Decode: as.Decode, Filter: as.Filter, MergeNetworks: as.MergeNetworks,
	}
	if c.withKeys {
		opt.Secrets = c.secrets()
	}
	if n := c.plan.Sealed(); n > 0 && (c.redact || c.names != nil) {
		c.warning("%s under TLS: passwords and addresses in encrypted data are unchanged, and whoever has the keys can read them", prose.Many(n, "session"))
	}
	stop := func() {}
	defer func() { stop() }()
	again := func() carve.Source {
		a := in.Again(c.problemOnce)
		stop()
		stop = c.progress("carving", a, func() int64 { return 0 })
		return a
	}
	return c.plan.Write(again, out.buf, opt)
}

// comment says of the whole file what it is.
func (c *carving) comment() string {
	text := "packets of FTP control and data connections"
	if c.redact {
		text += "; passwords overwritten"
	}
	if c.names != nil {
		text += "; addresses renamed"
	}
	return text
}

// secrets are those of the chosen sessions, as a key log has them.
func (c *carving) secrets() []byte {
	var list []keylog.Random
	for _, r := range c.plan.Randoms() {
		list = append(list, r)
	}
	log := c.keys.Lines(list)
	if len(log) == 0 {
		c.warning("--with-keys: no secrets of the chosen sessions are known")
	}
	return log
}

// chosen takes the sessions that the flags choose.
type chosen struct{ *carving }

var errTooMany = fmt.Errorf("more than %d connections are chosen: choose fewer sessions (--since, --until, --host, …)", carve.MaxConns)

func (c *chosen) Session(s *record.Session) error {
	if wanted := c.carveFlags.sessions; len(wanted) == 0 || slices.Contains(wanted, s.ID) {
		for _, n := range c.plan.Add(s, c.transfers) {
			c.unknown = true
			c.fail("session %d has no transfer %d: it has %s", s.ID, n, prose.Many(uint64(len(s.Transfers)), "transfer"))
		}
	}
	if c.plan.Conns() > carve.MaxConns {
		return errTooMany
	}
	return nil
}

func (c *chosen) Attempt(a *record.Attempt) error {
	if c.allFTP {
		list := c.tries.of(a)
		for i := range list {
			c.plan.AddAttempt(&list[i])
		}
	}
	return nil
}

func (c *chosen) Orphan(o *record.Orphan) error {
	if c.allFTP {
		c.plan.AddOrphan(o)
	}
	return nil
}

func (c *chosen) Summary(s *record.Summary) error {
	c.carving.sessions = uint64(s.Sessions)
	return nil
}

// maxTries bounds the tries of control connections that are remembered: only floods have more.
const maxTries = 1 << 16

// tries is where SYNs to control ports went: records of attempts count them, and --all-ftp wants their packets. It hears of
// packets as evidence, and of all sessions, whose SYNs are no tries.
type tries struct {
	report.Writer
	ports []uint16 // of FTP, besides 21 and 990
	mu    sync.Mutex
	seen  map[try]bool
	lost  uint64 // beyond maxTries
	list  map[tryEnds][]flow.Conn
	known map[flow.Mark]bool // first packets of sessions
}

// tryEnds are what an attempt's record is about.
type tryEnds struct {
	client netip.Addr
	server netip.AddrPort
}

// try is the SYNs between two ends.
type try struct {
	src, dst netip.AddrPort
	net      flow.Net
}

func newTries(out report.Writer, ports []uint16) *tries {
	return &tries{Writer: out, ports: ports, seen: map[try]bool{}, list: map[tryEnds][]flow.Conn{}, known: map[flow.Mark]bool{}}
}

// Session notes a session, whether it is chosen or not.
func (t *tries) Session(s *record.Session) error {
	t.known[s.Notes.Control.Start] = true
	return t.Writer.Session(s)
}

// Add takes a packet.
func (t *tries) Add(_ *capture.Packet, s *flow.Segment) {
	port := s.DstPort
	if s.ICMP != nil || s.Flags&(flow.SYN|flow.ACK) != flow.SYN || port != 21 && port != 990 && !slices.Contains(t.ports, port) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	lone := flow.LoneSYN{Src: s.Src, Dst: s.Dst, SrcPort: s.SrcPort, DstPort: port, Net: s.Net, First: s.Mark}
	c := lone.Conn()
	k, once := tryEnds{c.Src.Addr(), c.Dst}, try{c.Src, c.Dst, s.Net}
	if t.seen[once] {
		return
	}
	if len(t.seen) >= maxTries {
		t.lost++
		return
	}
	t.seen[once] = true
	c.Last.Ord = 1<<63 - 1 // whatever follows: nothing but its own repetitions and refusals does
	t.list[k] = append(t.list[k], c)
}

// of lists the tries that an attempt's record counts.
func (t *tries) of(a *record.Attempt) (list []flow.Conn) {
	for _, c := range t.list[tryEnds{a.ClientIP, a.Server}] {
		if !t.known[c.Start] {
			list = append(list, c)
		}
	}
	return list
}

// What else evidence is told of does not matter here.

func (t *tries) Reassembled([]flow.Mark, *flow.Segment)          {}
func (t *tries) Mark(netip.AddrPort, netip.AddrPort, flow.Net)   {}
func (t *tries) Unmark(netip.AddrPort, netip.AddrPort, flow.Net) {}
func (t *tries) Expect(netip.AddrPort)                           {}
func (t *tries) Ended(netip.AddrPort, netip.AddrPort, flow.Nets) {}
