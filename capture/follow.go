package capture

import (
	"errors"
	"io"
	"os"
	"slices"
	"sort"
	"sync/atomic"
	"time"

	"ftpscope/capture/buffer"
	"ftpscope/capture/flow"
	"ftpscope/capture/pcapfile"
	"ftpscope/capture/tail"
)

const (
	// pollEvery is how often is looked whether files have grown, and others have come.
	pollEvery = 100 * time.Millisecond
	// moment is the longest time that the packets of a call of Next span.
	moment = 250 * flow.Millisecond
	// calm is how long nothing has to come until the clock goes on without packets:
	// programs that capture hold packets back, the best of them for a second, ftpscope -w
	// for five.
	calm = 6 * time.Second
	// maxIdle is how many files are watched that have nothing more now. Of a rotated set
	// one grows.
	maxIdle = 64
)

// Following is a capture that is still being written. It reads the files that were named,
// those that come into directories that were named, and those that go on where a named
// file ends (tail.Watch finds them).
//
// A file is pending until the merge has come to its first packet, then active: a source
// in the heap of Capture. When it has been read as far as it is written, it is idle, and
// poll looks at it again: it becomes active when it has grown, and is closed when it is
// gone, was written anew, or is the oldest of too many. A record that is only half there
// waits in its source for its other half.
//
// Next does not wait for long: it gives no packets when none are there. Next and Close
// are for one goroutine, the other methods for any.
type Following struct {
	*Capture
	*follower
}

// follower is what a Capture has besides, when it is followed.
type follower struct {
	c        *Capture
	watch    tail.Watch
	peeks    buffer.Pool
	idle     []*source // read as far as they are written
	polled   time.Time
	pause    time.Duration // when nothing is there
	stopping atomic.Bool
	ended    bool // there is nothing to wait for any more
	stopped  bool // what is written from now on is of no interest
	newest   flow.Time
	rest     []Packet  // that Next has not given
	last     flow.Time // packet
	came     time.Time // the last packets
	now      atomic.Int64
}

// Follow opens captures that are still being written. Its only error is ErrNoArgs; what
// cannot be read goes to opt.Problem. Of a pipe it waits for the first packet.
func Follow(args []string, opt Options) (*Following, error) {
	if len(args) == 0 {
		return nil, ErrNoArgs
	}
	c := newCapture(Options{Problem: opt.Problem, Secrets: opt.Secrets})
	f := &follower{c: c, pause: pollEvery, came: time.Now(), peeks: buffer.Pool{Size: buffer.Small}}
	c.follower = f
	f.watch = tail.Watch{Peek: f.peek, Take: f.take, Busy: c.busy, Problem: f.problem}
	f.begin(args, opt.Stdin)
	following := &Following{c, f}
	c.Packets = NewPackets(following.Next)
	return following, nil
}

// begin finds what args name.
func (f *follower) begin(args []string, stdin io.Reader) {
	if stdin == nil {
		stdin = os.Stdin
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case arg == "-":
			f.once(stdinName, io.NopCloser(stdin))
		case err != nil:
			f.c.problem(plain(arg, err))
		case info.IsDir():
			f.watch.AddDirectory(arg)
		case info.Mode().IsRegular():
			f.watch.Add(arg, info)
		default:
			if file, err := os.Open(arg); err != nil {
				f.c.problem(plain(arg, err))
			} else {
				f.once(arg, file)
			}
		}
	}
	f.watch.Start()
}

// Stop ends the capture: Next delivers what was written by then, and then io.EOF.
func (f *follower) Stop() { f.stopping.Store(true) }

// Alive reports whether there is anything to follow: packets to read, or files that may
// come or grow.
func (f *Following) Alive() bool {
	return len(f.active)+len(f.pending)+len(f.idle) > 0 || !f.watch.Closed()
}

// Now is a time before which no packet is still to come: that of the last one, and when
// nothing has come for a while, as much later. While half a packet is there it stands
// still.
func (f *follower) Now() flow.Time { return flow.Time(f.now.Load()) }

// Next returns the next packets, none when none are there yet, io.EOF after Stop. What
// was captured long ago comes as it came then: never more than a moment at once, and
// after a pause first the news that it is over.
func (f *Following) Next() ([]Packet, error) {
	if len(f.rest) == 0 {
		if err := f.fetch(); err != nil {
			return nil, err
		}
	}
	if len(f.rest) == 0 {
		return nil, nil
	}
	first := f.rest[0].Time
	if f.last != 0 && first-f.last >= moment && f.Now() < first-1 {
		f.now.Store(int64(first - 1))
		return nil, nil
	}
	n := 1
	for n < len(f.rest) && f.rest[n].Time-first < moment {
		n++
	}
	batch := f.rest[:n]
	f.rest = f.rest[n:]
	f.last, f.came = batch[n-1].Time, time.Now()
	f.now.Store(int64(f.last))
	return batch, nil
}

// fetch gets the rest that Next gives, if there is anything.
func (f *Following) fetch() (err error) {
	if time.Since(f.polled) >= pollEvery {
		f.poll()
	}
	f.bound()
	if f.rest, err = f.Capture.Next(); err == nil {
		return nil
	}
	switch f.poll(); {
	case len(f.active)+len(f.pending) > 0:
		return nil
	case f.ended:
		return io.EOF
	}
	f.tick()
	if !f.stopping.Load() {
		time.Sleep(f.pause)
	}
	return nil
}

// tick lets the clock go on while nothing comes.
func (f *follower) tick() {
	quiet := time.Since(f.came) - calm
	if f.last == 0 || quiet <= 0 || slices.ContainsFunc(f.idle, func(s *source) bool { return s.half() && !f.superseded(s) }) {
		return
	}
	f.now.Store(int64(min(f.last+flow.Time(quiet), pcapfile.MaxTime)))
}

// half reports whether a record is there without its end.
func (s *source) half() bool { return len(s.buf.Unread()) > 0 }

// superseded reports whether others go on where a file ends.
func (f *follower) superseded(s *source) bool { return s.until < f.newest }

// poll looks for more in the files that were read as far as they went, and for new files.
func (f *follower) poll() {
	f.polled = time.Now()
	last := f.stopping.Load()
	idle := f.idle
	f.idle = nil
	for _, s := range idle {
		f.resume(s)
	}
	if f.stopped {
		f.watch.Choose()
	} else {
		f.watch.Look(last)
	}
	f.bound()
	f.ended = len(f.idle) == 0 && (f.stopped || f.watch.Closed())
	if last {
		f.stop()
	}
}

// stop lets all that is written from now on be of no interest.
func (f *follower) stop() {
	f.stopped = true
	for _, s := range slices.Concat(f.idle, f.c.active) {
		if s.tail != nil {
			s.tail.Stop()
		}
	}
}

// resume reads on in a file that had nothing more, leaves it as it is, or gives it up.
func (f *follower) resume(s *source) {
	become := tail.Grown
	if s.tail != nil {
		become = s.tail.Look()
	}
	switch become {
	case tail.Renewed:
		f.renew(s)
		return
	case tail.Gone:
		f.end(s)
		return
	case tail.Still:
		s.drained = true
		f.idle = append(f.idle, s)
	case tail.Grown:
		f.c.resume(s)
	}
	if last := len(f.idle) - 1; f.stopped && last >= 0 && f.idle[last] == s {
		f.idle = f.idle[:last]
		f.end(s)
	}
}

// resume reads on in a source; false if it has no packet.
func (c *Capture) resume(s *source) bool {
	if !c.more(s) {
		return false
	}
	c.push(s)
	return true
}

// insert lists a file that is to be read when the merge has come to its first packet.
func (c *Capture) insert(e *entry) {
	c.mu.Lock()
	index := len(c.files)
	c.files = append(c.files, e.name)
	c.mu.Unlock()
	if e.started != nil {
		e.started.number(index)
	}
	at := sort.Search(len(c.pending), func(i int) bool { return c.pending[i].first > e.first })
	c.pending, c.indexes = slices.Insert(c.pending, at, e), slices.Insert(c.indexes, at, index)
}

// busy reports whether there is more to read at once of a root's files.
func (c *Capture) busy(r *tail.Root) bool {
	return slices.ContainsFunc(c.pending, func(e *entry) bool { return e.followed != nil && e.followed.Root == r }) ||
		slices.ContainsFunc(c.active, func(s *source) bool { return s.root == r })
}

// open opens a file that was seen before, to read it and what is still to be written to
// it.
func (f *follower) open(e *entry, in input) *source {
	t := tail.NewFile(in.file.(*os.File), e.name)
	in.file, in.size, in.aheads = t, 0, nil
	var batch int
	in.pool, batch = f.c.buffers(len(f.c.active) + len(f.idle))
	s, bad := newSource(in)
	if bad != nil {
		if mayGrow(bad) { // it was emptied meanwhile
			bad = &FileError{File: e.name, Offset: -1, Err: errReplaced}
			f.watch.Forget(e.name)
		}
		f.c.cut(e.name)
		f.c.problem(bad)
		return nil
	}
	s.batch, s.root = make([]Packet, batch), e.followed.Root
	if s.packer == nil {
		s.tail = t
		t.Follow()
		if f.stopped {
			t.Stop()
		}
	}
	return s
}

// peek looks at the first packet of a file.
func (f *follower) peek(path string, file *tail.File) (p tail.Peeked) {
	s, bad := newSource(input{name: path, file: io.NopCloser(file), pool: &f.peeks, read: new(atomic.Int64), Shared: pcapfile.Shared{Dropped: new(atomic.Uint64)}})
	if bad == nil {
		s.batch = make([]Packet, 1)
		if p.HasPacket, bad = s.refill(1); p.HasPacket {
			p.First = s.time()
		}
		p.Packed = s.packer != nil
		s.close()
	}
	p.MayGrow = mayGrow(bad)
	if bad != nil {
		p.Err = bad
	}
	return p
}

// mayGrow reports whether a file without a packet may yet become a capture with one.
func mayGrow(bad *FileError) bool {
	if bad == nil {
		return true
	}
	var none notCapture
	switch {
	case errors.Is(bad.Err, errEmpty), bad.Packed == "" && errors.As(bad.Err, new(pcapfile.EndsInside)):
		return true
	case errors.As(bad.Err, &none):
		info, err := os.Stat(bad.File)
		return err == nil && info.Size() < pcapfile.MagicSize
	}
	return false
}

// take lists a file whose turn it is.
func (f *follower) take(found *tail.Found) {
	f.newest = max(f.newest, found.First)
	f.c.insert(&entry{name: found.Path, first: found.First, followed: found})
}

// problem reports a file that cannot be read, unless it only lies beside captures.
func (f *follower) problem(path string, named bool, err error) {
	if !named && !namedCapture(path) {
		return
	}
	var bad *FileError
	if !errors.As(err, &bad) {
		bad = plain(path, err)
	}
	f.c.problem(bad)
}

// once takes what can be read only once. It waits for the first packet, and for no other.
func (f *follower) once(name string, file io.ReadCloser) {
	c := f.c
	s, bad := newSource(input{name: name, file: file, pool: &c.large, read: &c.read, Shared: c.shared()})
	if bad != nil {
		c.problem(bad)
		return
	}
	s.batch = make([]Packet, batchSize)
	ok, bad := s.refill(1)
	if bad != nil {
		c.cut(name)
		c.problem(bad)
	}
	if !ok {
		s.close()
		return
	}
	if !s.buf.Ended() {
		s.buf.Divert(func(src io.Reader) io.Reader {
			s.pipe = tail.NewPipe(src)
			return s.pipe
		})
	}
	c.insert(&entry{name: name, first: s.time(), started: s})
}

// pend takes a source that has nothing more for now; false if it has come to its end.
func (f *follower) pend(s *source, bad *FileError) bool {
	if f == nil || bad == nil || !errors.Is(bad.Err, buffer.ErrPending) {
		return false
	}
	f.idle = append(f.idle, s)
	return true
}

var (
	errOverwritten = errors.New("was overwritten while it was read; what was written to it last may be missing")
	errVanished    = errors.New("vanished before it was read; its packets are missing")
	errReplaced    = errors.New("was overwritten before it was read; the packets that it had are missing")
)

// renew gives up a file that is written anew, in a ring of files or by a capture that
// begins again: its new content is a file of its own.
func (f *follower) renew(s *source) {
	if !f.superseded(s) || !s.drained || s.half() {
		f.c.problem(&FileError{File: s.name, Offset: -1, Err: errOverwritten, Warning: true})
	}
	f.watch.Forget(s.name)
	f.c.leave(s)
}

// replaced tells that a file has other packets than when it was seen first.
func (f *follower) replaced(e *entry) {
	if f != nil {
		f.c.problem(&FileError{File: e.name, Offset: -1, Err: errReplaced})
	}
}

// end closes a file that nothing more is expected of. Half a record at its end is what
// was being written when the reading stopped, or, when others went on after it, an error.
func (f *follower) end(s *source) {
	if s.tail != nil && (!s.half() || f.superseded(s)) {
		s.tail.Finish()
		if f.c.resume(s) {
			return // there is more after all
		}
		return
	}
	f.c.leave(s)
}

// bound closes the files that ended longest ago when too many are watched.
func (f *follower) bound() {
	for len(f.idle) > maxIdle {
		oldest := 0
		for i, s := range f.idle {
			if s.until < f.idle[oldest].until {
				oldest = i
			}
		}
		s := f.idle[oldest]
		f.idle = slices.Delete(f.idle, oldest, oldest+1)
		f.end(s)
	}
}

// Close ends the reading at once.
func (f *Following) Close() error {
	for _, s := range f.idle {
		s.close()
	}
	f.idle = nil
	f.watch.Close()
	return f.Capture.Close()
}
