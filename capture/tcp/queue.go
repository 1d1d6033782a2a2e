package tcp

import (
	"slices"
	"sort"
)

// queue holds the pieces of a direction by sequence number. They stand in blocks: the sender chooses the order in which they
// come, and in one row of very many each that comes early would move all others.
type queue struct {
	blocks [][]piece // none is empty
}

// queueBlock is how many pieces a block has at most: moving half of them costs little more than finding the place.
const queueBlock = 64

// place is where a piece stands, or, behind the last block, the end.
type place struct{ block, piece int }

func (q *queue) empty() bool { return len(q.blocks) == 0 }

// first is the first piece; the queue is not empty.
func (q *queue) first() *piece { return &q.blocks[0][0] }

// at is the piece at a place; nil: it is the end.
func (q *queue) at(at place) *piece {
	if at.block == len(q.blocks) {
		return nil
	}
	return &q.blocks[at.block][at.piece]
}

// next is the place after one that has a piece.
func (q *queue) next(at place) place {
	if at.piece++; at.piece == len(q.blocks[at.block]) {
		return place{at.block + 1, 0}
	}
	return at
}

// before is the piece before a place; nil: there is none.
func (q *queue) before(at place) *piece {
	switch {
	case at.piece > 0:
		return &q.blocks[at.block][at.piece-1]
	case at.block > 0:
		b := q.blocks[at.block-1]
		return &b[len(b)-1]
	}
	return nil
}

// previous is the place before one that is not the first.
func (q *queue) previous(at place) place {
	if at.piece--; at.piece < 0 {
		return place{at.block - 1, len(q.blocks[at.block-1]) - 1}
	}
	return at
}

// behind is the place of the first piece that begins after seq.
func (q *queue) behind(seq uint32) place {
	n := len(q.blocks)
	if n == 0 {
		return place{}
	}
	if last := q.blocks[n-1]; !before(seq, last[len(last)-1].seq) {
		return place{n, 0}
	}
	block := sort.Search(n, func(i int) bool { b := q.blocks[i]; return before(seq, b[len(b)-1].seq) })
	if block == n { // numbers that lie too far from each other for an order
		return place{n, 0}
	}
	b := q.blocks[block]
	i := len(b)
	for i > 0 && before(seq, b[i-1].seq) {
		i--
	}
	return place{block, i}
}

// insert puts a piece before a place, and returns where that is now.
func (q *queue) insert(at place, p piece) place {
	if at.piece == 0 && at.block > 0 && len(q.blocks[at.block-1]) < queueBlock {
		b := &q.blocks[at.block-1]
		*b = append(*b, p)
		return at
	}
	if at.block == len(q.blocks) {
		q.blocks = append(q.blocks, []piece{p})
		return place{len(q.blocks), 0}
	}
	if b := q.blocks[at.block]; len(b) == queueBlock {
		const half = queueBlock / 2
		q.blocks = slices.Insert(q.blocks, at.block+1, slices.Clone(b[half:]))
		clear(b[half:])
		q.blocks[at.block] = b[:half]
		if at.piece > half {
			at = place{at.block + 1, at.piece - half}
		}
	}
	b := &q.blocks[at.block]
	*b = slices.Insert(*b, at.piece, p)
	return q.next(at)
}

// shift takes the first piece out.
func (q *queue) shift() piece {
	b := q.blocks[0]
	p := b[0]
	b[0] = piece{} // or the array would keep the bytes alive
	if q.blocks[0] = b[1:]; len(b) > 1 {
		return p
	}
	q.blocks[0] = nil
	if q.blocks = q.blocks[1:]; len(q.blocks) == 0 {
		q.blocks = nil
	}
	return p
}
