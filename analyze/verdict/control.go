package verdict

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// The control connection: commands that got no answer, and how it was broken off.

// brokenOff is a control connection that ended from the server's address with a command
// unanswered.
func brokenOff(c *hearing) *record.Verdict {
	w := c.Notes.Waiting
	control := &c.Notes.Control
	e := c.ended(control)
	if w == nil || e.by != record.Server || e.at.Time < w.Mark.Time || !c.gapless() || c.Notes.Quit.Seen() || c.encrypted() {
		return nil
	}
	v := begin(record.CauseServerClosed, record.AtServer, record.Open, w.Mark.Pos, e.at.Pos)
	v.Or = []string{record.CauseControlLost}
	asked, took := prose.Quote(w.Text)+c.packets(w.Mark.Pos), prose.Lasting(e.at.Time-w.Mark.Time)
	if !e.rst {
		v.Certainty, v.Or = record.Likely, nil
		v.Text = sentence("the server closed the control connection" + c.packets(e.at.Pos) + " and did not answer " + asked)
		v.Next = steps("look at the server's log: was its program stopped, or did it crash at this command?")
		return v
	}
	v.Text = sentence("a RST from the server's address ended the control connection"+c.packets(e.at.Pos)+" "+took+" after "+asked, resetAsFar(c, control, record.Server), quiet(c, w.Mark.Time))
	v.Next = steps("look at the server's log: was its program stopped, or did it crash at this command?", "a firewall that inspects FTP, or forgot the connection, can reset it in the server's name: compare with a capture at the server")
	if far := foreignReset(c, control, record.Server); far != "" {
		v.Cause, v.At, v.Certainty, v.Or = record.CauseControlLost, record.AtFirewall, record.Certain, nil
		v.Text = sentence("a RST in the server's name, which it did not send, ended the control connection"+c.packets(e.at.Pos)+" "+took+" after "+asked+": "+far, quiet(c, w.Mark.Time))
		v.Next = steps("look at firewalls, NATs and intrusion prevention between the two: what resets connections at this command, or after how long?", passable(c, w.Text))
		if idleBefore(c, w.Mark.Time) >= shortestTimer {
			v.Next = overIdle()
		}
	} else if idleBefore(c, w.Mark.Time) >= shortestTimer {
		v.Cause, v.At, v.Or = record.CauseControlLost, record.AtFirewall, []string{record.CauseServerClosed}
		v.Next = append(overIdle(), "look at the server's log: was its program stopped?")
	}
	return v
}

// overIdle is what to do about timers that forget an idle control connection.
func overIdle() []string {
	return steps("compare the idle time with the timers of firewalls, NATs and load balancers on the way, and raise them", "let the client keep the control connection busy (TCP keepalive, NOOP)")
}

// idleBefore is how long nobody had spoken on the control connection before a command.
func idleBefore(c *hearing, asked flow.Time) flow.Time {
	if c.Notes.Idle <= 0 || c.Notes.ClientSpoke > asked {
		return 0
	}
	return c.Notes.Idle
}

// quiet tells of a long silence before a command; empty: there was none.
func quiet(c *hearing, asked flow.Time) string {
	if idle := idleBefore(c, asked); idle >= shortestTimer {
		return "before that, it had been silent for " + prose.Lasting(idle)
	}
	return ""
}

// passable is what to send instead of a command that firewalls are known not to pass.
func passable(c *hearing, line string) string {
	switch verb, _, _ := strings.Cut(strings.ToUpper(line), " "); verb {
	case "EPSV":
		if c.Server.Addr().Is6() {
			return "let firewalls that inspect FTP pass EPSV: over IPv6, PASV is no way round it"
		}
		return "let the client use PASV: some firewalls and servers do not know EPSV and drop it"
	case "EPRT":
		if c.Server.Addr().Is6() {
			return "let the client use EPSV: some firewalls and servers do not know EPRT and drop it"
		}
		return "let the client use PORT or PASV: some firewalls and servers do not know EPRT and drop it"
	case "AUTH":
		return "a firewall that inspects FTP does not pass what it cannot read: make an exception for this server, or use implicit TLS (port 990)"
	case "PORT":
		return "let the client use passive mode (" + passives(c) + "): a firewall that inspects FTP may reject the address or port that PORT names"
	}
	return ""
}

// neverAnswered is a command that had no reply until the end.
func neverAnswered(c *hearing) *record.Verdict {
	w := c.Notes.Waiting
	if w == nil || !c.Capture.ServerSide || !c.Capture.ClientSide || c.Notes.Quit.Seen() || c.encrypted() {
		return nil
	}
	waited := c.Notes.Control.Last.Time - w.Mark.Time
	if waited < record.LateReply && c.Notes.Control.Closing != flow.ResetBy && !unheard(c, w.Mark.Time) {
		return nil
	}
	v := begin(record.CauseNoReply, record.AtServer, record.Open, w.Mark.Pos, c.Notes.Control.Last.Pos)
	v.Or = []string{record.CauseControlLost}
	v.Text = sentence("the server did not answer " + prose.Quote(w.Text) + c.packets(w.Mark.Pos) + " within " + prose.Lasting(waited))
	if unheard(c, w.Mark.Time) {
		v.Cause, v.At, v.Or = record.CauseControlLost, record.AtFirewall, []string{record.CauseNoReply}
		v.Text = sentence("nobody acknowledged " + prose.Quote(w.Text) + c.packets(w.Mark.Pos) + " for " + prose.Lasting(waited) + ": it seems that the control connection was lost on the way")
		if waited < record.LateReply {
			v.Or = append(v.Or, record.CauseNotCaptured)
		}
		v.Next = steps(passable(c, w.Text), "compare the idle time with the timers of firewalls and NATs on the way, and raise them", "capture at the server: if the command does not arrive there, something on the way drops it; if it does, check whether the server still runs")
		return v
	}
	v.Next = steps("does the server program hang in this command? Look at its log", passable(c, w.Text), "a firewall that inspects FTP may drop the command or the reply: compare with a capture at the server")
	return v
}

// unheard reports whether what the client sent last on the control connection was never
// acknowledged, for a while after a time.
func unheard(c *hearing, since flow.Time) bool {
	control := &c.Notes.Control
	if control.Course == nil || !c.gapless() || control.Last.Time-since < leastHold {
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
		c.packets(d.Reply.Pos)+", after the client had left"+c.packets(end.Pos), c.replied(&d.Reply))
	v.Next = steps("why does the server program take so long for this command? Look at its log, its disks and its lookups", "raise the client's time limit for replies")
	return v
}
