package ftp

import "slices"

// MaxReplyText is how much text of a reply is kept: login banners of 60 lines fit; a
// directory listed over the control connection (STAT) is cut. Further lines are only
// counted.
const MaxReplyText = 8 << 10

// ReplyLine is one line of the server.
type ReplyLine struct {
	Code int
	Sep  byte   // ' ', '-' or, when the code is followed by neither, 0
	Text []byte // after the separator; aliases the line
	OK   bool   // the line begins with a code: three digits, the first 1 to 6, and no fourth
}

// ParseReplyLine reads a line of a reply (RFC 959 section 4.2; 6yz: RFC 2228 section
// 5.1). Without a code, Text is the whole line.
func ParseReplyLine(line []byte) ReplyLine {
	if len(line) < 3 || line[0] < '1' || line[0] > '6' || !isDigit(line[1]) || !isDigit(line[2]) {
		return ReplyLine{Text: line}
	}
	p := ReplyLine{Code: int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0'), Text: line[3:], OK: true}
	if len(line) == 3 {
		return p
	}
	switch c := line[3]; {
	case c == ' ' || c == '-':
		p.Sep, p.Text = c, line[4:]
	case isDigit(c):
		return ReplyLine{Text: line}
	}
	return p
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// ReplyFlags say what is odd about a reply.
type ReplyFlags uint8

// The flags of a reply.
const (
	EndedByOtherCode ReplyFlags = 1 << iota // a multi-line reply whose last line has another code, which is the reply's
	NeverEnded                              // a multi-line reply without a last line
	NoSpace                                 // text follows the code directly
	NoCode                                  // a line without a code outside a reply; Code is 0
	ReplyCut                                // text is missing: beyond MaxLine or MaxReplyText, or a line without its end
	ReplyHeadLost                           // the first line after a gap: its code may be a piece of lost text
)

// Reply is a reply of the server. Text has the lines joined by "\n", without the code and
// separator of the first and last line and of those between that repeat "ddd-".
type Reply struct {
	Code  int
	Text  string
	Lines int
	Flags ReplyFlags
}

// Replies assembles lines into replies. The zero value is ready.
//
// RFC 959 section 4.2: a multi-line reply begins with "ddd-" and ends with the first line
// that begins with the same code and a space. Real servers end "230-" by "226 ", or
// never. Real banners have lines such as "220 users", and hostile ones "227 (…)". So a
// line with another code is only remembered, whatever it says, and counts as the end if
// the client goes on ([Replies.Interrupt]) before the right one comes.
type Replies struct {
	Texts *Texts // for the texts of replies; nil: each has memory of its own
	open  bool
	code  int
	flags ReplyFlags
	lines int
	text  []byte // at most MaxReplyText
	full  bool   // a line did not fit: text takes no more
	end   tentative
}

// tentative is the last line that may end the open reply by another code; code 0: none.
type tentative struct {
	code     int
	from, to int  // where text has its code and separator
	offers   bool // it announces an endpoint
}

// Open reports whether a multi-line reply has begun and not ended.
func (r *Replies) Open() bool { return r.open }

// Held is how many bytes of memory it holds.
func (r *Replies) Held() int { return cap(r.text) }

// Drop lets the memory go; no reply may be open.
func (r *Replies) Drop() { r.text = nil }

// Line takes the server's next line and returns the reply that ends with it. Empty lines
// between replies are ignored.
func (r *Replies) Line(l Line) (Reply, bool) {
	p := ParseReplyLine(l.Text)
	if r.open {
		return r.middle(l, p)
	}
	flags := flagsOf(l)
	switch {
	case len(l.Text) == 0:
		return Reply{}, false
	case !p.OK:
		return Reply{0, r.Texts.Keep(p.Text), 1, flags | NoCode}, true
	case p.Sep == '-':
		r.open, r.code, r.flags, r.lines = true, p.Code, flags, 0
		r.text, r.full, r.end = r.text[:0], false, tentative{}
		r.add(p.Text)
		return Reply{}, false
	}
	return Reply{p.Code, r.Texts.Keep(p.Text), 1, flags | p.spaceFlag()}, true
}

// flagsOf carries over what a line's flags mean for its reply.
func flagsOf(l Line) (flags ReplyFlags) {
	if l.Flags&(Cut|Unterminated) != 0 {
		flags = ReplyCut
	}
	if l.Flags&HeadLost != 0 {
		flags |= ReplyHeadLost
	}
	return flags
}

func (p ReplyLine) spaceFlag() ReplyFlags {
	if p.Sep == 0 && len(p.Text) > 0 {
		return NoSpace
	}
	return 0
}

// middle takes a line while a multi-line reply is open.
func (r *Replies) middle(l Line, p ReplyLine) (Reply, bool) {
	r.flags |= flagsOf(l)
	switch {
	case !p.OK:
		r.add(l.Text)
	case p.Code == r.code && p.Sep == '-':
		r.add(p.Text)
	case p.Code == r.code && p.ends():
		r.add(p.Text)
		return r.finish(r.code, p.spaceFlag()), true
	case p.Sep == '-' || p.spaceFlag() != 0:
		r.add(l.Text)
	default:
		r.mayEnd(l, p)
	}
	return Reply{}, false
}

// ends reports whether a line with the open reply's code ends it: "226 Done", "226",
// "226Done", but not "226.5 MB free".
func (p ReplyLine) ends() bool {
	if p.Sep == ' ' || len(p.Text) == 0 {
		return true
	}
	c := p.Text[0]
	return p.Sep == 0 && (c >= 0x80 || isLetter(c))
}

// mayEnd adds a line that ends the reply if nothing better comes. One that announces an
// endpoint is not replaced by another: that is what a client goes on with.
func (r *Replies) mayEnd(l Line, p ReplyLine) {
	from, ok := r.add(l.Text)
	if r.end.offers || l.Flags&(Cut|Unterminated) != 0 { // of a line that is not whole nothing follows
		return
	}
	r.end = tentative{code: p.Code, offers: p.offers()}
	if ok {
		r.end.from, r.end.to = from, from+len(l.Text)-len(p.Text)
	}
}

// offers reports whether the line announces an endpoint.
func (p ReplyLine) offers() (ok bool) {
	switch p.Code {
	case 227:
		_, ok = Parse227(string(p.Text))
	case 228:
		_, ok = Parse228(string(p.Text))
	case 229:
		_, _, ok = Parse229(string(p.Text))
	}
	return ok
}

// add appends a line and tells where it begins; it is left out when the text is full.
func (r *Replies) add(line []byte) (from int, ok bool) {
	r.lines++
	if r.full || len(r.text)+1+len(line) > MaxReplyText {
		r.full = true
		r.flags |= ReplyCut
		return 0, false
	}
	if r.lines > 1 {
		r.text = append(r.text, '\n')
	}
	from = len(r.text)
	r.text = append(r.text, line...)
	return from, true
}

// Interrupt says that the client sent a further command, or that the stream ended or has
// a gap: an open multi-line reply ends now, with the last line that may have been meant
// as its end.
func (r *Replies) Interrupt() (Reply, bool) {
	if !r.open {
		return Reply{}, false
	}
	return r.interrupt(), true
}

func (r *Replies) interrupt() Reply {
	if r.end.code == 0 {
		return r.finish(r.code, NeverEnded)
	}
	from := r.end.from
	if r.end.offers {
		from = 0 // numbers in the text before must not pass for the endpoint
	}
	r.text = slices.Concat(r.text[:from], r.text[r.end.to:]) // not in place: a copy of r may go on with its text
	return r.finish(r.end.code, EndedByOtherCode)
}

func (r *Replies) finish(code int, flags ReplyFlags) Reply {
	r.open = false
	return Reply{code, string(r.text), r.lines, r.flags | flags}
}
