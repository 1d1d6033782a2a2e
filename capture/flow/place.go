package flow

import "net/netip"

// What addresses and TTLs say of where a host is.

// Hops is how many routers a packet passed: systems send with a TTL of 64, 128 or 255 (a
// few with 32). -1: the TTL does not tell.
func Hops(ttl uint8) int {
	const far = 40 // paths are shorter: what seems longer began with another TTL
	for _, initial := range []uint8{32, 64, 128, 255} {
		if ttl != 0 && ttl <= initial && initial-ttl <= far {
			return int(initial - ttl)
		}
	}
	return -1
}

// IsInternal reports whether an address is meant for use inside a network: RFC 1918, RFC
// 6598, RFC 3927, RFC 4193, loopback.
func IsInternal(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || sharedSpace.Contains(a)
}

// IsShared reports whether an address is of the space between a provider's NAT and its
// customers (RFC 6598): neither private nor public.
func IsShared(a netip.Addr) bool { return sharedSpace.Contains(a) }

var sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598: carrier-grade NAT

// NAT64 is the well-known prefix by which IPv6 hosts reach IPv4 ones (RFC 6052 section
// 2.1).
var NAT64 = netip.MustParsePrefix("64:ff9b::/96")
