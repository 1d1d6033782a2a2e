package capturetest

import (
	"fmt"
	"io"
	"math/bits"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
)

// NgBlock is the kind of block that holds packets.
type NgBlock uint8

// The kinds of packet blocks (draft-ietf-opsawg-pcapng sections 4.3, 4.4 and appendix A).
const (
	Enhanced NgBlock = iota
	Simple           // has no time and only interface 0; a frame cut by Snap needs the same SnapLen
	Obsolete
)

// NgOptions says what kind of pcapng file to write; the zero value: one little-endian
// section of Enhanced Packet Blocks, an interface for each link type, microseconds.
type NgOptions struct {
	BigEndian     bool
	Alternate     bool   // every second section in the other byte order
	Sections      int    // 0: 1
	Interfaces    int    // for each link type, used in turn; 0: 1
	Resolutions   []byte // if_tsresol of the interfaces, in turn; none: the option is left out
	Offset        int64  // if_tsoffset: seconds to add to timestamps
	SnapLen       uint32 // of the interfaces; 0: no limit
	Block         NgBlock
	Drops         []uint64 // isb_ifdrop of the interfaces, in an Interface Statistics Block each at the end of the section
	Extras        bool     // unknown blocks and options, comments and empty names, which a reader must step over
	SectionLength bool     // write it instead of -1, "not specified"
}

const (
	ngUnknown  = 0x0bad0bad // a local block: its first bit is 0, nobody has it
	optUnknown = 0x7777
	optComment = 1
)

// WritePcapng writes the frames as a pcapng file.
func WritePcapng(w io.Writer, frames []Frame, o NgOptions) error {
	for i, part := range Rotate(frames, max(o.Sections, 1)) {
		s := ngWriter{NgOptions: o, body: begin(o.BigEndian != (o.Alternate && i%2 == 1)), ids: map[uint32]uint32{}}
		if err := s.section(part); err != nil {
			return err
		}
		if _, err := w.Write(append(s.header(), s.body.Bytes...)); err != nil {
			return err
		}
	}
	return nil
}

type ngWriter struct {
	NgOptions
	ids   map[uint32]uint32 // the first interface of a link type
	count uint32            // of interfaces
	body  *rawfile.File     // the section's blocks
}

func (w *ngWriter) header() []byte {
	b := w.body.Body().U32(rawfile.ByteOrder).U16(1, 0)
	length := ^uint64(0)
	if w.SectionLength {
		length = uint64(len(w.body.Bytes))
	}
	b.Raw(b.U64(length)...)
	if w.Extras {
		b.Raw(b.Options(b.Option(optComment, []byte("a section")...))...)
	}
	return w.body.Body().Block(rawfile.Section, b.Bytes).Bytes
}

func (w *ngWriter) section(frames []Frame) error {
	for i := range frames {
		f := &frames[i]
		id, ok := w.ids[f.Link]
		if !ok {
			id = w.addInterfaces(f.Link)
		}
		if w.Extras {
			w.body.Block(ngUnknown, []byte("step over"))
		}
		if err := w.packet(f, id+uint32(i%max(w.Interfaces, 1))); err != nil {
			return fmt.Errorf("frame %d: %w", i+1, err)
		}
	}
	for id, drops := range w.Drops[:min(len(w.Drops), int(w.count))] {
		w.body.Stats(uint32(id), w.body.Options(w.body.Option(rawfile.OptIfDropped, w.body.U64(drops)...)))
	}
	return nil
}

func (w *ngWriter) addInterfaces(link uint32) uint32 {
	first := w.count
	w.ids[link] = first
	for range max(w.Interfaces, 1) {
		var list [][]byte
		if resolution, ok := w.resolution(w.count); ok {
			list = append(list, w.body.Option(rawfile.OptTsResol, resolution))
		}
		if w.Offset != 0 {
			list = append(list, w.body.Option(rawfile.OptTsOffset, w.body.U64(uint64(w.Offset))...))
		}
		if w.Extras {
			list = append(list, w.body.Option(optUnknown, []byte("odd")...), w.body.Option(optComment))
		}
		w.body.Iface(uint16(link), w.SnapLen, w.body.Options(list...))
		w.count++
	}
	return first
}

func (w *ngWriter) resolution(id uint32) (byte, bool) {
	if len(w.Resolutions) == 0 {
		return 6, false
	}
	return w.Resolutions[int(id)%len(w.Resolutions)], true
}

func (w *ngWriter) packet(f *Frame, id uint32) error {
	if w.Block == Simple {
		if id != 0 {
			return fmt.Errorf("link type %d in a Simple Packet Block", f.Link)
		}
		w.body.Simple(f.Data, uint32(f.Length))
		return nil
	}
	resolution, _ := w.resolution(id)
	at, err := timestamp(f.Time-flow.Time(w.Offset)*flow.Second, resolution)
	if err != nil {
		return err
	}
	var options []byte
	if w.Extras {
		options = w.body.Options(w.body.Option(optComment, []byte("a packet")...), w.body.Option(optUnknown, 1, 2, 3, 4, 5))
	}
	if w.Block == Obsolete {
		w.body.Obsolete(uint16(id), at, f.Data, uint32(f.Length), options)
	} else {
		w.body.Enhanced(id, at, f.Data, uint32(f.Length), options)
	}
	return nil
}

// timestamp counts t in units of if_tsresol: powers of ten, or of two when the first bit
// is set. Powers of two are rounded up, so that a reader that rounds down finds the same
// nanosecond again where the unit is that fine.
func timestamp(t flow.Time, resolution byte) (uint64, error) {
	rate, exponent := uint64(1), resolution&0x7f
	up := uint64(0)
	if resolution&0x80 != 0 {
		rate, up = rate<<min(exponent, 63), uint64(flow.Second-1)
	} else {
		for range min(exponent, 19) {
			rate *= 10
		}
	}
	high, whole := bits.Mul64(uint64(t/flow.Second), rate)
	fractionHigh, fractionLow := bits.Mul64(uint64(t%flow.Second), rate)
	fractionLow, carry := bits.Add64(fractionLow, up, 0)
	fractionHigh += carry
	if t < 0 || high != 0 || fractionHigh >= uint64(flow.Second) {
		return 0, fmt.Errorf("no timestamp of resolution %#x holds %d ns", resolution, t)
	}
	fraction, _ := bits.Div64(fractionHigh, fractionLow, uint64(flow.Second))
	sum, carry := bits.Add64(whole, fraction, 0)
	if carry != 0 {
		return 0, fmt.Errorf("no timestamp of resolution %#x holds %d ns", resolution, t)
	}
	return sum, nil
}
