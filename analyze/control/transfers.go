package control

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// transfers is what was negotiated and commanded. A negotiation is in force (current)
// from its command on: until the next one, until it was refused, or, if it is passive,
// until a transfer began with it (consumed), for a passive one serves one transfer. Where
// none is in force, a transfer command uses the default data port.
type transfers struct {
	negotiations []Negotiation
	commands     []TransferCommand
	serial       int32 // of both together
	current      int   // index of the negotiation in force, none: there is none
	unseen       int   // index of the command that was not seen and whose reply is awaited; none
	unseenDoubt  bool  // a gap may hold that reply
	doubted      int   // index of the negotiation that commands which the capture lacks may have replaced; none
	guessed      int   // index of the command that was not seen and seems to be refused; none
}

func (t *transfers) isEmpty() bool { return len(t.negotiations)+len(t.commands) == 0 }

// inForce is the negotiation that a transfer command now would use; none: the default
// data port applies.
func (t *transfers) inForce() int {
	if t.current < 0 {
		return none
	}
	if n := &t.negotiations[t.current]; n.Passive && n.consumed || n.Rejected {
		return none
	}
	return t.current
}

// doubt says that commands are missing, which may have replaced the negotiation in force.
func (t *transfers) doubt() {
	if t.current >= 0 {
		t.doubted, t.current = t.current, none
	}
}

// settleDoubt tells by a reply to a command that the capture lacks whether that replaced the
// negotiation: PORT and EPRT are answered by 200, what else has that code names what it set.
func (t *transfers) settleDoubt(code int, text string) {
	if t.doubted < 0 {
		return
	}
	n := &t.negotiations[t.doubted]
	switch {
	case code == 200 && !setsOther.MatchString(text):
		if t.current == t.doubted {
			t.current = none
		}
		t.doubted = none
	case t.current < 0 && !(n.Passive && n.used):
		t.current = t.doubted
	}
}

var setsOther = regexp.MustCompile(`(?i)\b(type|binary|ascii|image|prot|pbsz|noop|utf-?8|utime)\b`)

// refusesUnseen reports whether a code refuses a transfer command that was not seen: an offer
// stands that nobody used, and it is no matter of a size or a directory.
func (t *transfers) refusesUnseen(code int, text string) bool {
	i := t.inForce()
	if i < 0 && t.unseen < 0 {
		return code == 425 || code == 426 // no other command has these
	}
	if i < 0 || t.unseen >= 0 || asksOther.MatchString(text) {
		return false
	}
	if n := &t.negotiations[i]; !n.Endpoint.IsValid() || !n.Passive && n.used {
		return false
	}
	switch code {
	case 425, 426, 450, 451, 452, 521, 522, 534, 536, 550, 551, 552, 553:
		return true
	}
	return false
}

var asksOther = regexp.MustCompile(`(?i)\b(size|director(y|ies)|folder|modification|MDTM|rename|delete)\b`)

// endsUnseen reports whether a code ends the transfer whose command was not seen. After a
// gap only those do that no other command has.
func (t *transfers) endsUnseen(code int) bool {
	switch code {
	case 226, 250, 425, 426, 451:
		return true
	}
	return code >= 400 && endsTransfer(code) && !t.unseenDoubt
}

// abort notes ABOR on the transfer that runs.
func (t *transfers) abort(waiting []pending, at flow.Mark) {
	for i := range waiting {
		if s := waiting[i].transfer; s >= 0 && t.commands[s].Aborted == nil {
			t.commands[s].Aborted = &at
			return
		}
	}
	if t.unseen >= 0 {
		t.commands[t.unseen].Aborted = &at
	}
}

// reject takes a refused negotiation out: the one before it stays in force (PORT), also
// for commands already sent.
func (t *transfers) reject(n *Negotiation) {
	n.Rejected = true
	before := n.Index - 1
	for before >= 0 {
		if m := &t.negotiations[before]; m.Rejected {
			before = m.before
		} else if m.Passive || m.Method == record.MethodDefault {
			before--
		} else {
			break
		}
	}
	if n.before = before; t.current == int(n.Index) {
		t.current = int(before)
	}
	for i := len(t.commands) - 1; i >= 0 && t.commands[i].Serial > n.Serial; i-- {
		if t.commands[i].Negotiation == n.Index {
			t.commands[i].Negotiation = before
			if before >= 0 {
				t.negotiations[before].used = true
			}
		}
	}
	n.used = false
}

// forgetLogin takes back what held only at the login, paths that are relative to its
// directory and the first MODE: the capture began later.
func (t *transfers) forgetLogin() {
	for i := range t.commands {
		s := &t.commands[i]
		if !s.modeSaid {
			s.Mode = 0
		}
		if !isAbsolute(s.Path) {
			s.Path = ""
		}
	}
}

// negotiate takes PORT, EPRT, LPRT, which announce an endpoint at once, and PASV, EPSV,
// LPSV, whose reply does.
func (c *Conversation) negotiate(p *pending) {
	if p.cut {
		p.arg = ""
	}
	if p.verb == ftp.EPSV && strings.EqualFold(strings.TrimSpace(p.arg), "ALL") {
		return // RFC 2428 section 4: announces that only EPSV will follow, and opens nothing
	}
	passive := p.verb.IsPassive()
	i := c.addNegotiation(p.verb.String(), passive)
	if i < 0 {
		return
	}
	p.negotiation = int32(i)
	n := &c.transfers.negotiations[i]
	n.Asked = p.line
	if passive {
		return
	}
	var ok bool
	switch p.verb {
	case ftp.SPOR:
		announceStripes(c, n, ftp.ParseStripes(p.arg))
		return
	case ftp.PORT:
		n.Endpoint, ok = ftp.ParsePORT([]byte(p.arg))
	case ftp.EPRT:
		n.Endpoint, ok = ftp.ParseEPRT(p.arg)
	default:
		n.Endpoint, ok = ftp.ParseLPRT([]byte(p.arg))
	}
	if !ok && !p.cut {
		c.odd(record.OddEndpoint, p.verb.String())
	}
	c.announce(n, ok)
}

// addNegotiation makes the negotiation in force from now on; none when there are too
// many.
func (c *Conversation) addNegotiation(method string, passive bool) int {
	t := &c.transfers
	if len(t.negotiations) >= record.MaxSteps || !c.budget.reserve(negotiationSize) {
		c.budget.struck++
		t.current = none
		return none
	}
	i := len(t.negotiations)
	t.serial++
	t.negotiations = append(t.negotiations, Negotiation{
		Method: method, Passive: passive, Index: int32(i), Serial: t.serial, Since: c.at.Time, ClientSide: c.client,
	})
	t.current = i
	return i
}

// announce tells the Listener of an endpoint.
func (c *Conversation) announce(n *Negotiation, ok bool) {
	n.Since = c.at.Time
	if !ok {
		n.Endpoint = netip.AddrPort{}
		return
	}
	expect(c, n, false)
}

// announceStripes tells of the endpoints of a striped transfer; the first is the
// negotiation's own.
func announceStripes(c *Conversation, n *Negotiation, ends []netip.AddrPort) {
	if len(ends) == 0 {
		c.odd(record.OddEndpoint, n.Method)
		c.announce(n, false)
		return
	}
	n.Since = c.at.Time
	for i := range ends {
		n.Endpoint = ends[i]
		expect(c, n, i > 0)
	}
	n.Endpoint = ends[0]
}

// expect tells the Listener of an endpoint; also: of one more of the negotiation.
func expect(c *Conversation, n *Negotiation, also bool) {
	if !c.spoken.leads(c) {
		return
	}
	x := &c.opt.expectation
	*x = Expectation{Also: also, Control: c.conn.id, Index: int(n.Index), Passive: n.Passive, Endpoint: n.Endpoint, Mark: c.at, Nets: c.conn.nets}
	x.Peer, x.Expected = c.conn.parties(n)
	c.opt.Listener.Expect(x)
}

// addTransfer adds a transfer to the negotiation in force; none when there are too many.
func (c *Conversation) addTransfer(s TransferCommand) int {
	t := &c.transfers
	if len(t.commands) >= record.MaxSteps || !c.budget.reserve(transferSize+len(s.Line.Text)) {
		c.budget.struck++
		return none
	}
	s.Negotiation = int32(t.inForce())
	switch {
	case s.Negotiation < 0:
		if i := c.addNegotiation(record.MethodDefault, false); i >= 0 {
			n := &t.negotiations[i]
			n.Endpoint = c.conn.ends[c.client]
			c.announce(n, true)
			n.used = true
			s.Negotiation = int32(i)
			t.current = none
			c.expectHosts(true)
		}
	default:
		n := &t.negotiations[s.Negotiation]
		n.used = true
		if !n.Endpoint.IsValid() {
			c.expectHosts(true)
		}
	}
	t.serial++
	s.Serial = t.serial
	if i := t.guessed; i >= 0 && t.commands[i].Negotiation == s.Negotiation { // what was refused was something else
		t.commands[i], t.guessed = s, none
		return i
	}
	t.commands = append(t.commands, s)
	return len(t.commands) - 1
}

// onNegotiationReply is the reply to a negotiation.
func (c *Conversation) onNegotiationReply(n *Negotiation, r *record.Reply) {
	n.Answer = c.budget.lasting(r)
	if r.Code >= 400 {
		c.transfers.reject(n)
		return
	}
	if n.Passive {
		c.onEndpoint(n, r)
	}
}

// onEndpoint reads the server's endpoint out of 227, 228 or 229, whichever command it
// answers.
func (c *Conversation) onEndpoint(n *Negotiation, r *record.Reply) {
	if n.Method == ftp.SPAS.String() && r.Code == 229 {
		announceStripes(c, n, ftp.ParseStripes(r.Text))
		return
	}
	var ok bool
	switch r.Code {
	case 227:
		n.Endpoint, ok = ftp.Parse227(r.Text)
	case 228:
		n.Endpoint, ok = ftp.Parse228(r.Text)
	case 229:
		var port uint16
		var addr netip.Addr
		port, addr, ok = ftp.Parse229(r.Text)
		if !addr.IsValid() {
			addr, _ = c.conn.parties(n)
		}
		n.Endpoint = netip.AddrPortFrom(addr, port)
	}
	if !ok && !r.Cut {
		c.odd(record.OddEndpoint, strconv.Itoa(r.Code))
	}
	c.announce(n, ok && !r.Cut)
}
