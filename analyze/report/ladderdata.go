package report

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// The data connection's rungs, and how rungs are drawn.

// connection adds the SYN, what answered it and the data.
func (l *ladder) connection() {
	t := l.t
	c := t.Connection
	if c == nil {
		if t.Outcome == record.NoConnection {
			l.absence("no SYN: nobody opened the data connection")
		}
		return
	}
	r := l.dataRung()
	r.pos, r.time = t.Frames.SYN, c.Start.Time
	if !r.pos.Seen() && t.Notes.Conn != nil {
		r.pos = t.Notes.Conn.Start.Pos
	}
	r.text, r.note = "SYN: opens the data connection", l.opener()
	if !synSeen(t) {
		r.text, r.note = "data connection, its SYN not captured", "who opened it is inferred"
	}
	if !opened(t) {
		l.failure(r)
		return
	}
	if l.foreign() {
		if r.text = "SYN"; !synSeen(t) {
			r.text = "connection"
		}
		l.rungs = append(l.rungs, l.stranger(r, true))
	} else {
		l.rungs = append(l.rungs, r)
	}
	l.data(r)
}

// dataRung is an arrow from who opened the data connection to the other side.
func (l *ladder) dataRung() rung {
	c := l.t.Connection
	toClient := l.t.Initiator == record.Server // the addresses do not tell when both sides are one host
	if l.t.Initiator != record.Server && l.t.Initiator != record.Client {
		toClient = c.Dst.Addr() == l.s.Client.Addr() || c.Dst.Addr() != l.s.Server.Addr() && l.t.Mode == record.Active
	}
	if toClient {
		return rung{to: flow.In, bold: true, left: port(c.Dst.Port()), right: port(c.Src.Port())}
	}
	return rung{to: flow.Out, bold: true, left: port(c.Src.Port()), right: port(c.Dst.Port())}
}

// opener says who opened the connection and what that makes of the mode.
func (l *ladder) opener() string {
	t, c := l.t, l.t.Connection
	note := "◀ the " + party(t.Initiator) + " is the initiator"
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
	if dst := c.Dst.Addr(); detour(t) || dst != l.s.Client.Addr() && dst != l.s.Server.Addr() {
		note += "; it went to " + c.Dst.String()
	}
	return note
}

// failure adds the tries and what answered them.
func (l *ladder) failure(r rung) {
	c := l.t.Connection
	r.text, r.note = "SYN", "the "+party(l.t.Initiator)+" tries to reach "+c.Dst.String()
	if c.Attempts > 1 {
		r.text = "SYN, " + prose.Number(uint64(c.Attempts)) + " times"
	}
	if l.foreign() {
		r.note = "a third host, " + c.Src.Addr().String() + ", tries to reach " + c.Dst.String()
		l.rungs = append(l.rungs, l.stranger(r, true))
	} else {
		l.rungs = append(l.rungs, r)
	}
	back := r
	back.to, back.pos, back.note = flow.Out+flow.In-r.to, l.lastTry(r.pos), ""
	switch c.State {
	case "refused":
		if back.text = "RST: refused"; l.foreign() {
			back = l.stranger(back, false)
		}
	case "unreachable":
		back = l.icmpError(back)
	case "unanswered":
		l.absence("no answer")
		return
	default:
		return
	}
	l.rungs = append(l.rungs, back)
}

// lastTry is the last packet of the tries, if it is known.
func (l *ladder) lastTry(first flow.Pos) flow.Pos {
	if c := l.t.Notes.Conn; c != nil && c.Last.Seen() {
		return max(first, c.Last.Pos)
	}
	return first
}

// data adds the payload, pointing the way in which it went.
func (l *ladder) data(r rung) {
	t := l.t
	if t.Bytes == nil || *t.Bytes == 0 && !t.Frames.FirstData.Seen() {
		return
	}
	r.to = flow.In
	if t.Direction != nil && *t.Direction == record.Upload {
		r.to = flow.Out
	}
	r.pos, r.text, r.note = t.Frames.FirstData, prose.Many(*t.Bytes, "byte"), ""
	if t.MissingBytes != nil && *t.MissingBytes > 0 {
		r.note = prose.Number(*t.MissingBytes) + " of them are missing from the capture"
	}
	if !r.pos.Seen() {
		r.pos = l.lastTry(0) // where the data begin is not known: draw them where the connection ends
	}
	if c := t.Notes.Conn; c != nil {
		for _, h := range c.Half {
			if h.FirstData.Pos == r.pos {
				r.time = h.FirstData.Time
			}
		}
	}
	if l.foreign() { // the half of who opened it tells which way they went, whatever the command says
		r = l.stranger(r, t.Notes.Conn != nil && t.Notes.Conn.Half[flow.Out].Bytes > t.Notes.Conn.Half[flow.In].Bytes)
	}
	l.rungs = append(l.rungs, r)
}

// write draws the ladder.
func (l *ladder) write(p *page) {
	width := p.width
	client, server := "client "+l.s.Client.Addr().String(), "server "+l.s.Server.Addr().String()
	over := ladderIndent + inner + 2 + prose.Columns("server") // the server's name begins above its side, and ends on the page
	if prose.Columns(client)+2+prose.Columns(server)+ladderIndent > width {
		p.WriteString(prose.Spaces(ladderIndent) + client + "\n")
		client = ""
	}
	at := max(min(over-prose.Columns("server")-prose.Columns("server")/2, width-prose.Columns(server)), ladderIndent+prose.Columns(client)+2)
	p.WriteString(prose.Pad(prose.Spaces(ladderIndent)+client, at) + server + "\n")
	for i := range l.rungs {
		l.draw(p, &l.rungs[i])
	}
}

func (l *ladder) draw(p *page, r *rung) {
	body := prose.Pad("  "+prose.Cut(r.text, inner-2), inner)
	frame := ""
	switch {
	case r.centred:
		text := prose.Cut(r.text, inner-2)
		body = prose.Pad(prose.Spaces((inner-prose.Columns(text))/2)+text, inner)
	case !r.remark:
		body = arrow(r)
	}
	if r.pos.Seen() && !r.remark {
		frame = prose.Packet(r.pos, l.files)
	}
	side := prose.Spaces(ladderIndent) + "│" + body + "│"
	note := strings.TrimSpace(frame + "  " + r.note)
	room := p.width - prose.Columns(side) - 2
	lines := prose.Wrap(note, room)
	if len(lines) == 0 {
		lines = []string{""}
	}
	for i, line := range lines {
		if i > 0 {
			side = prose.Spaces(ladderIndent) + "│" + prose.Spaces(inner) + "│"
		}
		p.WriteString(strings.TrimRight(side+"  "+line, " ") + "\n")
	}
}

// arrow draws " 51234 ── PORT … ──▶ 21    ".
func arrow(r *rung) string {
	dash, left, right := "─", "", "▶"
	if r.bold {
		dash = "═"
	}
	if r.to == flow.In {
		left, right = "◀", ""
	}
	text := prose.Cut(r.text, arrowText)
	if r.whole {
		text = prose.CutEnd(r.text, arrowText)
	}
	line := left + strings.Repeat(dash, 3-prose.Columns(left)) + " " + text + " "
	line += strings.Repeat(dash, max(arrowRoom-prose.Columns(line)-prose.Columns(right), 0)) + right
	return " " + prose.PadLeft(r.left, portColumns) + " " + line + " " + prose.Pad(r.right, portColumns) + " "
}
