// Package rawfile writes capture files for tests byte by byte, sound or broken, as
// nothing else would; the readers of capture/pcapfile are the next step.
package rawfile

import (
	"bytes"
	"encoding/binary"
)

// Magic numbers of pcap files.
const (
	Micro    = 0xa1b2c3d4
	Nano     = 0xa1b23c4d
	Modified = 0xa1b2cd34
	IxiaSoft = 0x1c0001ab
	IxiaHard = 0x1c0001ac
)

// Types of pcapng blocks, and codes of their options.
const (
	Section   = 0x0a0d0d0a
	Interface = 1
	Obsolete  = 2
	Simple    = 3
	Names     = 4
	Stats     = 5
	Enhanced  = 6
	Journal   = 9
	Secrets   = 10
	Custom    = 0x00000bad

	ByteOrder = 0x1a2b3c4d

	OptTsResol   = 9
	OptTsOffset  = 14
	OptFCSLen    = 13
	OptFlags     = 2
	OptIfDropped = 5
	OptOSDropped = 7
)

// File is a file in the making: bytes and numbers in one byte order.
type File struct {
	Order binary.ByteOrder
	Bytes []byte
}

// Little and Big begin a file of their byte order.
func Little() *File { return &File{Order: binary.LittleEndian} }
func Big() *File    { return &File{Order: binary.BigEndian} }

// U16 appends numbers, as U32 does.
func (w *File) U16(v ...uint16) *File {
	for _, v := range v {
		w.Bytes = append(w.Bytes, 0, 0)
		w.Order.PutUint16(w.Bytes[len(w.Bytes)-2:], v)
	}
	return w
}

func (w *File) U32(v ...uint32) *File {
	for _, v := range v {
		w.Bytes = append(w.Bytes, 0, 0, 0, 0)
		w.Order.PutUint32(w.Bytes[len(w.Bytes)-4:], v)
	}
	return w
}

// U64 is a number in the file's byte order.
func (w *File) U64(v uint64) []byte {
	var b [8]byte
	w.Order.PutUint64(b[:], v)
	return b[:]
}

// Raw appends bytes.
func (w *File) Raw(b ...byte) *File {
	w.Bytes = append(w.Bytes, b...)
	return w
}

// Body begins something else in the same byte order.
func (w *File) Body() *File { return &File{Order: w.Order} }

// Pcap writes a file header.
func (w *File) Pcap(magic, network uint32) *File {
	return w.U32(magic).U16(2, 4).U32(0, 0, 65535, network)
}

// Record writes a packet of a pcap file, length bytes on the wire.
func (w *File) Record(sec, frac uint32, data []byte, length uint32) *File {
	return w.U32(sec, frac, uint32(len(data)), length).Raw(data...)
}

// Block writes a pcapng block; the body is padded.
func (w *File) Block(kind uint32, body []byte) *File {
	for len(body)%4 != 0 {
		body = append(body[:len(body):len(body)], 0)
	}
	size := uint32(len(body) + 12)
	return w.U32(kind, size).Raw(body...).U32(size)
}

// Section writes a section header.
func (w *File) Section() *File {
	return w.Block(Section, w.Body().U32(ByteOrder).U16(1, 0).U32(0xffffffff, 0xffffffff).Bytes)
}

// Option is one option of a block, padded.
func (w *File) Option(code uint16, v ...byte) []byte {
	o := w.Body().U16(code, uint16(len(v))).Raw(v...)
	for len(o.Bytes)%4 != 0 {
		o.Raw(0)
	}
	return o.Bytes
}

// Options is a list of options with its end, nothing if there are none.
func (w *File) Options(list ...[]byte) []byte {
	if len(list) == 0 {
		return nil
	}
	return append(bytes.Join(list, nil), 0, 0, 0, 0)
}

// Iface writes an interface description.
func (w *File) Iface(link uint16, snap uint32, options ...[]byte) *File {
	return w.Block(Interface, w.Body().U16(link, 0).U32(snap).Raw(bytes.Join(options, nil)...).Bytes)
}

// Enhanced writes a packet, as Obsolete and Simple do in their ways.
func (w *File) Enhanced(id uint32, ticks uint64, data []byte, length uint32, options ...[]byte) *File {
	return w.packet(Enhanced, w.Body().U32(id), ticks, data, length, options)
}

func (w *File) Obsolete(id uint16, ticks uint64, data []byte, length uint32, options ...[]byte) *File {
	return w.packet(Obsolete, w.Body().U16(id, 0xffff), ticks, data, length, options)
}

func (w *File) packet(kind uint32, body *File, ticks uint64, data []byte, length uint32, options [][]byte) *File {
	body.U32(uint32(ticks>>32), uint32(ticks), uint32(len(data)), length).Raw(data...).Raw(make([]byte, -len(data)&3)...)
	return w.Block(kind, body.Raw(bytes.Join(options, nil)...).Bytes)
}

func (w *File) Simple(data []byte, length uint32) *File {
	return w.Block(Simple, w.Body().U32(length).Raw(data...).Bytes)
}

// Stats writes interface statistics.
func (w *File) Stats(id uint32, options ...[]byte) *File {
	return w.Block(Stats, w.Body().U32(id, 0, 0).Raw(bytes.Join(options, nil)...).Bytes)
}

// Snoop writes a snoop file's header, Snooped a packet of it.
func (w *File) Snoop(kind uint32) *File { return w.Raw([]byte("snoop\x00\x00\x00")...).U32(2, kind) }

func (w *File) Snooped(sec, micro, drops uint32, data []byte, length uint32) *File {
	pad := -len(data) & 3
	return w.U32(length, uint32(len(data)), uint32(24+len(data)+pad), drops, sec, micro).Raw(data...).Raw(make([]byte, pad)...)
}

// Many is a capture, pcapng or pcap by its format, of n packets of mixed sizes: about 560
// bytes each, as common traffic has.
func Many(format string, n int) []byte {
	w := Little()
	if format == "pcap" {
		w.Pcap(Micro, 1)
	} else {
		w.Section().Iface(1, 0)
	}
	sizes := []int{54, 66, 1514, 60, 1514, 142, 590, 66}
	data := make([]byte, 1514)
	for i := range n {
		size := sizes[i%len(sizes)]
		if format == "pcap" {
			w.Record(uint32(i>>10), uint32(i&1023), data[:size], uint32(size))
		} else {
			w.Enhanced(0, uint64(i), data[:size], uint32(size))
		}
	}
	return w.Bytes
}
