// Package flow is the vocabulary that ftpscope's steps share: where a packet stands, who talks to whom, what a
// TCP segment says and what is known of a finished connection. It has no behaviour beyond reading itself and
// imports the standard library only; capture/decode makes its Segments, capture/tcp its Conns.
package flow

import (
	"encoding/binary"
	"net/netip"
)

// Pos is a packet's place: the file (index in the run's list of files) and the packet's number in that file, from 1,
// as Wireshark counts. The zero Pos means "not seen".
type Pos uint64

const packetBits = 40 // 1.1e12 packets a file, 16 million files

// At returns the Pos of a packet, numbered from 1, in the file with this index.
func At(file int, packet uint64) Pos { return Pos(uint64(file)<<packetBits | packet&(1<<packetBits-1)) }

// File is the index of the file that holds the packet.
func (p Pos) File() int { return int(p >> packetBits) }

// Packet is the packet's number in its file, from 1; 0 when the packet was not seen.
func (p Pos) Packet() uint64 { return uint64(p & (1<<packetBits - 1)) }

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

// Mark says when and where something was seen. Ord counts packets over all files in the order in which they are
// analyzed (Pos alone does not order the packets of files whose times overlap).
type Mark struct {
	Time Time
	Ord  uint64
	Pos  Pos
}

// Seen reports whether the mark marks a packet.
func (m Mark) Seen() bool { return m.Pos != 0 }

// Host is an IP address in two words: IPv6 as it is, IPv4 as ::ffff:a.b.c.d (so both compare and hash alike).
type Host struct{ Hi, Lo uint64 }

const mapped4 = 0xffff << 32

// Host4 is the Host of an IPv4 address (big-endian, as on the wire).
func Host4(a uint32) Host { return Host{Lo: mapped4 | uint64(a)} }

// HostOf converts an address; its zone is dropped.
func HostOf(a netip.Addr) Host {
	b := a.As16()
	return Host{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// Is4 reports whether h is an IPv4 address.
func (h Host) Is4() bool { return h.Hi == 0 && h.Lo>>32 == 0xffff }

// Addr returns the address, IPv4 unmapped.
func (h Host) Addr() netip.Addr {
	if h.Is4() {
		return netip.AddrFrom4([4]byte{byte(h.Lo >> 24), byte(h.Lo >> 16), byte(h.Lo >> 8), byte(h.Lo)})
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], h.Hi)
	binary.BigEndian.PutUint64(b[8:], h.Lo)
	return netip.AddrFrom16(b)
}

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

// Segment is one TCP segment as decoded from a packet, or (ICMP set) an ICMP error about one: then addresses, ports
// and Seq are those of the segment that the error quotes.
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

// ICMP is an ICMP or ICMPv6 error: who sent it and what it says.
type ICMP struct {
	From       Host
	V6         bool
	Type, Code uint8
	Mark       Mark
}

// State is how far a connection came.
type State uint8

// The states of SPEC.md's connection.state.
const (
	Unknown     State = iota // too little seen to say
	Established              // both sides agreed, or data flowed
	Refused                  // the SYN was answered by RST
	Unanswered               // the SYN was not answered
	Unreachable              // the SYN was answered by an ICMP error
)

// Closing is how a connection ended.
type Closing uint8

// The ends of SPEC.md's connection.closing.
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
}

// SYNs are the positions of the first SYNs of a connection, the first and its repetitions; zero: there were no more.
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

// SentBy is that of a direction.
func SentBy(d Direction) Sent { return SentOut + Sent(d) }

// Turned is the same for a connection whose ends are exchanged.
func (s Sent) Turned() Sent {
	switch s {
	case SentOut:
		return SentIn
	case SentIn:
		return SentOut
	}
	return s
}

const (
	// MaxRun bounds Conn.LastRun: more than a TLS alert takes says nothing more.
	MaxRun = 1<<7 - 1
	// Short is the number of bytes from which on, sent by one side, a connection's LastRun is not known: then a TLS handshake
	// can no longer outweigh the data.
	Short = 8 << 10
)

// Conn is what is known of one TCP connection. Src opened it; OpenerKnown tells whether a SYN or SYN-ACK says so.
type Conn struct {
	ID          uint64 // see ConnID
	Src, Dst    netip.AddrPort
	OpenerKnown bool
	Start, Last Mark // first and last packet
	SYN         Mark // first SYN of Src; not seen: zero
	SYNACK      Mark
	SYNs        int // SYNs of Src, retransmissions counted
	LastSYN     Mark
	SYNPos      SYNs // where the first of them were
	State       State
	Closing     Closing
	Digits      uint8
	ManyFiles   bool      // its packets are from several files
	Sent        Sent      // who sent what it carried, as who followed it told
	LastSide    Direction // who sent payload last, before the other's FIN
	LastRun     uint8     // bytes that it sent since the other had, at most MaxRun; 0: not known, as of control connections and long ones
	Nets        Nets
	ICMP        *ICMP
	Half        [2]Half // by Direction
}

var stateNames = [...]string{"unknown", "established", "refused", "unanswered", "unreachable"}

// String is the name that SPEC.md's records use.
func (s State) String() string { return stateNames[s] }

var closingNames = [...]string{"cut", "fin", "rst"}

// String is the name that SPEC.md's records use.
func (c Closing) String() string { return closingNames[c] }

// LoneSYN is a SYN, with its repetitions, of which nothing else was seen: no answer of any kind. It is all that most
// packets of a scan or flood amount to.
type LoneSYN struct {
	Src, Dst         Host
	First            Mark
	Again            *Repeated // nil: there was only the first
	SrcPort, DstPort uint16
	TTL, Digits      uint8
	Net              Net
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
func (s *LoneSYN) At() SYNs {
	if s.Again == nil {
		return SYNs{s.First.Pos}
	}
	return s.Again.At
}

// ConnID tells a connection from all others of a capture: by the Ord of its first packet, and by its ports from those that
// begin in the same packet, as an IEEE 802.11 frame holds several.
func ConnID(first uint64, port, other uint16) uint64 { return first ^ uint64(port^other)<<48 }

// Conn is the SYN as a connection that was not answered.
func (s *LoneSYN) Conn() Conn {
	c := Conn{
		ID: ConnID(s.First.Ord, s.SrcPort, s.DstPort), Src: netip.AddrPortFrom(s.Src.Addr(), s.SrcPort), Dst: netip.AddrPortFrom(s.Dst.Addr(), s.DstPort), OpenerKnown: true,
		Start: s.First, Last: s.Last(), SYN: s.First, LastSYN: s.Last(), SYNs: s.Count(), SYNPos: s.At(), State: Unanswered, Digits: s.Digits,
		Nets: s.Net.Nets(), ManyFiles: s.First.Pos.File() != s.Last().Pos.File(),
	}
	c.Half[Out].Packets, c.Half[Out].TTL = uint64(c.SYNs), s.TTL
	return c
}
