package tcp

import (
	"hash/maphash"
	"math/bits"

	"ftpscope/capture/flow"
)

// index finds connections and lone SYNs by their ends: an open-addressed hash table of
// 8-byte entries, so that the working set is the connections that are open. Hashes say
// nothing of networks, so that connections of the same ends in several networks are found
// together.
type index struct {
	entries []entry
	n       int // connections and lone SYNs
	seed    [2]uint64
}

type entry struct {
	tag  uint32
	slot int32 // in the slab; negative: of a lone SYN, -1 - its index in the ring; 0: empty
}

const firstIndex = 1 << 8

// newIndex makes an index. The hash decides positions in it only, never results: a seed of
// its own a run defeats made-up collisions.
func newIndex() index {
	seed := maphash.MakeSeed()
	return index{entries: make([]entry, firstIndex), seed: [2]uint64{maphash.String(seed, "low"), maphash.String(seed, "high")}}
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hash is the same for both directions of a connection. Each half of an address meets the
// seed before it meets anything else that a sender chooses: what is joined before can be
// chosen to be the same.
func (x *index) hash(s *flow.Segment) uint32 {
	a := mix(mix(s.Src.Lo^x.seed[0], s.Src.Hi^x.seed[1]), 0xe7037ed1a0b428db^uint64(s.SrcPort)<<32)
	b := mix(mix(s.Dst.Lo^x.seed[0], s.Dst.Hi^x.seed[1]), 0xe7037ed1a0b428db^uint64(s.DstPort)<<32)
	return uint32(mix(a+b, 0x8ebc6af09c88c6e3) >> 32)
}

// enter puts a connection or a lone SYN into the index.
func (x *index) enter(e entry) {
	if (x.n+1)*2 > len(x.entries) {
		x.grow()
	}
	x.n++
	x.insert(e)
}

func (x *index) insert(e entry) {
	mask := len(x.entries) - 1
	i := int(e.tag) & mask
	for x.entries[i].slot != 0 {
		i = (i + 1) & mask
	}
	x.entries[i] = e
}

func (x *index) grow() {
	old := x.entries
	x.entries = make([]entry, 2*len(old))
	for _, e := range old {
		if e.slot != 0 {
			x.insert(e)
		}
	}
}

// remove takes an entry out, and moves back those that had been displaced past it.
func (x *index) remove(gone entry) {
	mask := len(x.entries) - 1
	i := int(gone.tag) & mask
	for x.entries[i].slot != gone.slot {
		i = (i + 1) & mask
	}
	for j := i; ; {
		j = (j + 1) & mask
		e := x.entries[j]
		if e.slot == 0 {
			break
		}
		if home := int(e.tag) & mask; (j-home)&mask >= (j-i)&mask {
			x.entries[i] = e
			i = j
		}
	}
	x.entries[i] = entry{}
	x.n--
}
