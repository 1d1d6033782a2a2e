package capturetest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// ReadPcap reads a pcap file, compressed by gzip or not. Frames that are whole TCP
// segments (not in a fragment, no IPv6 extension header) have a Meta, so mutators work on
// them; what they change is written anew without IP options.
func ReadPcap(path string) ([]Frame, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	frames, err := readPcap(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return frames, nil
}

func readPcap(f io.Reader) ([]Frame, error) {
	var r io.Reader = bufio.NewReader(f)
	if start, _ := r.(*bufio.Reader).Peek(2); bytes.Equal(start, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = z
	}
	head := make([]byte, 24)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	unit, bo := flow.Microsecond, binary.ByteOrder(binary.LittleEndian)
	switch binary.BigEndian.Uint32(head) {
	case 0xd4c3b2a1:
	case 0x4d3cb2a1:
		unit = 1
	case 0xa1b2c3d4:
		bo = binary.BigEndian
	case 0xa1b23c4d:
		unit, bo = 1, binary.BigEndian
	default:
		return nil, errors.New("not a pcap file")
	}
	link, names := bo.Uint32(head[20:])&0xffff, namer{}
	var frames []Frame
	for {
		frame, err := readRecord(r, bo, unit)
		if err == io.EOF {
			return frames, nil
		}
		if err != nil {
			return frames, err
		}
		frame.Link = link
		frame.takeApart()
		names.name(&frame)
		frames = append(frames, frame)
	}
}

// maxRecord bounds what a record's header may claim.
const maxRecord = 1 << 20

func readRecord(r io.Reader, bo binary.ByteOrder, unit flow.Time) (f Frame, err error) {
	head := make([]byte, 16)
	if _, err = io.ReadFull(r, head); err != nil {
		return f, err
	}
	size := bo.Uint32(head[8:])
	if size > maxRecord {
		return f, fmt.Errorf("a packet of %d bytes", size)
	}
	f.Time = flow.Time(bo.Uint32(head))*flow.Second + flow.Time(bo.Uint32(head[4:]))*unit
	f.Length = int(bo.Uint32(head[12:]))
	f.Data = make([]byte, size)
	if _, err = io.ReadFull(r, f.Data); err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return f, err
}

// takeApart fills in Meta if the frame is a TCP segment.
func (f *Frame) takeApart() {
	head, ok := linkHeader(f.Link, f.Data)
	if !ok {
		return
	}
	f.head = head
	packet, m := f.Data[head:], &Meta{}
	inner, ok := m.inner(packet)
	if !ok {
		return
	}
	tcp, size, ok := readTCP(inner.bytes)
	if !ok {
		return
	}
	src, dst, _, _ := addresses(packet)
	m.Src, m.Dst = netip.AddrPortFrom(src, uint16(tcp.SrcPort)), netip.AddrPortFrom(dst, uint16(tcp.DstPort))
	m.Flags, m.Seq, m.Ack, m.Window, m.Urgent = inner.bytes[13], tcp.Seq, tcp.Ack, tcp.Window, tcp.Urgent
	m.Options, m.Payload = tcp.Options, tcp.Payload
	m.Cut = max(0, inner.size-size-len(tcp.Payload))
	f.Meta, f.body = m, head+inner.at+size
}

// readTCP reads a header and says how long it is, more than there is when a snaplen cut
// its options: then it has none.
func readTCP(b []byte) (tcp layers.TCP, size int, ok bool) {
	if len(b) < 20 {
		return tcp, 0, false
	}
	if size = int(b[12]>>4) * 4; size > len(b) {
		b = bytes.Clone(b[:20])
		b[12] = 5 << 4
	}
	err := tcp.DecodeFromBytes(b, gopacket.NilDecodeFeedback)
	return tcp, size, err == nil
}

// inside is what an IP header is around: from an offset on, of a size on the wire, as far
// as it was captured.
type inside struct {
	at, size int
	bytes    []byte
}

// inner reads the IP header of a packet that holds a whole TCP segment.
func (m *Meta) inner(packet []byte) (inside, bool) {
	if packet[0]>>4 == 4 {
		var ip layers.IPv4
		if ip.DecodeFromBytes(packet, gopacket.NilDecodeFeedback) != nil || ip.Protocol != layers.IPProtocolTCP ||
			ip.FragOffset != 0 || ip.Flags&layers.IPv4MoreFragments != 0 {
			return inside{}, false
		}
		m.TTL, m.ID = ip.TTL, ip.Id
		return inside{len(ip.Contents), int(ip.Length) - len(ip.Contents), ip.Payload}, true
	}
	var ip layers.IPv6
	if ip.DecodeFromBytes(packet, gopacket.NilDecodeFeedback) != nil || ip.NextHeader != layers.IPProtocolTCP {
		return inside{}, false
	}
	m.TTL = ip.HopLimit
	return inside{len(ip.Contents), int(ip.Length), ip.Payload}, true
}

// namer gives connections names, one for each SYN with a sequence number of its own, and
// frames their directions.
type namer map[[2]netip.AddrPort]*named

type named struct {
	name   string
	opener netip.AddrPort
	isn    uint32
	count  int
}

func (n namer) name(f *Frame) {
	m := f.Meta
	if m == nil {
		return
	}
	key := [2]netip.AddrPort{m.Src, m.Dst}
	if m.Src.Compare(m.Dst) > 0 {
		key = [2]netip.AddrPort{m.Dst, m.Src}
	}
	c := n[key]
	if syn := m.Flags&(flow.SYN|flow.ACK) == flow.SYN; c == nil || syn && c.isn != m.Seq {
		c = newNamed(m, c)
		n[key] = c
	}
	f.Conn = c.name
	if m.Src != c.opener {
		m.Dir = flow.In
	}
}

// newNamed names the connection of its first packet; before is the one that had the same
// endpoints, or nil. Without a SYN or SYN-ACK the opener is the side with the higher
// port.
func newNamed(m *Meta, before *named) *named {
	c := &named{opener: m.Src, isn: m.Seq, count: 1}
	other := m.Dst
	if syn, ack := m.Flags&flow.SYN != 0, m.Flags&flow.ACK != 0; syn && ack || !syn && m.Src.Port() < m.Dst.Port() {
		c.opener, other = m.Dst, m.Src
	}
	if syn := m.Flags&(flow.SYN|flow.ACK) == flow.SYN; !syn {
		c.isn = m.Ack - 1 // of a SYN-ACK: its SYN may come later
	}
	c.name = fmt.Sprintf("%s>%s", c.opener, other)
	if before != nil {
		c.count = before.count + 1
		c.name += fmt.Sprintf("#%d", c.count)
	}
	return c
}
