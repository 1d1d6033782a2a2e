package capture

import (
	"fmt"

	"ftpscope/capture/flow"
)

// Options of interface description and statistics blocks (draft-ietf-opsawg-pcapng sections 4.2 and 4.6).
const (
	optEnd       = 0
	optTsResol   = 9
	optTsOffset  = 14
	optIfDropped = 5 // by the interface
	optOSDropped = 7 // by the operating system
)

// describe reads an interface description block (section 4.2).
func (p *pcapng) describe(b []byte) error {
	if len(p.ifaces) == maxInterfaces {
		return p.fail(false, fmt.Errorf("section declares more than %d interfaces", maxInterfaces))
	}
	resolution, offset := byte(6), int64(0) // section 4.2: "If this option is not present, a resolution of 10^-6 is assumed"
	err := p.options(b[interfaceHead:len(b)-4], func(code uint16, v []byte) {
		switch {
		case code == optTsResol && len(v) == 1:
			resolution = v[0]
		case code == optTsOffset && len(v) == 8:
			offset = int64(p.u64(v))
		}
	})
	if err != nil {
		return p.fail(false, err)
	}
	p.ifaces = append(p.ifaces, iface{clock: newClock(resolution, offset), link: uint32(p.u16(b[8:])), snap: p.u32(b[12:])})
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

// stats reads an interface statistics block (section 4.6). The counters run from the start of the capture, so the last
// block of an interface counts. One that is not right costs a count and no packet: it is passed over.
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

// packet reads an enhanced packet block (section 4.3) or an obsolete packet block, which differ in the interface only.
func (p *pcapng) packet(id uint32, b []byte, out *Packet) error {
	f, err := p.iface(id)
	if err != nil {
		return err
	}
	held := p.u32(b[20:])
	ticks := uint64(p.u32(b[12:]))<<32 | uint64(p.u32(b[16:]))
	*out = Packet{Length: max(p.u32(b[24:]), held), Link: f.link, Digits: f.digits, Mark: flow.Mark{Time: f.time(ticks)}}
	out.Data, err = p.data(b[enhancedHead:len(b)-4], held)
	return err
}

// simple reads a simple packet block (section 4.4): the first interface's, cut at its snapshot length, without a time.
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
	*out = Packet{Length: length, Link: f.link, Digits: f.digits, Mark: flow.Mark{Time: p.last}}
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
	case held > maxPacket:
		return nil, p.fail(true, fmt.Errorf("packet says %d bytes, at most %d make sense", held, maxPacket))
	case int(held) > len(b):
		return nil, p.fail(true, fmt.Errorf("packet says %d bytes, its block has room for %d", held, len(b)))
	}
	return b[:held:held], nil
}
