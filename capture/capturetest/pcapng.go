package capturetest

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

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

// NgOptions says what kind of pcapng file to write; the zero value: one little-endian section of Enhanced Packet
// Blocks, an interface for each link type, microseconds.
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

// Numbers of the pcapng specification.
const (
	ngSection, ngInterface, ngObsolete, ngSimple, ngStatistics, ngEnhanced = 0x0a0d0d0a, 1, 2, 3, 5, 6
	ngByteOrder                                                            = 0x1a2b3c4d
	ngUnknown                                                              = 0x0bad0bad // a local block: its first bit is 0, nobody has it

	optEnd, optComment, optTSResol, optTSOffset, optIfDrop = 0, 1, 9, 14, 5
	optUnknown                                             = 0x7777
)

// WritePcapng writes the frames as a pcapng file.
func WritePcapng(w io.Writer, frames []Frame, o NgOptions) error {
	for i, part := range Rotate(frames, max(o.Sections, 1)) {
		s := ngWriter{NgOptions: o, bo: order(o.BigEndian != (o.Alternate && i%2 == 1)), ids: map[uint32]uint32{}}
		if err := s.section(part); err != nil {
			return err
		}
		if _, err := w.Write(append(s.header(), s.body...)); err != nil {
			return err
		}
	}
	return nil
}

type ngWriter struct {
	NgOptions
	bo    binary.AppendByteOrder
	ids   map[uint32]uint32 // the first interface of a link type
	count uint32            // of interfaces
	body  []byte            // the section's blocks
}

func (w *ngWriter) header() []byte {
	length := ^uint64(0)
	if w.SectionLength {
		length = uint64(len(w.body))
	}
	b := w.bo.AppendUint32(nil, ngByteOrder)
	b = w.bo.AppendUint16(w.bo.AppendUint16(b, 1), 0) // version 1.0
	b = w.bo.AppendUint64(b, length)
	if w.Extras {
		b = w.options(b, ngOption{optComment, []byte("a section")})
	}
	return w.block(nil, ngSection, b)
}

func (w *ngWriter) section(frames []Frame) error {
	for i := range frames {
		f := &frames[i]
		id, ok := w.ids[f.Link]
		if !ok {
			id = w.addInterfaces(f.Link)
		}
		if w.Extras {
			w.body = w.block(w.body, ngUnknown, []byte("step over"))
		}
		if err := w.packet(f, id+uint32(i%max(w.Interfaces, 1))); err != nil {
			return fmt.Errorf("frame %d: %w", i+1, err)
		}
	}
	for id, drops := range w.Drops {
		if id >= int(w.count) {
			break
		}
		b := w.bo.AppendUint32(nil, uint32(id))
		b = append(b, make([]byte, 8)...)
		b = w.options(b, ngOption{optIfDrop, w.bo.AppendUint64(nil, drops)})
		w.body = w.block(w.body, ngStatistics, b)
	}
	return nil
}

func (w *ngWriter) addInterfaces(link uint32) uint32 {
	first := w.count
	w.ids[link] = first
	for range max(w.Interfaces, 1) {
		b := w.bo.AppendUint16(nil, uint16(link))
		b = append(b, 0, 0)
		b = w.bo.AppendUint32(b, w.SnapLen)
		var list []ngOption
		if resolution, ok := w.resolution(w.count); ok {
			list = append(list, ngOption{optTSResol, []byte{resolution}})
		}
		if w.Offset != 0 {
			list = append(list, ngOption{optTSOffset, w.bo.AppendUint64(nil, uint64(w.Offset))})
		}
		if w.Extras {
			list = append(list, ngOption{optUnknown, []byte("odd")}, ngOption{optComment, nil})
		}
		w.body = w.block(w.body, ngInterface, w.options(b, list...))
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
		b := w.bo.AppendUint32(nil, uint32(f.Length))
		w.body = w.block(w.body, ngSimple, append(b, f.Data...))
		return nil
	}
	resolution, _ := w.resolution(id)
	at, err := timestamp(f.Time-flow.Time(w.Offset)*flow.Second, resolution)
	if err != nil {
		return err
	}
	b, kind := w.bo.AppendUint32(nil, id), uint32(ngEnhanced)
	if w.Block == Obsolete {
		b = w.bo.AppendUint16(w.bo.AppendUint16(nil, uint16(id)), 0xffff) // drop count: unknown
		kind = ngObsolete
	}
	b = w.bo.AppendUint32(w.bo.AppendUint32(b, uint32(at>>32)), uint32(at))
	b = w.bo.AppendUint32(w.bo.AppendUint32(b, uint32(len(f.Data))), uint32(f.Length))
	b = pad(append(b, f.Data...))
	if w.Extras {
		b = w.options(b, ngOption{optComment, []byte("a packet")}, ngOption{optUnknown, []byte{1, 2, 3, 4, 5}})
	}
	w.body = w.block(w.body, kind, b)
	return nil
}

// timestamp counts t in units of if_tsresol: powers of ten, or of two when the first bit is set. Powers of two are
// rounded up, so that a reader that rounds down finds the same nanosecond again where the unit is that fine.
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

type ngOption struct {
	code  uint16
	value []byte
}

func (w *ngWriter) options(b []byte, list ...ngOption) []byte {
	if len(list) == 0 {
		return b
	}
	for _, o := range append(list, ngOption{code: optEnd}) {
		b = w.bo.AppendUint16(w.bo.AppendUint16(b, o.code), uint16(len(o.value)))
		b = pad(append(b, o.value...))
	}
	return b
}

// block appends a block: type, length, body, length.
func (w *ngWriter) block(to []byte, kind uint32, body []byte) []byte {
	body = pad(body)
	length := uint32(len(body) + 12)
	to = w.bo.AppendUint32(w.bo.AppendUint32(to, kind), length)
	return w.bo.AppendUint32(append(to, body...), length)
}

func pad(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }
