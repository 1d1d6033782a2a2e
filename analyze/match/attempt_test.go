package match

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// triedBy is a connection of a client to a server that was tried some times, a second each.
func triedBy(client int, syns int, state flow.State, first uint64) *flow.Conn {
	c := &flow.Conn{
		Src: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(client >> 16), byte(client >> 8), byte(client)}), 40000),
		Dst: netip.MustParseAddrPort("192.0.2.21:21"), State: state, SYNs: syns,
	}
	c.Start = flow.Mark{Time: flow.Time(first) * flow.Second, Ord: first, Pos: flow.At(0, first)}
	c.SYN, c.Last = c.Start, c.Start
	c.Last.Time += flow.Time(syns-1) * flow.Second
	return c
}

func told(a *attempts) (list []string) {
	a.each(func(x *record.Attempt, _ flow.Nets) {
		list = append(list, fmt.Sprintf("%s %d %s", x.ClientIP, x.Count, x.State))
	})
	return list
}

// Attempts of one client at one server are one record, in the order of their first packets.
func TestAttempts(t *testing.T) {
	for _, x := range []struct {
		name  string
		conns []*flow.Conn
		want  []string
	}{
		{"unanswered, with its repetitions", []*flow.Conn{triedBy(1, 3, flow.Unanswered, 1)}, []string{"10.0.0.1 3 unanswered"}},
		{"the last state is what became of it", []*flow.Conn{triedBy(1, 1, flow.Unanswered, 1), triedBy(1, 1, flow.Refused, 9)}, []string{"10.0.0.1 2 refused"}},
		{"what was established is none", []*flow.Conn{triedBy(1, 1, flow.Established, 1)}, nil},
		{"nothing is known of it", []*flow.Conn{triedBy(1, 1, flow.Unknown, 1)}, nil},
		{"its SYN was not counted", []*flow.Conn{triedBy(1, 0, flow.Refused, 1)}, []string{"10.0.0.1 1 refused"}},
		{"two clients, in order", []*flow.Conn{triedBy(2, 9, flow.Refused, 1), triedBy(1, 1, flow.Refused, 2)}, []string{"10.0.0.2 9 refused", "10.0.0.1 1 refused"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			a := newAttempts()
			for _, c := range x.conns {
				a.add(c)
			}
			require.Equal(t, x.want, told(&a))
			require.Equal(t, len(x.want), a.total())
		})
	}
}

// A SYN that was answered in vain is an attempt: somebody repeated himself, and no more came.
func TestHalfOpen(t *testing.T) {
	answered := func(changes ...func(*flow.Conn)) *flow.Conn {
		c := triedBy(1, 1, flow.Unknown, 1)
		c.SYNACK = flow.Mark{Time: c.SYN.Time + 5, Ord: 2, Pos: flow.At(0, 2)}
		for _, change := range changes {
			change(c)
		}
		return c
	}
	repeats := func(c *flow.Conn) { c.Half[flow.In].Packets = 3 }
	for _, x := range []struct {
		name string
		c    *flow.Conn
		want bool
	}{
		{"once, and the capture ends", answered(), false},
		{"the server repeats its answer", answered(repeats), true},
		{"the client repeats its SYN", answered(func(c *flow.Conn) { c.LastSYN.Time = c.SYNACK.Time + 1 }), true},
		{"the client gave up", answered(repeats, func(c *flow.Conn) { c.Half[flow.Out].RST = c.SYNACK }), false},
		{"somebody closed", answered(repeats, func(c *flow.Conn) { c.Half[flow.In].FIN = c.SYNACK }), false},
		{"data came", answered(repeats, func(c *flow.Conn) { c.Half[flow.In].Bytes = 1 }), false},
		{"the SYN was not seen", answered(repeats, func(c *flow.Conn) { c.SYN = flow.Mark{} }), false},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, x.want, halfOpen(x.c))
			a := newAttempts()
			if a.add(x.c); !x.want {
				require.Empty(t, told(&a))
				return
			}
			require.Equal(t, []string{"10.0.0.1 1 unanswered"}, told(&a))
			a.each(func(r *record.Attempt, _ flow.Nets) { require.Equal(t, x.c.SYNACK.Pos, r.Answer) })
		})
	}
}

// A flood of single SYNs leaves who tried more, and of equals who came first; the rest is
// counted.
func TestAttemptsAreBounded(t *testing.T) {
	a := newAttempts()
	for i := range record.MaxAttempts {
		a.add(triedBy(i, 2, flow.Refused, uint64(i+1)))
	}
	for i := range 50 {
		lone := flow.LoneSYN{Src: flow.HostOf(netip.AddrFrom4([4]byte{172, 16, 0, byte(i)})), Dst: flow.HostOf(netip.MustParseAddr("192.0.2.21")), DstPort: 21}
		a.unanswered(&lone)
	}
	require.Len(t, a.kept, record.MaxAttempts)
	require.Equal(t, record.MaxAttempts+50, a.total())

	a.add(triedBy(1<<20, 9, flow.Refused, 1<<20))
	require.Len(t, a.kept, record.MaxAttempts)
	list := told(&a)
	require.Equal(t, "10.0.0.0 2 refused", list[0])
	require.Equal(t, "10.16.0.0 9 refused", list[len(list)-1], "it has the place of the latest with the fewest")
	require.Equal(t, fmt.Sprintf("10.0.%d.%d 2 refused", (record.MaxAttempts-2)>>8, (record.MaxAttempts-2)&255), list[len(list)-2])

	again := flow.LoneSYN{Src: flow.HostOf(netip.MustParseAddr("10.0.0.7")), Dst: flow.HostOf(netip.MustParseAddr("192.0.2.21")), DstPort: 21}
	a.unanswered(&again)
	require.Equal(t, "10.0.0.7 3 unanswered", told(&a)[7], "one that is kept goes on")
}

// What nobody repeated is given out, once, and what follows begins anew.
func TestSettle(t *testing.T) {
	a := newAttempts()
	for i := range 10 {
		a.add(triedBy(i, 1, flow.Refused, uint64(i+1)))
	}
	var out []string
	a.settle(5*flow.Second, func(x *record.Attempt, _ flow.Nets) { out = append(out, x.ClientIP.String()) })
	require.Equal(t, []string{"10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"}, out)
	require.Len(t, a.kept, 6)
	require.Equal(t, 10, a.total())
	a.settle(5*flow.Second, func(*record.Attempt, flow.Nets) { require.Fail(t, "told twice") })
	a.add(triedBy(0, 4, flow.Refused, 30))
	require.Equal(t, 11, a.total())
	require.Equal(t, "10.0.0.0 4 refused", told(&a)[6], "not five: the first was told")
}

// Of a connection without a session only one from port 20 that carried data is FTP's.
func TestOrphanOf(t *testing.T) {
	orphan := func(src, dst string, bytes uint64, openerKnown bool) *record.Orphan {
		c := flow.Conn{Src: netip.MustParseAddrPort(src), Dst: netip.MustParseAddrPort(dst), OpenerKnown: openerKnown}
		c.Half[flow.In].Bytes = bytes
		return orphanOf(&c)
	}
	require.Nil(t, orphan("192.0.2.21:20", "192.0.2.10:40000", 0, true), "it carried nothing")
	require.Nil(t, orphan("192.0.2.21:4000", "192.0.2.10:40000", 9, true))
	require.Nil(t, orphan("192.0.2.10:40000", "192.0.2.21:20", 9, true), "the client opened it")
	require.EqualValues(t, 9, orphan("192.0.2.21:20", "192.0.2.10:40000", 9, true).Bytes)
	turned := orphan("192.0.2.10:40000", "192.0.2.21:20", 9, false)
	require.Equal(t, "192.0.2.21:20", turned.Connection.Src.String(), "who opened it is not known: it is the server")
}

// thing waits, and takes some bytes.
type thing int

func (x thing) bytes() int { return int(x) }

func TestWaitingRoom(t *testing.T) {
	w := waitingRoom[thing]{most: 3, mostBytes: 100}
	require.False(t, w.add(10))
	require.False(t, w.add(20))
	require.True(t, w.add(90), "too many bytes")
	require.Equal(t, thing(10), w.first(), "who waited longest goes first")
	require.Equal(t, []int{2, 110}, []int{w.count, w.size})
	require.True(t, w.add(1))
	require.True(t, w.add(2))

	var asked []thing
	w.sweep(func(x thing) bool {
		asked = append(asked, x)
		if x == 1 {
			require.Equal(t, []int{3, 23}, []int{w.count, w.size}, "who left is no more counted")
		}
		return x == 90
	})
	require.Equal(t, []thing{20, 90, 1, 2}, asked)
	require.Equal(t, []thing{20, 1, 2}, w.list)
	require.Equal(t, []int{3, 23}, []int{w.count, w.size})

	unbounded := waitingRoom[thing]{most: 1}
	require.False(t, unbounded.add(1<<40), "without a bound in bytes")
}
