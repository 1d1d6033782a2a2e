package rewrite

import "encoding/binary"

// change is the rewriting of one packet: old becomes r.buf.
type change struct {
	r     *Rewriter
	old   []byte
	inner *layer // the last one
	limit int    // where what is there of the innermost packet ends in old
	moved int    // where that ends in r.buf
	delta int    // bytes that the segment grew by
	wire  int    // the new length
}

const (
	flagSYN = 2
	flagACK = 16
	flagURG = 32
)

// segment changes numbers and text of the TCP segment, of which an ICMP error may quote as little as eight bytes.
func (ch *change) segment(c *Conn, sent int) {
	l, at := &ch.r.layout, ch.inner.at
	ch.limit = min(len(ch.old), ch.inner.end)
	if l.quoted {
		ch.limit = min(ch.limit, ch.message().end)
	}
	ch.moved = ch.limit
	if c == nil {
		return
	}
	b, side, other := ch.r.buf, &c.Sides[sent], &c.Sides[1-sent]
	first := get32(b[at+4:])
	put32(b[at+4:], side.seq(first))
	if ch.limit < at+20 {
		return
	}
	flags, head := b[at+13], int(b[at+12]>>4)*4
	if flags&flagACK != 0 {
		put32(b[at+8:], other.seq(get32(b[at+8:])))
	}
	if urgent := uint32(binary.BigEndian.Uint16(b[at+18:])); flags&flagURG != 0 {
		put16(b[at+18:], int(side.seq(first+urgent)-side.seq(first)))
	}
	if head < 20 || at+head > ch.inner.end || at+head > ch.limit {
		return
	}
	options(b[at+20:at+head], func(o option, _ []byte) {
		const selective = 5 // RFC 2018 section 3: pairs of edges
		for v := o.value; o.kind == selective && len(v) >= 4; v = v[4:] {
			put32(v, other.seq(get32(v)))
		}
	})
	if flags&flagSYN != 0 {
		first++
	}
	ch.payload(side, side.offset(first), at+head)
}

// payload changes the text from an offset of the stream on, which stands at body.
func (ch *change) payload(side *Side, from int64, body int) {
	n := int64(ch.inner.end - body)
	ch.delta = int(side.place(from+n) - side.place(from) - n)
	text := side.bytes(ch.r.text[:0], ch.old[body:ch.limit], from)
	ch.r.text = text
	if ch.r.layout.quoted { // the message keeps its length: what it quotes is a beginning anyway
		clear(ch.r.buf[body:ch.limit])
		copy(ch.r.buf[body:ch.limit], text)
		return
	}
	ch.r.buf = append(append(ch.r.buf[:body], text...), ch.old[ch.limit:]...)
	ch.moved = body + len(text)
}

// message is the ICMP error that quotes.
func (ch *change) message() *layer {
	for i := range ch.r.layout.list {
		if x := &ch.r.layout.list[i]; x.kind == icmp || x.kind == icmp6 {
			return x
		}
	}
	return ch.inner
}

// grows reports whether a layer is longer by the change.
func (ch *change) grows(x *layer) bool { return x.quoted == ch.inner.quoted }

// lengths makes the lengths fit; false: one of them cannot say it.
func (ch *change) lengths() bool {
	if ch.delta == 0 {
		return true
	}
	b := ch.r.buf
	for i := range ch.r.layout.list {
		x := &ch.r.layout.list[i]
		field := -1
		switch {
		case !ch.grows(x):
		case x.kind == ip4:
			field = x.at + 2
		case x.kind == ip6, x.kind == udp:
			field = x.at + 4
		case x.kind == length:
			field = x.at
		}
		if x.kind == lengthLittle && ch.grows(x) {
			put16little(b[x.at:], int(binary.LittleEndian.Uint16(b[x.at:]))+ch.delta)
		}
		if field < 0 {
			continue
		}
		n := int(binary.BigEndian.Uint16(b[field:]))
		if n == 0 { // filled in by the network card, or a jumbogram
			continue
		}
		if n += ch.delta; n > 0xffff {
			return false
		}
		put16(b[field:], n)
	}
	return true
}

// finish takes out what stands after the packet: frames are filled up to their least length with bytes of anything.
func (ch *change) finish() {
	const leastFrame = 60 // Ethernet's, without the check sequence
	l := &ch.r.layout
	delta := ch.delta
	if l.quoted {
		delta = 0
		if x := ch.message(); ch.r.Names != nil && ch.limit < min(x.end, len(ch.r.buf)) {
			clear(ch.r.buf[ch.limit:min(x.end, len(ch.r.buf))]) // RFC 4884's extensions may name interfaces by address
			ch.r.buf[x.at+5-int(x.kind-icmp)] = 0               // and no length tells of them
		}
	} else if ch.inner.kind == tcp {
		clear(ch.r.buf[ch.moved:])
	}
	end := l.outer().end + delta
	ch.wire = l.wire + delta
	if l.wire <= l.outer().end { // nothing stands there
		return
	}
	ch.wire = max(end, min(leastFrame, l.wire))
	if len(ch.old) < l.outer().end {
		return
	}
	for len(ch.r.buf) < ch.wire {
		ch.r.buf = append(ch.r.buf, 0)
	}
	ch.r.buf = ch.r.buf[:ch.wire]
	clear(ch.r.buf[end:])
}

// checksums makes the checksums fit, from the innermost outwards.
func (ch *change) checksums() {
	l, b := &ch.r.layout, ch.r.buf
	for i := len(l.list) - 1; i >= 0; i-- {
		x := &l.list[i]
		at, proto := -1, 0
		switch x.kind {
		case ip4:
			c := changed{covered{ch.old[x.at:x.body], 0}, covered{b[x.at:x.body], 0}, 10, true}
			put16(b[x.at+10:], int(c.checksum()))
		case tcp:
			at, proto = 16, protoTCP
		case udp:
			if get32(b[x.at+4:])&0xffff != 0 {
				at, proto = 6, protoUDP
			}
		case icmp:
			at = 2
		case icmp6:
			at, proto = 2, protoICMPv6
		case gre:
			at = 4
		}
		if at >= 0 {
			ch.transport(i, at, proto)
		}
	}
}

// transport makes the checksum at an offset of a layer fit.
func (ch *change) transport(i, field, proto int) {
	l, b := &ch.r.layout, ch.r.buf
	x := &l.list[i]
	end, there := min(x.end, len(ch.old)), min(x.end, len(b))
	if ch.grows(x) && !x.quoted {
		there = min(x.end+ch.delta, len(b))
	}
	if x.quoted {
		end, there = ch.limit, ch.limit
	}
	if end < x.at+field+2 || there < x.at+field+2 {
		return
	}
	c := changed{covered{bytes: ch.old[x.at:end]}, covered{bytes: b[x.at:there]}, field, end >= x.end}
	if ip := l.carrier(i); ip != nil {
		size := x.end - x.at
		grown := size
		if ch.grows(x) {
			grown += ch.delta
		}
		if ip.fragment { // the length is the datagram's, which is not told here
			size, grown, c.whole = 0, 0, false
		}
		if proto != 0 {
			c.old.pseudo, c.now.pseudo = ip.pseudo(ch.old, proto, size), ip.pseudo(b, proto, grown)
		}
	}
	sum := c.checksum()
	if x.kind == udp && sum == 0 {
		sum = 0xffff // RFC 768: 0 says that there is none
	}
	put16(b[x.at+field:], int(sum))
}

// pseudo is the sum of the pseudo-header of what an IP header carries.
func (x *layer) pseudo(b []byte, proto, size int) uint32 {
	if x.kind == ip4 {
		return sum(sum(pseudo(proto, size), b[x.at+12:x.at+16]), b[x.dst:x.dst+4])
	}
	return sum(sum(pseudo(proto, size), b[x.at+8:x.at+24]), b[x.dst:x.dst+16])
}
