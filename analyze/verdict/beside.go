package verdict

import (
	"net/netip"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What never became a session.

// Attempt fills in the verdict of an attempt.
func (b *Bench) Attempt(a *record.Attempt) {
	v := &record.Verdict{Cause: record.CauseServerUnanswered, At: record.AtFirewall, Certainty: record.Open}
	tried := a.ClientIP.String() + " tried " + prose.Times(a.Count) + " to connect to " + a.Server.String()
	switch a.State {
	case flow.Refused.String():
		v.Cause, v.At, v.Certainty = record.CauseServerRefused, record.AtServer, record.Likely
		v.Text = sentence(tried + " and was refused with RST")
		v.Next = steps("is the FTP server running, and does it listen on this address and port?", "a firewall on the way can send RST in the server's name: compare with a capture at the server")
	case flow.Unreachable.String():
		v.Cause, v.At, v.Certainty = record.CauseServerUnreachable, record.AtPath, record.Likely
		v.Text = sentence(tried + " and got an ICMP error: unreachable")
		v.Next = steps("check the route to " + a.Server.Addr().String())
		if e := a.ICMP; e != nil {
			v.Text = sentence(tried + " and got " + prose.ICMPError(e.From, e.Type, e.Code, e.From.String()))
			v.Next = steps("look at "+e.From.String()+": its route to the server, or its firewall", "check the route to "+a.Server.Addr().String())
		}
	case flow.Unanswered.String():
		if a.Answer.Seen() {
			v.Certainty, v.Frames = record.Likely, []flow.Pos{a.Answer}
			v.Text = sentence(tried + ", and the server answered with SYN-ACK" + (&hearing{files: b.Files}).packets(a.Answer) + ", after which the connection did not come to be: the answer, or what followed it, did not get through")
			v.Next = steps("look at the way back from "+a.Server.Addr().String()+" to "+a.ClientIP.String()+": a firewall or NAT that does not see both directions (asymmetric routing), or drops the answer", "capture at the client at the same time")
			break
		}
		fallthrough
	default:
		v.Or = []string{record.CauseServerUnreachable}
		v.Text = sentence(tried + " and got no answer")
		v.Next = steps("look for a firewall in front of the server, or on it, that drops TCP port "+prose.Number(uint64(a.Server.Port())), "is the server up, and is this its address?")
	}
	if n := b.shut[visit{a.ClientIP, a.Server}]; n != nil && n.count >= fewestFailed && !a.Answer.Seen() && a.State != flow.Unreachable.String() && a.First.Time > n.last && a.First.Time-n.last < shutOut {
		v.Text = sentence(v.Text[:len(v.Text)-1], "right before, "+many(n.count, "login")+" of it had failed there, so the server may have shut its address out")
		v.Next = append(steps("look at the server for a list of banned addresses (fail2ban, its own): it bans whoever fails to log in too often"), v.Next...)
	}
	a.Verdict = v
}

// visit is a client host at a server.
type visit struct {
	client netip.Addr
	server netip.AddrPort
}

// failed are logins that failed in a row.
type failed struct {
	count int
	last  flow.Time
}

// Of one that has not failed so often, nobody shuts the client out; shutOut is how soon
// after the last one it must come.
const (
	fewestFailed = 3
	shutOut      = 600 * flow.Second
)

// failures remembers the logins that failed.
func (b *Bench) failures(s *record.Session) {
	k := visit{s.Client.Addr(), s.Server}
	for i := range s.Notes.Logins {
		switch n, l := b.shut[k], &s.Notes.Logins[i]; {
		case l.OK:
			delete(b.shut, k)
		case n == nil && len(b.shut) < maxServers:
			b.shut[k] = &failed{1, l.Mark.Time}
		case n != nil:
			n.count, n.last = n.count+1, l.Mark.Time
		}
	}
}

// Orphan fills in the verdict of a data connection without a control connection.
func (b *Bench) Orphan(o *record.Orphan) {
	conn := &o.Conn
	c := &hearing{Session: &record.Session{Client: conn.Dst, Server: conn.Src}, files: b.Files}
	v := &record.Verdict{Cause: record.CauseNone, At: record.AtNone, Certainty: record.Likely}
	v.Text = sentence("the data connection carried " + prose.Many(o.Bytes, "byte") + " and ended in order; the control connection is not in the capture")
	if e := c.reset(conn); e.at.Seen() {
		v.Cause, v.At = record.CauseDataReset, e.by
		v.Frames = seen([]flow.Pos{e.at.Pos})
		v.Text = sentence("the "+e.by+" reset the data connection"+c.packets(e.at.Pos)+" after "+prose.Many(o.Bytes, "byte"), "the control connection, which might show why, is not in the capture")
		v.Next = steps("look at the log of the "+e.by+"'s program", "capture the control connection too")
	} else if conn.Closing == flow.Cut {
		v.Cause, v.At = record.CauseNotCaptured, record.AtCapture
		v.Text = sentence("the capture shows neither the end of the data connection nor its control connection")
		v.Next = steps("capture again from before the login to the end")
	}
	o.Verdict = v
}
