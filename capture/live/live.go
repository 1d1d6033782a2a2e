// Package live takes packets off network interfaces as they come, as package capture
// takes them out of files; capture/decode is the next step for both.
//
//	interface ─ filter (kernelfilter.go, in the kernel) ─ ring of blocks in shared memory (ring_linux.go) → batch of packets
//	batches of several interfaces, or of several rings of one ─ merge (merge.go) → Next
//
// On Linux the rings are AF_PACKET's TPACKET_V3, without cgo. Packets are views into
// them: nothing is copied or allocated for a packet, and the kernel gets a block back
// when all of its packets were seen. Elsewhere, and on Linux with the build tag libpcap,
// libpcap (or Npcap) does the work.
package live

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// Options of Open.
type Options struct {
	Interfaces []string // one at least; Any alone stands for all
	RingSize   int      // bytes for each interface, 0: 64 MiB
	NoPromisc  bool     // do not ask the interface for packets to other machines
	Rings      int      // for each interface, 0 or 1: one; the kernel spreads connections over them, Next joins them again
	// TunnelPorts are UDP ports of tunnels besides those that are always let through, at
	// most MaxTunnelPorts.
	TunnelPorts []uint16
	// Problem hears what happens to an interface while it is sniffed: that it is down
	// (ErrDown), up again (ErrUp), removed (ErrRemoved) or cannot be read any more. It is
	// called from Next.
	Problem func(error)
}

// MaxTunnelPorts bounds Options.TunnelPorts: the jumps in a kernel's filter are short.
const MaxTunnelPorts = 16

// Interface is what can be sniffed.
type Interface struct {
	Name         string
	Description  string // for people, where the system has one
	Up, Loopback bool
	Addrs        []netip.Prefix
}

// Any is the name that stands for every interface, also those that come later.
const Any = "any"

// Causes of errors, for errors.Is. One more is fs.ErrPermission: the right to sniff is
// missing.
var (
	ErrNoInterfaces = errors.New("no interface named")
	ErrAnyAlone     = errors.New("stands for every interface: name no others beside it")
	ErrNotFound     = errors.New("no such interface")
	ErrDown         = errors.New("the interface is down")
	ErrUp           = errors.New("the interface is up again")
	ErrRemoved      = errors.New("the interface was removed")
)

// Error says what is wrong with which interface.
type Error struct {
	Interface string
	Err       error
}

func (e *Error) Error() string { return e.Interface + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Capture is one or more interfaces read as one capture in the order of time. Stop,
// Stats, Now and Files may be called from any goroutine; Next and Close from one.
type Capture struct {
	capture.Packets // for programs that are written for gopacket
	files           []string
	inputs          []*input // that may still give packets, in the order of ranks
	all             []source // as opened
	wait            waiter
	idle            []*input // to wait for

	out     []capture.Packet // batch of a merge
	numbers []uint64         // packets delivered, by file
	counted time.Time        // when drops were last read
	halted  bool             // the sources were told to stop

	stop    atomic.Bool
	now     atomic.Int64
	packets atomic.Uint64
	mu      sync.Mutex // for sources' drops and close
	dropped uint64     // of closed sources
}

const (
	batchSize = 256 // as in package capture
	snapLen   = 256 << 10

	defaultRing = 64 << 20
	maxRings    = 64 // of an interface; more than the largest machines have use for

	// patience is how long Next waits for a packet.
	patience = 100 * time.Millisecond
	// counting is how often drops are read at least: the kernel counts them in 32 bits.
	counting = 10 * time.Second
)

// Open opens the interfaces for sniffing; the right to do so is not needed afterwards.
// Packets count from now on.
func Open(opt Options) (*Capture, error) {
	names := slices.Clone(opt.Interfaces)
	slices.Sort(names)
	switch {
	case len(names) == 0:
		return nil, ErrNoInterfaces
	case len(slices.Compact(names)) > 1 && slices.Contains(names, Any):
		return nil, &Error{Any, ErrAnyAlone}
	}
	c := &Capture{out: make([]capture.Packet, batchSize), counted: time.Now()}
	for _, name := range opt.Interfaces {
		if !slices.Contains(c.files, name) {
			c.files = append(c.files, name)
		}
	}
	c.Packets = capture.NewPackets(c.Next)
	c.numbers = make([]uint64, len(c.files))
	opt.Rings = min(max(opt.Rings, 1), maxRings)
	if opt.RingSize <= 0 {
		opt.RingSize = defaultRing
	}
	if opt.Problem == nil {
		opt.Problem = func(error) {}
	}
	c.now.Store(int64(clock()))
	if err := c.open(opt); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// add takes an opened source of an interface.
func (c *Capture) add(s source, file int) {
	c.all = append(c.all, s)
	c.inputs = append(c.inputs, &input{source: s, file: file})
}

// Stop ends the capture: Next delivers what had come by then, and then io.EOF.
func (c *Capture) Stop() { c.stop.Store(true) }

// Now is a time before which no packet is still to come, unless clocks are set. It
// advances while nothing comes.
func (c *Capture) Now() flow.Time { return flow.Time(c.now.Load()) }

// Files are the names of the interfaces in the order that Pos.File counts.
func (c *Capture) Files() []string { return slices.Clone(c.files) }

// Stats knows the packets delivered and those that the kernel dropped because the rings
// were full.
func (c *Capture) Stats() capture.Stats {
	return capture.Stats{Files: len(c.files), Packets: c.packets.Load(), Dropped: c.drops()}
}

func (c *Capture) drops() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.dropped
	for _, s := range c.all {
		n += s.drops()
	}
	return n
}

// retire closes a source. Its drops remain known.
func (c *Capture) retire(s source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.all, s); i >= 0 {
		c.all = slices.Delete(c.all, i, i+1)
		c.dropped += s.close()
	}
}

// Close ends the capture at once. Packets that Next gave are no longer valid.
func (c *Capture) Close() error {
	for _, s := range slices.Clone(c.all) {
		c.retire(s)
	}
	c.inputs = nil
	return nil
}

func clock() flow.Time { return flow.Time(time.Now().UnixNano()) }
