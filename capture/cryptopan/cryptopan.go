// Package cryptopan gives addresses other names by a key, so that two addresses which
// share a prefix share one of exactly that length afterwards (Xu, Fan, Ammar, Moon:
// "Prefix-Preserving IP Address Anonymization", 2002). What it names is written into
// packets by capture/rewrite.
package cryptopan

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"net/netip"
)

// KeySize is the length of a key in bytes: one half is AES's, the other makes the
// padding.
const KeySize = 32

// maxCached bounds the addresses remembered: one costs 128 encryptions, a capture repeats
// the same few.
const maxCached = 1 << 16

// Map is one way to name all addresses. It belongs to one goroutine.
type Map struct {
	ip, mac scheme
	addrs   map[netip.Addr]netip.Addr
	macs    map[[6]byte][6]byte
}

// scheme is Crypto-PAn itself.
type scheme struct {
	block cipher.Block
	pad   [16]byte
}

// New makes the Map of a key.
func New(key [KeySize]byte) *Map {
	hardware := sha256.Sum256(append([]byte("hardware addresses "), key[:]...)) // an AES input for both would tie them
	return &Map{ip: newScheme(key), mac: newScheme(hardware), addrs: map[netip.Addr]netip.Addr{}, macs: map[[6]byte][6]byte{}}
}

func newScheme(key [KeySize]byte) (s scheme) {
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		panic(err) // 16 bytes are a key
	}
	s.block = block
	block.Encrypt(s.pad[:], key[16:])
	return s
}

// anonymize maps the address in b, in place. kept says of a prefix, the first n bits of
// b, that the bit after it stays.
//
// Bit n of the result is bit n of the address, turned over if the highest bit of
// AES(first n bits, the rest from the padding) is set: so it depends on the bits before
// it and on the key.
func (s *scheme) anonymize(b []byte, kept func(n int) bool) {
	var original, in, out [16]byte
	copy(original[:], b)
	in = s.pad
	for n := range 8 * len(b) {
		at, bit := n/8, byte(0x80)>>(n%8)
		if kept == nil || !kept(n) {
			s.block.Encrypt(out[:], in[:])
			if out[0]&0x80 != 0 {
				b[at] ^= bit
			}
		}
		in[at] = in[at]&^bit | original[at]&bit
	}
}

// Addr names an address. Blocks of special use map to themselves: what is private,
// loopback, link-local, shared or multicast stays that, and the unspecified and the
// broadcast address stay as they are. IPv4 in IPv6 (::ffff:0:0/96) maps as IPv4.
func (m *Map) Addr(a netip.Addr) netip.Addr {
	if a.Is4In6() {
		return netip.AddrFrom16(m.Addr(a.Unmap()).As16())
	}
	a = a.WithZone("")
	if to, ok := m.addrs[a]; ok {
		return to
	}
	b := a.AsSlice()
	m.ip.anonymize(b, func(n int) bool { return leadsToBlock(a, n) })
	to, _ := netip.AddrFromSlice(b)
	if len(m.addrs) >= maxCached {
		clear(m.addrs)
	}
	m.addrs[a] = to
	return to
}

// MAC names a hardware address. Group addresses stay as they are, and so does that of the
// loopback interface, which is all zeros; that an address is locally administered remains
// visible.
func (m *Map) MAC(a [6]byte) [6]byte {
	const group, local = 1, 2 // IEEE 802 section 8.2.2: the lowest bits of the first byte
	if a[0]&group != 0 || a == [6]byte{} {
		return a
	}
	if to, ok := m.macs[a]; ok {
		return to
	}
	to := a
	m.mac.anonymize(to[:], nil)
	to[0] = to[0]&^(group|local) | a[0]&local
	if len(m.macs) >= maxCached {
		clear(m.macs)
	}
	m.macs[a] = to
	return to
}
