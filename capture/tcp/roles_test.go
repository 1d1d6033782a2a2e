package tcp_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// row is a conversation of segments and what is to be known of it.
type row struct{ name, script, want string }

func rows(t *testing.T, list []row) {
	for _, test := range list {
		t.Run(test.name, func(t *testing.T) {
			r := newRecorder(t)
			r.classify = counted
			play(t, r, test.script)
			require.Equal(t, test.want, r.heads())
		})
	}
}

const handshake = `
	> S 100
	< SA 300/101
	> A 101/301
`

func TestRoles(t *testing.T) {
	rows(t, []row{
		{"SYN", handshake, "40000>21 opener established cut out 0 in 0 syns 1"},
		{"server opens", "< S 300\n> SA 100/301\n< A 301/101", "21>40000 opener established cut out 0 in 0 syns 1"},
		{"SYN-ACK only", "< SA 300/101", "40000>21 opener unknown cut out 0 in 0 syns 0"},
		{"SYN-ACK and what the server says then", "< SA 300/101\n< A 301/101", "40000>21 opener established cut out 0 in 0 syns 0"},
		{"SYN-ACK from the high port", "> SA 100/301", "21>40000 opener unknown cut out 0 in 0 syns 0"},
		{"mid-stream, client speaks", "> A 101/301 =abc", "40000>21 guess established cut out 3 in 0 syns 0"},
		{"mid-stream, server speaks", "< A 301/101 =abc", "40000>21 guess established cut out 0 in 3 syns 0"},
		{"mid-stream, only ACKs", "> A 101/301\n< A 301/101", "40000>21 guess unknown cut out 0 in 0 syns 0"},
		{"simultaneous open", "> S 100\n< S 300\n> SA 100/301\n< SA 300/101\n> A 101/301 =a\n< A 301/102 =b",
			"40000>21 opener established cut out 1 in 1 syns 1"},
		{"data in the SYN", "> S 100 =abc\n< SA 300/104\n> A 104/301 =de", "40000>21 opener established cut out 5 in 0 syns 1"},
		{"data in the SYN, not taken", "> S 100 =abc\n< SA 300/101\n> A 101/301 =abc\n> A 104/301 =de",
			"40000>21 opener established cut out 5 in 0 syns 1"},
		{"SYN and FIN", "> SF 100 =abc", "40000>21 opener unanswered fin out 3 in 0 syns 1"},
	})
}

// A SYN that was captured twice is one, a repeated one are two.
func TestCopiesOfSYNs(t *testing.T) {
	const answer = "\n< SA 300/101\n> A 101/301"
	rows(t, []row{
		{"alone", "> S 100 i7\n> S 100 i7\nwait 90ms\n> S 100 i7", "40000>21 opener unanswered cut out 0 in 0 syns 1"},
		{"answered", "> S 100 i7\n> S 100 i7" + answer, "40000>21 opener established cut out 0 in 0 syns 1"},
		{"one after the answer", "> S 100 i7\n< SA 300/101\nwait 50ms\n> S 100 i7\n> A 101/301", "40000>21 opener established cut out 0 in 0 syns 1"},
		{"one after the refusal", "> S 100 i7\n< RA 0/101\n> S 100 i7\n< RA 0/101", "40000>21 opener refused rst out 0 in 0 syns 1"},
		{"another identification", "> S 100 i7\n> S 100 i8\n> S 100 i8", "40000>21 opener unanswered cut out 0 in 0 syns 2"},
		{"another identification, answered", "> S 100 i7\n> S 100 i8\n> S 100 i8" + answer, "40000>21 opener established cut out 0 in 0 syns 2"},
		{"another, and answered", "> S 100 i7\n> S 100 i8\n< SA 300/101\n> S 100 i8\n> S 100 i9", "40000>21 opener unknown cut out 0 in 0 syns 3"},
		{"no identification", "> S 100 i0\n> S 100 i0\nwait 1s\n> S 100 i0\n> S 100 i0", "40000>21 opener unanswered cut out 0 in 0 syns 2"},
		{"the clock set back", "wait 1s\n> S 100 i0\nwait -1s\n> S 100 i0\n> S 100 i0", "40000>21 opener unanswered cut out 0 in 0 syns 2"},
	})
}

func TestLateHandshake(t *testing.T) {
	rows(t, []row{
		{"SYN after SYN-ACK", "< SA 300/101\n> S 100\n> A 101/301", "40000>21 opener established cut out 0 in 0 syns 1"},
		{"SYN after its ACK", "> A 101/301\n> S 100\n< SA 300/101", "40000>21 opener established cut out 0 in 0 syns 1"},
		{"SYN after data", "> A 101/301 =abc\n> A 104/301 =de\n> S 100", "40000>21 opener established cut out 5 in 0 syns 1"},
		{"SYN after later data", "> A 104/301 =de\n> S 100\n> A 101/301 =abc", "40000>21 opener established cut out 5 in 0 syns 1"},
		{"SYN after later data, rest lost", "> A 104/301 =de\n> S 100", "40000>21 opener established cut out 5-3 in 0 syns 1"},
		{"SYN of the side taken for the server", "> A 101/301\n< A 301/101 =a\n< S 300\n> SA 100/301",
			"21>40000 opener established cut out 1 in 0 syns 1"},
		{"SYN-ACK after ACK", "> S 100\n> A 101/301\n< SA 300/101", "40000>21 opener established cut out 0 in 0 syns 1"},
		{"SYN-ACK after data", "> S 100\n< A 301/101 =abc\n< SA 300/101\n> A 101/304",
			"40000>21 opener established cut out 0 in 3 syns 1"},
		{"SYN-ACK after later data", "> S 100\n< A 304/101 =de\n< SA 300/101\n< A 301/101 =abc",
			"40000>21 opener established cut out 0 in 5 syns 1"},
		{"SYN-ACK of the side taken for the client", "> A 101/301 =a\n> SA 100/301\n< S 300",
			"21>40000 opener established cut out 0 in 1 syns 1"},
		{"FIN first", "> FA 104/301\n> A 101/301 =abc\n< SA 300/101\n> S 100\n< FA 301/105",
			"40000>21 opener established fin out 3 in 0 syns 1"},
		{"RST before SYN-ACK", "> S 100\n< RA 301/101\n< SA 300/101", "40000>21 opener unknown rst out 0 in 0 syns 1"},
		{"RST before data", handshake + "> R 104\n> A 101/301 =abc", "40000>21 opener established rst out 3 in 0 syns 1"},
		{"RST before both FINs", handshake + "< R 302\n> FA 101/301\n< FA 301/102\n",
			"40000>21 opener established fin out 0 in 0 syns 1"},
		{"refusal before its SYN", "< RA 0/101\n> S 100", "40000>21 opener refused rst out 0 in 0 syns 1"},
		{"ICMP before its SYN", "icmp > 100 3/1\n> S 100", "40000>21 opener unreachable cut out 0 in 0 syns 1 icmp 3/1"},
		{"SYN-ACK of a repeated SYN after data", "> S 100\nwait 3s\n> S 100\n> A 101/304 =a\n< A 304/102 =b\n< SA 300/101", "40000>21 opener established cut out 1 in 4-3 syns 2"},
		{"reset before what it answers", "> S 100\n< RA 301/103\n> FA 102/301\n> A 101/301 =a\n< SA 300/101", "40000>21 opener established rst out 1 in 0 syns 1"},
		{"reset, what it answers lost", "> S 100\n< RA 301/102", "40000>21 opener unknown rst out 0 in 0 syns 1"},
		{"refusal with a number of its own", "> S 100\n< RA 301/101", "40000>21 opener refused rst out 0 in 0 syns 1"},
	})
}

func TestReuse(t *testing.T) {
	const again = "\n> S 9000\n< SA 8000/9001\n> A 9001/8001 =xyz"
	const second = "\n40000>21 opener established cut out 3 in 0 syns 1"
	rows(t, []row{
		{"after nothing", handshake + "> A 101/301 =a" + again, "40000>21 opener established cut out 1 in 0 syns 1" + second},
		{"after FIN", handshake + "> FA 101/301\n< FA 301/102" + again, "40000>21 opener established fin out 0 in 0 syns 1" + second},
		{"after RST", handshake + "> RA 101/301" + again, "40000>21 opener established rst out 0 in 0 syns 1" + second},
		{"after refusal", "> S 100\n< RA 0/101" + again, "40000>21 opener refused rst out 0 in 0 syns 1" + second},
		{"after silence", "> S 100" + again, "40000>21 opener unanswered cut out 0 in 0 syns 1" + second},
		{"by the other side", handshake + "< S 9000\n> SA 8000/9001", "40000>21 opener established cut out 0 in 0 syns 1\n" +
			"21>40000 opener unknown cut out 0 in 0 syns 1"},
		{"by SYN-ACK, SYNs not captured", "< SA 300/101\n< A 301/101 =a\n< SA 8000/9001\n> A 9001/8001\n< A 8001/9001 =xyz",
			"40000>21 opener established cut out 0 in 1 syns 0\n40000>21 opener established cut out 0 in 3 syns 0"},
		{"by SYN-ACK, SYN late", handshake + "< SA 8000/9001\n> S 9000\n> A 9001/8001 =xyz",
			"40000>21 opener established cut out 0 in 0 syns 1" + second},
		{"mid-stream, SYN far away", "> A 101/301 =a\n> S 5000000\nwait 1s\n> S 5000000", "40000>21 guess established cut out 1 in 0 syns 0\n" +
			"40000>21 opener unanswered cut out 0 in 0 syns 2"},
		{"mid-stream, SYN much later", "> A 1001/301 =a\nwait 3s\n> S 100\nwait 1s\n> S 100", "40000>21 guess established cut out 1 in 0 syns 0\n" +
			"40000>21 opener unanswered cut out 0 in 0 syns 2"},
		{"same number, long after the end", handshake + "> FA 101/301\n< FA 301/102\nwait 3s\n> S 100",
			"40000>21 opener established fin out 0 in 0 syns 1\n40000>21 opener unanswered cut out 0 in 0 syns 1"},
		{"idle, then SYN with the same number", handshake + "wait 301s\n> S 100",
			"40000>21 opener established cut out 0 in 0 syns 1\n40000>21 opener unanswered cut out 0 in 0 syns 1"},
		{"SYN repeated", "> S 100\nwait 1s\n> S 100\nwait 2s\n> S 100\n< SA 300/101", "40000>21 opener unknown cut out 0 in 0 syns 3"},
		{"SYN-ACK repeated", handshake + "< SA 300/101\n> A 101/301", "40000>21 opener established cut out 0 in 0 syns 1"},
	})
}

func TestStates(t *testing.T) {
	rows(t, []row{
		{"unanswered", "> S 100\nwait 1s\n> S 100\nwait 2s\n> S 100", "40000>21 opener unanswered cut out 0 in 0 syns 3"},
		{"refused", "> S 100\n< RA 0/101", "40000>21 opener refused rst out 0 in 0 syns 1"},
		{"refused, data in the SYN acknowledged", "> S 100 =abc\n< RA 0/104", "40000>21 opener refused rst out 3 in 0 syns 1"},
		{"refused three times", "> S 100\n< RA 0/101\nwait 500ms\n> S 100\n< RA 0/101\nwait 500ms\n> S 100\n< RA 0/101",
			"40000>21 opener refused rst out 0 in 0 syns 3"},
		{"a reset that answers an ACK: it was open before", "> S 100\n< RA 0/101\n< R 301", "40000>21 opener unknown rst out 0 in 0 syns 1"},
		{"a reset with the number of an open connection", "> S 100\n< RA 301/180", "40000>21 opener unknown rst out 0 in 0 syns 1"},
		{"refused, then accepted", "> S 100\n< RA 0/101\nwait 500ms\n> S 100\n< SA 300/101\n> A 101/301 =abc\nwait 10s\ntick\n> A 104/301 =de",
			"40000>21 opener established cut out 5 in 0 syns 2"},
		{"unreachable", "> S 100\nicmp > 100 3/10", "40000>21 opener unreachable cut out 0 in 0 syns 1 icmp 3/10"},
		{"time exceeded", "> S 100\nicmp > 100 11/0", "40000>21 opener unreachable cut out 0 in 0 syns 1 icmp 11/0"},
		{"the first ICMP counts", "> S 100\nicmp > 100 3/1\n> S 100\nicmp > 100 3/13", "40000>21 opener unreachable cut out 0 in 0 syns 2 icmp 3/1"},
		{"ICMP about another SYN", "> S 100\nicmp > 99 3/1", "40000>21 opener unanswered cut out 0 in 0 syns 1"},
		{"ICMP about the other direction", "> S 100\nicmp < 100 3/1", "40000>21 opener unanswered cut out 0 in 0 syns 1"},
		{"ICMP and yet established", "> S 100\nicmp > 100 3/1\n> S 100\n< SA 300/101\n> A 101/301",
			"40000>21 opener established cut out 0 in 0 syns 2 icmp 3/1"},
		{"ICMP and yet answered", "> S 100\nicmp > 100 3/1\n> S 100\n< SA 300/101", "40000>21 opener unknown cut out 0 in 0 syns 2 icmp 3/1"},
		{"ICMP when established", handshake + "icmp > 100 3/1", "40000>21 opener established cut out 0 in 0 syns 1"},
		{"scanned: reset in place of the ACK", "> S 100\n< SA 300/101\n> R 101", "40000>21 opener unknown rst out 0 in 0 syns 1"},
		{"reset by client", handshake + "> RA 101/301", "40000>21 opener established rst out 0 in 0 syns 1"},
		{"reset by server", handshake + "< RA 301/101", "40000>21 opener established rst out 0 in 0 syns 1"},
		{"reset that answers a segment", handshake + "> A 101/301 =abc\n< R 301", "40000>21 opener established rst out 3 in 0 syns 1"},
		{"reset after loss", handshake + "> A 101/301 =abc\n< R 801", "40000>21 opener established rst out 3 in 0 syns 1"},
		{"reset of one side that sent FIN", handshake + "> FA 101/301\n< RA 301/102", "40000>21 opener established rst out 0 in 0 syns 1"},
		{"reset after both FINs", handshake + "> FA 101/301\n< FA 301/102\n> R 102", "40000>21 opener established fin out 0 in 0 syns 1"},
		{"reset with text", handshake + "< R 301 =go%away", "40000>21 opener established rst out 0 in 0 syns 1"},
		{"mid-stream, reset", "> A 101/301\n< R 301", "40000>21 guess unknown rst out 0 in 0 syns 0"},
		{"stray reset", "< R 301", ""},
	})
}

func TestResetOutsideTheWindow(t *testing.T) {
	rows(t, []row{
		{"beyond", handshake + "< R 90000000\n> A 101/301 =abc", "40000>21 opener established cut out 3 in 0 syns 1"},
		{"before", handshake + "< A 301/101 #1000\n> A 101/1301\n< R 1200\n< A 1301/101 =abc", "40000>21 opener established cut out 0 in 1003 syns 1"},
		{"answer to no SYN of ours", "> S 100\n< RA 0/999", "40000>21 opener unanswered cut out 0 in 0 syns 1"},
		{"answer that acknowledges nothing", "> S 100\n< R 0", "40000>21 opener unanswered cut out 0 in 0 syns 1"},
		{"mid-stream, side not heard", "> A 101/301 =abc\n< R 90000000", "40000>21 guess established cut out 3 in 0 syns 0"},
		{"scale over the limit", "> S 100 s31\n< SA 300/101 s31\n> A 101/301 w65535\n< R 2000000000",
			"40000>21 opener established cut out 0 in 0 syns 1"},
	})
}
