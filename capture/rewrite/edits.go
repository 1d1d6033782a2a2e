package rewrite

import "sort"

// Edit replaces Old bytes of a stream, from its byte At on, by New. Offsets count from
// Side.Base.
type Edit struct {
	At  int64
	Old int
	New []byte
}

// Side is what one end of a connection sent, with what is to be changed in it.
type Side struct {
	Base  uint32 // sequence number of offset 0, which need not be the first byte
	edits []edit
}

// edit knows where its replacement begins.
type edit struct {
	Edit
	to int64
}

// NewSide makes a Side of edits in the order of their offsets, which do not overlap.
func NewSide(base uint32, edits []Edit) Side {
	s := Side{Base: base}
	var grown int64
	for _, e := range edits {
		s.edits = append(s.edits, edit{e, e.At + grown})
		grown += int64(len(e.New) - e.Old)
	}
	return s
}

// place is where a byte of the old stream is in the new one. Byte k of an edited stretch
// becomes byte k of the new one, or its end when that is shorter; the byte after it
// follows the new one. So segments may cut a stretch anywhere, again and otherwise in a
// retransmission: each is mapped by its two ends, and together they still are the new
// stream.
func (s *Side) place(at int64) int64 {
	i := s.before(at)
	if i < 0 {
		return at
	}
	e := &s.edits[i]
	if k := at - e.At; k < int64(e.Old) {
		return e.to + min(k, int64(len(e.New)))
	}
	return at - e.At - int64(e.Old) + e.to + int64(len(e.New))
}

// before is the index of the last edit that begins at or before an offset; -1: there is
// none.
func (s *Side) before(at int64) int {
	return sort.Search(len(s.edits), func(i int) bool { return s.edits[i].At > at }) - 1
}

// offset is the place of a sequence number. Streams of text are far shorter than the 2
// GiB that one number can tell apart.
func (s *Side) offset(seq uint32) int64 { return int64(int32(seq - s.Base)) }

// seq renames a sequence number.
func (s *Side) seq(seq uint32) uint32 {
	if len(s.edits) == 0 {
		return seq
	}
	at := s.offset(seq)
	return seq + uint32(s.place(at)-at)
}

// bytes appends to out what the bytes b from an offset on become.
func (s *Side) bytes(out, b []byte, at int64) []byte {
	for i := max(s.before(at), 0); len(b) > 0; i++ {
		if i >= len(s.edits) {
			return append(out, b...)
		}
		e := &s.edits[i]
		if plain := min(e.At-at, int64(len(b))); plain > 0 {
			out = append(out, b[:plain]...)
			b, at = b[plain:], at+plain
		}
		if n := min(e.At+int64(e.Old)-at, int64(len(b))); n > 0 && at >= e.At {
			out = append(out, e.New[s.place(at)-e.to:s.last(e, at+n)]...)
			b, at = b[n:], at+n
		}
	}
	return out
}

// last is how much of an edit's new text precedes an offset in it, or at its end.
func (s *Side) last(e *edit, at int64) int64 {
	if at >= e.At+int64(e.Old) {
		return int64(len(e.New))
	}
	return min(at-e.At, int64(len(e.New)))
}
