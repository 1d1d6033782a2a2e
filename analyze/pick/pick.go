// Package pick chooses the packets of connections. Read finds those of a Set in a second
// pass over captures, when a first one has told which connections those are; a Keeper
// finds them among the packets of the last seconds, while a live capture runs. What is
// found goes to whoever asked for it, packet by packet: package carve rewrites and writes
// it.
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

// Conn is a chosen connection: its ends in any order, the networks that it was seen in,
// and the interval of its packets. Ord counts the same packets in every pass over the
// same files, so two connections between the same ends are told apart.
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

// Set is the chosen connections. It is not changed by looking things up, so several
// goroutines may share it.
type Set struct {
	// As in the first pass, or networks would be numbered otherwise.
	Decode        decode.Options
	Filter        Filter // nil: none
	MergeNetworks bool

	ports  [1 << 16 / 64]uint64 // that some connection has: most packets are turned away here
	byEnds map[flow.Tuple][]chosen
	hosts  map[[2]flow.Host]bool // of those ends, as flow.Hosts orders them
	first  uint64
	last   uint64
}

// Filter chooses packets by what was captured of them, their bytes on the wire and their
// LINKTYPE.
type Filter interface {
	Match(data []byte, length, link uint32) bool
}

type chosen struct {
	first, last uint64
	up          int // the nearest before it in the list that ends later; -1: there is none
	nets        flow.Nets
	refused     bool
	index       int
}

// NewSet makes a set of connections, which are known by their index in list.
func NewSet(list []Conn) *Set {
	s := &Set{byEnds: make(map[flow.Tuple][]chosen, len(list)), hosts: map[[2]flow.Host]bool{}}
	for i, c := range list {
		k := flow.TupleOf(c.A, c.B)
		s.byEnds[k] = append(s.byEnds[k], chosen{first: c.First, last: c.Last, nets: c.Nets, refused: c.Refused, index: i})
		s.hosts[k.Hosts()] = true
		for _, port := range [2]uint16{c.A.Port(), c.B.Port()} {
			s.ports[port/64] |= 1 << (port % 64)
		}
		if i == 0 {
			s.first = c.First
		}
		s.first, s.last = min(s.first, c.First), max(s.last, c.Last)
	}
	for _, list := range s.byEnds {
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
func (s *Set) between(seg *flow.Segment) bool { return s.hosts[flow.Hosts(seg.Src, seg.Dst)] }

// later reports whether a connection begins after a segment, a fragment of which may be
// its beginning.
func (s *Set) later(seg *flow.Segment) bool {
	if !s.has(seg.SrcPort) || !s.has(seg.DstPort) {
		return false
	}
	list := s.byEnds[seg.Tuple()]
	return len(list) > 0 && list[len(list)-1].first > seg.Ord
}

// Find returns the index of the connection that a segment, or the ICMP error about one,
// belongs to.
func (s *Set) Find(seg *flow.Segment) (index int, ok bool) {
	if seg.Ord < s.first || seg.Ord > s.last || !s.has(seg.SrcPort) || !s.has(seg.DstPort) {
		return 0, false
	}
	list := s.byEnds[seg.Tuple()]
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
