package main

import (
	"net/netip"
	"slices"
	"sync"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// maxTries bounds the tries of control connections that are remembered: only floods have more.
const maxTries = 1 << 16

// tries is where SYNs to control ports went: records of attempts count them, and --all-ftp wants their packets. It hears of
// packets as evidence, and of all sessions, whose SYNs are no tries.
type tries struct {
	report.Writer
	ports []uint16 // of FTP, besides 21 and 990
	mu    sync.Mutex
	seen  map[try]bool
	lost  uint64 // beyond maxTries
	list  map[tryEnds][]flow.Conn
	known map[flow.Mark]bool // first packets of sessions
}

// tryEnds are what an attempt's record is about.
type tryEnds struct {
	client netip.Addr
	server netip.AddrPort
}

// try is the SYNs between two ends.
type try struct {
	src, dst netip.AddrPort
	net      flow.Net
}

func newTries(out report.Writer, ports []uint16) *tries {
	return &tries{Writer: out, ports: ports, seen: map[try]bool{}, list: map[tryEnds][]flow.Conn{}, known: map[flow.Mark]bool{}}
}

// Session notes a session, whether it is chosen or not.
func (t *tries) Session(s *record.Session) error {
	t.known[s.Notes.Control.Start] = true
	return t.Writer.Session(s)
}

// Add takes a packet.
func (t *tries) Add(_ *capture.Packet, s *flow.Segment) {
	port := s.DstPort
	if s.ICMP != nil || s.Flags&(flow.SYN|flow.ACK) != flow.SYN || port != 21 && port != 990 && !slices.Contains(t.ports, port) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	lone := flow.LoneSYN{Src: s.Src, Dst: s.Dst, SrcPort: s.SrcPort, DstPort: port, Net: s.Net, First: s.Mark}
	c := lone.Conn()
	k, once := tryEnds{c.Src.Addr(), c.Dst}, try{c.Src, c.Dst, s.Net}
	if t.seen[once] {
		return
	}
	if len(t.seen) >= maxTries {
		t.lost++
		return
	}
	t.seen[once] = true
	c.Last.Ord = 1<<63 - 1 // whatever follows: nothing but its own repetitions and refusals does
	t.list[k] = append(t.list[k], c)
}

// of lists the tries that an attempt's record counts.
func (t *tries) of(a *record.Attempt) (list []flow.Conn) {
	for _, c := range t.list[tryEnds{a.ClientIP, a.Server}] {
		if !t.known[c.Start] {
			list = append(list, c)
		}
	}
	return list
}

// What else evidence is told of does not matter here.

func (t *tries) Reassembled([]flow.Mark, *flow.Segment)          {}
func (t *tries) Mark(netip.AddrPort, netip.AddrPort, flow.Net)   {}
func (t *tries) Unmark(netip.AddrPort, netip.AddrPort, flow.Net) {}
func (t *tries) Ended(netip.AddrPort, netip.AddrPort, flow.Nets) {}
