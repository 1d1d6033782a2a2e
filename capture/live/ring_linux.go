//go:build !libpcap

package live

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"ftpscope/capture"
	"ftpscope/capture/flow"
)

const (
	mostBlock = 1 << 20
	// leastBlock has room for what segmentation offload usually makes of packets: 64 KiB
	// and headers. It is a multiple of every page size.
	leastBlock = 128 << 10
	// manyBlocks is how many blocks a ring has before they are made larger: one is being
	// filled, one read.
	manyBlocks = 8

	// retireAfter is after how many milliseconds the kernel hands over a block that is
	// not full. It looks once in that time, so a block may come after twice as long.
	retireAfter = 50
	// overdue is when to stop waiting for a block that should have come.
	overdue = 3 * flow.Second
)

// ring is a socket with a ring of blocks that the kernel fills with packets. A block
// belongs to the kernel or to us; its status, which both write, says to whom.
type ring struct {
	device
	counts
	tell func(error) // of the interface; nil: another of its rings tells
	mem  []byte
	size int // of a block

	block int    // in mem: the next block to come, or held
	held  bool   // it came, and was not given back
	left  uint32 // its packets that were not read
	next  int    // in mem: the first of those
	last  flow.Time

	down   bool
	over   bool      // no more packets enter the ring
	expire flow.Time // then: when to stop waiting for the last block
}

// newRing opens a ring that a filter keeps empty.
func newRing(d device, size int, promisc bool) (*ring, error) {
	if err := d.headers(); err != nil {
		return nil, err
	}
	fd, err := d.socket()
	if err != nil {
		return nil, err
	}
	r := &ring{device: d, counts: counts{fd: fd}, size: mostBlock}
	for r.size > leastBlock && size/r.size < manyBlocks {
		r.size /= 2
	}
	err = r.filter(nothing)
	if err == nil {
		r.mem, err = setRing(fd, r.size, max(size/r.size, 2))
	}
	if err == nil {
		err = d.bind(fd, promisc)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *ring) filter(code []bpf.Instruction) error { return attach(r.fd, code) }

// header is that of the block at this place in mem.
func (r *ring) header(block int) *unix.TpacketHdrV1 {
	const at = int(unsafe.Offsetof(unix.TpacketBlockDesc{}.Hdr))
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&r.mem[block+at]))
}

func (r *ring) after(block int) int { return (block + r.size) % len(r.mem) }

// came reports whether the kernel has handed the block over.
func (r *ring) came(block int) bool {
	return atomic.LoadUint32(&r.header(block).Block_status)&unix.TP_STATUS_USER != 0
}

func (r *ring) read(batch []capture.Packet) int {
	if r.left == 0 && !r.turn() {
		return 0
	}
	n := min(len(batch), int(r.left))
	for i := range batch[:n] {
		r.packet(&batch[i])
	}
	r.left -= uint32(n)
	r.seen += uint64(n)
	r.last = batch[n-1].Time
	return n
}

// turn gives the block back that was read, and goes on to the next that has packets, if
// it is there.
func (r *ring) turn() bool {
	for {
		if r.held {
			atomic.StoreUint32(&r.header(r.block).Block_status, unix.TP_STATUS_KERNEL)
			r.held, r.block = false, r.after(r.block)
		}
		if !r.came(r.block) {
			return false
		}
		h := r.header(r.block)
		r.held, r.left, r.next = true, h.Num_pkts, r.block+int(h.Offset_to_first_pkt)
		if r.left > 0 {
			return true
		}
	}
}

// horizon looks into the block that the kernel is filling: while it has no packets, there
// are none but those on their way. (The clock alone would have to be taken back by as
// long as a block may take to come, and timers can be late.)
func (r *ring) horizon(now flow.Time) flow.Time {
	known := r.last - disorder
	if r.left > 0 {
		return known
	}
	block := r.block
	if r.held {
		block = r.after(block)
	}
	packets := atomic.LoadUint32(&r.header(block).Num_pkts) // before the status: a block may come in between
	switch {
	case r.came(block):
		return known
	case packets == 0:
		return max(known, now-disorder)
	}
	return max(known, now-overdue)
}

func (r *ring) halt() {
	r.filter(nothing) // if that fails, expire ends it
	r.finish()
}

// finish begins the waiting for the last block.
func (r *ring) finish() {
	if !r.over {
		r.over, r.expire = true, clock()+overdue
	}
}

func (r *ring) ended() bool { return r.over && (r.drained() || clock() > r.expire) }

func (r *ring) close() uint64 {
	n := r.counts.close()
	if r.mem != nil {
		unix.Munmap(r.mem)
		r.mem = nil
	}
	return n
}

// counts are a socket, and what the kernel counts of it. Reading sets the kernel's
// counters to zero.
type counts struct {
	seen uint64 // packets read from the ring

	mu     sync.Mutex
	fd     int    // -1: closed
	placed uint64 // packets put into the ring
	lost   uint64 // packets for which it had no room
}

// count reads the counters; the kernel's count of packets includes the lost ones.
func (c *counts) count() {
	if c.fd < 0 {
		return
	}
	if s, err := unix.GetsockoptTpacketStatsV3(c.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		c.placed += uint64(s.Packets - s.Drops)
		c.lost += uint64(s.Drops)
	}
}

func (c *counts) drops() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count()
	return c.lost
}

// drained reports whether all that entered the ring was read.
func (c *counts) drained() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count()
	return c.seen >= c.placed
}

func (c *counts) close() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count()
	if c.fd >= 0 {
		unix.Close(c.fd)
		c.fd = -1
	}
	return c.lost
}
