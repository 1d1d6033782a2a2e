package tcp_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// lines is what the readers of all connections were given, in order.
func (r *recorder) lines() string {
	var all []string
	for _, e := range r.closed {
		if e.talk == nil {
			all = append(all, "-")
			continue
		}
		for _, c := range e.talk.chunks {
			all = append(all, c.String())
		}
	}
	return strings.Join(all, "\n")
}

func TestStream(t *testing.T) {
	for _, test := range []row{
		{"in order", handshake + "< A 301/101 =220\n> A 101/304 =USER\n< A 304/105 =331", "< 220\n> USER\n< 331"},
		{"reply before its command", handshake + "< A 301/101 =220\n< A 304/105 =331\n> A 101/304 =USER", "< 220\n> USER\n< 331"},
		{"everything backwards", "< A 304/105 =331\n> A 101/304 =USER\n< A 301/101 =220\n> A 101/301\n< SA 300/101\n> S 100", "< 220\n> USER\n< 331"},
		{"command before the SYN-ACK", "> S 100\n> A 101/304 =USER\n< A 301/101 =220\n< SA 300/101\n< A 304/105 =331", "< 220\n> USER\n< 331"},
		{"command and SYN-ACK only", "> S 100\n> A 101/301 =USER\n< SA 300/101", "> USER"},
		{"SYN-ACK long after the SYN, and late", "> S 100\nwait 1900ms\n> A 101/304 =USER\nwait 200ms\n< A 304/105 =331\nwait -200ms\n< A 301/101 =220\n< SA 300/101", "< 220\n> USER\n< 331"},
		{"retransmission", handshake + "> A 101/301 =USER\n> A 101/301 =USER\n> A 105/301 =x", "> USERx"},
		{"overlap, first copy counts", handshake + "> A 101/301 =abcd\n> A 103/301 =XXef", "> abcdef"},
		{"overlap out of order, first copy counts", handshake + "> A 103/301 =cd\n> A 105/301 =ef\n> A 101/301 =abXXXXgh", "> abcdefgh"},
		{"overlap of several held", handshake + "> A 103/301 =c\n> A 105/301 =e\n> A 102/301 =bXdXf\n> A 101/301 =a", "> abcdef"},
		{"keep-alives", handshake + "> A 101/301 =ab\n> A 102/301 =Z\n> A 102/301\n> A 103/301 =cd", "> abcd"},
		{"keep-alive before any data", handshake + "> A 100/301 =Z\n> A 100/301 =Z\n> A 101/301 =ab", "> ab"},
		{"FIN with data", handshake + "> A 101/301 =ab\n< FA 301/103 =bye\n> FA 103/305", "> ab\n< bye"},
		{"half closed", handshake + "> FA 101/301 =ab\n< A 301/104 =more\n< FA 305/104", "> ab\n< more"},
		{"reply to a FIN that comes late", handshake + "< A 301/104 =bye\n> FA 101/301 =ab", "> ab\n< bye"},
		{"reply to a pure FIN that comes late", handshake + "> A 101/301 =ab\n< A 301/104 =bye\n> FA 103/301\n> A 104/304", "> ab\n< bye"},
		{"reply to a FIN that never comes", handshake + "> A 101/301 =ab\n< A 301/104 =bye\nwait 3s\n< FA 304/104", "> ab\n< bye"},
		{"data after RST", handshake + "< RA 301/101\n> A 101/301 =ab", "> ab"},
		{"command lost", handshake + "< A 301/105 =331\nwait 3s\n> A 105/304 =PASS", "> gap 4\n< 331\n> PASS"},
		{"command lost, at the end", handshake + "< A 301/105 =331", "> gap 4\n< 331"},
		{"command lost, nothing said since", handshake + "> A 101/301 =ab\n< A 301/107", "> ab\n> gap 4"},
		{"command lost, its FIN too", handshake + "> A 101/301 =ab\n< FA 301/108", "> ab\n> gap 4"},
		{"command lost, its FIN seen", handshake + "> A 101/301 =ab\n> FA 107/301\n< FA 301/108", "> ab\n> gap 4"},
		{"gap", handshake + "> A 101/301 =ab\n> A 113/301 =cd\n< A 301/115", "> ab\n> gap 10\n> cd"},
		{"gap and its reply", handshake + "> A 101/301 =ab\n> A 113/301 =cd\n< A 301/115 =ok", "> ab\n> gap 10\n> cd\n< ok"},
		{"gap on both sides", handshake + "> A 111/311 =cd\n< A 311/113 =ok", "< gap 10\n> gap 10\n> cd\n< ok"},
		{"gap filled in time", handshake + "> A 103/301 =cd\n< A 301/101\nwait 5s\n> A 105/301 =ef\n> A 101/301 =ab", "> abcdef"},
		{"gap filled too late", handshake + "> A 103/301 =cd\nwait 11s\n> A 105/301 =ef\n> A 101/301 =ab", "> gap 2\n> cdef"},
		{"acknowledged gap filled too late", handshake + "> A 103/301 =cd\n< A 301/105\nwait 3s\n> A 105/301 =ef\n> A 101/301 =ab", "> gap 2\n> cdef"},
		{"cut by the snap length", handshake + "> A 101/301 =ab-10\n> A 113/301 =cd", "> ab\n> gap 10\n> cd"},
		{"nothing captured of it", handshake + "> A 101/301 =-10\n> A 111/301 =cd", "> gap 10\n> cd"},
		{"one-sided, client", "> S 100\n> A 101/301 =a\n> A 102/901 =b\nwait 3s\n> A 103/1001 =c", "> abc"},
		{"one-sided, client, disordered", "> S 100\n> A 102/901 =b\n> A 101/301 =a", "> ab"},
		{"one-sided, server", "< SA 300/101\n< A 301/101 =a\n< A 302/151 =b\nwait 3s\n< A 303/201 =c", "< abc"},
		{"mid-stream", "> A 101/301 =ab\n< A 301/103 =ok\n> A 103/303 =cd", "> ab\n< ok\n> cd"},
		{"mid-stream, reordered", "< A 301/103 =ok\n> A 103/303 =cd\n> A 101/301 =ab", "> ab\n< ok\n> cd"},
		{"mid-stream, later reply first", "> A 101/301 =ab\nwait 3s\n< A 301/103 =ok\n< A 303/105 =OK\n> A 103/303 =cd", "> ab\n< ok\n> cd\n< OK"},
		{"wrap", "> S 4294967293\n< SA 4294967294/4294967294\n> A 4294967294/4294967295 =abcd\n< A 4294967295/2 =ok\n> A 2/1 =ef", "> abcd\n< ok\n> ef"},
		{"wrap, out of order", "> S 4294967293\n> A 2/0 =ef\n> A 4294967294/0 =abcd", "> abcdef"},
		{"roles turn late", "< A 301/101 =ok\n> SA 100/301\n< S 300", "> ok"},
		{"acknowledgement from nowhere", handshake + "> A 101/99000000 =ab\n< A 301/103 =ok\n> A 103/303 =cd", "> ab\n< ok\n> cd"},
		{"acknowledgements contradict each other", handshake + "> A 101/303 =ab\n< A 301/103 =ok", "> ab\n< ok"},
		{"contradiction out of order", handshake + "> A 103/305 =cd\n< A 303/105 =OK\n> A 101/303 =ab\n< A 301/103 =ok\nwait 3s\n> A 105/305 =ef", "> ab\n< ok\n> cd\n< OK\n> ef"},
		{"ended by idleness never", handshake + "> A 101/301 =ab\nwait 400s\ntick\n> A 103/301 =cd", "> abcd"},
		{"tick ends the wait", handshake + "> A 103/301 =cd\nwait 11s\ntick\n> A 101/301 =ab", "> gap 2\n> cd"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRecorder(t)
			play(t, r, test.script)
			require.Equal(t, test.want, r.lines())
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, test := range []row{
		{"at once", handshake + "> A 101/301 =no\n> A 103/301 =more\n< A 301/105 =ok", "-"},
		{"later", handshake + "> A 101/301 =fine\n> A 105/301 =no\n> A 107/301 =more\n< A 301/109 =ok", "-"},
		{"out of what was held", handshake + "> A 103/301 =x\n< A 301/104 =y\n> A 104/302 =z\n> A 101/301 =no", "-"},
		{"at the end", handshake + "> A 102/301 =no\n> A 105/301 =z", "-"},
		{"by force", handshake + "> A 101/303 =no\n< A 301/103 =ok\nwait 3s\n> A 103/303 =z\n< A 303/104 =z", "-"},
		{"cut", handshake + "> A 101/301 =no-100\n> A 203/301 =z", "-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRecorder(t)
			r.refuse = func(said string) bool { return strings.Contains(said, "no") }
			play(t, r, test.script)
			require.Equal(t, test.want, r.lines())
		})
	}
}

func TestClassify(t *testing.T) {
	var asked []string
	r := newRecorder(t)
	r.classify = func(c *flow.Conn, dir flow.Direction, first []byte) tcp.Class {
		asked = append(asked, fmt.Sprintf("%t %c %s", c.OpenerKnown, arrows[dir], first))
		if string(first) == "220" {
			return tcp.Control
		}
		return tcp.Counted
	}
	play(t, r, handshake+"> A 101/301 =x\n> A 102/301 =220") // decided by the first bytes
	play(t, r, handshake+"< A 301/101 =220\n> A 101/304 =x") // by the side that speaks first
	play(t, r, handshake+"> A 101/301 =-5\n> A 106/301 =x")  // cut off
	play(t, r, "> A 101/301 =a\n> A 102/301 =b\n< A 301/101 =220\n> A 103/304 =c")
	play(t, r, "> A 101/301 =a\n> A 102/301 =b\n> A 103/301 =c\n> A 104/301 =d\n< A 301/101 =220")
	require.Equal(t, []string{
		"true > x", "true < 220", "true > ", "false > a", "false > b", "false < 220", "false > a", "false > b", "false > c", "false > d",
	}, asked)
	require.Equal(t, "-\n< 220\n> x\n-\n< 220\n> c\n-", r.lines())
}

// TestHeldIsBounded sends control connections on which all is out of order.
func TestHeldIsBounded(t *testing.T) {
	for _, test := range []struct {
		name        string
		size, conns int
		next        func(rnd *rand.Rand, i int) uint32
	}{
		{"first byte missing", 1000, 1, func(_ *rand.Rand, i int) uint32 { return 102 + uint32(i)*1000 }},
		{"every second segment missing", 1000, 1, func(_ *rand.Rand, i int) uint32 { return 102 + uint32(i)*2000 }},
		{"single bytes backwards", 1, 1, func(_ *rand.Rand, i int) uint32 { return 1_000_000 - uint32(i)*2 }},
		{"anywhere", 1400, 1, func(rnd *rand.Rand, _ int) uint32 { return rnd.Uint32() }},
		{"many connections", 1000, 100, func(_ *rand.Rand, i int) uint32 { return 102 + uint32(i)*1000 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			r := newRecorder(t)
			table := tcp.New(r)
			s := flow.Segment{Src: hosts[0], Dst: hosts[1], DstPort: 21, Scale: flow.NoScale}
			send := func(conn int) {
				s.SrcPort = uint16(1000 + conn)
				s.Ord++
				s.Time += flow.Microsecond
				s.Pos = flow.At(0, s.Ord)
				table.Segment(&s)
			}
			s.Flags, s.Seq = flow.SYN, 100
			for conn := range test.conns {
				send(conn)
			}
			s.Flags, s.Length, s.Payload = flow.ACK, uint32(test.size), zeros[:test.size]
			for i := range 5000 {
				s.Seq = test.next(rnd, i)
				send(i % test.conns)
				require.LessOrEqual(t, table.Held(), min(tcp.MaxHeldAll, tcp.MaxHeld*test.conns)+2000)
			}
			r.finish(table)
			for _, e := range r.closed {
				require.Positive(t, e.talk.total[0])
			}
		})
	}
}
