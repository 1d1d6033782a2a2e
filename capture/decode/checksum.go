package decode

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"

	"ftpscope/capture/flow"
)

const (
	// maxSummers bounds the hosts whose checksums are counted.
	maxSummers = 4096
	// fewWrong is how many wrong checksums of a host say nothing.
	fewWrong = 10
)

// Reasons of VerifyChecksums.
const (
	wrongHeader = "wrong IPv4 header checksum"
	wrongTCP    = "wrong TCP checksum"
)

// Checksums says how many of the checksums that a host sent were checked and how many of those were wrong.
type Checksums struct {
	Host           netip.Addr
	Wrong, Checked uint64
}

// WrongChecksums lists the hosts of which most checksums are wrong, those with most first. Damage is rarely so thorough:
// the capture was made on that host, before the network card filled the checksums in.
func (d *Decoder) WrongChecksums() []Checksums {
	var list []Checksums
	for host, n := range d.sums {
		if n.Wrong >= fewWrong && n.Wrong > n.Checked/2 {
			n.Host = host.Addr()
			list = append(list, *n)
		}
	}
	slices.SortFunc(list, func(a, b Checksums) int {
		return cmp.Or(cmp.Compare(b.Wrong, a.Wrong), a.Host.Compare(b.Host))
	})
	return list
}

// summed counts a checksum that was checked.
func (d *Decoder) summed(src flow.Host, wrong bool) {
	n := d.sums[src]
	if n == nil {
		if len(d.sums) >= maxSummers {
			return
		}
		if d.sums == nil {
			d.sums = map[flow.Host]*Checksums{}
		}
		n = &Checksums{}
		d.sums[src] = n
	}
	n.Checked++
	if wrong {
		n.Wrong++
	}
}

// headerIsWrong checks the header's checksum (RFC 791). With source routing the destination is not yet the last one, which
// TCP's pseudo header has.
func (d *Decoder) headerIsWrong(h []byte, seg *flow.Segment) bool {
	const looseRoute, strictRoute = 131, 137
	for o := h[20:]; len(o) > 1 && o[0] != 0; {
		switch {
		case o[0] == 1:
			o = o[1:]
			continue
		case o[0] == looseRoute || o[0] == strictRoute:
			d.walk.unsure = true
		}
		o = o[min(max(2, int(o[1])), len(o)):]
	}
	wrong := fold(add(h)) != 0xffff
	if wrong {
		d.summed(seg.Src, true)
	}
	return wrong
}

// tcpIsWrong checks the checksum of f, TCP's header and payload, if it can be.
func (d *Decoder) tcpIsWrong(f Frame, seg *flow.Segment) bool {
	if d.walk.unsure || len(f.Data) < int(f.Length) {
		return false
	}
	wrong := wrongChecksum(f, seg)
	d.summed(seg.Src, wrong)
	return wrong
}

// wrongChecksum reports whether f, TCP's header and payload, has a wrong checksum (RFC 9293 section 3.1). What was not
// captured as a whole cannot be wrong.
func wrongChecksum(f Frame, seg *flow.Segment) bool {
	return len(f.Data) >= int(f.Length) && fold(pseudo(seg.Src, seg.Dst, f.Length)+add(f.Data)) != 0xffff
}

// pseudo sums up the pseudo header of TCP (RFC 9293 section 3.1, RFC 8200 section 8.1). An IPv4 host's ::ffff:0:0 adds
// 0xffff, which is nothing in this arithmetic: so both versions are the same.
func pseudo(src, dst flow.Host, length uint32) uint64 {
	total := uint64(protoTCP) + uint64(length)
	for _, h := range [4]uint64{src.Hi, src.Lo, dst.Hi, dst.Lo} {
		total += h>>32 + h&0xffffffff
	}
	return total
}

// add adds b up in words of 32 bits, which folded give the same as words of 16.
func add(b []byte) (total uint64) {
	for ; len(b) >= 8; b = b[8:] {
		v := binary.BigEndian.Uint64(b)
		total += v>>32 + v&0xffffffff
	}
	for i, c := range b {
		total += uint64(c) << (24 - 8*(i%4))
	}
	return total
}

// fold brings a sum down to 16 bits with its carries added again (RFC 1071).
func fold(total uint64) uint16 {
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}
