package pcapfile

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"ftpscope/capture/buffer"
	"ftpscope/capture/flow"
)

// MaxPacket is the most bytes a packet may have: libpcap's MAXIMUM_SNAPLEN and
// Wireshark's limit for everything but D-Bus, USB and the like. A length above it is a
// corrupt one, whatever the file's own snaplen says (0 and too small ones are common).
const MaxPacket = 262144

// The magic numbers of pcap as a little-endian file has them (draft-ietf-opsawg-pcap
// section 4), and of what others made of it.
const (
	pcapMicro    = 0xa1b2c3d4
	pcapNano     = 0xa1b23c4d
	pcapModified = 0xa1b2cd34 // Kuznetzov's: 8 more bytes a record
	pcapIxiaSoft = 0x1c0001ab // Ixia's lcap of software: 4 more bytes in the file's header, the size of all records
	pcapIxiaHard = 0x1c0001ac // the same of hardware, with nanoseconds
)

const (
	pcapHeader         = 24
	pcapIxiaHeader     = pcapHeader + 4
	pcapRecord         = 16
	pcapModifiedRecord = 24
)

// fcsKnown tells that the link type's bits 28–31 are the length of the frame check
// sequence, in units of 16 bits; the other high bits are reserved.
const fcsKnown = 1 << 26

// pcap reads the classic format.
type pcap struct {
	records
	swap           bool // the file is big-endian
	head           int  // length of a record's header
	first          int  // and of the file's
	unit           flow.Time
	digits         uint8
	link           uint32
	fcs            uint8
	snap           uint32
	magic, version uint32 // as the file has them
}

// pcapOf returns a reader of a file with this magic (its first 4 bytes, little-endian),
// nil when that is not pcap's.
func pcapOf(magic uint32) *pcap {
	p := &pcap{head: pcapRecord, first: pcapHeader, unit: flow.Microsecond, digits: 6}
	if low := magic & 0xff; low == pcapMicro>>24 || low == pcapIxiaSoft>>24 {
		p.swap = true
		magic = bits.ReverseBytes32(magic)
	}
	switch magic {
	case pcapMicro:
	case pcapNano:
		p.unit, p.digits = 1, 9
	case pcapModified:
		p.head = pcapModifiedRecord
	case pcapIxiaSoft:
		p.first = pcapIxiaHeader
	case pcapIxiaHard:
		p.first, p.unit, p.digits = pcapIxiaHeader, 1, 9
	default:
		return nil
	}
	return p
}

// start reads the file's header.
func (p *pcap) start(buf *buffer.Buffer) error {
	p.buf = buf
	if err := p.more(want{p.first, "the pcap header", false}); err != nil {
		return err
	}
	b := buf.Unread()
	p.magic, p.version = p.u32(b), p.u32(b[4:])
	version := p.version
	major, minor := version&0xffff, version>>16
	if p.swap {
		major, minor = minor, major
	}
	if major != 2 {
		return p.fail(false, fmt.Errorf("pcap version %d.%d is not known, only 2.4 is", major, minor))
	}
	network := p.u32(b[20:])
	p.link, p.snap, p.fcs = network&0xffff, p.u32(b[16:]), 0
	if network&fcsKnown != 0 {
		p.fcs = uint8(network>>28) * 2
	}
	buf.Advance(p.first)
	return nil
}

func (p *pcap) u32(b []byte) uint32 { return load32(b, p.swap) }

// load32 reads the number at the start of b, which is big-endian with swap.
func load32(b []byte, swap bool) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if swap {
		v = bits.ReverseBytes32(v)
	}
	return v
}

// Read fills out with at least one packet, numbered from ord, or says why there is none.
func (p *pcap) Read(out []Packet, ord uint64) (int, error) {
	for {
		if n := p.scan(out, ord); n > 0 {
			return n, nil
		}
		if err := p.more(want{p.head, "a packet's header", true}); err != nil {
			return 0, err
		}
		h := p.buf.Unread()
		size := p.u32(h[8:])
		if p.begins(p.u32(h), p.u32(h[4:]), size, p.u32(h[12:])) {
			if err := p.start(p.buf); err != nil {
				return 0, err
			}
			continue
		}
		if size > MaxPacket {
			return 0, p.fail(true, fmt.Errorf("record says %d bytes, at most %d make sense", size, MaxPacket))
		}
		if err := p.more(want{p.head + int(size), "this packet", true}); err != nil {
			return 0, err
		}
	}
}

// begins reports whether what should be a record's header is that of another file of the
// same kind: files are joined by cat, though other programs take it for a packet of 2055.
func (p *pcap) begins(sec, frac, size, length uint32) bool {
	return size|length == 0 && sec == p.magic && frac == p.version
}

// scan takes the packets that are whole in the buffer; it stops before a record that is
// not, or not right.
func (p *pcap) scan(out []Packet, ord uint64) int {
	b, head, swap := p.buf.Unread(), p.head, p.swap
	pos := p.file + flow.Pos(p.count)
	n := 0
	for n < len(out) && len(b) >= head {
		h := b[:pcapRecord]
		sec, frac := load32(h, swap), load32(h[4:], swap)
		size, length := load32(h[8:], swap), load32(h[12:], swap)
		if size > MaxPacket || int(size) > len(b)-head || size == 0 && p.begins(sec, frac, size, length) {
			break
		}
		end := head + int(size)
		x := &out[n] // all of it, in place: a literal would be made elsewhere and copied
		x.Data, x.Length = b[head:end:end], max(length, size)
		x.Link, x.Digits, x.FCS, x.Iface = p.link, p.digits, p.fcs, 0
		x.Time = flow.Time(sec)*flow.Second + flow.Time(frac)*p.unit // ends in 2106: no overflow
		x.Ord, x.Pos = ord+uint64(n), pos+flow.Pos(n)+1
		b = b[end:]
		n++
	}
	p.buf.Keep(len(b))
	p.count += uint64(n)
	return n
}
