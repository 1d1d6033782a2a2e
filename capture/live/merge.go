package live

import (
	"io"
	"time"

	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// source is where the packets of an interface come from: a ring, a libpcap handle.
type source interface {
	// read fills batch with packets that have come and returns how many. It does not
	// wait. What an earlier read gave is no longer valid.
	read(batch []capture.Packet) int
	// horizon is a time before which no packet was captured that read has not given yet;
	// time is the clock's.
	horizon(time flow.Time) flow.Time
	// halt lets no more packets come.
	halt()
	// ended reports whether read has given the last packet.
	ended() bool
	// drops is how many packets were lost so far.
	drops() uint64
	// close frees the source and returns its drops, at last.
	close() uint64
}

// waiter waits until one of the idle inputs may have something to read, but no longer
// than given.
type waiter func(idle []*input, most time.Duration)

// input is a source, and what was read of it.
type input struct {
	source
	file  int
	batch []capture.Packet // the last that was read
	next  int              // first packet of batch that was not delivered
	store [batchSize]capture.Packet
}

func (in *input) empty() bool { return in.next == len(in.batch) }

func (in *input) time() flow.Time { return in.batch[in.next].Time }

const (
	// disorder is how much later than packets with later timestamps a packet may come:
	// processors stamp packets before they queue for the ring.
	disorder = 10 * flow.Millisecond
	// recheck is how soon a merge that waits for the clock looks again.
	recheck = 10 * time.Millisecond
)

// Next returns the next packets, 256 at most: none when none came for about 100 ms, and
// io.EOF after Stop, or when all interfaces were removed; no other error. The slice and
// what it points to are valid until the next call.
//
// The order is that of a merge: of the interfaces' next packets the earliest comes first,
// of equal times that of the interface that Files has first; it waits until no interface
// can still give an earlier one. Packets of one interface keep the order in which the
// kernel gave them.
func (c *Capture) Next() ([]capture.Packet, error) {
	until := time.Now().Add(patience)
	for {
		c.settle()
		if len(c.inputs) == 0 {
			return nil, io.EOF
		}
		if out := c.take(); len(out) > 0 {
			c.see()
			return out, nil
		}
		left := time.Until(until)
		if left <= 0 {
			c.see()
			return nil, nil
		}
		c.rest(left)
	}
}

// settle reads on where all was delivered, and takes leave of what has ended. Rings move
// only here, when the packets of the batch before are no longer needed.
func (c *Capture) settle() {
	if c.stop.Load() && !c.halted {
		c.halted = true
		for _, in := range c.inputs {
			in.halt()
		}
	}
	left := c.inputs[:0]
	for _, in := range c.inputs {
		if in.empty() {
			in.batch, in.next = in.store[:in.read(in.store[:])], 0
			if in.empty() && in.ended() {
				c.retire(in.source)
				continue
			}
		}
		left = append(left, in)
	}
	clear(c.inputs[len(left):])
	c.inputs = left
}

// take delivers packets whose turn it is for certain. It ends where an input must be read
// on.
func (c *Capture) take() []capture.Packet {
	if len(c.inputs) == 1 {
		in := c.inputs[0]
		out := in.batch[in.next:]
		in.next = len(in.batch)
		c.number(in.file, out)
		return out
	}
	bound := c.bound()
	for n := range c.out {
		in := c.first()
		if in == nil || in.time() >= bound {
			return c.out[:n]
		}
		c.out[n] = in.batch[in.next]
		c.number(in.file, c.out[n:n+1])
		if in.next++; in.empty() {
			return c.out[:n+1]
		}
	}
	return c.out
}

// bound is the time before which no empty input has anything left to give.
func (c *Capture) bound() flow.Time {
	bound, now := flow.Time(1<<63-1), clock()
	for _, in := range c.inputs {
		if in.empty() {
			bound = min(bound, in.horizon(now))
		}
	}
	return bound
}

// first is the input of the next packet; of equal times the first interface's. There are
// few: no heap is needed.
func (c *Capture) first() *input {
	var first *input
	for _, in := range c.inputs {
		if !in.empty() && (first == nil || in.time() < first.time()) {
			first = in
		}
	}
	return first
}

func (c *Capture) number(file int, packets []capture.Packet) {
	ord, n := c.packets.Load(), c.numbers[file]
	for i := range packets {
		ord, n = ord+1, n+1
		packets[i].Ord, packets[i].Pos = ord, flow.OnLink(file, n)
	}
	c.numbers[file] = n
	c.packets.Store(ord)
}

// see moves Now to what is certain by now, and reads the kernel's counters before they
// overflow.
func (c *Capture) see() {
	now := time.Now()
	least := flow.Time(1<<63 - 1)
	for _, in := range c.inputs {
		if in.empty() {
			least = min(least, in.horizon(flow.Time(now.UnixNano())))
		} else {
			least = min(least, in.time()-disorder)
		}
	}
	c.now.Store(max(c.now.Load(), int64(least)))
	if now.Sub(c.counted) > counting {
		c.counted = now
		c.drops()
	}
}

// rest waits until there may be more. Inputs with packets wait for the others, and for
// the clock.
func (c *Capture) rest(most time.Duration) {
	c.idle = c.idle[:0]
	for _, in := range c.inputs {
		if in.empty() {
			c.idle = append(c.idle, in)
		}
	}
	if len(c.idle) < len(c.inputs) {
		most = min(most, recheck)
	}
	c.wait(c.idle, most)
}
