package session

import (
	"strings"

	"ftpscope/analyze/ftp"
)

// pending is a command that waits for its final reply.
type pending struct {
	verb     ftp.Verb
	arg      string
	line     Line
	step     int // transfer commands: index of the step, else -1
	offer    int // negotiations: index, else -1
	dialogue int // index in Control.dialogue, -1: not kept
	before   place
	restore  string // TYPE: what applied before
	doubtful bool   // a gap may hold its reply
	cut      bool   // the capture lacks its end
}

// Kinds of Oddity.
const (
	OddLine      = "long-line"       // longer than ftp.MaxLine
	OddNoCode    = "reply-no-code"   // a line of the server that is no reply
	OddBytes     = "control-bytes"   // NUL or control bytes in a command
	OddEndpoint  = "bad-endpoint"    // PORT, EPRT, LPRT, 227, 228 or 229 that names none
	OddMultiLine = "multi-line"      // a multi-line reply that did not end as it should
	OddPending   = "pending-dropped" // more than MaxPending commands without a reply
)

// command takes a line of the client.
func (f *Fold) command(l ftp.Line) {
	f.interrupt()
	c := ftp.ParseCommand(l.Text)
	if l.Flags&(ftp.HeadLost|ftp.Unterminated) != 0 && (c.Verb == ftp.VerbUnknown || l.Flags&ftp.Unterminated != 0 && !c.HasArg) {
		return // a piece of a command
	}
	f.guess.Command(c)
	if len(c.Name) == 0 {
		return
	}
	if c.Verb == ftp.VerbUnknown {
		f.babbled = true
	} else {
		f.sane = true
	}
	f.commands++
	if l.Flags&ftp.Cut != 0 {
		f.odd(OddLine, "command of more than 4096 bytes")
	}
	if l.Flags&(ftp.HasNUL|ftp.HasControl) != 0 {
		f.odd(OddBytes, strings.ToUpper(string(c.Name)))
	}
	p := pending{cut: l.Flags&(ftp.Unterminated|ftp.Cut) != 0, verb: c.Verb, arg: string(c.Arg), line: Line{f.at, string(l.Text)}, step: -1, offer: -1, dialogue: -1, before: f.place}
	if c.Verb == ftp.PASS {
		p.line.Text = string(c.Name) + " " + hidden
	}
	f.record(&p, &c)
	f.issue(&p)
	if len(f.pending) == MaxPending {
		f.odd(OddPending, "")
		f.pending = append(f.pending[:0], f.pending[1:]...)
	}
	f.pending = append(f.pending, p)
}

// hidden stands for a password.
const hidden = "(hidden)"

// record keeps the command for --commands.
func (f *Fold) record(p *pending, c *ftp.Command) {
	if !f.opt.Dialogue {
		return
	}
	if len(f.dialogue) >= MaxDialogue {
		f.limits++
		return
	}
	e := Exchange{Time: f.stamp(f.at), Pos: f.at.Pos, Command: string(c.Name)}
	if c.HasArg {
		arg := p.arg
		e.Argument = &arg
	}
	p.dialogue = len(f.dialogue)
	f.dialogue = append(f.dialogue, e)
}

// reply takes a line of the server.
func (f *Fold) reply(l ftp.Line) {
	if !f.replies.Open() {
		f.opening = f.at
	}
	if r, ok := f.replies.Line(l); ok {
		f.answer(r)
	}
}

// interrupt ends a multi-line reply that its server did not end.
func (f *Fold) interrupt() {
	if !f.replies.Open() {
		return
	}
	if r, ok := f.replies.Interrupt(); ok {
		f.odd(OddMultiLine, "")
		at := f.at
		f.at = f.opening
		f.answer(r)
		f.at = at
	}
}

// answer takes a whole reply and finds the command that it answers.
func (f *Fold) answer(r ftp.Reply) {
	if r.Flags&ftp.ReplyHeadLost != 0 && r.Code == 0 {
		return // a piece of a reply
	}
	f.guess.Reply(r.Code, r.Text)
	if r.Code == 0 {
		f.odd(OddNoCode, r.Text)
		f.babbled = true
		return
	}
	f.sane = true
	reply := &Reply{Time: f.stamp(f.at), Pos: f.at.Pos, Code: r.Code, Text: r.Text, cut: r.Flags&ftp.ReplyCut != 0}
	if f.greeting(reply) {
		f.keep(-1, reply)
		return
	}
	i := f.pair(r.Code, r.Text)
	if i < 0 {
		f.keep(-1, reply)
		f.unasked(reply)
		return
	}
	p := f.pending[i]
	f.keep(p.dialogue, reply)
	if i == 1 && p.verb == ftp.ABOR && f.pending[0].step >= 0 { // the transfer's own reply may still come
		f.pending[0].doubtful = true
		f.pending = append(f.pending[:1], f.pending[2:]...)
		f.final(&p, reply)
		return
	}
	if r.Code < 200 {
		f.pending = append(f.pending[:0], f.pending[i:]...)
		f.preliminary(&p, reply)
		return
	}
	f.pending = append(f.pending[:0], f.pending[i+1:]...)
	f.final(&p, reply)
}

// keep adds the reply to the dialogue.
func (f *Fold) keep(dialogue int, r *Reply) {
	if !f.opt.Dialogue || dialogue < 0 && len(f.dialogue) >= MaxDialogue {
		return
	}
	if dialogue < 0 {
		f.dialogue = append(f.dialogue, Exchange{Time: r.Time, Pos: r.Pos})
		dialogue = len(f.dialogue) - 1
	}
	e := &f.dialogue[dialogue]
	e.Replies = append(e.Replies, *r)
}

// greeting takes the server's first reply: 220, or 120 before it (RFC 959 section 5.4), or a refusal.
func (f *Fold) greeting(r *Reply) bool {
	if f.greeted {
		return false
	}
	if !f.fromStart && (len(f.pending) > 0 || r.Code != 220) {
		f.greeted = true
		return false
	}
	if r.Code >= 200 {
		f.greeted = true
	}
	if r.Code == 220 {
		text := r.Text
		f.banner = &text
	}
	return r.Code == 220 || r.Code < 200 || r.Code >= 400
}

// pair returns the index of the pending command that a reply answers, -1 for none. Replies come in the order of the
// commands (RFC 959 section 5.4); a code that only a later command can have means that the earlier ones went
// unanswered, or that their replies are missing from the capture.
func (f *Fold) pair(code int, text string) int {
	if len(f.pending) == 0 {
		return -1
	}
	head := &f.pending[0]
	if head.step >= 0 && len(f.pending) > 1 && f.pending[1].verb == ftp.ABOR && answersAbort(code, text) {
		return 1
	}
	specific, fits := suits(head.verb, code)
	if fits && specific || !specific && !head.doubtful && fits {
		return 0
	}
	for i := 1; i < len(f.pending); i++ {
		p := &f.pending[i]
		s, ok := suits(p.verb, code)
		if ok && (s || specific || !p.doubtful) {
			return i
		}
	}
	if specific && (f.gaps[0] || f.gaps[1]) && !fits {
		return -1
	}
	return 0
}

// answersAbort tells a server that answers ABOR alone, and not the transfer that it ended, from one that answers both.
func answersAbort(code int, text string) bool {
	return code == 225 || code == 226 && strings.Contains(strings.ToLower(text), "abor")
}

// suits reports whether a command can have a reply of this code, and whether the code says much: 331 does, 200 does not.
func suits(v ftp.Verb, code int) (specific, fits bool) {
	switch code {
	case 110, 125, 150, 425, 426:
		return true, v.IsTransfer() || code > 400 && (v == ftp.ABOR || v.IsNegotiation())
	case 211, 212, 214:
		return true, v == ftp.STAT || v == ftp.FEAT || v == ftp.HELP || v == ftp.SITE || v == ftp.SYST || v == ftp.VerbUnknown || v == ftp.OPTS
	case 215:
		return true, v == ftp.SYST
	case 221:
		return true, v == ftp.QUIT || v == ftp.REIN
	case 225:
		return true, v == ftp.ABOR || v.IsTransfer()
	case 226:
		return true, v == ftp.ABOR || v.IsTransfer()
	case 227, 229:
		return true, v == ftp.PASV || v == ftp.EPSV
	case 228:
		return true, v == ftp.LPSV
	case 230:
		return true, v == ftp.USER || v == ftp.PASS || v == ftp.ACCT
	case 234, 334:
		return true, v == ftp.AUTH
	case 235, 335:
		return true, v == ftp.ADAT
	case 257:
		return true, v == ftp.PWD || v == ftp.XPWD || v == ftp.MKD || v == ftp.XMKD
	case 331:
		return true, v == ftp.USER || v == ftp.PASS
	case 332:
		return true, v == ftp.USER || v == ftp.PASS || v == ftp.ACCT
	case 350:
		return true, v == ftp.REST || v == ftp.RNFR
	}
	if v == ftp.ABOR {
		return false, code >= 400
	}
	return false, true
}
