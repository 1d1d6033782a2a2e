package cryptopan

import "net/netip"

// blocks have a meaning that an anonymized capture must keep: whether an announced
// address is private decides what went wrong, and a host with a multicast address would
// be none. A prefix-preserving map that keeps them also keeps as many leading bits of
// other addresses as those share with the nearest block: there is no other such map.
var blocks = func() (list []netip.Prefix) {
	for _, text := range []string{
		"0.0.0.0/32",         // RFC 959 servers behind NAT announce it
		"0.0.0.0/8",          // RFC 1122
		"10.0.0.0/8",         // RFC 1918
		"100.64.0.0/10",      // RFC 6598
		"127.0.0.0/8",        // RFC 1122
		"169.254.0.0/16",     // RFC 3927
		"172.16.0.0/12",      // RFC 1918
		"192.168.0.0/16",     // RFC 1918
		"224.0.0.0/4",        // RFC 5771
		"240.0.0.0/4",        // RFC 1112
		"255.255.255.255/32", // RFC 919
		"::/128", "::1/128",  // RFC 4291
		"::ffff:0:0/96",
		"fc00::/7", // RFC 4193
		"fe80::/10", "ff00::/8",
	} {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}()

// leadsToBlock reports whether the first n bits of an address are those of a block that
// has more bits.
func leadsToBlock(a netip.Addr, n int) bool {
	for _, b := range blocks {
		if b.Bits() > n && b.Addr().BitLen() == a.BitLen() && netip.PrefixFrom(b.Addr(), n).Contains(a) {
			return true
		}
	}
	return false
}
