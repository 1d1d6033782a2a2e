package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var dataUnanswered = Rule{
	ID: "data-unanswered", Severity: record.High,
	Title:   "data connection not answered",
	Meaning: "The side that had to open the data connection sent SYNs to the announced endpoint, and nobody answered: a firewall drops them or the answers, or the address leads nowhere. If the capture shows an answer (SYN-ACK) that never arrived, the finding says so.",
	judge:   eachOpening(unanswered),
}

func unanswered(c *Case, t *record.Transfer) (draft, bool) {
	if halfOpen(t) {
		return halfOpened(c, t), true
	}
	if !shut(t, flow.Unanswered) {
		return answerLost(c, t)
	}
	r := triesOf(t)
	if tooEarly(c, t, &r) {
		return draft{}, false
	}
	dst := t.Connection.Dst
	what := c.opener(t) + " tried " + prose.Times(r.syns) + r.over() + " to reach " + dst.String()
	if c.covered(dst.Addr()) {
		what += " and got no answer" + c.packets(r.frames...)
	} else {
		what += c.packets(r.frames...) + "; this capture lacks the packets of " + c.party(dst.Addr()) +
			", but the SYN was sent again, so no answer came"
	}
	fate := c.translated(t)
	if fate == "" {
		fate = c.fate(t.Connection.Src.Addr(), dst.Addr())
	}
	return draft{
		message: prose.Clauses(what, c.then(t), fate),
		frames:  evidence(t, r.frames...),
	}, true
}

// answerLost is the draft of a SYN that was not repeated and whose answer is not in the
// capture: nobody is to blame for what the capture lacks.
func answerLost(c *Case, t *record.Transfer) (draft, bool) {
	conn := t.Notes.Conn
	if conn == nil || t.Connection == nil || conn.State != flow.Unknown || conn.SYNs != 1 || conn.SYNACK.Seen() || moved(t) ||
		conn.Half[flow.Out].Packets > 1 || conn.Half[flow.In].Packets > 0 || !c.covered(conn.Dst.Addr()) {
		return draft{}, false
	}
	r := triesOf(t)
	if tooEarly(c, t, &r) {
		return draft{}, false
	}
	return draft{
		severity: record.Info,
		message: prose.Clauses(c.opener(t)+" tried once to reach "+conn.Dst.String()+c.packets(r.frames...)+", and this capture holds no answer",
			"the SYN was not sent again after a second, so an answer most likely came and is missing", c.then(t)),
		frames: evidence(t, r.frames...),
		advice: "check whether the capture lacks packets: its drop counters, a buffer that was too small (tcpdump -B), a mirror port that was too slow",
	}, true
}

// halfOpen reports whether the capture shows an answer to the SYN that did not help: the
// opener never went on.
func halfOpen(t *record.Transfer) bool {
	conn := t.Notes.Conn
	if conn == nil || t.Connection == nil || conn.State != flow.Unknown || !conn.SYN.Seen() || !conn.SYNACK.Seen() || conn.Half[flow.Out].Bytes+conn.Half[flow.In].Bytes > 0 {
		return false
	}
	if t.Reply != nil && t.Reply.Code == 425 && delayOf(t) > 0 {
		return false // data-late
	}
	repeated := conn.SYNs > 1 || conn.Half[flow.In].Packets > 1
	return t.Outcome == record.NoConnection || repeated && (t.Command == nil || t.Reply == nil)
}

func halfOpened(c *Case, t *record.Transfer) draft {
	r := triesOf(t)
	opener, other := c.opener(t), c.party(r.conn.Dst.Addr())
	what := opener + " tried " + prose.Times(r.syns) + r.over() + " to reach " + r.conn.Dst.String() + c.packets(r.frames...) + " and " + other +
		" answered with SYN-ACK" + c.packets(r.conn.SYNACK.Pos)
	fate := "after it, this capture shows nothing from " + opener
	switch {
	case r.conn.Half[flow.Out].RST.Seen():
		fate = "then " + opener + " gave up with RST" + c.packets(r.conn.Half[flow.Out].RST.Pos)
	case r.conn.LastSYN.Time > r.conn.SYNACK.Time:
		fate = "after that " + opener + " sent its SYN again, so the answer did not get through"
	case r.conn.Half[flow.In].Packets > 1:
		fate = other + " sent it again, so no ACK arrived: the SYN-ACK was lost on its way, or the ACK was"
	}
	return draft{
		message: prose.Clauses(what, fate, c.then(t)),
		frames:  evidence(t, append(r.frames, r.conn.SYNACK.Pos, r.conn.Half[flow.Out].RST.Pos)...),
	}
}

// tooEarly reports whether the capture cannot show that no answer came: it ends soon
// after a single SYN, or it lacks the side that would have answered.
func tooEarly(c *Case, t *record.Transfer, r *tries) bool {
	const patience = 3 * flow.Second // a SYN is repeated after 1 s (RFC 6298 section 2), 3 s on old systems
	if r.syns > 1 {
		return false
	}
	if !c.covered(t.Connection.Dst.Addr()) {
		return true
	}
	concluded := t.Reply != nil && t.Reply != t.Notes.Answer || c.Capture.ToEnd
	return !concluded && !c.ranOn(r.first.Time, patience)
}
