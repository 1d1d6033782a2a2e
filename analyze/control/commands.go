package control

import (
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
)

// onCommandLine takes a line of the client.
func (c *Conversation) onCommandLine(l ftp.Line) {
	c.interrupt()
	cmd := ftp.ParseCommand(l.Text)
	if l.Flags&(ftp.HeadLost|ftp.Unterminated) != 0 && (cmd.Verb == ftp.VerbUnknown || l.Flags&ftp.Unterminated != 0 && !cmd.HasArg) {
		return // a piece of a command
	}
	c.guess.Command(cmd)
	if len(cmd.Name) == 0 {
		return
	}
	secret := c.login.secrets.onCommand(&c.budget, l.Text)
	c.pairing.onCommand(c.roles != rolesBySYN && !c.server.banner.known)
	c.login.asked = false
	if cmd.Verb == ftp.VerbUnknown {
		c.evidence.add(babble)
	} else {
		c.evidence.add(speaksFTP)
		c.spoken.command(c, cmd.Verb)
	}
	if c.commands++; c.pairing.pending == nil && c.transfers.isEmpty() && len(c.notes.Logins) == 0 {
		new(lists).furnish(c)
	}
	verb := cmd.Verb
	if !c.opt.ShowPasswords || verb == ftp.PASS {
		l.Text, cmd = withoutSecret(l.Text, secret, cmd)
	}
	if l.Flags&ftp.Cut != 0 {
		c.odd(record.OddLine, "command of more than 4096 bytes")
	}
	if l.Flags&(ftp.HasNUL|ftp.HasControl) != 0 {
		c.odd(record.OddBytes, strings.ToUpper(string(cmd.Name)))
	}
	p := pending{cut: l.Flags&(ftp.Unterminated|ftp.Cut) != 0, verb: verb, transfer: none, negotiation: none, dialogue: none}
	p.line.Mark = c.at
	p.keepText(&c.opt.texts, l.Text, &cmd)
	if c.opt.Dialogue {
		p.dialogue = c.notes.command(&c.budget, &p, record.Exchange{
			Time: record.Stamp{Time: c.at.Time, Digits: c.digits}, Pos: c.at.Pos, Command: string(cmd.Name),
		}, cmd.HasArg)
	}
	c.onCommand(&p)
	c.wait(&p)
}

// wait adds a command to those that wait for their reply; the oldest make room if they
// must.
func (c *Conversation) wait(p *pending) {
	if len(c.pairing.pending) == maxPending {
		c.odd(record.OddPending, "")
		c.unanswered(1)
	}
	for !c.budget.reservePending(p) && len(c.pairing.pending) > 0 {
		c.odd(record.OddPending, "")
		c.unanswered(1)
	}
	c.pairing.pending = append(c.pairing.pending, *p)
}

// keepText keeps the line and, as a part of it, the argument.
func (p *pending) keepText(texts *ftp.Texts, line []byte, cmd *ftp.Command) {
	if cmd.Verb == ftp.PASS {
		if p.line.Text, p.arg = "PASS "+ftp.Hidden, texts.Keep(cmd.Arg); string(cmd.Name) != "PASS" {
			p.line.Text = string(cmd.Name) + " " + ftp.Hidden
		}
		return
	}
	p.line.Text = texts.Keep(line)
	p.arg = p.line.Text[len(p.line.Text)-len(cmd.Arg):]
}

// onCommand applies what a command changes when it is sent; what it changes when the
// server agrees is applyReply's. Of a command whose end the capture lacks it is known
// that it was sent, not its argument.
func (c *Conversation) onCommand(p *pending) {
	switch v := p.verb; {
	case v == ftp.QUIT:
		c.notes.Quit = c.at
	case v.IsNegotiation():
		c.negotiate(p)
	case v.IsTransfer():
		s := TransferCommand{Verb: v, Line: p.line}
		if !p.cut {
			s.Argument = p.arg
		}
		p.transfer = int32(c.addTransfer(s))
	case p.cut:
	case v == ftp.USER:
		c.login.named(p.arg)
	case v == ftp.PASS:
		if c.login.doubtful {
			c.login.user = text{}
		}
		c.login.password, c.login.passAt, p.user = text{p.arg, true}, c.at, c.login.user.value
	case v == ftp.ABOR:
		c.transfers.abort(c.pairing.pending, c.at)
	case v == ftp.MIC || v == ftp.CONF || v == ftp.ENC: // RFC 2228: the command itself is protected
		c.protect()
	case v == ftp.SITE:
		p.noted = c.notes.site(&c.budget, p)
	}
}

// unanswered settles the first n pending commands, whose replies did not come or were not
// seen, and forgets them.
func (c *Conversation) unanswered(n int) {
	for i := range n {
		c.applyReply(&c.pairing.pending[i], nil)
	}
	c.pairing.pop(n, &c.budget)
}

// shortestPORT is the length of a command line that can replace the negotiation in force
// without a reply that tells of it: "PORT 1,1,1,1,1,1".
const shortestPORT = 18

// shortestPASV is that of "PASV", which replaces a negotiation that a transfer used.
const shortestPASV = 6

// shortestUSER is that of "USER x".
const shortestUSER = 8

// loseCommands says that n bytes of commands are missing. Whatever they were, what
// applied before may not apply any more.
func loseCommands(c *Conversation, n uint64) {
	c.directory.lose()
	c.params.lose()
	for i := range c.pairing.pending {
		c.pairing.pending[i].cut = true // its effect may be undone before it is settled
	}
	c.pairing.replyOwed = true
	c.login.doubtful = c.login.doubtful || n >= shortestUSER
	t := &c.transfers
	if n >= shortestPORT || n >= shortestPASV && t.current >= 0 && t.negotiations[t.current].used {
		if t.doubt(); c.sides[c.client^1].lossy {
			t.doubted = none // replies are missing, too, which would tell
		}
	}
}
