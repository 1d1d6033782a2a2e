// Package pick reads captures again for the packets of chosen connections: the second pass, when a first one has told which
// connections those are. What it finds goes to whoever asked for it, packet by packet.
package pick

import (
	"cmp"
	"net/netip"
	"slices"

	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
)

// MaxConns is how many connections a Set should hold at most: about 100 MB.
const MaxConns = 1 << 20

// Conn is a chosen connection: its ends in any order, the networks that it was seen in, and the interval of its packets. Ord
// counts the same packets in every pass over the same files, so two connections between the same ends are told apart.
type Conn struct {
	A, B        netip.AddrPort
	Nets        flow.Nets
	First, Last uint64 // Ord
	Refused     bool   // by an ICMP error, which may come in another network: its router sent it
}

// Of chooses a connection that a first pass reported, with the ICMP error that it met.
func Of(c *flow.Conn) Conn {
	p := Conn{A: c.Src, B: c.Dst, Nets: c.Nets, First: c.Start.Ord, Last: c.Last.Ord, Refused: c.ICMP != nil}
	if c.ICMP != nil {
		p.Last = max(p.Last, c.ICMP.Mark.Ord)
	}
	return p
}

// Set is the chosen connections. It is not changed by looking things up, so several goroutines may share it.
type Set struct {
	// As in the first pass, or networks would be numbered otherwise.
	Decode        decode.Options
	Filter        Filter // nil: none
	MergeNetworks bool

	ports [1 << 16 / 64]uint64 // that some connection has: most packets are turned away here
	byEnd map[ends][]chosen
	hosts map[[2]flow.Host]bool
	first uint64
	last  uint64
}

// Filter chooses packets by what was captured of them, their bytes on the wire and their LINKTYPE.
type Filter interface {
	Match(data []byte, length, link uint32) bool
}

// ends are the two ends of a connection, the lesser one first.
type ends struct {
	a, b         flow.Host
	aPort, bPort uint16
}

type chosen struct {
	first, last uint64
	up          int // the nearest before it in the list that ends later; -1: there is none
	nets        flow.Nets
	refused     bool
	index       int
}

func endsOf(a, b flow.Host, aPort, bPort uint16) ends {
	if cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo), cmp.Compare(aPort, bPort)) > 0 {
		return ends{b, a, bPort, aPort}
	}
	return ends{a, b, aPort, bPort}
}

// NewSet makes a set of connections, which are known by their index in list.
func NewSet(list []Conn) *Set {
	s := &Set{byEnd: make(map[ends][]chosen, len(list)), hosts: map[[2]flow.Host]bool{}}
	for i, c := range list {
		k := endsOf(flow.HostOf(c.A.Addr()), flow.HostOf(c.B.Addr()), c.A.Port(), c.B.Port())
		s.byEnd[k] = append(s.byEnd[k], chosen{first: c.First, last: c.Last, nets: c.Nets, refused: c.Refused, index: i})
		s.hosts[[2]flow.Host{k.a, k.b}], s.hosts[[2]flow.Host{k.b, k.a}] = true, true
		for _, port := range [2]uint16{c.A.Port(), c.B.Port()} {
			s.ports[port/64] |= 1 << (port % 64)
		}
		if i == 0 {
			s.first = c.First
		}
		s.first, s.last = min(s.first, c.First), max(s.last, c.Last)
	}
	for _, list := range s.byEnd {
		slices.SortStableFunc(list, func(x, y chosen) int { return cmp.Compare(x.first, y.first) })
		for i := range list {
			up := i - 1
			for up >= 0 && list[up].last <= list[i].last {
				up = list[up].up
			}
			list[i].up = up
		}
	}
	return s
}

func (s *Set) has(port uint16) bool { return s.ports[port/64]>>(port%64)&1 != 0 }

// between reports whether there is a connection between the hosts of a segment.
func (s *Set) between(seg *flow.Segment) bool { return s.hosts[[2]flow.Host{seg.Src, seg.Dst}] }

// later reports whether a connection begins after a segment, a fragment of which may be its beginning.
func (s *Set) later(seg *flow.Segment) bool {
	if !s.has(seg.SrcPort) || !s.has(seg.DstPort) {
		return false
	}
	list := s.byEnd[endsOf(seg.Src, seg.Dst, seg.SrcPort, seg.DstPort)]
	return len(list) > 0 && list[len(list)-1].first > seg.Ord
}

// Find returns the index of the connection that a segment, or the ICMP error about one, belongs to.
func (s *Set) Find(seg *flow.Segment) (index int, ok bool) {
	if seg.Ord < s.first || seg.Ord > s.last || !s.has(seg.SrcPort) || !s.has(seg.DstPort) {
		return 0, false
	}
	list := s.byEnd[endsOf(seg.Src, seg.Dst, seg.SrcPort, seg.DstPort)]
	after, _ := slices.BinarySearchFunc(list, seg.Ord+1, func(c chosen, ord uint64) int { return cmp.Compare(c.first, ord) })
	for i := after - 1; i >= 0; i-- {
		for i >= 0 && list[i].last < seg.Ord { // and so are those between
			i = list[i].up
		}
		if i < 0 {
			break
		}
		if c := &list[i]; c.nets.Has(seg.Net) || c.refused && seg.ICMP != nil {
			return c.index, true
		}
	}
	return 0, false
}
