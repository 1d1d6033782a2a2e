package compare

import (
	"bytes"
	"slices"

	"ftpscope/capture/flow"
)

// Text is the payload of one direction of a control connection, as far as it is kept.
type Text struct {
	start uint32 // sequence number of the first byte
	begun bool
	exact bool // start is the number after the SYN's
	early int  // segments that came before start
	bytes []byte
	gaps  []span // not captured, in order
	full  bool
}

// span is a range of indexes or offsets.
type span struct{ from, to int }

// maxGaps bounds the gaps that are remembered; a text with more ends there. maxEarly
// bounds how often it gets another beginning.
const (
	maxGaps  = 64
	maxEarly = 64
)

// add takes a segment in any order.
func (t *Text) add(s *flow.Segment, b *budget) {
	seq := s.Seq
	if s.Flags&flow.SYN != 0 {
		if seq++; !t.exact {
			t.from(seq, b)
			t.exact = true
		}
	}
	if s.Length == 0 || t.full {
		return
	}
	if keepAlive := t.begun && s.Length == 1 && seq == t.start-1; !t.exact && !keepAlive { // RFC 9293 section 3.8.4: its byte is none
		t.from(seq, b)
	}
	at, data := int(int32(seq-t.start)), s.Payload
	if at < 0 {
		if -at >= len(data) {
			return
		}
		data, at = data[-at:], 0
	}
	if at > MaxText || len(t.gaps) >= maxGaps {
		t.full = true
		return
	}
	end := min(at+len(data), MaxText)
	if end > len(t.bytes) {
		if !b.text.reserve(end - len(t.bytes)) {
			t.full = true
			return
		}
		if at > len(t.bytes) {
			t.gaps = append(t.gaps, span{len(t.bytes), at})
		}
		t.bytes = append(t.bytes, make([]byte, end-len(t.bytes))...)
	}
	copy(t.bytes[at:end], data)
	t.fill(at, end)
}

// from has the text begin at a number if that is before all that is known, as where the
// capture has packets in disorder.
func (t *Text) from(seq uint32, b *budget) {
	if !t.begun {
		t.start, t.begun = seq, true
		return
	}
	n := int(int32(t.start - seq))
	if n <= 0 || n > MaxText-len(t.bytes) || t.early >= maxEarly || !b.text.reserve(n) {
		return
	}
	t.early++
	t.start, t.bytes = seq, append(make([]byte, n, n+len(t.bytes)), t.bytes...)
	for i := range t.gaps {
		t.gaps[i] = span{t.gaps[i].from + n, t.gaps[i].to + n}
	}
	t.gaps = slices.Insert(t.gaps, 0, span{0, n})
}

// fill takes a range out of the gaps.
func (t *Text) fill(from, to int) {
	var left []span
	for _, g := range t.gaps {
		if to <= g.from || g.to <= from {
			left = append(left, g)
			continue
		}
		if g.from < from {
			left = append(left, span{g.from, from})
		}
		if to < g.to {
			left = append(left, span{to, g.to})
		}
	}
	t.gaps = left
}

// line is the line at index i, its end included; skip is how far it is to known bytes
// when it runs into a gap.
func (t *Text) line(i int) (line []byte, skip int) {
	end := len(t.bytes)
	if n := bytes.IndexByte(t.bytes[i:], '\n'); n >= 0 {
		end = i + n + 1
	}
	for _, g := range t.gaps {
		if g.from < end && i < g.to {
			return nil, g.to - i
		}
	}
	return t.bytes[i:end], 0
}

// Rewrite is a line that is not the same on both sides. Seq is where it begins.
type Rewrite struct {
	HereSeq, ThereSeq uint32
	Here, There       string // without the line end; empty: the line is on one side only
}

// maxRewrites bounds those of one direction of a connection; maxStrange is how many lines
// in a row that have nothing in common end the comparison: what follows is not the same
// text.
const (
	maxRewrites = 1000
	maxStrange  = 8
)

// walk goes along both texts, line by line, from places that correspond.
type walk struct {
	a, b     *Text
	i, j     int
	shifts   []shift
	rewrites []Rewrite
	strange  int
}

// walkTexts compares the texts; by is how much higher the second one's numbers are at the
// beginning.
func walkTexts(a, b *Text, by uint32) *walk {
	w := &walk{a: a, b: b}
	if a == nil || b == nil || !a.begun || !b.begun {
		return w
	}
	switch d := int(int32(b.start - by - a.start)); { // where b's text begins in a's
	case d > 0:
		w.i = d
	case d < 0:
		w.j = -d
	}
	if w.i > 0 || w.j > 0 {
		w.nextLine()
	}
	for w.i < len(a.bytes) && w.j < len(b.bytes) && w.strange < maxStrange && len(w.rewrites) < maxRewrites {
		if !w.step() {
			break
		}
	}
	return w
}

// nextLine goes to the beginning of the next line, as the first text has it.
func (w *walk) nextLine() {
	if w.i >= len(w.a.bytes) || w.j >= len(w.b.bytes) {
		return
	}
	n := bytes.IndexByte(w.a.bytes[w.i:], '\n') + 1
	m := bytes.IndexByte(w.b.bytes[w.j:], '\n') + 1
	if n = max(n, m); n == 0 {
		n = len(w.a.bytes)
	}
	w.i, w.j = w.i+n, w.j+n
}

func (w *walk) step() bool {
	x, skipA := w.a.line(w.i)
	y, skipB := w.b.line(w.j)
	if skip := max(skipA, skipB); skip > 0 {
		w.i, w.j = w.i+skip, w.j+skip
		w.nextLine()
		return true
	}
	if bytes.Equal(x, y) {
		w.i, w.j, w.strange = w.i+len(x), w.j+len(y), 0
		return true
	}
	if !ended(x) || !ended(y) {
		return false // cut by the end of a capture
	}
	switch {
	case sameWord(x, y):
		w.strange = 0
	case bytes.Equal(w.after(w.a, w.i+len(x)), y):
		y = nil
	case bytes.Equal(w.after(w.b, w.j+len(y)), x):
		x = nil
	default:
		w.strange++
	}
	w.rewrites = append(w.rewrites, Rewrite{
		HereSeq: w.a.start + uint32(w.i), ThereSeq: w.b.start + uint32(w.j),
		Here: string(bytes.TrimRight(x, "\r\n")), There: string(bytes.TrimRight(y, "\r\n")),
	})
	w.i, w.j = w.i+len(x), w.j+len(y)
	if len(x) != len(y) {
		from, to := w.a.start+uint32(w.i), w.b.start+uint32(w.j)
		w.shifts = append(w.shifts, shift{from, to - from})
	}
	return true
}

// after is the line that begins at index i; nil when there is none.
func (w *walk) after(t *Text, i int) []byte {
	if i >= len(t.bytes) {
		return nil
	}
	line, _ := t.line(i)
	return line
}

func ended(line []byte) bool { return len(line) > 0 && line[len(line)-1] == '\n' }

// sameWord reports whether both lines begin with the same verb or reply code.
func sameWord(a, b []byte) bool {
	const longest = 4
	word := func(s []byte) []byte {
		n := bytes.IndexAny(s, " -\r\n")
		if n < 0 || n > longest {
			return nil
		}
		return s[:n]
	}
	x, y := word(a), word(b)
	return len(x) > 0 && bytes.EqualFold(x, y)
}
