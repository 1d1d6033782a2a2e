package ladder

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// The data connection's rungs, and how rungs are drawn.

// connection adds the SYN, what answered it and the data.
func (l *Ladder) connection() {
	t := l.t
	c := t.Connection
	if c == nil {
		if t.Outcome == record.NoConnection {
			l.absence("no SYN of the data connection in the capture")
		}
		return
	}
	r := l.dataRung()
	r.Pos, r.Time = t.Frames.SYN, c.Start.Time
	if !r.Pos.Seen() && t.Notes.Conn != nil {
		r.Pos = t.Notes.Conn.Start.Pos
	}
	r.Text, r.Note = "SYN: opens the data connection", l.opener()
	if !t.SYNSeen() {
		r.Text, r.Note = "data connection, its SYN not captured", "who opened it is inferred"
	}
	if !t.Opened() {
		l.failure(r)
		return
	}
	if l.foreign() {
		if r.Text = "SYN"; !t.SYNSeen() {
			r.Text = "connection"
		}
		l.Rungs = append(l.Rungs, l.stranger(r, true))
	} else {
		l.Rungs = append(l.Rungs, r)
	}
	l.data(r)
}

// dataRung is an arrow from who opened the data connection to the other side.
func (l *Ladder) dataRung() Rung {
	c := l.t.Connection
	toClient := l.t.Initiator == record.Server // the addresses do not tell when both sides are one host
	if l.t.Initiator != record.Server && l.t.Initiator != record.Client {
		toClient = c.Dst.Addr() == l.S.Client.Addr() || c.Dst.Addr() != l.S.Server.Addr() && l.t.Mode == record.Active
	}
	if toClient {
		return Rung{To: flow.In, Bold: true, Left: prose.Port(c.Dst.Port()), Right: prose.Port(c.Src.Port())}
	}
	return Rung{To: flow.Out, Bold: true, Left: prose.Port(c.Src.Port()), Right: prose.Port(c.Dst.Port())}
}

// opener says who opened the connection and what that makes of the mode.
func (l *Ladder) opener() string {
	t, c := l.t, l.t.Connection
	note := "◀ the " + diagnosis.Party(t.Initiator) + " is the initiator"
	if l.foreign() {
		note = "◀ a third host is the initiator"
	}
	switch t.Initiator {
	case record.Server, record.Client:
		if t.Mode == record.Active || t.Mode == record.Passive {
			note += ": " + strings.ToUpper(t.Mode)
		}
	case record.ThirdParty:
		if host := c.Src.Addr().String(); prose.Columns(host) > maxAddr4 {
			note += ": " + host
		}
	}
	if dst := c.Dst.Addr(); diagnosis.Detour(t) || dst != l.S.Client.Addr() && dst != l.S.Server.Addr() {
		note += "; it went to " + c.Dst.String()
	}
	return note
}

// failure adds the tries and what answered them.
func (l *Ladder) failure(r Rung) {
	c := l.t.Connection
	r.Text, r.Note = "SYN", "the "+diagnosis.Party(l.t.Initiator)+" tries to reach "+c.Dst.String()
	if c.Attempts > 1 {
		r.Text = "SYN, " + prose.Number(uint64(c.Attempts)) + " times"
	}
	if l.foreign() {
		r.Note = "a third host, " + c.Src.Addr().String() + ", tries to reach " + c.Dst.String()
		l.Rungs = append(l.Rungs, l.stranger(r, true))
	} else {
		l.Rungs = append(l.Rungs, r)
	}
	back := r
	back.To, back.Pos, back.Note = flow.Out+flow.In-r.To, l.lastTry(r.Pos), ""
	switch c.State {
	case record.Refused:
		if back.Text = "RST: refused"; l.foreign() {
			back = l.stranger(back, false)
		}
	case record.Unreachable:
		back = l.icmpError(back)
	case record.Unanswered:
		l.absence("no answer")
		return
	case record.Unknown:
		if diagnosis.Lone(l.t) {
			l.absence("no answer in this capture")
		}
		return
	default:
		return
	}
	l.Rungs = append(l.Rungs, back)
}

// lastTry is the last packet of the tries, if it is known.
func (l *Ladder) lastTry(first flow.Pos) flow.Pos {
	if c := l.t.Notes.Conn; c != nil && c.Last.Seen() {
		return max(first, c.Last.Pos)
	}
	return first
}

// data adds the payload, pointing the way in which it went.
func (l *Ladder) data(r Rung) {
	t := l.t
	if t.Carried() == nil || *t.Carried() == 0 && !t.Frames.FirstData.Seen() {
		return
	}
	r.To = flow.In
	if t.Direction != nil && *t.Direction == record.Upload || t.Direction == nil && t.Notes.From.IsValid() && t.Notes.From.Addr() == l.S.Client.Addr() {
		r.To = flow.Out
	}
	r.Pos, r.Text, r.Note = t.Frames.FirstData, prose.Many(*t.Carried(), "byte"), ""
	if t.MissingBytes != nil && *t.MissingBytes > 0 {
		r.Note = prose.Number(*t.MissingBytes) + " of them are missing from the capture"
	}
	if !r.Pos.Seen() {
		r.Pos = l.lastTry(0) // where the data begin is not known: draw them where the connection ends
	}
	if c := t.Notes.Conn; c != nil {
		for _, h := range c.Half {
			if h.FirstData.Pos == r.Pos {
				r.Time = h.FirstData.Time
			}
		}
	}
	if l.foreign() { // the half of who opened it tells which way they went, whatever the command says
		r = l.stranger(r, t.Notes.Conn != nil && t.Notes.Conn.Half[flow.Out].Bytes > t.Notes.Conn.Half[flow.In].Bytes)
	}
	l.Rungs = append(l.Rungs, r)
}

// Write draws the ladder.
func (l *Ladder) Write(p *prose.Page) {
	width := p.Width
	client, server := "client "+l.S.Client.Addr().String(), "server "+l.S.Server.Addr().String()
	over := Indent + inner + 2 + prose.Columns("server") // the server's name begins above its side, and ends on the page
	if prose.Columns(client)+2+prose.Columns(server)+Indent > width {
		p.WriteString(prose.Spaces(Indent) + client + "\n")
		client = ""
	}
	at := max(min(over-prose.Columns("server")-prose.Columns("server")/2, width-prose.Columns(server)), Indent+prose.Columns(client)+2)
	p.WriteString(prose.Pad(prose.Spaces(Indent)+client, at) + server + "\n")
	var last flow.Time
	for i := range l.Rungs {
		r := &l.Rungs[i]
		if gap := r.Time - last; last > 0 && gap >= flow.Second {
			l.draw(p, &Rung{Remark: true, centred: true, Text: "⋮ " + prose.Lasting(gap) + " ⋮"})
		}
		last = max(last, r.Time)
		l.draw(p, r)
	}
}

// leastNote is the least room that notes take beside an arrow; deep is where they begin
// below it.
const (
	leastNote = 20
	deep      = 8
)

func (l *Ladder) draw(p *prose.Page, r *Rung) {
	body := prose.Pad("  "+prose.Cut(r.Text, inner-2), inner)
	frame := ""
	switch {
	case r.centred:
		text := prose.Cut(r.Text, inner-2)
		body = prose.Pad(prose.Spaces((inner-prose.Columns(text))/2)+text, inner)
	case !r.Remark:
		body = arrow(r)
	}
	if r.Pos.Seen() && !r.Remark {
		frame = prose.Packet(r.Pos, l.Files)
	}
	side := prose.Spaces(Indent) + "│" + body + "│"
	note := strings.TrimSpace(frame + "  " + r.Note)
	room := p.Width - prose.Columns(side) - 2
	if room < leastNote { // below it, then
		p.WriteString(side + "\n")
		for _, line := range prose.Wrap(note, p.Width-Indent-deep) {
			p.WriteString(prose.Spaces(Indent) + "│" + prose.Spaces(deep-1) + line + "\n")
		}
		return
	}
	lines := prose.Wrap(note, room)
	if len(lines) == 0 {
		lines = []string{""}
	}
	for i, line := range lines {
		if i > 0 {
			side = prose.Spaces(Indent) + "│" + prose.Spaces(inner) + "│"
		}
		p.WriteString(strings.TrimRight(side+"  "+line, " ") + "\n")
	}
}

// arrow draws " 51234 ── PORT … ──▶ 21    ".
func arrow(r *Rung) string {
	dash, left, right := "─", "", "▶"
	if r.Bold {
		dash = "═"
	}
	if r.To == flow.In {
		left, right = "◀", ""
	}
	text := prose.Cut(r.Text, arrowText)
	if r.whole {
		text = prose.CutEnd(r.Text, arrowText)
	}
	line := left + strings.Repeat(dash, 3-prose.Columns(left)) + " " + text + " "
	line += strings.Repeat(dash, max(arrowRoom-prose.Columns(line)-prose.Columns(right), 0)) + right
	return " " + prose.PadLeft(r.Left, portColumns) + " " + line + " " + prose.Pad(r.Right, portColumns) + " "
}
