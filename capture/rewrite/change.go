package rewrite

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"

	"ftpscope/capture/decode"
)

// change is the rewriting of one packet: old becomes r.buf.
type change struct {
	packet
	r      *Rewriter
	last   *decode.Layer // the innermost
	limit  int           // where what is there of the innermost packet ends in old
	moved  int           // where that ends in r.buf
	delta  int           // bytes that the segment grew by
	length int           // the new length
}

const (
	flagSYN = 2
	flagACK = 16
	flagURG = 32
)

// segment changes numbers and text of the TCP segment, of which an ICMP error may quote
// as little as eight bytes.
func (ch *change) segment(c *Conn, sent int) {
	at := ch.last.At
	ch.limit = min(len(ch.old), ch.last.End)
	if ch.last.Quoted {
		ch.limit = min(ch.limit, ch.message().End)
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
	if head < 20 || at+head > ch.last.End || at+head > ch.limit {
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
	n := int64(ch.last.End - body)
	ch.delta = int(side.place(from+n) - side.place(from) - n)
	text := side.bytes(ch.r.text[:0], ch.old[body:ch.limit], from)
	ch.r.text = text
	if ch.last.Quoted { // the message keeps its length: what it quotes is a beginning anyway
		clear(ch.r.buf[body:ch.limit])
		copy(ch.r.buf[body:ch.limit], text)
		return
	}
	ch.r.buf = append(append(ch.r.buf[:body], text...), ch.old[ch.limit:]...)
	ch.moved = body + len(text)
}

// grows reports whether a layer is longer by the change: not what quotes.
func (ch *change) grows(l *decode.Layer) bool { return l.Quoted == ch.last.Quoted }

// lengths makes the lengths fit; false: one of them cannot say it.
func (ch *change) lengths() bool {
	if ch.delta == 0 {
		return true
	}
	for i := range ch.Layers {
		l := &ch.Layers[i]
		field := -1
		switch l.Type {
		case layers.LayerTypeIPv4:
			field = 2
		case layers.LayerTypeIPv6, layers.LayerTypeUDP:
			field = 4
		}
		if field >= 0 && ch.grows(l) && !ch.grow(binary.BigEndian, l.At+field) {
			return false
		}
	}
	for i := range ch.Fields {
		ok := true
		switch f := &ch.Fields[i]; {
		case ch.last.Quoted:
		case f.Kind == decode.Length:
			ok = ch.grow(binary.BigEndian, f.At)
		case f.Kind == decode.LengthLittle:
			ok = ch.grow(binary.LittleEndian, f.At)
		}
		if !ok {
			return false
		}
	}
	return true
}

// grow changes the length at an offset.
func (ch *change) grow(order binary.ByteOrder, at int) bool {
	n := int(order.Uint16(ch.r.buf[at:]))
	if n == 0 { // filled in by the network card, or a jumbogram
		return true
	}
	order.PutUint16(ch.r.buf[at:], uint16(n+ch.delta))
	return n+ch.delta <= 0xffff
}

// finish takes out what stands after the packet: frames are filled up to their least
// length with bytes of anything.
func (ch *change) finish() {
	const leastFrame = 60 // Ethernet's, without the check sequence
	delta := ch.delta
	if ch.last.Quoted {
		delta = 0
		if l := ch.message(); ch.r.Names != nil && ch.limit < min(l.End, len(ch.r.buf)) {
			// RFC 4884's extensions may name interfaces by address.
			clear(ch.r.buf[ch.limit:min(l.End, len(ch.r.buf))])
			field := 5 // and no length tells of them
			if l.Type == layers.LayerTypeICMPv6 {
				field = 4
			}
			ch.r.buf[l.At+field] = 0
		}
	} else if ch.last.Type == layers.LayerTypeTCP {
		clear(ch.r.buf[ch.moved:])
	}
	outer := ch.outer().End
	end := outer + delta
	ch.length = ch.wire + delta
	if ch.wire <= outer { // nothing stands there
		return
	}
	ch.length = max(end, min(leastFrame, ch.wire))
	if len(ch.old) < outer {
		return
	}
	for len(ch.r.buf) < ch.length {
		ch.r.buf = append(ch.r.buf, 0)
	}
	ch.r.buf = ch.r.buf[:ch.length]
	clear(ch.r.buf[end:])
}

// checksums makes the checksums fit, from the innermost outwards.
func (ch *change) checksums() {
	b := ch.r.buf
	for i := len(ch.Layers) - 1; i >= 0; i-- {
		l := &ch.Layers[i]
		switch l.Type {
		case layers.LayerTypeIPv4:
			c := changed{covered{ch.old[l.At:l.Body()], 0}, covered{b[l.At:l.Body()], 0}, 10, true}
			put16(b[l.At+10:], int(c.checksum()))
		case layers.LayerTypeTCP:
			ch.transport(i, 16, protoTCP)
		case layers.LayerTypeUDP:
			if get16(b[l.At+6:]) != 0 {
				ch.transport(i, 6, protoUDP)
			}
		case layers.LayerTypeICMPv4:
			ch.transport(i, 2, 0)
		case layers.LayerTypeICMPv6:
			ch.transport(i, 2, protoICMPv6)
		}
		for _, f := range ch.Fields {
			if f.Kind == decode.Checksum && l.At <= f.At && f.At < l.Body() {
				ch.transport(i, f.At-l.At, 0)
			}
		}
	}
}

// transport makes the checksum at an offset of a layer fit.
func (ch *change) transport(i, field, proto int) {
	l, b := &ch.Layers[i], ch.r.buf
	end, there := min(l.End, len(ch.old)), min(l.End, len(b))
	if ch.grows(l) && !l.Quoted {
		there = min(l.End+ch.delta, len(b))
	}
	if l.Quoted {
		end, there = ch.limit, ch.limit
	}
	if end < l.At+field+2 || there < l.At+field+2 {
		return
	}
	c := changed{covered{bytes: ch.old[l.At:end]}, covered{bytes: b[l.At:there]}, field, end >= l.End}
	if ip, ok := ch.carrier(i); ok {
		size := l.End - l.At
		grown := size
		if ch.grows(l) {
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
	if l.Type == layers.LayerTypeUDP && sum == 0 {
		sum = 0xffff // RFC 768: 0 says that there is none
	}
	put16(b[l.At+field:], int(sum))
}
