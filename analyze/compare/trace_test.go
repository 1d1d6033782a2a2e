package compare

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

var (
	clientEnd = netip.MustParseAddrPort("192.0.2.10:51234")
	serverEnd = netip.MustParseAddrPort("192.0.2.21:21")
)

func onFTP(port uint16) bool { return port == flow.PortFTP }

// connOf is what an analysis tells of a connection whose packets are those of a name in frames.
func connOf(frames []capturetest.Frame, name string) flow.Conn {
	c := flow.Conn{Nets: flow.PlainNet.Nets(), State: flow.Established, OpenerKnown: true}
	for i, s := range capturetest.Segments(frames) {
		if frames[i].Conn != name {
			continue
		}
		if !c.Start.Seen() {
			c.Src, c.Dst = endsOf(&s)
			c.Start, c.ID = s.Mark, s.Ord
		}
		c.Last = s.Mark
	}
	return c
}

// sessionOf is a session of the frames' control connection with one transfer of these others.
func sessionOf(frames []capturetest.Frame, data ...string) *record.Session {
	s := &record.Session{Client: clientEnd, Server: serverEnd}
	s.Notes.Control = connOf(frames, capturetest.Control)
	t := record.Transfer{N: 1, Method: "PASV", Mode: record.Passive}
	for _, name := range data {
		t.Notes.Tried = append(t.Notes.Tried, connOf(frames, name))
	}
	if data != nil {
		s.Transfers = append(s.Transfers, t)
	}
	return s
}

// collected is the side of the sessions and attempts that were found in a part of the frames,
// traced over all of them.
func collected(t *testing.T, frames []capturetest.Frame, records ...any) *Side {
	t.Helper()
	side := &Side{}
	c := NewCollector(side, onFTP)
	for _, r := range records {
		switch r := r.(type) {
		case *record.Session:
			require.NoError(t, c.Session(r))
		case *record.Attempt:
			require.NoError(t, c.Attempt(r))
		}
	}
	for _, s := range capturetest.Segments(frames) {
		c.Segment(&s)
	}
	c.Close()
	return side
}

// ords are the packets of a connection's kept segments.
func (c *Conn) ords() (list []int) {
	for w := range c.Half {
		for _, s := range c.Half[w].Segs {
			list = append(list, int(s.Pos.Packet()))
		}
	}
	slices.Sort(list)
	return list
}

const talk = "S: 220 ready\nC: USER bob\nS: 331 password\n"

func TestCollectSession(t *testing.T) {
	frames := capturetest.MustFrames(t, "ttl S 60\n"+talk+"data d1 192.0.2.10:40001 > 192.0.2.21:50000\nd1< 3000 fin\nd1 half >\ndata d2 192.0.2.10:7 > 192.0.2.99:80\nclose\n")
	side := collected(t, frames, sessionOf(frames, "d1"))
	require.Len(t, side.Sessions, 1)
	s := side.Sessions[0]
	require.Empty(t, s.Notes, "what no comparison looks at is not kept")
	control, data := s.Control, s.Data[0].Conn
	require.True(t, control.FromClient && data.FromClient)
	require.Equal(t, "USER bob\r\n", string(control.Half[ToServer].Text.bytes))
	require.Equal(t, "220 ready\r\n331 password\r\n", string(control.Half[ToClient].Text.bytes))
	require.Nil(t, data.Half[ToClient].Text)
	require.EqualValues(t, 60, control.Half[ToClient].TTL)
	bytes := 0
	for _, x := range data.Half[ToClient].Segs {
		bytes += int(x.Length)
	}
	require.Equal(t, 3000, bytes)
	n, ok := data.number()
	require.True(t, ok && data.SYN().Seq == n)
	require.Equal(t, n+2, data.Half[ToClient].Acked, "the server acknowledged SYN and FIN")
	first, ok := data.FirstData(ToClient)
	require.True(t, ok && first > data.Start)
	_, ok = data.FirstData(ToServer)
	require.False(t, ok)
	require.Len(t, side.Strangers, 2, "SYN and SYN-ACK of d2")
	others := 0
	for _, f := range frames {
		if f.Conn != capturetest.Control {
			others++
		}
	}
	require.EqualValues(t, others, side.Beside)
}

// TestCollectBelongs holds whose segments are: those of a connection's time, those that the
// analysis did not count but which are its, and none of another between the same ends.
func TestCollectBelongs(t *testing.T) {
	opened := "data d1 192.0.2.10:40001 > 192.0.2.21:50000\nd1< 100 fin\nd1 half >\n"
	for _, test := range []struct {
		name, script string
		cut          int // the analysis did not count so many last packets of d1
		want         int // packets that are beyond those
	}{
		{"all of it", talk + opened, 0, 0},
		{"a reset behind its end", talk + opened + "wait 2s\nd1 rst <\n", 1, 1},
		{"a reset long behind its end", talk + opened + "wait 80s\nd1 rst <\n", 1, 0},
		{"another connection of the same ends", talk + opened + "wait 2s\nseed x\ndata d2 192.0.2.10:40001 > 192.0.2.21:50000\nd2< 100 fin\n", 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			frames := capturetest.MustFrames(t, test.script)
			s := sessionOf(frames, "d1")
			var own []int
			for i, f := range frames {
				m := f.Meta
				if f.Conn == "d1" && (m.Flags&(flow.SYN|flow.FIN|flow.RST) != 0 || len(m.Payload) > 0) {
					own = append(own, i+1)
				}
			}
			c := &s.Transfers[0].Notes.Tried[0]
			own = own[:len(own)-test.cut]
			if test.cut > 0 {
				segments := capturetest.Segments(frames)
				c.Last = segments[own[len(own)-1]-1].Mark
			}
			side := collected(t, frames, s)
			require.Len(t, side.Sessions[0].Data[0].Conn.ords(), len(own)+test.want)
		})
	}
}

// A reset that the capture has before all else of its connection is the connection's.
func TestCollectOvertaken(t *testing.T) {
	frames := capturetest.MustFrames(t, talk+"data d1 192.0.2.10:40001 > 192.0.2.21:50000\nd1 rst >\n")
	last := len(frames) - 1
	early := slices.Insert(slices.Clone(frames[:last]), last-3, frames[last])
	s := sessionOf(early, "d1")
	c := &s.Transfers[0].Notes.Tried[0]
	c.Start = capturetest.Segments(early)[last-2].Mark
	c.Last = capturetest.Segments(early)[last].Mark
	side := collected(t, early, s)
	require.Contains(t, side.Sessions[0].Data[0].Conn.ords(), last-3+1)
	for i := range early {
		if i == last-3 {
			early[i].Time -= 10 * flow.Second // by its time it is of another one
		}
	}
	side = collected(t, early, s)
	require.NotContains(t, side.Sessions[0].Data[0].Conn.ords(), last-3+1)
}

// Packets of a SPAN port that sends each from two networks count once.
func TestCollectCopies(t *testing.T) {
	frames := capturetest.MustFrames(t, talk)
	side := &Side{}
	c := NewCollector(side, onFTP)
	s := sessionOf(frames)
	s.Notes.Control.Nets = flow.Nets{1, 1, 2, 2, 2, 2}
	require.NoError(t, c.Session(s))
	for _, x := range capturetest.Segments(frames) {
		for _, net := range []flow.Net{1, 2} {
			x.Net = net
			c.Segment(&x)
		}
	}
	c.Segment(nil)
	control := side.Sessions[0].Control
	require.Len(t, control.ords(), 5, "SYN, SYN-ACK and three lines")
	require.EqualValues(t, 1, side.Beside, "a packet that is no segment is none of a control connection")
}

func TestCollectAttempts(t *testing.T) {
	frames := capturetest.MustFrames(t, "data a1 192.0.2.10:40001 > 192.0.2.21:21 unanswered 3\ndata a2 192.0.2.10:40002 > 192.0.2.21:21 refused\ndata a3 192.0.2.77:40002 > 192.0.2.21:21 unanswered 1\n")
	segments := capturetest.Segments(frames)
	a := &record.Attempt{ClientIP: clientEnd.Addr(), Server: serverEnd}
	a.First, a.Last = record.Stamp{Time: segments[0].Time}, record.Stamp{Time: segments[len(segments)-1].Time}
	side := collected(t, frames, a)
	require.Len(t, side.Attempts, 2, "each SYN with a port of its own, of this host only")
	require.Len(t, side.Attempts[0].ords(), 3)
	require.Len(t, side.Attempts[1].ords(), 2, "the reset that answers is one of it")
	require.Len(t, side.Strangers, 1)
	require.Zero(t, side.Beside)
}

// What one side has and the other has not is looked for in the whole of the other.
func TestLookFor(t *testing.T) {
	frames := capturetest.MustFrames(t, talk+"data d1 192.0.2.10:40001 > 192.0.2.21:50000\nd1< 100 fin\nd1 half >\nclose\n")
	a, b := collected(t, frames, sessionOf(frames, "d1")), collected(t, frames, sessionOf(frames))
	n, _ := a.Sessions[0].Data[0].Conn.number()
	require.Equal(t, map[uint32]bool{n: true}, Missing(a, b))
	require.Empty(t, Missing(b, a))
	take := b.LookFor(Missing(a, b))
	again := capturetest.MustFrames(t, "seed other\ndata d1 192.0.2.10:40001 > 192.0.2.21:50000\n")
	for _, s := range append(capturetest.Segments(frames), capturetest.Segments(again)...) {
		take(&s)
	}
	take(nil)
	require.Len(t, b.Strays, 1)
	stray := b.Strays[0]
	require.Equal(t, a.Sessions[0].Data[0].Conn.ords(), stray.ords(), "and none of the connection that took its ports")
	require.True(t, stray.FromClient)
	require.Greater(t, stray.End, stray.Start)
}

func TestFromClient(t *testing.T) {
	other := netip.MustParseAddrPort("198.51.100.1:9")
	from := func(src netip.AddrPort) *flow.Conn { return &flow.Conn{Src: src, Dst: serverData} }
	for _, test := range []struct {
		name   string
		server netip.AddrPort
		t      record.Transfer
		c      *flow.Conn
		want   bool
	}{
		{"the client opens", serverEnd, record.Transfer{}, from(clientData), true},
		{"the server opens", serverEnd, record.Transfer{}, from(serverEnd), false},
		{"both are one host: the client", clientEnd, record.Transfer{Initiator: record.Client}, from(clientData), true},
		{"both are one host: the server", clientEnd, record.Transfer{Initiator: record.Server}, from(clientData), false},
		{"a third host in passive mode is on the client's side", serverEnd, record.Transfer{Mode: record.Passive}, from(other), true},
		{"in active mode on the server's", serverEnd, record.Transfer{Mode: record.Active}, from(other), false},
		{"of unknown mode by where it leads", serverEnd, record.Transfer{Mode: record.Unknown}, from(other), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, fromClient(&record.Session{Client: clientEnd, Server: test.server}, &test.t, test.c))
		})
	}
}

func TestConnsOf(t *testing.T) {
	one, two := flow.Conn{ID: 1}, flow.Conn{ID: 2}
	tried := []flow.Conn{one}
	for _, test := range []struct {
		notes record.TransferNotes
		want  []flow.Conn
	}{
		{record.TransferNotes{}, nil}, {record.TransferNotes{Conn: &one}, []flow.Conn{one}}, {record.TransferNotes{Tried: tried, Conn: &one}, tried},
		{record.TransferNotes{Tried: tried, Conn: &two}, []flow.Conn{one, two}}, {record.TransferNotes{Tried: tried}, tried},
	} {
		require.Equal(t, test.want, connsOf(&record.Transfer{Notes: test.notes}))
	}
	require.Len(t, tried, 1, "what the record holds stays")
}

// Of one large connection, and of a side, only so much is kept; what was not says from when on.
func TestBudget(t *testing.T) {
	b := &budget{segs: 3, text: 10}
	c := &Conn{}
	for n := range uint32(5) {
		c.add(ToServer, &flow.Segment{Seq: n, Length: 1, Mark: flow.Mark{Time: flow.Time(n)}}, b)
	}
	c.add(ToServer, &flow.Segment{Flags: flow.ACK}, b)
	require.Len(t, c.Half[ToServer].Segs, 3)
	require.EqualValues(t, 3, c.CutAt)
	require.EqualValues(t, 6, c.Half[ToServer].Packets, "packets count all the same")
	x, y := &Text{}, &Text{}
	x.add(&flow.Segment{Seq: 1, Length: 8, Payload: []byte("USER bob")}, b)
	y.add(&flow.Segment{Seq: 1, Length: 3, Payload: []byte("abc")}, b)
	require.Equal(t, []any{"USER bob", "", true, allowance(2)}, []any{string(x.bytes), string(y.bytes), y.full, b.text})
	for n := range maxICMP + 3 {
		c.add(ToClient, &flow.Segment{ICMP: &flow.ICMP{Code: uint8(n)}}, b)
	}
	require.Len(t, c.ICMP, maxICMP)
}

// A text with too many gaps, or that is too long, ends; one of which the beginning comes last
// begins again only so often.
func TestTextLimits(t *testing.T) {
	b := newBudget()
	x := &Text{}
	for n := range uint32(maxGaps + 5) {
		x.add(&flow.Segment{Seq: 100 + 2*n, Length: 1, Payload: []byte("a")}, b)
	}
	require.True(t, x.full)
	require.Len(t, x.gaps, maxGaps)
	x = &Text{}
	for n := range uint32(maxEarly + 5) {
		x.add(&flow.Segment{Seq: 5000 - 2*n, Length: 1, Payload: []byte("a")}, b)
	}
	require.Len(t, x.bytes, 1+2*maxEarly)
	x = &Text{}
	x.add(&flow.Segment{Seq: 0, Length: MaxText + 9, Payload: make([]byte, MaxText+9)}, b)
	x.add(&flow.Segment{Seq: MaxText + 9, Length: 1, Payload: []byte("a")}, b)
	require.Len(t, x.bytes, MaxText)
	require.True(t, x.full)
}
