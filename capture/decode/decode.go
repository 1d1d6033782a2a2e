// Package decode turns a captured packet into the TCP segment that it carries, or into
// the ICMP error about one.
//
// Nearly every packet is Ethernet (with any VLAN tags), Linux cooked, BSD loopback or raw
// IP, then IPv4 or IPv6, then TCP: the shortcut reads those by hand. Everything else goes
// through the chain, a bounded loop over gopacket.DecodingLayers: gopacket's own where
// they are right, ours where it has none, or one that indexes past the end of cut
// headers, allocates, prints or writes into the packet. What the shortcut accepts the
// chain decodes alike, as a fuzz test proves. Neither allocates.
//
// A file of layers registers them by what announces them (table.go): a link type or a
// tunnel is one file. Who needs to know where a packet's layers are asks for its Trail,
// as capture/rewrite does; capture/filter asks for the Head of its link type. The
// segments go to capture/tcp.
package decode

import (
	"fmt"
	"sort"

	"ftpscope/capture/flow"
)

// Verdict says what a packet turned out to be.
type Verdict uint8

const (
	Other     Verdict = iota // understood, and nothing that concerns TCP: ARP, UDP, …
	TCP                      // the segment is filled in
	ICMP                     // an ICMP error about a TCP segment, both filled in
	Fragment                 // a part of a datagram that is not whole yet; with the ports, if known
	Undecoded                // not understood or damaged; counted by reason

	unaccepted // by the shortcut
)

// Frame is what the decoder is given of a packet.
type Frame struct {
	Data   []byte
	Length uint32 // bytes on the wire
	Link   uint32 // LINKTYPE_…
	FCS    uint8  // how many of the Length bytes, at the end, are the link's frame check sequence
	part   bool   // Length is that of a fragment: more of what is in it is in others
}

// Options of a Decoder; the zero value works.
type Options struct {
	VXLANPorts []uint16 // UDP ports of VXLAN, besides 4789, 4790 (VXLAN-GPE) and 8472
	// VerifyChecksums leaves out packets whose IPv4 header or TCP checksum is wrong.
	// Where the sender's card fills them in, they are in every packet that the capturing
	// host sent.
	VerifyChecksums bool
}

// Decoder decodes packets. It belongs to one goroutine; the zero value is ready.
type Decoder struct {
	Options
	chain     *chain
	walk      walk
	icmp      flow.ICMP
	reasons   map[reason]uint64
	valued    int // of reasons
	total     uint64
	networks  networks
	rest      rest
	fragments fragments
	sums      map[flow.Host]*Checksums // of VerifyChecksums, by source
	parts     []flow.Mark              // see Parts
	trail     Trail
	stays     bool         // see Stays
	scratch   flow.Segment // of Trail
}

// Decode reads f. Its Mark stands in seg already, for what waits for its other fragments.
// For TCP and ICMP seg is filled in but for its Digits; it points into f.Data, or is
// valid until the next call.
func (d *Decoder) Decode(f Frame, seg *flow.Segment) Verdict {
	if f.FCS != 0 {
		f = f.withoutFCS()
	}
	d.parts = d.parts[:0]
	seg.Net = flow.PlainNet
	if !d.VerifyChecksums {
		if v := d.shortcut(f, seg); v != unaccepted {
			d.walk.pending, d.stays = false, true
			return v
		}
	}
	d.stays = false
	return d.decode(f, seg)
}

// Stays reports whether what Decode said last points into the frame only, so that it is
// valid as long as that.
func (d *Decoder) Stays() bool { return d.stays }

// decode is Decode by the chain alone.
func (d *Decoder) decode(f Frame, seg *flow.Segment) Verdict {
	d.walk = walk{}
	c := d.walker()
	v := c.run(c.linkType(f.Link), f, seg)
	if d.walk.pending {
		return d.aggregated(seg)
	}
	return v
}

// withoutFCS leaves the frame check sequence away, as far as it was captured: it is no
// payload.
func (f Frame) withoutFCS() Frame {
	f.Length -= min(uint32(f.FCS), f.Length)
	f.Data = f.Data[:min(uint32(len(f.Data)), f.Length)]
	f.FCS = 0
	return f
}

// cut is f without what comes after the first n bytes on the wire.
func (f Frame) cut(n int) Frame {
	if n < int(f.Length) {
		f.Length = uint32(n)
	}
	if n < len(f.Data) {
		f.Data = f.Data[:n]
	}
	return f
}

// from is f without its first n bytes, of which the capture must hold all.
func (f Frame) from(n int) Frame {
	f.Data, f.Length = f.Data[n:], f.Length-min(f.Length, uint32(n))
	return f
}

// holds reports whether what is in f may be n bytes long.
func (f Frame) holds(n int) bool { return n <= int(f.Length) || f.part }

// rest is what is left of a packet that holds several.
type rest struct {
	frame Frame
	net   flow.Net
	walk  walk
}

// More goes on with a packet that holds several others, as IEEE 802.11 has them: after
// Decode, until it reports false. The segment is as from Decode. What could not be
// decoded is counted.
func (d *Decoder) More(seg *flow.Segment) bool {
	if !d.walk.pending {
		return false
	}
	v := d.aggregated(seg)
	return v == TCP || v == ICMP
}

// Parts lists the packets, this one included, that what Decode said last was made of;
// none: of this packet alone. Of a Fragment it lists those of which it is known only now
// to which connection they belong.
func (d *Decoder) Parts() []flow.Mark { return d.parts }

// Close gives up the fragments that still wait for others, and counts them.
func (d *Decoder) Close() {
	d.fragments.all()
	d.settle()
}

// Reason is why packets were not decoded, and how many.
type Reason struct {
	Text    string
	Packets uint64
}

// reason is a Reason's text, or (value >= 0) a format for it: formatting waits until
// somebody reads it.
type reason struct {
	text  string
	value int64
}

func (r reason) String() string {
	if r.value < 0 {
		return r.text
	}
	return fmt.Sprintf(r.text, r.value)
}

// maxReasons bounds the rows of reasons with a value: hostile link types and EtherTypes
// would fill the table. What does not fit is one row. Reasons without a value are few.
const maxReasons = 64

func (d *Decoder) undecoded(text string) Verdict { return d.count(reason{text, -1}) }

func (d *Decoder) count(r reason) Verdict {
	d.counted(r, 1)
	return Undecoded
}

// counted counts n packets.
func (d *Decoder) counted(r reason, n uint64) {
	if d.reasons == nil {
		d.reasons = map[reason]uint64{}
	}
	if _, ok := d.reasons[r]; !ok && r.value >= 0 {
		if d.valued == maxReasons {
			r = reason{"other", -1}
		} else {
			d.valued++
		}
	}
	d.reasons[r] += n
	d.total += n
}

// Undecoded is the number of packets that were not decoded.
func (d *Decoder) Undecoded() uint64 { return d.total }

// Reasons lists why packets were not decoded, the most frequent first.
func (d *Decoder) Reasons() []Reason {
	list := make([]Reason, 0, len(d.reasons))
	for r, n := range d.reasons {
		list = append(list, Reason{r.String(), n})
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Packets != list[j].Packets {
			return list[i].Packets > list[j].Packets
		}
		return list[i].Text < list[j].Text
	})
	return list
}
