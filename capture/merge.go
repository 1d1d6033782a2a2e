package capture

import (
	"errors"
	"io"
	"io/fs"

	"ftpscope/capture/pcapfile"
)

// Next returns the next packets, a few hundred at most, and io.EOF at the end, no other
// error. The slice and what it points to are valid until the next call.
//
// The order is that of a merge: of the files' next packets the earliest comes first, of
// equal times that of the file that Files has first. Packets of one file keep their
// order, whatever their times.
func (c *Capture) Next() ([]Packet, error) {
	c.settle()
	var batch []Packet
	switch len(c.active) {
	case 0:
		return nil, io.EOF
	case 1:
		batch = c.run()
	default:
		batch = c.merge()
	}
	c.ord += uint64(len(batch))
	c.packets.Store(c.ord)
	return batch, nil
}

// settle makes the heap's first source the one of the next packet. Buffers move only
// here, when the packets of the batch before are no longer needed.
func (c *Capture) settle() {
	for {
		if len(c.active) > 0 && c.active[0].next == len(c.active[0].batch) {
			c.refill()
		} else if len(c.pending) > 0 && (len(c.active) == 0 || c.active[0].time() > c.pending[0].first) {
			c.join()
		} else {
			return
		}
	}
}

// refill reads on in the heap's first source, or closes it at its end.
func (c *Capture) refill() {
	s := c.active[0]
	if !c.more(s) {
		last := len(c.active) - 1
		c.active[0] = c.active[last]
		c.active[last] = nil
		c.active = c.active[:last]
	}
	c.down()
}

// more reads a source's next batch; if there is none it closes the source.
func (c *Capture) more(s *source) bool {
	ok, bad := s.refill(c.ord + 1)
	if c.follower.pend(s, bad) {
		return false
	}
	if bad != nil {
		c.cut(s.name)
		c.problem(bad)
	}
	if !ok {
		c.leave(s)
	}
	return ok
}

// leave closes a source, and tells what was odd.
func (c *Capture) leave(s *source) {
	for _, note := range s.odd() {
		c.problem(note)
	}
	s.close()
}

// join opens the next pending file and puts it into the heap.
func (c *Capture) join() {
	e, index := c.pending[0], c.indexes[0]
	c.pending, c.indexes = c.pending[1:], c.indexes[1:]
	s := e.started
	if s == nil {
		if s = c.reopen(e); s == nil {
			return
		}
		s.number(index)
		if !c.more(s) {
			return
		}
		if s.time() != e.first {
			c.follower.replaced(e)
		}
	}
	c.push(s)
}

// push puts a source that has packets into the heap.
func (c *Capture) push(s *source) {
	c.describe(s.index, s)
	c.active = append(c.active, s)
	for i := len(c.active) - 1; i > 0; {
		parent := (i - 1) / 2
		if !before(c.active[i], c.active[parent]) {
			break
		}
		c.active[i], c.active[parent] = c.active[parent], c.active[i]
		i = parent
	}
}

// reopen opens a file whose first packet was seen before. That can fail: much time may
// have passed.
func (c *Capture) reopen(e *entry) *source {
	file, err := e.open()
	if err != nil {
		if c.follower != nil && errors.Is(err, fs.ErrNotExist) {
			err = errVanished
		}
		c.cut(e.name)
		c.problem(plain(e.name, err))
		return nil
	}
	pool, batch := c.buffers(len(c.active))
	in := input{name: e.name, file: file, size: e.size, pool: pool, aheads: &c.aheads, read: &c.read, Shared: c.shared()}
	if c.follower != nil {
		return c.follower.open(e, in)
	}
	if pool != &c.large {
		in.aheads = nil
	}
	s, bad := newSource(in)
	if bad != nil {
		c.cut(e.name)
		c.problem(bad)
		return nil
	}
	s.batch = make([]Packet, batch)
	return s
}

// run hands out what the only source has before the next file joins.
func (c *Capture) run() []Packet {
	s := c.active[0]
	from, to := s.next, len(s.batch)
	if len(c.pending) > 0 {
		to = from + 1 // settle has seen to the first
		for to < len(s.batch) && s.batch[to].Time <= c.pending[0].first {
			to++
		}
	}
	s.next = to
	batch := s.batch[from:to]
	if batch[0].Ord != c.ord+1 { // read while there were others
		for i := range batch {
			batch[i].Ord = c.ord + 1 + uint64(i)
		}
	}
	return batch
}

// merge takes packets from several sources until one of them must read on, or the next
// file joins.
func (c *Capture) merge() []Packet {
	if c.out == nil {
		c.out = make([]Packet, batchSize)
	}
	until := pcapfile.MaxTime
	if len(c.pending) > 0 {
		until = c.pending[0].first
	}
	for n := range c.out {
		s := c.active[0]
		if n > 0 && s.time() > until {
			return c.out[:n]
		}
		c.out[n] = s.batch[s.next]
		c.out[n].Ord = c.ord + 1 + uint64(n)
		if s.next++; s.next == len(s.batch) {
			return c.out[:n+1]
		}
		c.down()
	}
	return c.out
}

// before orders sources by their next packet.
func before(a, b *source) bool {
	if t, u := a.time(), b.time(); t != u {
		return t < u
	}
	return a.index < b.index
}

// down restores the heap after its first source moved on. The heap is written out for it:
// a packet of a merge costs half as much again with container/heap (BenchmarkMerge).
func (c *Capture) down() {
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(c.active); child++ {
			if before(c.active[child], c.active[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		c.active[i], c.active[least] = c.active[least], c.active[i]
		i = least
	}
}
