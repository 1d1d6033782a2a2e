package pcapfile

import (
	"fmt"
	"maps"
	"slices"

	"ftpscope/capture/flow"
)

// Options of blocks, as they are read and written (draft-ietf-opsawg-pcapng sections 3.5,
// 4.1, 4.2, 4.3 and 4.6).
const (
	optEnd     = 0
	optComment = 1

	optHardware    = 2 // of a section
	optOS          = 3
	optApplication = 4

	optIfName        = 2 // of an interface
	optIfDescription = 3
	optTsResol       = 9
	optIfFilter      = 11
	optFCSLen        = 13
	optTsOffset      = 14

	optFlags = 2 // of a packet

	optIfReceived = 4 // of statistics
	optIfDropped  = 5 // by the interface
	optOSDropped  = 7 // by the operating system
)

// describe reads an interface description block (section 4.2).
func (p *pcapng) describe(b []byte) error {
	if len(p.ifaces) == maxInterfaces {
		return p.fail(false, fmt.Errorf("section declares more than %d interfaces", maxInterfaces))
	}
	fcs := uint8(0)
	own := Interface{Link: uint32(p.u16(b[8:])), SnapLen: p.u32(b[12:])}
	resolution, offset := byte(6), int64(0) // section 4.2: "If this option is not present, a resolution of 10^-6 is assumed"
	err := p.options(b[interfaceHead:len(b)-4], func(code uint16, v []byte) {
		switch {
		case code == optTsResol && len(v) == 1:
			resolution = v[0]
		case code == optTsOffset && len(v) == 8:
			offset = int64(p.u64(v))
		case code == optFCSLen && len(v) == 1:
			fcs = fcsBytes(v[0])
		default:
			own.describe(code, v)
		}
	})
	if err != nil {
		return p.fail(false, err)
	}
	clock := newClock(resolution, offset)
	own.Digits = clock.digits
	p.ifaces = append(p.ifaces, iface{clock: clock, link: own.Link, snap: own.SnapLen, fcs: fcs, index: p.all.add(own)})
	return nil
}

// options calls f for each option in b (section 3.5).
func (p *pcapng) options(b []byte, f func(code uint16, v []byte)) error {
	for len(b) >= 4 {
		code, size := p.u16(b), int(p.u16(b[2:]))
		if code == optEnd {
			return nil
		}
		padded := 4 + (size+3)&^3
		if padded > len(b) {
			return fmt.Errorf("option %d of the interface description says %d bytes, its block has room for %d", code, size, len(b)-4)
		}
		f(code, b[4:4+size])
		b = b[padded:]
	}
	return nil
}

// stats reads an interface statistics block (section 4.6). The counters run from the
// start of the capture, so the last block of an interface counts. One that is not right
// costs a count and no packet: it is passed over.
func (p *pcapng) stats(b []byte) {
	id := p.u32(b[8:])
	if uint64(id) >= uint64(len(p.ifaces)) {
		return
	}
	var dropped uint64
	err := p.options(b[statsHead:len(b)-4], func(code uint16, v []byte) {
		if (code == optIfDropped || code == optOSDropped) && len(v) == 8 {
			dropped += p.u64(v)
		}
	})
	if err == nil {
		p.dropped.Add(dropped - p.ifaces[id].dropped)
		p.ifaces[id].dropped = dropped
	}
}

// keyLog is the kind of secrets that a TLS key log is (section 4.7).
const keyLog = 0x544c534b

// secret reads a decryption secrets block (section 4.7). One that is not right costs no
// packet: it is passed over.
func (p *pcapng) secret(b []byte) {
	held := b[secretsHead : len(b)-4]
	if n := p.u32(b[12:]); p.u32(b[8:]) == keyLog && uint64(n) <= uint64(len(held)) {
		p.secrets(held[:n])
	}
}

// packet reads an enhanced packet block (section 4.3) or an obsolete packet block, which
// differ in the interface only.
func (p *pcapng) packet(id uint32, b []byte, out *Packet) error {
	f, err := p.iface(id)
	if err != nil {
		return err
	}
	held := p.u32(b[20:])
	ticks := uint64(p.u32(b[12:]))<<32 | uint64(p.u32(b[16:]))
	*out = Packet{Length: max(p.u32(b[24:]), held), Link: f.link, Digits: f.digits, FCS: f.fcs, Iface: f.index, Mark: flow.Mark{Time: f.time(ticks)}}
	if out.Data, err = p.data(b[enhancedHead:len(b)-4], held); err == nil {
		out.FCS = p.fcs(b[min(enhancedHead+int(held+3)&^3, len(b)-4):len(b)-4], f.fcs)
	}
	return err
}

// fcsBytes is if_fcslen in bytes: the specification once said bits (with 4 for example),
// and both are written.
func fcsBytes(v uint8) uint8 {
	const mostBytes = 8
	if v > mostBytes {
		v /= 8
	}
	return min(v, mostBytes)
}

// fcs is the length of a packet's frame check sequence: its flags may say another one
// than its interface (section 4.3.1: "FCS length, in octets (0000 if this information is
// not available)").
func (p *pcapng) fcs(options []byte, fcs uint8) uint8 {
	p.options(options, func(code uint16, v []byte) {
		if code == optFlags && len(v) == 4 {
			if n := uint8(p.u32(v) >> 5 & 15); n != 0 {
				fcs = n
			}
		}
	})
	return fcs
}

// maxUnknown is how many kinds of blocks that nobody knows are told apart.
const maxUnknown = 16

// pass passes over a block of a kind that is not read. Those that have nothing to say of
// packets (names, secrets of TLS, journal entries, custom and local blocks) are no loss;
// others may be.
func (p *pcapng) pass(kind uint32, size int) error {
	switch {
	case kind >= blockLocal:
	case kind == blockNames || kind == blockJournal || kind == blockSecrets || kind == blockCustom || kind == blockOwn:
	case p.unknown[kind] > 0 || len(p.unknown) < maxUnknown:
		if p.unknown == nil {
			p.unknown = map[uint32]uint64{}
		}
		p.unknown[kind]++
	}
	p.skipped = skipped{kind, p.buf.Offset(), size, size}
	return p.skip()
}

// allMoved counts the packets whose times were moved into what can be kept.
func (p *pcapng) allMoved() uint64 {
	n := p.moved
	for i := range p.ifaces {
		n += p.ifaces[i].moved
	}
	return n
}

func (p *pcapng) Notes() (list []error) {
	if n := p.allMoved(); n > 0 {
		list = append(list, fmt.Errorf("%s with times before 1970 or after 2260: they count as the nearest time between", plural(n, "packet")))
	}
	for _, kind := range slices.Sorted(maps.Keys(p.unknown)) {
		list = append(list, fmt.Errorf("%s of unknown type %d passed over", plural(p.unknown[kind], "block"), kind))
	}
	return list
}

func plural(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// simple reads a simple packet block (section 4.4): the first interface's, cut at its
// snapshot length, without a time.
func (p *pcapng) simple(b []byte, out *Packet) error {
	f, err := p.iface(0)
	if err != nil {
		return err
	}
	length := p.u32(b[8:])
	held := length
	if f.snap != 0 {
		held = min(held, f.snap)
	}
	*out = Packet{Length: length, Link: f.link, Digits: f.digits, FCS: f.fcs, Iface: f.index, Mark: flow.Mark{Time: p.last}}
	out.Data, err = p.data(b[simpleHead:len(b)-4], held)
	return err
}

func (p *pcapng) iface(id uint32) (*iface, error) {
	if uint64(id) >= uint64(len(p.ifaces)) {
		return nil, p.fail(true, fmt.Errorf("packet names interface %d, its section declares %d so far", id, len(p.ifaces)))
	}
	return &p.ifaces[id], nil
}

// data is the packet's bytes at the start of b, which ends with the block.
func (p *pcapng) data(b []byte, held uint32) ([]byte, error) {
	switch {
	case held > MaxPacket:
		return nil, p.fail(true, fmt.Errorf("packet says %d bytes, at most %d make sense", held, MaxPacket))
	case int(held) > len(b):
		return nil, p.fail(true, fmt.Errorf("packet says %d bytes, its block has room for %d", held, len(b)))
	}
	return b[:held:held], nil
}
