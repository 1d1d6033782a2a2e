package record

import (
	"net/netip"
	"strconv"

	"ftpscope/capture/flow"
)

// AppendFilter appends a Wireshark display filter for a transfer's packets: the part of
// the control connection between its first and last packet, and the data connection.
func (s *Session) AppendFilter(b []byte, t *Transfer) []byte {
	b = appendTCPFilter(append(b, '('), s.Client, s.Server)
	first, last, oneFile := t.Frames.span()
	if first.Seen() && oneFile {
		b = strconv.AppendUint(append(b, " and frame.number >= "...), first.Packet(), 10)
		if t.Frames.Reply.Seen() {
			b = strconv.AppendUint(append(b, " and frame.number <= "...), last.Packet(), 10)
		}
	}
	b = append(b, ')')
	if c := t.Connection; c != nil {
		b = append(appendTCPFilter(append(b, " or ("...), c.Src, c.Dst), ')')
	}
	return b
}

// span is the first and the last packet that the control connection gave to the transfer.
func (f *Frames) span() (first, last flow.Pos, oneFile bool) {
	oneFile = true
	for _, p := range [3]flow.Pos{f.Negotiation, f.Command, f.Reply} {
		if !p.Seen() {
			continue
		}
		if first == 0 {
			first = p
		}
		oneFile = oneFile && p.File() == first.File()
		first, last = min(first, p), max(last, p)
	}
	return first, last, oneFile
}

func appendTCPFilter(b []byte, x, y netip.AddrPort) []byte {
	family := "ip.addr == "
	if x.Addr().Is6() {
		family = "ipv6.addr == "
	}
	b = x.Addr().AppendTo(append(b, family...))
	if x.Addr() != y.Addr() {
		b = y.Addr().AppendTo(append(append(b, " and "...), family...))
	}
	b = strconv.AppendUint(append(b, " and tcp.port == "...), uint64(x.Port()), 10)
	return strconv.AppendUint(append(b, " and tcp.port == "...), uint64(y.Port()), 10)
}
