package analyze

import (
	"bytes"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/control"
	"ftpscope/analyze/finding"
	"ftpscope/analyze/match"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/formats"
	"ftpscope/capture"
	"ftpscope/capture/capturetest/traffic"
	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// BenchmarkStep measures the steps of an analysis one by one on the same traffic, each on
// what the steps before it made. A run is the whole capture. ns/packet counts all its
// packets, whichever of them reach the step: so the steps add up.
func BenchmarkStep(b *testing.B) {
	plans := []traffic.Plan{
		{Kind: traffic.Mix, Seed: 1, Bytes: 8 << 20, Concurrent: 100},
		{Kind: traffic.Chatty, Seed: 1, Sessions: 200, Concurrent: 50},
	}
	for _, step := range []struct {
		name string
		run  func(*testing.B, *material)
	}{
		{"read", benchRead}, {"decode", benchDecode}, {"table", benchTable}, {"control", benchControl}, {"match", benchMatch}, {"render", benchRender},
	} {
		for _, p := range plans {
			b.Run("step="+step.name+"/traffic="+string(p.Kind), func(b *testing.B) {
				m := materialOf(b, p)
				b.ReportAllocs()
				step.run(b, m)
				m.report(b, m.counts.Packets, "ns/packet")
			})
		}
	}
}

// report gives the time of one of n things that a run handles.
func (m *material) report(b *testing.B, n int64, unit string) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(int64(b.N)*n), unit)
}

func benchRead(b *testing.B, m *material) {
	b.SetBytes(m.counts.Bytes)
	for b.Loop() {
		m.read(b, func(*capture.Packet) {})
	}
}

func benchDecode(b *testing.B, m *material) {
	var d decode.Decoder
	var s flow.Segment
	for b.Loop() {
		for i := range m.packets {
			d.Decode(frame(&m.packets[i]), &s)
		}
	}
}

// benchTable puts control connections in order too; nobody reads them.
func benchTable(b *testing.B, m *material) {
	for b.Loop() {
		b.StopTimer()
		tables := newTables(func(l *shard) tcp.Sink { return unread{l} })
		b.StartTimer()
		m.track(tables)
	}
}

func benchControl(b *testing.B, m *material) {
	for b.Loop() {
		m.speak()
	}
	m.report(b, m.lines, "ns/line")
}

// benchMatch judges the sessions too. Each run is given facts of its own: sessions are
// made of them, not of copies.
func benchMatch(b *testing.B, m *material) {
	for b.Loop() {
		b.StopTimer()
		a, events := newMatch(nowhere{}), m.learn()
		b.StartTimer()
		a.match(events)
	}
	m.report(b, m.counts.Active+m.counts.Passive, "ns/transfer")
}

func benchRender(b *testing.B, m *material) {
	format, _ := formats.Find("json")
	w := format.New(io.Discard, report.Options{})
	for b.Loop() {
		for _, s := range m.sessions {
			_ = w.Session(s)
		}
	}
	m.report(b, m.counts.Sessions, "ns/session")
}

// material is a capture and what each step makes of it.
type material struct {
	file     []byte
	counts   traffic.Counts
	packets  []capture.Packet
	segments batch
	spoken   []spoken // on control connections
	control  int      // control connections
	lines    int64
	sessions []*record.Session
}

func materialOf(tb testing.TB, p traffic.Plan) *material {
	var file bytes.Buffer
	counts, err := traffic.Write(&file, p)
	require.NoError(tb, err)
	m := &material{file: file.Bytes(), counts: counts}
	var d decode.Decoder
	var s flow.Segment
	m.read(tb, func(p *capture.Packet) {
		p.Data = bytes.Clone(p.Data)
		m.packets = append(m.packets, *p)
		s.Mark, s.Digits = p.Mark, p.Digits
		switch d.Decode(frame(p), &s) {
		case decode.TCP, decode.ICMP:
			m.segments.add(&s)
		}
	})
	m.track(newTables(func(l *shard) tcp.Sink { return listener{l, m} }))
	newMatch(keeper{m: m}).match(m.learn())
	require.EqualValues(tb, counts.Sessions, len(m.sessions), "a step lost something")
	transfers := 0
	for _, s := range m.sessions {
		transfers += len(s.Transfers)
	}
	require.EqualValues(tb, counts.Active+counts.Passive, transfers, "a step lost something")
	return m
}

func frame(p *capture.Packet) decode.Frame {
	return decode.Frame{Data: p.Data, Length: p.Length, Link: p.Link}
}

// read gives each packet to take.
func (m *material) read(tb testing.TB, take func(*capture.Packet)) {
	c, err := capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(m.file)})
	require.NoError(tb, err)
	defer c.Close()
	for {
		packets, err := c.Next()
		if err != nil {
			require.Equal(tb, io.EOF, err)
			return
		}
		for i := range packets {
			take(&packets[i])
		}
	}
}

// newTables makes the tables of all shards, whose sinks sink makes.
func newTables(sink func(*shard) tcp.Sink) []*tcp.Table {
	a := &analysis{ports: newPorts(nil)}
	tables := make([]*tcp.Table, tcp.Shards)
	for i, l := range a.shards(unheard{}) {
		tables[i] = tcp.New(sink(l))
	}
	return tables
}

// track runs the segments through the tables.
func (m *material) track(tables []*tcp.Table) {
	for i := range m.segments.segments {
		tables[m.segments.shards[i]].Segment(&m.segments.segments[i])
	}
	for _, t := range tables {
		t.Close(math.MaxInt64)
	}
}

// learn returns what the shards tell the Matcher.
func (m *material) learn() []event {
	rec := &recorder{}
	shards := (&analysis{ports: newPorts(nil)}).shards(rec)
	for i := range m.segments.segments {
		rec.ord = m.segments.segments[i].Ord
		shards[m.segments.shards[i]].table.Segment(&m.segments.segments[i])
	}
	for _, l := range shards {
		l.table.Close(math.MaxInt64)
	}
	return rec.list
}

// newMatch makes what joins the shards' facts and judges the sessions.
func newMatch(out Records) *analysis {
	a := &analysis{ports: newPorts(nil), order: newOrder(out, finding.Options{Files: 1})}
	a.matcher = match.New(a, match.Options{ControlPort: a.ports.has})
	return a
}

// match makes sessions of what the shards tell.
func (a *analysis) match(events []event) {
	for i := range events {
		events[i].tell(a.matcher)
	}
	a.matcher.End()
	a.order.all()
}

// spoken is one call that a table makes of a control connection's reader, with end: the
// last.
type spoken struct {
	conn int
	dir  flow.Direction
	b    []byte
	gap  uint64
	at   flow.Mark
	end  *flow.Conn
}

// speak repeats to new conversations what was spoken.
func (m *material) speak() {
	a := &analysis{ports: newPorts(nil)}
	opt := a.readingOptions(unheard{})
	conversations := make([]*control.Conversation, m.control)
	for i := range m.spoken {
		x := &m.spoken[i]
		switch f := conversations[x.conn]; {
		case f == nil:
			conversations[x.conn] = control.New(x.end, opt)
		case x.end != nil:
			f.Finish(x.end)
		case x.gap > 0:
			f.Gap(x.dir, x.gap, x.at)
		default:
			f.Data(x.dir, x.b, x.at)
		}
	}
}

// listener writes down what is spoken on control connections.
type listener struct {
	*shard
	m *material
}

func (l listener) Reader(c *flow.Conn) tcp.Reader {
	conn := *c
	l.m.spoken = append(l.m.spoken, spoken{conn: l.m.control, end: &conn})
	l.m.control++
	return &heard{l.shard.Reader(c), l.m, l.m.control - 1}
}

func (l listener) Closed(*flow.Conn) {}

// heard is the reader that a listener makes.
type heard struct {
	tcp.Reader
	m    *material
	conn int
}

func (h *heard) Data(dir flow.Direction, b []byte, at flow.Mark) bool {
	h.m.lines += int64(bytes.Count(b, []byte("\n")))
	h.m.spoken = append(h.m.spoken, spoken{conn: h.conn, dir: dir, b: bytes.Clone(b), at: at})
	return h.Reader.Data(dir, b, at)
}

func (h *heard) Closed(c *flow.Conn) {
	conn := *c
	h.m.spoken = append(h.m.spoken, spoken{conn: h.conn, end: &conn})
}

func (h *heard) Gap(dir flow.Direction, n uint64, at flow.Mark) {
	h.m.spoken = append(h.m.spoken, spoken{conn: h.conn, dir: dir, gap: n, at: at})
	h.Reader.Gap(dir, n, at)
}

// unread is a shard whose control connections nobody reads.
type unread struct{ *shard }

func (u unread) Reader(*flow.Conn) tcp.Reader { return silent{u} }

func (u unread) Closed(c *flow.Conn) { u.events.Closed(c, nil) }

type silent struct{ unread }

func (silent) SeenIn(flow.Nets) {}

func (silent) Data(flow.Direction, []byte, flow.Mark) bool { return true }
func (silent) Gap(flow.Direction, uint64, flow.Mark)       {}

// unheard is events that nobody hears.
type unheard struct{}

func (unheard) Expect(*control.Expectation)              {}
func (unheard) ExpectHosts(control.HostExpectation)      {}
func (unheard) Opened(*flow.Conn)                        {}
func (unheard) Unanswered(*flow.LoneSYN)                 {}
func (unheard) Closed(*flow.Conn, *control.Transcript)   {}
func (unheard) Progress(*flow.Conn, *control.Transcript) {}

// nowhere is where records go that nobody reads.
type nowhere struct{}

func (nowhere) Session(*record.Session) error { return nil }
func (nowhere) Attempt(*record.Attempt) error { return nil }
func (nowhere) Orphan(*record.Orphan) error   { return nil }
func (nowhere) Summary(*record.Summary) error { return nil }

// keeper keeps sessions.
type keeper struct {
	nowhere
	m *material
}

func (k keeper) Session(s *record.Session) error {
	k.m.sessions = append(k.m.sessions, s)
	return nil
}
