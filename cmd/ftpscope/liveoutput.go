package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"ftpscope/analyze"
	"ftpscope/analyze/pick"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture"
	"ftpscope/capture/flow"
	"ftpscope/capture/outfile"
	"ftpscope/capture/pcapfile"
	"ftpscope/cmd/ftpscope/sandbox"
)

// liveFile is an output file that is written while the program runs: whole records, each at once. It may be moved away and
// made anew (SIGHUP), and its disk may be full for a while: then records are lost, which is said, and no half of one stays.
type liveFile struct {
	path    string
	private bool // for the user's eyes only
	file    *os.File
	reopen  atomic.Bool
	lost    int // records since the disk was full
	warning func(format string, args ...any)
}

// openLive opens the file to append to it.
func openLive(path string, private bool, warning func(string, ...any)) (*liveFile, error) {
	l := &liveFile{path: path, private: private, warning: warning}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	return l, nil
}

func (l *liveFile) open() error {
	file, err := outfile.Open(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, l.private)
	if err != nil {
		return err
	}
	if l.file != nil {
		l.file.Close()
	}
	l.file = file
	return nil
}

// ready opens the file anew if that was asked for, and reports whether it is a regular one, and empty.
func (l *liveFile) ready() (regular, empty bool) {
	if l.reopen.CompareAndSwap(true, false) {
		if err := l.open(); err != nil {
			l.warning("%s: cannot be reopened: %v", l.path, cause(err))
		}
	}
	info, err := l.file.Stat()
	regular = err == nil && info.Mode().IsRegular()
	return regular, regular && info.Size() == 0
}

// Write writes one record. It never fails: what cannot be written is counted.
func (l *liveFile) Write(b []byte) (int, error) {
	n, err := l.file.Write(b)
	if err == nil {
		if l.lost > 0 {
			l.warning("%s: written again; %s lost", l.path, prose.Many(uint64(l.lost), "record"))
			l.lost = 0
		}
		return len(b), nil
	}
	if info, e := l.file.Stat(); e == nil && n > 0 && info.Mode().IsRegular() {
		l.file.Truncate(info.Size() - int64(n)) // no half record
	}
	if l.lost++; l.lost == 1 {
		l.warning("%s: %v; records are lost until it can be written again", l.path, cause(err))
	}
	return len(b), nil
}

func (l *liveFile) close() error {
	if l.lost > 0 {
		l.warning("%s: %s lost", l.path, prose.Many(uint64(l.lost), "record"))
	}
	return l.file.Close()
}

// eachRecord hands on each record in one piece, as soon as it is written. Each file begins with the format's heading.
type eachRecord struct {
	report.Writer
	heading report.Heading
	buf     *bytes.Buffer
	out     io.Writer
	file    *liveFile // out, if it is one
}

// maxKeptRecord is the largest record whose buffer is kept for the next.
const maxKeptRecord = 1 << 20

func newEachRecord(w io.Writer, format report.Format, opt report.Options) *eachRecord {
	e := &eachRecord{buf: &bytes.Buffer{}, out: w}
	opt.Heading = &e.heading
	e.Writer = format.New(e.buf, opt)
	e.file, _ = w.(*liveFile)
	return e
}

// begin sees before each record to what it is written to. A file that is empty gets a heading, one that has records goes
// on; what is no file has one heading.
func (w *eachRecord) begin() *eachRecord {
	if w.file != nil {
		if regular, empty := w.file.ready(); regular {
			w.heading.Written = !empty
		}
	}
	return w
}

func (w *eachRecord) flush(err error) error {
	if err == nil && w.buf.Len() > 0 {
		_, err = w.out.Write(w.buf.Bytes())
	}
	if w.buf.Reset(); w.buf.Cap() > maxKeptRecord {
		*w.buf = bytes.Buffer{}
	}
	return err
}

func (w *eachRecord) Session(s *record.Session) error { return w.begin().flush(w.Writer.Session(s)) }
func (w *eachRecord) Attempt(a *record.Attempt) error { return w.begin().flush(w.Writer.Attempt(a)) }
func (w *eachRecord) Orphan(o *record.Orphan) error   { return w.begin().flush(w.Writer.Orphan(o)) }
func (w *eachRecord) Summary(s *record.Summary) error { return w.begin().flush(w.Writer.Summary(s)) }

// kept is what -w writes: the packets of FTP connections.
type kept struct {
	*pick.Keeper
	out    *pcapfile.Output
	source analyze.Source
	places *pick.Places // nil: of several files no number is certain
}

// numbered is kept in one file, by whose numbers records name packets.
type numbered struct {
	*kept
	*pick.Places
}

// WritePacket writes a packet that the Keeper keeps.
func (k *kept) WritePacket(iface int, p *capture.Packet, comments ...string) error {
	err := k.out.WritePacket(iface, p, comments...)
	if err == nil && k.places != nil {
		k.places.Note(p.Pos, k.out.Number())
	}
	return err
}

// evidence is what the analysis tells of packets.
func (k *kept) evidence() analyze.Evidence {
	if k.places == nil {
		return k
	}
	return numbered{k, k.places}
}

// keeperBytes is how much of the traffic before a connection shows to be FTP's is at hand; on a link of 1 Gbit/s a
// quarter of a second.
const keeperBytes = 32 << 20

// openKept opens -w; the live link types come with the packets.
func (s *sniffing) openKept() error {
	f := s.sniff
	if f.keep == "" {
		return nil
	}
	info, _ := debug.ReadBuildInfo()
	opt := pcapfile.OutputOptions{
		Path: f.keep, Private: s.flags.showPasswords, Rotation: f.rotation, Keep: f.keepFiles, Start: flow.Time(time.Now().UnixNano()),
		Section: pcapfile.SectionInfo{
			OS: runtime.GOOS + " " + runtime.GOARCH, Application: "ftpscope " + version(info),
			Comment: "packets of FTP control and data connections",
		},
		Problem: func(err error) { s.warning("%v", err) },
	}
	for _, name := range s.source.Files() {
		opt.Interfaces = append(opt.Interfaces, pcapfile.Interface{Name: name, Filter: s.flags.filter, Later: true})
	}
	out, err := pcapfile.OpenOutput(opt)
	if err != nil {
		return fmt.Errorf("%s: %w", f.keep, cause(err))
	}
	s.kept = &kept{out: out, source: s.source}
	s.kept.Keeper = pick.NewKeeper(s.kept, pick.KeeperOptions{Bytes: keeperBytes})
	if f.keepsOneFile() {
		s.kept.places = &pick.Places{}
	}
	return nil
}

// status writes what waited long enough.
func (k *kept) status(now flow.Time) {
	k.Keeper.Tick(now)
	k.count()
	k.out.Tick(now)
}

// count notes what the files say of the capture: what came, and what the kernel dropped. Drops are known of all interfaces
// together, and stand with the first.
func (k *kept) count() {
	st := k.source.Stats()
	k.out.SetStats(0, st.Packets, st.Dropped)
}

// closeKept writes the rest and says what is missing.
func (s *sniffing) closeKept() {
	k := s.kept
	if k == nil {
		return
	}
	k.Flush()
	k.count()
	if err := k.out.Close(); err != nil {
		s.fail("%s: %v", s.sniff.keep, cause(err))
	}
	if n := k.out.Stats().Unwritten; n > 0 {
		s.warning("%s: %s not written", s.sniff.keep, prose.Many(n, "packet"))
	}
	if st := k.Keeper.Stats(); st.TooLarge+st.MarksLost > 0 {
		s.warning("%s: %s too large to keep, %s too many at once", s.sniff.keep, prose.Many(st.TooLarge, "packet"), prose.Many(st.MarksLost, "connection"))
	}
}

// keptPlace is where rights are needed: files of a rotation come and go in their folder.
func (s *sniffing) keptPlace() string {
	if s.sniff.rotate != "" {
		return filepath.Dir(s.sniff.keep)
	}
	return s.sniff.keep
}

// keptPath is the file of -w with the ending that tells what it is.
func keptPath(path string) string {
	if path == "" || strings.HasPrefix(path, "/dev/") || filepath.Ext(path) != "" {
		return path
	}
	return path + ".pcapng"
}

// connectFleet connects to the hub, and makes the folder for what waits.
func (s *sniffing) connectFleet(user sandbox.User) bool {
	if !s.sniff.fleet.Wanted() {
		return true
	}
	err := newFolder(s.sniff.fleet.Dir(), user)
	if err == nil {
		s.fleet, err = s.sniff.fleet.Connect(s.fleetEnv(), s.flags.showPasswords)
	}
	if err != nil {
		s.fail("--fleet: %v", err)
	}
	return err == nil
}

// newFolder makes a folder that is not there yet for the user, and those above it.
func newFolder(dir string, user sandbox.User) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return user.Own(f)
}

// openFleet begins to send records.
func (s *sniffing) openFleet() bool {
	if s.fleet == nil {
		return true
	}
	if err := s.fleet.Open(); err != nil {
		s.fail("--fleet: %v", err)
		return false
	}
	s.write(s.fleet)
	return true
}

func (s *sniffing) closeFleet() {
	if s.fleet != nil {
		s.fleet.Close()
	}
}
