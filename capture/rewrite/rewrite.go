// Package rewrite changes what packets say, so that they can be shared: addresses get other names, stretches of a
// connection's text other bytes. Lengths, sequence numbers, acknowledgements and checksums are made to fit, so that the
// packets remain what they were otherwise. Package carve tells it what to change, and writes the packets.
package rewrite

import (
	"errors"

	"ftpscope/capture/cryptopan"
)

// Frame is a captured packet.
type Frame struct {
	Data   []byte
	Length uint32 // bytes on the wire
	Link   uint32 // LINKTYPE_…
	FCS    uint8  // bytes of the link's check sequence at the end; what was rewritten has none
}

// Conn is a connection whose text changes: what was sent by either end.
type Conn struct{ Sides [2]Side }

// plain reports whether nothing changes.
func (c *Conn) plain() bool { return len(c.Sides[0].edits)+len(c.Sides[1].edits) == 0 }

// Rewriter rewrites packets. It belongs to one goroutine.
type Rewriter struct {
	Names      *cryptopan.Map // nil: addresses stay
	VXLANPorts []uint16       // UDP ports of VXLAN, besides the usual ones

	layout layout
	buf    []byte
	text   []byte
}

// Errors of Packet, which then has changed nothing.
var (
	ErrUnknown  = errors.New("in an encapsulation that cannot be rewritten")
	ErrFragment = errors.New("an IP fragment of text that changes")
	ErrTooLong  = errors.New("longer than a packet may be, once rewritten")
)

// Packet returns a packet as it is to be shared; the bytes are valid until the next call. c is its connection, sent the
// index of the side that sent it (or the packet that an ICMP error quotes); nil: no text changes.
func (r *Rewriter) Packet(f Frame, c *Conn, sent int) (Frame, error) {
	l := &r.layout
	if f.FCS > 0 {
		f.Length -= min(uint32(f.FCS), f.Length)
		f.Data = f.Data[:min(uint32(len(f.Data)), f.Length)]
	}
	*l = layout{b: f.Data, wire: int(f.Length), list: l.list[:0], vxlan: r.VXLANPorts}
	if l.link(f.Link, 0); l.broken || len(l.list) == 0 || !l.nested() {
		return Frame{}, ErrUnknown
	}
	inner := &l.list[len(l.list)-1]
	if c != nil && c.plain() {
		c = nil
	}
	if c != nil && (inner.kind != tcp || l.inFragment()) {
		return Frame{}, ErrFragment
	}
	r.buf = append(r.buf[:0], f.Data...)
	if r.Names != nil {
		for i := range l.list {
			r.rename(r.buf, &l.list[i])
		}
	}
	ch := change{r: r, old: f.Data, inner: inner, limit: len(f.Data)}
	if inner.kind == tcp {
		ch.segment(c, sent)
	}
	if !ch.lengths() {
		return Frame{}, ErrTooLong
	}
	ch.finish()
	ch.checksums()
	return Frame{Data: r.buf, Length: uint32(max(ch.wire, len(r.buf))), Link: f.Link}, nil
}

// nested reports whether all headers are within the first IP packet, as its header tells its length.
func (l *layout) nested() bool {
	end := l.outer().end
	for i := range l.list {
		x := &l.list[i]
		if x.body > end || x.kind == tcp && x.at+8 > end || x.end < x.at {
			return false
		}
	}
	return true
}

// inFragment reports whether the segment is a part of a datagram only.
func (l *layout) inFragment() bool {
	for i := range l.list {
		if l.list[i].fragment && l.list[i].quoted == l.quoted {
			return true
		}
	}
	return false
}

// outer is the first IP header, of whose packet all else is a part.
func (l *layout) outer() *layer {
	for i := range l.list {
		if k := l.list[i].kind; k == ip4 || k == ip6 {
			return &l.list[i]
		}
	}
	return &l.list[0]
}

// carrier is the IP header that carries a layer.
func (l *layout) carrier(of int) *layer {
	for i := of - 1; i >= 0; i-- {
		if k := l.list[i].kind; (k == ip4 || k == ip6) && l.list[i].quoted == l.list[of].quoted {
			return &l.list[i]
		}
	}
	return nil
}
