package report

import (
	"sort"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// ladder is the diagram of a transfer: client on the left, server on the right, a line a packet that matters.
type ladder struct {
	s     *record.Session
	t     *record.Transfer
	files bool
	rungs []rung
}

// rung is one arrow, or (no direction) a remark between the two sides.
type rung struct {
	pos         flow.Pos
	time        flow.Time
	to          flow.Direction // Out: to the right, towards the server
	remark      bool
	lead        bool // a remark that stands before all others
	bold        bool // the data connection's arrows are double
	centred     bool // a packet that neither side sent: its text stands between them
	whole       bool // of its text the start matters, not the end
	left, right string
	text, note  string
	full        string         // the text where there is room for all of it; empty: as text
	host        string         // of a packet that neither side sent or got: the third party to it
	fromHost    bool           // it sent the packet
	rest        string         // the other lines of a reply, escaped
	sited       bool           // a remark about its packet
	side        flow.Direction // Out: its packet came to, or from, the server's side
}

const (
	ladderIndent = 3
	inner        = 52 // columns between the two sides: room for PORT with six numbers of three digits
	portColumns  = 5
	arrowRoom    = inner - 2*(portColumns+2) // without ports and the spaces around them
	arrowText    = arrowRoom - 7             // without dashes, head and spaces
)

func newLadder(s *record.Session, t *record.Transfer, files bool) *ladder {
	l := &ladder{s: s, t: t, files: files}
	l.negotiation()
	l.command()
	l.connection()
	l.replies()
	l.hangup()
	l.order()
	return l
}

func port(n uint16) string { return strconv.Itoa(int(n)) }

// say adds a line of the control connection.
func (l *ladder) say(r rung) {
	r.left, r.right = port(l.s.Client.Port()), port(l.s.Server.Port())
	l.rungs = append(l.rungs, r)
}

func (l *ladder) line(a *record.Line, note string) {
	if a != nil {
		l.say(rung{pos: a.Mark.Pos, time: a.Mark.Time, to: flow.Out, text: prose.FirstLine(a.Text), note: note})
	}
}

func (l *ladder) reply(r *record.Reply, note string) {
	if r == nil {
		return
	}
	l.say(rung{pos: r.Pos, time: r.Time.Time, to: flow.In, text: replyText(r), full: replyCode(r) + prose.FirstLine(r.Text), rest: restOf(r.Text), note: note, whole: true})
}

// restOf is what follows the first line of a text.
func restOf(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return strings.TrimRight(prose.EscapeLines(rest), "\n ")
}

// replyText is a reply's code and first line, of a long one with an endpoint only that.
func replyText(r *record.Reply) string { return replyCode(r) + essence(prose.FirstLine(r.Text)) }

// replyCode is the code with a space after it; empty when there is none, or when the text begins with it.
func replyCode(r *record.Reply) string {
	if r.Code > 0 && !strings.HasPrefix(r.Text, strconv.Itoa(r.Code)) {
		return strconv.Itoa(r.Code) + " "
	}
	return ""
}

// essence keeps of a long reply what stands in its parentheses: the endpoint of 227 and 229, a file's size of 150.
func essence(text string) string {
	const room = 27 // what an arrow has beside the code
	open := strings.LastIndexByte(text, '(')
	if prose.Columns(text) <= room || open < 0 || prose.Columns(text[open:])+2 > room {
		return text
	}
	return "… " + text[open:]
}

func (l *ladder) negotiation() {
	n := &l.t.Notes
	l.line(n.Asked, l.askedNote())
	l.reply(n.Answer, l.answerNote())
	if n.Asked == nil && l.t.Method == record.MethodDefault && unheard(l.s, l.t) {
		l.rungs = append(l.rungs, rung{remark: true, lead: true, text: "no PORT or PASV is in the capture"})
	} else if n.Asked == nil && l.t.Method == record.MethodDefault {
		l.rungs = append(l.rungs, rung{remark: true, lead: true, text: "no PORT or PASV: the default ports hold",
			note: "RFC 959: the server connects to the port that the client's control connection comes from"})
	}
}

// unheard reports whether a transfer may have been negotiated by what the capture lacks.
func unheard(s *record.Session, t *record.Transfer) bool {
	return t.Command == nil || !s.Capture.FromStart || !s.Capture.ClientSide || !s.Capture.ServerSide || s.Capture.MissingBytes > 0
}

func (l *ladder) askedNote() string {
	e := l.t.Announced
	switch l.t.Method {
	case "PORT", "LPRT":
		if e != nil {
			return "“connect to me at port " + port(e.Port()) + "” (" + arithmetic(e.Port()) + ")"
		}
	case "EPRT":
		if e != nil {
			return "“connect to me at port " + port(e.Port()) + "”"
		}
	case "PASV", "EPSV", "LPSV":
		return "“where can I connect to you?”"
	}
	return ""
}

// arithmetic shows how two numbers of PORT and 227 make a port (RFC 959 section 4.1.2).
func arithmetic(p uint16) string {
	return strconv.Itoa(int(p>>8)) + " × 256 + " + strconv.Itoa(int(p&0xff)) + " = " + port(p)
}

func (l *ladder) answerNote() string {
	a, e := l.t.Notes.Answer, l.t.Announced
	switch {
	case a == nil:
		return ""
	case a.Code >= 400:
		return refusal(a, "“no”")
	case e == nil:
		return ""
	}
	switch a.Code {
	case 227, 228:
		return "“connect to me at port " + port(e.Port()) + "” (" + arithmetic(e.Port()) + ")"
	case 229: // RFC 2428 section 3: the address is the control connection's
		return "“connect to me at port " + port(e.Port()) + ", at the address you already use”"
	}
	if a.Code < 300 && l.t.Mode == record.Active {
		return "“I will”"
	}
	return ""
}

func (l *ladder) command() {
	note := ""
	if c := l.t.Command; c != nil && l.t.Direction != nil {
		switch {
		case *l.t.Direction == record.Upload:
			note = "“I am going to send you a file”"
		case strings.EqualFold(*c, "RETR"):
			note = "“send me this file”"
		default:
			note = "“send me a listing”"
		}
	}
	l.line(l.t.Notes.Ran, note)
}

func (l *ladder) replies() {
	l.reply(l.t.Preliminary, "the server is about to use the data connection")
	if l.t.Notes.Abort.Seen() {
		m := l.t.Notes.Abort
		l.say(rung{pos: m.Pos, time: m.Time, to: flow.Out, text: "ABOR", note: "“stop”"})
	}
	r := l.finalReply()
	if r == nil {
		return
	}
	note := "“done”"
	if r.Code >= 400 {
		note = refusal(r, "“that did not work”")
	}
	l.reply(r, note)
}

// order sorts the rungs as they were captured: by packet in one file, by time over several. Remarks without a place
// stay last.
func (l *ladder) order() {
	oneFile, file := true, 0
	for i := range l.rungs {
		file = max(file, l.rungs[i].pos.File())
	}
	for i := range l.rungs {
		oneFile = oneFile && (!l.rungs[i].pos.Seen() || l.rungs[i].pos.File() == file)
	}
	sort.SliceStable(l.rungs, func(i, k int) bool {
		a, b := &l.rungs[i], &l.rungs[k]
		if a.lead != b.lead {
			return a.lead
		}
		if floatA, floatB := a.remark && !a.pos.Seen(), b.remark && !b.pos.Seen(); floatA || floatB {
			return !floatA && floatB
		}
		if oneFile {
			return a.pos < b.pos
		}
		return a.time < b.time
	})
}
