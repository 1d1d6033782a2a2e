package report

import (
	"sort"
	"strconv"
	"strings"

	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

// htmlLadder is a whole session's ladder: what the control connection carried, and between it the transfers' rungs in
// a block each.
type htmlLadder struct {
	s     *session.Session
	opt   Options
	files bool
	room  int
	known map[heard]bool
	over  int // lines of the control connection that found no room
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
	Filter string      `json:"filter,omitempty"`
	Facts  [][2]string `json:"facts,omitempty"`
	Rungs  []htmlRung  `json:"rungs"`
	first  rung
}

// htmlRung is packet, time, kind, left, right, text, note, host.
type htmlRung [8]any

// Kinds of htmlRung, bits.
const (
	rungRight  = 1 << iota // towards the server; of a third host: on the server's side
	rungData               // of the data connection
	rungRemark             // no packet: something that did not happen
	rungThird              // neither side's: host sent it or, without rungFrom, got it
	rungFrom
	rungFailed // SYNs that came to nothing, and what answered them
)

func newHTMLLadder(s *session.Session, o Options, room int) *htmlLadder {
	return &htmlLadder{s: s, opt: o, files: several(s, o), room: room, known: map[heard]bool{}}
}

// blocks are the session's in order; more says what found no room.
func (l *htmlLadder) blocks() (list []*htmlBlock, more string) {
	shown := pickOf(l.s.Transfers, maxHTMLTransfers)
	left := len(l.s.Transfers) - len(shown)
	for _, i := range shown {
		t := &l.s.Transfers[i]
		rungs := newLadder(l.s, t, l.files).rungs
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
		parts = append(parts, many(left, "more transfer"))
	}
	if l.over > 0 {
		parts = append(parts, many(l.over, "more line")+" of the control connection")
	}
	if len(parts) > 0 {
		more = "Not shown: " + strings.Join(parts, " and ") + "; -o json has them all."
	}
	return list, more
}

func (l *htmlLadder) transfer(t *session.Transfer, rungs []rung) *htmlBlock {
	name := cut(commandLine(t), maxText)
	if name == "" {
		name = t.Method + " without a transfer command"
		if t.Method == session.MethodEncrypted {
			name = "encrypted data connection"
		}
	}
	b := &htmlBlock{N: t.N, Name: name, Mode: t.Mode, Result: result(t), State: stateOf(t), Told: outcomeSentence(l.s, t), Facts: transferFacts(t),
		Rungs: []htmlRung{}}
	if l.s.Client.IsValid() && l.s.Server.IsValid() {
		b.Filter = string(l.s.AppendFilter(nil, t))
	}
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
			text := escape(e.Command)
			switch {
			case e.Argument == nil:
			case secret(e.Command) && !l.opt.ShowPasswords:
				text += " " + hiddenText
			default:
				text += " " + escape(*e.Argument)
			}
			d.say(rung{pos: e.Pos, time: e.Time.Time, to: flow.Out, text: text})
		}
		for k := range e.Replies {
			if r := &e.Replies[k]; !l.known[heard{r.Pos, flow.In}] {
				d.reply(r, "")
			}
		}
	}
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
		d.say(rung{pos: n.Mark.Pos, time: n.Mark.Time, to: flow.Out, text: "login as " + escape(n.User), note: note})
	}
	if m := l.s.Notes.Quit; m.Seen() {
		d.say(rung{pos: m.Pos, time: m.Time, to: flow.Out, text: "QUIT", note: "“goodbye”"})
	}
}

// ending adds the FIN or RST of each side, the first of them.
func (l *htmlLadder) ending(d *ladder) {
	c := &l.s.Notes.Control
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
func (l *htmlLadder) rung(r *rung, t *session.Transfer) htmlRung {
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
	frame, at := "", ""
	if r.pos.Seen() && !r.remark {
		frame = packet(r.pos, l.files)
	}
	if frame != "" && r.time != 0 {
		at = utc(session.Stamp{Time: r.time}).Format("15:04:05.000")
	}
	return htmlRung{frame, at, kind, r.left, r.right, cutEnd(text, maxText), cutEnd(r.note, maxText), r.host}
}
