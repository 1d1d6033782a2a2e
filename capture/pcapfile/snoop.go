package pcapfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"ftpscope/capture/buffer"
	"ftpscope/capture/flow"
)

// snoop's format (RFC 1761): big-endian throughout. snoopMagic is its identification's
// first half, read little-endian.
const (
	snoopMagic   = 's' | 'n'<<8 | 'o'<<16 | 'o'<<24
	snoopName    = "snoop\x00\x00\x00"
	snoopVersion = 2
	snoopHeader  = 16
	snoopRecord  = 24
	// maxSnoopPad is how much longer a record may be than its packet; RFC 1761 section 4
	// asks for up to 3 bytes, and lets others be.
	maxSnoopPad = 256
)

// snoopLinks are the LINKTYPE_… of its datalink types: RFC 1761's, and those that Solaris
// added.
var snoopLinks = map[uint32]uint32{
	0:  1,   // IEEE 802.3
	2:  6,   // IEEE 802.5 Token Ring
	4:  1,   // Ethernet
	5:  104, // HDLC
	8:  10,  // FDDI
	26: 1,   // IPoIB is told as Ethernet
}

var errNotSnoop = errors.New("not a capture: it begins as a snoop file does, and is none")

// snoop reads the format of Solaris' snoop.
type snoop struct {
	records
	link    uint32
	drops   uint32 // cumulative, as of the last packet
	dropped *atomic.Uint64
}

func (s *snoop) start(buf *buffer.Buffer) error {
	s.buf = buf
	if err := s.more(want{snoopHeader, "the snoop header", false}); err != nil {
		return err
	}
	b := buf.Unread()
	if string(b[:8]) != snoopName {
		return errNotSnoop
	}
	if version := binary.BigEndian.Uint32(b[8:]); version != snoopVersion {
		return s.fail(false, fmt.Errorf("snoop version %d is not known, only %d is", version, snoopVersion))
	}
	kind := binary.BigEndian.Uint32(b[12:])
	link, known := snoopLinks[kind]
	if !known {
		return s.fail(false, fmt.Errorf("snoop datalink type %d is not known", kind))
	}
	s.link = link
	buf.Advance(snoopHeader)
	return nil
}

// Read fills out with at least one packet, numbered from ord, or says why there is none.
func (s *snoop) Read(out []Packet, ord uint64) (int, error) {
	for {
		if n := s.scan(out, ord); n > 0 {
			return n, nil
		}
		if err := s.more(want{snoopRecord, "a packet's header", true}); err != nil {
			return 0, err
		}
		b := s.buf.Unread()
		held, size := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
		switch {
		case held > MaxPacket:
			return 0, s.fail(true, fmt.Errorf("record says %d bytes, at most %d make sense", held, MaxPacket))
		case size < snoopRecord+held || size > snoopRecord+held+maxSnoopPad:
			return 0, s.fail(true, fmt.Errorf("record says %d bytes for a packet of %d", size, held))
		}
		if err := s.more(want{int(size), "this packet", true}); err != nil {
			return 0, err
		}
	}
}

// scan takes the packets that are whole in the buffer; it stops before a record that is
// not, or not right.
func (s *snoop) scan(out []Packet, ord uint64) int {
	b := s.buf.Unread()
	n := 0
	for n < len(out) && len(b) >= snoopRecord {
		h := b[:snoopRecord]
		length, held, size := binary.BigEndian.Uint32(h), binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:])
		if held > MaxPacket || size < snoopRecord+held || size > snoopRecord+held+maxSnoopPad || int(size) > len(b) {
			break
		}
		if drops := binary.BigEndian.Uint32(h[12:]); drops > s.drops {
			s.dropped.Add(uint64(drops - s.drops))
			s.drops = drops
		}
		sec, micro := binary.BigEndian.Uint32(h[16:]), binary.BigEndian.Uint32(h[20:])
		end := snoopRecord + held
		s.count++
		out[n] = Packet{
			Data:   b[snoopRecord:end:end],
			Length: max(length, held),
			Link:   s.link,
			Digits: 6,
			Mark: flow.Mark{
				Time: flow.Time(sec)*flow.Second + flow.Time(micro)*flow.Microsecond,
				Ord:  ord + uint64(n),
				Pos:  s.file + flow.Pos(s.count),
			},
		}
		b = b[size:]
		n++
	}
	s.buf.Keep(len(b))
	return n
}
