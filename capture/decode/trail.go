package decode

import "github.com/google/gopacket"

// Trail is the way through a packet: its layers from the outermost on, and what in them depends on what they carry or
// names somebody. It is valid until the Decoder is used again.
type Trail struct {
	Layers []Layer
	Fields []Field
}

// Layer is a header. Offsets are the frame's; those beyond what was captured are counted on.
type Layer struct {
	Type   gopacket.LayerType
	At     int  // where it begins
	Size   int  // of the header; 0: nothing but the layers around it tells that it is there
	End    int  // where what it carries ends, on the wire
	Quoted bool // by an ICMP error
}

// Body is where what it carries begins.
func (l *Layer) Body() int { return l.At + l.Size }

// Field is a part of a layer that whoever changes packets must change too. Those of IP, TCP, UDP and ICMP are not told:
// everybody knows them.
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
	Sealed                        // nothing in the layer can be changed without being noticed, or it holds more than one packet
)

// Trail follows a packet alone: a first fragment is read on, a later one ends at its IP header, and what an ICMP error
// quotes is followed too. The verdict is Decode's otherwise. Nothing is counted, and no network gets a number.
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

// quoted adds a header that an ICMP error quotes after its own eight bytes; offsets are those of the quote.
func (c *chain) quoted(kind gopacket.LayerType, at, size, end int) {
	if c.trail != nil {
		quote := c.at + 8
		c.trail.Layers = append(c.trail.Layers, Layer{kind, quote + at, size, quote + end, true})
	}
}
