// Package ladder draws a transfer as the packets that matter, a line each, between client
// and server. Packages explain, html and comparison show it.
package ladder

import (
	"sort"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Ladder is the diagram of a transfer: client on the left, server on the right, a line a
// packet that matters.
type Ladder struct {
	S     *record.Session
	t     *record.Transfer
	Files bool
	Rungs []Rung
}

// Rung is one arrow, or (no direction) a remark between the two sides.
type Rung struct {
	Pos         flow.Pos
	Time        flow.Time
	To          flow.Direction // Out: to the right, towards the server
	Remark      bool
	lead        bool // a remark that stands before all others
	Bold        bool // the data connection's arrows are double
	centred     bool // a packet that neither side sent: its text stands between them
	whole       bool // of its text the start matters, not the end
	Left, Right string
	Text, Note  string
	Full        string         // the text where there is room for all of it; empty: as text
	Host        string         // of a packet that neither side sent or got: the third party to it
	FromHost    bool           // it sent the packet
	Rest        string         // the other lines of a reply, escaped
	Sited       bool           // a remark about its packet
	Side        flow.Direction // Out: its packet came to, or from, the server's side
}

const (
	Indent      = 3
	inner       = 52 // columns between the two sides: room for PORT with six numbers of three digits
	portColumns = 5
	arrowRoom   = inner - 2*(portColumns+2) // without ports and the spaces around them
	arrowText   = arrowRoom - 7             // without dashes, head and spaces
)

// New returns the ladder of a transfer; files tells that packets are named with their
// file.
func New(s *record.Session, t *record.Transfer, files bool) *Ladder {
	l := &Ladder{S: s, t: t, Files: files}
	l.negotiation()
	l.command()
	l.connection()
	l.replies()
	l.hangup()
	l.Order()
	return l
}

// Say adds a line of the control connection.
func (l *Ladder) Say(r Rung) {
	r.Left, r.Right = prose.Port(l.S.Client.Port()), prose.Port(l.S.Server.Port())
	l.Rungs = append(l.Rungs, r)
}

func (l *Ladder) line(a *record.Line, note string) {
	if a != nil {
		l.Say(Rung{Pos: a.Mark.Pos, Time: a.Mark.Time, To: flow.Out, Text: prose.FirstLine(a.Text), Note: note})
	}
}

// Reply adds a reply.
func (l *Ladder) Reply(r *record.Reply, note string) {
	if r == nil {
		return
	}
	l.Say(Rung{Pos: r.Pos, Time: r.Time.Time, To: flow.In, Text: ReplyText(r), Full: replyCode(r) + prose.FirstLine(r.Text), Rest: restOf(r.Text), Note: note, whole: true})
}

// restOf is what follows the first line of a text.
func restOf(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return strings.TrimRight(prose.EscapeLines(rest), "\n ")
}

// ReplyText is a reply's code and first line, of a long one with an endpoint only that.
func ReplyText(r *record.Reply) string { return replyCode(r) + essence(prose.FirstLine(r.Text)) }

// replyCode is the code with a space after it; empty when there is none, or when the text
// begins with it.
func replyCode(r *record.Reply) string {
	if r.Code > 0 && !strings.HasPrefix(r.Text, strconv.Itoa(r.Code)) {
		return strconv.Itoa(r.Code) + " "
	}
	return ""
}

// essence keeps of a long reply what stands in its parentheses: the endpoint of 227 and
// 229, a file's size of 150.
func essence(text string) string {
	const room = 27 // what an arrow has beside the code
	open := strings.LastIndexByte(text, '(')
	if prose.Columns(text) <= room || open < 0 || prose.Columns(text[open:])+2 > room {
		return text
	}
	return "… " + text[open:]
}

func (l *Ladder) negotiation() {
	n := &l.t.Notes
	l.line(n.Asked, l.askedNote())
	l.Reply(n.Answer, timed(l.answerNote(), n.Asked, n.Answer, false))
	if n.Asked == nil && l.t.Method == record.MethodDefault && Unheard(l.S, l.t) {
		l.Rungs = append(l.Rungs, Rung{Remark: true, lead: true, Text: "no PORT or PASV is in the capture"})
	} else if n.Asked == nil && l.t.Method == record.MethodDefault {
		l.Rungs = append(l.Rungs, Rung{Remark: true, lead: true, Text: "no PORT or PASV: the default ports hold",
			Note: "RFC 959: the server connects to the port that the client's control connection comes from"})
	}
}

// Unheard reports whether a transfer may have been negotiated by what the capture lacks.
func Unheard(s *record.Session, t *record.Transfer) bool {
	return t.Command == nil || !s.Capture.FromStart || !s.Capture.ClientSide || !s.Capture.ServerSide || s.Capture.MissingBytes > 0
}

func (l *Ladder) askedNote() string {
	e := l.t.Announced
	switch l.t.Method {
	case "PORT", "LPRT":
		if e != nil {
			return "“connect to me at port " + prose.Port(e.Port()) + "” (" + arithmetic(e.Port()) + ")"
		}
	case "EPRT":
		if e != nil {
			return "“connect to me at port " + prose.Port(e.Port()) + "”"
		}
	case "PASV", "EPSV", "LPSV":
		return "“where can I connect to you?”"
	}
	return ""
}

// arithmetic shows how two numbers of PORT and 227 make a port (RFC 959 section 4.1.2).
func arithmetic(p uint16) string {
	return strconv.Itoa(int(p>>8)) + " × 256 + " + strconv.Itoa(int(p&0xff)) + " = " + prose.Port(p)
}

func (l *Ladder) answerNote() string {
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
		return "“connect to me at port " + prose.Port(e.Port()) + "” (" + arithmetic(e.Port()) + ")"
	case 229: // RFC 2428 section 3: the address is the control connection's
		return "“connect to me at port " + prose.Port(e.Port()) + ", at the address you already use”"
	}
	if a.Code < 300 && l.t.Mode == record.Active {
		return "“I will”"
	}
	return ""
}

func (l *Ladder) command() {
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

func (l *Ladder) replies() {
	l.Reply(l.t.Preliminary, timed("the server is about to use the data connection", l.t.Notes.Ran, l.t.Preliminary, false))
	if l.t.Notes.Abort.Seen() {
		m := l.t.Notes.Abort
		l.Say(Rung{Pos: m.Pos, Time: m.Time, To: flow.Out, Text: "ABOR", Note: "“stop”"})
	}
	r := l.finalReply()
	if r == nil {
		return
	}
	note := "“done”"
	if r.Code >= 400 {
		note = refusal(r, "“that did not work”")
	}
	l.Reply(r, timed(note, l.t.Notes.Ran, r, true))
}

// Order sorts the rungs as they were captured: by packet in one file, by time over
// several. Remarks without a place stay last.
func (l *Ladder) Order() {
	oneFile, file := true, 0
	for i := range l.Rungs {
		file = max(file, l.Rungs[i].Pos.File())
	}
	for i := range l.Rungs {
		oneFile = oneFile && (!l.Rungs[i].Pos.Seen() || l.Rungs[i].Pos.File() == file)
	}
	sort.SliceStable(l.Rungs, func(i, k int) bool {
		a, b := &l.Rungs[i], &l.Rungs[k]
		if a.lead != b.lead {
			return a.lead
		}
		if floatA, floatB := a.Remark && !a.Pos.Seen(), b.Remark && !b.Pos.Seen(); floatA || floatB {
			return !floatA && floatB
		}
		if oneFile {
			return a.Pos < b.Pos
		}
		return a.Time < b.Time
	})
}
