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
	edits := [2]editing{{oneTime: oneTime}, {oneTime: oneTime}}
	var words *passwords
	if c.redact {
		list := different(edits[0].passwords(&d.side[0]))
		words = &passwords{list: list, finder: newFinder(list)}
		words.many = len(list) > maxBroken || slices.ContainsFunc(list, func(w []byte) bool { return len(w) > ftp.MaxLine })
	}
	var conn rewrite.Conn
	for i := range d.side {
		s, e := &d.side[i], &edits[i]
		s.walk(func(l *ftp.LocatedLine) {
			if c.redact {
				e.quoted(l)
			}
			if words != nil {
				e.repeats(l, words)
			}
			if c.rename != nil {
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

// passwords masks what the client says of passwords, and returns them.
func (e *editing) passwords(s *stream) (words [][]byte) {
	open := false // the line before was a password without an end
	s.walk(func(l *ftp.LocatedLine) {
		from := ftp.Secret(l.Text)
		if l.Flags&ftp.HeadLost != 0 && (open || !isCommand(l.Text)) {
			from = 0
		}
		open = l.Flags&ftp.Unterminated != 0 && (from < len(l.Text) || mayBecomeSecret(l.Text))
		if word := l.Text[from:]; from > 0 && len(word) > 0 {
			words = append(words, bytes.Clone(word))
		}
		e.mask(l, from, len(l.Text))
	}, func(int64, []byte) { open = false })
	return words
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

// quoted masks the passwords of commands that a line has in quotes.
func (e *editing) quoted(l *ftp.LocatedLine) {
	for from, to := ftp.Quoted(l.Text, 0); from < len(l.Text); from, to = ftp.Quoted(l.Text, to) {
		e.mask(l, from, to)
	}
}

// passwords are those of a connection, all different.
type passwords struct {
	list [][]byte
	many bool // too many, or too long ones, to look for pieces of them
	*finder
}

// Limits of the search for passwords. Beyond them lines are masked as a whole: nothing
// that is meant to be read comes near.
const (
	maxBroken = 100     // passwords of which pieces are looked for in lines that are not whole
	maxSteps  = 1 << 26 // looks of a connection at bytes that a password could have
)

// repeats masks where a line says a password again: servers tell what they did not
// understand.
func (e *editing) repeats(l *ftp.LocatedLine, words *passwords) {
	const least = 6 // shorter ones are words of any text
	if words.steps > maxSteps {
		e.mask(l, 0, len(l.Text))
		return
	}
	again := words.in(l.Text, func(from, to int) bool { return ftp.Alone(l.Text, from, to) })
	mask := func(of int) {
		for ; len(again) > 0 && again[0].n == of; again = again[1:] {
			word, at := again[0].word, again[0].at
			if len(word) >= least && !isEveryday(word) || at >= 5 && bytes.EqualFold(l.Text[at-5:at], []byte("PASS ")) {
				e.mask(l, at, at+len(word))
			}
		}
	}
	switch {
	case l.Flags&(ftp.HeadLost|ftp.Unterminated) == 0:
		for len(again) > 0 {
			mask(again[0].n)
		}
	case words.many || len(words.list) > 0 && len(l.Text) > ftp.MaxLine:
		e.mask(l, 0, len(l.Text))
	default:
		for i, w := range words.list {
			mask(i)
			e.broken(l, w)
		}
	}
}

// broken masks a piece of a password where a line breaks off or begins in the middle.
func (e *editing) broken(l *ftp.LocatedLine, word []byte) {
	const least = 3
	begins, ends := l.Flags&ftp.HeadLost != 0, l.Flags&ftp.Unterminated != 0
	if begins && ends && len(l.Text) >= least && bytes.Contains(word, l.Text) {
		e.mask(l, 0, len(l.Text))
		return
	}
	for n := min(len(word), len(l.Text)); n >= least; n-- {
		if begins && bytes.HasPrefix(l.Text, word[len(word)-n:]) {
			e.mask(l, 0, n)
			begins = false
		}
		if ends && bytes.HasSuffix(l.Text, word[:n]) {
			e.mask(l, len(l.Text)-n, len(l.Text))
			ends = false
		}
	}
}

// isEveryday knows words that are passwords and say nothing.
func isEveryday(word []byte) bool {
	switch strings.ToLower(string(word)) {
	case "password", "anonymous", "anonymous@":
		return true
	}
	return false
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
	*finder
	by [][]byte // of the finder's words
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
	x.finder = newFinder(list)
	return &x
}

// hidden renames known addresses in what is under TLS: names that clients ask for are
// text, certificates have four or sixteen bytes. The length stays, for records and what
// is in them tell theirs.
func (e *editing) hidden(p piece, r *renaming) {
	for _, x := range r.in(p.data, func(int, int) bool { return true }) {
		e.list = append(e.list, rewrite.Edit{At: p.at + int64(x.at), Old: len(x.word), New: r.by[x.n]})
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
