package record

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func at(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }

func TestAppendFilter(t *testing.T) {
	const control = "ip.addr == 192.0.2.10 and ip.addr == 192.0.2.21 and tcp.port == 40000 and tcp.port == 21"
	session := Session{Client: at("192.0.2.10:40000"), Server: at("192.0.2.21:21")}
	active := &Connection{Src: at("192.0.2.21:20"), Dst: at("192.0.2.10:50000")}
	for _, x := range []struct {
		name     string
		transfer Transfer
		want     string
	}{
		{"nothing was seen of it", Transfer{}, "(" + control + ")"},
		{
			"a command without an answer goes on to the end",
			Transfer{Frames: Frames{Command: flow.At(0, 7)}},
			"(" + control + " and frame.number >= 7)",
		},
		{
			"from the negotiation to the reply",
			Transfer{Frames: Frames{Negotiation: flow.At(0, 5), Command: flow.At(0, 7), Reply: flow.At(0, 30)}},
			"(" + control + " and frame.number >= 5 and frame.number <= 30)",
		},
		{
			"a reply that the capture has before the command",
			Transfer{Frames: Frames{Command: flow.At(0, 31), Reply: flow.At(0, 30)}},
			"(" + control + " and frame.number >= 30 and frame.number <= 31)",
		},
		{
			"numbers of two files say nothing",
			Transfer{Frames: Frames{Negotiation: flow.At(0, 900), Reply: flow.At(1, 3)}},
			"(" + control + ")",
		},
		{
			"in the second file",
			Transfer{Frames: Frames{Command: flow.At(1, 2), Reply: flow.At(1, 3)}},
			"(" + control + " and frame.number >= 2 and frame.number <= 3)",
		},
		{
			"with its data connection",
			Transfer{Connection: active, Frames: Frames{Command: flow.At(0, 7), SYN: flow.At(0, 8), Reply: flow.At(0, 9)}},
			"(" + control + " and frame.number >= 7 and frame.number <= 9)" +
				" or (ip.addr == 192.0.2.21 and ip.addr == 192.0.2.10 and tcp.port == 20 and tcp.port == 50000)",
		},
		{
			"numbers on a link are in no file: times",
			Transfer{Frames: Frames{Command: flow.OnLink(0, 7), Reply: flow.OnLink(0, 9)},
				Reply: &Reply{Pos: flow.OnLink(0, 9), Time: Stamp{Time: 3*flow.Second + 5}}, Notes: TransferNotes{Ran: &Line{Mark: flow.Mark{Time: 2 * flow.Second, Pos: flow.OnLink(0, 7)}}}},
			"(" + control + " and frame.time_epoch >= 2.000000000 and frame.time_epoch <= 3.000000005)",
		},
		{
			"a file that keeps packets has those of its own",
			Transfer{Frames: Frames{Command: flow.Kept(1, 7), Reply: flow.Kept(1, 9)}},
			"(" + control + " and frame.number >= 7 and frame.number <= 9)",
		},
		{
			"when it lacks one of them: times",
			Transfer{Frames: Frames{Command: flow.OnLink(0, 5).Apart(), Reply: flow.Kept(0, 9)},
				Reply: &Reply{Pos: flow.Kept(0, 9), Time: Stamp{Time: 3 * flow.Second}}, Notes: TransferNotes{Ran: &Line{Mark: flow.Mark{Time: 2 * flow.Second, Pos: flow.OnLink(0, 5).Apart()}}}},
			"(" + control + " and frame.time_epoch >= 2.000000000 and frame.time_epoch <= 3.000000000)",
		},
		{
			"without a number and without a time",
			Transfer{Frames: Frames{Command: flow.OnLink(0, 7)}},
			"(" + control + ")",
		},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, x.want, string(session.AppendFilter(nil, &x.transfer)))
		})
	}
}

func TestAppendFilterOfOtherHosts(t *testing.T) {
	for _, x := range []struct{ name, client, server, want string }{
		{
			"IPv6", "[2001:db8::10]:40000", "[2001:db8::21]:21",
			"x(ipv6.addr == 2001:db8::10 and ipv6.addr == 2001:db8::21 and tcp.port == 40000 and tcp.port == 21)",
		},
		{
			"one host", "127.0.0.1:40000", "127.0.0.1:2121",
			"x(ip.addr == 127.0.0.1 and tcp.port == 40000 and tcp.port == 2121)",
		},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := Session{Client: at(x.client), Server: at(x.server)}
			require.Equal(t, x.want, string(s.AppendFilter([]byte("x"), &Transfer{})))
		})
	}
}
