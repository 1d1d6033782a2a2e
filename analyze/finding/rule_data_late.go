package finding

import (
	"slices"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var dataLate = Rule{
	ID: "data-late", Severity: record.High,
	Title:   "data connection too late",
	Meaning: "The data connection was established, or its SYN answered, after the server had given up waiting for it (425): something delays it, or its first SYNs were lost.",
	judge:   eachOpening(late),
}

func late(c *Case, t *record.Transfer) (draft, bool) {
	conn := t.Notes.Conn
	if conn == nil || t.Reply == nil || t.Reply.Code != 425 || t.Method == record.MethodEncrypted {
		return draft{}, false
	}
	delay := delayOf(t)
	if delay <= 0 {
		return draft{}, false
	}
	what := "the data connection to " + conn.Dst.String() + " was established " + prose.Lasting(delay) + " after the server " + c.answered(t.Reply)
	if conn.State != flow.Established {
		what = "the answer (SYN-ACK) to the data connection's SYN came from " + conn.Dst.String() + " " + prose.Lasting(delay) + " after the server " + c.answered(t.Reply)
	}
	r := triesOf(t)
	tried := c.opener(t) + " sent " + prose.Many(r.syns, "SYN") + r.over() + c.packets(r.frames...)
	if conn.SYNACK.Pos.Packet() > 0 {
		tried += ", and the answer is packet " + c.packet(conn.SYNACK.Pos)
	}
	return draft{
		message: what + "; " + tried,
		frames:  evidence(t, append(r.frames, conn.SYNACK.Pos)...),
	}, true
}

// delayOf is how long after the final reply the data connection was answered; 0 when it
// was not, or not after it.
func delayOf(t *record.Transfer) flow.Time {
	conn := t.Notes.Conn
	open := conn.SYNACK
	if !open.Seen() && conn.State == flow.Established {
		open = conn.Start
	}
	if !open.Seen() || conn.State != flow.Established && conn.State != flow.Unknown {
		return 0
	}
	delay := open.Time - t.Reply.Time.Time
	if open.Pos < t.Reply.Pos && (delay > flow.Disorder || setBack(t)) {
		return 0
	}
	return max(0, delay)
}

// setBack reports whether the clock was set back while the transfer was under way: the
// times of what was said go back, too.
func setBack(t *record.Transfer) bool {
	var said []flow.Time
	if t.Notes.Answer != nil {
		said = append(said, t.Notes.Answer.Time.Time)
	}
	if t.Notes.Ran != nil {
		said = append(said, t.Notes.Ran.Mark.Time)
	}
	if t.Reply != nil {
		said = append(said, t.Reply.Time.Time)
	}
	return !slices.IsSorted(said)
}
