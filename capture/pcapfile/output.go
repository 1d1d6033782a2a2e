package pcapfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"ftpscope/capture/flow"
)

// OutputOptions of OpenOutput.
type OutputOptions struct {
	Path       string // of the file; those of a Rotation are named after it: out-20260102T150405Z-000001.pcapng
	Rotation   Rotation
	Private    bool // for the user's eyes only
	Keep       int  // how many files of this rotation stay, the newest; 0: all
	Section    SectionInfo
	Interfaces []Interface
	// Start, of a live capture, lets the first file of a rotation begin at once, so that
	// what is wrong with its place is known early. Zero: it begins with the first packet.
	Start flow.Time
	// Problem hears, with the name of the file, why packets are not written (once, until
	// some are again), when they are again, and of files beyond Keep that cannot be
	// removed. It must not call the Output.
	Problem func(error)
}

const (
	// flushEvery is how long a packet may wait in memory, by the packets' clock.
	flushEvery = flow.Second
	// tryEvery is how often a file that could not be written is tried again.
	tryEvery = 10 * flow.Second
)

// OutputStats counts packets.
type OutputStats struct {
	Packets   uint64 // in files
	Unwritten uint64 // lost to full disks and the like
	Files     int    // begun
}

// Output is a pcapng file, or a series of them. Each is complete in itself: section,
// interfaces, packets, statistics. A file holds whole blocks at any time.
//
// Output is writing, or it has failed (err). It fails when a file cannot be written, for
// one because the disk is full: it cuts off the part of a block that was written, keeps
// the buffer, and loses the packets that come. Every tryEvery it tries to write the
// buffer. When the file is old enough for a rotation it gives the buffer up and tries a
// new file. The first packet after a gap has a comment that says so.
//
// The methods may be called from several goroutines.
type Output struct {
	opt    OutputOptions
	mu     sync.Mutex
	counts []ifaceCount
	file   *outputFile // nil: none is open
	w      *Writer     // of file
	given  uint64      // packets that it was given
	held   uint64      // those of them that are not flushed
	began  flow.Time   // the first of them

	now     flow.Time
	flushed flow.Time
	err     error // why packets are not written
	tried   flow.Time
	gap     uint64 // packets lost since the last that was written

	name   string // of file, or of the last that could not be opened
	number int    // in it
	names  []string
	stats  OutputStats
	wrap   func(disk) disk // for tests
}

// ifaceCount is what an interface received and dropped, and had by the file's beginning.
type ifaceCount struct {
	received, dropped             uint64
	receivedBefore, droppedBefore uint64
	known                         bool
}

// OpenOutput begins the file; one that exists is overwritten. Of a rotation without Start
// only the directory is looked at; it never overwrites a file.
func OpenOutput(opt OutputOptions) (*Output, error) {
	opt.Interfaces = slices.Clone(opt.Interfaces)
	o := &Output{opt: opt, now: opt.Start, counts: make([]ifaceCount, len(opt.Interfaces))}
	if !o.rotates() || opt.Start != 0 {
		if err := o.open(os.O_TRUNC); err != nil {
			return nil, named(o.name, err)
		}
		return o, nil
	}
	dir := filepath.Dir(opt.Path)
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("not a directory")
	}
	if err != nil {
		return nil, named(dir, err)
	}
	return o, nil
}

func (o *Output) rotates() bool { return o.opt.Rotation != Rotation{} }

// Stats tells what was written so far.
func (o *Output) Stats() OutputStats {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stats
}

// Number is the number, from 1, of the packet that WritePacket wrote last, in its file.
func (o *Output) Number() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.given
}

// WritePacket writes a packet of one of the Interfaces. An error means that it was not
// written.
func (o *Output) WritePacket(iface int, p *Packet, comments ...string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = p.Time
	if o.err == nil && o.due(p) {
		o.end()
	}
	if o.err == nil && o.file == nil {
		if err := o.open(0); err != nil {
			o.fail(err)
		}
	}
	if o.err != nil && !o.again() {
		o.lost(1)
		return o.err
	}
	if o.gap > 0 {
		comments = append([]string{fmt.Sprintf("%d packets before this one could not be written", o.gap)}, comments...)
	}
	return o.write(iface, p, comments)
}

func (o *Output) write(iface int, p *Packet, comments []string) error {
	if err := o.w.WritePacket(iface, p, comments...); err != nil && o.w.err == nil {
		o.stats.Unwritten++ // it alone
		return err
	}
	if o.given == 0 {
		o.began = p.Time
	}
	o.given++
	o.held++
	o.gap = 0
	if o.passed(o.flushed, flushEvery) || o.w.err != nil || len(o.w.buf) == 0 {
		o.flush()
	}
	return nil // the buffer has it
}

// due reports whether a packet belongs into the next file.
func (o *Output) due(p *Packet) bool {
	if o.file == nil || o.given == 0 {
		return false
	}
	const frame = enhancedHead + 4 + 3 // and the padding
	size, most := o.file.size+int64(len(o.w.buf))+frame+int64(len(p.Data)), o.opt.Rotation.Size
	return o.old() || most > 0 && size > most
}

// old reports whether the file has its age.
func (o *Output) old() bool {
	age := o.opt.Rotation.Age
	return age > 0 && o.given > 0 && o.passed(o.began, age)
}

// passed reports whether so much time has passed, or the clock was put back by as much.
func (o *Output) passed(since, d flow.Time) bool { return o.now-since >= d || since-o.now >= d }

// SetStats tells what an interface received and dropped so far. The statistics in each
// file count from its beginning.
func (o *Output) SetStats(iface int, received, dropped uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if uint(iface) < uint(len(o.counts)) {
		c := &o.counts[iface]
		c.received, c.dropped, c.known = received, dropped, true
	}
}

// Tick tells the time when no packets come: what waits is flushed, and a file that is old
// enough ends.
func (o *Output) Tick(now flow.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = now
	switch {
	case o.err != nil:
		o.again()
	case o.file == nil:
	case o.old():
		o.end()
	default:
		o.flush()
	}
}

// Reopen begins a new file, for logrotate when it has moved the one that is written.
// Without a rotation, a file that is still in its place goes on.
func (o *Output) Reopen() {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.err != nil:
		o.again()
	case o.file == nil:
	case o.rotates():
		o.end()
	case o.file.isAt(o.opt.Path):
		o.flush()
	default:
		o.end()
		if err := o.open(0); err != nil {
			o.fail(err)
		}
	}
}

// Close ends the file. The error says why it does not have all that it was given.
func (o *Output) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil && o.file != nil {
		o.retry()
	}
	if o.file != nil {
		o.end()
	}
	return o.err
}

// flush writes out the buffer, and counts what was in it.
func (o *Output) flush() {
	o.flushed = o.now
	if err := o.w.Flush(); err != nil {
		o.fail(err)
		return
	}
	o.stats.Packets += o.held
	o.held = 0
}

// fail stops the writing, and says so.
func (o *Output) fail(err error) {
	o.tried = o.now
	o.err = named(o.name, err)
	o.problem(fmt.Errorf("%w; packets are not written until that is over", o.err))
}

func (o *Output) problem(err error) {
	if o.opt.Problem != nil {
		o.opt.Problem(err)
	}
}

// named makes an error say a file's name once.
func named(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// lost counts packets that no file has.
func (o *Output) lost(n uint64) {
	o.stats.Unwritten += n
	o.gap += n
}

// again tries, if it is time to, whether packets can be written again.
func (o *Output) again() bool {
	if !o.passed(o.tried, tryEvery) {
		return false
	}
	o.tried = o.now
	if o.file != nil {
		if o.retry() {
			o.recovered()
			return true
		}
		if !o.old() {
			return false
		}
		o.end()
	}
	if o.open(0) != nil {
		return false
	}
	o.err = nil
	o.recovered()
	return true
}

// recovered says that packets are written again.
func (o *Output) recovered() {
	switch {
	case o.err != nil: // what was held could not be written after all
	case o.gap == 1:
		o.problem(fmt.Errorf("%s: written again; 1 packet lost", o.name))
	default:
		o.problem(fmt.Errorf("%s: written again; %d packets lost", o.name, o.gap))
	}
}

// retry writes the buffer that could not be written.
func (o *Output) retry() bool {
	o.w.err = nil
	if o.w.Flush() != nil {
		return false
	}
	o.err = nil
	o.flush()
	return true
}
