package ladder

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// What neither side of the ladder sent (a third host's packets, a router's error) and
// what ended the control connection.

// leastHost is how much of an address stands beside an arrow at least; the note has it
// whole.
const leastHost = 8

const maxAddr4 = len("255.255.255.255") // there is room for as much

// stranger makes of a rung a line between the sides: the third host's address, an arrow
// and the port that it is about.
func (l *Ladder) stranger(r Rung, from bool) Rung {
	c := l.t.Connection
	r.Full, r.Host, r.FromHost, r.Side = r.Text, c.Src.String(), from, l.dataRung().To
	arrow := " ◀═══ " + r.Text + " ═══ " + prose.Port(c.Dst.Port())
	if from {
		arrow = " ═══ " + r.Text + " ═══▶ " + prose.Port(c.Dst.Port())
	}
	r.Text = prose.Cut(c.Src.Addr().String(), max(inner-2-prose.Columns(arrow), leastHost)) + arrow
	r.centred = true
	return r
}

// foreign reports whether another host than client and server opened the data connection,
// or tried to.
func (l *Ladder) foreign() bool { return l.t.Initiator == record.ThirdParty }

// icmpError draws an ICMP error: as an arrow if the host that was to be reached sent it,
// else between the sides.
func (l *Ladder) icmpError(back Rung) Rung {
	back.Text, back.Note = "ICMP: unreachable", diagnosis.LastTry(l.t)
	i := diagnosis.ICMPOf(l.t)
	if i == nil {
		return back
	}
	if i.Mark.Seen() {
		back.Pos, back.Time = i.Mark.Pos, i.Mark.Time
	}
	record := diagnosis.ICMPRecord(i)
	from := record.From.Unmap()
	if from == l.t.Connection.Dst.Addr().Unmap() && !l.foreign() {
		return back
	}
	back.centred, back.Note = true, ""
	back.Text = "ICMP " + strings.TrimPrefix(diagnosis.ICMPName(record), "ICMP ")
	back.Full, back.Host, back.FromHost, back.Side = back.Text, from.String(), true, back.To
	if whole := back.Text + " from " + from.String(); prose.Columns(whole) <= inner-2 {
		back.Text = whole
	} else {
		back.Note = "from " + from.String()
	}
	return back
}

// finalReply is the reply that ended the transfer; nil when none is known, or when it
// only answered the negotiation.
func (l *Ladder) finalReply() *record.Reply {
	r, a := l.t.Reply, l.t.Notes.Answer
	if r == nil || a != nil && r.Pos == a.Pos && l.t.Command == nil {
		return nil
	}
	return r
}

// absence is a remark that something did not happen; it stands before the reply that
// ended the waiting.
func (l *Ladder) absence(text string) {
	r := Rung{Remark: true, Text: text}
	if end := l.finalReply(); end != nil {
		r.Pos, r.Time = end.Pos, end.Time.Time
	}
	l.Rungs = append(l.Rungs, r)
}

// hangup adds the packet that ended the control connection while the session's last
// transfer waited for its reply.
func (l *Ladder) hangup() {
	t := l.t
	if t.Notes.Ran == nil || t.N != len(l.S.Transfers) || l.finalReply() != nil || l.S.Notes.Quit.Seen() {
		return
	}
	if r := ending(l.S, t.Notes.Ran.Mark.Ord); r.Pos.Seen() {
		r.Note = strings.Join(append([]string{"the control connection ends; no final reply was seen"}, words(r.Note)...), "; ")
		l.Say(r)
	}
}

// words are a note, if there is one.
func words(note string) []string {
	if note == "" {
		return nil
	}
	return []string{note}
}

// ending is the first packet that ended a session's control connection after another.
func ending(s *record.Session, after uint64) (first Rung) {
	c := &s.Notes.Control
	ord := uint64(0) // positions alone do not order the packets of several files
	for d := range c.Half {
		to, by := flow.Out, record.Client
		if (flow.Direction(d) == flow.Out) != (c.Src == s.Client) {
			to, by = flow.In, record.Server
		}
		h := &c.Half[d]
		for _, m := range []struct {
			mark flow.Mark
			text string
			rst  bool
		}{{h.RST, "RST: resets the connection", true}, {h.FIN, "FIN: closes the connection", false}} {
			if m.mark.Seen() && m.mark.Ord > after && (ord == 0 || m.mark.Ord < ord) {
				ord = m.mark.Ord
				first = Rung{Pos: m.mark.Pos, Time: m.mark.Time, To: to, Text: m.text}
				if m.rst && s.IsForged(c, by, true) {
					first.Text, first.Note = "RST in the "+by+"'s name", "by its TTL, the "+by+" did not send it"
				}
			}
		}
	}
	return first
}

// End draws how a session ended whose verdict is of its control connection: the silence
// before its last command, that command and what ended it. It is nil where a transfer's
// ladder shows that, or where there is nothing to show.
func End(s *record.Session, files bool) *Ladder {
	w, v := s.Notes.Waiting, s.Verdict
	if w == nil || v == nil || v.Transfer > 0 || v.Cause == record.CauseNone || s.Hides() {
		return nil
	}
	for i := range s.Transfers {
		if ran := s.Transfers[i].Notes.Ran; ran != nil && ran.Mark.Ord >= w.Mark.Ord {
			return nil
		}
	}
	l := &Ladder{S: s, Files: files}
	if idle := s.Notes.Idle; idle >= flow.Second && s.Notes.ClientSpoke < w.Mark.Time {
		l.Rungs = append(l.Rungs, Rung{Remark: true, lead: true, centred: true, Text: "⋮ " + prose.Lasting(idle) + " of silence ⋮"})
	}
	l.line(w, "")
	if r := ending(s, w.Mark.Ord); r.Pos.Seen() {
		l.Say(r)
	} else {
		l.Rungs = append(l.Rungs, Rung{Remark: true, Text: "no reply in the capture"})
	}
	return l
}

// timed says in a note how long a reply came after its command, where that is worth a
// word; always for the reply that ends a transfer.
func timed(note string, asked *record.Line, r *record.Reply, always bool) string {
	const worth = 100 * flow.Millisecond
	if asked == nil || r == nil || asked.Mark.Time == 0 || r.Time.Time < asked.Mark.Time {
		return note
	}
	after := r.Time.Time - asked.Mark.Time
	if !always && after < worth {
		return note
	}
	words := "after " + prose.FineSpan(after)
	if after >= flow.Second {
		words = "after " + prose.Lasting(after)
	}
	if note == "" {
		return words
	}
	return words + ": " + note
}

// refusal is the note of a reply that says no: with its text, where the arrow has no room
// for it.
func refusal(r *record.Reply, note string) string {
	const most = 120 // two or three lines of notes
	if text := ReplyText(r); prose.Columns(text) > arrowText {
		note += ": " + prose.CutEnd(text, most)
	}
	return note
}
