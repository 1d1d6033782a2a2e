package report

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// What neither side of the ladder sent (a third host's packets, a router's error) and what ended the control connection.

// leastHost is how much of an address stands beside an arrow at least; the note has it whole.
const leastHost = 8

const maxAddr4 = len("255.255.255.255") // there is room for as much

// stranger makes of a rung a line between the sides: the third host's address, an arrow and the port that it is about.
func (l *ladder) stranger(r rung, from bool) rung {
	c := l.t.Connection
	r.full, r.host, r.fromHost, r.side = r.text, c.Src.String(), from, l.dataRung().to
	arrow := " ◀═══ " + r.text + " ═══ " + port(c.Dst.Port())
	if from {
		arrow = " ═══ " + r.text + " ═══▶ " + port(c.Dst.Port())
	}
	r.text = prose.Cut(c.Src.Addr().String(), max(inner-2-prose.Columns(arrow), leastHost)) + arrow
	r.centred = true
	return r
}

// foreign reports whether another host than client and server opened the data connection, or tried to.
func (l *ladder) foreign() bool { return l.t.Initiator == record.ThirdParty }

// icmpError draws an ICMP error: as an arrow if the host that was to be reached sent it, else between the sides.
func (l *ladder) icmpError(back rung) rung {
	back.text, back.note = "ICMP: unreachable", verdict(l.t)
	i := icmpOf(l.t)
	if i == nil {
		return back
	}
	if i.Mark.Seen() {
		back.pos, back.time = i.Mark.Pos, i.Mark.Time
	}
	record := icmpRecord(i)
	from := record.From.Unmap()
	if from == l.t.Connection.Dst.Addr().Unmap() && !l.foreign() {
		return back
	}
	back.centred, back.note = true, ""
	back.text = "ICMP " + strings.TrimPrefix(icmpName(record), "ICMP ")
	back.full, back.host, back.fromHost, back.side = back.text, from.String(), true, back.to
	if whole := back.text + " from " + from.String(); prose.Columns(whole) <= inner-2 {
		back.text = whole
	} else {
		back.note = "from " + from.String()
	}
	return back
}

// finalReply is the reply that ended the transfer; nil when none is known, or when it only answered the negotiation.
func (l *ladder) finalReply() *record.Reply {
	r, a := l.t.Reply, l.t.Notes.Answer
	if r == nil || a != nil && r.Pos == a.Pos && l.t.Command == nil {
		return nil
	}
	return r
}

// absence is a remark that something did not happen; it stands before the reply that ended the waiting.
func (l *ladder) absence(text string) {
	r := rung{remark: true, text: text}
	if end := l.finalReply(); end != nil {
		r.pos, r.time = end.Pos, end.Time.Time
	}
	l.rungs = append(l.rungs, r)
}

// hangup adds the packet that ended the control connection while the session's last transfer waited for its reply.
func (l *ladder) hangup() {
	t, c := l.t, &l.s.Notes.Control
	last := &l.s.Transfers[len(l.s.Transfers)-1]
	if t.Notes.Ran == nil || t.N != last.N || l.finalReply() != nil || l.s.Notes.Quit.Seen() {
		return
	}
	var first rung
	ord := uint64(0) // positions alone do not order the packets of several files
	for d := range c.Half {
		to := flow.Out
		if (flow.Direction(d) == flow.Out) != (c.Src == l.s.Client) {
			to = flow.In
		}
		h := &c.Half[d]
		for _, m := range []struct {
			mark flow.Mark
			text string
		}{{h.RST, "RST: resets the connection"}, {h.FIN, "FIN: closes the connection"}} {
			if m.mark.Seen() && m.mark.Ord > t.Notes.Ran.Mark.Ord && (ord == 0 || m.mark.Ord < ord) {
				ord = m.mark.Ord
				first = rung{pos: m.mark.Pos, time: m.mark.Time, to: to, text: m.text,
					note: "the control connection ends; no final reply was seen"}
			}
		}
	}
	if ord > 0 {
		l.say(first)
	}
}

// refusal is the note of a reply that says no: with its text, where the arrow has no room for it.
func refusal(r *record.Reply, note string) string {
	const most = 120 // two or three lines of notes
	if text := replyText(r); prose.Columns(text) > arrowText {
		note += ": " + prose.CutEnd(text, most)
	}
	return note
}
