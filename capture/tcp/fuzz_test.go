package tcp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// FuzzTable reads segments of a few connections with small sequence numbers out of bytes,
// seven a segment, so that they meet in every way.
func FuzzTable(f *testing.F) {
	f.Add([]byte{0, 2, 100, 0, 0, 0, 1, 1, 0x12, 50, 101, 0, 0, 1, 0, 0x10, 101, 51, 5, 0, 1, 1, 0x11, 51, 106, 9, 3, 1, 0, 0x14, 106, 61, 0, 0, 1})
	f.Add([]byte{0, 0x10, 101, 51, 5, 0, 1, 0, 0x10, 111, 51, 5, 0, 1, 2, 0x10, 0, 0, 5, 0, 200, 0x40, 0, 100, 0, 0, 0, 0})
	f.Add([]byte{0, 2, 100, 0, 0, 0, 1, 0, 0x10, 255, 50, 255, 0, 1, 0, 0x10, 101, 51, 90, 0, 1, 0x80, 0, 0, 0, 0, 0, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newRecorder(t)
		r.classify = func(c *flow.Conn, _ flow.Direction, first []byte) tcp.Class {
			return tcp.Class(1 - int(c.ID+uint64(len(first)))%4/3)
		}
		r.refuse = func(said string) bool { return len(said)%97 == 96 }
		table := tcp.New(r)
		table.Follow(&followed{
			t: t, open: map[*talk]uint64{}, want: func(c *flow.Conn) bool { return c.ID%5 > 0 }, refuse: func(said string) bool { return len(said)%89 == 88 },
		}, nil)

		var s flow.Segment
		for ; len(b) >= 7; b = b[7:] {
			s.Time += flow.Time(b[6]) * 100 * flow.Millisecond
			if b[0]&0x80 != 0 {
				table.Tick(s.Time)
				continue
			}
			table.Segment(fuzzed(&s, b))
			held, sum := table.Sums()
			require.Equal(t, sum, held)
		}
		r.finish(table)
		for _, e := range r.closed {
			checkSane(t, e)
		}
	})
}

// fuzzed makes s of seven bytes: connection, direction and network, flags, sequence
// number, acknowledgment, length, how much of it was captured.
func fuzzed(s *flow.Segment, b []byte) *flow.Segment {
	dir := int(b[0] & 1)
	s.Src, s.Dst, s.SrcPort, s.DstPort = hosts[dir], hosts[1-dir], 40000+uint16(b[0]>>1&3), 21
	if dir == 1 {
		s.SrcPort, s.DstPort = s.DstPort, s.SrcPort
	}
	s.Flags, s.Scale, s.Window = b[1]&0x1f, b[5], uint16(b[4])
	base := uint32(0)
	if b[0]&8 != 0 { // around the wrap
		base -= 128
	}
	if b[0]&16 != 0 { // far away
		base += uint32(b[5]) << 24
	}
	s.Seq, s.Ack, s.Length = base+uint32(b[2]), base+uint32(b[3]), uint32(b[4])
	s.Payload = zeros[:max(0, int(s.Length)-int(b[5]))]
	s.Net = flow.Net(b[0] >> 5 & 3)
	s.ICMP = nil
	if b[1]&0x40 != 0 {
		s.ICMP = &flow.ICMP{From: hosts[1], Type: 3}
		s.Flags, s.Length, s.Payload = 0, 0, nil
	}
	return stamp(s)
}

func checkSane(t *testing.T, e ended) {
	c := &e.conn
	require.LessOrEqual(t, c.Start.Ord, c.Last.Ord)
	require.LessOrEqual(t, uint64(c.SYNs), c.Half[0].Packets)
	for dir, h := range c.Half {
		require.LessOrEqual(t, h.Bytes, uint64(1<<40))
		require.LessOrEqual(t, h.Missing, uint64(1<<40))
		if h.Bytes > h.Missing {
			require.True(t, h.FirstData.Seen())
		}
		if e.talk != nil {
			require.LessOrEqual(t, e.talk.total[dir], uint64(1<<40))
			require.LessOrEqual(t, uint64(len(e.talk.text[dir])), 300*h.Packets)
		}
	}
}
