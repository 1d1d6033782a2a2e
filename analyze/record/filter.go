package record

import (
	"net/netip"
	"strconv"

	"ftpscope/capture/flow"
)

// AppendFilter appends a Wireshark display filter for a transfer's packets: the part of
// the control connection between its first and last packet, and the data connection. Where
// no file has them by their numbers, the times do.
func (s *Session) AppendFilter(b []byte, t *Transfer) []byte {
	b = appendTCPFilter(append(b, '('), s.Client, s.Server)
	switch x := t.span(); {
	case x.numbered:
		b = strconv.AppendUint(append(b, " and frame.number >= "...), x.first.Packet(), 10)
		if t.Frames.Reply.Seen() {
			b = strconv.AppendUint(append(b, " and frame.number <= "...), x.last.Packet(), 10)
		}
	case x.timed:
		b = appendEpoch(append(b, " and frame.time_epoch >= "...), x.from)
		if t.Frames.Reply.Seen() {
			b = appendEpoch(append(b, " and frame.time_epoch <= "...), x.to)
		}
	}
	b = append(b, ')')
	if c := t.Connection; c != nil {
		b = append(appendTCPFilter(append(b, " or ("...), c.Src, c.Dst), ')')
	}
	return b
}

func appendEpoch(b []byte, t flow.Time) []byte {
	b = append(strconv.AppendInt(b, int64(t/flow.Second), 10), '.')
	nanos := strconv.AppendInt(nil, int64(flow.Second+t%flow.Second), 10)
	return append(b, nanos[1:]...)
}

// span is what the control connection gave to a transfer, by numbers or by time.
type span struct {
	first, last     flow.Pos
	from, to        flow.Time
	numbered, timed bool // the numbers are of one file; some packet is in none, and times are known
}

func (t *Transfer) span() span {
	var x span
	of, known := true, true
	for _, p := range [3]flow.Pos{t.Frames.Negotiation, t.Frames.Command, t.Frames.Reply} {
		if !p.Seen() {
			continue
		}
		at := t.at(p)
		if x.first == 0 {
			x = span{first: p, last: p, from: at, to: at}
		}
		of = of && p.InFile() && p.File() == x.first.File()
		known, x.timed = known && at != 0, x.timed || !p.InFile()
		x.first, x.last = min(x.first, p), max(x.last, p)
		x.from, x.to = min(x.from, at), max(x.to, at)
	}
	x.numbered, x.timed = of && x.first.Seen(), x.timed && known
	return x
}

// at is the time of a packet of the control connection that one of the transfer's frames is.
func (t *Transfer) at(p flow.Pos) flow.Time {
	n := &t.Notes
	for _, r := range [2]*Reply{n.Answer, t.Reply} {
		if r != nil && r.Pos == p {
			return r.Time.Time
		}
	}
	for _, l := range [2]*Line{n.Asked, n.Ran} {
		if l != nil && l.Mark.Pos == p {
			return l.Mark.Time
		}
	}
	return 0
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
