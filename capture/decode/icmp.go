package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// icmpError reads an error message that quotes a TCP segment (RFC 792, RFC 4443): IP header and at least eight bytes.
func (d *Decoder) icmpError(b []byte, seg *flow.Segment, v6 bool) Verdict {
	if len(b) < 8 || !refuses(b[0], b[1], v6) {
		return Other
	}
	d.icmp = flow.ICMP{From: seg.Src, V6: v6, Type: b[0], Code: b[1]}
	quoted, proto := b[8:], 0
	switch {
	case !v6 && len(quoted) >= 20 && quoted[0]>>4 == 4:
		size := int(quoted[0]&15) * 4
		proto = int(quoted[9])
		seg.Src, seg.Dst = flow.Host4(binary.BigEndian.Uint32(quoted[12:])), flow.Host4(binary.BigEndian.Uint32(quoted[16:]))
		quoted = quoted[min(max(size, 20), len(quoted)):]
	case v6 && len(quoted) >= 40 && quoted[0]>>4 == 6:
		proto = int(quoted[6])
		seg.Src = flow.Host{Hi: binary.BigEndian.Uint64(quoted[8:]), Lo: binary.BigEndian.Uint64(quoted[16:])}
		seg.Dst = flow.Host{Hi: binary.BigEndian.Uint64(quoted[24:]), Lo: binary.BigEndian.Uint64(quoted[32:])}
		quoted = quoted[40:]
	}
	if proto != protoTCP || len(quoted) < 8 {
		return Other
	}
	seg.SrcPort, seg.DstPort = binary.BigEndian.Uint16(quoted), binary.BigEndian.Uint16(quoted[2:])
	seg.Seq = binary.BigEndian.Uint32(quoted[4:])
	seg.Ack, seg.Flags, seg.Window, seg.Length, seg.Payload = 0, 0, 0, 0, nil
	seg.Scale = flow.NoScale
	seg.ICMP = &d.icmp
	return ICMP
}

// refuses tells the errors that end a connection attempt from those that do not (packet too big, redirect, quench).
func refuses(icmpType, code byte, v6 bool) bool {
	if v6 {
		return icmpType == 1 || icmpType == 3 || icmpType == 4
	}
	const fragmentationNeeded = 4
	return icmpType == 3 && code != fragmentationNeeded || icmpType == 11
}
