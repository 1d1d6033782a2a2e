package ftp

import "encoding/binary"

// MaxLine is how many bytes of a line are kept. RFC 959 has no limit; longer than any
// path name that a file system takes (PATH_MAX is 4096), short enough that a hostile peer
// costs a page. Longer lines are cut and flagged.
const MaxLine = 4096

// LineFlags say what is odd about a line.
type LineFlags uint16

// The flags of a line.
const (
	Cut          LineFlags = 1 << iota // longer than MaxLine, the rest dropped
	HeadLost                           // the first line after a gap, which may have swallowed its beginning
	Unterminated                       // a gap or the end of the stream came before its line end
	HasNUL                             // has NUL bytes
	HasControl                         // has control bytes other than NUL and TAB
	HasTelnet                          // Telnet sequences were removed from it
	BareLF                             // ended by LF alone
	BareCR                             // the line before this one ended by CR alone, or by Telnet's CR NUL

	stop // in marks only: the byte ends a run of text
)

// Line is one line of the control channel. Text comes without line end and Telnet
// sequences; it may alias the bytes given to [Framer.Next] and is valid only until the
// Framer is used again.
type Line struct {
	Text  []byte
	Flags LineFlags
}

// Telnet's bytes (RFC 854, "TELNET COMMAND STRUCTURE"). Bytes from lowest on can follow
// IAC in a command.
const (
	lowest = 0xF0 // SE
	dm     = 0xF2 // data mark, the end of a Synch
	ip     = 0xF4 // interrupt process
	sb     = 0xFA // subnegotiation
	will   = 0xFB // WILL, WONT, DO, DONT up to 0xFE: an option follows
	iac    = 0xFF
)

// telnet is where the Framer stands in a Telnet sequence.
type telnet uint8

const (
	inText   telnet = iota
	afterIAC        // the command byte is due
	inOption        // the option of WILL, WONT, DO or DONT is due
	inSub           // in a subnegotiation
	inSubIAC        // IAC in a subnegotiation: SE ends it
	afterIP         // IAC IP: a DM whose IAC was lost may follow
)

// marks holds for each byte the flags that it gives its line, and stop for those that end
// a run of text.
var marks = func() (m [256]LineFlags) {
	for c := range 0x20 {
		m[c] = HasControl
	}
	m[0x7F] = HasControl
	m[0], m['\t'] = HasNUL, 0
	m['\r'], m['\n'], m[iac] = stop, stop, stop
	return m
}()

// Framer cuts one direction of a control connection into lines. A line ends with CR LF,
// LF alone or CR alone; Telnet sequences are taken out (RFC 959 section 4.1.3: ABOR is
// announced by IAC IP and a Synch). How the bytes are cut into chunks makes no
// difference. The zero value is ready.
type Framer struct {
	held    []byte // of the unfinished line, at most MaxLine
	flags   LineFlags
	state   telnet
	afterCR bool // CR ended the last line: LF or NUL here belongs to it
}

// Next takes bytes from b and returns the first complete line and what is left of b; ok
// is false when b is used up.
//
//	for line, rest, ok := f.Next(b); ok; line, rest, ok = f.Next(rest) { … }
func (f *Framer) Next(b []byte) (line Line, rest []byte, ok bool) {
	if f.afterCR && len(b) > 0 {
		b = f.leaveCR(b)
	}
	for len(b) > 0 {
		if f.state != inText {
			b = f.skip(b)
			continue
		}
		n := f.run(b)
		switch {
		case n == len(b):
			f.hold(b)
			return Line{}, nil, false
		case b[n] == iac:
			f.hold(b[:n])
			f.state = afterIAC
			b = b[n+1:]
		default:
			return f.end(b[:n], b[n]), b[n+1:], true
		}
	}
	return Line{}, nil, false
}

// leaveCR drops the LF or NUL that belongs to the CR before it.
func (f *Framer) leaveCR(b []byte) []byte {
	f.afterCR = false
	if b[0] == '\n' {
		return b[1:]
	}
	f.flags |= BareCR
	if b[0] == 0 { // RFC 854: "CR NUL" is a carriage return alone
		return b[1:]
	}
	return b
}

// run is the length of the text that b begins with.
func (f *Framer) run(b []byte) int {
	i := 0
	for ; i+8 <= len(b) && !hasOdd(binary.LittleEndian.Uint64(b[i:])); i += 8 {
	}
	for ; i < len(b); i++ {
		if m := marks[b[i]]; m != 0 {
			if m == stop {
				return i
			}
			f.flags |= m
		}
	}
	return len(b)
}

// hasOdd reports whether one of eight bytes may have marks: it is below a space, DEL or
// not ASCII. In each byte of the sum the highest bit is set where it does.
func hasOdd(x uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	dels := x ^ ones*0x7F
	return (x|(x-ones*' ')&^x|(dels-ones)&^dels)&high != 0
}

// hold keeps text of the unfinished line.
func (f *Framer) hold(text []byte) {
	if free := MaxLine - len(f.held); len(text) > free {
		text = text[:free]
		f.flags |= Cut
	}
	f.held = append(f.held, text...)
}

// end finishes the line whose last bytes are text.
func (f *Framer) end(text []byte, by byte) Line {
	if len(f.held) > 0 || len(text) > MaxLine {
		f.hold(text)
		text = f.held
	}
	line := Line{text, f.flags}
	if by == '\n' {
		line.Flags |= BareLF
	}
	f.afterCR = by == '\r'
	f.held, f.flags = f.held[:0], 0
	return line
}

// skip takes at least the first byte of b, or ends the sequence before it. A line end is
// never taken: no FTP uses the options 10 and 13 or subnegotiates, and a broken sequence
// must not swallow the line after it.
func (f *Framer) skip(b []byte) []byte {
	c, was := b[0], f.state
	f.state = inText
	switch {
	case was == afterIAC:
		return f.command(b)
	case was == afterIP && c != dm, c == '\r', c == '\n':
		return b
	case was == inSub && c == iac:
		f.state = inSubIAC
	case was == inSub, was == inSubIAC && c != lowest:
		f.state = inSub
	}
	return b[1:]
}

// command reads what follows IAC. What cannot be a Telnet command is text after all: file
// names in Latin-1 have "ÿ".
func (f *Framer) command(b []byte) []byte {
	switch c := b[0]; {
	case c < lowest:
		f.hold([]byte{iac})
		return b
	case c == iac:
		f.hold([]byte{iac})
	case c >= will:
		f.state = inOption
	case c == sb:
		f.state = inSub
	case c == ip:
		f.state = afterIP
	}
	f.flags |= HasTelnet
	return b[1:]
}

// Gap says that bytes are missing here. It returns the unfinished line, if there is one;
// the line that the next bytes belong to is HeadLost until its end.
func (f *Framer) Gap() (Line, bool) {
	line, ok := f.Flush()
	f.flags = HeadLost
	return line, ok
}

// Flush says that the stream ended. It returns the unfinished line, if there is one.
func (f *Framer) Flush() (Line, bool) {
	if f.state == afterIAC {
		f.hold([]byte{iac})
	}
	line := Line{f.held, f.flags | Unterminated}
	*f = Framer{held: f.held[:0]}
	return line, len(line.Text) > 0
}

// Held is how many bytes of memory it holds.
func (f *Framer) Held() int { return cap(f.held) }

// Drop is Gap, and lets the memory go; the line's text is valid all the same.
func (f *Framer) Drop() (Line, bool) {
	line, ok := f.Gap()
	f.held = nil
	return line, ok
}

// Pending is the number of bytes held of an unfinished line.
func (f *Framer) Pending() int { return len(f.held) }
