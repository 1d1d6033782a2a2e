package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// icmpError reads an error message that quotes a TCP segment: its IP header and at least eight bytes more
// (RFC 792; RFC 4443 section 3 quotes as much as fits).
func (d *Decoder) icmpError(f Frame, seg *flow.Segment, v6 bool) Verdict {
	b := f.Data
	if len(b) < 8 || !refuses(b[0], b[1], v6) {
		return Other
	}
	from, quote, quoted := seg.Src, quoted4, 20
	if v6 {
		quote, quoted = quoted6, 40
	}
	head := quote(b[8:], seg)
	if len(head) < 8 {
		if len(b) < int(f.Length) && (head != nil || len(b) < 8+quoted) {
			return d.undecoded("cut in an ICMP error's quote")
		}
		return Other
	}
	d.icmp = flow.ICMP{From: from, V6: v6, Type: b[0], Code: b[1]}
	seg.SrcPort, seg.DstPort = binary.BigEndian.Uint16(head), binary.BigEndian.Uint16(head[2:])
	seg.Seq = binary.BigEndian.Uint32(head[4:])
	seg.Ack, seg.Flags, seg.Window, seg.Length, seg.Payload = 0, 0, 0, 0, nil
	seg.Scale, seg.MSS = flow.NoScale, 0
	seg.ICMP = &d.icmp
	return ICMP
}

// quoted4 reads the IPv4 header at b and returns what the capture holds after it: nil if that is not a TCP header.
func quoted4(b []byte, seg *flow.Segment) []byte {
	if len(b) < 20 || b[0]>>4 != 4 || b[9] != protoTCP || binary.BigEndian.Uint16(b[6:])&fragmentOffset4 != 0 {
		return nil
	}
	size := int(b[0]&15) * 4
	if size < 20 || size > len(b) {
		return nil
	}
	seg.Src, seg.Dst = hosts4(b)
	return b[size:]
}

// quoted6 does the same for IPv6, past extension headers.
func quoted6(b []byte, seg *flow.Segment) []byte {
	if len(b) < 40 || b[0]>>4 != 6 {
		return nil
	}
	next, rest := int(b[6]), b[40:]
	for range maxExtensions {
		if next == protoTCP {
			seg.Src, seg.Dst = hosts6(b)
			return rest
		}
		n := extension(next, rest)
		if n <= 0 || n > len(rest) || next == protoFragment && binary.BigEndian.Uint16(rest[2:])&fragmentOffset6 != 0 {
			return nil
		}
		next, rest = int(rest[0]), rest[n:]
	}
	return nil
}

// refuses tells the errors that end a connection attempt (unreachable, time exceeded, parameter problem) from those
// that do not (packet too big, redirect, quench).
func refuses(icmpType, code byte, v6 bool) bool {
	if v6 {
		return icmpType == 1 || icmpType == 3 || icmpType == 4
	}
	const fragmentationNeeded = 4 // RFC 1191: the sender lowers its MTU and goes on
	return icmpType == 3 && code != fragmentationNeeded || icmpType == 11 || icmpType == 12
}
