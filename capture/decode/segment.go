package decode

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

func init() {
	register(row{kind: layers.LayerTypeTCP, own: func(c *chain) gopacket.DecodingLayer { return &tcpHeader{c: c} },
		over4: []uint8{protoTCP}, over6: []uint8{protoTCP}, whole: true})
	register(row{kind: layers.LayerTypeICMPv4, read: readICMP(false), over4: []uint8{protoICMP}})
	register(row{kind: layers.LayerTypeICMPv6, read: readICMP(true), over6: []uint8{protoICMPv6}})
}

// tcpHeader is gopacket's for the fixed part of the header (RFC 9293), of which it gets a
// copy: it refuses headers that a snapshot length cut in their options, and options that
// are not sound, which hosts accept.
type tcpHeader struct {
	layers.TCP
	c     *chain
	fixed [20]byte
}

func (l *tcpHeader) NextLayerType() gopacket.LayerType { return gopacket.LayerTypePayload }

func (l *tcpHeader) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	const least = 8 // what fragments hold and ICMP errors quote
	c, seg, length := l.c, l.c.seg, l.c.wire
	switch {
	case c.d.walk.part && len(b) >= least && len(b) < len(l.fixed):
		c.found, c.head = TCP, len(b)
		return nil
	case length < len(l.fixed):
		return c.undecoded("malformed TCP header")
	case len(b) < len(l.fixed):
		return c.undecoded("cut in the TCP header")
	}
	size := int(b[12]>>4) * 4
	if size < len(l.fixed) || size > length && !c.d.walk.part {
		return c.undecoded("malformed TCP header")
	}
	copy(l.fixed[:], b)
	l.fixed[12] = 5 << 4
	if err := l.TCP.DecodeFromBytes(l.fixed[:], df); err != nil {
		return err
	}
	l.Contents, l.Payload = b[:min(size, len(b))], b[min(size, len(b)):]
	c.head = size
	seg.SrcPort, seg.DstPort = uint16(l.SrcPort), uint16(l.DstPort)
	seg.Seq, seg.Ack, seg.Window, seg.Flags = l.Seq, l.Ack, l.Window, b[13]
	seg.Length, seg.Payload, seg.ICMP = uint32(max(0, length-size)), nil, nil
	seg.Scale, seg.MSS = flow.NoScale, 0
	if len(l.Payload) > 0 {
		seg.Payload = l.Payload
	}
	if c.d.VerifyChecksums && c.d.tcpIsWrong(Frame{Data: b, Length: uint32(length)}, seg) {
		return c.undecoded(wrongTCP)
	}
	if l.SYN {
		synOptions(l.Contents[len(l.fixed):], seg)
	}
	if c.d.walk.lone {
		seg.Flags &^= flow.FIN
	}
	c.found = TCP
	return nil
}

// synOptions finds the options of RFC 7323 section 2.2, window scale, whose value is at
// most 14, and of RFC 9293 section 3.7.1, maximum segment size; the first of each counts.
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

// readICMP reads an error message that quotes a TCP segment: its IP header and at least
// eight bytes more (RFC 792; RFC 4443 section 3 quotes as much as fits).
func readICMP(v6 bool) reader {
	quote, shortest := (*layer).quoted4, 20
	if v6 {
		quote, shortest = (*layer).quoted6, 40
	}
	return func(l *layer, f Frame) error {
		const header, least = 8, 8
		b := f.Data
		if len(b) < header || !reports(b[0], v6) {
			return l.other()
		}
		seg, from := l.seg, l.seg.Src
		head := quote(l, b[header:])
		if len(head) < least {
			if len(b) < int(f.Length) && (head != nil || len(b) < header+shortest) {
				return l.undecoded("cut in an ICMP error's quote")
			}
			return l.other()
		}
		icmp := &l.d.icmp
		*icmp = flow.ICMP{From: from, V6: v6, Type: b[0], Code: b[1]}
		if icmp.TooBig() {
			icmp.MTU = nextMTU(b, v6)
		}
		seg.SrcPort, seg.DstPort = binary.BigEndian.Uint16(head), binary.BigEndian.Uint16(head[2:])
		seg.Seq = binary.BigEndian.Uint32(head[4:])
		seg.Ack, seg.Flags, seg.Window, seg.Length, seg.Payload = 0, 0, 0, 0, nil
		seg.Scale, seg.MSS = flow.NoScale, 0
		seg.ICMP = icmp
		return l.carry(f, header, l.stop(ICMP))
	}
}

// quoted4 reads the IPv4 header at b, which an error quotes after its own eight bytes,
// and returns what the capture holds after it: nil if that is not a TCP header.
func (l *layer) quoted4(b []byte) []byte {
	if len(b) < 20 || b[0]>>4 != 4 || b[9] != protoTCP || binary.BigEndian.Uint16(b[6:])&fragmentOffset4 != 0 {
		return nil
	}
	size := int(b[0]&15) * 4
	if size < 20 || size > len(b) {
		return nil
	}
	l.seg.Src, l.seg.Dst = hosts4(b)
	end := int(binary.BigEndian.Uint16(b[2:]))
	if end == 0 {
		end = l.wire - 8
	}
	l.quoted(layers.LayerTypeIPv4, 0, size, end)
	l.quoted(layers.LayerTypeTCP, size, 0, end)
	return b[size:]
}

// quoted6 does the same for IPv6, past extension headers.
func (l *layer) quoted6(b []byte) []byte {
	if len(b) < 40 || b[0]>>4 != 6 {
		return nil
	}
	end := 40 + int(binary.BigEndian.Uint16(b[4:]))
	if end == 40 {
		end = l.wire - 8
	}
	l.quoted(layers.LayerTypeIPv6, 0, 40, end)
	next, at := int(b[6]), 40
	for range maxExtensions {
		rest := b[at:]
		if next == protoTCP {
			l.seg.Src, l.seg.Dst = hosts6(b)
			l.quoted(layers.LayerTypeTCP, at, 0, end)
			return rest
		}
		n := extension(next, rest)
		if n <= 0 || n > len(rest) || next == protoFragment && binary.BigEndian.Uint16(rest[2:])&fragmentOffset6 != 0 {
			return nil
		}
		l.quoted(byProtocol6[next], at, n, end)
		next, at = int(rest[0]), at+n
	}
	return nil
}

// reports tells the errors that say something of a connection (unreachable, packet too
// big, time exceeded, parameter problem) from other messages.
func reports(icmpType byte, v6 bool) bool {
	if v6 {
		return icmpType >= 1 && icmpType <= 4
	}
	return icmpType == 3 || icmpType == 11 || icmpType == 12
}

// nextMTU is what an error says that a packet may have at most (RFC 1191 section 4, with
// 0 of routers before it; RFC 4443 section 3.2).
func nextMTU(b []byte, v6 bool) uint32 {
	if v6 {
		return binary.BigEndian.Uint32(b[4:])
	}
	return uint32(binary.BigEndian.Uint16(b[6:]))
}

const (
	// maxSummers bounds the hosts whose checksums are counted.
	maxSummers = 4096
	// fewWrong is how many wrong checksums of a host say nothing.
	fewWrong = 10
)

// Reasons of VerifyChecksums.
const (
	wrongHeader = "wrong IPv4 header checksum"
	wrongTCP    = "wrong TCP checksum"
)

// Checksums says how many of the checksums that a host sent were checked and how many of
// those were wrong.
type Checksums struct {
	Host           netip.Addr
	Wrong, Checked uint64
}

// WrongChecksums lists the hosts of which most checksums are wrong, those with most
// first. Damage is rarely so thorough: the capture was made on that host, before the
// network card filled the checksums in.
func (d *Decoder) WrongChecksums() []Checksums {
	var list []Checksums
	for host, n := range d.sums {
		if n.Wrong >= fewWrong && n.Wrong > n.Checked/2 {
			n.Host = host.Addr()
			list = append(list, *n)
		}
	}
	slices.SortFunc(list, func(a, b Checksums) int {
		return cmp.Or(cmp.Compare(b.Wrong, a.Wrong), a.Host.Compare(b.Host))
	})
	return list
}

// summed counts a checksum that was checked.
func (d *Decoder) summed(src flow.Host, wrong bool) {
	n := d.sums[src]
	if n == nil {
		if len(d.sums) >= maxSummers {
			return
		}
		if d.sums == nil {
			d.sums = map[flow.Host]*Checksums{}
		}
		n = &Checksums{}
		d.sums[src] = n
	}
	n.Checked++
	if wrong {
		n.Wrong++
	}
}

// headerIsWrong checks the header's checksum (RFC 791). With source routing the
// destination is not yet the last one, which TCP's pseudo header has.
func (d *Decoder) headerIsWrong(h []byte, seg *flow.Segment) bool {
	const looseRoute, strictRoute = 131, 137
	for o := h[20:]; len(o) > 1 && o[0] != 0; {
		switch {
		case o[0] == 1:
			o = o[1:]
			continue
		case o[0] == looseRoute || o[0] == strictRoute:
			d.walk.unsure = true
		}
		o = o[min(max(2, int(o[1])), len(o)):]
	}
	wrong := fold(add(h)) != 0xffff
	if wrong {
		d.summed(seg.Src, true)
	}
	return wrong
}

// tcpIsWrong checks the checksum of f, TCP's header and payload, if it can be.
func (d *Decoder) tcpIsWrong(f Frame, seg *flow.Segment) bool {
	if d.walk.unsure || len(f.Data) < int(f.Length) {
		return false
	}
	wrong := wrongChecksum(f, seg)
	d.summed(seg.Src, wrong)
	return wrong
}

// wrongChecksum reports whether f, TCP's header and payload, has a wrong checksum (RFC
// 9293 section 3.1). What was not captured as a whole cannot be wrong.
func wrongChecksum(f Frame, seg *flow.Segment) bool {
	return len(f.Data) >= int(f.Length) && fold(pseudo(seg.Src, seg.Dst, f.Length)+add(f.Data)) != 0xffff
}

// pseudo sums up the pseudo header of TCP (RFC 9293 section 3.1, RFC 8200 section 8.1).
// An IPv4 host's ::ffff:0:0 adds 0xffff, which is nothing in this arithmetic: so both
// versions are the same.
func pseudo(src, dst flow.Host, length uint32) uint64 {
	total := uint64(protoTCP) + uint64(length)
	for _, h := range [4]uint64{src.Hi, src.Lo, dst.Hi, dst.Lo} {
		total += h>>32 + h&0xffffffff
	}
	return total
}

// add adds b up in words of 32 bits, which folded give the same as words of 16.
func add(b []byte) (total uint64) {
	for ; len(b) >= 8; b = b[8:] {
		v := binary.BigEndian.Uint64(b)
		total += v>>32 + v&0xffffffff
	}
	for i, c := range b {
		total += uint64(c) << (24 - 8*(i%4))
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
