package cryptopan

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// sampleKey and the IPv4 pairs are those of the sample trace of the authors' own implementation; the IPv6 pairs are those
// that other implementations publish.
var sampleKey = [KeySize]byte{
	21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
	216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2,
}

var textKey = [KeySize]byte([]byte("32-char-str-for-AES-key-and-pad."))

func TestPublishedVectors(t *testing.T) {
	for _, set := range []struct {
		key   [KeySize]byte
		pairs [][2]string
	}{
		{sampleKey, [][2]string{
			{"128.11.68.132", "135.242.180.132"}, {"129.118.74.4", "134.136.186.123"}, {"130.132.252.244", "133.68.164.234"},
			{"141.223.7.43", "141.167.8.160"}, {"141.233.145.108", "141.129.237.235"}, {"152.163.225.39", "151.140.114.167"},
			{"156.29.3.236", "147.225.12.42"}, {"165.247.96.84", "162.9.99.234"}, {"166.107.77.190", "160.132.178.185"},
			{"192.102.249.13", "252.138.62.131"}, {"192.215.32.125", "252.43.47.189"}, {"192.41.57.43", "252.222.221.184"},
			{"195.205.63.100", "255.186.223.5"}, {"202.49.198.20", "245.206.7.234"}, {"207.25.71.27", "241.33.119.156"},
			{"208.147.89.59", "227.237.98.191"}, {"216.254.18.172", "235.7.16.162"}, {"24.0.250.221", "100.15.198.226"},
			{"24.94.26.44", "100.88.228.35"}, {"38.15.67.68", "64.3.66.187"}, {"4.3.88.225", "124.60.155.63"},
			{"63.14.55.111", "95.9.215.7"}, {"64.39.15.238", "0.219.7.41"}, {"10.185.25.118", "117.161.29.118"},
			{"::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"}, {"::ffff", "78ff:f001:9fc0:20df:8380:b1f1:704:f838"},
			{"2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"}, {"2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"},
		}},
		{textKey, [][2]string{{"192.0.2.1", "192.0.125.244"}, {"2001:db8::1", "27fe:8bc7:fee:1e:1e1f:f0fe:f0e1:83fd"}}},
	} {
		s := newScheme(set.key)
		for _, p := range set.pairs {
			b := netip.MustParseAddr(p[0]).AsSlice()
			s.anonymize(b, nil)
			got, _ := netip.AddrFromSlice(b)
			require.Equal(t, p[1], got.String(), p[0])
		}
	}
}

// common is how many leading bits two addresses of a family share.
func common(a, b netip.Addr) int {
	x, y := a.AsSlice(), b.AsSlice()
	for i := range x {
		if d := x[i] ^ y[i]; d != 0 {
			return 8*i + bits.LeadingZeros8(d)
		}
	}
	return 8 * len(x)
}

func TestPrefixesArePreserved(t *testing.T) {
	m, random := New(textKey), rand.New(rand.NewPCG(1, 2))
	anywhere := func(like netip.Addr, keep int) netip.Addr {
		b := like.AsSlice()
		for n := keep; n < 8*len(b); n++ {
			if random.IntN(2) == 0 {
				b[n/8] ^= 0x80 >> (n % 8)
			}
		}
		a, _ := netip.AddrFromSlice(b)
		return a
	}
	for _, start := range []string{"203.0.113.7", "10.1.2.3", "192.168.1.1", "2001:db8::10", "fe80::1", "fd00::1"} {
		for range 300 {
			a := anywhere(netip.MustParseAddr(start), 0)
			b := anywhere(a, random.IntN(a.BitLen()))
			if a.Is4In6() || b.Is4In6() {
				continue
			}
			require.Equal(t, common(a, b), common(m.Addr(a), m.Addr(b)), "%s %s", a, b)
		}
	}
}

func TestBlocksStayWhatTheyAre(t *testing.T) {
	m, random := New(sampleKey), rand.New(rand.NewPCG(3, 4))
	in := func(a netip.Addr) (list []string) {
		for _, b := range blocks {
			if b.Contains(a) {
				list = append(list, b.String())
			}
		}
		return list
	}
	for _, b := range blocks {
		a := b.Addr().AsSlice()
		a[len(a)-1] |= byte(^b.Bits() & 1) // a host of it, not only its first address
		x, _ := netip.AddrFromSlice(a)
		require.Equal(t, in(x), in(m.Addr(x)), x)
	}
	for range 2000 {
		a := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, random.Uint32())))
		require.Equal(t, in(a), in(m.Addr(a)), a)
	}
	for _, same := range []string{"0.0.0.0", "255.255.255.255", "::", "::1"} {
		require.Equal(t, same, m.Addr(netip.MustParseAddr(same)).String())
	}
	require.Equal(t, m.Addr(netip.MustParseAddr("192.0.2.1")), m.Addr(netip.MustParseAddr("::ffff:192.0.2.1")).Unmap())
}

func TestMAC(t *testing.T) {
	m := New(textKey)
	a, b := m.MAC([6]byte{0x52, 0x54, 0, 1, 2, 3}), m.MAC([6]byte{0x52, 0x54, 0, 1, 2, 4})
	require.NotEqual(t, [6]byte{0x52, 0x54, 0, 1, 2, 3}, a)
	require.Equal(t, a[:5], b[:5], "one maker")
	require.NotEqual(t, a[5], b[5])
	require.Equal(t, byte(2), a[0]&3, "locally administered, no group")
	require.Zero(t, m.MAC([6]byte{0x00, 0x1b, 0x21, 1, 2, 3})[0]&3)
	for _, same := range [][6]byte{{}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x33, 0x33, 0, 0, 0, 1}} {
		require.Equal(t, same, m.MAC(same))
	}
	require.NotEqual(t, m.MAC([6]byte{2, 0, 0, 0, 0, 1}), New(sampleKey).MAC([6]byte{2, 0, 0, 0, 0, 1}))
}
