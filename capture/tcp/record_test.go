package tcp_test

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// recorder is a Sink that writes down what it is told.
type recorder struct {
	t        testing.TB
	open     map[uint64]bool
	closed   []ended
	classify func(c *flow.Conn, dir flow.Direction, first []byte) tcp.Class
	refuse   func(said string) bool // whether a reader that has heard this much wants no more
}

// ended is a connection that ended.
type ended struct {
	conn flow.Conn
	talk *talk // nil: not a control connection
}

// talk is a Reader: what it was given, in order.
type talk struct {
	src     string
	refuse  func(said string) bool
	refused bool
	chunks  []chunk // data of one direction in a row is one chunk
	text    [2][]byte
	total   [2]uint64 // data and gaps
	marks   [2]flow.Mark
}

type chunk struct {
	dir  flow.Direction
	data []byte
	gap  uint64
}

func (c chunk) String() string {
	if c.gap > 0 {
		return fmt.Sprintf("%c gap %d", arrows[c.dir], c.gap)
	}
	return fmt.Sprintf("%c %s", arrows[c.dir], c.data)
}

const arrows = "><"

func control(*flow.Conn, flow.Direction, []byte) tcp.Class { return tcp.Control }
func counted(*flow.Conn, flow.Direction, []byte) tcp.Class { return tcp.Counted }

func newRecorder(t testing.TB) *recorder {
	return &recorder{t: t, open: map[uint64]bool{}, classify: control}
}

func (r *recorder) Opened(c *flow.Conn) {
	require.False(r.t, r.open[c.ID], "opened twice")
	require.True(r.t, c.Start.Seen())
	r.open[c.ID] = true
}

func (r *recorder) Classify(c *flow.Conn, dir flow.Direction, first []byte) tcp.Class {
	return r.classify(c, dir, first)
}

func (r *recorder) Reader(c *flow.Conn) tcp.Reader {
	return &controlTalk{talk{src: c.Src.String(), refuse: r.refuse}, r}
}

// controlTalk is the talk of a control connection.
type controlTalk struct {
	talk
	r *recorder
}

func (k *controlTalk) SeenIn(flow.Nets)    {}
func (k *controlTalk) Progress(*flow.Conn) {}
func (k *controlTalk) Closed(c *flow.Conn) { k.r.ended(c, &k.talk) }
func (r *recorder) Progress(*flow.Conn)    {}
func (r *recorder) Closed(c *flow.Conn)    { r.ended(c, nil) }

func (r *recorder) Unanswered(s *flow.LoneSYN) {
	require.False(r.t, r.open[s.First.Ord], "opened, and a lone SYN")
	r.closed = append(r.closed, ended{conn: s.Conn()})
}

func (r *recorder) ended(c *flow.Conn, k *talk) {
	require.True(r.t, r.open[c.ID], "closed but not open")
	delete(r.open, c.ID)
	if k != nil && k.src != c.Src.String() { // the roles were found out later
		k.swap()
	}
	r.closed = append(r.closed, ended{*c, k})
}

func (k *talk) Data(dir flow.Direction, b []byte, at flow.Mark) bool {
	if k.refused || len(b) == 0 || !at.Seen() {
		panic("data after refusal, empty, or from nowhere")
	}
	k.text[dir] = append(k.text[dir], b...)
	k.total[dir] += uint64(len(b))
	k.marks[dir] = at
	if n := len(k.chunks); n > 0 && k.chunks[n-1].dir == dir && k.chunks[n-1].gap == 0 {
		k.chunks[n-1].data = append(k.chunks[n-1].data, b...)
	} else {
		k.chunks = append(k.chunks, chunk{dir: dir, data: bytes.Clone(b)})
	}
	k.refused = k.refuse != nil && k.refuse(string(k.text[dir]))
	return !k.refused
}

func (k *talk) Gap(dir flow.Direction, n uint64, _ flow.Mark) {
	if k.refused || n == 0 {
		panic("gap after refusal, or of nothing")
	}
	k.text[dir] = fmt.Appendf(k.text[dir], "<%d>", n)
	k.total[dir] += n
	k.chunks = append(k.chunks, chunk{dir: dir, gap: n})
}

func (k *talk) swap() {
	k.text[0], k.text[1] = k.text[1], k.text[0]
	k.total[0], k.total[1] = k.total[1], k.total[0]
	for i := range k.chunks {
		k.chunks[i].dir ^= 1
	}
}

// String says what is known of the connection in one line, and under it what was read.
func (e ended) String() string {
	c := &e.conn
	var b strings.Builder
	who := "opener"
	if !c.OpenerKnown {
		who = "guess"
	}
	fmt.Fprintf(&b, "%d>%d %s %s %s out %s in %s syns %d", c.Src.Port(), c.Dst.Port(), who, c.State, c.Closing,
		bytesOf(&c.Half[0]), bytesOf(&c.Half[1]), c.SYNs)
	if c.ICMP != nil {
		fmt.Fprintf(&b, " icmp %d/%d", c.ICMP.Type, c.ICMP.Code)
	}
	if e.talk != nil {
		for _, c := range e.talk.chunks {
			b.WriteString("\n" + c.String())
		}
	}
	return b.String()
}

func bytesOf(h *flow.Half) string {
	if h.Missing == 0 {
		return fmt.Sprint(h.Bytes)
	}
	return fmt.Sprintf("%d-%d", h.Bytes, h.Missing)
}

// heads is what is known of the connections, without what was read.
func (r *recorder) heads() string {
	var all []string
	for _, e := range r.closed {
		e.talk = nil
		all = append(all, e.String())
	}
	return strings.Join(all, "\n")
}

func (r *recorder) String() string {
	var all []string
	for _, e := range r.closed {
		all = append(all, e.String())
	}
	return strings.Join(all, "\n")
}

// run feeds a table, closes it, and checks what must hold whatever it was fed.
func (r *recorder) run(segments []flow.Segment) *tcp.Table {
	r.t.Helper()
	table := tcp.New(r)
	for i := range segments {
		table.Segment(&segments[i])
	}
	r.finish(table)
	return table
}

func (r *recorder) finish(table *tcp.Table) {
	r.t.Helper()
	held, sum := table.Sums()
	require.Equal(r.t, sum, held)
	table.Close(math.MaxInt64)
	require.Empty(r.t, r.open)
	require.Zero(r.t, table.Held())
	require.Zero(r.t, table.Leaks())
	require.Zero(r.t, table.Len())
}

// play runs segments in text, one a line:
//
//	> SA 300/101 =text    direction, flags of "SAFRP", sequence number and acknowledgment, payload
//	> A 5/6 #1000         1000 bytes
//	> A 5/6 #1000-60      1000 bytes of which the capture holds 60; =text-4: as many as text has, and 4 more that were cut off
//	< A 5/6 w100          window
//	icmp > 100 3/1        ICMP error about a segment of that direction
//	wait 3s; tick; conn A B (ports; the hosts stay)
//
// and returns what came of it.
func play(t *testing.T, r *recorder, script string) string {
	t.Helper()
	table := tcp.New(r)
	p := player{table: table, take: table.Segment, now: 1700000000 * flow.Second, port: [2]uint16{40000, 21}}
	for line := range strings.SplitSeq(script, "\n") {
		if words := strings.Fields(line); len(words) > 0 && words[0][0] != '#' {
			p.line(words)
			held, sum := table.Sums()
			require.Equal(t, sum, held, line)
		}
	}
	r.finish(table)
	return r.String()
}

// segments are those of a script, without ticks.
func segments(script string) (list []flow.Segment) {
	p := player{now: 1700000000 * flow.Second, port: [2]uint16{40000, 21}}
	p.take = func(s *flow.Segment) { list = append(list, *s) }
	for line := range strings.SplitSeq(script, "\n") {
		if words := strings.Fields(line); len(words) > 0 {
			p.line(words)
		}
	}
	return list
}

type player struct {
	table *tcp.Table
	take  func(*flow.Segment)
	now   flow.Time
	ord   uint64
	port  [2]uint16
}

var hosts = [2]flow.Host{flow.Host4(0x0a000001), flow.Host4(0x0a000002)}

func (p *player) line(words []string) {
	switch words[0] {
	case "wait":
		d, err := time.ParseDuration(words[1])
		must(err)
		p.now += flow.Time(d)
	case "tick":
		p.table.Tick(p.now)
	case "conn":
		p.port = [2]uint16{uint16(number(words[1])), uint16(number(words[2]))}
	case "icmp":
		s := p.segment(words[1])
		s.Seq = number(words[2])
		kind, code, _ := strings.Cut(words[3], "/")
		s.ICMP = &flow.ICMP{From: flow.Host4(1), Type: uint8(number(kind)), Code: uint8(number(code))}
		p.take(&s)
	default:
		s := p.segment(words[0])
		for _, f := range words[1] {
			s.Flags |= flagOf[f]
		}
		seq, ack, _ := strings.Cut(words[2], "/")
		s.Seq = number(seq)
		if ack != "" {
			s.Ack = number(ack)
		}
		for _, w := range words[3:] {
			option(&s, w)
		}
		p.take(&s)
	}
}

var flagOf = map[rune]uint8{'S': flow.SYN, 'A': flow.ACK, 'F': flow.FIN, 'R': flow.RST, 'P': flow.PSH}

func (p *player) segment(arrow string) flow.Segment {
	dir := strings.Index(arrows, arrow)
	p.ord++
	p.now += flow.Millisecond
	return flow.Segment{
		Src: hosts[dir], Dst: hosts[1-dir], SrcPort: p.port[dir], DstPort: p.port[1-dir], Scale: flow.NoScale, Digits: 6,
		Window: 1000, ID: uint16(p.ord), Mark: flow.Mark{Time: p.now, Ord: p.ord, Pos: flow.At(0, p.ord)},
	}
}

func option(s *flow.Segment, w string) {
	size, cut, _ := strings.Cut(w[1:], "-")
	switch w[0] {
	case '=':
		s.Payload = []byte(size)
		s.Length = uint32(len(size))
		if cut != "" {
			s.Length += number(cut)
		}
	case '#':
		s.Length = number(size)
		have := s.Length
		if cut != "" {
			have = number(cut)
		}
		s.Payload = []byte(strings.Repeat("x", int(have)))
	case 'i':
		s.ID = uint16(number(size))
	case 'w':
		s.Window = uint16(number(size))
	case 's':
		s.Scale = uint8(number(size))
	}
}

func number(s string) uint32 {
	n, err := strconv.ParseUint(s, 10, 32)
	must(err)
	return uint32(n)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
