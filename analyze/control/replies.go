package control

import (
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// stage is what a reply can be; see Conversation.
type stage uint8

const (
	awaitingGreeting stage = iota
	greeted                // a 220 is more of the banner
	conversing             // replies are to commands
)

// server is what the server says of itself.
type server struct {
	stage          stage
	banner, system text
}

// reached goes to a stage, if it is later than the present one.
func (s *server) reached(n stage) { s.stage = max(s.stage, n) }

func (s *server) addToBanner(text string) {
	if len(s.banner.value)+len(text) < ftp.MaxReplyText {
		s.banner.value += "\n" + text
	}
}

// meantFirst reports whether a multi-line reply that ended with another code is one of
// the code that it began with: servers close "230-" by "226 ".
func (s *server) meantFirst(w *pairing, first, end int) bool {
	if s.stage == awaitingGreeting {
		return first == 220
	}
	if len(w.pending) == 0 {
		return false
	}
	verb := w.pending[0].verb
	specific, fits := suits(verb, end)
	_, begun := suits(verb, first)
	return begun && !(specific && fits)
}

// replies is the reply that the server is sending, which may have many lines.
type replies struct {
	ftp.Replies
	began     flow.Mark // where the open multi-line reply began
	firstCode int       // of its first line
}

// onReplyLine takes a line of the server.
func (c *Conversation) onReplyLine(l ftp.Line) {
	if l.Flags&ftp.Cut != 0 {
		c.odd(record.OddLine, "reply of more than 4096 bytes")
	}
	open := c.replies.Open()
	r, ok := c.replies.Line(l)
	if ok {
		c.onReply(r)
	} else if !open && c.replies.Open() {
		c.replies.began, c.replies.firstCode = c.at, ftp.ParseReplyLine(l.Text).Code
	}
}

// interrupt ends a multi-line reply that its server did not end.
func (c *Conversation) interrupt() {
	if !c.replies.Open() {
		return
	}
	if r, ok := c.replies.Interrupt(); ok {
		c.odd(record.OddMultiLine, "")
		at := c.at
		c.at = c.replies.began
		c.onReply(r)
		c.at = at
	}
}

// onReply takes a whole reply and finds the command that it answers.
func (c *Conversation) onReply(r ftp.Reply) {
	if r.Flags&ftp.ReplyHeadLost != 0 && r.Code == 0 {
		return // a piece of a reply
	}
	if r.Code == 0 {
		strayLine(c, r.Text)
		return
	}
	if first := c.replies.firstCode; r.Flags&ftp.EndedByOtherCode != 0 && first != r.Code && c.server.meantFirst(&c.pairing, first, r.Code) {
		r.Code = first
	}
	c.pairing.serverSpokeLast = true
	c.guess.Reply(r.Code, r.Text)
	c.evidence.add(speaksFTP)
	c.spoken.reply(c, r.Code)
	reply := &record.Reply{Time: record.Stamp{Time: c.at.Time, Digits: c.digits}, Pos: c.at.Pos, Code: r.Code, Text: r.Text, Cut: r.Flags&ftp.ReplyCut != 0} // on the stack: who keeps it copies it
	if c.isGreeting(reply) {
		if c.notes.Greeting.Code < 200 {
			greeting := *reply
			if greeting.Code == 220 {
				greeting.Text = "" // the banner has it
			}
			c.notes.Greeting = c.budget.lasting(&greeting)
		}
		keepReply(c, none, reply)
		return
	}
	lost := losses{lossy: c.sides[0].lossy || c.sides[1].lossy, commands: c.sides[c.client].lossy, unseenRuns: c.transfers.unseen >= 0}
	i := c.pairing.matchReply(r.Code, r.Text, lost)
	if i < 0 {
		c.pairing.replyOwed = false
		keepReply(c, none, reply)
		c.notes.parting(&c.budget, reply, true)
		if c.commands == 0 && c.roles == rolesBySYN && c.missing == 0 && c.notes.Extra.Code == 0 {
			c.notes.Extra = c.budget.lasting(reply)
		}
		c.onUnaskedReply(reply)
		return
	}
	c.server.reached(conversing)
	c.onAnswer(i, reply)
}

// keepReply keeps a reply for --commands, with the command in a place of the dialogue.
func keepReply(c *Conversation, place int32, r *record.Reply) {
	if c.opt.Dialogue {
		c.notes.reply(&c.budget, place, r)
	}
}

// onAnswer takes the reply to the i-th pending command.
func (c *Conversation) onAnswer(i int, r *record.Reply) {
	w := &c.pairing
	p := w.pending[i]
	if p.verb == ftp.USER || takesPath(p.verb) {
		r.About = p.arg
	}
	keepReply(c, p.dialogue, r)
	isAside := i == 1 && w.isAside(r.Code)
	if isAside || i == 1 && p.verb == ftp.ABOR && w.pending[0].transfer >= 0 {
		w.takeSecond(isAside, &c.budget)
		c.onFinal(&p, r)
		return
	}
	if i > 0 && r.Code < 200 && w.pending[i-1].negotiation >= 0 {
		w.pending[i].answeredAhead = true
	}
	c.unanswered(i)
	if r.Code < 200 {
		c.onPreliminary(&w.pending[0], r)
		return
	}
	w.pop(1, &c.budget)
	if w.believes(&p, r.Code) {
		c.onFinal(&p, r)
	} else {
		c.applyReply(&p, nil)
	}
	if len(w.pending) == 0 {
		w.uncertain, w.pipelined, w.settled = false, false, true
	}
}

// strayLine takes a line of the server that is no reply. One that follows a reply is what
// is left of it: banners have lines that begin with "220 " and are not the last.
func strayLine(c *Conversation, text string) {
	c.odd(record.OddNoCode, text)
	switch {
	case c.missing > 0:
	case c.commands == 0 && c.server.banner.known:
		c.server.addToBanner(text)
	case !c.pairing.serverSpokeLast:
		c.guess.Reply(0, text)
		c.evidence.add(babble)
	}
}

// isGreeting takes the server's first reply: 220, or 120 before it (RFC 959 section 5.4),
// or a refusal.
func (c *Conversation) isGreeting(r *record.Reply) bool {
	s := &c.server
	if s.stage > awaitingGreeting {
		if r.Code != 220 || s.stage == conversing || !s.banner.known || len(c.pairing.pending) > 0 && c.pairing.pending[0].verb == ftp.REIN {
			return false
		}
		if c.missing == 0 {
			s.addToBanner(r.Text)
		}
		return true
	}
	if c.roles != rolesBySYN && r.Code != 220 {
		s.reached(greeted)
		return false
	}
	if r.Code >= 200 {
		s.reached(greeted)
	}
	if r.Code == 220 {
		s.banner = text{r.Text, true}
	}
	return r.Code == 220 || r.Code < 200 || r.Code >= 400
}

// onFinal takes the reply that ends a command.
func (c *Conversation) onFinal(p *pending, r *record.Reply) {
	refused := r.Code >= 400
	if !refused && c.login.state == record.LoginNone && needsLogin(p.verb) && r.Code < 300 {
		c.login.state = record.LoginOK
		c.notes.LoginEnd = c.at
	}
	c.applyReply(p, r)
	c.notes.addReply(p, r)
	c.notes.settled(&c.budget, p, r)
	c.notes.parting(&c.budget, r, false)
	switch v := p.verb; {
	case v == ftp.USER || v == ftp.PASS || v == ftp.ACCT:
		c.onLoginReply(p, r)
	case v == ftp.SYST && r.Code == 215:
		c.server.system = text{r.Text, true}
	case (v == ftp.PWD || v == ftp.XPWD) && r.Code == 257:
		c.directory.named(r)
	case v == ftp.SIZE && r.Code == 213:
		c.params.onSize(p.arg, r)
	case v == ftp.AUTH:
		if c.tls.onAuthReply(r.Code) {
			c.notes.AuthTLS, c.notes.Security = p.line.Mark, otherSecurity(p.arg)
		}
	case v == ftp.PROT && !refused && strings.EqualFold(strings.TrimSpace(p.arg), "C") && c.tls.kind != record.TLSNone:
		c.notes.ProtC = c.at
	case v == ftp.REIN && r.Code == 220:
		c.login.state, c.transfers.current = record.LoginNone, none
		c.directory = directory{working: workingDirectory{known: true}, texts: c.directory.texts}
		c.params.reset()
	case p.negotiation >= 0:
		c.onNegotiationReply(&c.transfers.negotiations[p.negotiation], r)
	case p.transfer >= 0:
		s := &c.transfers.commands[p.transfer]
		s.ReplyDoubtful = p.replyDoubtful
		c.onTransferReply(s, r)
	}
}

// onPreliminary takes a 1yz reply (RFC 959 section 4.2): 125 and 150 begin a transfer.
func (c *Conversation) onPreliminary(p *pending, r *record.Reply) {
	if p.transfer < 0 {
		return
	}
	c.applyReply(p, r)
	p.began = true
	s := &c.transfers.commands[p.transfer]
	s.Preliminary = c.budget.lasting(r)
	if s.Negotiation >= 0 {
		c.transfers.negotiations[s.Negotiation].consumed = true
	}
	s.nameUnique(&c.directory, &c.budget, r)
	if n, ok := ftp.ParseSize150(r.Text); ok && !r.Cut {
		s.Size, s.HasSize, s.SizeFrom = n, true, r.Pos
	}
}

// onTransferReply is the final reply to a transfer command.
func (c *Conversation) onTransferReply(s *TransferCommand, r *record.Reply) {
	s.Reply = c.budget.lasting(r)
	if r.Code < 300 {
		s.nameUnique(&c.directory, &c.budget, r)
	}
	if s.Negotiation >= 0 && r.Code < 300 {
		c.transfers.negotiations[s.Negotiation].consumed = true
	}
	if c.tls.state != protected {
		c.expectHosts(false)
	}
}

// onUnaskedReply takes a reply to a command that the capture does not hold: a lost
// packet, or the client's side is missing. 530 answers many commands before a login; only
// right after the server asked for a password it is what became of the login.
func (c *Conversation) onUnaskedReply(r *record.Reply) {
	t := &c.transfers
	asked := c.login.asked
	c.login.asked = false
	if c.sides[c.client].lossy {
		t.settleDoubt(r.Code, r.Text)
	}
	switch {
	case (r.Code == 227 || r.Code == 228 || r.Code == 229) && c.missing == 0 && c.sides[c.client].spoke && !offersEndpoint(r.Code, r.Text):
		// Nothing is missing that could have asked, and no endpoint is named: some servers
		// say goodbye by "227 Logout."
	case r.Code == 227 || r.Code == 228 || r.Code == 229:
		i := c.addNegotiation(map[int]string{227: "PASV", 228: "LPSV", 229: "EPSV"}[r.Code], true)
		if i >= 0 {
			c.onNegotiationReply(&t.negotiations[i], r)
		}
	case r.Code == 125 || r.Code == 150:
		t.unseen, t.unseenDoubt = c.addTransfer(TransferCommand{Unseen: true, Line: record.Line{Mark: c.at}}), false
		if t.unseen >= 0 {
			c.onPreliminary(&pending{transfer: int32(t.unseen)}, r)
		}
	case (!c.sides[c.client].spoke || t.doubted >= 0 || c.sides[c.client].lossy && r.Code == 425) && t.refusesUnseen(r.Code, r.Text):
		// Only a transfer is refused so, and it was never begun by a 150: its command is
		// what the capture lacks. What comes after may yet show that it was another.
		if i := c.addTransfer(TransferCommand{Unseen: true, Line: record.Line{Mark: c.at}}); i >= 0 {
			c.onTransferReply(&t.commands[i], r)
			if n := t.commands[i].Negotiation; r.Code != 425 && r.Code != 426 {
				t.guessed = i
			} else if n >= 0 { // no other command has these: the offer served it
				t.negotiations[n].consumed = true
			}
		}
	case answersAbort(r.Code, r.Text):
		// The 226 of ABOR is not that of the transfer which it ended.
	case t.unseen >= 0 && t.endsUnseen(r.Code):
		c.onTransferReply(&t.commands[t.unseen], r)
		t.unseen = none
	case r.Code == 234 || r.Code == 334:
		c.tls.onAuthReply(r.Code)
		c.notes.AuthTLS = c.at
	case r.Code == 331: // of another USER than the last that was seen
		c.login.user, c.login.password, c.login.asked = text{}, text{}, true
	case r.Code == 332:
		c.login.asked = true
	case r.Code == 230 && c.login.state != record.LoginOK:
		c.login.state = record.LoginOK
	case r.Code == 530 && asked && c.login.state == record.LoginNone:
		c.login.state = record.LoginFailed
	case r.Code == 215:
		c.server.system = text{r.Text, true}
	case r.Code == 250 || r.Code == 257:
		// Of CWD, CDUP or PWD: the directory may be another now.
		c.directory.lose()
	}
}

// offersEndpoint reports whether a reply announces an endpoint, whatever it answers.
func offersEndpoint(code int, text string) (ok bool) {
	switch code {
	case 227:
		_, ok = ftp.Parse227(text)
	case 228:
		_, ok = ftp.Parse228(text)
	case 229:
		_, _, ok = ftp.Parse229(text)
	}
	return ok
}
