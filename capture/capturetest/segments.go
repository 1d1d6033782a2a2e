package capturetest

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// Digits is the precision of the clock that Segments pretends: microseconds.
const Digits = 6

// Segments converts frames as capture/decode would: one Segment a frame that is a TCP
// segment or an ICMP error about one. Mark.Ord and the packet number are the frame's
// place in the list, from 1, in file 0.
func Segments(frames []Frame) []flow.Segment {
	out := make([]flow.Segment, 0, len(frames))
	for i := range frames {
		if m := frames[i].Meta; m != nil {
			n := uint64(i + 1)
			out = append(out, m.segment(flow.Mark{Time: frames[i].Time, Ord: n, Pos: flow.At(0, n)}))
		}
	}
	return out
}

func (m *Meta) segment(mark flow.Mark) flow.Segment {
	seg := flow.Segment{
		Src: flow.HostOf(m.Src.Addr()), Dst: flow.HostOf(m.Dst.Addr()), SrcPort: m.Src.Port(), DstPort: m.Dst.Port(),
		TTL: m.TTL, ID: m.ID, Scale: flow.NoScale, Digits: Digits, Seq: m.Seq, Mark: mark,
	}
	if m.Src.Addr().Is6() {
		seg.ID = 0
	}
	if e := m.ICMP; e != nil {
		seg.ICMP = &flow.ICMP{From: flow.HostOf(e.From), V6: e.From.Is6(), Type: e.Type, Code: e.Code, MTU: uint32(e.MTU), Mark: mark}
		return seg
	}
	seg.Flags, seg.Ack, seg.Window = m.Flags, m.Ack, m.Window
	seg.Length = uint32(len(m.Payload) + m.Cut)
	if len(m.Payload) > 0 { // one way to say nothing, so that Segments compare as values
		seg.Payload = m.Payload
	}
	if m.Flags&flow.SYN != 0 {
		seg.Scale, seg.MSS = synOptions(m.Options)
	}
	return seg
}

func synOptions(options []layers.TCPOption) (scale uint8, mss uint16) {
	scale = flow.NoScale
	for _, o := range options {
		switch {
		case o.OptionType == layers.TCPOptionKindWindowScale && len(o.OptionData) == 1:
			scale = o.OptionData[0]
		case o.OptionType == layers.TCPOptionKindMSS && len(o.OptionData) == 2:
			mss = binary.BigEndian.Uint16(o.OptionData)
		}
	}
	return scale, mss
}

// Stream is the payload that one side of a connection sent, in the frames' order: the
// text of frames that no mutator has touched.
func Stream(frames []Frame, conn string, dir flow.Direction) []byte {
	var out []byte
	for i := range frames {
		if m := frames[i].Meta; m != nil && m.ICMP == nil && m.Dir == dir && frames[i].Conn == conn {
			out = append(out, m.Payload...)
		}
	}
	return out
}

// Dump writes the frames one a line, for failures that a human reads.
func Dump(frames []Frame) string {
	var b strings.Builder
	for i := range frames {
		f := &frames[i]
		since := f.Time - frames[0].Time
		fmt.Fprintf(&b, "%4d %9.6f %-4s ", i+1, float64(since)/float64(flow.Second), f.Conn)
		f.dump(&b)
		if f.Length != len(f.Data) {
			fmt.Fprintf(&b, " (%d of %d bytes)", len(f.Data), f.Length)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (f *Frame) dump(b *strings.Builder) {
	m := f.Meta
	switch {
	case m == nil:
		fmt.Fprintf(b, "link type %d, %d bytes", f.Link, f.Length)
	case m.ICMP != nil:
		fmt.Fprintf(b, "%s: ICMP type %d code %d about %s > %s seq %d", m.ICMP.From, m.ICMP.Type, m.ICMP.Code, m.Src, m.Dst, m.Seq)
	default:
		fmt.Fprintf(b, "%s > %s [%s] seq %d ack %d win %d", m.Src, m.Dst, flagNames(m.Flags), m.Seq, m.Ack, m.Window)
		if n := len(m.Payload) + m.Cut; n > 0 {
			fmt.Fprintf(b, " len %d %.60q", n, m.Payload[:min(60, len(m.Payload))])
		}
	}
}

func flagNames(flags uint8) string {
	var b strings.Builder
	for i, name := range "FSRPAUEC" {
		if flags&(1<<i) != 0 {
			b.WriteRune(name)
		}
	}
	return b.String()
}
