package verdict

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

// The session itself: greeting, login, TLS, and its end.

// logins are the judges of how far a session came before its transfers.
var logins = []func(*hearing) *record.Verdict{turnedDownByProxy, anotherProtocol, neverGreeted, turnedAway, neverBegan, handshakeFailed, outOfStep, loginFailed, authRefused}

// ends are those of what else may have hurt, the gravest first.
var ends = []func(*hearing) *record.Verdict{serverFailed, brokenOff, neverAnswered, answeredTooLate, commandDenied, greetedLate, closedEarly, failedUnseen, cutShort}

// warnsOfASCII finds the warnings of servers that ASCII mode may have damaged a file.
// Nearly all that servers say after a transfer has none of the words that these have.
func warnsOfASCII(text string) bool {
	return (hasFold(text, "bare") || hasFold(text, "correctly") || hasFold(text, "mode")) && asciiWarning().MatchString(text)
}

// hasFold reports whether a text has a word in lower case, in any letter case.
func hasFold(text, word string) bool {
	for at := 0; at+len(word) <= len(text); at++ {
		if text[at]|0x20 == word[0] && strings.EqualFold(text[at:at+len(word)], word) {
			return true
		}
	}
	return false
}

var asciiWarning = pattern(`(?i)bare linefeeds? received in ascii|may not have transferred correctly|ascii mode.{0,40}(damage|corrupt|binary)`)

// begin begins a verdict on the session.
func begin(cause, at, certainty string, frames ...flow.Pos) *record.Verdict {
	return &record.Verdict{Cause: cause, At: at, Certainty: certainty, Frames: frames}
}

// anotherProtocol is a client that does not speak FTP.
func anotherProtocol(c *hearing) *record.Verdict {
	f := c.Notes.Foreign
	if f == nil || c.Login == record.LoginOK || c.encrypted() || len(c.Transfers) > 0 {
		return nil
	}
	at := record.AtClient
	who := "client"
	if f.ByServer {
		at, who = record.AtServer, "server"
	}
	if f.Protocol == "TLS" {
		if f.ByServer {
			return c.awaitsTLS(f.Mark.Pos)
		}
		return c.impatientTLS(f.Mark.Pos)
	}
	if f.Protocol == "PROXY" {
		return nil
	}
	v := begin(record.CauseNotFTP, at, record.Certain, f.Mark.Pos)
	v.Text = sentence("the " + who + " speaks " + f.Protocol + c.packets(f.Mark.Pos) + " on a port where FTP is expected (" + c.Server.String() + ")")
	next := "let the " + who + " use the port and program of its protocol"
	if f.Protocol == "SSH" {
		v.Text = sentence("the " + who + " speaks SSH" + c.packets(f.Mark.Pos) + " on a port where FTP is expected (" + c.Server.String() + "): SFTP is not FTP")
		next = "let the client use FTP or FTPS here, or SFTP on the SSH server's port, usually 22"
	}
	if f.Protocol == "SOCKS" {
		v.Text = sentence("the client speaks SOCKS" + c.packets(f.Mark.Pos) + " on a port where FTP is expected (" + c.Server.String() + "): it takes the FTP server for a proxy")
		next = "is the FTP server's address entered as the client's proxy? Remove it there, or enter the proxy's"
	}
	v.Next = steps(next)
	return v
}

// impatientTLS is a client that speaks TLS to a server that speaks clear text first.
func (c *hearing) impatientTLS(hello flow.Pos) *record.Verdict {
	v := begin(record.CauseTLSMismatch, record.AtClient, record.Certain, c.Notes.Greeting.Pos, hello)
	v.Text = sentence("the client began TLS at once (implicit)" + c.packets(hello) + ", and the server speaks clear text on port " + prose.Number(uint64(c.Server.Port())))
	v.Next = steps("let the client use explicit TLS (AUTH TLS) on this port", "or implicit TLS on the server's port for it, usually 990")
	return v
}

// awaitsTLS is a server that waits for the client's TLS, where the client waits for a greeting
// in clear; told is where the server said so, by TLS.
func (c *hearing) awaitsTLS(told flow.Pos) *record.Verdict {
	control := &c.Notes.Control
	v := begin(record.CauseTLSMismatch, record.AtClient, record.Likely, control.SYN.Pos, told, control.Last.Pos)
	v.Or = []string{record.CauseNoGreeting}
	text := "port " + prose.Number(uint64(c.Server.Port())) + " is that of implicit TLS, where the client speaks first"
	if told.Seen() {
		text, v.Or = "the server speaks TLS from the first byte (implicit)"+c.packets(told), nil
	}
	v.Text = sentence(text, "the client did not begin TLS and waited "+prose.Lasting(control.Last.Time-control.Start.Time)+" for a greeting in clear")
	v.Next = steps("let the client use implicit TLS on this port", "or explicit TLS (AUTH TLS) on the server's port for it, usually 21")
	return v
}

// Greeting times.
const (
	lateGreeting = 5 * flow.Second
	noGreeting   = 5 * flow.Second // after which one may say that none came
)

// neverGreeted is a server that accepted the connection and said nothing.
func neverGreeted(c *hearing) *record.Verdict {
	control := &c.Notes.Control
	_, server := c.Halves(control)
	if !c.Capture.FromStart || !c.Capture.ServerSide || server.Bytes > 0 || control.State != flow.Established || c.Notes.Greeting.Code != 0 || c.TLS == record.TLSImplicit {
		return nil
	}
	waited := control.Last.Time - control.Start.Time
	if client, _ := c.Halves(control); c.Server.Port() == flow.PortFTPS && client.Bytes == 0 && waited >= noGreeting {
		return c.awaitsTLS(0)
	}
	v := begin(record.CauseNoGreeting, record.AtServer, record.Likely, control.SYN.Pos, control.SYNACK.Pos, control.Last.Pos)
	if e := c.ended(control); e.by == record.Server && c.gapless() {
		return closedUngreeted(c, v, e, waited)
	}
	if e := c.ended(control); e.by == record.Client && waited < flow.Second && c.gapless() {
		v := begin(record.CauseNone, record.AtNone, record.Likely)
		v.Text = sentence("the client left after " + prose.Lasting(waited) + ", before the server greeted: port checks and scanners do that")
		return v
	}
	if waited < noGreeting {
		v.Certainty, v.Or = record.Open, []string{record.CauseNotCaptured}
		if control.Closing == flow.Cut {
			v.Cause, v.At, v.Or = record.CauseNotCaptured, record.AtCapture, []string{record.CauseNoGreeting}
		}
	}
	v.Text = sentence("the server accepted the connection and did not greet within "+prose.Lasting(waited)+c.packets(control.SYNACK.Pos, control.Last.Pos), c.askedIdent(v))
	v.Next = steps("is the server program still running, and can it start more processes?", "does the server wait for DNS or for ident (port 113) of the client before it greets?",
		"a firewall or proxy may answer for a server that is down: compare the TTLs, and check the server")
	return v
}

// closedUngreeted is a server that closed the connection instead of greeting: it does not
// want this client, or what stands for it has no server to pass the client to.
func closedUngreeted(c *hearing, v *record.Verdict, e ended, waited flow.Time) *record.Verdict {
	v.Frames = append(v.Frames, e.at.Pos)
	how := "closed it"
	if e.rst {
		how = "reset it"
	}
	v.Text = sentence("the server accepted the connection and " + how + " after " + prose.Lasting(waited) + c.packets(e.at.Pos) + " without a greeting")
	if far := foreignReset(c, &c.Notes.Control, record.Server); e.rst && far != "" {
		v.At = record.AtFirewall
		v.Text = sentence("the connection was accepted, and a RST in the server's name ended it after " + prose.Lasting(waited) + c.packets(e.at.Pos) + " without a greeting: " + far)
		v.Next = steps("look at firewalls, load balancers and proxies in front of the server: which of them answers for it, and does it reach the server?")
		return v
	}
	v.Next = steps("does the server refuse this client's address? Look at hosts.allow and hosts.deny (TCP wrappers), at its limits, its banned addresses and its log",
		"a load balancer, proxy or container port may accept for a server that is down: check the program behind it")
	return v
}

// turnedAway is a server that greets by a refusal.
func turnedAway(c *hearing) *record.Verdict {
	g := &c.Notes.Greeting
	if g.Code >= 100 && g.Code < 200 && c.whole() {
		v := begin(record.CauseNoGreeting, record.AtServer, record.Likely, g.Pos)
		v.Text = sentence("the server said that it was not ready yet, and did not greet after that: it replied " + quoted(g) + c.packets(g.Pos))
		v.Next = steps("try again later, as the server says", "look at the server's log and its load")
		return v
	}
	if g.Code < 400 {
		return nil
	}
	v := c.refusal(g)
	if v.Cause == record.CauseLoginRejected { // nobody has tried to log in
		v.Next = steps("does the server admit this client's address? Look at its lists of permitted and denied addresses, hosts.allow and hosts.deny (TCP wrappers), and at its log")
	}
	v.Text = sentence("the server turned the client away: it greeted with " + quoted(g) + c.packets(g.Pos))
	return v
}

// refusal is the verdict on a reply that ends all, by its words.
func (c *hearing) refusal(r *record.Reply) *record.Verdict {
	v := begin(record.CauseServerClosed, record.AtServer, record.Certain, r.Pos)
	v.Next = steps("look at the server's log, its limits and its timers")
	switch {
	case demandsTLS(c, r):
		v.Cause, v.At = record.CauseTLSRequired, record.AtClient
		if !means(r, saysTLS) && !means(r, saysNamesTLS) {
			v.Certainty, v.Or = record.Open, []string{record.CauseLoginRejected}
		}
		v.Next = steps("let the client use explicit TLS (AUTH TLS before USER)", "or let the server accept logins in clear text"+c.settings(settings.ClearLogin)+", if the network is trusted")
	case means(r, saysError) || r.Code != 530 && means(r, saysHome) || r.Code == 451:
		v.Cause = record.CauseServerError
		v.Next = steps(serverSetting(r), "look at the server's log and its configuration, including the permissions of the user's home directory")
	case means(r, saysTries):
		v.Next = steps("the server has banned this client: look at its log and its list of banned addresses (fail2ban, the server's own), and find out what tried wrong passwords before", "check the user's name and password")
		if r.Code != 421 {
			v.Cause, v.At = record.CauseLoginRejected, record.AtClient
		}
	case r.Code == 421 && means(r, saysTooLong):
		v.Next = steps("compare the server's time limits (idle time, length of a session, time for the login) with what the client does", "let the client reconnect, or keep the connection busy where the limit is one of idle time")
	case means(r, saysBusy):
		v.Cause = record.CauseServerBusy
		v.Next = steps("look for hanging sessions, and for clients that open many at once", "raise the server's limit"+c.settings(settings.MoreClients))
	case r.Code == 530 || r.Code == 430 || r.Code == 332 || r.Code == 532 || r.Code == 550:
		v.Cause, v.At = record.CauseLoginRejected, record.AtClient
		v.Next = steps("check the user's name and password", "check at the server whether the account may log in by FTP, and from this address")
	case r.Code != 421 && r.Code/100 == 5:
		v.Cause, v.At = record.CauseLoginRejected, record.AtClient
		v.Next = steps("look at what the server demands before a login")
	}
	return v
}

// demandsTLS reports whether a reply before a login demands TLS, by its words or its code
// (RFC 2228 section 5: 533, 534, 536 and 537 refuse for the protection's sake).
func demandsTLS(c *hearing, r *record.Reply) bool {
	return !c.IsUnderTLS() && (means(r, saysTLS) || code(r, 533, 534, 536, 537))
}

// outOfStep is a server that replied to something before the client's first command, and a
// client that took this for the reply to that command: from then on each reply is one late.
func outOfStep(c *hearing) *record.Verdict {
	x := &c.Notes.Extra
	if x.Code == 0 || x.Code == 421 || c.Login == record.LoginOK || len(c.Transfers) > 0 || c.Commands == 0 || !c.whole() || c.encrypted() || means(x, saysBusy) || means(x, saysTries) ||
		c.RealClient == "" && c.ended(&c.Notes.Control).by != record.Client {
		return nil
	}
	v := begin(record.CauseOutOfStep, record.AtServer, record.Likely, c.Notes.Greeting.Pos, x.Pos)
	v.Or = []string{record.CauseLoginRejected}
	why := ""
	v.Next = steps("does something on the way (a balancer, a proxy, an inspecting firewall) send the server a line of its own? Compare with a capture at the other end", "look at the server's log: which command did it reply to?")
	if c.RealClient != "" {
		v.At, v.Or = record.AtClient, nil
		why = "it replied to the PROXY line, which it does not know"
		v.Next = steps("switch the PROXY protocol on at the server, or off at the balancer " + c.Client.Addr().String() + " in front of it")
	}
	v.Text = sentence("the server replied "+quoted(x)+c.packets(x.Pos)+" before the client's first command, so the client takes each reply for that to the command after it", why)
	return v
}

// loginFailed is a login that the server refused, or did not answer.
func loginFailed(c *hearing) *record.Verdict {
	if c.Login == record.LoginOK {
		return nil
	}
	tries := c.Notes.Logins
	if n := len(tries); n > 0 && !tries[n-1].OK {
		if r := tries[n-1].Reply; r != nil {
			v := c.refusal(r)
			if v.Cause == record.CauseServerClosed && (r.Code != 421 || means(r, saysTries) || means(r, saysWrong)) {
				v.Cause, v.At = record.CauseLoginRejected, record.AtClient
			}
			v.Frames = append(v.Frames, tries[n-1].Mark.Pos)
			failed := "the login" + of(tries[n-1].User) + " failed"
			if n > 1 {
				failed = many(n, "login") + " failed"
				if tries[n-1].User != "" {
					failed += ", the last" + of(tries[n-1].User)
				}
			}
			v.Text = sentence(failed, c.replied(r))
			relayed(c, v, r, tries[n-1].User)
			return v
		}
	}
	if d := c.Notes.Denied; d != nil && c.Login == record.LoginNone && len(d.Line.Text) >= 4 && d.Line.Text[:4] == "USER" {
		v := c.refusal(&d.Reply)
		v.Frames = append(v.Frames, d.Line.Mark.Pos)
		v.Text = sentence("the server refused the login at "+prose.Quote(d.Line.Text), c.replied(&d.Reply))
		relayed(c, v, &d.Reply, d.Line.Text)
		return v
	}
	if d := c.Notes.Denied; d != nil && c.Login == record.LoginNone && d.Reply.Code == 332 {
		v := begin(record.CauseLoginRejected, record.AtClient, record.Likely, d.Line.Mark.Pos, d.Reply.Pos)
		v.Text = sentence("the server demanded an account after the password, and the client sent none (ACCT)", c.replied(&d.Reply))
		v.Next = steps("let the client send the account (ACCT) that the server demands", "or let the server not demand one for this user")
		return v
	}
	if p := c.Notes.Parting; p != nil && c.Login != record.LoginOK && p.Code >= 400 && c.whole() && !c.encrypted() {
		v := c.refusal(p)
		v.Text = sentence("the server ended the session before a login: it replied " + quoted(p) + c.packets(p.Pos))
		return v
	}
	if p := c.Notes.Parting; p != nil && p.Code == 530 && (c.Login == record.LoginFailed || !c.Capture.FromStart) && !c.encrypted() {
		v := c.refusal(p) // of a command that the capture lacks
		v.Text = sentence("the login failed", c.replied(p))
		return v
	}
	if c.Login == record.LoginFailed {
		v := begin(record.CauseLoginRejected, record.AtClient, record.Likely)
		v.Text = sentence("the login failed")
		v.Next = steps("check the user's name and password")
		return v
	}
	return nil
}

// of names a user; empty: nobody knows who.
func of(user string) string {
	if user == "" {
		return ""
	}
	return " of " + prose.Quote(user)
}

// relayed tells of a server that did not get through to another: a proxy to the FTP server
// that "USER bob@host" names, or a server to whom it asks about users.
func relayed(c *hearing, v *record.Verdict, r *record.Reply, user string) {
	if v.Cause != record.CauseLoginRejected || !means(r, saysBeyond) {
		return
	}
	v.Certainty, v.Or = record.Likely, []string{record.CauseLoginRejected}
	if !strings.Contains(user, "@") {
		v.Cause, v.At = record.CauseServerError, record.AtServer
		v.Next = steps("look at the server's log: which directory does it ask about users, and does that answer?")
		return
	}
	v.Cause, v.At = record.CauseServerUnreachable, record.AtPath
	v.Text = sentence(v.Text[:len(v.Text)-1], "it is a proxy ("+c.Server.String()+") and did not reach the FTP server that the user name contains")
	v.Next = steps("does that FTP server answer when you connect from the proxy?", "check its name and port, and the firewalls between it and the proxy")
}

// authRefused is a session that did nothing after AUTH was refused.
func authRefused(c *hearing) *record.Verdict {
	d := c.Notes.Denied
	if c.TLS != record.TLSRefused || c.Login == record.LoginOK || len(c.Transfers) > 0 {
		return nil
	}
	v := begin(record.CauseTLSRefused, record.AtServer, record.Certain, c.Notes.AuthTLS.Pos)
	if d == nil {
		v.Certainty = record.Likely
		v.Text = sentence("the server refused AUTH" + c.packets(c.Notes.AuthTLS.Pos) + ", and the client did nothing else")
	} else {
		v.Frames = append(v.Frames, d.Reply.Pos)
		v.Text = sentence("the server refused "+prose.Quote(d.Line.Text)+", and the client did nothing else", c.replied(&d.Reply))
	}
	v.Next = steps("switch TLS on at the server"+c.settings(settings.TLS)+", with a certificate",
		"a firewall that inspects FTP may refuse AUTH in the server's name: compare with a capture at the server", "or let the client log in in clear text, if the network is trusted")
	return v
}

// serverFailed is a server that says that it fails or closes, with something still asked
// for.
func serverFailed(c *hearing) *record.Verdict {
	p := c.Notes.Parting
	if p == nil || c.encrypted() {
		return nil
	}
	switch {
	case means(p, saysError):
	case p.Code == 421 && !means(p, saysLate):
		if means(p, saysShutdown) && c.didSomething() {
			return nil
		}
	case p.Code == 421 && c.Notes.Waiting != nil:
	default:
		return nil
	}
	v := c.refusal(p)
	v.Text = sentence("the server ended the session: it replied " + quoted(p) + c.packets(p.Pos))
	return v
}

// didSomething reports whether a transfer worked.
func (c *hearing) didSomething() bool {
	for i := range c.Transfers {
		if c.Transfers[i].Outcome == record.OK {
			return true
		}
	}
	return false
}

// commandDenied is a session whose last command was denied.
func commandDenied(c *hearing) *record.Verdict {
	d := c.Notes.Denied
	if d == nil || c.Login != record.LoginOK || !c.gapless() {
		return nil
	}
	for i := range c.Transfers {
		if ran := c.Transfers[i].Notes.Ran; ran != nil && ran.Mark.Ord > d.Line.Mark.Ord {
			return nil
		}
	}
	if optional(d.Line.Text) && !inVain(c, d) {
		return nil
	}
	if d.Reply.Code == 421 {
		v := c.refusal(&d.Reply)
		v.Frames = append(v.Frames, d.Line.Mark.Pos)
		v.Text = sentence("the server ended the session at " + prose.Quote(d.Line.Text) + ": it replied " + quoted(&d.Reply) + c.packets(d.Reply.Pos))
		return v
	}
	v := begin(record.CauseCommandDenied, record.AtServer, record.Certain, d.Line.Mark.Pos, d.Reply.Pos)
	v.Text = sentence("the server denied "+prose.Quote(d.Line.Text)+", and the session ended", c.replied(&d.Reply))
	v.Next = steps("check the name, the working directory and the user's permissions at the server")
	return v
}

// inVain reports whether a client that had negotiated a transfer asked for nothing more once
// the server did not know the file: curl asks for its size first.
func inVain(c *hearing, d *record.Denial) bool {
	n := len(c.Transfers)
	return n > 0 && c.Transfers[n-1].Command == nil && c.Transfers[n-1].Outcome == record.Unused && d.Reply.Code == 550 && asksFile().MatchString(d.Line.Text) && !c.didSomething()
}

var asksFile = pattern(`(?i)^(SIZE|MDTM|MLST)\b`)

// optional reports whether a command's refusal keeps a client from nothing.
func optional(line string) bool { return optionalCommands().MatchString(line) }

var optionalCommands = pattern(`(?i)^(SITE|MDTM|MFMT|SIZE|XCRC|XMD5|HASH|MLST|HELP|HOST|CSID|LANG|PBSZ|PROT|CCC|AUTH|MODE|STRU|TYPE|REST|XSHA\w*|MD5|AVBL|THMB|REIN|EPSV +ALL|[^A-Za-z])`)

// greetedLate is a server that greeted late, in a session in which nothing worse
// happened.
func greetedLate(c *hearing) *record.Verdict {
	g := &c.Notes.Greeting
	if g.Code == 0 || !c.Capture.FromStart {
		return nil
	}
	took := g.Time.Time - c.Notes.Control.Start.Time
	if took < lateGreeting {
		return nil
	}
	v := begin(record.CauseSlowGreeting, record.AtServer, record.Certain, c.Notes.Control.SYN.Pos, g.Pos)
	v.Text = sentence("the server greeted "+prose.Lasting(took)+" after the connection was opened"+c.packets(c.Notes.Control.SYN.Pos, g.Pos), c.askedIdent(v))
	if c.Notes.Ident != nil {
		v.Next = steps("switch ident off at the server"+c.settings(settings.NoIdent), "or let "+c.Client.Addr().String()+" or its firewall reject TCP port 113 (RST) instead of dropping it")
		return v
	}
	v.Next = steps("does the server ask ident (port 113) of the client and get no answer? Switch that off"+c.settings(settings.NoIdent)+", or reject port 113 instead of dropping it",
		"does the server look up the client's name in DNS? Switch that off"+c.settings(settings.NoDNS), "is the server short of processes or overloaded?")
	return v
}

// askedIdent says what the server asked of the client meanwhile and got no answer to; empty:
// nothing that the capture shows.
func (c *hearing) askedIdent(v *record.Verdict) string {
	x := c.Notes.Ident
	if x == nil {
		return ""
	}
	v.Frames = append(v.Frames, x.First.Pos, x.Last.Pos)
	return "meanwhile it asked " + c.Client.Addr().String() + " by ident (port 113) who the user is, " + prose.Times(x.Tries) + " over " + prose.Lasting(x.Last.Time-x.First.Time) + c.packets(x.First.Pos, x.Last.Pos) + ", and nobody answered"
}

// closedEarly is a server that closed the session after it had been idle, before anything
// was done.
func closedEarly(c *hearing) *record.Verdict {
	p := c.Notes.Parting
	if p == nil || p.Code != 421 || c.didSomething() || c.encrypted() || c.Login == record.LoginOK && len(c.Transfers) == 0 {
		return nil
	}
	v := c.refusal(p)
	v.Text = sentence("the server closed the session: it replied " + quoted(p) + c.packets(p.Pos))
	return v
}

// failedUnseen is a data connection of which only the server's word is left: the commands for it
// are missing.
func failedUnseen(c *hearing) *record.Verdict {
	p := c.Notes.Parting
	if !code(p, 425, 426) || c.gapless() {
		return nil
	}
	v := begin(record.CauseNotCaptured, record.AtCapture, record.Likely, p.Pos)
	v.Text = sentence("the server replied "+quoted(p)+c.packets(p.Pos)+" to a command that is not in the capture, so a transfer failed of which nothing else is known", c.lacks())
	v.Next = steps("capture again without loss, both directions, and look at what the server replied")
	return v
}

// cutShort is a session of which the capture lacks what would tell.
func cutShort(c *hearing) *record.Verdict {
	if p := c.Notes.Parting; p != nil && len(c.Transfers) == 0 && !c.encrypted() && (!c.Capture.ClientSide || !c.Capture.FromStart) && p.Code != 421 {
		v := begin(record.CauseNotCaptured, record.AtCapture, record.Open, p.Pos)
		v.Or = []string{record.CauseCommandDenied}
		v.Text = sentence("the server refused something that is not in the capture", c.replied(p))
		v.Next = steps("capture again from before the login to the end, both directions")
		return v
	}
	if c.Login == record.LoginNone && !c.encrypted() && len(c.Transfers) == 0 && c.Capture.MissingBytes > uint64(c.Commands) && c.Notes.Parting == nil {
		v := begin(record.CauseNotCaptured, record.AtCapture, record.Likely)
		v.Text = sentence("the capture does not show how the session went: " + c.lacks())
		v.Next = steps("capture whole packets (tcpdump -s 0), both directions, at the client or at the server")
		return v
	}
	if c.Login != record.LoginNone || c.encrypted() || c.Capture.ServerSide && c.Capture.ClientSide || len(c.Transfers) == 0 && c.Commands == 0 {
		return nil
	}
	if c.didSomething() {
		return nil
	}
	v := begin(record.CauseNotCaptured, record.AtCapture, record.Likely)
	v.Text = sentence("the capture does not show how the session went: " + c.lacks())
	v.Next = steps("capture both directions, at the client or at the server")
	return v
}
