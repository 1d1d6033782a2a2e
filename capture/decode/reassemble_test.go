package decode

import (
	"bytes"
	"testing"

	"github.com/google/gopacket"
	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// naive does what Decoder.place does, byte by byte, without limits and time.
type naive struct {
	bytes   map[int]*byte // nil: there, but not captured
	bounds  [][2]int
	total   int // negative: unknown
	whole   bool
	refused bool
}

func (n *naive) reset() { *n = naive{bytes: map[int]*byte{}, total: -1} }

// compare says whether x contradicts what is there, and how many of its bytes are.
func (n *naive) compare(x *fragment) (differs bool, covered int) {
	for i := x.from; i < x.to; i++ {
		b, there := n.bytes[i]
		if there {
			covered++
		}
		if j := i - x.from; there && b != nil && j < len(x.data) && *b != x.data[j] {
			differs = true
		}
	}
	if n.total >= 0 && (x.to > n.total || x.more && x.to == n.total || !x.more && x.to != n.total) {
		differs = true
	}
	for i := range n.bytes {
		differs = differs || !x.more && i >= x.to
	}
	return differs, covered
}

// add returns the datagram when it is whole.
func (n *naive) add(x *fragment) (b []byte, length int, whole bool) {
	if n.bytes == nil {
		n.reset()
	}
	differs, covered := n.compare(x)
	again := covered == x.to-x.from && !differs
	if n.whole && !again {
		n.reset()
		differs, covered = false, 0
	}
	exact := false
	for _, b := range n.bounds {
		exact = exact || b == [2]int{x.from, x.to}
	}
	switch {
	case n.whole || n.refused:
		return nil, 0, false
	case x.version == 6 && (differs || covered > 0 && !exact):
		n.refused = true
		return nil, 0, false
	case differs:
		n.reset()
	}
	for i := x.from; i < x.to; i++ {
		if _, there := n.bytes[i]; !there {
			n.bytes[i] = nil
			if j := i - x.from; j < len(x.data) {
				n.bytes[i] = &x.data[j]
			}
		}
	}
	n.bounds = append(n.bounds, [2]int{x.from, x.to})
	if !x.more {
		n.total = x.to
	}
	if n.total < 0 || len(n.bytes) != n.total {
		return nil, 0, false
	}
	n.whole = true
	b = []byte{}
	for i := 0; i < n.total && n.bytes[i] != nil; i++ {
		b = append(b, *n.bytes[i])
	}
	return b, n.total, true
}

// fragmentsOf reads fragments of four datagrams, two of IPv6, out of five bytes each.
func fragmentsOf(data []byte) (list []fragment) {
	const most = maxPieces / 3 // each makes at most a few pieces
	for ; len(data) >= 5 && len(list) < most; data = data[5:] {
		x := fragment{next: protoIPv4, from: int(data[0]) % 24 * 8, more: data[1]&1 != 0}
		x.version, x.id = 4+2*(data[2]&1), uint32(data[2]/2%2)
		x.to = x.from + 1 + int(data[3])%96
		if x.more {
			x.to = (x.to + 7) &^ 7
		}
		x.data = make([]byte, x.to-x.from)
		for i := range x.data {
			x.data[i] = byte(x.from+i) ^ data[4]&0x80 // mostly the same bytes at the same place
		}
		if cut := int(data[4] & 0x7f); data[1]&0x80 != 0 && cut < len(x.data) {
			x.data = x.data[:cut]
		}
		list = append(list, x)
	}
	return list
}

func FuzzReassemble(f *testing.F) {
	f.Add([]byte{0, 1, 0, 63, 0, 8, 1, 0, 63, 0, 16, 0, 0, 9, 0})                       // in order
	f.Add([]byte{16, 0, 1, 9, 0, 8, 1, 1, 63, 0, 0, 1, 1, 63, 0, 0, 1, 1, 63, 0})       // reversed, IPv6, repeated
	f.Add([]byte{0, 1, 0, 63, 0, 4, 1, 0, 63, 0, 16, 0, 0, 9, 0, 8, 1, 0, 63, 0})       // overlapping
	f.Add([]byte{0, 1, 1, 63, 0, 4, 1, 1, 63, 0, 8, 1, 1, 63, 0, 16, 0, 1, 9, 0})       // the same of IPv6
	f.Add([]byte{0, 1, 0, 63, 0, 0, 1, 0, 63, 0x80, 8, 0, 0, 9, 0, 8, 0, 0, 9, 0x80})   // contradicting
	f.Add([]byte{0, 0x81, 0, 63, 20, 8, 1, 0, 63, 0, 16, 0x80, 0, 9, 3, 8, 0, 0, 9, 0}) // cut
	f.Add([]byte{0, 1, 0, 55, 0, 0, 0, 0, 55, 0})                                       // a repetition that says it is the last
	f.Fuzz(func(t *testing.T, data []byte) {
		var d Decoder
		d.fragments.later = true
		models := map[fragmentKey]*naive{}
		var seg flow.Segment
		for i, x := range fragmentsOf(data) {
			m := models[x.fragmentKey]
			if m == nil {
				m = &naive{}
				models[x.fragmentKey] = m
			}
			seg.Ord = uint64(i)
			d.parts = d.parts[:0]
			b, length, whole := m.add(&x)
			got, v := d.place(&x, &seg)
			require.Equal(t, whole, v == TCP, i)
			if whole {
				require.True(t, bytes.Equal(b, got.Data), "%d: %q, want %q", i, got.Data, b)
				require.Equal(t, length, int(got.Length))
			}
			require.Equal(t, m.refused, v == Undecoded, i)
		}
		checkFragments(t, &d.fragments)
		d.Close()
		require.Nil(t, d.fragments.open.first)
	})
}

// FuzzPackets decodes packets one after the other, which may be fragments of one another
// in any depth.
func FuzzPackets(f *testing.F) {
	pack := func(packets ...[]byte) (b []byte) {
		for _, p := range packets {
			b = append(append(b, 0, byte(len(p))), p...)
		}
		return b
	}
	for _, p := range [][]byte{long4(f), long6(f)} {
		f.Add(pack(cut(p, 0, 48, true), cut(p, 96, wholeSize, false), cut(p, 48, 96, true)))
		f.Add(pack(cut(p, 0, 48, true), cut(p, 40, wholeSize, false), cut(p, 48, 96, true)))
	}
	inner := cut(long6(f), 0, 48, true)
	tunnel := stack(f, ip4(protoIPv6), gopacket.Payload(inner))
	f.Add(pack(cut(tunnel, 0, 56, true), cut(tunnel, 56, len(tunnel)-20, false)))
	options := extended6(f, protoDestOpts, protoFragment, 0, 1, 4, 0, 0, 0, 0)
	f.Add(pack(cut(options, 0, 8, true), cut(options, 8, 24, true), cut(options, 24, len(options)-40, false)))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := Decoder{Options: Options{VerifyChecksums: len(data)%2 == 0}}
		var seg flow.Segment
		for len(data) >= 2 {
			n := min(int(data[1]), len(data)-2)
			seg.Ord++
			seg.Time += flow.Time(int8(data[0])) * flow.Second
			b := data[2 : 2+n]
			v := d.Decode(Frame{Data: b, Length: uint32(n), Link: LinkRaw}, &seg)
			if v == TCP {
				require.LessOrEqual(t, len(seg.Payload), int(seg.Length))
			}
			for _, m := range d.Parts() {
				require.LessOrEqual(t, m.Ord, seg.Ord)
			}
			data = data[2+n:]
		}
		checkFragments(t, &d.fragments)
		d.Close()
		require.Nil(t, d.fragments.open.first)
	})
}

// checkFragments holds what must hold of the table at any time.
func checkFragments(t *testing.T, f *fragments) {
	used := 0
	for key, g := range f.index {
		require.Equal(t, key, g.key)
		have, cost, end := 0, datagramCost, 0
		for _, p := range g.pieces {
			require.True(t, p.from >= end && p.to > p.from && len(p.data) <= p.to-p.from)
			have, end = have+p.to-p.from, p.to
			cost += cap(p.data) + pieceCost
		}
		require.Equal(t, have, g.have*min(1, len(g.pieces)))
		require.Equal(t, cost+len(g.marks)*markCost, g.cost)
		used += g.cost
	}
	require.Equal(t, used, f.used)
	require.Len(t, f.index, f.open.len()+f.whole.len())
}
