package tcp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// Packets that came into the capture in disorder count by their times: when the
// connection began and ended, when its first and its last SYN came. A clock that was set
// back by more does not make the last packet the first.
func TestTimesInDisorder(t *testing.T) {
	for _, test := range []struct{ name, script, want string }{
		{"in order", "> S 100 i1\nwait 1s\n> S 100 i2\nwait 500ms\n< SA 300/101\n> A 101/301 =a\nwait 3s\n> A 102/301 =b",
			"0.0…4.5, SYNs 0.0…1.0 (1 2), SYN-ACK 1.5, data 1.5"},
		{"SYNs", "wait 1s\n> S 100 i2\nwait -1s\n> S 100 i1\nwait 1500ms\n< SA 300/101",
			"0.0…1.5, SYNs 0.0…1.0 (2 1), SYN-ACK 1.5, data -"},
		{"SYNs without answer", "wait 1s\n> S 100 i2\nwait 1s\n> S 100 i3\nwait -2s\n> S 100 i1",
			"0.0…2.0, SYNs 0.0…2.0 (3 2), SYN-ACK -, data -"},
		{"the answer before the SYNs", "wait 1500ms\n< SA 300/101\nwait -500ms\n> S 100 i2\nwait -1s\n> S 100 i1",
			"0.0…1.5, SYNs 0.0…1.0 (3 2), SYN-ACK 1.5, data -"},
		{"answers", "> S 100\nwait 1500ms\n< SA 300/101\nwait -1s\n< SA 300/101\n", "0.0…1.5, SYNs 0.0…0.0 (1 1), SYN-ACK 0.5, data -"},
		{"the end before the beginning", "wait 1900ms\n> FA 103/301\nwait -1s\n> A 102/301 =b\nwait -500ms\n> A 101/301 =a\nwait -400ms\n> S 100",
			"0.0…1.9, SYNs 0.0…0.0 (4 4), SYN-ACK -, data 0.4"},
		{"the clock set back", "> S 100 i1\nwait 1s\n> S 100 i2\n< SA 300/101\nwait -3600s\n> A 101/301 =a",
			"0.0…-3599.0, SYNs 0.0…1.0 (1 2), SYN-ACK 1.0, data -3599.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRecorder(t)
			r.classify = counted
			play(t, r, test.script)
			require.Len(t, r.closed, 1)
			require.Equal(t, test.want, times(&r.closed[0].conn))
		})
	}
}

func times(c *flow.Conn) string {
	at := func(m flow.Mark) string {
		if !m.Seen() {
			return "-"
		}
		return fmt.Sprintf("%.1f", float64((m.Time-1700000000*flow.Second)/flow.Millisecond)/1000)
	}
	return fmt.Sprintf("%s…%s, SYNs %s…%s (%d %d), SYN-ACK %s, data %s", at(c.Start), at(c.Last), at(c.SYN), at(c.LastSYN),
		c.SYN.Pos.Packet(), c.LastSYN.Pos.Packet(), at(c.SYNACK), at(c.Half[flow.Out].FirstData))
}

// A capture that is joined to another one of the same packets says nothing new, whatever
// the clocks; a new connection does.
func TestCapturedAgain(t *testing.T) {
	const talk = handshake + "> A 101/301 =abc\n< A 301/104 =de\nwait 3s\n> FA 104/303\n< FA 303/105\n> A 105/304"
	const once = "40000>21 opener established fin out 3 in 2 syns 1"
	rows(t, []row{
		{"at the same times", talk + "\nwait -3s" + talk, once},
		{"half a second later", talk + "\nwait -2500ms" + talk, once},
		{"before", talk + "\nwait -20s" + talk, once},
		{"after, a retransmission alone", talk + "\nwait 5s\n> A 101/301 =abc\n< FA 303/105", once},
		{"after", talk + "\nwait 20s" + talk, once + "\n" + once},
		{"another connection, the clock set back", talk + "\nwait -20s\n> S 500\n< SA 700/501\n> A 501/701 =x", once + "\n40000>21 opener established cut out 1 in 0 syns 1"},
		{"while it is open", handshake + "> A 101/301 =abc\nwait 2s\n< A 301/104 =de\nwait -1800ms\n" + handshake + "> A 101/301 =abc\nwait 2s\n< A 301/104 =de", "40000>21 opener established cut out 3 in 2 syns 1"},
	})
}

// Of ended connections those that lack something wait longest for it.
func TestStragglersOfMany(t *testing.T) {
	var script strings.Builder
	const conns = 600
	for i := range conns {
		fmt.Fprintf(&script, "wait -8ms\nconn %d 21\n> S 100\n< SA 300/101\n> FA 104/301\n< FA 301/105\n", 1000+i)
		fmt.Fprintf(&script, "conn %d 21\n%s> FA 101/301\n< FA 301/102\n", 2000+i, handshake) // lacks nothing
	}
	for i := range conns {
		fmt.Fprintf(&script, "wait -1ms\nconn %d 21\n> A 101/301 =abc\n", 1000+i)
	}
	r := newRecorder(t)
	r.classify = counted
	play(t, r, script.String())
	require.Len(t, r.closed, 2*conns)
	for _, e := range r.closed {
		require.Zero(t, e.conn.Half[flow.Out].Missing, e.conn.Src)
	}
}
