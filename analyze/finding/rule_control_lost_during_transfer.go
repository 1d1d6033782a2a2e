package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var controlLost = Rule{
	ID: "control-lost-during-transfer", Severity: record.High,
	Title:   "control connection lost during a transfer",
	Meaning: "The control connection ended (RST, FIN or silence) while a transfer ran. Nothing is sent on it meanwhile, so a NAT or firewall may have forgotten it after its idle time. Medium if the client left without waiting for the reply.",
	judge:   each(lostControl),
}

func lostControl(c *Case, t *record.Transfer) (draft, bool) {
	end, ok := controlEnd(c, t)
	if !ok || end.given {
		return draft{}, false
	}
	what := "the control connection " + end.how + c.packets(end.frame) + " while " + named(t) + " ran" + c.packets(t.Frames.Command)
	if end.waited > 0 {
		what = "no final reply to " + named(t) + c.packets(t.Frames.Command) + " came within " + prose.Lasting(end.waited) + " after the end of the data connection"
		if end.how != "" {
			what = prose.Clauses(what, end.how+c.packets(end.frame))
		}
	}
	v := draft{
		message: prose.Clauses(what, end.ran(), dataThen(c, t)),
		frames:  evidence(t, t.Frames.SYN, end.frame),
	}
	if end.left {
		v.severity = record.Medium
	}
	return v, true
}

// lostEnd is how a control connection ended under a transfer.
type lostEnd struct {
	how    string
	frame  flow.Pos
	idle   flow.Time
	waited flow.Time // of one that fell silent: for how long at least no reply came; else 0
	given  bool      // the client ended the data connection too, before the server did: it gave up, and nothing was lost
	left   bool      // the client ended it after the server had ended the data connection
}

// ran says how long the connection had been idle.
func (e *lostEnd) ran() string {
	switch {
	case e.idle < flow.Second:
		return ""
	case e.waited > 0:
		return "the control connection had been idle for " + prose.Lasting(e.idle) + " when the reply was due"
	}
	return "no command or reply had passed on it for " + prose.Lasting(e.idle)
}

// controlEnd reports whether the control connection ended before the final reply to a
// transfer that ran, and how.
func controlEnd(c *Case, t *record.Transfer) (lostEnd, bool) {
	conn, control := t.Notes.Conn, &c.Notes.Control
	if t.Reply != nil || t.Command == nil || conn == nil || conn.State != flow.Established || t.Method == record.MethodEncrypted ||
		c.Notes.Quit.Seen() && c.Notes.Quit.Time <= conn.Last.Time || !lastCommand(c, t) {
		return lostEnd{}, false
	}
	client, server := c.Halves(control)
	dataClient, dataServer := c.Halves(conn)
	e := lostEnd{}
	var at flow.Mark
	switch {
	case earlier(server.RST, client.RST):
		e.how, at = resetFrom(c, control, record.Server), server.RST
	case client.RST.Seen() && !server.FIN.Seen():
		e.how, at = resetFrom(c, control, record.Client), client.RST
	case earlier(server.FIN, client.FIN):
		e.how, at = "was closed by the server (FIN)", server.FIN
	case client.FIN.Seen():
		e.how, at = "was closed by the client (FIN)", client.FIN
	default:
		return silentEnd(c, t)
	}
	switch {
	case !c.gapless() && (at.Time > conn.Last.Time || at == server.FIN || at == client.FIN):
		return lostEnd{}, false // the reply may be what the capture lacks
	case at == server.FIN && c.Notes.Quit.Seen() && c.Notes.Quit.Time <= at.Time:
		return lostEnd{}, false // the server did what QUIT asks for
	}
	const together = 2 * flow.Second
	if at == client.RST || at == client.FIN {
		for _, m := range []flow.Mark{dataClient.RST, dataClient.FIN} {
			e.given = e.given || earlier(m, dataServer.FIN) && m.Time-at.Time < together && at.Time-m.Time < together
		}
		e.left = earlier(dataServer.FIN, at)
	}
	e.frame, e.idle = at.Pos, idleUntil(c, t, at.Time)
	return e, true
}

// silentEnd is a control connection of which nothing more came though the transfer ended
// and the capture went on.
func silentEnd(c *Case, t *record.Transfer) (lostEnd, bool) {
	conn, control := t.Notes.Conn, &c.Notes.Control
	last := max(control.Last.Time, conn.Last.Time)
	if !c.gapless() || conn.Closing == flow.Cut || last-conn.Last.Time < silence && !c.ranOn(conn.Last.Time, silence) {
		return lostEnd{}, false
	}
	e := lostEnd{frame: control.Last.Pos, waited: max(last-conn.Last.Time, silence), idle: conn.Last.Time - lastSaid(c, t)}
	if control.Last.Time > conn.Last.Time {
		e.how = "what was sent on the control connection after it got no answer"
	}
	return e, true
}

// lastCommand reports whether no later transfer was commanded: then the session went on.
func lastCommand(c *Case, t *record.Transfer) bool {
	return t.N == c.glance().lastCommand
}

// idleUntil is how long the control connection had been silent. Where it was its last
// packet that ended it, the notes tell, for they know of commands without an answer too.
func idleUntil(c *Case, t *record.Transfer, at flow.Time) flow.Time {
	if c.Notes.Idle > 0 && at == c.Notes.Control.Last.Time {
		return c.Notes.Idle
	}
	return at - lastSaid(c, t)
}

// lastSaid is when the transfer's command came, or its preliminary reply.
func lastSaid(c *Case, t *record.Transfer) (last flow.Time) {
	if t.Notes.Ran != nil {
		last = t.Notes.Ran.Mark.Time
	}
	if t.Preliminary != nil {
		last = max(last, t.Preliminary.Time.Time)
	}
	return last
}

// dataThen says how the data connection went on.
func dataThen(c *Case, t *record.Transfer) string {
	carried := ""
	if t.Carried() != nil {
		carried = " after " + prose.Many(*t.Carried(), "byte")
	}
	how, _, last := ending(c, t.Notes.Conn)
	if how == "" {
		return ""
	}
	return "the data connection " + how + carried + c.packets(last.Pos)
}
