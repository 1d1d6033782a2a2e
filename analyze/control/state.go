package control

import (
	"net/netip"
	"strconv"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// issue applies what a command changes when it is sent; what it changes when the server agrees is settle's.
func (f *Conversation) onCommand(p *pending) {
	if p.cut {
		f.onCutCommand(p)
		return
	}
	switch v := p.verb; {
	case v == ftp.USER:
		f.user, f.challenge = text{p.arg, p.arg != ""}, "" // without an argument it is none, or the end of a line whose beginning is missing
	case v == ftp.PASS:
		f.password, p.user = text{p.arg, true}, f.user.value
	case v == ftp.ABOR:
		f.abort()
	case v == ftp.QUIT:
		f.notes.Quit = f.at
	case v == ftp.MIC || v == ftp.CONF || v == ftp.ENC: // RFC 2228: the command itself is protected
		f.encrypt()
	case v.IsNegotiation():
		f.negotiate(p)
	case v.IsTransfer():
		f.transfer(p)
	case v == ftp.SITE:
		f.site(p)
	}
}

// issueCut is issue for a command whose end the capture lacks: that it was sent is known, its argument is not.
func (f *Conversation) onCutCommand(p *pending) {
	switch v := p.verb; {
	case v == ftp.QUIT:
		f.notes.Quit = f.at
	case v.IsNegotiation():
		p.arg = ""
		f.negotiate(p)
	case v.IsTransfer():
		f.transfer(p)
	}
}

// abort notes ABOR on the transfer that runs.
func (f *Conversation) abort() {
	for i := range f.pending {
		if s := f.pending[i].step; s >= 0 && f.steps[s].Aborted == nil {
			f.steps[s].abort(f.at)
			return
		}
	}
	if f.ghost >= 0 {
		f.steps[f.ghost].abort(f.at)
	}
}

func (s *TransferCommand) abort(at flow.Mark) { s.Aborted = &at }

// negotiate takes PORT, EPRT, LPRT, which offer at once, and PASV, EPSV, LPSV, whose reply offers.
func (f *Conversation) negotiate(p *pending) {
	if p.verb == ftp.EPSV && strings.EqualFold(strings.TrimSpace(p.arg), "ALL") {
		return // RFC 2428 section 4: announces that only EPSV will follow, and opens nothing
	}
	passive := p.verb == ftp.PASV || p.verb == ftp.EPSV || p.verb == ftp.LPSV
	i := f.newOffer(p.verb.String(), passive)
	if i < 0 {
		return
	}
	p.offer = int32(i)
	n := &f.negotiations[i]
	n.Asked = p.line
	if passive {
		return
	}
	var ok bool
	switch p.verb {
	case ftp.PORT:
		n.Endpoint, ok = ftp.ParsePORT([]byte(p.arg))
	case ftp.EPRT:
		n.Endpoint, ok = ftp.ParseEPRT([]byte(p.arg))
	default:
		n.Endpoint, ok = ftp.ParseLPRT([]byte(p.arg))
	}
	if !ok && !p.cut {
		f.odd(record.OddEndpoint, p.verb.String())
	}
	f.offered(n, ok)
}

// newOffer makes the negotiation in force from now on; -1 when there are too many.
func (f *Conversation) newOffer(method string, passive bool) int {
	if len(f.negotiations) >= record.MaxSteps || !f.hold(negotiationSize) {
		f.limits++
		f.current = -1
		return -1
	}
	i := len(f.negotiations)
	f.serial++
	f.negotiations = append(f.negotiations, Negotiation{
		Method: method, Passive: passive, Index: int32(i), Serial: f.serial, Since: f.at.Time, ClientSide: f.client,
	})
	f.current = i
	return i
}

// offered tells the Matcher of an endpoint.
func (f *Conversation) offered(n *Negotiation, ok bool) {
	n.Since = f.at.Time
	if !ok {
		n.Endpoint = netip.AddrPort{}
		return
	}
	o := &f.opt.offer
	*o = Expectation{Control: f.id, Index: int(n.Index), Passive: n.Passive, Endpoint: n.Endpoint, Mark: f.at, Nets: f.nets}
	o.Peer, o.Expected = f.parties(n)
	f.opt.Listener.Expect(o)
}

func (f *Conversation) parties(n *Negotiation) (peer, expected netip.Addr) {
	return n.parties(f.ends[n.ClientSide].Addr(), f.ends[n.ClientSide^1].Addr())
}

// inForce is the negotiation that a transfer command now would use; -1: none, the default data port applies.
func (f *Conversation) inForce() int {
	if f.current < 0 {
		return -1
	}
	if n := &f.negotiations[f.current]; n.Passive && n.consumed || n.Rejected {
		return -1
	}
	return f.current
}

// transfer takes a transfer command.
func (f *Conversation) transfer(p *pending) {
	s := TransferCommand{Verb: p.verb, Line: p.line}
	if !p.cut {
		s.Argument = p.arg
	}
	p.step = int32(f.newStep(s))
}

// newStep adds a transfer to the negotiation in force; -1 when there are too many.
func (f *Conversation) newStep(s TransferCommand) int {
	if len(f.steps) >= record.MaxSteps || !f.hold(stepSize+len(s.Line.Text)) {
		f.limits++
		return -1
	}
	s.Negotiation = int32(f.inForce())
	switch {
	case s.Negotiation < 0:
		if i := f.newOffer(record.MethodDefault, false); i >= 0 {
			n := &f.negotiations[i]
			n.Endpoint = f.ends[f.client]
			f.offered(n, true)
			n.used = true
			s.Negotiation = int32(i)
			f.current = -1
			f.want(true)
		}
	default:
		n := &f.negotiations[s.Negotiation]
		n.used = true
		if !n.Endpoint.IsValid() {
			f.want(true)
		}
	}
	f.serial++
	s.Serial = f.serial
	f.steps = append(f.steps, s)
	return len(f.steps) - 1
}

// preliminary takes a 1yz reply (RFC 959 section 4.2): 125 and 150 begin a transfer.
func (f *Conversation) preliminary(p *pending, r *record.Reply) {
	if p.step < 0 {
		return
	}
	f.applyReply(p, r)
	s := &f.steps[p.step]
	s.Preliminary = f.lasting(r)
	if s.Negotiation >= 0 {
		f.negotiations[s.Negotiation].consumed = true
	}
	if n, ok := ftp.ParseSize150(r.Text); ok && !r.Cut {
		s.Size, s.HasSize, s.SizeFrom = n, true, r.Pos
	}
}

// final takes the reply that ends a command.
func (f *Conversation) final(p *pending, r *record.Reply) {
	refused := r.Code >= 400
	if !refused && f.login == record.LoginNone && needsLogin(p.verb) && r.Code < 300 {
		f.login = record.LoginOK
		f.notes.LoginEnd = f.at
	}
	f.applyReply(p, r)
	f.noteReply(p, r)
	switch v := p.verb; {
	case v == ftp.USER || v == ftp.PASS || v == ftp.ACCT:
		f.loggedIn(p, r)
	case v == ftp.SYST && r.Code == 215:
		f.system = text{r.Text, true}
	case (v == ftp.PWD || v == ftp.XPWD) && r.Code == 257:
		f.named(r)
	case v == ftp.SIZE && r.Code == 213:
		if n, ok := ftp.ParseSize213(r.Text); ok && !r.Cut {
			f.size, f.sizeFrom, f.sizeOf = number{n, true}, r.Pos, p.arg
		}
	case v == ftp.AUTH:
		f.secured(r)
	case v == ftp.PROT && !refused && strings.EqualFold(strings.TrimSpace(p.arg), "C") && f.tlsState != record.TLSNone:
		f.notes.ProtC = f.at
	case v == ftp.REIN && r.Code == 220:
		f.login, f.place, f.home, f.representType, f.mode, f.current = record.LoginNone, place{known: true}, "", "", defaultMode, -1
		f.modeSaid = true
	case p.offer >= 0:
		f.negotiated(&f.negotiations[p.offer], r)
	case p.step >= 0:
		f.transferred(&f.steps[p.step], r)
	}
}

// needsLogin lists the commands that servers answer 2yz only after a login.
func needsLogin(v ftp.Verb) bool {
	switch v {
	case ftp.CWD, ftp.CDUP, ftp.PWD, ftp.XCWD, ftp.XCUP, ftp.XPWD, ftp.DELE, ftp.MKD, ftp.RMD, ftp.RNTO, ftp.SIZE, ftp.MDTM:
		return true
	}
	return v.IsNegotiation() || v.IsTransfer()
}

// loggedIn follows the login: RFC 959 section 5.4 names 230 and 232 as its success, 530 as its failure.
func (f *Conversation) loggedIn(p *pending, r *record.Reply) {
	switch {
	case r.Code == 230 || r.Code == 232 || r.Code == 202 && p.verb != ftp.USER:
		f.login = record.LoginOK
		f.notes.LoginEnd = f.at
	case r.Code == 530 || r.Code >= 400 && p.verb != ftp.USER:
		f.login = record.LoginFailed
	case r.Code == 331 && p.verb == ftp.USER:
		f.challenge = oneTimeChallenge(r.Text)
		return
	default:
		return
	}
	f.tried(p, record.Login{OK: f.login == record.LoginOK, Code: r.Code})
}

// tried keeps a login that was decided on, or whose decision the capture lacks.
func (f *Conversation) tried(p *pending, l record.Login) {
	if len(f.notes.Logins) >= record.MaxLogins || !f.hold(loginSize) {
		return
	}
	l.User = f.user.value
	if p.verb == ftp.PASS {
		l.User = p.user
		l.Challenge, l.OneTime = f.challenge, f.challenge != "" && oneTimeResponse(p.arg)
	}
	l.Mark = p.line.Mark
	f.notes.Logins = append(f.notes.Logins, l)
}

// secured is the reply to AUTH (RFC 4217 section 4, RFC 2228 section 3): some servers say 200 where 234 is meant.
func (f *Conversation) secured(r *record.Reply) {
	switch {
	case r.Code == 234 || r.Code == 334 || r.Code == 200:
		f.mayEncrypt(record.TLSExplicit)
		f.notes.AuthTLS = f.at
	case r.Code >= 400 && f.tlsState == record.TLSNone:
		f.tlsState = record.TLSRefused
		f.notes.AuthTLS = f.at
	}
}

// negotiated is the reply to a negotiation.
func (f *Conversation) negotiated(n *Negotiation, r *record.Reply) {
	n.Answer = f.lasting(r)
	if r.Code >= 400 {
		f.reject(n)
		return
	}
	if n.Passive {
		f.announced(n, r)
	}
}

// reject takes a refused negotiation out: the one before it stays in force (PORT), also for commands already sent.
func (f *Conversation) reject(n *Negotiation) {
	n.Rejected = true
	before := n.Index - 1
	for before >= 0 {
		if m := &f.negotiations[before]; m.Rejected {
			before = m.before
		} else if m.Passive || m.Method == record.MethodDefault {
			before--
		} else {
			break
		}
	}
	if n.before = before; f.current == int(n.Index) {
		f.current = int(before)
	}
	for i := len(f.steps) - 1; i >= 0 && f.steps[i].Serial > n.Serial; i-- {
		if f.steps[i].Negotiation == n.Index {
			f.steps[i].Negotiation = before
			if before >= 0 {
				f.negotiations[before].used = true
			}
		}
	}
	n.used = false
}

// announced reads the server's endpoint out of 227, 228 or 229, whichever command it answers.
func (f *Conversation) announced(n *Negotiation, r *record.Reply) {
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
			addr, _ = f.parties(n)
		}
		n.Endpoint = netip.AddrPortFrom(addr, port)
	}
	if !ok && !r.Cut {
		f.odd(record.OddEndpoint, strconv.Itoa(r.Code))
	}
	f.offered(n, ok && !r.Cut)
}

// transferred is the final reply to a transfer command.
func (f *Conversation) transferred(s *TransferCommand, r *record.Reply) {
	s.Reply = f.lasting(r)
	if s.Negotiation >= 0 && r.Code < 300 {
		f.negotiations[s.Negotiation].consumed = true
	}
	if len(f.encrypted) == 0 || f.encrypted[len(f.encrypted)-1].To.Seen() {
		f.want(false)
	}
}

// kept is a copy of the reply: most replies are read and forgotten, and need no memory of their own.
func keptReply(r *record.Reply) *record.Reply {
	kept := *r
	return &kept
}

// unasked is a reply to a command that the capture does not hold: a lost packet, or the client's side is missing.
func (f *Conversation) unasked(r *record.Reply) {
	switch {
	case r.Code == 227 || r.Code == 228 || r.Code == 229:
		i := f.newOffer(map[int]string{227: "PASV", 228: "LPSV", 229: "EPSV"}[r.Code], true)
		if i >= 0 {
			f.negotiated(&f.negotiations[i], r)
		}
	case r.Code == 125 || r.Code == 150:
		f.ghost = f.newStep(TransferCommand{Unseen: true, Line: record.Line{Mark: f.at}})
		if f.ghost >= 0 {
			f.preliminary(&pending{step: int32(f.ghost)}, r)
		}
	case f.ghost >= 0 && (r.Code == 226 || r.Code == 250 || r.Code >= 400 && endsTransfer(r.Code)):
		f.transferred(&f.steps[f.ghost], r)
		f.ghost = -1
	case r.Code == 234 || r.Code == 334:
		f.secured(r)
	case r.Code == 331:
		f.user, f.password = text{}, text{} // of another USER
	case r.Code == 230 && f.login != record.LoginOK:
		f.login = record.LoginOK
	case r.Code == 530 && f.login == record.LoginNone:
		f.login = record.LoginFailed
	case r.Code == 215:
		f.system = text{r.Text, true}
	}
}
