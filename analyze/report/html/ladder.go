package html

import (
	"sort"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/ladder"
	"ftpscope/capture/flow"
)

// sessionLadder is a whole session's ladder: what the control connection carried, and
// between it the transfers' rungs in a block each.
type sessionLadder struct {
	s      *record.Session
	opt    report.Options
	labels passwordLabels
	files  bool
	room   int
	known  map[heard]bool
	over   int // lines of the control connection that found no room
}

const maxTransfers = 60 // of one session

// heard tells a line of the control connection that a transfer's ladder has already: one
// packet may hold several.
type heard struct {
	pos flow.Pos
	to  flow.Direction
}

// block is a transfer (N > 0) or what was said before it and after it.
type block struct {
	N      int      `json:"n,omitempty"`
	Name   string   `json:"name,omitempty"`
	Mode   string   `json:"mode,omitempty"`
	Result string   `json:"result,omitempty"`
	State  int      `json:"state"`
	Told   string   `json:"told,omitempty"`
	Judged *judged  `json:"judged,omitempty"` // what went wrong, if the session's verdict does not say it
	Data   []string `json:"data,omitempty"`   // the ends of its data connection
	Span   []uint64 `json:"span,omitempty"`   // its packets of the control connection, first and last; without a last: until the end
	File   int      `json:"file,omitempty"`   // that they are in, from 1; 0: several
	Facts  []fact   `json:"facts,omitempty"`
	Rungs  []rung   `json:"rungs"`
	first  ladder.Rung
}

// rung is packet, microseconds since the session's start, kind, text, note, host, left,
// right, further lines. What is empty at its end is left out, and the ports of the
// control connection are: a page has a million of these.
type rung []any

// Kinds of rung, bits.
const (
	rungRight  = 1 << iota // towards the server; of a third host: on the server's side
	rungData               // of the data connection
	rungRemark             // no packet: something that did not happen
	rungThird              // neither side's: host sent it or, without rungFrom, got it
	rungFrom
	rungFailed // SYNs that came to nothing, and what answered them
)

func newSessionLadder(s *record.Session, o report.Options, room int) *sessionLadder {
	return &sessionLadder{s: s, opt: o, labels: passwordLabels{}, files: o.FileNumbers(s), room: room, known: map[heard]bool{}}
}

// blocks are the session's in order; more says what found no room.
func (l *sessionLadder) blocks() (list []*block, more string) {
	shown := diagnosis.ShownOf(l.s.Transfers, maxTransfers)
	left := len(l.s.Transfers) - len(shown)
	for _, i := range shown {
		t := &l.s.Transfers[i]
		d := ladder.New(l.s, t, l.files)
		if d.DataEnd() {
			d.Order()
		}
		rungs := d.Rungs
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

func (l *sessionLadder) transfer(t *record.Transfer, rungs []ladder.Rung) *block {
	b := &block{N: t.N, Name: transferName(t), Mode: t.Mode, Result: resultWords(l.s, t), State: stateOf(l.s, t), Told: diagnosis.Outcome(l.s, t),
		Facts: transferFacts(l.s, t, l.files), Rungs: []rung{}}
	if third := takenSentence(l.s, t, l.files); third != "" {
		b.Told = third
	}
	if v := t.Verdict; v != nil && (l.s.Verdict == nil || l.s.Verdict.Text != v.Text) {
		j := newJudged(v)
		b.Judged = &j
	}
	if c := t.Connection; c != nil {
		b.Data = []string{c.Src.String(), c.Dst.String()}
	}
	b.Span, b.File = controlSpan(t), fileOfTransfer(t)
	for i := range rungs {
		r := &rungs[i]
		if !b.first.Pos.Seen() && r.Pos.Seen() {
			b.first = *r
		}
		if !r.Bold && !r.Remark {
			l.known[heard{r.Pos, r.To}] = true
		}
		b.Rungs = append(b.Rungs, l.rung(r, t))
	}
	return b
}

// between puts the control connection's other lines into blocks before, between and after
// the transfers.
func (l *sessionLadder) between(transfers []*block, said []ladder.Rung) []*block {
	var all []*block
	take := func(n int) {
		if n == 0 {
			return
		}
		b := &block{State: stateOpen, Rungs: []rung{}}
		for i := range said[:n] {
			b.Rungs = append(b.Rungs, l.rung(&said[i], nil))
		}
		said = said[n:]
		all = append(all, b)
	}
	for _, b := range transfers {
		if b.first.Pos.Seen() {
			take(sort.Search(len(said), func(i int) bool { return !before(&said[i], &b.first) }))
		}
		all = append(all, b)
	}
	take(len(said))
	return all
}

// before orders rungs by packet in one file, by time over several.
func before(a, b *ladder.Rung) bool {
	if a.Pos.File() == b.Pos.File() {
		return a.Pos < b.Pos
	}
	return a.Time < b.Time
}

// control are the lines of the control connection that no transfer has: with the dialogue
// all, without it what the session's notes tell of login and end.
func (l *sessionLadder) control() []ladder.Rung {
	d := &ladder.Ladder{S: l.s, Files: l.files}
	c := &l.s.Notes.Control
	if c.SYN.Seen() {
		d.Say(ladder.Rung{Pos: c.SYN.Pos, Time: c.SYN.Time, To: flow.Out, Text: "SYN: opens the control connection"})
	}
	if l.s.Dialogue != nil {
		l.dialogue(d)
	} else {
		l.notes(d)
	}
	l.ending(d)
	sort.SliceStable(d.Rungs, func(i, k int) bool { return before(&d.Rungs[i], &d.Rungs[k]) })
	return d.Rungs
}

func (l *sessionLadder) dialogue(d *ladder.Ladder) {
	for i := range l.s.Dialogue {
		e := &l.s.Dialogue[i]
		if len(d.Rungs) >= l.room {
			l.over += 1 + len(e.Replies)
			continue
		}
		if e.Command != "" && !l.known[heard{e.Pos, flow.Out}] {
			text := prose.Escape(e.Command)
			switch {
			case e.Argument == nil:
			case report.Secret(e.Command) && !l.opt.ShowPasswords:
				text += " " + record.HiddenText
			default:
				text += " " + prose.Escape(*e.Argument)
			}
			d.Say(ladder.Rung{Pos: e.Pos, Time: e.Time.Time, To: flow.Out, Text: text, Note: l.label(e)})
		}
		for k := range e.Replies {
			if r := &e.Replies[k]; !l.known[heard{r.Pos, flow.In}] {
				d.Reply(r, "")
			}
		}
	}
}

// label tells which of the report's passwords a command has, without showing it.
func (l *sessionLadder) label(e *record.Exchange) string {
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
func (l *sessionLadder) notes(d *ladder.Ladder) {
	if m := l.s.Notes.AuthTLS; m.Seen() {
		d.Say(ladder.Rung{Pos: m.Pos, Time: m.Time, To: flow.Out, Text: "AUTH", Note: "“let us encrypt”"})
	}
	for i := range l.s.Notes.Logins {
		n := &l.s.Notes.Logins[i]
		if len(d.Rungs) >= l.room {
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
		d.Say(ladder.Rung{Pos: n.Mark.Pos, Time: n.Mark.Time, To: flow.Out, Text: "login" + asUser(n), Note: note})
	}
	if m := l.s.Notes.Quit; m.Seen() {
		d.Say(ladder.Rung{Pos: m.Pos, Time: m.Time, To: flow.Out, Text: "QUIT", Note: "“goodbye”"})
	}
}

// ending adds the FIN or RST of each side, the first of them; without any, the last
// packet.
func (l *sessionLadder) ending(d *ladder.Ladder) {
	c := &l.s.Notes.Control
	if h := &c.Half; !h[0].FIN.Seen() && !h[0].RST.Seen() && !h[1].FIN.Seen() && !h[1].RST.Seen() && l.s.Closing == "cut" && c.Last.Seen() {
		d.Rungs = append(d.Rungs, ladder.Rung{Pos: c.Last.Pos, Time: c.Last.Time, Remark: true, Sited: true,
			Text: "the last packet of the control connection in the capture: nobody closed it before"})
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
			d.Say(ladder.Rung{Pos: m.Pos, Time: m.Time, To: to, Text: text})
		}
	}
}

// rung is what the script draws.
func (l *sessionLadder) rung(r *ladder.Rung, t *record.Transfer) rung {
	if r.Bold && r.Host == "" && t != nil {
		l.toStranger(r, t)
	}
	kind := 0
	if r.Host == "" && r.To == flow.Out || r.Host != "" && r.Side == flow.Out {
		kind |= rungRight
	}
	if r.Bold {
		kind |= rungData
		if t != nil && !t.Opened() {
			kind |= rungFailed
		}
	}
	if r.Remark {
		kind |= rungRemark
	}
	if r.Host != "" {
		kind |= rungThird
		if r.FromHost {
			kind |= rungFrom
		}
	}
	text := r.Text
	if r.Full != "" {
		text = r.Full
	}
	frame := ""
	if r.Pos.Seen() && (!r.Remark || r.Sited) {
		frame = prose.Packet(r.Pos, l.files)
	}
	var since any = ""
	if frame != "" && r.Time != 0 {
		since = microseconds(r.Time - l.s.Start.Time)
	}
	left, right := r.Left, r.Right
	if !r.Bold {
		left, right = "", ""
	}
	line := rung{frame, since, kind, prose.CutEnd(text, maxText), prose.CutEnd(r.Note, maxText), r.Host, left, right, prose.CutEnd(r.Rest, maxText)}
	for line[len(line)-1] == "" {
		line = line[:len(line)-1]
	}
	return line
}

// toStranger draws a packet of a data connection that leads to another host than client
// and server as that host's.
func (l *sessionLadder) toStranger(r *ladder.Rung, t *record.Transfer) {
	c := t.Connection
	if _, ok := strangerOf(l.s, t); !ok || t.Initiator == record.ThirdParty {
		return
	}
	r.Host, r.Side = c.Dst.String(), flow.In
	if t.Initiator == record.Server {
		r.Side = flow.Out
	}
	r.FromHost = r.To == r.Side // towards the side that it talks with
}
