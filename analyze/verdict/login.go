package verdict

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

// The session itself: greeting, login, TLS, and its end.

// logins are the judges of how far a session came before its transfers.
var logins = []func(*hearing) *record.Verdict{turnedDownByProxy, anotherProtocol, neverGreeted, turnedAway, handshakeFailed, loginFailed, authRefused}

// ends are those of what else may have hurt, the gravest first.
var ends = []func(*hearing) *record.Verdict{serverFailed, neverAnswered, answeredTooLate, commandDenied, greetedLate, closedEarly, cutShort}

// warnsOfASCII finds the warnings of servers that ASCII mode may have damaged a file.
func warnsOfASCII(text string) bool { return asciiWarning().MatchString(text) }

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
		return c.impatientTLS(f.Mark.Pos)
	}
	if f.Protocol == "PROXY" {
		return nil
	}
	v := begin(record.CauseNotFTP, at, record.Certain, f.Mark.Pos)
	v.Text = sentence("the " + who + " speaks " + f.Protocol + c.packets(f.Mark.Pos) + " where FTP is expected (" + c.Server.String() + ")")
	next := "let the " + who + " use the port and program of its protocol"
	if f.Protocol == "SSH" {
		v.Text = sentence("the " + who + " speaks SSH" + c.packets(f.Mark.Pos) + " where FTP is expected (" + c.Server.String() + "): SFTP is another protocol than FTP")
		next = "let the client use FTP or FTPS here, or SFTP on the SSH server's port, usually 22"
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
	v := begin(record.CauseNoGreeting, record.AtServer, record.Likely, control.SYN.Pos, control.SYNACK.Pos, control.Last.Pos)
	if waited < noGreeting {
		v.Certainty, v.Or = record.Open, []string{record.CauseNotCaptured}
		if control.Closing == flow.Cut {
			v.Cause, v.At, v.Or = record.CauseNotCaptured, record.AtCapture, []string{record.CauseNoGreeting}
		}
	}
	v.Text = sentence("the server accepted the connection and did not greet within " + prose.Lasting(waited) + c.packets(control.SYNACK.Pos, control.Last.Pos))
	v.Next = steps("does the program behind the port live, and does it have processes left?", "does it wait for DNS or for ident (port 113) of the client before it greets?",
		"a firewall or proxy may answer for a server that is down: look at the TTLs and at the server")
	return v
}

// turnedAway is a server that greets by a refusal.
func turnedAway(c *hearing) *record.Verdict {
	g := &c.Notes.Greeting
	if g.Code < 400 {
		return nil
	}
	v := c.refusal(g)
	v.Text = sentence("the server turned the client away: it greeted with " + quoted(g) + c.packets(g.Pos))
	return v
}

// refusal is the verdict on a reply that ends all, by its words.
func (c *hearing) refusal(r *record.Reply) *record.Verdict {
	v := begin(record.CauseServerClosed, record.AtServer, record.Certain, r.Pos)
	v.Next = steps("look at the server's log, its limits and its timers")
	switch {
	case means(r, saysTLS):
		v.Cause, v.At = record.CauseTLSRequired, record.AtClient
		v.Next = steps("let the client use explicit TLS (AUTH TLS before USER)", "or let the server take logins in clear"+c.settings(settings.ClearLogin)+", if the network is trusted")
	case means(r, saysError):
		v.Cause = record.CauseServerError
		v.Next = steps(serverSetting(r), "look at the server's log and its configuration, the rights of the user's home directory included")
	case means(r, saysBusy):
		v.Cause = record.CauseServerBusy
		v.Next = steps("look for sessions that hang and for clients that open many at a time", "raise the server's limit"+c.settings(settings.MoreClients))
	case r.Code == 530 || r.Code == 430 || r.Code == 332 || r.Code == 532 || r.Code == 550:
		v.Cause, v.At = record.CauseLoginRejected, record.AtClient
		v.Next = steps("check the user's name and password", "check at the server whether the account may log in by FTP, and from this address")
	case r.Code != 421 && r.Code/100 == 5:
		v.Cause, v.At = record.CauseLoginRejected, record.AtClient
		v.Next = steps("look at what the server demands before a login")
	}
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
			if v.Cause == record.CauseServerClosed && r.Code != 421 {
				v.Cause, v.At = record.CauseLoginRejected, record.AtClient
			}
			v.Frames = append(v.Frames, tries[n-1].Mark.Pos)
			failed := "the login of " + prose.Quote(tries[n-1].User) + " failed"
			if n > 1 {
				failed = many(n, "login") + " failed, the last of " + prose.Quote(tries[n-1].User)
			}
			v.Text = sentence(failed, c.replied(r))
			return v
		}
	}
	if d := c.Notes.Denied; d != nil && c.Login == record.LoginNone && len(d.Line.Text) >= 4 && d.Line.Text[:4] == "USER" {
		v := c.refusal(&d.Reply)
		v.Frames = append(v.Frames, d.Line.Mark.Pos)
		v.Text = sentence("the server refused the login at "+prose.Quote(d.Line.Text), c.replied(&d.Reply))
		return v
	}
	if p := c.Notes.Parting; p != nil && c.Login != record.LoginOK && p.Code >= 400 && c.whole() && !c.encrypted() {
		v := c.refusal(p)
		v.Text = sentence("the server ended the session before a login: it replied " + quoted(p) + c.packets(p.Pos))
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
		"a firewall that inspects FTP may refuse AUTH in the server's name: compare with a capture at the server", "or let the client log in in clear, if the network is trusted")
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

// neverAnswered is a command that had no reply until the end.
func neverAnswered(c *hearing) *record.Verdict {
	w := c.Notes.Waiting
	if w == nil || !c.Capture.ServerSide || !c.Capture.ClientSide || c.Notes.Quit.Seen() || c.encrypted() {
		return nil
	}
	waited := c.Notes.Control.Last.Time - w.Mark.Time
	if waited < record.LateReply && c.Notes.Control.Closing != flow.ResetBy {
		return nil
	}
	v := begin(record.CauseNoReply, record.AtServer, record.Open, w.Mark.Pos, c.Notes.Control.Last.Pos)
	v.Or = []string{record.CauseControlLost}
	v.Text = sentence("the server did not answer " + prose.Quote(w.Text) + c.packets(w.Mark.Pos) + " within " + prose.Lasting(waited))
	if unheard(c) {
		v.Cause, v.At, v.Or = record.CauseControlLost, record.AtFirewall, []string{record.CauseNoReply}
		v.Text = sentence("nobody acknowledged " + prose.Quote(w.Text) + c.packets(w.Mark.Pos) + ", which was sent again for " + prose.Lasting(waited) + ": it seems that the control connection was lost on the way")
		v.Next = steps("compare the idle time with the timers of firewalls and NATs on the way, and raise them", "capture at the server: if the command does not arrive there, something between drops it; else look whether the server still runs")
		return v
	}
	v.Next = steps("does the server's program hang at this command? Look at its log", "a firewall that inspects FTP may swallow the command or the reply: compare with a capture at the server")
	return v
}

// unheard reports whether what the client sent last on the control connection, a while
// before its last packet, was never acknowledged: so it was sent again.
func unheard(c *hearing) bool {
	control := &c.Notes.Control
	if control.Course == nil || !c.gapless() {
		return false
	}
	way := c.ClientWay(control)
	return control.Course.Side[way].Open(control.Half[way].Bytes)
}

// answeredTooLate is a command that had its reply when the client had left.
func answeredTooLate(c *hearing) *record.Verdict {
	d := c.Notes.Late
	client, _ := c.Halves(&c.Notes.Control)
	end := left(client)
	if d == nil || !end.Seen() || end.Time >= d.Reply.Time.Time || c.Notes.Quit.Seen() || c.encrypted() || !c.gapless() {
		return nil
	}
	v := begin(record.CauseNoReply, record.AtServer, record.Likely, d.Line.Mark.Pos, end.Pos, d.Reply.Pos)
	v.Text = sentence("the server answered "+prose.Quote(d.Line.Text)+c.packets(d.Line.Mark.Pos)+" only after "+prose.Lasting(d.Reply.Time.Time-d.Line.Mark.Time)+
		c.packets(d.Reply.Pos)+", when the client had left"+c.packets(end.Pos), c.replied(&d.Reply))
	v.Next = steps("why does the server's program take so long at this command? Look at its log, its disks and what it looks up", "raise the client's time limit for replies")
	return v
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
	if optional(d.Line.Text) {
		return nil
	}
	v := begin(record.CauseCommandDenied, record.AtServer, record.Certain, d.Line.Mark.Pos, d.Reply.Pos)
	v.Text = sentence("the server denied "+prose.Quote(d.Line.Text)+", and the session ended", c.replied(&d.Reply))
	v.Next = steps("check the name, the working directory and the user's rights at the server")
	return v
}

// optional reports whether a command's refusal keeps a client from nothing.
func optional(line string) bool { return optionalCommands().MatchString(line) }

var optionalCommands = pattern(`(?i)^(SITE|MDTM|MFMT|SIZE|XCRC|XMD5|HASH|MLST|HELP|HOST|CSID|LANG|PBSZ|PROT|CCC|AUTH|MODE|STRU|TYPE|REST|XSHA\w*|MD5|AVBL|THMB|REIN|[^A-Za-z])`)

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
	v.Text = sentence("the server greeted " + prose.Lasting(took) + " after the connection was opened" + c.packets(c.Notes.Control.SYN.Pos, g.Pos))
	v.Next = steps("does the server ask ident (port 113) of the client and get no answer? Switch that off"+c.settings(settings.NoIdent)+", or reject port 113 instead of dropping it",
		"does it look up the client's name in DNS? Switch that off"+c.settings(settings.NoDNS), "is the server short of processes or overloaded?")
	return v
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

// cutShort is a session of which the capture lacks what would tell.
func cutShort(c *hearing) *record.Verdict {
	if c.Login != record.LoginNone || c.encrypted() || c.Capture.ServerSide && c.Capture.ClientSide || len(c.Transfers) == 0 && c.Commands == 0 {
		return nil
	}
	if c.didSomething() {
		return nil
	}
	v := begin(record.CauseNotCaptured, record.AtCapture, record.Likely)
	v.Text = sentence("the capture does not tell how the session went: " + c.lacks())
	v.Next = steps("capture both directions, at the client or at the server")
	return v
}
