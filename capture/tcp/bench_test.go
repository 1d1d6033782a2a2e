package tcp_test

import (
	"testing"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// BenchmarkTable: ns/op is a segment. bulk is a data transfer, chatty a control
// connection's lines, synflood a SYN each.
func BenchmarkTable(b *testing.B) {
	b.Run("kind=bulk", func(b *testing.B) {
		b.ReportAllocs()
		table := tcp.New(&silent{})
		s := flow.Segment{Src: hosts[0], Dst: hosts[1], SrcPort: 50001, DstPort: 50000, Flags: flow.ACK, Length: 1460, Payload: zeros[:1460]}
		for b.Loop() {
			table.Segment(stamp(&s))
			s.Seq += s.Length
		}
	})
	for _, kind := range []string{"followed", "passed-over"} { // bulk, with somebody who reads it, or other connections
		b.Run("kind="+kind, func(b *testing.B) {
			b.ReportAllocs()
			table := tcp.New(&silent{})
			table.Follow(&followed{want: func(*flow.Conn) bool { return kind == "followed" }, open: map[*talk]uint64{}, silent: &silent{}}, nil)
			s := flow.Segment{Src: hosts[0], Dst: hosts[1], SrcPort: 50001, DstPort: 50000, Flags: flow.ACK, Length: 1460, Payload: zeros[:1460]}
			for b.Loop() {
				table.Segment(stamp(&s))
				s.Seq += s.Length
			}
		})
	}
	b.Run("kind=backwards", func(b *testing.B) { // a byte a segment, every other one, the last one first: all that may be held is
		b.ReportAllocs()
		table := tcp.New(&silent{})
		table.Follow(&followed{open: map[*talk]uint64{}, silent: &silent{}}, nil)
		s := flow.Segment{Src: hosts[0], Dst: hosts[1], SrcPort: 50001, DstPort: 50000, Flags: flow.ACK, Length: 1, Payload: zeros[:1]}
		table.Segment(stamp(&s))
		const ahead = 1 << 18
		for i := 0; b.Loop(); i++ {
			s.Seq = uint32(ahead - i*2%ahead)
			table.Segment(stamp(&s))
		}
	})
	b.Run("kind=many", func(b *testing.B) { // 10,000 transfers at a time: the cache has to be shared
		b.ReportAllocs()
		sink := &silent{}
		table := tcp.New(sink)
		var s flow.Segment
		fill(table, sink, &s, 0, 10_000, 0)
		n := 0
		for b.Loop() {
			n = (n + 7919) % 10_000
			syn(&s, n)
			s.Flags, s.Length, s.Payload = flow.ACK, 1, zeros[:1]
			table.Segment(&s)
		}
	})
	b.Run("kind=chatty", func(b *testing.B) {
		b.ReportAllocs()
		c := newChatter(tcp.New(&silent{class: tcp.Control}))
		dir := 0
		for b.Loop() {
			c.send(dir)
			dir ^= 1
		}
	})
	b.Run("kind=short", func(b *testing.B) { // connections of three packets: each is half-open, then lingers
		b.ReportAllocs()
		table := tcp.New(&silent{})
		var s flow.Segment
		n := 0
		for b.Loop() {
			table.Segment(syn(&s, n))
			s.Flags, s.Seq, s.Ack = flow.ACK|flow.FIN, s.Seq+1, 1
			table.Segment(stamp(&s))
			s.Src, s.Dst, s.SrcPort, s.DstPort = s.Dst, s.Src, s.DstPort, s.SrcPort
			s.Seq, s.Ack = 1, s.Seq+1
			table.Segment(stamp(&s))
			n++
		}
	})
	b.Run("kind=synflood", func(b *testing.B) {
		b.ReportAllocs()
		table := tcp.New(&silent{})
		var s flow.Segment
		n := 0
		for b.Loop() {
			table.Segment(syn(&s, n))
			n++
		}
	})
}
