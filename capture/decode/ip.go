package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// IP protocol numbers.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoIPv4     = 4
	protoTCP      = 6
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoESP      = 50
	protoAH       = 51
	protoICMPv6   = 58
	protoDestOpts = 60
)

// maxExtensions bounds IPv6 extension headers: RFC 8200 section 4.1 expects each at most once or twice.
const maxExtensions = 16

// maxOffload bounds what a frame without a length in its IP header may hold. The most that a machine hands to its
// network card is 512 KiB (Linux's BIG TCP); a larger frame length is a lie that would derail sequence numbers.
const maxOffload = 1 << 20

// offloaded is the size of f's packet from offset at on, by the frame; negative if no packet is that large.
func offloaded(f Frame, at int) int {
	if f.Length > maxOffload {
		return -1
	}
	return int(f.Length) - at
}

func hosts4(h []byte) (src, dst flow.Host) {
	return flow.Host4(binary.BigEndian.Uint32(h[12:])), flow.Host4(binary.BigEndian.Uint32(h[16:]))
}

func hosts6(h []byte) (src, dst flow.Host) {
	return flow.Host{Hi: binary.BigEndian.Uint64(h[8:]), Lo: binary.BigEndian.Uint64(h[16:])},
		flow.Host{Hi: binary.BigEndian.Uint64(h[24:]), Lo: binary.BigEndian.Uint64(h[32:])}
}

// ipv4 reads the header at offset at (RFC 791).
func (d *Decoder) ipv4(f Frame, at int, seg *flow.Segment) Verdict {
	if len(f.Data) < at+20 {
		return d.undecoded("cut in the IPv4 header")
	}
	h := f.Data[at:]
	size, total := int(h[0]&15)*4, int(binary.BigEndian.Uint16(h[2:]))
	if h[0]>>4 != 4 || size < 20 {
		return d.undecoded("malformed IPv4 header")
	}
	if total == 0 { // TSO: the card fills it in after the capture
		total = offloaded(f, at)
	}
	if total < size {
		return d.undecoded("malformed IPv4 header")
	}
	seg.TTL, seg.ID = h[8], binary.BigEndian.Uint16(h[4:])
	seg.Src, seg.Dst = hosts4(h)
	if len(h) > total {
		h = h[:total] // Ethernet pads short frames
	}
	switch {
	case len(h) < size:
		return d.undecoded("cut in the IPv4 header")
	case d.VerifyChecksums && d.headerIsWrong(h[:size], seg):
		return d.undecoded(wrongHeader)
	case binary.BigEndian.Uint16(h[6:])&(moreFragments4|fragmentOffset4) != 0:
		return d.fragment4(h, size, total, seg)
	case h[9] == protoTCP:
		return d.tcp(h[size:], total-size, seg)
	}
	return d.over4(int(h[9]), Frame{Data: h[size:], Length: uint32(total - size)}, seg)
}

// over4 is what IPv4 carries, put together if it came in fragments.
func (d *Decoder) over4(proto int, f Frame, seg *flow.Segment) Verdict {
	switch proto {
	case protoTCP:
		return d.tcp(f.Data, int(f.Length), seg)
	case protoICMP:
		return d.icmpError(f, seg, false)
	}
	return d.upper(proto, f, seg)
}

// ipv6 reads the header at offset at (RFC 8200) and walks its extension headers.
func (d *Decoder) ipv6(f Frame, at int, seg *flow.Segment) Verdict {
	if len(f.Data) < at+40 {
		return d.undecoded("cut in the IPv6 header")
	}
	h := f.Data[at:]
	if h[0]>>4 != 6 {
		return d.undecoded("malformed IPv6 header")
	}
	seg.TTL, seg.ID = h[7], 0
	seg.Src, seg.Dst = hosts6(h)
	left := int(binary.BigEndian.Uint16(h[4:]))
	if left == 0 {
		left = jumbo(f, at)
	}
	if left < 0 {
		return d.undecoded("malformed IPv6 header")
	}
	b := h[40:]
	if left < len(b) {
		b = b[:left]
	}
	return d.over6(int(h[6]), b, left, seg)
}

// jumbo is the length of an IPv6 packet whose header says 0: that of the jumbo payload option (RFC 2675), else the
// frame's, since the sender's card fills it in after the capture (TSO). It is negative if no packet is that long.
func jumbo(f Frame, at int) int {
	const jumboOption = 0xc2
	h := f.Data[at:]
	if n := extension(protoHopByHop, h[40:]); h[6] == protoHopByHop && n > 0 {
		for o := h[42:min(40+n, len(h))]; len(o) > 0; {
			switch {
			case o[0] == 0: // Pad1
				o = o[1:]
				continue
			case len(o) >= 6 && o[0] == jumboOption && o[1] == 4:
				if length := binary.BigEndian.Uint32(o[2:]); length <= maxOffload {
					return int(length)
				}
				return -1
			case len(o) < 2:
				return -1
			}
			o = o[min(2+int(o[1]), len(o)):]
		}
	}
	return offloaded(f, at+40)
}

// over6 is what IPv6 carries, put together if it came in fragments: extension headers, and what follows them. Of its left
// bytes b are those that were captured.
func (d *Decoder) over6(next int, b []byte, left int, seg *flow.Segment) Verdict {
	for range maxExtensions {
		switch next {
		case protoTCP:
			return d.tcp(b, left, seg)
		case protoICMPv6:
			return d.icmpError(Frame{Data: b, Length: uint32(left)}, seg, true)
		}
		n := extension(next, b)
		switch {
		case n == 0:
			return d.upper(next, Frame{Data: b, Length: uint32(left)}, seg)
		case n < 0 || n > left || n > len(b):
			return d.undecoded("cut in an IPv6 extension header")
		case next == protoFragment && binary.BigEndian.Uint16(b[2:])&(moreFragments6|fragmentOffset6) != 0:
			return d.fragment6(b, left, seg)
		case next == protoRouting && b[3] != 0:
			d.walk.unsure = true // the checksum is over the last destination (RFC 8200 section 8.1)
		}
		next = int(b[0])
		b, left = b[n:], left-n
	}
	return d.undecoded("too many IPv6 extension headers")
}

// extension returns the size of the extension header at b: 0 if next is none, -1 if b is too short to tell.
func extension(next int, b []byte) int {
	switch next {
	case protoHopByHop, protoRouting, protoDestOpts:
		if len(b) < 2 {
			return -1
		}
		return int(b[1])*8 + 8
	case protoFragment:
		if len(b) < 8 {
			return -1
		}
		return 8
	case protoAH: // RFC 4302: in 4-octet units, less 2
		if len(b) < 2 {
			return -1
		}
		return int(b[1])*4 + 8
	}
	return 0
}

// tcp reads the header at b (RFC 9293); length is that of header and payload on the wire.
func (d *Decoder) tcp(b []byte, length int, seg *flow.Segment) Verdict {
	if length < 20 {
		return d.undecoded("malformed TCP header")
	}
	if len(b) < 20 {
		return d.undecoded("cut in the TCP header")
	}
	size := int(b[12]>>4) * 4
	if size < 20 || size > length {
		return d.undecoded("malformed TCP header")
	}
	ports := binary.BigEndian.Uint32(b)
	seg.SrcPort, seg.DstPort = uint16(ports>>16), uint16(ports)
	seg.Seq, seg.Ack = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	seg.Flags = b[13]
	seg.Window = binary.BigEndian.Uint16(b[14:])
	seg.Length = uint32(length - size)
	seg.Payload = nil
	seg.ICMP = nil
	seg.Scale, seg.MSS = flow.NoScale, 0
	if len(b) > size {
		seg.Payload = b[size:]
	}
	if d.VerifyChecksums && d.tcpIsWrong(Frame{Data: b, Length: uint32(length)}, seg) {
		return d.undecoded(wrongTCP)
	}
	if seg.Flags&flow.SYN != 0 {
		synOptions(b[20:min(size, len(b))], seg)
	}
	return TCP
}

// synOptions finds the options of RFC 7323 section 2.2, window scale, whose value is at most 14, and of RFC 9293 section
// 3.7.1, maximum segment size; the first of each counts.
func synOptions(options []byte, seg *flow.Segment) {
	for len(options) > 0 {
		switch {
		case options[0] == 0:
			return
		case options[0] == 1:
			options = options[1:]
			continue
		case len(options) < 2 || options[1] < 2 || int(options[1]) > len(options):
			return
		case options[0] == 3 && options[1] == 3 && seg.Scale == flow.NoScale:
			seg.Scale = min(options[2], 14)
		case options[0] == 2 && options[1] == 4 && seg.MSS == 0:
			seg.MSS = binary.BigEndian.Uint16(options[2:])
		}
		options = options[options[1]:]
	}
}
