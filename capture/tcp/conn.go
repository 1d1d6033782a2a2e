package tcp

import (
	"unsafe"

	"ftpscope/capture/flow"
)

// conn is an open connection. What every packet touches comes first; cold has the rest.
// Direction Out is from a to b; a opened the connection, or is taken to have done so while opener is unset.
type conn struct {
	a, b         flow.Host
	aPort, bPort uint16
	tag          uint32 // high half of the hash
	what         what
	tries        uint8 // payload segments that were classified
	digits       uint8
	stream       int32       // index in Table.streams, +1; 0: none
	net          [2]flow.Net // by direction; Table.copies has further ones
	last         flow.Mark
	half         [2]half
	prev, next   int32 // list that the connection is in; 0: none
	cold         cold
}

// A connection takes whole cache lines, and what every packet touches the first three of them.
const lineSize = 64

var _ [0]struct{} = [unsafe.Sizeof(conn{}) % lineSize]struct{}{}

// what is the set of things known of a connection.
type what uint16

const (
	opener     what = 1 << iota // a is known to have opened it
	sawSYN                      // SYN of a
	sawSYNACK                   // SYN-ACK of b
	agreed                      // both sides agreed, or data flowed
	refused                     // RST answered the SYN
	unreached                   // ICMP answered the SYN
	counted                     // not a control connection
	ended                       // FIN of both sides, or RST
	reset                       // by RST
	halfOpen                    // in the list of half-open connections
	lingering                   // in the list of ended connections
	holed                       // Table.holes has gaps of it
	inUse                       // not a free slot
	manyFiles                   // its packets are from several files
	followed                    // Table.followed has its stream
	passedOver                  // the Follower did not want it, or wants no more of it
)

// half is one direction: sequence numbers are of what this side sent.
type half struct {
	start, next uint32 // first payload byte; the byte after the highest seen
	acked       uint32 // highest acknowledgement by the other side
	window      uint32 // what this side last offered to receive, scaled
	bytes       uint64 // next - start, unwrapped
	held        uint64 // bytes of that which the capture holds
	packets     uint64
	finSeq      uint32
	scale       uint8
	ttl         uint8
	id          uint8 // the last SYN's IPv4 identification, its low byte: enough to tell a repetition from a copy
	is          known
}

// known is the set of things known of a direction.
type known uint8

const (
	started  known = 1 << iota // start and next are valid
	isAcked                    // acked is valid
	finished                   // FIN was seen
	exact                      // start is the byte after the SYN
	closed                     // by RST with sequence number 0: a SYN found no listener
	spoke                      // a segment without SYN and RST was seen, with ACK
	carried                    // cold.firstData is set
	pieces                     // a gap was too large to bridge; Table.holes has what is held, not what is not
)

// cold is what few packets touch.
type cold struct {
	start     flow.Mark
	syn       flow.Mark
	synack    flow.Mark
	lastSYN   flow.Mark
	synSeq    uint32
	syns      int32
	more      *flow.SYNs // positions, if there are several
	firstData [2]flow.Mark
	fin, rst  [2]flow.Mark
	icmp      *flow.ICMP
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

// turn exchanges the two ends: it was the other side that opened the connection.
func (c *conn) turn() {
	c.a, c.b, c.aPort, c.bPort = c.b, c.a, c.bPort, c.aPort
	c.half[0], c.half[1] = c.half[1], c.half[0]
	c.net[0], c.net[1] = c.net[1], c.net[0]
	d := &c.cold
	d.firstData[0], d.firstData[1] = d.firstData[1], d.firstData[0]
	d.fin[0], d.fin[1] = d.fin[1], d.fin[0]
	d.rst[0], d.rst[1] = d.rst[1], d.rst[0]
}

// begin sets the sequence number of a direction's first payload byte.
func (h *half) begin(seq uint32, is known) {
	h.start, h.next = seq, seq
	h.is |= started | is
}

// limit is how far the other side can have acknowledged: payload, and the FIN where it is next.
func (h *half) limit(next uint32) uint32 {
	if h.is&finished != 0 && h.finSeq == next {
		return next + 1
	}
	return next
}

// credible reports whether an acknowledgement can be of what this side sent, given what the capture may lack of it.
func (h *half) credible(ack uint32) bool {
	return h.is&started == 0 || int32(ack-h.next) <= maxBridge
}

// before and after compare sequence numbers (RFC 9293 section 3.4).
func before(a, b uint32) bool { return int32(a-b) < 0 }
func after(a, b uint32) bool  { return int32(a-b) > 0 }
