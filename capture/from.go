package capture

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/google/gopacket"

	"ftpscope/capture/flow"
	"ftpscope/capture/pcapfile"
)

// batchBytes is how much memory a Batch begins with: a batch of packets as large as
// Ethernet has them.
const batchBytes = 512 << 10

// Stream gives the packets of a gopacket source in batches, as Capture does: of pcapgo,
// of afpacket, a program's own.
type Stream struct {
	Name   string // what Files calls the source
	Link   uint32 // LINKTYPE_… of its packets
	Digits uint8  // of the second that its times have
	// Wait reports whether an error of the source only says that nothing has come for a
	// while. nil: no error does.
	Wait func(error) bool
	// Linger is how old the first packet of a batch gets before the batch is given,
	// though it is not full. 0: any age.
	Linger time.Duration
	// Problem hears why the source gave no more; nil: nobody does.
	Problem func(*FileError)

	read   func() ([]byte, gopacket.CaptureInfo, error)
	copies bool
	own    Batch
	err    error // of read: it stays

	mu    sync.Mutex // for stats
	stats Stats
}

// Batch is packets, and the memory of those that had to be copied.
type Batch struct {
	Packets []Packet
	store   [batchSize]Packet
	bytes   []byte
}

// From gives the packets of a source, of this LINKTYPE_…; that of a pcapgo.Reader r is
// uint32(r.LinkType()). What ReadPacketData returns is the caller's, so it is not copied.
func From(source gopacket.PacketDataSource, link uint32) *Stream {
	return &Stream{Name: "packets", Link: link, Digits: 9, read: source.ReadPacketData}
}

// FromZeroCopy gives the packets of a source that reuses its memory for each packet: they
// are copied into that of a batch, which allocates nothing for a packet either.
func FromZeroCopy(source gopacket.ZeroCopyPacketDataSource, link uint32) *Stream {
	return &Stream{Name: "packets", Link: link, Digits: 9, read: source.ZeroCopyReadPacketData, copies: true}
}

// Next returns the next packets: none when none came for a while (see Wait), and io.EOF
// at the end, no other error. They are valid until the next call.
func (s *Stream) Next() ([]Packet, error) {
	if err := s.Fill(&s.own); err != nil {
		return nil, io.EOF
	}
	return s.own.Packets, nil
}

// Fill reads packets into b, none when none came for a while; what b had is no longer
// valid. An error means that the source has no more; it comes after the last packets, and
// again.
func (s *Stream) Fill(b *Batch) error {
	b.Packets, b.bytes = b.store[:0], b.bytes[:0]
	if s.copies && b.bytes == nil {
		b.bytes = make([]byte, 0, batchBytes)
	}
	var first time.Time
	for s.err == nil && len(b.Packets) < batchSize && len(b.bytes) < batchBytes {
		data, ci, err := s.read()
		switch {
		case err == nil:
			s.put(b, data, &ci)
		case s.Wait != nil && s.Wait(err):
			s.count(b)
			return nil
		default:
			s.end(err, b)
		}
		switch {
		case s.Linger == 0:
		case len(b.Packets) == 1:
			first = time.Now()
		case time.Since(first) > s.Linger:
			s.count(b)
			return nil
		}
	}
	s.count(b)
	if len(b.Packets) == 0 {
		return s.err
	}
	return nil
}

// put appends a packet. Of a packet that comes from a Packets, all that is known stays.
func (s *Stream) put(b *Batch, data []byte, ci *gopacket.CaptureInfo) {
	if s.copies {
		at := len(b.bytes)
		b.bytes = append(b.bytes, data...) // if it moves, earlier packets keep what they have
		data = b.bytes[at:]
	}
	n := s.stats.Packets + uint64(len(b.Packets)) + 1
	p := Packet{Data: data[:len(data):len(data)], Link: s.Link, Digits: s.Digits}
	if len(ci.AncillaryData) > 0 {
		if known, ok := ci.AncillaryData[0].(*Packet); ok {
			p.Link, p.Digits, p.FCS = known.Link, known.Digits, known.FCS
		}
	}
	p.Length = uint32(max(ci.Length, len(data)))
	p.Mark = flow.Mark{Time: timeOf(ci.Timestamp), Ord: n, Pos: flow.At(0, n)}
	b.Packets = append(b.Packets, p)
}

// timeOf is t, or the nearest time that can be kept.
func timeOf(t time.Time) flow.Time {
	switch seconds := t.Unix(); {
	case seconds < int64(pcapfile.MinTime/flow.Second):
		return pcapfile.MinTime
	case seconds >= int64(pcapfile.MaxTime/flow.Second):
		return pcapfile.MaxTime
	}
	return flow.Time(t.UnixNano())
}

// count counts the packets of a batch that is given.
func (s *Stream) count(b *Batch) {
	s.mu.Lock()
	s.stats.Packets += uint64(len(b.Packets))
	s.mu.Unlock()
}

// end notes why there is no more.
func (s *Stream) end(err error, b *Batch) {
	s.err = err
	if errors.Is(err, io.EOF) {
		return
	}
	s.mu.Lock()
	s.stats.Errors++
	s.stats.Truncated = []string{s.Name}
	s.mu.Unlock()
	if s.Problem != nil {
		bad := plain(s.Name, err)
		bad.Before = s.stats.Packets + uint64(len(b.Packets))
		s.Problem(bad)
	}
}

// Files is the source's name.
func (s *Stream) Files() []string { return []string{s.Name} }

// Stats may be called from any goroutine.
func (s *Stream) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Files = 1
	return stats
}
