package prose

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// The name of an ICMP error; what nobody has named is a number.
func TestICMPError(t *testing.T) {
	v4, v6 := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")
	for _, test := range []struct {
		from       netip.Addr
		kind, code int
		want       string
	}{
		{v4, 3, 0, "an ICMP error: network unreachable (ICMP type 3 code 0 from a router)"},
		{v4, 3, 1, "an ICMP error: host unreachable (ICMP type 3 code 1 from a router)"},
		{v4, 3, 13, "an ICMP error: administratively prohibited (ICMP type 3 code 13 from a router)"},
		{v4, 11, 0, "an ICMP error: time to live exceeded (ICMP type 11 code 0 from a router)"},
		{v4, 3, 99, "an ICMP error (ICMP type 3 code 99 from a router)"},
		{netip.MustParseAddr("::ffff:10.0.0.1"), 3, 3, "an ICMP error: port unreachable (ICMP type 3 code 3 from a router)"},
		{v6, 1, 0, "an ICMP error: no route to destination (ICMPv6 type 1 code 0 from a router)"},
		{v6, 1, 4, "an ICMP error: port unreachable (ICMPv6 type 1 code 4 from a router)"},
		{v6, 1, 7, "an ICMP error (ICMPv6 type 1 code 7 from a router)"},
		{v6, 2, 0, "an ICMP error: packet too big (ICMPv6 type 2 code 0 from a router)"},
	} {
		require.Equal(t, test.want, ICMPError(test.from, test.kind, test.code, "a router"))
	}
}
