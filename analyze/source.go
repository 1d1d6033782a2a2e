package analyze

import (
	"net/netip"

	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// Source gives packets in batches: a capture.Capture those of files, a live.Capture those
// of interfaces, a capture.Stream those of any gopacket.PacketDataSource.
type Source interface {
	// Next returns the next packets, valid until the next call; none when none came for a
	// moment (live); io.EOF at the end.
	Next() ([]capture.Packet, error)
	// Files are the names of the files or interfaces, as Pos.File counts them.
	Files() []string
	// Stats may be called from any goroutine. It counts the Files too, which may be very
	// many, and ever more.
	Stats() capture.Stats
}

// Live is a Source without an end, that knows the time when nothing comes.
type Live interface {
	Source
	// Now is a time before which no packet is still to come.
	Now() flow.Time
}

// Evidence is told of every decoded packet, and of the TCP connections that belong to FTP
// as soon as that is known. Its methods may be called from several goroutines.
type Evidence interface {
	// Add takes a packet, and whose it is. Of a fragment that is not known at first: then
	// the ports are 0.
	Add(p *capture.Packet, s *flow.Segment)
	// Reassembled says that packets that Add took before are fragments of s.
	Reassembled(parts []flow.Mark, s *flow.Segment)
	Mark(a, b netip.AddrPort, net flow.Net)    // a control connection, or one that a session has a use for; net is one of its networks
	Expect(end netip.AddrPort)                 // whoever tries to connect to it means a data connection
	Unmark(a, b netip.AddrPort, net flow.Net)  // what looked like a control connection is none
	Ended(a, b netip.AddrPort, nets flow.Nets) // a marked one is over
}

// Follower reads what data connections carry, and completes sessions by what it learned.
// Its methods may be called from several goroutines; those about a connection are before
// Fill of the sessions that it belongs to.
type Follower interface {
	Follow(c *flow.Conn) tcp.DataReader
	Fill(s *record.Session) // before the findings
}

// keep tells the Evidence of a packet. A SYN to a port that FTP is expected on counts as
// FTP's whatever follows: that nobody answered, or nobody spoke, is worth keeping too.
func (a *analysis) keep(p *capture.Packet, s *flow.Segment) {
	if s.Flags&(flow.SYN|flow.ACK) == flow.SYN && a.ports.has(s.DstPort) {
		a.opt.Evidence.Mark(netip.AddrPortFrom(s.Src.Addr(), s.SrcPort), netip.AddrPortFrom(s.Dst.Addr(), s.DstPort), s.Net)
	}
	a.opt.Evidence.Add(p, s)
	if parts := a.decoder.Parts(); len(parts) > 0 {
		a.opt.Evidence.Reassembled(parts, s)
	}
}

// pulse is how often a live analysis looks at the clock, and at what is over.
const pulse = 250 * flow.Millisecond

// setBack is how far a clock must step backwards to have been set; what is less are
// packets that come late.
const setBack = 10 * flow.Second

// heart tells when a live analysis has to look at the clock; it never beats for files,
// where packets are the clock.
type heart struct {
	live Live
	last flow.Time
	next flow.Time // snapshot
}

func newHeart(s Source) heart {
	live, _ := s.(Live)
	return heart{live: live}
}

// beats reports whether it is time, and what time it is.
func (h *heart) beats() (flow.Time, bool) {
	if h.live == nil {
		return 0, false
	}
	now := h.live.Now()
	switch d := now - h.last; {
	case d >= pulse:
	case d <= -setBack:
		h.next = min(h.next, now)
	default:
		return 0, false
	}
	h.last = now
	return now, true
}

// Status is how a live analysis stands.
type Status struct {
	Now     flow.Time
	Packets uint64
	Bytes   uint64 // on the wire
	Dropped uint64 // by the kernel: lost to the analysis
	Open    int    // control connections
	Tracked int    // connections in the tables
	Evicted uint64 // connections that a full table gave up
}

func (a *analysis) status(now flow.Time, shards horizon, count *counts) *Status {
	return &Status{
		Now: now, Packets: count.packets, Bytes: count.bytes, Dropped: a.source.Stats().Dropped,
		Open: shards.open, Tracked: shards.tracked, Evicted: shards.evicted,
	}
}

// shot reports whether it is time for a snapshot of the open sessions; the first comes
// one interval after the beginning.
func (h *heart) shot(now, interval flow.Time) bool {
	if interval <= 0 || now < h.next {
		return false
	}
	due := h.next > 0
	h.next = now + interval
	return due
}

// Tries of control connections are told when nobody repeated them for a while: SYNs are
// up to 64 s apart (RFC 6298).
const (
	triesEnd   = 120 * flow.Second
	triesEvery = 10 * flow.Second
)

// settle tells of the tries that are over.
func (a *analysis) settle(now flow.Time) {
	if d := now - a.settled; d >= triesEvery || d <= -triesEvery {
		a.settled = now
		a.matcher.SettleAttempts(now - triesEnd)
	}
}
