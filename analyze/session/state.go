package session

import (
	"net/netip"
	"strconv"
	"strings"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// issue applies what a command changes when it is sent; what it changes when the server agrees is settle's.
func (f *Fold) issue(p *pending) {
	if p.cut {
		f.issueCut(p)
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
func (f *Fold) issueCut(p *pending) {
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
func (f *Fold) abort() {
	for i := range f.pending {
		if s := f.pending[i].step; s >= 0 && f.steps[s].aborted == nil {
			f.steps[s].abort(f.at)
			return
		}
	}
	if f.ghost >= 0 {
		f.steps[f.ghost].abort(f.at)
	}
}

func (s *step) abort(at flow.Mark) { s.aborted = &at }

// negotiate takes PORT, EPRT, LPRT, which offer at once, and PASV, EPSV, LPSV, whose reply offers.
func (f *Fold) negotiate(p *pending) {
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
	n.asked = p.line
	if passive {
		return
	}
	var ok bool
	switch p.verb {
	case ftp.PORT:
		n.endpoint, ok = ftp.ParsePORT([]byte(p.arg))
	case ftp.EPRT:
		n.endpoint, ok = ftp.ParseEPRT([]byte(p.arg))
	default:
		n.endpoint, ok = ftp.ParseLPRT([]byte(p.arg))
	}
	if !ok && !p.cut {
		f.odd(record.OddEndpoint, p.verb.String())
	}
	f.offered(n, ok)
}

// newOffer makes the negotiation in force from now on; -1 when there are too many.
func (f *Fold) newOffer(method string, passive bool) int {
	if len(f.negotiations) >= record.MaxSteps || !f.hold(negotiationSize) {
		f.limits++
		f.current = -1
		return -1
	}
	i := len(f.negotiations)
	f.serial++
	f.negotiations = append(f.negotiations, negotiation{
		method: method, passive: passive, index: int32(i), serial: f.serial, since: f.at.Time, client: f.client,
	})
	f.current = i
	return i
}

// offered tells the Matcher of an endpoint.
func (f *Fold) offered(n *negotiation, ok bool) {
	n.since = f.at.Time
	if !ok {
		n.endpoint = netip.AddrPort{}
		return
	}
	o := &f.opt.offer
	*o = Offer{Control: f.id, Index: int(n.index), Passive: n.passive, Endpoint: n.endpoint, Mark: f.at, Nets: f.nets}
	o.Peer, o.Expected = f.parties(n)
	f.opt.Offers.Offered(o)
}

func (f *Fold) parties(n *negotiation) (peer, expected netip.Addr) {
	return n.parties(f.ends[n.client].Addr(), f.ends[n.client^1].Addr())
}

// inForce is the negotiation that a transfer command now would use; -1: none, the default data port applies.
func (f *Fold) inForce() int {
	if f.current < 0 {
		return -1
	}
	if n := &f.negotiations[f.current]; n.passive && n.consumed || n.rejected {
		return -1
	}
	return f.current
}

// transfer takes a transfer command.
func (f *Fold) transfer(p *pending) {
	s := step{verb: p.verb, line: p.line}
	if !p.cut {
		s.argument = p.arg
	}
	p.step = int32(f.newStep(s))
}

// newStep adds a transfer to the negotiation in force; -1 when there are too many.
func (f *Fold) newStep(s step) int {
	if len(f.steps) >= record.MaxSteps || !f.hold(stepSize+len(s.line.Text)) {
		f.limits++
		return -1
	}
	s.offer = int32(f.inForce())
	switch {
	case s.offer < 0:
		if i := f.newOffer(record.MethodDefault, false); i >= 0 {
			n := &f.negotiations[i]
			n.endpoint = f.ends[f.client]
			f.offered(n, true)
			n.used = true
			s.offer = int32(i)
			f.current = -1
			f.want(true)
		}
	default:
		n := &f.negotiations[s.offer]
		n.used = true
		if !n.endpoint.IsValid() {
			f.want(true)
		}
	}
	f.serial++
	s.serial = f.serial
	f.steps = append(f.steps, s)
	return len(f.steps) - 1
}

// preliminary takes a 1yz reply (RFC 959 section 4.2): 125 and 150 begin a transfer.
func (f *Fold) preliminary(p *pending, r *record.Reply) {
	if p.step < 0 {
		return
	}
	f.settle(p, r)
	s := &f.steps[p.step]
	s.prelim = f.lasting(r)
	if s.offer >= 0 {
		f.negotiations[s.offer].consumed = true
	}
	if n, ok := ftp.ParseSize150(r.Text); ok && !r.Cut {
		s.size, s.hasSize, s.sizeFrom = n, true, r.Pos
	}
}

// final takes the reply that ends a command.
func (f *Fold) final(p *pending, r *record.Reply) {
	refused := r.Code >= 400
	if !refused && f.login == record.LoginNone && needsLogin(p.verb) && r.Code < 300 {
		f.login = record.LoginOK
		f.notes.LoginEnd = f.at
	}
	f.settle(p, r)
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
func (f *Fold) loggedIn(p *pending, r *record.Reply) {
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
func (f *Fold) tried(p *pending, l record.Login) {
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
func (f *Fold) secured(r *record.Reply) {
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
func (f *Fold) negotiated(n *negotiation, r *record.Reply) {
	n.answer = f.lasting(r)
	if r.Code >= 400 {
		f.reject(n)
		return
	}
	if n.passive {
		f.announced(n, r)
	}
}

// reject takes a refused negotiation out: the one before it stays in force (PORT), also for commands already sent.
func (f *Fold) reject(n *negotiation) {
	n.rejected = true
	before := n.index - 1
	for before >= 0 {
		if m := &f.negotiations[before]; m.rejected {
			before = m.before
		} else if m.passive || m.method == record.MethodDefault {
			before--
		} else {
			break
		}
	}
	if n.before = before; f.current == int(n.index) {
		f.current = int(before)
	}
	for i := len(f.steps) - 1; i >= 0 && f.steps[i].serial > n.serial; i-- {
		if f.steps[i].offer == n.index {
			f.steps[i].offer = before
			if before >= 0 {
				f.negotiations[before].used = true
			}
		}
	}
	n.used = false
}

// announced reads the server's endpoint out of 227, 228 or 229, whichever command it answers.
func (f *Fold) announced(n *negotiation, r *record.Reply) {
	var ok bool
	switch r.Code {
	case 227:
		n.endpoint, ok = ftp.Parse227(r.Text)
	case 228:
		n.endpoint, ok = ftp.Parse228(r.Text)
	case 229:
		var port uint16
		var addr netip.Addr
		port, addr, ok = ftp.Parse229(r.Text)
		if !addr.IsValid() {
			addr, _ = f.parties(n)
		}
		n.endpoint = netip.AddrPortFrom(addr, port)
	}
	if !ok && !r.Cut {
		f.odd(record.OddEndpoint, strconv.Itoa(r.Code))
	}
	f.offered(n, ok && !r.Cut)
}

// transferred is the final reply to a transfer command.
func (f *Fold) transferred(s *step, r *record.Reply) {
	s.reply = f.lasting(r)
	if s.offer >= 0 && r.Code < 300 {
		f.negotiations[s.offer].consumed = true
	}
	if len(f.encrypted) == 0 || f.encrypted[len(f.encrypted)-1].to.Seen() {
		f.want(false)
	}
}

// kept is a copy of the reply: most replies are read and forgotten, and need no memory of their own.
func keptReply(r *record.Reply) *record.Reply {
	kept := *r
	return &kept
}

// unasked is a reply to a command that the capture does not hold: a lost packet, or the client's side is missing.
func (f *Fold) unasked(r *record.Reply) {
	switch {
	case r.Code == 227 || r.Code == 228 || r.Code == 229:
		i := f.newOffer(map[int]string{227: "PASV", 228: "LPSV", 229: "EPSV"}[r.Code], true)
		if i >= 0 {
			f.negotiated(&f.negotiations[i], r)
		}
	case r.Code == 125 || r.Code == 150:
		f.ghost = f.newStep(step{unseen: true, line: record.Line{Mark: f.at}})
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
