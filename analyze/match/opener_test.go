package match

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Of a connection that ran when the capture began its ports tell who opened it, or the
// negotiation; that it sent first tells nothing.
func TestTellsOpener(t *testing.T) {
	client, server := netip.MustParseAddrPort("192.0.2.10:51234"), netip.MustParseAddrPort("192.0.2.21:21")
	high, other := netip.AddrPortFrom(server.Addr(), 50000), netip.AddrPortFrom(client.Addr(), 40000)
	b := &builder{c: &control.Transcript{Session: record.Session{Client: client, Server: server}}}
	passive, byDefault := &control.Negotiation{Method: "PASV", Passive: true}, &control.Negotiation{Method: record.MethodDefault}
	for _, test := range []struct {
		name string
		conn flow.Conn
		n    *control.Negotiation
		want bool
	}{
		{"a SYN or SYN-ACK", flow.Conn{Src: other, Dst: high, OpenerKnown: true}, nil, true},
		{"nothing", flow.Conn{Src: other, Dst: high}, nil, false},
		{"nothing, and no negotiation in force", flow.Conn{Src: other, Dst: high}, byDefault, false},
		{"the negotiation", flow.Conn{Src: other, Dst: high}, passive, true},
		{"port 20", flow.Conn{Src: netip.AddrPortFrom(server.Addr(), flow.PortFTPData), Dst: other}, nil, true},
		{"to the control connection's port", flow.Conn{Src: high, Dst: client}, byDefault, true},
		{"from there", flow.Conn{Src: client, Dst: high}, nil, true},
	} {
		require.Equal(t, test.want, b.tellsOpener(&test.conn, test.n), test.name)
	}
}

// What was over before a command was sent, and had carried something, is not its.
func TestCarriedBefore(t *testing.T) {
	at := func(n uint64) flow.Mark { return flow.Mark{Time: flow.Time(n) * flow.Second, Ord: n} }
	s := &control.TransferCommand{Line: record.Line{Mark: at(10)}}
	carried := func(last flow.Mark, n uint64) *flow.Conn {
		c := &flow.Conn{Last: last}
		c.Half[flow.In].Bytes = n
		return c
	}
	require.True(t, carriedBefore(carried(at(9), 5), s))
	require.False(t, carriedBefore(carried(at(9), 0), s), "a try that failed may have come before the command")
	require.False(t, carriedBefore(carried(at(11), 5), s))
	require.False(t, carriedBefore(carried(flow.Mark{Time: at(9).Time, Ord: 11}, 5), s), "packets in disorder")
}
