package capturetest

import (
	"encoding/binary"
	"slices"
)

const (
	ipv6Header      = 40
	protocolHeader  = 44 // RFC 8200 section 4.5: the fragment header
	moreFragments4  = 0x2000
	moreFragments6  = 1
	fragmentUnit    = 8
	dontFragmentBit = 0x40
)

// Fragment cuts what IP carries into fragments of at most size bytes (rounded down to a
// multiple of 8), each of which begins with overlap bytes (likewise) that the one before
// it has too. The lists are the frames': of one that is small enough, no IP or not
// captured whole the list is the frame itself. Whether the sender allowed fragments is
// not asked. seed numbers the datagrams.
func Fragment(frames []Frame, size, overlap int, seed uint32) [][]Frame {
	size, overlap = max(size&^(fragmentUnit-1), fragmentUnit), overlap&^(fragmentUnit-1)
	out := make([][]Frame, len(frames))
	for i := range frames {
		seed++
		out[i] = frames[i].fragments(size, overlap, seed)
	}
	return out
}

func (f *Frame) fragments(size, overlap int, id uint32) []Frame {
	at, ok := linkHeader(f.Link, f.Data)
	if !ok || f.Length > len(f.Data) {
		return []Frame{*f}
	}
	head, body, six := f.Data[:at], f.Data[at:], f.Data[at]>>4 == 6
	fixed := ipv6Header
	end := fixed + int(binary.BigEndian.Uint16(body[4:]))
	if !six {
		fixed, end = int(body[0]&15)*4, int(binary.BigEndian.Uint16(body[2:]))
	}
	if end > len(body) || end <= fixed || end-fixed <= size || six && body[6] == protocolHeader || !six && binary.BigEndian.Uint16(body[6:])&^0x4000 != 0 {
		return []Frame{*f}
	}
	ip, body := body[:fixed], body[fixed:end]
	var out []Frame
	for done := 0; done < len(body); done += size {
		from, to := max(0, done-overlap), min(done+size, len(body))
		packet := fragment4(ip, body[from:to], from, to < len(body), id)
		if six {
			packet = fragment6(ip, body[from:to], from, to < len(body), id)
		}
		x := *f
		x.Data, x.Meta = slices.Concat(head, packet), nil
		x.Length, x.head = len(x.Data), at
		out = append(out, x)
	}
	return out
}

func fragment4(ip, part []byte, from int, more bool, id uint32) []byte {
	ip, be := slices.Clone(ip), binary.BigEndian
	be.PutUint16(ip[2:], uint16(len(ip)+len(part)))
	be.PutUint16(ip[4:], uint16(id))
	field := uint16(ip[6]&dontFragmentBit)<<8 | uint16(from/fragmentUnit)
	if more {
		field |= moreFragments4
	}
	be.PutUint16(ip[6:], field)
	be.PutUint16(ip[10:], 0)
	be.PutUint16(ip[10:], internetChecksum(ip))
	return append(ip, part...)
}

func fragment6(ip, part []byte, from int, more bool, id uint32) []byte {
	ip, be := slices.Clone(ip), binary.BigEndian
	field := uint16(from)
	if more {
		field |= moreFragments6
	}
	head := be.AppendUint32(be.AppendUint16([]byte{ip[6], 0}, field), id)
	ip[6] = protocolHeader
	be.PutUint16(ip[4:], uint16(len(head)+len(part)))
	return slices.Concat(ip, head, part)
}

// internetChecksum is that of RFC 1071 over an even number of bytes.
func internetChecksum(b []byte) uint16 {
	var sum uint32
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
