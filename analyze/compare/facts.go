// Package compare says what two captures of the same traffic, taken at two points, show
// together: what was rewritten, lost or made up between them. It is pure: two Sides
// become Comparisons. Package analyze collects the facts of a Side, package report writes
// what is said.
package compare

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Limits of what is kept of one side.
const (
	// MaxSessions bounds the sessions that are compared, about 10 KB each.
	MaxSessions = 10_000
	// MaxTransfers bounds their transfers, about 1 KB each with their connections.
	MaxTransfers = 1 << 18
	// MaxSegs bounds the segments that are kept over all connections: 48 MB.
	MaxSegs = 1 << 20
	// MaxConnSegs bounds them in one direction of a connection, so that one large
	// transfer does not take the room of all others. What comes after is not compared,
	// and that is said.
	MaxConnSegs = 1 << 15
	// MaxText bounds the text that is kept of one direction of a control connection,
	// which rewritten lines are found in.
	MaxText = 64 << 10
	// MaxTexts bounds it over all of them.
	MaxTexts = 64 << 20
	// MaxAttempts bounds the control connections that never came to be.
	MaxAttempts = 1000
	// MaxStrangers bounds the SYNs that are kept of other connections, for the clocks'
	// sake.
	MaxStrangers = 4096
	// MaxStrays bounds the connections that are looked for by the other side's SYNs.
	MaxStrays = 10_000
)

// Way is a direction between the two points.
type Way uint8

// The ways: what the client's side sends, and what the server's side sends.
const (
	ToServer Way = iota
	ToClient
)

// String is the word of the records.
func (w Way) String() string { return [...]string{"to_server", "to_client"}[w] }

// Side is what one point's captures hold.
type Side struct {
	Name        string // as the user named it
	Files       []string
	First, Last record.Stamp // of all packets
	Packets     uint64
	Beside      uint64 // packets of no control connection: without any, the capture may have been filtered
	Dropped     uint64 // by the capturing machine, as it says itself
	Undecoded   uint64
	Summary     *record.Summary // of its analysis
	Truncated   []string        // files that were not read to their end
	Sessions    []*Session
	Attempts    []*Conn // control connections that never came to be
	Strays      []*Conn // of no session here, but the other side's sessions have their SYN
	Strangers   []Seg   // SYNs and SYN-ACKs of other connections, at most MaxStrangers
	Skipped     int     // sessions beyond the limit
}

// Session is a session with its connections.
type Session struct {
	*record.Session
	Control *Conn
	Data    []Data
}

// Data is a data connection, and the index of the transfer that it was tried for.
type Data struct {
	Transfer int
	Conn     *Conn
}

// Conn is a connection with the segments that matter.
type Conn struct {
	Src, Dst   netip.AddrPort // Src opened it
	FromClient bool           // Src is on the client's side
	Start, End flow.Time
	State      flow.State
	Digits     uint8
	Half       [2]Half   // by Way
	ICMP       []ICMP    // at most maxICMP
	CutAt      flow.Time // from here on nothing was kept: a limit; 0: never
}

const maxICMP = 16

// ICMP is an error about a segment of the connection.
type ICMP struct {
	Time       flow.Time
	Pos        flow.Pos
	About      Way // the way of the segment that it quotes
	From       netip.Addr
	Type, Code uint8
	V6         bool
	TTL        uint8
}

// Half is what was sent one way.
type Half struct {
	Segs    []Seg // SYN, FIN, RST and payload, as captured
	Acked   uint32
	HasAck  bool // Acked holds the highest acknowledgement that was sent this way
	TTL     uint8
	HasTTL  bool // TTL is that of the first packet that is no RST
	Packets uint64
	Text    *Text // of control connections
}

// Seg is a segment with payload or SYN, FIN or RST.
type Seg struct {
	Time       flow.Time
	Pos        flow.Pos
	Seq        uint32
	Length     uint32
	Hash       uint32 // of the first bytes of the payload; 0: none was captured
	MSS        uint16
	Flags, TTL uint8
	Scale      uint8
}

// hashed is how many bytes of payload are hashed: short captures hold them too.
const hashed = 16

// add takes a segment of the connection, sent that way.
func (c *Conn) add(w Way, s *flow.Segment, b *budget) {
	if s.ICMP != nil {
		if len(c.ICMP) < maxICMP {
			e := s.ICMP
			c.ICMP = append(c.ICMP, ICMP{Time: s.Time, Pos: s.Pos, About: w, From: e.From.Addr(), Type: e.Type, Code: e.Code, V6: e.V6, TTL: s.TTL})
		}
		return
	}
	h := &c.Half[w]
	h.Packets++
	if s.Flags&flow.RST == 0 {
		if !h.HasTTL {
			h.TTL, h.HasTTL = s.TTL, true
		}
		if s.Flags&flow.ACK != 0 && (!h.HasAck || int32(s.Ack-h.Acked) > 0) {
			h.Acked, h.HasAck = s.Ack, true
		}
	}
	if s.Length == 0 && s.Flags&(flow.SYN|flow.FIN|flow.RST) == 0 {
		return
	}
	if h.Text != nil && s.Flags&flow.RST == 0 {
		h.Text.add(s, b)
	}
	if len(h.Segs) >= MaxConnSegs || !b.segs.reserve(1) {
		if c.CutAt == 0 {
			c.CutAt = s.Time
		}
		return
	}
	h.Segs = append(h.Segs, Seg{
		Time: s.Time, Pos: s.Pos, Seq: s.Seq, Length: s.Length, Hash: hashOf(s.Payload, s.Length), MSS: s.MSS, Flags: s.Flags, TTL: s.TTL, Scale: s.Scale,
	})
}

// settle says that no segment is to come: what was kept for more is let go.
func (c *Conn) settle() {
	for w := range c.Half {
		h := &c.Half[w]
		h.Segs = clipped(h.Segs)
		if h.Text != nil {
			h.Text.bytes = clipped(h.Text.bytes)
		}
	}
}

func clipped[T any](list []T) []T {
	if len(list) == cap(list) {
		return list
	}
	return slices.Clip(append([]T(nil), list...))
}

// budget is what is left of the limits of a side: of segments, and of bytes of text.
type budget struct{ segs, text allowance }

func newBudget() *budget { return &budget{MaxSegs, MaxTexts} }

// allowance is how much of something may still be kept.
type allowance int

// reserve takes n, if there are as many.
func (a *allowance) reserve(n int) bool {
	if n > int(*a) {
		return false
	}
	*a -= allowance(n)
	return true
}

// hashOf is FNV-1a of the first bytes, and the length.
func hashOf(payload []byte, length uint32) uint32 {
	if len(payload) < int(min(length, hashed)) || length == 0 {
		return 0
	}
	h := uint32(2166136261)
	for _, b := range payload[:min(len(payload), hashed)] {
		h = (h ^ uint32(b)) * 16777619
	}
	h = (h ^ length) * 16777619
	return max(h, 1)
}

// syn is the first SYN (or SYN-ACK) of a half; nil: none was seen.
func (h *Half) syn() *Seg {
	for i := range h.Segs {
		if h.Segs[i].Flags&flow.SYN != 0 {
			return &h.Segs[i]
		}
	}
	return nil
}

// SYN is the first SYN of who opened the connection; nil: it was not seen.
func (c *Conn) SYN() *Seg { return c.Half[c.opening()].syn() }

// FirstData is when the first payload was sent that way.
func (c *Conn) FirstData(w Way) (flow.Time, bool) {
	for i := range c.Half[w].Segs {
		if c.Half[w].Segs[i].Length > 0 {
			return c.Half[w].Segs[i].Time, true
		}
	}
	return 0, false
}

// opening is the way of the SYN.
func (c *Conn) opening() Way {
	if c.FromClient {
		return ToServer
	}
	return ToClient
}

// number is the opener's initial sequence number.
func (c *Conn) number() (isn uint32, ok bool) {
	if s := c.Half[c.opening()].syn(); s != nil {
		return s.Seq, true
	}
	return 0, false
}

// Missing are the initial sequence numbers of connections that a has and b has not: what
// to look for in the whole of b. The value says whether the client's side opened the
// connection.
func Missing(a, b *Side) map[uint32]bool {
	has := map[uint32]bool{}
	b.opened(func(n uint32, _ *Conn) { has[n] = true })
	missing := map[uint32]bool{}
	a.opened(func(n uint32, c *Conn) {
		if !has[n] && len(missing) < MaxStrays {
			missing[n] = c.FromClient
		}
	})
	return missing
}

// opened visits the connections whose SYN the side has.
func (s *Side) opened(visit func(isn uint32, c *Conn)) {
	one := func(c *Conn) {
		if n, ok := c.number(); ok {
			visit(n, c)
		}
	}
	for _, x := range s.Sessions {
		one(x.Control)
		for _, d := range x.Data {
			one(d.Conn)
		}
	}
	for _, c := range s.Attempts {
		one(c)
	}
}
