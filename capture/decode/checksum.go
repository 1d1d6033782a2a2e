package decode

import "ftpscope/capture/flow"

// tcpChecksum is where the TCP header has its checksum.
const tcpChecksum = 16

// wrongChecksum reports whether f, TCP's header and payload, has a wrong checksum (RFC 9293 section 3.1). What is not
// there as a whole cannot be wrong.
func wrongChecksum(f Frame, seg *flow.Segment) bool {
	if len(f.Data) < int(f.Length) || len(f.Data) < tcpChecksum+2 {
		return false
	}
	return fold(pseudo(seg.Src, seg.Dst, f.Length)+add(f.Data)) != 0xffff
}

// pseudo sums up the pseudo header of TCP (RFC 9293 section 3.1, RFC 8200 section 8.1). An IPv4 host's ::ffff:0:0 adds
// 0xffff, which is nothing in this arithmetic: so both versions are the same.
func pseudo(src, dst flow.Host, length uint32) uint64 {
	total := uint64(protoTCP) + uint64(length)
	for _, h := range [4]uint64{src.Hi, src.Lo, dst.Hi, dst.Lo} {
		total += h>>32 + h&0xffffffff
	}
	return total
}

// add adds b up in words of 32 bits, which folded give the same as words of 16.
func add(b []byte) (total uint64) {
	for ; len(b) >= 4; b = b[4:] {
		total += uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3])
	}
	for i, c := range b {
		total += uint64(c) << (24 - 8*i)
	}
	return total
}

// fold brings a sum down to 16 bits with its carries added again (RFC 1071).
func fold(total uint64) uint16 {
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}
