// Package capture takes packets out of captures: pcap, pcapng or snoop, plain or
// compressed, one file or many that are read as one capture in time order. It knows
// nothing of what a packet holds: capture/decode, the next step, turns packets into
// segments.
//
// The way of a file's bytes:
//
//	args ─ find (files.go) → list of files, ordered by first packet
//	file ─ capture/buffer (large reads) ─ [capture/unpack ─ capture/buffer] ─ capture/pcapfile → batch of packets
//	batches of the files whose times overlap ─ merge (merge.go) → Next
//
// Decompression may go on ahead in goroutines (capture/buffer). Plain files are read
// where their packets are needed: to hand the bytes to another processor costs more than
// read(2) does. Files that others still write are found and read by capture/tail, and
// merged as the others are (follow.go).
//
// Packets are views into the buffers: nothing is copied and nothing allocated for a
// packet.
package capture

import (
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"ftpscope/capture/buffer"
	"ftpscope/capture/pcapfile"
)

// Packet is one captured packet: a view, valid until the next call of Next.
type Packet = pcapfile.Packet

// Options of Open. The zero value reads os.Stdin for "-" and says nothing of problems.
type Options struct {
	Stdin io.Reader
	// Problem is called for each thing that could not be read (or, with Warning, for what
	// is odd), from Open and from Next. It never stops what else can be read.
	Problem func(*FileError)
	// Ahead is how many compressed files may be decompressed ahead at once, each in a
	// goroutine of its own, at most buffer.MaxAhead. 0 and less: the goroutine that calls
	// Next does everything. Packets and problems are the same.
	Ahead int
	// Spool, if set, says that the capture will be read again (see Again). Standard input
	// and FIFOs give their bytes only once: each is copied to a temporary file first.
	// Spool hears its name before.
	Spool func(name string)
	// Digest lets what can be read only once be digested on the way: see Capture.Digests.
	Digest bool
	// Ended, if set, is closed when the caller has seen enough: what can be read only once
	// ends there with ErrEnded, also where it waits for its writer.
	Ended <-chan struct{}
	// Secrets, if set, takes the TLS key logs that pcapng files hold, and the number of the
	// packet, as Mark.Ord counts, from which on they are known.
	Secrets func(log []byte, ord uint64)
}

// ErrNoArgs is the error of Open without arguments.
var ErrNoArgs = errors.New("no capture files named")

// ErrEnded is why a stream was not read to its end: see Options.Ended.
var ErrEnded = errors.New("ended by the reader")

// manyOpen is how many files may be read at the same time with large buffers; more of
// them get small ones, so that memory grows little when the times of very many overlap.
const manyOpen = 16

// veryMany is from how many on they get tiny ones: as many as a process may open, if
// nobody changes it, do with 150 MB.
const veryMany = 1024

// buffers are those that another file gets when so many are read, and the packets that it
// gives at a time.
func (c *Capture) buffers(open int) (*buffer.Pool, int) {
	switch {
	case open >= veryMany:
		return &c.tiny, batchSize / 8
	case open >= manyOpen:
		return &c.small, batchSize
	}
	return &c.large, batchSize
}

// Capture is one or more files read as one capture in the order of time. Only Stats may
// be called while another goroutine calls Next.
//
// Each file of a rotated set begins where another ends. So a file is opened when the
// merge has come to its first packet, not before, and closed at its end: few are open at
// once. While a file is the only one, its batches are handed out as they are.
//
// Next gives the packets in batches. A Capture is a data source for gopacket's programs
// too, which take them one by one: see Packets.
type Capture struct {
	Packets
	listeners
	files   []string
	found   []*entry  // as files, for Again
	opened  Stats     // what Open found out
	ahead   int       // Options.Ahead
	active  []*source // a heap: the source of the next packet first
	pending []*entry  // not yet opened, by time of the first packet
	indexes []int     // in files, of pending
	ord     uint64    // packets delivered
	out     []Packet  // batch of a merge
	large   buffer.Pool
	small   buffer.Pool
	tiny    buffer.Pool
	aheads  buffer.Aheads

	digesters  map[string]*digester   // nil: not asked for
	follower   *follower              // nil: files are read as they are
	described  []*pcapfile.Interfaces // as files, once they are read
	interfaces int                    // bytes of them

	read    atomic.Int64
	dropped atomic.Uint64
	packets atomic.Uint64
	total   int64
	mu      sync.Mutex // for files, which grow when they are followed, and stats
	stats   Stats      // Truncated and Errors
}

// listeners hear what the files say besides packets; nil: nobody does.
type listeners struct {
	report  func(*FileError)
	secrets func(log []byte, ord uint64)
}

// Stats is what is known of the reading so far.
type Stats struct {
	Files      int      // found so far
	Packets    uint64   // delivered
	Dropped    uint64   // packets that the capturing program says it lost (pcapng interface statistics)
	Truncated  []string // captures that were not read to their end
	Errors     int      // problems that were no warnings
	BytesRead  int64    // of the files as they are on disk, for a progress bar
	BytesTotal int64    // 0: unknown (standard input, FIFOs)
}

// Open finds the captures that args name (files, directories, "-" for standard input) and
// looks at the first packet of each; it waits for that of a pipe. Its only error is
// ErrNoArgs; opt.Problem hears what cannot be read.
func Open(args []string, opt Options) (*Capture, error) {
	if len(args) == 0 {
		return nil, ErrNoArgs
	}
	c := newCapture(opt)
	if opt.Digest {
		c.digesters = map[string]*digester{}
	}
	f := finder{c: c, stdin: opt.Stdin, spool: opt.Spool, ended: opt.Ended}
	if f.stdin == nil {
		f.stdin = os.Stdin
	}
	c.begin(f.find(args))
	return c, nil
}

func newCapture(opt Options) *Capture {
	c := &Capture{listeners: listeners{opt.Problem, opt.Secrets}, ahead: opt.Ahead}
	c.large.Size, c.small.Size, c.tiny.Size = buffer.Large, buffer.Small, buffer.Tiny
	c.aheads.Limit(opt.Ahead)
	c.Packets = NewPackets(c.Next)
	return c
}

// shared is what all of its files count together.
func (c *Capture) shared() pcapfile.Shared {
	s := pcapfile.Shared{Dropped: &c.dropped, Described: &c.interfaces}
	if c.secrets != nil {
		s.Secrets = func(log []byte) { c.secrets(log, c.ord+1) }
	}
	return s
}

// begin makes ready to read the files from the start.
func (c *Capture) begin(found []*entry) {
	c.found, c.opened = found, c.Stats()
	known := true
	for i, e := range found {
		c.files = append(c.files, e.name)
		if e.started != nil {
			e.started.number(i)
		}
		if !e.empty {
			c.pending = append(c.pending, e)
			c.indexes = append(c.indexes, i)
			c.total += e.size
			known = known && e.started == nil
		}
	}
	if !known {
		c.total = 0
	}
}

func (c *Capture) problem(e *FileError) {
	if !e.Warning {
		c.mu.Lock()
		c.stats.Errors++
		c.mu.Unlock()
	}
	if c.report != nil {
		c.report(e)
	}
}

// cut notes a capture that was not read to its end.
func (c *Capture) cut(name string) {
	c.mu.Lock()
	c.stats.Truncated = append(c.stats.Truncated, name)
	c.mu.Unlock()
}

// Files are the names of the captures in the order that Pos.File counts: by first packet,
// those without packets last. What is no capture is not among them.
func (c *Capture) Files() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.files)
}

// Stats may be called at any time, from any goroutine.
func (c *Capture) Stats() Stats {
	c.mu.Lock()
	s := c.stats
	s.Files = len(c.files)
	s.Truncated = slices.Clone(s.Truncated)
	c.mu.Unlock()
	s.Packets, s.Dropped = c.packets.Load(), c.dropped.Load()
	s.BytesRead, s.BytesTotal = c.read.Load(), c.total
	if s.BytesTotal > 0 {
		s.BytesRead = min(s.BytesRead, s.BytesTotal) // a file may have grown
	}
	return s
}

// Close ends the reading; Next then returns io.EOF.
func (c *Capture) Close() error {
	for _, s := range c.active {
		s.close()
	}
	for _, e := range c.pending {
		if e.started != nil {
			e.started.close()
		}
		e.release()
	}
	c.active, c.pending = nil, nil
	for _, e := range c.found {
		e.spool.remove()
	}
	return nil
}

// Unread are the names of captures that are not read to their end, or not at all. No other
// goroutine may call Next meanwhile.
func (c *Capture) Unread() (names []string) {
	for _, s := range c.active {
		names = append(names, s.name)
	}
	for _, e := range c.pending {
		names = append(names, e.name)
	}
	return names
}

// describe notes who knows the interfaces of a file.
func (c *Capture) describe(file int, s *source) {
	for len(c.described) <= file {
		c.described = append(c.described, nil)
	}
	c.described[file] = s.Reader.Interfaces()
}

// Interfaces are those that a file, as Pos.File counts, has described so far. They
// include the interfaces of all packets that were read. No other goroutine may call Next
// meanwhile.
func (c *Capture) Interfaces(file int) []pcapfile.Interface {
	if file >= len(c.described) || c.described[file] == nil {
		return nil
	}
	return c.described[file].List()
}
