package tcp_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

func TestStraySYN(t *testing.T) {
	const rest = "\n> A 102/302 =b\n< A 302/103\n> FA 103/302\n< FA 302/104\n> A 104/303"
	const whole = "40000>21 opener established fin out 2 in 1 syns 1"
	for _, stray := range []string{
		"> S 100000", "> S 50", "> S 102", "< S 100000", "> SA 100000/302", "< SA 100000/102", "< SA 301/102", "> S 100000\n> S 100000",
	} {
		rows(t, []row{{stray, handshake + "> A 101/301 =a\n< A 301/102 =x\n" + stray + rest, whole}})
	}
	rows(t, []row{
		{"before the answer", "> S 100\n< SA 9000/700\n< SA 300/101\n> A 101/301 =a", "40000>21 opener established cut out 1 in 0 syns 1"},
		{"answered by RST", handshake + "> S 9000\n< RA 0/9001", "40000>21 opener established cut out 0 in 0 syns 1\n40000>21 opener refused rst out 0 in 0 syns 1"},
		{"answered by data", handshake + "> S 9000000\n> A 9000001/8001 =abc\n< A 8001/9000004 =de",
			"40000>21 opener established cut out 0 in 0 syns 1\n40000>21 opener established cut out 3 in 2 syns 1"},
		{"twice at once", handshake + "> S 9000\nwait 200ms\n> S 9000", "40000>21 opener established cut out 0 in 0 syns 1"},
		{"repeated, then silence", handshake + "> S 9000\nwait 1s\n> S 9000", "40000>21 opener established cut out 0 in 0 syns 1\n40000>21 opener unanswered cut out 0 in 0 syns 2"},
	})
}

func TestStrayEnd(t *testing.T) {
	const open = handshake + "> A 101/301 #1000\n< A 301/1101\n"
	const rest = "\n> A 1101/301 #1000\n< A 301/2101\n> A 2101/301 #1000\n< A 301/3101"
	const fins = "\n> FA 3101/301\n< FA 301/3102\n> A 3102/302"
	for _, stray := range []string{
		"> FA 1601/301", "> FA 1101/301", "> FA 600/301", "> FA 900000/301", "> FA 4000000000/301", "< FA 5000000/1101", "> FA 1601/301\n< FA 700000/1101",
		"> R 2000", "> R 9000000", "< R 310", "> R 50", "> A 90000000/301 #10", "> A 268436556/301 #10", "> A 4000000000/301 #10", "> A 100/301 #1", "> A 1100/301 #1", "< A 300/1101 #1",
		"> A 90000000/301", "> A 90000000/90000000", "< A 90000000/90000000 #10",
	} {
		rows(t, []row{
			{stray + ", to the end", open + stray + rest + fins, "40000>21 opener established fin out 3000 in 0 syns 1"},
			{stray + ", cut", open + stray + rest, "40000>21 opener established cut out 3000 in 0 syns 1"},
		})
	}
	rows(t, []row{
		{"reset ahead, then silence", open + "> R 2000", "40000>21 opener established rst out 1000 in 0 syns 1"},
		{"reset ahead, then another connection", open + "> R 2000\n> S 9000\n< SA 8000/9001", "40000>21 opener established rst out 1000 in 0 syns 1\n40000>21 opener unknown cut out 0 in 0 syns 1"},
		{"exact reset that nobody heeded", open + "> R 1101" + rest, "40000>21 opener established cut out 3000 in 0 syns 1"},
		{"far, one side captured", "> A 101/301 #10\n> A 268436556/301 #10\n> A 111/301 #10", "40000>21 guess established cut out 20 in 0 syns 0"},
		{"far, one side captured, twice, and back", "> A 101/301 #10\n> A 20000111/301 #10\n> A 20000121/301 #10\n> A 111/301 #10", "40000>21 guess established cut out 20 in 0 syns 0"},
		{"far, one side captured, going on", "> A 101/301 #10\n> A 20000111/301 #10\n> A 20000121/301 #10", "40000>21 guess established cut out 30-20000000 in 0 syns 0"},
	})
}

// TestBehindFIN: what a side sends behind its FIN is no data, unless the other one received it.
func TestBehindFIN(t *testing.T) {
	const open = handshake + "> A 101/301 #1000\n< A 301/1101\n> FA 1101/301\n"
	const fins = "\n< FA 301/1102\n> A 1102/302"
	for _, stray := range []string{"> A 1102/301 #10", "> A 1101/301 #10", "> A 1102/301 #10\n> A 1112/301 #10", "> FA 1102/301 #10", "> A 1502/301 #10"} {
		for _, acked := range []string{"", "< A 301/1102\n"} {
			rows(t, []row{
				{stray + ", to the end", open + acked + stray + fins, "40000>21 opener established fin out 1000 in 0 syns 1"},
				{stray + ", cut", open + acked + stray, "40000>21 opener established fin out 1000 in 0 syns 1"},
				{stray + ", late", open + acked + fins[1:] + "\n" + stray, "40000>21 opener established fin out 1000 in 0 syns 1"},
			})
		}
	}
	rows(t, []row{{"received", open + "> A 1101/301 #10\n< A 301/1111\n> FA 1111/301\n< FA 301/1112\n> A 1112/302", "40000>21 opener established fin out 1010 in 0 syns 1"}})
	r := newRecorder(t)
	play(t, r, handshake+"> A 101/301 =user\n< A 301/105 =33133\n> FA 105/306\n> A 106/306 =PASV\n< FA 306/106\n> A 106/307 =QUIT")
	require.Equal(t, "> user\n< 33133", strings.TrimSpace(strings.SplitN(fmt.Sprint(r), "\n", 2)[1]))
}

// TestManyDoubts bounds what is kept in doubt.
func TestManyDoubts(t *testing.T) {
	sink := &silent{}
	table := tcp.New(sink)
	var s flow.Segment
	fill(table, sink, &s, 0, 3000, 0)
	for n := range 3000 {
		for range 100 {
			syn(&s, n)
			s.Flags, s.Seq, s.Length, s.Payload = flow.ACK, uint32(n)+100<<20, 1000, zeros[:1000]
			table.Segment(&s)
			s.Seq = uint32(n)
		}
	}
	require.LessOrEqual(t, table.Doubts(), tcp.MaxDoubts)
	table.Close(math.MaxInt64)
	require.Zero(t, table.Leaks())
}

// TestStrayControl has a control connection read on whatever lies between.
func TestStrayControl(t *testing.T) {
	for _, stray := range []string{"> SA 13373/306", "< S 4", "> FA 190/306", "< R 900", "> A 104/306 #1", "> A 7777777/306 =QUIT", "> A 50/306 =zz"} {
		r := newRecorder(t)
		play(t, r, handshake+"> A 101/301 =user\n< A 301/105 =33133\n"+stray+"\n> A 105/306 =pass\n< A 306/109 =230\n> A 109/309 =quit\n< A 309/113")
		require.Equal(t, "> user\n< 33133\n> pass\n< 230\n> quit", strings.TrimSpace(strings.SplitN(fmt.Sprint(r), "\n", 2)[1]), stray)
	}
}
