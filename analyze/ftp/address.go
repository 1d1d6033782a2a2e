package ftp

import (
	"bytes"
	"net/netip"
	"strconv"
)

// Change replaces the bytes from From to To (exclusive) of a line.
type Change struct {
	From, To int
	Text     []byte
}

// Renamer finds the addresses in text and gives them other names.
type Renamer struct {
	Name  func(netip.Addr) netip.Addr
	Known map[netip.Addr]bool // addresses that are renamed also where the text is not clearly an address
}

// Changes renames the addresses in a line, in all forms that FTP writes them:
// 192,0,2,1,19,137 (PORT, 227), 4,4,192,… (LPRT, 228), 192.0.2.1 and IPv6's colons (EPRT,
// 229, texts). Of other numbers in rows, those are renamed that spell a known address,
// forwards or, with dots or dashes, backwards, as names of hosts do. The changes come in
// order and do not overlap.
func (r *Renamer) Changes(line []byte) (list []Change) {
	if list, ok := r.extended(line); ok {
		return list
	}
	var in run
	for i := 0; i < len(line); {
		var c []Change
		end := i
		switch {
		case i > 0 && (isHex(line[i-1]) || line[i-1] == ':' || isLetter(line[i-1])) && !isDigit(line[i]):
		case isHex(line[i]) || line[i] == ':':
			if c, end = r.colons(line, i, &in); c == nil && isDigit(line[i]) && (i == 0 || !isDigit(line[i-1])) {
				c, end = r.numbers(line, i)
			}
		}
		list = append(list, c...)
		i = max(end, i+1)
	}
	return list
}

// extended renames the address of EPRT, whose delimiter may be any character, also one
// that addresses have.
func (r *Renamer) extended(line []byte) ([]Change, bool) {
	c := ParseCommand(line)
	ap, ok := ParseEPRT(c.Arg)
	if c.Verb != EPRT || !ok {
		return nil, false
	}
	arg := bytes.TrimLeft(c.Arg, " ")
	fields := bytes.SplitN(arg[1:], arg[:1], 3) // family, address, rest: it was parsed
	from := len(line) - len(arg) + 1 + len(fields[0]) + 1
	if name := r.Name(ap.Addr()); name != ap.Addr() {
		return []Change{{from, from + len(fields[1]), []byte(name.String())}}, true
	}
	return nil, true
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// run is a stretch of what IPv6 addresses are made of: where it ends, and where the last
// colon but one stands in it.
type run struct{ end, colon int }

// read goes on to the run that holds an offset, if it is not that one.
func (x *run) read(line []byte, from int) {
	if from < x.end {
		return
	}
	last := -1
	x.end, x.colon = from, -1
	for x.end < len(line) && (isHex(line[x.end]) || line[x.end] == ':' || line[x.end] == '.') {
		if line[x.end] == ':' {
			x.colon, last = last, x.end
		}
		x.end++
	}
}

// colons reads an IPv6 address at an offset.
func (r *Renamer) colons(line []byte, from int, in *run) ([]Change, int) {
	if from > 0 && (inWord(line[from-1]) || line[from-1] == ':') {
		return nil, from
	}
	in.read(line, from)
	end := in.end
	const longest = 45 // ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255
	if in.colon < from || end < len(line) && inWord(line[end]) {
		return nil, from
	}
	end = min(end, from+longest+1)
	for to := end; to > from; to-- { // a port or a full stop may follow
		if to < end && line[to] != ':' && line[to] != '.' {
			continue
		}
		a, err := netip.ParseAddr(string(line[from:to]))
		if err != nil || !a.Is6() {
			continue
		}
		if beginsRow(line, to) {
			return nil, from
		}
		if name := r.Name(a); name != a {
			return []Change{{from, to, []byte(name.String())}}, to
		}
		return []Change{}, to
	}
	return nil, from
}

// beginsRow reports whether the digits before an offset are the first number of an
// endpoint: "::192,0,2,1,19,137".
func beginsRow(line []byte, to int) bool {
	at := to
	for at > 0 && isDigit(line[at-1]) {
		at--
	}
	if at == to || to == len(line) || line[to] != ',' {
		return false
	}
	x := readRow(line, at)
	return x.separator == ',' && len(x.value) >= 6
}

// row is a run of numbers from 0 to 255 between the same separators.
type row struct {
	separator byte
	value     []byte
	from, to  []int // where each stands
}

// readRow reads the row at an offset. Spaces after commas are tolerated, as scanList
// does.
func readRow(line []byte, at int) (x row) {
	for at < len(line) && isDigit(line[at]) {
		from, v := at, 0
		for ; at < len(line) && isDigit(line[at]); at++ {
			v = min(v*10+int(line[at]-'0'), 256)
		}
		if v > 255 || at-from > 3 {
			v = 256
		}
		if v > 255 {
			break
		}
		x.value, x.from, x.to = append(x.value, byte(v)), append(x.from, from), append(x.to, at)
		if at+1 >= len(line) {
			break
		}
		switch c := line[at]; {
		case c != ',' && c != '.' && c != '-', x.separator != 0 && c != x.separator:
			return x
		default:
			x.separator = c
		}
		for at++; x.separator == ',' && at < len(line) && line[at] == ' '; at++ {
		}
	}
	return x
}

// numbers reads what may be an IPv4 address, or LPRT's form of either, at an offset.
func (r *Renamer) numbers(line []byte, at int) ([]Change, int) {
	x := readRow(line, at)
	n := len(x.value)
	if n < 4 {
		return nil, at
	}
	letter := at > 0 && isLetter(line[at-1])
	switch {
	case x.separator == ',' && n == 6, x.separator == '.' && n == 4 && !letter && !r.backwards(x.value):
		return r.span(x, 0, 4), x.to[n-1]
	case x.separator == ',' && n == 9 && x.value[0] == 4 && x.value[1] == 4:
		return r.span(x, 2, 4), x.to[n-1]
	case x.separator == ',' && n == 21 && x.value[0] == 6 && x.value[1] == 16:
		return r.span(x, 2, 16), x.to[n-1]
	}
	list := []Change{}
	for i := 0; i+4 <= n; {
		v := x.value[i : i+4]
		if r.Known[netip.AddrFrom4([4]byte(v))] {
			list = append(list, r.span(x, i, 4)...)
			i += 4
		} else if x.separator != ',' && r.backwards(v) {
			b := r.Name(netip.AddrFrom4([4]byte{v[3], v[2], v[1], v[0]})).As4()
			list = append(list, x.put(i, []byte{b[3], b[2], b[1], b[0]})...)
			i += 4
		} else {
			i++
		}
	}
	return list, x.to[n-1]
}

// backwards reports whether four numbers are a known address backwards, and none
// forwards.
func (r *Renamer) backwards(v []byte) bool {
	return r.Known[netip.AddrFrom4([4]byte{v[3], v[2], v[1], v[0]})] && !r.Known[netip.AddrFrom4([4]byte(v))]
}

// span renames the address of size numbers of a row.
func (r *Renamer) span(x row, i, size int) []Change {
	a, _ := netip.AddrFromSlice(x.value[i : i+size])
	return x.put(i, r.Name(a).AsSlice())
}

// put changes the numbers of a row from its i-th on; what separates them stays.
func (x *row) put(i int, values []byte) []Change {
	list := []Change{}
	for k, v := range values {
		if v != x.value[i+k] {
			list = append(list, Change{x.from[i+k], x.to[i+k], strconv.AppendUint(nil, uint64(v), 10)})
		}
	}
	return list
}

// Pieces finds what may be a piece of an address where a line is broken off, at its end
// or at its beginning: numbers with separators that go up to the break. The digits become
// zeros.
func Pieces(line []byte, flags LineFlags) (list []Change) {
	is := func(c byte) bool { return isHex(c) || bytes.IndexByte([]byte(".,:|"), c) >= 0 }
	if flags&Unterminated != 0 {
		from := len(line)
		for from > 0 && is(line[from-1]) {
			from--
		}
		list = append(list, zeroed(line, from, len(line))...)
	}
	if flags&HeadLost != 0 {
		to := 0
		for to < len(line) && is(line[to]) {
			to++
		}
		if len(list) == 0 || to < list[0].From {
			list = append(zeroed(line, 0, to), list...)
		}
	}
	return list
}

func zeroed(line []byte, from, to int) []Change {
	text := bytes.Clone(line[from:to])
	digits, separators := 0, 0
	for i, c := range text {
		if isHex(c) {
			text[i] = '0'
			digits++
		} else {
			separators++
		}
	}
	if digits == 0 || separators == 0 {
		return nil
	}
	return []Change{{from, to, text}}
}
