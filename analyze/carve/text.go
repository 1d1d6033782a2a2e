package carve

import (
	"bytes"
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/capture/rewrite"
)

// cleaner says what must change in a dialogue.
type cleaner struct {
	redact bool
	rename *ftp.Renamer // nil: addresses stay
	known  *renaming    // of rename; nil: not made yet
}

// clean returns the changes of both sides.
func (c *cleaner) clean(d *dialogue, oneTime bool) *rewrite.Conn {
	var known *secrets
	if c.redact {
		known = secretsOf(d)
	}
	var conn rewrite.Conn
	for i := range d.side {
		s, e, n := &d.side[i], &editing{oneTime: oneTime}, 0
		s.walk(func(l *ftp.LocatedLine) {
			if known != nil {
				for _, part := range known.in(l, n, i == 0) {
					e.mask(l, part.From, part.To)
				}
			}
			if n++; c.rename != nil {
				e.renamed(l, c.rename)
			}
		}, func(at int64, b []byte) {
			if c.rename != nil {
				if c.known == nil {
					c.known = newRenaming(c.rename)
				}
				e.hidden(piece{at, b}, c.known)
			}
		})
		e.list = append(e.list, s.conflicts...)
		conn.Sides[i] = rewrite.NewSide(s.base, e.sorted())
	}
	return &conn
}

// secrets is what is secret in a dialogue.
type secrets struct {
	ftp.Secrets
	from map[int]int // of the client's lines by number: where a secret begins that ends with the line
	many bool        // too many, or too long ones, to look for pieces of them
}

// Limits of the search for passwords. Beyond them lines are masked as a whole: nothing
// that is meant to be read comes near.
const (
	maxBroken = 100     // passwords of which pieces are looked for in lines that are not whole
	maxSteps  = 1 << 26 // looks of a connection at bytes that a password could have
)

// secretsOf reads what the client says.
func secretsOf(d *dialogue) *secrets {
	known := &secrets{from: map[int]int{}}
	open, n := false, 0 // open: the line before was a password without an end
	d.side[0].walk(func(l *ftp.LocatedLine) {
		from, _ := known.Command(l.Text)
		if l.Flags&ftp.HeadLost != 0 && (open || !isCommand(l.Text)) {
			from = 0
			known.Piece(l.Text)
		}
		open = l.Flags&ftp.Unterminated != 0 && (from < len(l.Text) || mayBecomeSecret(l.Text))
		if from < len(l.Text) {
			known.from[n] = from
		}
		n++
	}, func(int64, []byte) { open = false })
	for _, said := range d.side[0].others {
		for line := range bytes.FieldsFuncSeq(said, func(r rune) bool { return r == '\r' || r == '\n' }) {
			known.Piece(line[ftp.Secret(line):])
		}
	}
	for _, user := range d.users {
		known.Accepted(user)
	}
	list := known.List()
	known.many = len(list) > maxBroken || slices.ContainsFunc(list, func(w []byte) bool { return len(w) > ftp.MaxLine })
	return known
}

// in finds what is secret in the n-th line of a side.
func (s *secrets) in(l *ftp.LocatedLine, n int, isClient bool) (parts []ftp.Span) {
	whole := []ftp.Span{{From: 0, To: len(l.Text)}}
	broken := l.Flags&(ftp.HeadLost|ftp.Unterminated) != 0
	if s.Steps() > maxSteps || broken && !s.None() && (s.many || len(l.Text) > ftp.MaxLine) {
		return whole
	}
	verb := 0 // where a command ends whose secret follows: "PASS" is no piece of "labpass"
	if isClient {
		parts = s.OfCommand(l.Text)
		if from, ok := s.from[n]; ok {
			parts, verb = append(parts, ftp.Span{From: from, To: len(l.Text)}), from
		}
	} else {
		parts = s.OfReply(l.Text)
	}
	if broken {
		for _, w := range s.List() {
			for _, p := range pieceOf(l, w) {
				if p.To > verb {
					parts = append(parts, p)
				}
			}
		}
	}
	return ftp.Merge(parts)
}

// isCommand reports whether a line that may lack its beginning begins with a command all
// the same.
func isCommand(line []byte) bool {
	return len(line) == 0 || ftp.ParseCommand(line).Verb != ftp.VerbUnknown
}

// mayBecomeSecret reports whether a line that breaks off may be the beginning of "PASS".
func mayBecomeSecret(line []byte) bool {
	word := strings.ToUpper(string(bytes.TrimLeft(line, " ")))
	return strings.HasPrefix("PASS ", word) || strings.HasPrefix("ACCT ", word)
}

// editing collects the edits of one side.
type editing struct {
	list    []rewrite.Edit
	oneTime bool
}

// mask overwrites the bytes of a line from from to to. NUL and control bytes remain such:
// that they were there is said. So does the form of a one-time password (RFC 2289 section
// 6): words of letters, or digits of which a is one.
func (e *editing) mask(l *ftp.LocatedLine, from, to int) {
	const shown, hexadecimal, control = 'x', 'a', 1
	for i := from; i < to; i++ {
		c := byte(shown)
		if e.oneTime {
			c = hexadecimal
		}
		if b := l.Text[i]; b == 0 || b == '\t' || e.oneTime && b == ' ' {
			c = b
		} else if b < ' ' || b == 0x7f {
			c = control
		}
		if n := len(e.list); i > from && l.At[i] == l.At[i-1]+1 {
			e.list[n-1].Old++
			e.list[n-1].New = append(e.list[n-1].New, c)
			continue
		}
		e.list = append(e.list, rewrite.Edit{At: l.At[i], Old: 1, New: []byte{c}})
	}
}

// pieceOf finds a piece of a password, which is in lower case, where a line breaks off or
// begins in the middle.
func pieceOf(l *ftp.LocatedLine, word []byte) (parts []ftp.Span) {
	const least = 3
	begins, ends, size := l.Flags&ftp.HeadLost != 0, l.Flags&ftp.Unterminated != 0, len(l.Text)
	if begins && ends && size >= least && bytes.Contains(word, bytes.ToLower(l.Text)) {
		return []ftp.Span{{From: 0, To: size}}
	}
	for n := min(len(word), size); n >= least; n-- {
		if begins && bytes.EqualFold(l.Text[:n], word[len(word)-n:]) {
			parts, begins = append(parts, ftp.Span{From: 0, To: n}), false
		}
		if ends && bytes.EqualFold(l.Text[size-n:], word[:n]) {
			parts, ends = append(parts, ftp.Span{From: size - n, To: size}), false
		}
	}
	return parts
}

// renamed renames the addresses of a line.
func (e *editing) renamed(l *ftp.LocatedLine, r *ftp.Renamer) {
	changes := r.Changes(l.Text)
	for _, p := range ftp.Pieces(l.Text, l.Flags) {
		if !slices.ContainsFunc(changes, func(c ftp.Change) bool { return c.From < p.To && p.From < c.To }) {
			changes = append(changes, p)
		}
	}
	for _, c := range changes {
		e.change(l, c)
	}
}

// change replaces text of a line. What stands between its bytes in the stream (Telnet's)
// is lost with the old text.
func (e *editing) change(l *ftp.LocatedLine, c ftp.Change) {
	from, to := l.At[c.From], l.At[c.To-1]+1
	e.list = append(e.list, rewrite.Edit{At: from, Old: int(to - from), New: c.Text})
}

// renaming is what becomes of known addresses that stand in bytes of anything.
type renaming struct {
	*ftp.Finder
	by [][]byte // of the Finder's words
}

func newRenaming(r *ftp.Renamer) *renaming {
	var x renaming
	var list [][]byte
	seen := map[string]bool{}
	put := func(old, by []byte) { // of the same length, or cut and filled up to it
		by = append(by, bytes.Repeat([]byte("0"), len(old))...)[:len(old)]
		if !bytes.Equal(old, by) && !seen[string(old)] {
			seen[string(old)] = true
			list, x.by = append(list, old), append(x.by, by)
		}
	}
	for _, a := range slices.SortedFunc(maps.Keys(r.Known), netip.Addr.Compare) {
		name := r.Name(a)
		put(a.AsSlice(), name.AsSlice())
		put([]byte(a.String()), []byte(name.String()))
	}
	x.Finder = ftp.NewFinder(list, false)
	return &x
}

// hidden renames known addresses in what is under TLS: names that clients ask for are
// text, certificates have four or sixteen bytes. The length stays, for records and what
// is in them tell theirs.
func (e *editing) hidden(p piece, r *renaming) {
	for _, x := range r.In(p.data, func(int, int) bool { return true }) {
		e.list = append(e.list, rewrite.Edit{At: p.at + int64(x.At), Old: len(x.Word), New: r.by[x.N]})
	}
}

// sorted returns the edits in order; where two overlap the earlier one made wins:
// passwords before addresses.
func (e *editing) sorted() (list []rewrite.Edit) {
	order := make([]int, len(e.list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(e.list[a].At, e.list[b].At) })
	var kept []int
	for _, i := range order {
		wins := true
		for len(kept) > 0 && wins {
			last := kept[len(kept)-1]
			if e.list[last].At+int64(e.list[last].Old) <= e.list[i].At {
				break
			}
			if wins = i < last; wins {
				kept = kept[:len(kept)-1]
			}
		}
		if wins {
			kept = append(kept, i)
		}
	}
	for _, i := range kept {
		list = append(list, e.list[i])
	}
	return list
}
