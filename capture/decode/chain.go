package decode

import (
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// maxLayers bounds the layers of a packet: eight tunnels with all their tags and
// extension headers stay below.
const maxLayers = 320

// chain walks the layers of a packet: each is a gopacket.DecodingLayer that says which
// one comes next. Beside the bytes that were captured goes how many there were on the
// wire, since a snapshot length cuts packets anywhere: wire counts from the layer's first
// byte on. A layer says in head how many bytes are its own and in limit, counted from its
// first byte too, where what it carries ends.
//
// The walk ends at a layer type without a decoder. gopacket.LayerTypePayload is one: what
// was found is told by found, which is Other if no layer said more. An error of a layer,
// or gopacket.LayerTypeDecodeFailure for what is announced but unknown, makes the packet
// Undecoded for the reason in why.
type chain struct {
	d      *Decoder
	layers gopacket.DecodingLayerSparse
	seg    *flow.Segment

	wire, head, limit int
	at                int // offset of the layer in the frame
	kind, last        gopacket.LayerType
	found             Verdict
	why               reason
	trail             *Trail // nil: none is kept
}

// walk is how far the way into a packet has come, for the layers that depend on those
// before them.
type walk struct {
	depth      uint8 // tunnels that it went through so far
	tags       uint8 // VLAN tags in a row
	extensions uint8 // headers of one IPv6 packet
	v6         bool  // the innermost IP header is IPv6's
	byLength   bool  // IEEE 802.2 comes after a length and may be cut
	padded     bool  // the header of IEEE 802.11 is
	swapped    bool  // its two bytes of frame control are
	moved      bool  // the bytes are no longer the frame's, but put together of fragments
	part       bool  // of a trail: more of it is in other fragments
	lone       bool  // TCP follows in a first fragment that is read alone: its end is not the segment's
	pending    bool  // rest is to be read by More
	unsure     bool  // the TCP checksum cannot be checked
}

// walker is the decoder's chain, made when the first packet needs it.
func (d *Decoder) walker() *chain {
	if d.chain != nil {
		return d.chain
	}
	c := &chain{d: d}
	var list gopacket.DecodingLayerContainer = c.layers
	for i := range rows {
		if r := &rows[i]; r.own != nil {
			list = list.Put(r.own(c))
		} else if r.read != nil {
			list = list.Put(&layer{chain: c, own: r.kind, read: r.read})
		}
	}
	c.layers = list.(gopacket.DecodingLayerSparse)
	d.chain = c
	return c
}

// start prepares the chain for a packet, or for a part of one.
func (c *chain) start(seg *flow.Segment, f Frame) {
	c.seg, c.wire, c.at, c.last, c.found = seg, int(f.Length), 0, 0, Other
}

// run walks from the layer first on, which is at the beginning of f.
func (c *chain) run(first gopacket.LayerType, f Frame, seg *flow.Segment) (v Verdict) {
	defer c.recovered(&v)
	c.start(seg, f)
	data := f.Data
	c.kind = first
	for range maxLayers {
		next, ok := c.layers.Decoder(c.kind)
		if !ok {
			if c.kind == gopacket.LayerTypeDecodeFailure {
				return c.refused(c.why)
			}
			return c.found
		}
		c.head, c.limit = 0, c.wire
		entry := c.trail.open(c.kind, c.at)
		if err := next.DecodeFromBytes(data, c); err != nil {
			if err != error(c) {
				c.why = reason{"malformed " + c.kind.String() + " header", -1}
			}
			return c.refused(c.why)
		}
		c.trail.close(entry, c.head, c.limit)
		data = next.LayerPayload()
		c.wire = max(0, c.limit-c.head)
		c.at += c.head
		c.last, c.kind = c.kind, next.NextLayerType()
	}
	return c.refused(reason{"too many layers in one another", -1})
}

// recovered makes a panic of a layer a reason.
func (c *chain) recovered(v *Verdict) {
	if p := recover(); p != nil {
		*v = c.refused(reason{"panic in the decoder of " + c.kind.String(), -1})
	}
}

// refused counts a packet that is not decoded; the trail of one counts nothing.
func (c *chain) refused(why reason) Verdict {
	if c.trail != nil {
		return Undecoded
	}
	return c.d.count(why)
}

// Error makes the chain the error of its layers, which say why in it: so refusing a
// packet does not allocate.
func (c *chain) Error() string { return c.why.String() }

// SetTruncated is gopacket.DecodeFeedback's: lengths tell it here.
func (c *chain) SetTruncated() {}

func (c *chain) undecoded(text string) error {
	c.why = reason{text, -1}
	return c
}

func (c *chain) undecodedType(format string, value uint32) error {
	c.why = reason{format, int64(value)}
	return c
}

// unknown is the layer type of what is announced and not known.
func (c *chain) unknown(format string, value uint32) gopacket.LayerType {
	c.why = reason{format, int64(value)}
	return gopacket.LayerTypeDecodeFailure
}

// short is a header of n bytes of a tunnel that is not there: cut off by the capture, or
// the packet is none of the kind.
func (l *layer) short(f Frame, n int) error {
	if !f.holds(n) {
		return l.other()
	}
	return l.undecoded("cut in the header of a tunnel")
}

// deeper counts a tunnel (or a layer that may hold another of its kind) that the packet
// goes through.
func (d *Decoder) deeper() bool {
	d.walk.depth++
	return d.walk.depth <= maxTunnels
}

func (c *chain) tooDeep() error { return c.undecoded("more than 8 tunnels in one another") }

// tag and enter take the segment into a VLAN or tunnel; a trail is of no network.
func (c *chain) tag(tci uint16) {
	if c.trail == nil {
		c.d.tag(tci, c.seg)
	}
}

func (c *chain) enter(step flow.Step) {
	if c.trail == nil {
		c.d.enter(step, c.seg)
	}
}

// tunnel enters a tunnel between the hosts that the segment has so far; false: it is one
// too many.
func (c *chain) tunnel(kind flow.StepKind, id uint64) bool {
	if !c.d.deeper() {
		return false
	}
	c.enter(flow.Tunnel(kind, id, c.seg.Src, c.seg.Dst))
	return true
}

// reader decodes a layer of ours: f begins with its header and ends where what it is in
// ends; Link means nothing.
type reader func(l *layer, f Frame) error

// layer is a layer of ours as gopacket has them.
type layer struct {
	layers.BaseLayer
	*chain
	own  gopacket.LayerType
	next gopacket.LayerType
	read reader
}

// DecodeFromBytes, CanDecode, LayerType and NextLayerType are gopacket's.
func (l *layer) DecodeFromBytes(data []byte, _ gopacket.DecodeFeedback) error {
	return l.read(l, Frame{Data: data, Length: uint32(l.wire), part: l.d.walk.part})
}

func (l *layer) CanDecode() gopacket.LayerClass    { return l.own }
func (l *layer) LayerType() gopacket.LayerType     { return l.own }
func (l *layer) NextLayerType() gopacket.LayerType { return l.next }

// carry says that the header takes the first bytes of f up to at, and which layer
// follows. The bytes need not be there: the next layer then tells that it is cut.
func (l *layer) carry(f Frame, at int, next gopacket.LayerType) error {
	l.head, l.limit, l.next = at, int(f.Length), next
	at = min(at, len(f.Data))
	l.Contents, l.Payload = f.Data[:at], f.Data[at:]
	return nil
}

// other says that what follows does not concern TCP.
func (l *layer) other() error {
	l.Contents, l.Payload, l.next = nil, nil, gopacket.LayerTypePayload
	return nil
}

// stop says what was found, after which nothing is read.
func (c *chain) stop(v Verdict) gopacket.LayerType {
	c.found = v
	if v == Fragment {
		return gopacket.LayerTypeFragment
	}
	return gopacket.LayerTypePayload
}

// Trail is the way through a packet: its layers from the outermost on, and what in them
// depends on what they carry or names somebody. It is valid until the Decoder is used
// again.
type Trail struct {
	Layers []Layer
	Fields []Field
}

// Layer is a header. Offsets are the frame's; those beyond what was captured are counted
// on.
type Layer struct {
	Type   gopacket.LayerType
	At     int  // where it begins
	Size   int  // of the header; 0: nothing but the layers around it tells that it is there
	End    int  // where what it carries ends, on the wire
	Quoted bool // by an ICMP error
}

// Body is where what it carries begins.
func (l *Layer) Body() int { return l.At + l.Size }

// Field is a part of a layer that whoever changes packets must change too. Those of IP,
// TCP, UDP and ICMP are not told: everybody knows them.
type Field struct {
	Kind FieldKind
	At   int // offset in the frame
	Room int // bytes of a Station
	Size int // those of them that are an address
}

// FieldKind is what a Field is.
type FieldKind uint8

const (
	Station      FieldKind = iota // a hardware address
	Length                        // 16 bits that count what the layer carries
	LengthLittle                  // the same, little-endian
	Checksum                      // an Internet checksum over all of the layer and what it carries
	Sealed                        // the layer cannot be changed unnoticed, or holds several packets
)

// Trail follows a packet alone: a first fragment is read on, a later one ends at its IP
// header, and what an ICMP error quotes is followed too. The verdict is Decode's
// otherwise. Nothing is counted, and no network gets a number.
func (d *Decoder) Trail(f Frame) (*Trail, Verdict) {
	if f.FCS != 0 {
		f = f.withoutFCS()
	}
	c := d.walker()
	d.trail.Layers, d.trail.Fields = d.trail.Layers[:0], d.trail.Fields[:0]
	d.walk = walk{}
	c.trail = &d.trail
	v := c.run(c.linkType(f.Link), f, &d.scratch)
	c.trail = nil
	return &d.trail, v
}

// open begins a layer, close says its lengths; without a trail they do nothing.
func (t *Trail) open(kind gopacket.LayerType, at int) (entry int) {
	if t == nil {
		return 0
	}
	t.Layers = append(t.Layers, Layer{Type: kind, At: at})
	return len(t.Layers) - 1
}

func (t *Trail) close(entry, head, limit int) {
	if t != nil {
		l := &t.Layers[entry]
		l.Size, l.End = head, l.At+limit
	}
}

// note adds a field at an offset from the layer's first byte on.
func (c *chain) note(kind FieldKind, at int) {
	if c.trail != nil {
		c.trail.Fields = append(c.trail.Fields, Field{Kind: kind, At: c.at + at})
	}
}

// station adds a hardware address of so many bytes.
func (c *chain) station(at, room, size int) {
	if c.trail != nil {
		c.trail.Fields = append(c.trail.Fields, Field{Station, c.at + at, room, size})
	}
}

// quoted adds a header that an ICMP error quotes after its own eight bytes; offsets are
// those of the quote.
func (c *chain) quoted(kind gopacket.LayerType, at, size, end int) {
	if c.trail != nil {
		quote := c.at + 8
		c.trail.Layers = append(c.trail.Layers, Layer{kind, quote + at, size, quote + end, true})
	}
}
