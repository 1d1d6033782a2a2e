package capture

import (
	"bytes"
	"math"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// LinkTypeBeyond is what LinkType says of link types that gopacket's 8 bits cannot hold,
// LINKTYPE_LINUX_SLL2 (276) for one. gopacket has no decoder for it: decoding fails,
// where a number that was cut would be taken for another link type.
const LinkTypeBeyond layers.LinkType = math.MaxUint8

// Packets gives the packets of batches one at a time, as a gopacket.PacketDataSource and
// ZeroCopyPacketDataSource do. Captures embed it. A program that reads by it must not
// call Next of the same capture too.
//
// The CaptureInfo of a packet has what gopacket has a place for. The rest is in its
// AncillaryData, whose only element is the *Packet: link type in full, file and
// packet number (Pos), the digits of its time, its frame check sequence. That costs no
// allocation.
//
// Files, and interfaces in a file, may have different link types. Packets of all of them
// come. LinkType tells that of each, and Packets is a gopacket.Decoder that begins with
// it, so that
//
//	gopacket.NewPacketSource(c, c)
//
// decodes each packet by its own (unless it is Lazy: then the next packet may have been
// read before).
type Packets struct {
	next      func() ([]Packet, error)
	batch     []Packet
	at        int    // in batch: the next packet
	err       error  // of next: it stays
	link      uint32 // of the packet that was given last
	given     bool   // one was
	ancillary [1]any
}

// NewPackets takes batches from next, which gives io.EOF at the end.
func NewPackets(next func() ([]Packet, error)) Packets { return Packets{next: next} }

// ZeroCopyReadPacketData returns the next packet: data and ci.AncillaryData are valid
// until the next call. It waits where packets are still to come, and returns io.EOF at
// the end, no other error.
func (s *Packets) ZeroCopyReadPacketData() (data []byte, ci gopacket.CaptureInfo, err error) {
	if err := s.load(); err != nil {
		return nil, ci, err
	}
	p := &s.batch[s.at]
	s.at++
	s.link, s.given = p.Link, true
	s.ancillary[0] = p
	return p.Data, gopacket.CaptureInfo{
		Timestamp:     time.Unix(0, int64(p.Time)).UTC(),
		CaptureLength: len(p.Data),
		Length:        int(p.Length),
		AncillaryData: s.ancillary[:],
	}, nil
}

// ReadPacketData is ZeroCopyReadPacketData for callers that keep what they get: all of it
// is copied.
func (s *Packets) ReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	data, ci, err := s.ZeroCopyReadPacketData()
	if err != nil {
		return nil, ci, err
	}
	p := *ci.AncillaryData[0].(*Packet)
	p.Data = bytes.Clone(data)
	ci.AncillaryData = []any{&p}
	return p.Data, ci, nil
}

// LinkType is that of the packet that was read last, and before, of the first one: it
// waits for it. It is LinkTypeBeyond where gopacket has no number for it, and where there
// is no packet.
func (s *Packets) LinkType() layers.LinkType {
	link := s.link
	if !s.given {
		if s.load() != nil {
			return LinkTypeBeyond
		}
		link = s.batch[s.at].Link
	}
	return layers.LinkType(min(link, uint32(LinkTypeBeyond)))
}

// Decode decodes the packet that was read last.
func (s *Packets) Decode(data []byte, p gopacket.PacketBuilder) error {
	return s.LinkType().Decode(data, p)
}

// load makes a packet available.
func (s *Packets) load() error {
	for s.at == len(s.batch) && s.err == nil {
		s.batch, s.err = s.next()
		s.at = 0
		if s.err != nil {
			s.batch = nil
		}
	}
	if s.at < len(s.batch) {
		return nil
	}
	return s.err
}
