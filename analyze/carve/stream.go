package carve

import (
	"bytes"
	"slices"
	"sort"

	"ftpscope/analyze/ftp"
	"ftpscope/capture/flow"
	"ftpscope/capture/rewrite"
)

// Limits of what is held of control connections until the end of each is read.
const (
	maxText    = 32 << 20  // bytes of one, both directions: 300,000 commands
	maxAllText = 256 << 20 // of those that are open at once
	maxPieces  = 1 << 15   // of one direction: gaps that nothing has filled
	maxOthers  = 64        // segments of one direction that say otherwise what was there
	pieceCost  = 64        // bytes of a piece besides its text, and of a conflict
)

// dialogue is the text of a control connection, kept to find what must change in it.
type dialogue struct {
	side  [2]stream // the client's, the server's
	size  int
	users []string // names that the server let in
}

// stream is what one side sent, in the order of sequence numbers; the first copy of a
// byte counts.
type stream struct {
	known     bool
	base      uint32 // sequence number of offset 0
	start     int64  // offset of the first byte of all, if begun
	begun     bool   // the SYN was seen
	pieces    []piece
	conflicts []rewrite.Edit // bytes that a later copy has otherwise
	differs   map[int64]bool // where those are
	others    [][]byte       // segments with such bytes, at most maxOthers: what else may have been said
}

// piece is a run of bytes without a gap; the next one may follow it directly.
type piece struct {
	at   int64
	data []byte
}

func (p *piece) end() int64 { return p.at + int64(len(p.data)) }

// add takes a segment and returns how many bytes more are held for it.
func (s *stream) add(seg *flow.Segment) (grown int) {
	pieces, conflicts := len(s.pieces), len(s.conflicts)
	defer func() {
		if len(s.conflicts) > conflicts && len(s.others) < maxOthers {
			s.others = append(s.others, bytes.Clone(seg.Payload))
			grown += len(seg.Payload)
		}
		grown += pieceCost * (len(s.pieces) - pieces + len(s.conflicts) - conflicts)
	}()
	seq := seg.Seq
	if seg.Flags&flow.SYN != 0 {
		seq++
	} else if len(seg.Payload) == 0 {
		return 0 // nothing is said; of a fragment the numbers are not known either
	}
	if !s.known {
		s.known, s.base = true, seq
	}
	at := int64(int32(seq - s.base))
	if seg.Flags&flow.SYN != 0 {
		s.start, s.begun = at, true
	}
	i := s.first(at)
	for b := seg.Payload; len(b) > 0; {
		if i == len(s.pieces) || at+int64(len(b)) <= s.pieces[i].at {
			s.insert(i, at, b)
			return grown + len(b)
		}
		if n := s.pieces[i].at - at; n > 0 {
			i = s.insert(i, at, b[:n])
			grown += int(n)
			b, at = b[n:], at+n
		}
		p := &s.pieces[i]
		n := min(p.end()-at, int64(len(b)))
		s.compare(p.data[at-p.at:][:n], b[:n], at)
		b, at = b[n:], at+n
		i++
	}
	return grown
}

// first is the index of the first piece that ends after an offset: nearly always none
// does.
func (s *stream) first(at int64) int {
	return sort.Search(len(s.pieces), func(i int) bool { return s.pieces[i].end() > at })
}

// insert puts new bytes before the i-th piece and returns the index of that piece then.
func (s *stream) insert(i int, at int64, b []byte) int {
	if i > 0 && s.pieces[i-1].end() == at {
		s.pieces[i-1].data = append(s.pieces[i-1].data, b...)
		return i
	}
	s.pieces = slices.Insert(s.pieces, i, piece{at, bytes.Clone(b)})
	return i + 1
}

// compare notes where a later copy of bytes differs: such bytes are made those of the
// first copy.
func (s *stream) compare(first, later []byte, at int64) {
	if bytes.Equal(first, later) {
		return
	}
	for i := range first {
		if first[i] != later[i] && !s.differs[at+int64(i)] {
			if s.differs == nil {
				s.differs = map[int64]bool{}
			}
			s.differs[at+int64(i)] = true
			s.conflicts = append(s.conflicts, rewrite.Edit{At: at + int64(i), Old: 1, New: first[i : i+1 : i+1]})
		}
	}
}

// walk cuts a stream into lines; what is under TLS goes to opaque, in runs of bytes. What
// came from before the SYN's number is no part of the stream, but was sent: it is text of
// its own.
func (s *stream) walk(line func(*ftp.LocatedLine), opaque func(at int64, b []byte)) {
	var l ftp.Locator
	next, hidden := s.start, int64(never) // where TLS's record ends that the stream is in; lost: nobody knows
	text := func(p piece) {
		next = p.end()
		for at := p.at; at < next; {
			b := p.data[at-p.at:]
			if at >= hidden && !l.Pending() {
				if n := tlsRecord(b); n > 0 {
					hidden = at + n
				}
			}
			n := int64(len(b))
			if at < hidden {
				n = min(n, hidden-at)
				opaque(at, b[:n])
			} else { // TLS may begin, and begin again, after any line
				n = lineLength(b)
				l.Write(b[:n], at, line)
			}
			at += n
		}
	}
	for i, p := range s.pieces {
		if before := s.start - p.at; s.begun && before > 0 {
			early := piece{p.at, p.data[:min(before, int64(len(p.data)))]}
			if l.Gap(line); len(early.data) > 1 { // else a keep-alive's byte
				text(early)
				l.Gap(line)
			}
			hidden, next = never, s.start
			if l = (ftp.Locator{}); p.end() <= s.start {
				continue
			}
			p = piece{s.start, p.data[before:]}
		}
		if p.at != next || i == 0 && !s.begun {
			l.Gap(line)
			if hidden != never && p.at > hidden {
				hidden = lost
			}
		}
		text(p)
	}
	l.Flush(line)
}

// lost is later than any byte, never earlier: offsets are negative before the first byte
// that the capture has.
const (
	lost  = 1 << 62
	never = -1 << 62
)

// tlsRecord is the length of the TLS record that b begins with (RFC 8446 section 5.1); 0:
// it does not.
func tlsRecord(b []byte) int64 {
	const most = 1<<14 + 2048 // RFC 5246 section 6.2.3
	if len(b) < 3 || b[0] < 20 || b[0] > 23 || b[1] != 3 || b[2] > 4 {
		return 0
	}
	if len(b) < 5 {
		return int64(len(b))
	}
	n := int64(b[3])<<8 | int64(b[4])
	if n > most {
		return 0
	}
	return n + 5
}

// lineLength is that of the line that b begins with.
func lineLength(b []byte) int64 {
	if i := bytes.IndexAny(b, "\r\n"); i >= 0 {
		return int64(i) + 1
	}
	return int64(len(b))
}
