package tcp_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// silent is a Sink that only counts.
type silent struct {
	class          tcp.Class
	opened, closed int
	bytes          uint64
}

func (s *silent) Opened(*flow.Conn)                                     { s.opened++ }
func (s *silent) Unanswered(*flow.LoneSYN)                              { s.opened++; s.closed++ }
func (s *silent) Classify(*flow.Conn, flow.Direction, []byte) tcp.Class { return s.class }
func (s *silent) Reader(*flow.Conn) tcp.Reader                          { return s }
func (s *silent) SeenIn(flow.Nets)                                      {}
func (s *silent) Progress(*flow.Conn)                                   {}
func (s *silent) Closed(*flow.Conn)                                     { s.closed++ }
func (s *silent) Data(_ flow.Direction, b []byte, _ flow.Mark) bool {
	s.bytes += uint64(len(b))
	return true
}
func (s *silent) Gap(flow.Direction, uint64, flow.Mark) {}

// stamp gives s the next number and a time a microsecond later.
func stamp(s *flow.Segment) *flow.Segment {
	s.Ord++
	s.Time += flow.Microsecond
	s.Pos = flow.At(0, s.Ord)
	return s
}

// syn makes s the SYN of the n-th of many connections.
func syn(s *flow.Segment, n int) *flow.Segment {
	s.Src, s.Dst = flow.Host4(uint32(n>>8)|10<<24), hosts[1]
	s.SrcPort, s.DstPort, s.Flags, s.Seq = uint16(10000+n&0xff), 21, flow.SYN, uint32(n)
	s.Length, s.Payload = 0, nil
	return stamp(s)
}

func TestSYNFlood(t *testing.T) {
	sink := &silent{}
	table := tcp.New(sink)
	var s flow.Segment
	for n := range 1_000_000 {
		table.Segment(syn(&s, n))
	}
	require.Equal(t, tcp.MaxHalfOpen, table.Len())
	require.Equal(t, 1_000_000-tcp.MaxHalfOpen, sink.closed)
	require.LessOrEqual(t, table.Slots(), tcp.MaxHalfOpen+2)
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	require.Less(t, m.HeapAlloc, uint64(32<<20))
	table.Close(math.MaxInt64)
	require.Equal(t, sink.opened, sink.closed)
	require.Zero(t, table.Leaks())
}

func TestFloodLeavesTheOthersAlone(t *testing.T) {
	r := newRecorder(t)
	table := tcp.New(r)
	p := player{table: table, take: table.Segment, now: 0, port: [2]uint16{40000, 21}}
	for line := range strings.SplitSeq(strings.TrimSpace(handshake+"> A 101/301 =a"), "\n") {
		p.line(strings.Fields(line))
	}
	s := flow.Segment{Mark: flow.Mark{Ord: p.ord, Time: p.now}}
	for n := range 3 * tcp.MaxHalfOpen {
		table.Segment(syn(&s, n))
	}
	p.now, p.ord = s.Time, s.Ord
	p.line(strings.Fields("> A 102/301 =b"))
	r.finish(table)
	require.Equal(t, p.ord-3*tcp.MaxHalfOpen, r.closed[0].conn.Start.Ord, "the oldest half-open one goes first")
	i := slices.IndexFunc(r.closed, func(e ended) bool { return e.talk != nil })
	require.Equal(t, "> ab", r.closed[i].talk.chunks[0].String())
}

var letter = []byte{'x'}

// fill opens connections that are established; those whose number is a multiple of every
// are control connections.
func fill(table *tcp.Table, sink *silent, s *flow.Segment, from, to, every int) {
	for n := from; n < to; n++ {
		syn(s, n)
		s.Flags, s.Length, s.Payload = flow.ACK, 1, letter
		sink.class = tcp.Counted
		if every > 0 && n%every == 0 {
			sink.class = tcp.Control
		}
		for range 4 { // so that the table does not ask again
			table.Segment(s)
			s.Seq++
		}
	}
}

// who writes down the connections that end.
type who struct {
	silent
	ended []int
}

func (w *who) Unanswered(s *flow.LoneSYN) {
	c := s.Conn()
	w.Closed(&c)
}

func (w *who) Reader(*flow.Conn) tcp.Reader { return w }

func (w *who) Closed(c *flow.Conn) {
	b := c.Src.Addr().As4()
	w.ended = append(w.ended, (int(b[1])<<16|int(b[2])<<8|int(b[3]))<<8|(int(c.Src.Port())-10000))
}

func TestEviction(t *testing.T) {
	w := &who{}
	table := tcp.New(w)
	var s flow.Segment
	const full = tcp.MaxConns
	fill(table, &w.silent, &s, 0, full-10, 1000)
	for n := full - 10; n < full; n++ {
		table.Segment(syn(&s, n))
	}
	require.Equal(t, full, table.Len())
	fill(table, &w.silent, &s, full, full+10, 0)
	require.Equal(t, []int{full - 10, full - 9, full - 8, full - 7, full - 6, full - 5, full - 4, full - 3, full - 2, full - 1}, w.ended,
		"half-open ones first, the oldest first")
	fill(table, &w.silent, &s, full+10, full+20_000, 0)
	require.Equal(t, full, table.Len())
	require.Equal(t, uint64(20_000), table.Stats().Evicted)
	for _, n := range w.ended {
		require.False(t, n < full-10 && n%1000 == 0, "control connection %d", n)
	}
	before := len(w.ended)
	table.Close(math.MaxInt64)
	require.True(t, slices.IsSorted(w.ended[before:]), "in the order in which they began")
	require.Zero(t, table.Leaks())
}

func TestIdle(t *testing.T) {
	const script = handshake + "> A 101/301 =a\nconn 40001 21\n> S 100\nconn 40002 21\nwait 299s\n> S 1\ntick\nwait 2s\ntick\nconn 40003 21\n> S 1"
	r := newRecorder(t)
	r.classify = counted
	play(t, r, script)
	var order []uint16
	for _, e := range r.closed {
		order = append(order, e.conn.Src.Port())
	}
	require.Equal(t, []uint16{40001, 40000, 40002, 40003}, order, "a lone SYN waits less")
	require.Len(t, r.closed, 4)
}

func TestLinger(t *testing.T) {
	rows(t, []row{
		{"straggler in time", handshake + "> FA 111/301\n< FA 301/112\nwait 1s\ntick\n> A 101/301 #10", "40000>21 opener established fin out 10 in 0 syns 1"},
		{"straggler too late", handshake + "> FA 101/301\n< FA 301/102\nwait 3s\ntick\n> A 102/302",
			"40000>21 opener established fin out 0 in 0 syns 1\n40000>21 guess unknown cut out 0 in 0 syns 0"},
		{"mid-wait", handshake + "> FA 101/301\nwait 100s\ntick\n< FA 301/102", "40000>21 opener established fin out 0 in 0 syns 1"},
	})
}

func TestLingerIsBounded(t *testing.T) {
	sink := &silent{}
	table := tcp.New(sink)
	var s flow.Segment
	for n := range 10_000 {
		table.Segment(syn(&s, n))
		s.Src, s.Dst, s.SrcPort, s.DstPort = s.Dst, s.Src, s.DstPort, s.SrcPort
		s.Flags, s.Ack, s.Seq = flow.RST|flow.ACK, s.Seq+1, 0
		table.Segment(stamp(&s))
		require.LessOrEqual(t, table.Len(), tcp.MaxLinger)
	}
}

// TestTicksAreDeterministic: two tables that see the same packets and ticks say the same
// in the same order.
func TestTicksAreDeterministic(t *testing.T) {
	say := func() string {
		r := newRecorder(t)
		r.classify = func(c *flow.Conn, _ flow.Direction, _ []byte) tcp.Class { return tcp.Class(c.ID % 2) }
		table, rnd := tcp.New(r), rand.New(rand.NewPCG(3, 4))
		var s flow.Segment
		for i := range 20_000 {
			randomSegment(rnd, &s)
			s.Time += flow.Time(rnd.IntN(200)) * flow.Millisecond
			table.Segment(&s)
			if i%100 == 0 {
				table.Tick(s.Time)
			}
		}
		r.finish(table)
		return r.String()
	}
	require.Equal(t, say(), say())
}

// randomSegment makes s the next of a few connections that talk nonsense.
func randomSegment(rnd *rand.Rand, s *flow.Segment) {
	from := rnd.IntN(2)
	s.Src, s.Dst, s.Scale = hosts[from], hosts[1-from], flow.NoScale
	s.SrcPort, s.DstPort = 21, uint16(5000+rnd.IntN(20))
	if from == 0 {
		s.SrcPort, s.DstPort = s.DstPort, s.SrcPort
	}
	s.Flags = []uint8{flow.SYN, flow.SYN | flow.ACK, flow.ACK, flow.ACK, flow.ACK, flow.ACK, flow.ACK | flow.FIN, flow.RST}[rnd.IntN(8)]
	s.Seq, s.Ack, s.Window = uint32(rnd.IntN(60)), uint32(rnd.IntN(60)), 100
	s.Length = uint32(rnd.IntN(12))
	s.Payload = zeros[:rnd.IntN(int(s.Length)+1)]
	stamp(s)
}

// TestIndex compares the table with a map while connections come and go.
func TestIndex(t *testing.T) {
	w := &who{}
	table, rnd := tcp.New(w), rand.New(rand.NewPCG(5, 6))
	model := map[int]bool{}
	var s flow.Segment
	for range 200_000 {
		n := rnd.IntN(3000)
		syn(&s, n)
		s.Flags, s.Ack = flow.ACK, 7
		s.Length, s.Payload = 1, zeros[:1]
		if rnd.IntN(2) == 0 { // the same connection, seen from the other side
			s.Src, s.Dst, s.SrcPort, s.DstPort, s.Seq, s.Ack = s.Dst, s.Src, s.DstPort, s.SrcPort, s.Ack, s.Seq
		}
		if model[n] && rnd.IntN(2) == 0 {
			s.Flags |= flow.RST
		}
		opened, known := w.opened, model[n]
		table.Segment(&s)
		model[n] = true
		require.Equal(t, !known, w.opened > opened, "connection %d", n)
		for _, n := range w.ended {
			require.True(t, model[n])
			delete(model, n)
		}
		w.ended = w.ended[:0]
		require.Equal(t, len(model), table.Len())
	}
}

func TestHashOfBothDirections(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	shards := map[int]int{}
	for range 10_000 {
		a, b := flow.Host4(rnd.Uint32()), flow.Host{Hi: rnd.Uint64(), Lo: rnd.Uint64()}
		require.Equal(t, tcp.Shard(a, b), tcp.Shard(b, a))
		shards[tcp.Shard(a, b)]++
		s := flow.Segment{Src: a, Dst: b, SrcPort: uint16(rnd.Uint32()), DstPort: uint16(rnd.Uint32())}
		back := flow.Segment{Src: b, Dst: a, SrcPort: s.DstPort, DstPort: s.SrcPort}
		table := tcp.New(&silent{})
		s.Pos, back.Pos = 1, 2
		table.Segment(&s)
		table.Segment(&back)
		require.Equal(t, 1, table.Len())
	}
	require.Len(t, shards, tcp.Shards)
	for shard, n := range shards {
		require.Less(t, n, 2*10_000/tcp.Shards, "shard %d", shard)
	}
}

func TestSelfConnection(t *testing.T) {
	s := flow.Segment{Src: hosts[0], Dst: hosts[0], SrcPort: 21, DstPort: 21}
	r := newRecorder(t)
	var all []flow.Segment
	for i, flags := range []uint8{flow.SYN, flow.SYN | flow.ACK, flow.ACK, flow.FIN | flow.ACK, flow.RST} {
		s.Flags, s.Seq = flags, uint32(100+i)
		all = append(all, *stamp(&s))
	}
	r.run(all)
	require.NotEmpty(t, r.closed)
}

// TestNoLeaks opens, disorders and ends many connections, then looks at what an empty
// table holds.
func TestNoLeaks(t *testing.T) {
	r := newRecorder(t)
	rnd := rand.New(rand.NewPCG(9, 10))
	r.refuse = func(string) bool { return rnd.IntN(50) == 0 }
	table := tcp.New(r)
	var s flow.Segment
	slots := 0
	for round := range 20 {
		for range 2000 {
			randomSegment(rnd, &s)
			table.Segment(&s)
		}
		r.finish(table)
		if round == 0 {
			slots = table.Slots()
		}
		require.LessOrEqual(t, table.Slots(), slots+200)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	for _, class := range []tcp.Class{tcp.Counted, tcp.Control} {
		t.Run(fmt.Sprint(class), func(t *testing.T) {
			sink := &silent{class: class}
			table := tcp.New(sink)
			c := newChatter(table)
			for range 10 {
				c.exchange()
			}
			require.Zero(t, testing.AllocsPerRun(1000, c.exchange))
			if class == tcp.Control {
				require.Equal(t, uint64(1011*2*len(c.s[0].Payload)), sink.bytes)
			}
		})
	}
}

// chatter is a connection whose sides speak in turn.
type chatter struct {
	table *tcp.Table
	s     [2]flow.Segment
}

func newChatter(table *tcp.Table) *chatter {
	c := &chatter{table: table}
	for dir := range c.s {
		c.s[dir] = flow.Segment{Src: hosts[dir], Dst: hosts[1-dir], SrcPort: 40000, DstPort: 21, Flags: flow.SYN, Seq: 100, Scale: flow.NoScale}
	}
	c.s[1].SrcPort, c.s[1].DstPort = 21, 40000
	c.s[1].Flags, c.s[1].Ack = flow.SYN|flow.ACK, 101
	for dir := range c.s {
		c.send(dir)
		c.s[1].Ack = 101
		c.s[dir].Seq, c.s[dir].Ack, c.s[dir].Flags = 101, 101, flow.ACK
	}
	c.send(0)
	for dir := range c.s {
		c.s[dir].Payload = zeros[:40]
		c.s[dir].Length = 40
	}
	return c
}

func (c *chatter) send(dir int) {
	s := &c.s[dir]
	s.Mark = c.s[1-dir].Mark
	c.table.Segment(stamp(s))
	s.Seq += s.Length
	c.s[1-dir].Ack = s.Seq
}

// exchange sends a command and its reply.
func (c *chatter) exchange() {
	c.send(0)
	c.send(1)
}

// TestControlIdle ends a control connection that is silent for longer than it may be.
func TestControlIdle(t *testing.T) {
	for _, limit := range []flow.Time{0, 600 * flow.Second} {
		r := newRecorder(t)
		table := tcp.New(r)
		table.LimitIdle(limit)
		p := player{table: table, take: table.Segment, now: 0, port: [2]uint16{40000, 21}}
		for line := range strings.SplitSeq(strings.TrimSpace(handshake+"> A 101/301 =a"), "\n") {
			p.line(strings.Fields(line))
		}
		for now := range 660 {
			table.Tick(p.now + flow.Time(now)*flow.Second)
			require.Equal(t, limit > 0 && now > 600, len(r.closed) == 1, "after %d s", now)
		}
	}
}

// TestTooManyControls opens more control connections than the table holds: the idle ones
// go, and are counted.
func TestTooManyControls(t *testing.T) {
	sink := &silent{}
	table := tcp.New(sink)
	var s flow.Segment
	const more = 500
	fill(table, sink, &s, 0, tcp.MaxControls+more, 1)
	require.Equal(t, tcp.MaxControls, table.Stats().Controls)
	require.EqualValues(t, more, table.Stats().Evicted)
	require.Equal(t, more, sink.closed)
	table.Close(math.MaxInt64)
	require.Zero(t, table.Leaks())
}
