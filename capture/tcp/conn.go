package tcp

import (
	"net/netip"
	"unsafe"

	"ftpscope/capture/flow"
)

// conn is an open connection. What every packet touches comes first; cold has the rest.
// Direction Out is from a to b; a opened the connection, or is taken to have done so
// while opener is unset.
type conn struct {
	a, b         flow.Host
	aPort, bPort uint16
	tag          uint32 // high half of the hash
	flags        connFlags
	tries        uint8 // payload segments that were classified
	digits       uint8
	stream       int32       // index in controls.list, +1; 0: none
	net          [2]flow.Net // by direction; Table.copies has further ones
	last         flow.Mark
	half         [2]half
	prev, next   int32    // list that the connection is in; 0: none
	watch        int32    // in Table.watches; 0: none
	finTTL       [2]uint8 // of FIN and RST, by direction
	rstTTL       [2]uint8
	cold         cold
}

// A connection takes whole cache lines, and what every packet touches the first three of
// them.
const lineSize = 64

var _ [0]struct{} = [unsafe.Sizeof(conn{}) % lineSize]struct{}{}

// connFlags is the set of things known of a connection. Its life, and where it is
// meanwhile:
//
//   - A SYN alone is no conn but a lone in the ring Table.syns, until something else comes
//     (promote) or nothing does (loneSYN).
//   - A connection of which no payload was seen and that is not agreed is halfOpen, in
//     Table.halfOpen by its age: the first to go when the table is full.
//   - When a side goes on after the handshake, or payload comes, it is agreed, and in no
//     list. Its first payload makes it counted or a control connection (conn.stream), whose
//     reader may refuse it: then it is counted too.
//   - After the FIN of both sides or a RST it is ended and lingering, in Table.linger by
//     its end: stragglers still count. A SYN-ACK may revive one that was refused.
//   - Then it is closed: told, and its slot freed. So it is from any state when it is idle
//     for too long, when the table is full, or at the end.
type connFlags uint16

const (
	opener     connFlags = 1 << iota // a is known to have opened it
	sawSYN                           // SYN of a
	sawSYNACK                        // SYN-ACK of b
	agreed                           // both sides agreed, or data flowed
	refused                          // RST answered the SYN
	unreached                        // ICMP answered the SYN
	counted                          // not a control connection
	ended                            // FIN of both sides, or RST
	reset                            // by RST
	halfOpen                         // in the list of half-open connections
	lingering                        // in the list of ended connections
	doubted                          // Table.doubts has some of it
	inUse                            // not a free slot
	manyFiles                        // its packets are from several files
	followed                         // Table.following has its stream
	passedOver                       // the Follower did not want it, or wants no more of it
)

// half is one direction: sequence numbers are of what this side sent.
type half struct {
	start, next uint32 // first payload byte; the byte after the highest seen
	acked       uint32 // highest acknowledgement by the other side
	window      uint32 // what this side last offered to receive, scaled
	bytes       uint64 // next - start, unwrapped
	held        uint64 // bytes of that which the capture holds
	packets     uint64
	finSeq      uint32 // of the FIN; without one, where a reset that ended the connection left this side, or what it said it sends next
	scale       uint8
	ttl         uint8
	id          uint8 // IPv4 identification, its low byte, of the last SYN, and, of the side that sends none, the first one: enough to tell a repetition from a copy
	flags       halfFlags
}

// halfFlags is the set of things known of a direction.
type halfFlags uint8

const (
	started  halfFlags = 1 << iota // start and next are valid
	isAcked                        // acked is valid
	finished                       // FIN was seen
	exact                          // start is the byte after the SYN
	closed                         // a RST that answers what this side knows no connection of (RFC 9293 section 3.10.7.1): a SYN without listener, or what came after it closed
	spoke                          // a segment without SYN and RST was seen, with ACK
	carried                        // cold.firstData is set
	pieces                         // a gap was too large to bridge; Table.gaps has what is held, not what is not
)

// cold is what few packets touch.
type cold struct {
	start     flow.Mark
	syn       flow.Mark
	synack    flow.Mark
	lastSYN   flow.Mark
	synSeq    uint32
	syns      int32
	rare      *rare // nil: nothing of it
	firstData [2]flow.Mark
	fin, rst  [2]flow.Mark
}

// rare is what hardly any connection has.
type rare struct {
	more *flow.SYNs // positions, if there are several
	icmp *flow.ICMP // the error that answered the SYN
}

// rarely makes room for it.
func (d *cold) rarely() *rare {
	if d.rare == nil {
		d.rare = &rare{}
	}
	return d.rare
}

// direction tells which way s goes in c; ok is false when s is of another connection.
func (c *conn) direction(s *flow.Segment) (flow.Direction, bool) {
	if c.aPort == s.SrcPort && c.bPort == s.DstPort && c.a == s.Src && c.b == s.Dst {
		return flow.Out, true
	}
	if c.aPort == s.DstPort && c.bPort == s.SrcPort && c.a == s.Dst && c.b == s.Src {
		return flow.In, true
	}
	return 0, false
}

// direction is the same for a lone SYN.
func (e *lone) direction(s *flow.Segment) (flow.Direction, bool) {
	if e.SrcPort == s.SrcPort && e.DstPort == s.DstPort && e.Src == s.Src && e.Dst == s.Dst {
		return flow.Out, true
	}
	if e.SrcPort == s.DstPort && e.DstPort == s.SrcPort && e.Src == s.Dst && e.Dst == s.Src {
		return flow.In, true
	}
	return 0, false
}

// swapEnds exchanges the two ends: it was the other side that opened the connection.
func (c *conn) swapEnds() {
	c.a, c.b, c.aPort, c.bPort = c.b, c.a, c.bPort, c.aPort
	c.half[0], c.half[1] = c.half[1], c.half[0]
	c.net[0], c.net[1] = c.net[1], c.net[0]
	c.finTTL[0], c.finTTL[1] = c.finTTL[1], c.finTTL[0]
	c.rstTTL[0], c.rstTTL[1] = c.rstTTL[1], c.rstTTL[0]
	d := &c.cold
	d.firstData[0], d.firstData[1] = d.firstData[1], d.firstData[0]
	d.fin[0], d.fin[1] = d.fin[1], d.fin[0]
	d.rst[0], d.rst[1] = d.rst[1], d.rst[0]
}

// begin sets the sequence number of a direction's first payload byte.
func (h *half) begin(seq uint32, more halfFlags) {
	h.start, h.next, h.finSeq = seq, seq, seq
	h.flags |= started | more
}

// limit is how far the other side can have acknowledged: payload, and the FIN where it is
// next.
func (h *half) limit(next uint32) uint32 {
	if h.flags&finished != 0 && h.finSeq == next {
		return next + 1
	}
	return next
}

// credible reports whether an acknowledgement can be of what this side sent, given what
// the capture may lack of it.
func (h *half) credible(ack uint32) bool {
	return h.flags&started == 0 || int32(ack-h.next) <= maxBridge
}

// handshakeBy is a time by which the handshake was done: that of the first packet, or, if
// a SYN was the first, which may have had to be repeated, of the first payload.
func (c *conn) handshakeBy() flow.Time {
	if c.flags&(sawSYN|sawSYNACK) != sawSYN || (c.half[0].flags|c.half[1].flags)&carried == 0 {
		return c.cold.start.Time
	}
	at := c.last.Time
	for dir, h := range c.half {
		if h.flags&carried != 0 {
			at = min(at, c.cold.firstData[dir].Time)
		}
	}
	return at
}

// snapshot fills Table.fact with what is known of the connection now.
func (t *Table) snapshot(slot int32) *flow.Conn {
	c := t.slab.at(slot)
	d := &c.cold
	t.fact = flow.Conn{
		ID: flow.ConnID(d.start.Ord, c.aPort, c.bPort), Src: addrPort(c.a, c.aPort), Dst: addrPort(c.b, c.bPort),
		OpenerKnown: c.flags&opener != 0, Start: d.start, Last: c.last, SYN: d.syn, SYNACK: d.synack,
		SYNs: int(d.syns), LastSYN: d.lastSYN, State: c.state(), Closing: c.closing(), Digits: c.digits,
	}
	if t.fact.State == flow.Unanswered && d.syns == 1 && t.until-d.syn.Time < firstWait {
		t.fact.State = flow.Unknown
	}
	t.fact.Numbers = c.numbers()
	t.fact.Nets, t.fact.ManyFiles = t.nets(slot), c.flags&manyFiles != 0
	if d.rare != nil {
		if t.fact.ICMP = d.rare.icmp; d.rare.more != nil {
			at := *d.rare.more // who hears of it keeps it, while there may be more SYNs
			t.fact.SYNPos = &at
		}
	}
	for dir := range t.fact.Half {
		h := &c.half[dir]
		bytes, missing := h.told()
		t.fact.Half[dir] = flow.Half{
			Bytes: bytes, Missing: missing, Packets: h.packets,
			FirstData: d.firstData[dir], FIN: d.fin[dir], RST: d.rst[dir], TTL: h.ttl,
			Silent: h.packets == 0 && h.flags&(started|isAcked) == started|isAcked && h.acked-h.start <= 1, // its FIN has a number, too
			FINTTL: c.finTTL[dir], RSTTTL: c.rstTTL[dir],
		}
		if c.watch != 0 {
			x := &t.watches.of(c).side[dir]
			t.fact.Half[dir].PlainTTL, t.fact.Half[dir].First = x.ttl, x.began.first(h)
		}
	}
	return &t.fact
}

// numbers are the initial sequence numbers of both sides, as SYN, SYN-ACK and what answers
// it tell; 0: they do not.
func (c *conn) numbers() uint64 {
	if c.flags&(sawSYN|sawSYNACK) == 0 || c.half[flow.In].flags&started == 0 {
		return 0
	}
	return uint64(c.cold.synSeq)<<32 | uint64(c.half[flow.In].start-1)
}

// told is what to say of a direction's bytes. Of a capture in pieces only what it holds
// can be vouched for.
func (h *half) told() (bytes, missing uint64) {
	held := min(h.held, h.bytes)
	if h.flags&pieces != 0 {
		return held, h.bytes - held
	}
	return h.bytes, h.bytes - held
}

func addrPort(h flow.Host, port uint16) netip.AddrPort { return netip.AddrPortFrom(h.Addr(), port) }

func (c *conn) state() flow.State {
	switch {
	case c.flags&agreed != 0:
		return flow.Established
	case c.flags&(refused|sawSYNACK) == refused:
		return flow.Refused
	case c.flags&(unreached|sawSYNACK) == unreached:
		return flow.Unreachable
	case c.flags&sawSYN != 0 && c.flags&sawSYNACK == 0 && c.half[flow.In].packets == 0 && !c.cold.rst[flow.In].Seen():
		return flow.Unanswered
	}
	return flow.Unknown
}

func (c *conn) closing() flow.Closing {
	switch {
	case c.half[0].flags&c.half[1].flags&finished != 0: // a reset then tells only that somebody did not wait for the last ACK
		return flow.Finned
	case c.flags&reset != 0:
		return flow.ResetBy
	case (c.half[0].flags|c.half[1].flags)&finished != 0:
		return flow.Finned
	}
	return flow.Cut
}
