package compare

import (
	"net/netip"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// The verdicts, the worst first.
const (
	Between   = "between"   // RST, FIN, ICMP or data that one side got and the other did not send
	Lost      = "lost"      // something left one side, never arrived at the other, and no repetition did
	OneSided  = "one-sided" // seen on one side only
	Uncertain = "unknown"   // the captures do not hold enough to say
	Repaired  = "repaired"  // packets were lost, and sent again
	Rewritten = "rewritten" // what was said was changed on the way: an ALG
	Same      = "same"      // nothing but addresses, hops and options was changed
)

// Verdicts are all of them, the worst first.
func Verdicts() []string {
	return []string{Between, Lost, OneSided, Uncertain, Repaired, Rewritten, Same}
}

// The kinds of differences.
const (
	RSTBetween  = "rst-between"
	FINBetween  = "fin-between"
	ICMPBetween = "icmp-between"
	SYNBetween  = "syn-between"
	DataBetween = "data-between"

	SYNLost     = "syn-lost"
	RSTLost     = "rst-lost"
	FINLost     = "fin-lost"
	ICMPLost    = "icmp-lost"
	DataLost    = "data-lost"
	Repeated    = "data-repaired"
	Duplicated  = "data-duplicated"
	NotCaptured = "not-captured"
	NotCovered  = "not-covered"
	NotCompared = "not-compared"

	Addresses = "address-rewritten"
	Lines     = "text-rewritten"
	OptionsOf = "options-rewritten"
	Numbers   = "sequence-rewritten"
	Hops      = "hops-changed"
)

// Kind is a kind of difference: what it means and which verdict it leads to.
type Kind struct{ Name, Verdict, Doc string }

// Kinds are all of them, the worst first.
func Kinds() []Kind {
	return []Kind{
		{RSTBetween, Between, "an RST arrived that the other side did not send"},
		{ICMPBetween, Between, "an ICMP error arrived that did not pass the other side"},
		{FINBetween, Between, "a FIN arrived that the other side did not send"},
		{SYNBetween, Between, "a SYN or SYN-ACK arrived that the other side did not send"},
		{DataBetween, Between, "data arrived that the other side did not send"},
		{SYNLost, Lost, "a SYN or SYN-ACK left one side and never arrived at the other"},
		{DataLost, Lost, "data left one side and never arrived at the other, and no repetition did"},
		{FINLost, Lost, "no FIN of those that left one side arrived at the other"},
		{RSTLost, Lost, "an RST left one side and never arrived at the other"},
		{ICMPLost, Lost, "an ICMP error left one side and never arrived at the other"},
		{NotCovered, Uncertain, "what one side shows lies in a time that the other side's capture does not cover"},
		{NotCaptured, Uncertain, "packets that passed are missing in the other side's capture: it is incomplete"},
		{Repeated, Repaired, "packets left one side, never arrived at the other, and were sent again"},
		{NotCompared, Same, "segments of a connection beyond the limit are not compared"},
		{Duplicated, Same, "packets arrived more often than they were sent"},
		{Lines, Rewritten, "a line of the control connection was changed on the way"},
		{Numbers, Same, "TCP sequence numbers were changed on the way"},
		{OptionsOf, Same, "TCP options of the handshake were changed on the way"},
		{Addresses, Same, "addresses or ports were changed on the way: NAT"},
		{Hops, Same, "the hops between the two points, by the packets' TTL"},
	}
}

// Difference is one thing that is not the same at both points.
type Difference struct {
	Kind      string
	Transfer  int       // as Transfer.N; 0: the control connection
	Way       *Way      // of the packets; nil: of both, or of none
	At        flow.Time // of the first packet, by the client's side's clock; 0: of what both sides have
	Side      int       // that has the packets: 0 the client's, 1 the server's
	Message   string    // text of the wire in it is not escaped
	Short     string    // the packets in two or three words: SYN to port 50012
	Here      []flow.Pos
	There     []flow.Pos
	Packets   int
	Bytes     uint64
	Certain   bool
	TextHere  *string // of address-rewritten and text-rewritten: what it was on the client's side
	TextThere *string
	RTOs      int // retransmissions that followed
	detail    detail
}

// detail is what sentences need besides.
type detail struct {
	side       int   // that has the packets
	lacks      int   // side whose capture is not complete
	syn        bool  // they are SYNs
	ttl, usual uint8 // of a packet from between, and what its sender's packets have there
	hasUsual   bool
	icmp       *ICMP
	whole      bool // the whole connection is not there
	why        string
}

// Seen is a session on one side.
type Seen struct {
	ID             int // the session's there; 0: it is no session
	Client, Server netip.AddrPort
	User           *string
	Start, End     record.Stamp
	SYNs           int // of a control connection that never came to be
}

// Spread is how long packets took one way, by a clock whose offset is known only in so
// far as Clock says.
type Spread struct {
	Least, Median, Most flow.Time
	Packets             int
}

// Delay is what the way between the points takes.
type Delay struct {
	RoundTrip *flow.Time // the least that both ways take together: certain
	Way       [2]*Spread // by Way; nil: no packet was paired
}

// Transfer is a transfer as both sides saw it.
type Transfer struct {
	N                int // on the client's side, or on the server's if it is not there
	Here, There      *record.Transfer
	ConnHere         *Conn // the connections that were tried last, or established
	ConnThere        *Conn
	Verdict, Message string
}

// Comparison is one session, or one control connection that never came to be, at both
// points.
type Comparison struct {
	ID           int
	Attempt      bool
	Verdict      string
	Message      string // one sentence
	Here, There  *Seen  // nil: not seen there
	Clock        *Clock // nil: of all sessions
	Delay        Delay
	HopsToServer *int // nil: not known
	HopsToClient *int
	Transfers    []Transfer
	Differences  []Difference
}

// Result is all that was compared, the worst first.
type Result struct {
	Here, There *Side // the client's and the server's side
	Swapped     bool  // they were given the other way round
	OrderKnown  bool  // which side is nearer to the clients can be told
	OrderReason string
	Clock       Clock
	Stepped     int // sessions of a time when the clocks stood otherwise
	Comparisons []Comparison
	Verdicts    map[string]int
	Imperfect   [2]bool // a side's capture lacks packets that came by
}
