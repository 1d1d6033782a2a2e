package compare

import (
	"slices"
	"sort"

	"ftpscope/capture/flow"
)

// shift says that from a's number from on b's numbers are higher by that much (modulo
// 2³²).
type shift struct{ from, by uint32 }

// mapping turns the sequence numbers of one way on the one side, a, into those on the
// other, b: firewalls set other initial numbers, and a line that an ALG makes longer or
// shorter moves all that follow.
type mapping struct {
	known  bool
	zero   uint32  // a's number that offsets count from
	shifts []shift // in order; the first holds from the beginning
}

// toA is a number of b as a has it.
func (m *mapping) toA(seq uint32) uint32 {
	further := m.shifts[1:]
	n := sort.Search(len(further), func(i int) bool { return int32(seq-further[i].from-further[i].by) < 0 })
	return seq - m.shifts[n].by
}

// offset is a number of a as a distance from zero.
func (m *mapping) offset(seq uint32) int { return int(int32(seq - m.zero)) }

// align finds the mapping of one way of a connection, and the lines that differ.
func align(a, b *Half) (mapping, []Rewrite) {
	m := mapping{shifts: []shift{{}}}
	x, y := a.syn(), b.syn()
	switch {
	case x != nil && y != nil:
		m.known, m.zero, m.shifts[0].by = true, x.Seq, y.Seq-x.Seq
	default:
		by, ok := vote(a.Segs, b.Segs)
		m.known, m.shifts[0].by = ok, by
		if len(a.Segs) > 0 {
			m.zero = a.Segs[0].Seq
		} else if len(b.Segs) > 0 {
			m.zero = b.Segs[0].Seq - by
		}
	}
	if !m.known {
		return m, nil
	}
	w := walkTexts(a.Text, b.Text, m.shifts[0].by)
	m.shifts = append(m.shifts, w.shifts...)
	return m, w.rewrites
}

// maxVotes is how many segments of a side say by their content how the numbers
// correspond.
const maxVotes = 2048

// vote finds how much higher b's numbers are by payload that is the same on both sides.
func vote(a, b []Seg) (by uint32, ok bool) {
	where := map[uint32]uint32{}
	twice := map[uint32]bool{}
	for i := range a[:min(len(a), maxVotes)] {
		s := &a[i]
		if s.Hash == 0 {
			continue
		}
		if seq, has := where[s.Hash]; has && seq != s.Seq {
			twice[s.Hash] = true
		}
		where[s.Hash] = s.Seq
	}
	votes := map[uint32]int{}
	var order []uint32 // as first seen: the earliest wins a tie
	for i := range b[:min(len(b), maxVotes)] {
		s := &b[i]
		seq, has := where[s.Hash]
		if s.Hash == 0 || !has || twice[s.Hash] {
			continue
		}
		by := s.Seq - seq
		if votes[by] == 0 {
			order = append(order, by)
		}
		votes[by]++
	}
	most := 0
	for _, v := range order {
		if votes[v] > most {
			by, most = v, votes[v]
		}
	}
	return by, most > 0
}

// at is the packet that holds a sequence number.
func (h *Half) at(seq uint32) flow.Pos {
	i := slices.IndexFunc(h.Segs, func(s Seg) bool { return s.Length > 0 && seq-s.Seq < s.Length })
	if i < 0 {
		return 0
	}
	return h.Segs[i].Pos
}
