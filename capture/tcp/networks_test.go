package tcp_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// inNets plays segments in networks and counts the connections that there were.
type inNets struct {
	t     *testing.T
	r     *recorder
	table *tcp.Table
	mark  flow.Mark
}

func newInNets(t *testing.T) *inNets {
	r := newRecorder(t)
	return &inNets{t: t, r: r, table: tcp.New(r), mark: flow.Mark{Time: 1000 * flow.Second}}
}

// play is one segment of the connection between ports 40000 and 21; out: from the client.
func (n *inNets) play(net flow.Net, out bool, flags uint8, seq, ack uint32, payload string) *inNets {
	n.mark.Ord++
	n.mark.Time += flow.Millisecond
	n.mark.Pos = flow.At(0, n.mark.Ord)
	s := flow.Segment{
		Src: hosts[0], Dst: hosts[1], SrcPort: 40000, DstPort: 21, Flags: flags, Seq: seq, Ack: ack, Net: net, Scale: flow.NoScale, TTL: 64,
		Window: 500, Payload: []byte(payload), Length: uint32(len(payload)), Mark: n.mark,
	}
	if !out {
		s.Src, s.Dst, s.SrcPort, s.DstPort = s.Dst, s.Src, s.DstPort, s.SrcPort
	}
	n.table.Segment(&s)
	return n
}

func (n *inNets) wait(d flow.Time) *inNets {
	n.mark.Time += d
	return n
}

func (n *inNets) conns() []ended {
	n.r.finish(n.table)
	require.Zero(n.t, n.table.Leaks())
	return n.r.closed
}

// begun is a connection whose handshake was seen in network 1.
func begun(t *testing.T) *inNets {
	return newInNets(t).play(1, true, flow.SYN, 100, 0, "").play(1, false, flow.SYN|flow.ACK, 300, 101, "").play(1, true, flow.ACK, 101, 301, "")
}

// Numbers that prove that a segment of network 2 belongs to a connection of network 1,
// and numbers that do not.
func TestProof(t *testing.T) {
	const ack = flow.ACK
	syn := func(t *testing.T) *inNets { return newInNets(t).play(1, true, flow.SYN, 100, 0, "") }
	middle := func(t *testing.T) *inNets { return newInNets(t).play(1, true, ack, 101, 301, "USER") }
	type segment struct {
		out      bool
		flags    uint8
		seq, ack uint32
	}
	for _, test := range []struct {
		name  string
		begin func(*testing.T) *inNets
		then  segment
		wait  flow.Time
		conns int
	}{
		{"the SYN again", syn, segment{true, flow.SYN, 100, 0}, 0, 1},
		{"the SYN again, much later", syn, segment{true, flow.SYN, 100, 0}, 11 * flow.Second, 2},
		{"another SYN", syn, segment{true, flow.SYN, 101, 0}, 0, 2},
		{"its SYN-ACK", syn, segment{false, flow.SYN | ack, 300, 101}, 0, 1},
		{"another one's SYN-ACK", syn, segment{false, flow.SYN | ack, 300, 102}, 0, 2},
		{"its refusal", syn, segment{false, flow.RST | ack, 0, 101}, 0, 1},
		{"another one's refusal", syn, segment{false, flow.RST | ack, 0, 99}, 0, 2},
		{"the client goes on", syn, segment{true, ack, 101, 301}, 0, 1},
		{"another client goes on", syn, segment{true, ack, 102, 301}, 0, 2},
		{"a SYN after the handshake", begun, segment{true, flow.SYN, 100, 0}, 0, 1},
		{"another SYN after the handshake", begun, segment{true, flow.SYN, 900, 0}, 0, 2},
		{"a SYN-ACK after the handshake", begun, segment{false, flow.SYN | ack, 300, 101}, 0, 1},
		{"another SYN-ACK after the handshake", begun, segment{false, flow.SYN | ack, 301, 101}, 0, 2},
		{"data", begun, segment{false, ack, 301, 101}, 0, 1},
		{"data after a loss", begun, segment{false, ack, 90_301, 101}, 0, 1},
		{"data of another connection", begun, segment{false, ack, 301, 1 << 30}, 0, 2},
		{"data of yet another connection", begun, segment{false, ack, 1 << 30, 101}, 0, 2},
		{"a reset", begun, segment{false, flow.RST, 301, 0}, 0, 1},
		{"another one's reset opens nothing", begun, segment{false, flow.RST, 302, 0}, 0, 1},
		{"the answer in a late capture", middle, segment{false, ack, 301, 105}, 0, 1},
		{"the answer in a late capture, late", middle, segment{false, ack, 301, 105}, 9 * flow.Second, 1},
		{"no answer in a late capture", middle, segment{false, ack, 301, 1 << 30}, 0, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := test.then
			list := test.begin(t).wait(test.wait).play(2, s.out, s.flags, s.seq, s.ack, "").conns()
			require.Len(t, list, test.conns)
		})
	}
}

func TestNetsOfConnections(t *testing.T) {
	asymmetric := newInNets(t).play(1, true, flow.SYN, 100, 0, "").play(2, false, flow.SYN|flow.ACK, 300, 101, "").play(1, true, flow.ACK, 101, 301, "").conns()
	require.Len(t, asymmetric, 1)
	require.Equal(t, flow.Nets{1, 2, 1, 1, 1, 1}, asymmetric[0].conn.Nets)
	require.Equal(t, 1, asymmetric[0].conn.SYNs)

	turned := newInNets(t).play(2, false, flow.ACK, 301, 101, "220 ready\r\n").play(1, true, flow.ACK, 101, 312, "").play(1, true, flow.SYN, 100, 0, "").conns()
	require.Len(t, turned, 1)
	require.Equal(t, flow.Nets{1, 2, 1, 1, 1, 1}, turned[0].conn.Nets)

	copied := newInNets(t)
	for _, net := range []flow.Net{0, 7, 3} {
		copied.play(net, true, flow.SYN, 100, 0, "")
	}
	for _, net := range []flow.Net{3, 7, 0} {
		copied.play(net, false, flow.SYN|flow.ACK, 300, 101, "")
	}
	list := copied.conns()
	require.Len(t, list, 1)
	require.Equal(t, flow.Nets{0, 0, 7, 3, 0, 0}, list[0].conn.Nets)
	require.Equal(t, 1, list[0].conn.SYNs, "copies are no repetitions")
}

// The same addresses in very many networks neither fill the table nor make it slow: the
// oldest connection makes room.
func TestManyNetworks(t *testing.T) {
	sink := &silent{class: tcp.Control}
	table := tcp.New(sink)
	s := flow.Segment{Src: hosts[0], Dst: hosts[1], SrcPort: 40000, DstPort: 21, Flags: flow.SYN, Scale: flow.NoScale}
	const networks = 20_000
	for n := range networks {
		s.Net, s.Seq = flow.Net(n+1), uint32(n)*7919
		table.Segment(stamp(&s))
	}
	require.Equal(t, tcp.MaxSame, table.Len())
	require.Equal(t, uint64(networks-tcp.MaxSame), table.Stats().Evicted)
	table.Close(math.MaxInt64)
	require.Equal(t, networks, sink.closed)
	require.Zero(t, table.Leaks())
}

// A connection is in several files when one of its packets is from another.
func TestManyFiles(t *testing.T) {
	for name, file := range map[string]int{"one file": 0, "two files": 1} {
		n := begun(t)
		n.r.closed = nil
		s := flow.Segment{Src: hosts[1], Dst: hosts[0], SrcPort: 21, DstPort: 40000, Flags: flow.ACK, Seq: 301, Ack: 101, Net: 1,
			Payload: []byte("a"), Length: 1, Mark: flow.Mark{Time: n.mark.Time, Ord: 9, Pos: flow.At(file, 9)}}
		n.table.Segment(&s)
		require.Equal(t, file == 1, n.conns()[0].conn.ManyFiles, name)
	}
}
