package flow

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// Swapping exchanges all that belongs to an end; what belongs to the connection stays, and
// twice is none.
func TestSwapped(t *testing.T) {
	c := Conn{
		ID: 7, Src: netip.MustParseAddrPort("192.0.2.10:40000"), Dst: netip.MustParseAddrPort("192.0.2.21:20"), Numbers: 0x11111111_22222222, Start: Mark{Ord: 1, Pos: 1}, SYNs: 2,
		Half: [2]Half{{Bytes: 1, TTL: 64}, {Bytes: 2, TTL: 57}}, Course: &Course{Shake: 5, Side: [2]Side{{Acked: 1}, {Acked: 2}}},
	}
	c.Sent = SentOut
	s := c.Swapped()
	require.Equal(t, []any{c.Dst, c.Src, SentIn, uint64(0x22222222_11111111)}, []any{s.Src, s.Dst, s.Sent, s.Numbers})
	require.Equal(t, []Half{c.Half[1], c.Half[0]}, s.Half[:])
	require.Equal(t, [2]Side{{Acked: 2}, {Acked: 1}}, s.Course.Side)
	require.Equal(t, []any{c.ID, c.Start, c.SYNs, c.Course.Shake}, []any{s.ID, s.Start, s.SYNs, s.Course.Shake})
	require.Equal(t, [2]Side{{Acked: 1}, {Acked: 2}}, c.Course.Side, "the connection itself stays")
	require.Equal(t, c, s.Swapped())
	c.Course = nil
	require.Equal(t, c, c.Swapped().Swapped())
}

func TestSYNsAt(t *testing.T) {
	require.Equal(t, []Pos{7}, (&Conn{SYN: Mark{Pos: 7}}).SYNsAt(), "there was one")
	require.Equal(t, []Pos{7, 9, 0, 0, 0, 0, 0, 0}, (&Conn{SYN: Mark{Pos: 7}, SYNPos: &SYNs{7, 9}}).SYNsAt())
}

// What was not acknowledged is open, where the capture holds acknowledgements at all.
func TestOpen(t *testing.T) {
	for _, x := range []struct {
		name string
		s    Side
		sent uint64
		open bool
	}{
		{"nothing was sent", Side{AckSeen: true}, 0, false},
		{"all is acknowledged", Side{AckSeen: true, Acked: 100}, 100, false},
		{"some is not", Side{AckSeen: true, Acked: 99}, 100, true},
		{"nobody knows", Side{}, 100, false},
		{"more than is known to be sent", Side{AckSeen: true, Acked: 101}, 100, false},
	} {
		require.Equal(t, x.open, x.s.Open(x.sent), x.name)
	}
	require.Equal(t, 3*Second, (&Stall{From: 2 * Second, To: 5 * Second}).Lasted())
	seen := map[string]bool{}
	for w := range Whys {
		require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, w.String())
		require.False(t, seen[w.String()], w)
		seen[w.String()] = true
	}
	require.Equal(t, "unknown", WhyUnknown.String())
}

func TestTooBig(t *testing.T) {
	for e, want := range map[ICMP]bool{
		{Type: 3, Code: 4}: true, {Type: 3, Code: 1}: false, {Type: 2}: false, {Type: 2, V6: true}: true, {Type: 2, Code: 4, V6: true}: true, {Type: 3, Code: 4, V6: true}: false,
	} {
		require.Equal(t, want, e.TooBig(), e)
	}
}
