//go:build !libpcap

package live

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"

	"ftpscope/capture"
	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
)

const (
	// addressAt is where in a packet's header the link layer's address is: after the
	// header, aligned.
	addressAt = (unix.SizeofTpacket3Hdr + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)

	macs     = 12 // bytes of an Ethernet header before the tag or type
	tag      = 4
	cookedV2 = 20 // bytes of the header of LINKTYPE_LINUX_SLL2

	// headroom is what the kernel leaves free before a packet, more than it does anyway,
	// for a tag and a cooked header.
	headroom = 32
)

// packet reads the next packet of the block. Its time is by the kernel's clock. (The
// network card's own is not asked for: it often counts from elsewhere, TAI or its own
// start, and Now and the merge need one clock for all.)
func (r *ring) packet(p *capture.Packet) {
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[r.next]))
	from := r.next + int(h.Mac)
	to := from + int(h.Snaplen)
	p.Link, p.Digits = decode.LinkEthernet, 9
	p.Time = flow.Time(h.Sec)*flow.Second + flow.Time(h.Nsec)
	switch {
	case r.cooked:
		from -= r.cook(h, from)
		p.Link = decode.LinkSLL2
	case h.Status&unix.TP_STATUS_VLAN_VALID != 0 && h.Snaplen > macs:
		from -= tag
		copy(r.mem[from:], r.mem[from+tag:from+tag+macs])
		be.PutUint16(r.mem[from+macs:], tagType(h))
		be.PutUint16(r.mem[from+macs+2:], uint16(h.Hv1.Vlan_tci))
	}
	p.Data = r.mem[from:to:to]
	p.Length = max(h.Len+uint32(to-from)-h.Snaplen, uint32(to-from))
	r.next += int(h.Next_offset)
}

var be = binary.BigEndian

// tagType is the type of the tag that the kernel took off.
func tagType(h *unix.Tpacket3Hdr) uint16 {
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		return h.Hv1.Vlan_tpid
	}
	return etherVLAN
}

// cook writes the header of LINKTYPE_LINUX_SLL2 before the packet at from, with the VLAN
// tag if there is one, and returns its length.
// (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html)
func (r *ring) cook(h *unix.Tpacket3Hdr, from int) int {
	address := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&r.mem[r.next+addressAt]))
	length := cookedV2
	protocol := be.Uint16((*[2]byte)(unsafe.Pointer(&address.Protocol))[:])
	if h.Status&unix.TP_STATUS_VLAN_VALID != 0 {
		length += tag
		if tagBefore(protocol, r.mem[from:from+int(h.Snaplen)]) {
			protocol = etherVLAN
		}
		be.PutUint16(r.mem[from-4:], uint16(h.Hv1.Vlan_tci))
		be.PutUint16(r.mem[from-2:], protocol)
		protocol = tagType(h)
	}
	b := r.mem[from-length : from]
	be.PutUint16(b, protocol)
	be.PutUint16(b[2:], 0)
	be.PutUint32(b[4:], uint32(address.Ifindex))
	be.PutUint16(b[8:], address.Hatype)
	b[10], b[11] = address.Pkttype, min(address.Halen, 8)
	copy(b[12:], address.Addr[:])
	return length
}

// tagBefore reports whether b begins with a second tag, not with the protocol: since
// Linux 6.11 the kernel names the protocol that the tags carry, also when it took only
// the first of them off.
func tagBefore(protocol uint16, b []byte) bool {
	return len(b) > tag && be.Uint16(b[2:]) == protocol && !isIP(protocol, b[0]) && isIP(protocol, b[tag])
}

// isIP reports whether a header of the protocol can begin with b.
func isIP(protocol uint16, b byte) bool {
	return protocol == etherIPv4 && b>>4 == 4 && b&15 >= 5 || protocol == etherIPv6 && b>>4 == 6
}
