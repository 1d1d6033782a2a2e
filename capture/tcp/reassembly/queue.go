package reassembly

import (
	"slices"
	"sort"

	"ftpscope/capture/flow"
)

// segment is a copy of a segment that has to wait, or what is left of it without what
// others have.
type segment struct {
	seq, ack uint32
	hasAck   bool
	data     []byte
	cut      uint32 // bytes after data that the capture's snap length cut off
	at       flow.Mark
}

// overhead is what a held segment costs besides its bytes.
const overhead = 96

func (p *segment) end() uint32 { return p.seq + uint32(len(p.data)) + p.cut }

// exceeds reports whether p acknowledges more than q.
func (p *segment) exceeds(q *segment) bool {
	return p.hasAck && (!q.hasAck || flow.After(p.ack, q.ack))
}

// needs takes over what q acknowledges if that is less.
func (p *segment) needs(q *segment) {
	if p.exceeds(q) {
		p.ack, p.hasAck = q.ack, q.hasAck
	}
}

// trimBefore takes off what lies before seq, trimAfter what lies from it on.
func (p *segment) trimBefore(seq uint32) {
	if !flow.Before(p.seq, seq) {
		return
	}
	n := seq - p.seq
	k := min(n, uint32(len(p.data)))
	p.data = p.data[k:]
	p.cut -= min(n-k, p.cut)
	p.seq += n
}

func (p *segment) trimAfter(seq uint32) {
	n := seq - p.seq
	if n <= uint32(len(p.data)) {
		p.data, p.cut = p.data[:n], 0
		return
	}
	p.cut = n - uint32(len(p.data))
}

// queue holds the segments of a direction by sequence number. They stand in blocks: the
// sender chooses the order in which they come, and in one row of very many each that
// comes early would move all others. BenchmarkQueue compares that row, which the sender
// can make quadratic, with the blocks.
type queue struct {
	blocks [][]segment // none is empty
}

// queueBlock is how many segments a block has at most: moving half of them costs little
// more than finding where.
const queueBlock = 64

// cursor is a segment's position in the queue or, behind the last block, the end.
type cursor struct{ block, index int }

func (q *queue) empty() bool { return len(q.blocks) == 0 }

// first is the first segment; the queue is not empty.
func (q *queue) first() *segment { return &q.blocks[0][0] }

// at is the segment at a cursor; nil: it is the end.
func (q *queue) at(at cursor) *segment {
	if at.block == len(q.blocks) {
		return nil
	}
	return &q.blocks[at.block][at.index]
}

// next is the cursor after one that has a segment.
func (q *queue) next(at cursor) cursor {
	if at.index++; at.index == len(q.blocks[at.block]) {
		return cursor{at.block + 1, 0}
	}
	return at
}

// before is the segment before a cursor; nil: there is none.
func (q *queue) before(at cursor) *segment {
	switch {
	case at.index > 0:
		return &q.blocks[at.block][at.index-1]
	case at.block > 0:
		b := q.blocks[at.block-1]
		return &b[len(b)-1]
	}
	return nil
}

// previous is the cursor before one that is not the first.
func (q *queue) previous(at cursor) cursor {
	if at.index--; at.index < 0 {
		return cursor{at.block - 1, len(q.blocks[at.block-1]) - 1}
	}
	return at
}

// behind is the cursor of the first segment that begins after seq.
func (q *queue) behind(seq uint32) cursor {
	n := len(q.blocks)
	if n == 0 {
		return cursor{}
	}
	if last := q.blocks[n-1]; !flow.Before(seq, last[len(last)-1].seq) {
		return cursor{n, 0}
	}
	block := sort.Search(n, func(i int) bool { b := q.blocks[i]; return flow.Before(seq, b[len(b)-1].seq) })
	if block == n { // numbers that lie too far from each other for an order
		return cursor{n, 0}
	}
	b := q.blocks[block]
	i := len(b)
	for i > 0 && flow.Before(seq, b[i-1].seq) {
		i--
	}
	return cursor{block, i}
}

// insert puts a segment before a cursor, and returns where that is now.
func (q *queue) insert(at cursor, p segment) cursor {
	if at.index == 0 && at.block > 0 && len(q.blocks[at.block-1]) < queueBlock {
		b := &q.blocks[at.block-1]
		*b = append(*b, p)
		return at
	}
	if at.block == len(q.blocks) {
		q.blocks = append(q.blocks, []segment{p})
		return cursor{len(q.blocks), 0}
	}
	if b := q.blocks[at.block]; len(b) == queueBlock {
		const half = queueBlock / 2
		q.blocks = slices.Insert(q.blocks, at.block+1, slices.Clone(b[half:]))
		clear(b[half:])
		q.blocks[at.block] = b[:half]
		if at.index > half {
			at = cursor{at.block + 1, at.index - half}
		}
	}
	b := &q.blocks[at.block]
	*b = slices.Insert(*b, at.index, p)
	return q.next(at)
}

// shift takes the first segment out.
func (q *queue) shift() segment {
	b := q.blocks[0]
	p := b[0]
	b[0] = segment{} // or the array would keep the bytes alive
	if q.blocks[0] = b[1:]; len(b) > 1 {
		return p
	}
	q.blocks[0] = nil
	if q.blocks = q.blocks[1:]; len(q.blocks) == 0 {
		q.blocks = nil
	}
	return p
}
