package control

import (
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
)

// Limits, each counted in the summary where it strikes.
const (
	// MaxPending bounds commands that wait for their reply: pipelining clients send a few; beyond, the oldest is
	// taken as never answered.
	MaxPending = 1024
	// MaxDialogue bounds the commands kept with --commands, in one session.
	MaxDialogue = 100_000
)

// pending is a command that waits for its final reply.
type pending struct {
	verb     ftp.Verb
	doubtful bool  // a gap may hold its reply
	passed   bool  // a transfer command: one behind it was answered first
	ahead    bool  // a transfer command: it was answered before the PORT or EPRT in front of it
	cut      bool  // the capture lacks its end
	settled  bool  // a transfer command that has its terms
	step     int32 // transfer commands: index of the step, else -1
	offer    int32 // negotiations: index, else -1
	dialogue int32 // index in Fold.dialogue, -1: not kept
	held     int32 // bytes of room
	noted    int32 // SITE, or a path that climbs: its place in the notes, from 1; 0: none
	line     record.Line
	arg      string
	user     string // PASS: whose
}

// command takes a line of the client.
func (f *Conversation) command(l ftp.Line) {
	f.interrupt()
	c := ftp.ParseCommand(l.Text)
	if l.Flags&(ftp.HeadLost|ftp.Unterminated) != 0 && (c.Verb == ftp.VerbUnknown || l.Flags&ftp.Unterminated != 0 && !c.HasArg) {
		return // a piece of a command
	}
	f.guess.Command(c)
	if len(c.Name) == 0 {
		return
	}
	f.talking = false
	f.shaken, f.owed = f.shaken || f.owed, false
	if c.Verb == ftp.VerbUnknown {
		f.babbled = true
	} else {
		f.sane = true
	}
	if f.commands++; f.pending == nil && len(f.negotiations)+len(f.steps)+len(f.notes.Logins) == 0 {
		f.furnish()
	}
	if l.Flags&ftp.Cut != 0 {
		f.odd(record.OddLine, "command of more than 4096 bytes")
	}
	if l.Flags&(ftp.HasNUL|ftp.HasControl) != 0 {
		f.odd(record.OddBytes, strings.ToUpper(string(c.Name)))
	}
	p := pending{cut: l.Flags&(ftp.Unterminated|ftp.Cut) != 0, verb: c.Verb, step: -1, offer: -1, dialogue: -1}
	p.line.Mark = f.at
	f.keepText(&p, l.Text, &c)
	f.record(&p, &c)
	f.onCommand(&p)
	if len(f.pending) == MaxPending {
		f.odd(record.OddPending, "")
		f.unanswered(1)
	}
	for !f.holdPending(&p) && len(f.pending) > 0 {
		f.odd(record.OddPending, "")
		f.unanswered(1)
	}
	f.pending = append(f.pending, p)
}

// hidden stands for a password.
const hidden = "(hidden)"

// keepText keeps the line and, as a part of it, the argument.
func (f *Conversation) keepText(p *pending, line []byte, c *ftp.Command) {
	texts := &f.opt.texts
	if c.Verb == ftp.PASS {
		if p.line.Text, p.arg = "PASS "+hidden, texts.Keep(c.Arg); string(c.Name) != "PASS" {
			p.line.Text = string(c.Name) + " " + hidden
		}
		return
	}
	p.line.Text = texts.Keep(line)
	p.arg = p.line.Text[len(p.line.Text)-len(c.Arg):]
}

// record keeps the command for --commands.
func (f *Conversation) record(p *pending, c *ftp.Command) {
	if !f.opt.Dialogue {
		return
	}
	if len(f.dialogue) >= MaxDialogue || !f.hold(exchangeSize+len(p.line.Text)) {
		f.limits++
		return
	}
	e := record.Exchange{Time: f.stamp(f.at), Pos: f.at.Pos, Command: string(c.Name)}
	if c.HasArg {
		arg := p.arg
		e.Argument = &arg
	}
	p.dialogue = int32(len(f.dialogue))
	f.dialogue = append(f.dialogue, e)
}

// reply takes a line of the server.
func (f *Conversation) reply(l ftp.Line) {
	open := f.replies.Open()
	r, ok := f.replies.Line(l)
	if ok {
		f.answer(r)
	} else if !open && f.replies.Open() {
		f.opening, f.begun = f.at, ftp.ParseReplyLine(l.Text).Code
	}
}

// interrupt ends a multi-line reply that its server did not end.
func (f *Conversation) interrupt() {
	if !f.replies.Open() {
		return
	}
	if r, ok := f.replies.Interrupt(); ok {
		f.odd(record.OddMultiLine, "")
		at := f.at
		f.at = f.opening
		f.answer(r)
		f.at = at
	}
}

// answer takes a whole reply and finds the command that it answers.
func (f *Conversation) answer(r ftp.Reply) {
	if r.Flags&ftp.ReplyHeadLost != 0 && r.Code == 0 {
		return // a piece of a reply
	}
	if r.Code == 0 {
		f.stray(r.Text)
		return
	}
	if r.Flags&ftp.EndedByOtherCode != 0 && f.begun != r.Code && f.meantBegun(r.Code) {
		r.Code = f.begun
	}
	f.talking = true
	f.guess.Reply(r.Code, r.Text)
	f.sane = true
	reply := &record.Reply{Time: f.stamp(f.at), Pos: f.at.Pos, Code: r.Code, Text: r.Text, Cut: r.Flags&ftp.ReplyCut != 0} // on the stack: who keeps it copies it
	if f.greeting(reply) {
		f.keep(-1, reply)
		return
	}
	i := f.matchReply(r.Code, r.Text)
	if i < 0 {
		f.owed = false
		f.keep(-1, reply)
		f.unasked(reply)
		return
	}
	f.answered = true
	p := f.pending[i]
	f.keep(int(p.dialogue), reply)
	aside := i == 1 && f.aside(r.Code)
	if aside || i == 1 && p.verb == ftp.ABOR && f.pending[0].step >= 0 { // the transfer's own reply may still come
		head := &f.pending[0]
		head.passed, head.doubtful = aside, !aside
		f.refund(int(p.held))
		f.pending = append(f.pending[:1], f.pending[2:]...)
		f.final(&p, reply)
		return
	}
	if i > 0 && r.Code < 200 && f.pending[i-1].offer >= 0 {
		f.pending[i].ahead = true
	}
	f.unanswered(i)
	if r.Code < 200 {
		f.preliminary(&f.pending[0], reply)
		return
	}
	f.pop(1)
	if specific, _ := suits(p.verb, r.Code); !f.shaken || specific && p.verb != ftp.PWD && p.verb != ftp.XPWD {
		f.final(&p, reply)
	} else {
		f.applyReply(&p, nil)
	}
	f.shaken = f.shaken && len(f.pending) > 0
}

// stray takes a line of the server that is no reply. One that follows a reply is what is left of it: banners have lines
// that begin with "220 " and are not the last.
func (f *Conversation) stray(text string) {
	f.odd(record.OddNoCode, text)
	switch {
	case f.missing > 0:
	case f.commands == 0 && f.banner.known:
		f.addToBanner(text)
	case !f.talking:
		f.guess.Reply(0, text)
		f.babbled = true
	}
}

func (f *Conversation) addToBanner(text string) {
	if len(f.banner.value)+len(text) < ftp.MaxReplyText {
		f.banner.value += "\n" + text
	}
}

// meantBegun reports whether a multi-line reply that ended with another code is one of the code that it began with:
// servers close "230-" by "226 ".
func (f *Conversation) meantBegun(end int) bool {
	if !f.greeted {
		return f.begun == 220
	}
	if len(f.pending) == 0 {
		return false
	}
	verb := f.pending[0].verb
	specific, fits := suits(verb, end)
	_, begun := suits(verb, f.begun)
	return begun && !(specific && fits)
}

// keep adds the reply to the dialogue.
func (f *Conversation) keep(dialogue int, r *record.Reply) {
	if !f.opt.Dialogue || dialogue < 0 && len(f.dialogue) >= MaxDialogue {
		return
	}
	if !f.hold(exchangeSize + replySize + len(r.Text)) {
		f.limits++
		return
	}
	if dialogue < 0 {
		f.dialogue = append(f.dialogue, record.Exchange{Time: r.Time, Pos: r.Pos})
		dialogue = len(f.dialogue) - 1
	}
	e := &f.dialogue[dialogue]
	e.Replies = append(e.Replies, *r)
}

// greeting takes the server's first reply: 220, or 120 before it (RFC 959 section 5.4), or a refusal.
func (f *Conversation) greeting(r *record.Reply) bool {
	if f.greeted {
		if r.Code != 220 || f.answered || !f.banner.known || len(f.pending) > 0 && f.pending[0].verb == ftp.REIN {
			return false
		}
		if f.missing == 0 {
			f.addToBanner(r.Text)
		}
		return true
	}
	if !f.fromStart && r.Code != 220 {
		f.greeted = true
		return false
	}
	if r.Code >= 200 {
		f.greeted = true
	}
	if r.Code == 220 {
		f.banner = text{r.Text, true}
	}
	return r.Code == 220 || r.Code < 200 || r.Code >= 400
}

// pair returns the index of the pending command that a reply answers, -1 for none. Replies come in the order of the
// commands (RFC 959 section 5.4); a code that only a later command can have means that the earlier ones went
// unanswered, or that their replies are missing from the capture.
func (f *Conversation) matchReply(code int, text string) int {
	if len(f.pending) == 0 {
		return -1
	}
	head := &f.pending[0]
	cut := code == 425 || code == 426 || code == 451
	switch {
	case head.step >= 0 && len(f.pending) > 1 && f.pending[1].verb == ftp.ABOR:
		if answersAbort(code, text) || head.doubtful && code/10 == 22 {
			return 1
		} else if cut {
			return 0
		}
	case f.ghost >= 0 && head.verb == ftp.ABOR && cut:
		return -1 // of the transfer whose command was not seen
	}
	if head.doubtful {
		return f.matchDoubtful(code)
	}
	if f.aside(code) {
		return 1
	} else if (f.gaps[0] || f.gaps[1] || head.ahead) && f.endsNone(code) {
		return -1 // of a NOOP that the capture lacks, or of PORT
	}
	specific, fits := suits(head.verb, code)
	if fits && !(head.passed && code < 200 && len(f.pending) > 1) {
		return 0
	}
	for i := 1; i < len(f.pending); i++ {
		if _, ok := suits(f.pending[i].verb, code); ok {
			return i
		}
	}
	if specific && (f.gaps[0] || f.gaps[1]) {
		return -1
	}
	return 0
}

// pairDoubtful is pair after a gap that may hold the first replies. A command that was sent later has its reply still to
// come, and a client that waits for replies had those before.
func (f *Conversation) matchDoubtful(code int) int {
	first := -1
	for i := range f.pending {
		_, fits := suits(f.pending[i].verb, code)
		if fits && !f.pending[i].doubtful {
			return i
		}
		if fits && first < 0 {
			first = i
		}
	}
	return first
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
	case 213:
		return true, v == ftp.SIZE || v == ftp.MDTM || v == ftp.STAT || v == ftp.VerbUnknown
	case 200:
		return false, !v.IsTransfer() && v != ftp.PASV && v != ftp.LPSV && v != ftp.PWD && v != ftp.XPWD
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

// aside reports whether a reply is of the NOOP or STAT behind a transfer that runs: clients keep the control connection
// busy by them, and servers answer at once, some by 500.
func (f *Conversation) aside(code int) bool {
	if len(f.pending) < 2 || !f.endsNone(code) {
		return false
	}
	v := f.pending[1].verb
	return v == ftp.NOOP || v == ftp.STAT || v == ftp.VerbUnknown
}

// endsNone reports whether a transfer runs that no such code ends.
func (f *Conversation) endsNone(code int) bool {
	head := &f.pending[0]
	return !endsTransfer(code) && !head.doubtful && head.step >= 0 && f.steps[head.step].Preliminary.Code != 0
}

// endsTransfer reports whether a code can end a transfer that began (RFC 959 section 5.4, and what is met besides): the
// answers to NOOP and STAT and errors of syntax cannot.
func endsTransfer(code int) bool {
	switch code {
	case 200, 211, 212, 213, 500, 501, 502, 503, 504:
		return false
	}
	return true
}
