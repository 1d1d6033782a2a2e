package decode

import (
	"encoding/binary"

	"ftpscope/capture/flow"
)

// Fragment fields in the headers' 16 bits: RFC 791 and RFC 8200 section 4.5.
const (
	moreFragments4  = 0x2000
	fragmentOffset4 = 0x1fff // in units of 8 bytes
	moreFragments6  = 0x0001
	fragmentOffset6 = 0xfff8 // in bytes
	maxDatagram     = 65535  // bytes
)

// fewFirsts is how many first fragments may wait in vain before any later one was seen.
// From then on first fragments are read alone: a capture made with a filter such as "tcp
// port 21" has no others, since only they have ports.
const fewFirsts = 4

// fragment4 takes a fragment of IPv4; sized: its header tells the length. With the
// verdict TCP it returns what is to be read on, and of which protocol that is.
func (d *Decoder) fragment4(x *fragment, sized bool, seg *flow.Segment) (Frame, uint8, Verdict) {
	if inFragments(x.next) && !sized {
		return Frame{}, 0, d.undecoded("malformed IP fragment")
	}
	return d.fragment6(x, seg)
}

// fragment6 does the same for IPv6.
func (d *Decoder) fragment6(x *fragment, seg *flow.Segment) (Frame, uint8, Verdict) {
	switch {
	case inFragments(x.next):
		b, v := d.place(x, seg)
		d.walk.lone = x.more && x.next == protoTCP
		d.walk.moved = d.walk.moved || v == TCP && !x.more
		return b, x.next, v
	case x.from > 0:
		return Frame{}, 0, d.laterFragment(x.next)
	}
	return Frame{Data: x.data, Length: uint32(x.to)}, x.next, TCP
}

// inFragments reports whether a protocol is worth waiting for: TCP, and what may carry
// it. Of an ICMP error the first fragment says all.
func inFragments(protocol uint8) bool { return wholeOverIP[protocol] }

// laterFragment is a fragment that does not begin its datagram, of a protocol that is not
// put together.
func (d *Decoder) laterFragment(protocol uint8) Verdict {
	if protocol == protoESP {
		return d.undecoded("IPsec ESP")
	}
	return Other
}

// place puts a fragment to the others of its datagram. When that makes the datagram whole
// it is returned: its bytes, as far as they were captured without a hole, and its length,
// with the verdict TCP.
//
// Repetitions are harmless. Of fragments that overlap:
//   - IPv6: RFC 5722 section 4 has hosts drop the datagram "and any constituent
//     fragments, including those not yet received". So it is here.
//   - IPv4: where the bytes are the same nothing is wrong: the capture has both sides of
//     a router that cut fragments smaller. Where they are not, they cannot be of one
//     datagram: the identification is in use again, or somebody forges. What hosts make
//     of that differs (RFC 791 has them take the newer bytes, Linux takes none). Here the
//     older fragments are given up and the newer ones go on, if their checksum is right.
func (d *Decoder) place(x *fragment, seg *flow.Segment) (Frame, Verdict) {
	if x.to <= x.from || x.more && x.to%8 != 0 || x.to > maxDatagram {
		return Frame{}, d.undecoded("malformed IP fragment")
	}
	t := &d.fragments
	t.tell(seg.Time)
	defer d.settle()
	if d.plainUDP(x) {
		t.dismiss(t.find(x))
		t.room()
		return Frame{}, Other
	}
	if d.readAlone(x) {
		t.lost[incomplete]++
		d.walk.unsure = true
		return Frame{Data: x.data, Length: uint32(x.to)}, TCP
	}
	seg.Flags, seg.SrcPort, seg.DstPort = 0, 0, 0
	g := t.find(x)
	o := g.overlap(x)
	again := o.covered == x.to-x.from && !o.differs && (x.more || g.total >= 0)
	if g.state == done && !again || g.state == dismissed && x.from == 0 {
		t.drop(g)
		g, o = t.find(x), overlap{}
	}
	switch {
	case g.state == dismissed:
		return Frame{}, Other
	case g.state == refused:
		t.lost[g.why]++
		return Frame{}, Undecoded
	case g.state == waiting && x.version == 6 && (o.differs || o.covered > 0 && !o.exact):
		g.count++
		t.refuse(g, overlapping)
		return Frame{}, Undecoded
	case o.differs:
		t.giveUp(g, overlapping)
		g = t.find(x)
		g.doubt = true
	}
	if g.count++; g.state == waiting && !again {
		t.add(g, x)
	}
	if len(g.pieces) > maxPieces {
		t.refuse(g, shattered)
		return Frame{}, Undecoded
	}
	d.identify(g, x, seg)
	return d.whole(g, x, seg)
}

// plainUDP reports whether a first fragment is of a UDP datagram that is no tunnel's.
func (d *Decoder) plainUDP(x *fragment) bool {
	return x.next == protoUDP && x.from == 0 && len(x.data) >= 4 &&
		d.tunnelOf(binary.BigEndian.Uint16(x.data), binary.BigEndian.Uint16(x.data[2:])) == 0
}

// readAlone reports whether a first fragment is all that there will be of its datagram.
func (d *Decoder) readAlone(x *fragment) bool {
	t := &d.fragments
	if x.from > 0 {
		t.later = true
	}
	if t.later || !x.more || extension(int(x.next), x.data) != 0 {
		return false
	}
	t.firsts++
	return t.firsts > fewFirsts
}

// identify notes what the fragment tells of its datagram, and says in seg whose it is as
// soon as that is known.
func (d *Decoder) identify(g *datagram, x *fragment, seg *flow.Segment) {
	t := &d.fragments
	if x.from == 0 {
		g.next, g.first = x.next, true
	}
	if g.state == waiting {
		if len(d.parts) == 0 {
			t.mark(g, seg.Mark)
		}
		for _, m := range d.parts {
			t.mark(g, m)
		}
	}
	if !g.known && x.from == 0 && x.next == protoTCP && len(x.data) >= 4 {
		g.known, g.ports = true, binary.BigEndian.Uint32(x.data)
		d.parts = append(d.parts[:0], g.marks...)
	}
	seg.SrcPort, seg.DstPort = uint16(g.ports>>16), uint16(g.ports)
}

// whole returns the datagram if all of it is there.
func (d *Decoder) whole(g *datagram, x *fragment, seg *flow.Segment) (Frame, Verdict) {
	t := &d.fragments
	if g.state == done || g.have != g.total {
		t.room()
		return Frame{}, Fragment
	}
	doubt := g.doubt || t.clock-g.born > fragmentDoubt
	d.parts = append(d.parts[:0], g.marks...)
	b := Frame{Data: t.finish(g), Length: uint32(g.total)}
	t.room()
	if doubt && g.next == protoTCP && wrongChecksum(b, seg) {
		t.lose(g, mixed)
		return Frame{}, Undecoded
	}
	x.next, x.more = g.next, false
	return b, TCP
}

// settle counts what was given up.
func (d *Decoder) settle() {
	t := &d.fragments
	for why, n := range t.lost {
		if n > 0 {
			d.counted(reason{lossTexts[why], -1}, n)
			t.lost[why] = 0
		}
	}
}
