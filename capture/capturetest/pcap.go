package capturetest

import (
	"cmp"
	"compress/gzip"
	"io"

	"ftpscope/capture/capturetest/rawfile"
	"ftpscope/capture/flow"
)

// PcapOptions says what kind of pcap file to write; the zero value: microseconds,
// little-endian, the frames' link type.
type PcapOptions struct {
	Nanos     bool
	BigEndian bool
	Link      uint32 // 0: that of the first frame
	SnapLen   uint32 // only what the header says; 0: 262144
}

func begin(bigEndian bool) *rawfile.File {
	if bigEndian {
		return rawfile.Big()
	}
	return rawfile.Little()
}

// WritePcap writes the frames as a pcap file.
func WritePcap(w io.Writer, frames []Frame, o PcapOptions) error {
	file, magic, unit := begin(o.BigEndian), uint32(rawfile.Micro), flow.Microsecond
	if o.Nanos {
		magic, unit = rawfile.Nano, 1
	}
	link, snap := o.Link, cmp.Or(o.SnapLen, 262144)
	if link == 0 && len(frames) > 0 {
		link = frames[0].Link
	}
	file.U32(magic).U16(2, 4).U32(0, 0, snap, link)
	for i := range frames {
		f := &frames[i]
		file.Record(uint32(f.Time/flow.Second), uint32(f.Time%flow.Second/unit), f.Data, uint32(f.Length))
	}
	_, err := w.Write(file.Bytes)
	return err
}

// WriteGzip writes a pcap file compressed by gzip.
func WriteGzip(w io.Writer, frames []Frame, o PcapOptions) error {
	z := gzip.NewWriter(w)
	if err := WritePcap(z, frames, o); err != nil {
		return err
	}
	return z.Close()
}
