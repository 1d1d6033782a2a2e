package pick

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// syn is a SYN from a to b.
func (f *feeder) syn(a, b expectedEnd, at flow.Time) {
	f.ord++
	s := flow.Segment{Src: a.host, Dst: b.host, SrcPort: a.port, DstPort: b.port, Flags: flow.SYN, Net: flow.PlainNet}
	f.k.Add(&capture.Packet{Data: bytes.Repeat([]byte{1}, 60), Length: 60, Link: 1, Mark: flow.Mark{Time: at, Ord: f.ord, Pos: flow.At(0, f.ord)}}, &s)
}

// A data connection that nobody answers is known to be one after minutes: its SYNs are kept
// for they are sent to an endpoint that was announced, by then or within seconds.
func TestKeeperKeepsTries(t *testing.T) {
	const s = flow.Second
	for _, ends := range [][2]netip.AddrPort{{hostA, hostB}, {hostB, hostA}} { // either may be the smaller end of the tuple
		end := ends[1]
		client, announced := expectedEnd{flow.HostOf(ends[0].Addr()), 40000}, expectedEnd{flow.HostOf(end.Addr()), end.Port()}
		var out kept
		f := feed(&out, KeeperOptions{})
		f.syn(client, announced, 1*s)                          // 1
		f.syn(announced, expectedEnd{client.host, 40001}, 1*s) // 2: from there, not to it
		f.syn(client, expectedEnd{announced.host, 50099}, 2*s) // 3
		f.k.Expect(end)
		f.syn(client, announced, 4*s)                      // 4
		f.syn(client, announced, 100*s)                    // 5
		for at := 100 * s; at < 2000*s; at += keeperStep { // its clock takes no more at once
			f.k.Tick(at)
		}
		f.syn(client, announced, 2000*s) // 6: long after
		f.k.Flush()
		require.Equal(t, []uint64{1, 4, 5}, out.ords)
	}
}
