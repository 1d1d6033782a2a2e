package ladder

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Closer is who ended a data connection, and by which packet; empty: the capture does not
// tell.
func Closer(s *record.Session, t *record.Transfer) (who, how string, at flow.Mark, side flow.Direction) {
	c := t.Notes.Conn
	if c == nil {
		return "", "", flow.Mark{}, 0
	}
	for d := range c.Half {
		for _, m := range []struct {
			flow.Mark
			how string
		}{{c.Half[d].FIN, "FIN"}, {c.Half[d].RST, "RST"}} {
			if m.Seen() && (!at.Seen() || m.Ord < at.Ord) {
				at, how, side = m.Mark, m.how, flow.Direction(d)
			}
		}
	}
	if !at.Seen() {
		return "", "", at, 0
	}
	end := c.Src
	if side == flow.In {
		end = c.Dst
	}
	switch prose.Plain(end.Addr()) {
	case prose.Plain(s.Server.Addr()):
		who = record.Server
	case prose.Plain(s.Client.Addr()):
		who = record.Client
	default:
		who = end.Addr().String()
	}
	if s.Server.Addr() == s.Client.Addr() { // the addresses do not tell
		who = end.String()
	}
	return who, how, at, side
}

// Rate is how fast the data came; empty when they came in an instant.
func Rate(t *record.Transfer) string {
	c := t.Notes.Conn
	if c == nil || t.Carried() == nil || *t.Carried() == 0 {
		return ""
	}
	var first flow.Time
	for _, h := range c.Half {
		if h.FirstData.Seen() && (first == 0 || h.FirstData.Time < first) {
			first = h.FirstData.Time
		}
	}
	took := c.Last.Time - first
	for _, h := range c.Half {
		if h.FIN.Seen() && h.FIN.Time > first {
			took = min(took, h.FIN.Time-first)
		}
	}
	if first == 0 || took < flow.Millisecond {
		return ""
	}
	return prose.Size(uint64(float64(*t.Carried())*float64(flow.Second)/float64(took))) + "/s over " + prose.FineSpan(took)
}

// DataEnd adds who ended the data connection to a ladder.
func (l *Ladder) DataEnd() bool {
	own := l.foreign() && l.ownTry()
	who, how, at, side := Closer(l.S, l.t)
	if who == "" || !l.t.Opened() {
		return own
	}
	r := l.dataRung()
	if side == flow.In {
		r.To = flow.Out + flow.In - r.To
	}
	r.Pos, r.Time, r.Text = at.Pos, at.Time, map[string]string{"FIN": "FIN: closes the data connection", "RST": "RST: resets the data connection"}[how]
	r.Note = Rate(l.t)
	if how == "RST" && (who == record.Client || who == record.Server) && l.S.IsForged(l.t.Notes.Conn, who, true) {
		r.Text, r.Note = "RST in the "+who+"'s name", "by its TTL, the "+who+" did not send it"
	}
	if l.foreign() {
		r = l.stranger(r, side == flow.Out)
	}
	l.Rungs = append(l.Rungs, r)
	return true
}

// ownTry adds the client's own connection, where another host was at the port as well.
func (l *Ladder) ownTry() bool {
	c := OwnTry(l.S, l.t)
	if c == nil || l.t.Mode != record.Passive || !c.Start.Seen() {
		return false
	}
	l.Rungs = append(l.Rungs, Rung{Pos: c.Start.Pos, Time: c.Start.Time, To: flow.Out, Bold: true, Left: prose.Port(c.Src.Port()), Right: prose.Port(c.Dst.Port()),
		Text: "SYN: the client's own try", Note: map[bool]string{true: "another host had come first"}[c.Start.Time >= l.t.Connection.Start.Time]})
	return true
}

// OwnTry is the client's first connection to the port that another host connected to; nil
// when there was none.
func OwnTry(s *record.Session, t *record.Transfer) *flow.Conn {
	for i := range t.Notes.Tried {
		if c := &t.Notes.Tried[i]; prose.Plain(c.Src.Addr()) == prose.Plain(s.Client.Addr()) {
			return c
		}
	}
	return nil
}
