package decode

import "encoding/binary"

// The functions below tell whether what a tunnel carries can be what its header says, or
// what else it can be where no header says it. They look at what must be so in every
// packet: versions, and lengths that fit into one another. Where a snapshot length cut
// the packet they judge by what is left.

func fitsIP(f Frame, at int) bool {
	if len(f.Data) <= at {
		return int(f.Length) > at
	}
	return f.Data[at]>>4 == 4 && fits4(f, at) || f.Data[at]>>4 == 6 && fits6(f, at)
}

// fits4 wants the packet to end where its tunnel does or before. Mirrors of clouds and
// switches cut long packets before they put them into the tunnel: then the header's
// checksum must be right.
func fits4(f Frame, at int) bool {
	left := int(f.Length) - at
	if len(f.Data) < at+4 {
		return left >= 20
	}
	b := f.Data[at:]
	size, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if b[0]>>4 != 4 || size < 20 || left < size || total < size && total != 0 {
		return false
	}
	return total <= left || len(b) >= size && sum(b[:size]) == 0xffff
}

// exactly4 is for where only the packet itself tells that it is one: it fills what it is
// in, or (Ethernet pads short frames) its header's checksum is right.
func exactly4(f Frame, at int) bool {
	if len(f.Data) < at+20 || !fits4(f, at) {
		return false
	}
	b := f.Data[at:]
	size := int(b[0]&15) * 4
	return int(binary.BigEndian.Uint16(b[2:])) == int(f.Length)-at || len(b) >= size && sum(b[:size]) == 0xffff
}

// sum is the ones' complement sum of the 16-bit words of b (RFC 1071): 0xffff over a
// header with a right checksum.
func sum(b []byte) uint32 {
	var s uint32
	for ; len(b) >= 2; b = b[2:] {
		s += uint32(binary.BigEndian.Uint16(b))
	}
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return s
}

// fits6 is fits4 for IPv6, which has no checksum: a packet that was cut must carry what
// packets carry.
func fits6(f Frame, at int) bool {
	left := int(f.Length) - at
	if len(f.Data) < at+8 {
		return left >= 40
	}
	b := f.Data[at:]
	if b[0]>>4 != 6 || left < 40 {
		return false
	}
	switch int(b[6]) {
	case protoTCP, protoICMPv6, protoHopByHop, protoRouting, protoFragment, protoDestOpts, protoAH:
		return b[7] != 0 // hop limit
	}
	return int(binary.BigEndian.Uint16(b[4:])) <= left-40
}

// exactly6 is exactly4 for IPv6, which has no checksum: the packet fills what it is in,
// or what it is in is padded to the smallest Ethernet frame.
func exactly6(f Frame, at int) bool {
	const smallest = 60
	if len(f.Data) < at+40 || !fits6(f, at) {
		return false
	}
	left, size := int(f.Length)-at, int(binary.BigEndian.Uint16(f.Data[at+4:]))+40
	return size == left || size < left && left <= smallest
}

// exactlyIP is either.
func exactlyIP(f Frame, at int) bool { return exactly4(f, at) || exactly6(f, at) }

// fitsEthernet looks at the frame at offset at.
func fitsEthernet(f Frame, at int) bool {
	if len(f.Data) < at+14 {
		return int(f.Length) >= at+14
	}
	return fitsType(binary.BigEndian.Uint16(f.Data[at+12:]), f, at+14)
}

// fitsType looks at what an EtherType announces. Types that are unknown here do not
// count.
func fitsType(etherType uint16, f Frame, at int) bool {
	for range maxTags {
		switch etherType {
		case etherIPv4:
			return fits4(f, at)
		case etherIPv6:
			return fits6(f, at)
		case etherBridge:
			return fitsEthernet(f, at)
		case etherVLAN, etherQinQ, etherQinQOld:
			if len(f.Data) < at+4 {
				return int(f.Length) >= at+4
			}
			etherType = binary.BigEndian.Uint16(f.Data[at+2:])
			at += 4
		default:
			return etherType < etherMinimum && int(etherType) <= int(f.Length)-at || byEtherType[etherType] != 0
		}
	}
	return false
}

// exactlyEthernet is for where only the frame itself tells that it is one.
func exactlyEthernet(f Frame, at int) bool {
	at += 12
	for range maxTags {
		if len(f.Data) < at+2 {
			return false
		}
		etherType := binary.BigEndian.Uint16(f.Data[at:])
		switch etherType {
		case etherIPv4:
			return exactly4(f, at+2)
		case etherIPv6:
			return exactly6(f, at+2)
		case etherARP:
			return len(f.Data) >= at+8 && binary.BigEndian.Uint32(f.Data[at+2:]) == 0x00010800 // Ethernet, IPv4
		case etherVLAN, etherQinQ, etherQinQOld:
			at += 4
		default:
			return false
		}
	}
	return false
}

// fitsGPE looks at what a next protocol of VXLAN-GPE announces.
func fitsGPE(next byte, f Frame, at int) bool {
	switch next {
	case gpeIPv4:
		return fits4(f, at)
	case gpeIPv6:
		return fits6(f, at)
	case gpeEthernet:
		return fitsEthernet(f, at)
	case gpeNSH:
		return len(f.Data) < at+2 || binary.BigEndian.Uint16(f.Data[at:])>>14 == 0
	case gpeMPLS:
		return int(f.Length) >= at+4
	}
	return false
}
