package capturetest

import (
	"compress/gzip"
	"encoding/binary"
	"io"

	"ftpscope/capture/flow"
)

// PcapOptions says what kind of pcap file to write; the zero value: microseconds, little-endian, the frames' link type.
type PcapOptions struct {
	Nanos     bool
	BigEndian bool
	Link      uint32 // 0: that of the first frame
	SnapLen   uint32 // only what the header says; 0: 262144
}

func order(bigEndian bool) binary.AppendByteOrder {
	if bigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// WritePcap writes the frames as a pcap file (draft-ietf-opsawg-pcap).
func WritePcap(w io.Writer, frames []Frame, o PcapOptions) error {
	bo, magic, unit := order(o.BigEndian), uint32(0xa1b2c3d4), flow.Microsecond
	if o.Nanos {
		magic, unit = 0xa1b23c4d, 1
	}
	link, snap := o.Link, o.SnapLen
	if link == 0 && len(frames) > 0 {
		link = frames[0].Link
	}
	if snap == 0 {
		snap = 262144
	}
	b := bo.AppendUint32(nil, magic)
	b = bo.AppendUint16(bo.AppendUint16(b, 2), 4) // version 2.4
	b = append(b, make([]byte, 8)...)             // time zone, significant figures: always 0
	b = bo.AppendUint32(bo.AppendUint32(b, snap), link)
	if _, err := w.Write(b); err != nil {
		return err
	}
	for i := range frames {
		f := &frames[i]
		b = bo.AppendUint32(b[:0], uint32(f.Time/flow.Second))
		b = bo.AppendUint32(b, uint32(f.Time%flow.Second/unit))
		b = bo.AppendUint32(bo.AppendUint32(b, uint32(len(f.Data))), uint32(f.Length))
		if _, err := w.Write(append(b, f.Data...)); err != nil {
			return err
		}
	}
	return nil
}

// WriteGzip writes a pcap file compressed by gzip.
func WriteGzip(w io.Writer, frames []Frame, o PcapOptions) error {
	z := gzip.NewWriter(w)
	if err := WritePcap(z, frames, o); err != nil {
		return err
	}
	return z.Close()
}
