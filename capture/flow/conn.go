package flow

import "net/netip"

// State is how far a connection came.
type State uint8

// The values of connection.state in a session's record.
const (
	Unknown     State = iota // too little seen to say
	Established              // both sides agreed, or data flowed
	Refused                  // the SYN was answered by RST
	Unanswered               // the SYN was not answered
	Unreachable              // the SYN was answered by an ICMP error
)

// Closing is how a connection ended.
type Closing uint8

// The values of connection.closing in a session's record.
const (
	Cut     Closing = iota // the capture or the idle limit ended it
	Finned                 // by FIN
	ResetBy                // by RST
)

// Direction of a packet in a connection.
type Direction uint8

// Out is from Conn.Src (who opened it) to Conn.Dst, In the other way.
const (
	Out Direction = iota
	In
)

// Half is what one side of a connection sent.
type Half struct {
	Bytes     uint64 // payload by sequence numbers: retransmissions once, acknowledged gaps included
	Missing   uint64 // those of Bytes that the capture does not hold
	Packets   uint64
	FirstData Mark
	FIN, RST  Mark
	TTL       uint8 // of the first packet
	Silent    bool  // the capture has no packet of it, and the other side acknowledged no payload
	PlainTTL  uint8 // of the first that is neither SYN nor RST; 0: not known
	FINTTL    uint8 // of FIN
	RSTTTL    uint8 // of RST
	First     uint8 // its first byte; 0: not known
}

// SYNs are the positions of the first SYNs of a connection, the first and its
// repetitions; zero: there were no more.
type SYNs [8]Pos

// Sent tells who sent what a connection carried.
type Sent uint8

// SentNothing: it carried a handshake only.
const (
	SentUnknown Sent = iota
	SentOut
	SentIn
	SentNothing
)

// Told is what a reader says of what a connection carried.
type Told struct {
	Sent  Sent
	Facts any // more that it found out; what that is the reader's package says
}

// SentBy is that of a direction.
func SentBy(d Direction) Sent { return SentOut + Sent(d) }

// Swapped is the same for a connection whose ends are exchanged.
func (s Sent) Swapped() Sent {
	switch s {
	case SentOut:
		return SentIn
	case SentIn:
		return SentOut
	}
	return s
}

// Short is the number of bytes from which on, sent by one side, a TLS handshake can no
// longer outweigh the data of a connection.
const Short = 8 << 10

// Conn is what is known of one TCP connection. Src opened it; OpenerKnown tells whether a
// SYN or SYN-ACK says so.
type Conn struct {
	ID          uint64 // see ConnID
	Src, Dst    netip.AddrPort
	Start, Last Mark // first and last packet
	SYN         Mark // first SYN of Src; not seen: zero
	SYNACK      Mark
	SYNs        int // SYNs of Src, retransmissions counted
	LastSYN     Mark
	SYNPos      *SYNs // where the first of them were, if there were several; see SYNsAt
	OpenerKnown bool
	State       State
	Closing     Closing
	Digits      uint8
	ManyFiles   bool // its packets are from several files
	Told             // what who followed it made of what it carried
	Nets        Nets
	ICMP        *ICMP
	Conflict    *Mark // the first bytes that came again with another content, if somebody compared them
	// Numbers are the initial sequence numbers of both sides, Src's in the high half; 0: the
	// capture lacks its handshake. A NAT changes addresses and leaves them as they are.
	Numbers uint64
	Half    [2]Half // by Direction
	Course  *Course // nil: it was not watched
}

// SYNsAt is where the first SYNs of Src were.
func (c *Conn) SYNsAt() []Pos {
	if c.SYNPos == nil {
		return []Pos{c.SYN.Pos}
	}
	return c.SYNPos[:]
}

// Swapped is the same connection with its ends exchanged.
func (c Conn) Swapped() Conn {
	c.Src, c.Dst = c.Dst, c.Src
	c.Half[0], c.Half[1] = c.Half[1], c.Half[0]
	c.Sent, c.Numbers = c.Sent.Swapped(), c.Numbers<<32|c.Numbers>>32
	if c.Course != nil {
		x := *c.Course
		x.Side[0], x.Side[1] = x.Side[1], x.Side[0]
		c.Course = &x
	}
	return c
}

var stateNames = [...]string{"unknown", "established", "refused", "unanswered", "unreachable"}

// String is the name that the records use.
func (s State) String() string { return stateNames[s] }

var closingNames = [...]string{"cut", "fin", "rst"}

// String is the name that the records use.
func (c Closing) String() string { return closingNames[c] }

// LoneSYN is a SYN, with its repetitions, of which nothing else was seen: no answer of
// any kind. It is all that most packets of a scan or flood amount to.
type LoneSYN struct {
	Src, Dst         Host
	First            Mark
	Again            *Repeated // nil: there was only the first
	SrcPort, DstPort uint16
	TTL, Digits      uint8
	Net              Net
	Cut              bool // the capture ends sooner than an answer had to come
}

// Repeated is what is known of the repetitions of a SYN.
type Repeated struct {
	Count int // SYNs, the first counted
	Last  Mark
	At    SYNs
}

// Count is how many SYNs there were.
func (s *LoneSYN) Count() int {
	if s.Again == nil {
		return 1
	}
	return s.Again.Count
}

// Last is the last of them.
func (s *LoneSYN) Last() Mark {
	if s.Again == nil {
		return s.First
	}
	return s.Again.Last
}

// At is where they were, as Conn.SYNPos.
func (s *LoneSYN) At() *SYNs {
	if s.Again == nil {
		return nil
	}
	at := s.Again.At
	return &at
}

// ConnID tells a connection from all others of a capture: by the Ord of its first packet,
// and by its ports from those that begin in the same packet, as an IEEE 802.11 frame
// holds several.
func ConnID(first uint64, port, other uint16) uint64 { return first ^ uint64(port^other)<<48 }

// Conn is the SYN as a connection that was not answered.
func (s *LoneSYN) Conn() Conn {
	c := Conn{
		ID: ConnID(s.First.Ord, s.SrcPort, s.DstPort), Src: netip.AddrPortFrom(s.Src.Addr(), s.SrcPort), Dst: netip.AddrPortFrom(s.Dst.Addr(), s.DstPort), OpenerKnown: true,
		Start: s.First, Last: s.Last(), SYN: s.First, LastSYN: s.Last(), SYNs: s.Count(), SYNPos: s.At(), State: Unanswered, Digits: s.Digits,
		Nets: s.Net.Nets(), ManyFiles: s.First.Pos.File() != s.Last().Pos.File(),
	}
	if s.Cut {
		c.State = Unknown
	}
	c.Half[Out].Packets, c.Half[Out].TTL = uint64(c.SYNs), s.TTL
	return c
}
