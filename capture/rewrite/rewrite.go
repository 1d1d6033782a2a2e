// Package rewrite changes what packets say, so that they can be shared: addresses get
// other names, stretches of a connection's text other bytes. Lengths, sequence numbers,
// acknowledgements and checksums are made to fit, so that the packets remain what they
// were otherwise. Package carve tells it what to change, and writes the packets.
package rewrite

import (
	"errors"

	"github.com/google/gopacket/layers"

	"ftpscope/capture/cryptopan"
	"ftpscope/capture/decode"
)

// Frame is a captured packet. What was rewritten has no check sequence.
type Frame = decode.Frame

// Conn is a connection whose text changes: what was sent by either end.
type Conn struct{ Sides [2]Side }

// plain reports whether nothing changes.
func (c *Conn) plain() bool { return len(c.Sides[0].edits)+len(c.Sides[1].edits) == 0 }

// Rewriter rewrites packets. It belongs to one goroutine.
type Rewriter struct {
	Names      *cryptopan.Map // nil: addresses stay
	VXLANPorts []uint16       // UDP ports of VXLAN, besides the usual ones

	decoder decode.Decoder
	buf     []byte
	text    []byte
}

// Errors of Packet, which then has changed nothing.
var (
	ErrUnknown  = errors.New("in an encapsulation that cannot be rewritten")
	ErrFragment = errors.New("an IP fragment of text that changes")
	ErrTooLong  = errors.New("longer than a packet may be, once rewritten")
)

// Packet returns a packet as it is to be shared; the bytes are valid until the next call.
// c is its connection, sent the index of the side that sent it (or the packet that an
// ICMP error quotes); nil: no text changes.
func (r *Rewriter) Packet(f Frame, c *Conn, sent int) (Frame, error) {
	if f.FCS > 0 {
		f.Length -= min(uint32(f.FCS), f.Length)
		f.Data, f.FCS = f.Data[:min(uint32(len(f.Data)), f.Length)], 0
	}
	r.decoder.VXLANPorts = r.VXLANPorts
	trail, verdict := r.decoder.Trail(f)
	p := packet{Trail: trail, old: f.Data, wire: int(f.Length)}
	if !p.canChange(verdict) {
		return Frame{}, ErrUnknown
	}
	if c != nil && c.plain() {
		c = nil
	}
	if c != nil && (p.inner().Type != layers.LayerTypeTCP || p.inFragment()) {
		return Frame{}, ErrFragment
	}
	r.buf = append(r.buf[:0], f.Data...)
	if r.Names != nil {
		r.rename(&p)
	}
	ch := change{r: r, packet: p, last: p.inner(), limit: len(f.Data)}
	if ch.last.Type == layers.LayerTypeTCP {
		ch.segment(c, sent)
	}
	if !ch.lengths() {
		return Frame{}, ErrTooLong
	}
	ch.finish()
	ch.checksums()
	return Frame{Data: r.buf, Length: uint32(max(ch.length, len(r.buf))), Link: f.Link}, nil
}
