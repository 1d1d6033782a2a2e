package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var dataCut = Rule{
	ID: "data-cut", Severity: record.Medium,
	Title:   "data connection cut off",
	Meaning: "The data connection was established and then reset, closed early or silent, and the server reported that the transfer failed (421, 425, 426, 451) or said nothing. It was not an ABOR. This includes clients that gave up and closed both connections.",
	judge:   each(cutOff),
}

func cutOff(c *Case, t *record.Transfer) (draft, bool) {
	conn := t.Notes.Conn
	if conn == nil || conn.State != flow.Established || t.Notes.Abort.Seen() || t.Initiator == record.ThirdParty {
		return draft{}, false
	}
	end, ended := controlEnd(c, t)
	if ended != end.given || !ended && !cutReply(c, t) {
		return draft{}, false
	}
	how, severity, last := ending(c, conn)
	if how == "" {
		return draft{}, false
	}
	carried := ""
	if t.Carried() != nil {
		carried = " after " + prose.Many(*t.Carried(), "byte")
	}
	gaveUp := ""
	if ended {
		gaveUp = prose.Clauses("the control connection "+end.how+" at the same time"+c.packets(end.frame), end.ran())
	}
	open := "the data connection of " + named(t) + " was open" + c.packets(t.Frames.SYN)
	v := draft{
		severity: severity,
		message:  prose.Clauses(open+" and "+how+carried+c.packets(last.Pos), gaveUp, c.then(t)),
		frames:   evidence(t, t.Frames.SYN, last.Pos, end.frame),
	}
	if t.Reply != nil && t.Reply.Time.Time < last.Time && severity == "" {
		v.message = prose.Clauses(c.then(t)+" while "+open, "then it "+how+carried+c.packets(last.Pos))
	}
	return v, true
}

// cutReply reports whether the reply, or its absence, fits a connection that was cut: RFC
// 959 section 4.2.2 has 425, 426 and 451 for that, and 421 where the server closes the
// control connection too; other codes have reasons of their own.
func cutReply(c *Case, t *record.Transfer) bool {
	if t.Reply == nil {
		return t.Command != nil && t.Outcome == record.Aborted && c.gapless()
	}
	conn := t.Notes.Conn
	switch t.Reply.Code {
	case 425:
		return later(conn.Start, conn.SYNACK).Time <= t.Reply.Time.Time
	case 421, 426, 451:
		return true
	}
	return false
}

// ending says how a connection ended and which packet shows it.
func ending(c *Case, conn *flow.Conn) (how, severity string, at flow.Mark) {
	client, server := c.Halves(conn)
	switch {
	case earlier(server.RST, client.RST):
		return resetFrom(c, conn, record.Server), "", server.RST
	case client.RST.Seen():
		return resetFrom(c, conn, record.Client), "", client.RST
	case earlier(client.FIN, server.FIN):
		return "was closed by the client", "", client.FIN
	case server.FIN.Seen():
		return "was closed by the server", "", server.FIN
	case conn.Closing == flow.Cut:
		if d := c.silentFor(conn.Last.Time); d >= silence {
			return "then fell silent for " + prose.Lasting(d), record.High, conn.Last
		}
	}
	return "", "", flow.Mark{}
}

// resetFrom says in whose name a RST came, and whether the host did not send it.
func resetFrom(c *Case, conn *flow.Conn, by string) string {
	if c.IsForged(conn, by, true) {
		return "was reset in the " + by + "'s name (not by it, as the TTL tells)"
	}
	return "was reset from the " + by + "'s address"
}

// earlier reports whether a was seen, and b not before it.
func earlier(a, b flow.Mark) bool { return a.Seen() && (!b.Seen() || a.Time < b.Time) }

// silence is how long a transfer that still runs is not silent: retransmissions come more
// often than that.
const silence = 30 * flow.Second
