package finding

import (
	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

var dataLate = Rule{
	ID: "data-late", Severity: High,
	Title:   "data connection too late",
	Meaning: "The data connection was established after the server had given up waiting for it (425): something delays it, or its first SYNs were lost.",
	judge:   each(late),
}

func late(c *Case, t *session.Transfer) (verdict, bool) {
	conn := t.Notes.Conn
	if conn == nil || t.Reply == nil || t.Reply.Code != 425 || conn.State != flow.Established || t.Method == session.MethodEncrypted {
		return verdict{}, false
	}
	open := conn.SYNACK
	if !open.Seen() {
		open = conn.Start
	}
	delay := open.Time - t.Reply.Time.Time
	if delay <= 0 {
		return verdict{}, false
	}
	what := "the data connection to " + conn.Dst.String() + " was established " + seconds(delay) + " after the server " + c.answered(t.Reply)
	r := triesOf(t)
	tried := c.opener(t) + " needed " + many(r.syns, "SYN") + r.over() + c.packets(append(r.frames, conn.SYNACK.Pos)...)
	return verdict{
		message: what + "; " + tried,
		frames:  evidence(t, append(r.frames, conn.SYNACK.Pos)...),
		advice:  "what delays the connection: packets lost on the way, a firewall that asks first, a client that waits? A longer limit at the server helps (vsftpd accept_timeout and connect_timeout, ProFTPD TimeoutStalled)",
	}, true
}
