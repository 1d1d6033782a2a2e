package pcapfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"sync/atomic"

	"ftpscope/capture/buffer"
	"ftpscope/capture/flow"
)

// Limits of what a pcapng file may ask for.
const (
	maxBlock      = 16 << 20 // Wireshark's MAX_BLOCK_SIZE; packets have MaxPacket besides
	maxInterfaces = 1 << 16  // in a section; the obsolete packet block can name no more
)

// Block types (draft-ietf-opsawg-pcapng section 11.1).
const (
	blockSection   = 0x0a0d0d0a // the same in both byte orders
	blockInterface = 1
	blockPacket    = 2 // obsolete (appendix A)
	blockSimple    = 3
	blockNames     = 4
	blockStats     = 5
	blockEnhanced  = 6
	blockJournal   = 9 // of systemd
	blockSecrets   = 10
	blockCustom    = 0x00000bad
	blockOwn       = 0x40000bad // custom too: not to be copied
	blockLocal     = 0x80000000 // from here on: for local use
)

const (
	byteOrderMagic = 0x1a2b3c4d
	blockFrame     = 12 // type and length before the body, length after it
	enhancedHead   = 28 // an enhanced or obsolete packet block up to the data
	simpleHead     = 12
	interfaceHead  = 16
	statsHead      = 20
	secretsHead    = 16
)

// blocks are the kinds that are read; others are skipped. min is the length without data
// and options.
var blocks = map[uint32]struct {
	name   string
	min    int
	packet bool
}{
	blockSection:   {"this section header", 28, false},
	blockInterface: {"this interface description", interfaceHead + 4, false},
	blockPacket:    {"this packet block", enhancedHead + 4, true},
	blockSimple:    {"this simple packet block", simpleHead + 4, true},
	blockStats:     {"this interface statistics", statsHead + 4, false},
	blockEnhanced:  {"this enhanced packet block", enhancedHead + 4, true},
	blockSecrets:   {"these decryption secrets", secretsHead + 4, false},
}

// pcapng reads the block format.
type pcapng struct {
	records
	swap    bool // the section is big-endian
	ifaces  []iface
	last    flow.Time // of the packet before: simple packet blocks have no time of their own
	dropped *atomic.Uint64
	secrets func([]byte) // nil: they are passed over
	moved   uint64       // packets of earlier sections whose times were moved
	unknown map[uint32]uint64
	skipped skipped
	all     Interfaces // of all sections
}

// iface is what an interface description block says of its packets.
type iface struct {
	clock
	link    uint32
	snap    uint32 // 0: no limit
	fcs     uint8
	dropped uint64 // by its last statistics block
	index   uint16 // in pcapng.all
}

// start checks that the first section's header is right; it is read again as the first
// block.
func (p *pcapng) start(buf *buffer.Buffer) error {
	p.buf = buf
	if err := p.more(want{blockFrame, "the first section's header", false}); err != nil {
		return err
	}
	return p.section(buf.Unread())
}

func (p *pcapng) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if p.swap {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (p *pcapng) u32(b []byte) uint32 { return load32(b, p.swap) }

func (p *pcapng) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if p.swap {
		v = bits.ReverseBytes64(v)
	}
	return v
}

// Read fills out with at least one packet, numbered from ord, or says why there is none.
func (p *pcapng) Read(out []Packet, ord uint64) (int, error) {
	if err := p.skip(); err != nil {
		return 0, err
	}
	n := 0
	for {
		n += p.scan(out[n:], ord+uint64(n))
		if n == len(out) || n > 0 && !p.whole() {
			return n, nil
		}
		got, err := p.block(&out[n], ord+uint64(n))
		switch {
		case got:
			n++
		case err != nil && n > 0:
			return n, nil // the same error comes again
		case err != nil:
			return 0, err
		}
		if n == len(out) {
			return n, nil
		}
	}
}

// scan takes the enhanced packet blocks that are whole in the buffer; it stops at any
// other block, and before a block that is not right. Enhanced blocks are nearly all of a
// file, and this is all that is done for them.
func (p *pcapng) scan(out []Packet, ord uint64) int {
	b, pos, swap, n := p.buf.Unread(), p.file+flow.Pos(p.count), p.swap, 0
	for n < len(out) && len(b) >= enhancedHead+4 {
		h := b[:enhancedHead+4]
		size := load32(h[4:], swap)
		if load32(h, swap) != blockEnhanced || size < enhancedHead+4 || size > maxBlock || size&3 != 0 ||
			int(size) > len(b) || load32(b[size-4:], swap) != size {
			break
		}
		id, held, length := load32(h[8:], swap), load32(h[20:], swap), load32(h[24:], swap)
		if uint64(id) >= uint64(len(p.ifaces)) || held > size-enhancedHead-4 || held > MaxPacket {
			break
		}
		f := &p.ifaces[id]
		end, fcs := enhancedHead+held, f.fcs
		if options := (end + 3) &^ 3; options+4 < size {
			fcs = p.fcs(b[options:size-4], fcs)
		}
		out[n] = Packet{
			Data:   b[enhancedHead:end:end],
			Length: max(length, held),
			Link:   f.link,
			Digits: f.digits,
			FCS:    fcs,
			Iface:  f.index,
			Mark: flow.Mark{
				Time: f.time(uint64(load32(h[12:], swap))<<32 | uint64(load32(h[16:], swap))),
				Ord:  ord + uint64(n),
				Pos:  pos + flow.Pos(n) + 1,
			},
		}
		b = b[size:]
		n++
	}
	if n > 0 {
		p.last = out[n-1].Time
	}
	p.buf.Keep(len(b))
	p.count += uint64(n)
	return n
}

// whole reports whether the next block can be read without moving the buffer, in which
// packets given out still are.
func (p *pcapng) whole() bool {
	b := p.buf.Unread()
	if len(b) < blockFrame {
		return false
	}
	swap := p.swap
	if p.u32(b) == blockSection {
		var known bool
		if swap, known = byteOrder(b); !known {
			return true // block says so without reading further
		}
	}
	return uint64(load32(b[4:], swap)) <= uint64(len(b))
}

// block reads the next block, whatever it is, and reports whether it was a packet. On an
// error nothing is consumed.
func (p *pcapng) block(out *Packet, ord uint64) (bool, error) {
	if err := p.more(want{blockFrame, "a block's header", false}); err != nil {
		return false, err
	}
	b := p.buf.Unread()
	kind := p.u32(b)
	if kind == blockSection {
		if err := p.order(b); err != nil {
			return false, err
		}
	}
	known, read := blocks[kind]
	if kind == blockSecrets && p.secrets == nil {
		known.min, read = 0, false
	}
	size, err := p.size(b, known.min)
	if err != nil {
		return false, p.fail(known.packet, err)
	}
	if !read {
		return false, p.pass(kind, size)
	}
	if err := p.more(want{size, known.name, known.packet}); err != nil {
		return false, err
	}
	b = p.buf.Unread()[:size]
	if end := p.u32(b[size-4:]); int(end) != size {
		return false, p.fail(known.packet, differs(size, end))
	}
	if err := p.take(kind, b, out); err != nil {
		return false, err
	}
	p.buf.Advance(size)
	if !known.packet {
		return false, nil
	}
	p.count++
	p.last, out.Ord, out.Pos = out.Time, ord, p.file+flow.Pos(p.count)
	return true, nil
}

func differs(start int, end uint32) error {
	return fmt.Errorf("block says %d bytes at its start and %d at its end", start, end)
}

// size returns the block's length if one can believe it.
func (p *pcapng) size(b []byte, least int) (int, error) {
	size := p.u32(b[4:])
	least = max(least, blockFrame)
	switch {
	case size > maxBlock:
		return 0, fmt.Errorf("block says %d bytes, at most %d make sense", size, maxBlock)
	case int(size) < least:
		return 0, fmt.Errorf("block says %d bytes, its kind has at least %d", size, least)
	case size%4 != 0: // section 3.1: "This value MUST be a multiple of 4."
		return 0, fmt.Errorf("block says %d bytes, which is not a multiple of 4", size)
	}
	return int(size), nil
}

// skipped is a block that is being passed over. A file that grows may end in the middle
// of it.
type skipped struct {
	kind uint32
	at   int64 // offset in the file
	size int
	left int // bytes of it to pass over; 0: none
}

// skip passes over a block of a kind that is not read: names, secrets, custom blocks and
// what is yet to come. What of it was passed over before an error stays so.
func (p *pcapng) skip() error {
	s := &p.skipped
	if s.left == 0 {
		return nil
	}
	from := p.buf.Offset()
	err := p.buf.Discard(s.left - 4)
	s.left -= int(p.buf.Offset() - from)
	if err == nil {
		err = p.buf.Fill(4)
	}
	if err == io.EOF {
		err = EndsInside{fmt.Sprintf("a block of type %d", s.kind), p.buf.Total() - s.at, s.size}
	}
	if err == nil {
		if end := p.u32(p.buf.Unread()); int(end) != s.size {
			err = differs(s.size, end)
		}
	}
	if err != nil {
		return &Error{Offset: s.at, Before: p.count, Err: err}
	}
	p.buf.Advance(4)
	s.left = 0
	return nil
}

// take reads the body of a whole block.
func (p *pcapng) take(kind uint32, b []byte, out *Packet) error {
	switch kind {
	case blockSection:
		return p.section(b)
	case blockInterface:
		return p.describe(b)
	case blockStats:
		p.stats(b)
		return nil
	case blockSecrets:
		p.secret(b)
		return nil
	case blockSimple:
		return p.simple(b, out)
	case blockPacket:
		return p.packet(uint32(p.u16(b[8:])), b, out)
	}
	return p.packet(p.u32(b[8:]), b, out)
}

// byteOrder tells whether a section is big-endian by its header block (section 4.1).
func byteOrder(b []byte) (swap, known bool) {
	switch binary.LittleEndian.Uint32(b[8:]) {
	case byteOrderMagic:
		return false, true
	case bits.ReverseBytes32(byteOrderMagic):
		return true, true
	}
	return false, false
}

func (p *pcapng) order(b []byte) error {
	swap, known := byteOrder(b)
	if !known {
		return p.fail(false, fmt.Errorf("section's byte-order magic is %#08x, not %#08x in either order",
			binary.LittleEndian.Uint32(b[8:]), byteOrderMagic))
	}
	p.swap = swap
	return nil
}

// section begins a section: its interfaces are its own.
func (p *pcapng) section(b []byte) error {
	if err := p.order(b); err != nil {
		return err
	}
	if len(b) >= 16 {
		if major := p.u16(b[12:]); major != 1 {
			return p.fail(false, fmt.Errorf("pcapng version %d.%d is not known, only 1.0 is", major, p.u16(b[14:])))
		}
	}
	p.moved = p.allMoved()
	p.ifaces = p.ifaces[:0]
	return nil
}
