package report

import (
	"sort"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// htmlLadder is a whole session's ladder: what the control connection carried, and between it the transfers' rungs in
// a block each.
type htmlLadder struct {
	s      *record.Session
	opt    Options
	labels passwordLabels
	files  bool
	room   int
	known  map[heard]bool
	over   int // lines of the control connection that found no room
}

const maxHTMLTransfers = 60 // of one session

// heard tells a line of the control connection that a transfer's ladder has already: one packet may hold several.
type heard struct {
	pos flow.Pos
	to  flow.Direction
}

// htmlBlock is a transfer (N > 0) or what was said before it and after it.
type htmlBlock struct {
	N      int         `json:"n,omitempty"`
	Name   string      `json:"name,omitempty"`
	Mode   string      `json:"mode,omitempty"`
	Result string      `json:"result,omitempty"`
	State  int         `json:"state"`
	Told   string      `json:"told,omitempty"`
	Data   []string    `json:"data,omitempty"` // the ends of its data connection
	Span   []uint64    `json:"span,omitempty"` // its packets of the control connection, first and last; without a last: until the end
	File   int         `json:"file,omitempty"` // that they are in, from 1; 0: several
	Facts  [][2]string `json:"facts,omitempty"`
	Rungs  []htmlRung  `json:"rungs"`
	first  rung
}

// htmlRung is packet, microseconds since the session's start, kind, text, note, host, left, right, further lines. What is
// empty at its end is left out, and the ports of the control connection are: a page has a million of these.
type htmlRung []any

// Kinds of htmlRung, bits.
const (
	rungRight  = 1 << iota // towards the server; of a third host: on the server's side
	rungData               // of the data connection
	rungRemark             // no packet: something that did not happen
	rungThird              // neither side's: host sent it or, without rungFrom, got it
	rungFrom
	rungFailed // SYNs that came to nothing, and what answered them
)

func newHTMLLadder(s *record.Session, o Options, room int) *htmlLadder {
	return &htmlLadder{s: s, opt: o, labels: passwordLabels{}, files: several(s, o), room: room, known: map[heard]bool{}}
}

// blocks are the session's in order; more says what found no room.
func (l *htmlLadder) blocks() (list []*htmlBlock, more string) {
	shown := pickOf(l.s.Transfers, maxHTMLTransfers)
	left := len(l.s.Transfers) - len(shown)
	for _, i := range shown {
		t := &l.s.Transfers[i]
		d := newLadder(l.s, t, l.files)
		if d.dataEnd() {
			d.order()
		}
		rungs := d.rungs
		if len(rungs) > l.room {
			left++
			continue
		}
		l.room -= len(rungs)
		list = append(list, l.transfer(t, rungs))
	}
	list = l.between(list, l.control())
	var parts []string
	if left > 0 {
		parts = append(parts, prose.Many(left, "more transfer"))
	}
	if l.over > 0 {
		parts = append(parts, prose.Many(l.over, "more line")+" of the control connection")
	}
	if len(parts) > 0 {
		more = "Not shown: " + strings.Join(parts, " and ") + "; -o json has them all."
	}
	return list, more
}

func (l *htmlLadder) transfer(t *record.Transfer, rungs []rung) *htmlBlock {
	b := &htmlBlock{N: t.N, Name: transferName(t), Mode: t.Mode, Result: resultWords(l.s, t), State: stateOf(l.s, t), Told: outcomeSentence(l.s, t),
		Facts: transferFacts(l.s, t, l.files), Rungs: []htmlRung{}}
	if third := takenSentence(l.s, t, l.files); third != "" {
		b.Told = third
	}
	if c := t.Connection; c != nil {
		b.Data = []string{c.Src.String(), c.Dst.String()}
	}
	b.Span, b.File = controlSpan(t), fileOfTransfer(t)
	for i := range rungs {
		r := &rungs[i]
		if !b.first.pos.Seen() && r.pos.Seen() {
			b.first = *r
		}
		if !r.bold && !r.remark {
			l.known[heard{r.pos, r.to}] = true
		}
		b.Rungs = append(b.Rungs, l.rung(r, t))
	}
	return b
}

// between puts the control connection's other lines into blocks before, between and after the transfers.
func (l *htmlLadder) between(transfers []*htmlBlock, said []rung) []*htmlBlock {
	var all []*htmlBlock
	take := func(n int) {
		if n == 0 {
			return
		}
		b := &htmlBlock{State: stateOpen, Rungs: []htmlRung{}}
		for i := range said[:n] {
			b.Rungs = append(b.Rungs, l.rung(&said[i], nil))
		}
		said = said[n:]
		all = append(all, b)
	}
	for _, b := range transfers {
		if b.first.pos.Seen() {
			take(sort.Search(len(said), func(i int) bool { return !before(&said[i], &b.first) }))
		}
		all = append(all, b)
	}
	take(len(said))
	return all
}

// before orders rungs by packet in one file, by time over several.
func before(a, b *rung) bool {
	if a.pos.File() == b.pos.File() {
		return a.pos < b.pos
	}
	return a.time < b.time
}

// control are the lines of the control connection that no transfer has: with the dialogue all, without it what the
// session's notes tell of login and end.
func (l *htmlLadder) control() []rung {
	d := &ladder{s: l.s, files: l.files}
	c := &l.s.Notes.Control
	if c.SYN.Seen() {
		d.say(rung{pos: c.SYN.Pos, time: c.SYN.Time, to: flow.Out, text: "SYN: opens the control connection"})
	}
	if l.s.Dialogue != nil {
		l.dialogue(d)
	} else {
		l.notes(d)
	}
	l.ending(d)
	sort.SliceStable(d.rungs, func(i, k int) bool { return before(&d.rungs[i], &d.rungs[k]) })
	return d.rungs
}

func (l *htmlLadder) dialogue(d *ladder) {
	for i := range l.s.Dialogue {
		e := &l.s.Dialogue[i]
		if len(d.rungs) >= l.room {
			l.over += 1 + len(e.Replies)
			continue
		}
		if e.Command != "" && !l.known[heard{e.Pos, flow.Out}] {
			text := prose.Escape(e.Command)
			switch {
			case e.Argument == nil:
			case secret(e.Command) && !l.opt.ShowPasswords:
				text += " " + hiddenText
			default:
				text += " " + prose.Escape(*e.Argument)
			}
			d.say(rung{pos: e.Pos, time: e.Time.Time, to: flow.Out, text: text, note: l.label(e)})
		}
		for k := range e.Replies {
			if r := &e.Replies[k]; !l.known[heard{r.Pos, flow.In}] {
				d.reply(r, "")
			}
		}
	}
}

// label tells which of the report's passwords a command has, without showing it.
func (l *htmlLadder) label(e *record.Exchange) string {
	if l.opt.ShowPasswords || e.Argument == nil || !strings.EqualFold(e.Command, "PASS") {
		return ""
	}
	if n := l.labels.of(*e.Argument); n > 0 {
		return labelWords(n)
	}
	return ""
}

// asUser is " as bob"; nothing where the capture does not tell who.
func asUser(l *record.Login) string {
	if l.User == "" {
		return ""
	}
	return " as " + prose.Escape(l.User)
}

// notes stand in for the dialogue.
func (l *htmlLadder) notes(d *ladder) {
	if m := l.s.Notes.AuthTLS; m.Seen() {
		d.say(rung{pos: m.Pos, time: m.Time, to: flow.Out, text: "AUTH", note: "“let us encrypt”"})
	}
	for i := range l.s.Notes.Logins {
		n := &l.s.Notes.Logins[i]
		if len(d.rungs) >= l.room {
			l.over++
			continue
		}
		note := "rejected"
		if n.OK {
			note = "accepted"
		}
		if n.Code > 0 {
			note += " (" + strconv.Itoa(n.Code) + ")"
		}
		d.say(rung{pos: n.Mark.Pos, time: n.Mark.Time, to: flow.Out, text: "login" + asUser(n), note: note})
	}
	if m := l.s.Notes.Quit; m.Seen() {
		d.say(rung{pos: m.Pos, time: m.Time, to: flow.Out, text: "QUIT", note: "“goodbye”"})
	}
}

// ending adds the FIN or RST of each side, the first of them; without any, the last packet.
func (l *htmlLadder) ending(d *ladder) {
	c := &l.s.Notes.Control
	if h := &c.Half; !h[0].FIN.Seen() && !h[0].RST.Seen() && !h[1].FIN.Seen() && !h[1].RST.Seen() && l.s.Closing == "cut" && c.Last.Seen() {
		d.rungs = append(d.rungs, rung{pos: c.Last.Pos, time: c.Last.Time, remark: true, sited: true,
			text: "the last packet of the control connection in the capture: nobody closed it before"})
	}
	for i := range c.Half {
		to := flow.Out
		if (flow.Direction(i) == flow.Out) != (c.Src == l.s.Client) {
			to = flow.In
		}
		m, text := c.Half[i].FIN, "FIN: closes the connection"
		if r := c.Half[i].RST; r.Seen() {
			m, text = r, "RST: resets the connection"
		}
		if m.Seen() && !l.known[heard{m.Pos, to}] {
			d.say(rung{pos: m.Pos, time: m.Time, to: to, text: text})
		}
	}
}

// rung is what the script draws.
func (l *htmlLadder) rung(r *rung, t *record.Transfer) htmlRung {
	if r.bold && r.host == "" && t != nil {
		l.toStranger(r, t)
	}
	kind := 0
	if r.host == "" && r.to == flow.Out || r.host != "" && r.side == flow.Out {
		kind |= rungRight
	}
	if r.bold {
		kind |= rungData
		if t != nil && !opened(t) {
			kind |= rungFailed
		}
	}
	if r.remark {
		kind |= rungRemark
	}
	if r.host != "" {
		kind |= rungThird
		if r.fromHost {
			kind |= rungFrom
		}
	}
	text := r.text
	if r.full != "" {
		text = r.full
	}
	frame := ""
	if r.pos.Seen() && (!r.remark || r.sited) {
		frame = prose.Packet(r.pos, l.files)
	}
	var since any = ""
	if frame != "" && r.time != 0 {
		since = microseconds(r.time - l.s.Start.Time)
	}
	left, right := r.left, r.right
	if !r.bold {
		left, right = "", ""
	}
	line := htmlRung{frame, since, kind, prose.CutEnd(text, maxText), prose.CutEnd(r.note, maxText), r.host, left, right, prose.CutEnd(r.rest, maxText)}
	for line[len(line)-1] == "" {
		line = line[:len(line)-1]
	}
	return line
}

// toStranger draws a packet of a data connection that leads to another host than client and server as that host's.
func (l *htmlLadder) toStranger(r *rung, t *record.Transfer) {
	c := t.Connection
	if _, ok := strangerOf(l.s, t); !ok || t.Initiator == record.ThirdParty {
		return
	}
	r.host, r.side = c.Dst.String(), flow.In
	if t.Initiator == record.Server {
		r.side = flow.Out
	}
	r.fromHost = r.to == r.side // towards the side that it talks with
}
