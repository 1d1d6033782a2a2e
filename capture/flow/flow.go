// Package flow is the vocabulary that ftpscope's steps share: where a packet stands, who
// talks to whom, what a TCP segment says and what is known of a finished connection. It
// has no behaviour beyond reading itself and imports the standard library only;
// capture/decode makes its Segments, capture/tcp its Conns.
package flow

// Pos is a packet's place: the file (index in the run's list of files) and the packet's
// number in that file, from 1, as Wireshark counts. The zero Pos means "not seen".
type Pos uint64

const packetBits = 40 // 1.1e12 packets a file, 2 million files

// Packets of a link that no file holds by their number have onLink. If some of them are
// kept in one file, these have kept, and the others apart.
const (
	kept   Pos = 1 << 61
	onLink Pos = 1 << 62
	apart  Pos = 1 << 63
)

// At returns the Pos of a packet, numbered from 1, in the file with this index.
func At(file int, packet uint64) Pos { return Pos(uint64(file)<<packetBits | packet&(1<<packetBits-1)) }

// OnLink is At of the packet of an interface: no file has it by this number.
func OnLink(iface int, packet uint64) Pos { return At(iface, packet) | onLink }

// Kept is the place of a packet of an interface in the one file that keeps such packets.
func Kept(iface int, packet uint64) Pos { return At(iface, packet) | kept }

// Apart is the place of a packet on a link that this file does not hold; Rejoined takes
// that back.
func (p Pos) Apart() Pos    { return p | apart }
func (p Pos) Rejoined() Pos { return p &^ apart }

// Point is the index of the place of capture: of the file, or of the interface.
func (p Pos) Point() int { return int(p &^ (kept | onLink | apart) >> packetBits) }

// File is the index of the file that holds the packet.
func (p Pos) File() int {
	if p&(kept|apart) != 0 {
		return 0
	}
	return p.Point()
}

// Packet is the packet's number in its file, from 1; 0 when the packet was not seen, or
// has none there.
func (p Pos) Packet() uint64 {
	if p&apart != 0 {
		return 0
	}
	return uint64(p & (1<<packetBits - 1))
}

// InFile reports whether a file holds the packet by its number.
func (p Pos) InFile() bool { return p != 0 && p&(onLink|apart) == 0 }

// Seen reports whether there is such a packet.
func (p Pos) Seen() bool { return p != 0 }

// Time is nanoseconds since 1970-01-01 UTC, by the capture's clock.
type Time int64

// The units of Time.
const (
	Microsecond Time = 1000
	Millisecond Time = 1000 * Microsecond
	Second      Time = 1000 * Millisecond
)

// Disorder is how far the clock goes back at most between packets that only came into the
// capture in disorder, as those of several queues of an interface do. If it goes back by
// more, somebody set it.
const Disorder = 2 * Second

// Mark says when and where something was seen. Ord counts packets over all files in the
// order in which they are analyzed (Pos alone does not order the packets of files whose
// times overlap).
type Mark struct {
	Time Time
	Ord  uint64
	Pos  Pos
}

// Seen reports whether the mark marks a packet.
func (m Mark) Seen() bool { return m.Pos != 0 }

// TCP flags as they stand in the header's 14th byte.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
)

// NoScale stands in Segment.Scale when the segment has no window scale option.
const NoScale = 0xff

// Segment is one TCP segment as decoded from a packet, or (ICMP set) an ICMP error about
// one: then addresses, ports and Seq are those of the segment that the error quotes.
type Segment struct {
	Src, Dst         Host
	SrcPort, DstPort uint16
	Flags            uint8
	TTL              uint8 // IPv4 TTL or IPv6 hop limit
	Scale            uint8 // window scale option of a SYN, or NoScale
	Digits           uint8 // digits of the second that the capture's clock gives: 6, 9, …
	Net              Net   // what it was in
	Seq, Ack         uint32
	Window           uint16
	ID               uint16 // IPv4 identification (RFC 791); IPv6 has none: 0
	MSS              uint16 // maximum segment size option of a SYN (RFC 9293 section 3.7.1); 0: none
	Length           uint32 // payload bytes on the wire, by the IP header
	Payload          []byte // those of them that the capture holds; valid only during the call
	Mark
	ICMP *ICMP // nil but for ICMP errors; valid only during the call
}

// PayloadSeq is the sequence number of the first payload byte. A SYN takes one before it
// (RFC 7413: data in a SYN).
func (s *Segment) PayloadSeq() uint32 {
	if s.Flags&SYN != 0 {
		return s.Seq + 1
	}
	return s.Seq
}

// End is the sequence number after the segment: its payload, SYN and FIN counted.
func (s *Segment) End() uint32 {
	end := s.Seq + s.Length
	if s.Flags&SYN != 0 {
		end++
	}
	if s.Flags&FIN != 0 {
		end++
	}
	return end
}

// Before and After compare sequence numbers, which wrap (RFC 9293 section 3.4).
func Before(a, b uint32) bool { return int32(a-b) < 0 }
func After(a, b uint32) bool  { return int32(a-b) > 0 }

// ICMP is an ICMP or ICMPv6 error: who sent it and what it says.
type ICMP struct {
	From       Host
	V6         bool
	Type, Code uint8
	TTL        uint8  // with which the error came; 0: not known
	MTU        uint32 // of the next link, where the error names it; 0: it does not
	Mark       Mark
}

// TooBig reports whether the error says that a packet was too big for the next link
// (RFC 1191, RFC 8201): its sender lowers its MTU and goes on.
func (e *ICMP) TooBig() bool {
	if e.V6 {
		return e.Type == 2
	}
	return e.Type == 3 && e.Code == 4
}

// Budget is a limit that several holders of something share: bytes, mostly. A holder
// reserves what it keeps and releases it when it lets go. The zero Budget has room for
// nothing.
type Budget struct{ limit, used int }

// NewBudget has room for limit of it.
func NewBudget(limit int) Budget { return Budget{limit: limit} }

// Reserve takes n of it; false: there is no room, and nothing is taken.
func (b *Budget) Reserve(n int) bool {
	if b.used+n > b.limit {
		return false
	}
	b.used += n
	return true
}

// Overdraw takes n of it, room or not. The holder lets go of what it can until Exceeded
// is false.
func (b *Budget) Overdraw(n int) { b.used += n }

// Release gives n of it back.
func (b *Budget) Release(n int) { b.used -= n }

// Exceeded reports whether more is taken than there is room for.
func (b *Budget) Exceeded() bool { return b.used > b.limit }

// Used is how much is taken.
func (b *Budget) Used() int { return b.used }
