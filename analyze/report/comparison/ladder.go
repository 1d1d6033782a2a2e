package comparison

import (
	"cmp"
	"slices"
	"strings"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/ladder"
	"ftpscope/capture/flow"
)

// pairLadder is the diagram of a transfer with three lines: the client, what is between,
// the server.
type pairLadder struct {
	r     *compare.Result
	rungs []pairRung
}

// pairRung is one packet, or several alike, on its way.
type pairRung struct {
	at          flow.Time // by the clock here
	way         compare.Way
	here, there string // what it says on each side; empty: it is not there
	fate        string // what stands on the line between: passed, stopped, made or unknown
	bold        bool   // of the data connection
	note        string
}

// The fates of a packet between the points.
const (
	passed  = "│"
	stopped = "╳"
	made    = "●"
	unclear = "?"
)

func newPairLadder(c *compare.Comparison, t *compare.Transfer, r *compare.Result) *pairLadder {
	l := &pairLadder{r: r}
	l.lines(t)
	l.connection(t)
	for i := range c.Differences {
		if d := &c.Differences[i]; d.Transfer == t.N {
			l.difference(d)
		}
	}
	slices.SortStableFunc(l.rungs, func(a, b pairRung) int { return cmp.Compare(a.at, b.at) })
	return l
}

// utterance is a line of the control connection on one side.
type utterance struct {
	time flow.Time
	pos  flow.Pos
	text string
}

func uttered(l *record.Line) *utterance {
	if l == nil {
		return nil
	}
	return &utterance{l.Mark.Time, l.Mark.Pos, prose.FirstLine(l.Text)}
}

func answered(r *record.Reply) *utterance {
	if r == nil {
		return nil
	}
	return &utterance{r.Time.Time, r.Pos, ladder.ReplyText(r)}
}

// lines are the negotiation, the command and the replies.
func (l *pairLadder) lines(t *compare.Transfer) {
	var list [2][5]*utterance
	for i, s := range []*record.Transfer{t.Here, t.There} {
		if s != nil {
			n := &s.Notes
			list[i] = [5]*utterance{uttered(n.Asked), answered(n.Answer), uttered(n.Ran), answered(s.Preliminary), answered(s.Reply)}
			if s.Command == nil {
				list[i][4] = nil // it is the answer to the negotiation
			}
		}
	}
	for k := range list[0] {
		w := compare.ToClient
		if k == 0 || k == 2 {
			w = compare.ToServer
		}
		l.say(w, list[0][k], list[1][k])
	}
}

func (l *pairLadder) say(w compare.Way, here, there *utterance) {
	r := pairRung{way: w, fate: passed}
	switch {
	case here == nil && there == nil:
		return
	case here == nil:
		r.at, r.fate = l.r.Clock.Here(there.time), unclear
	default:
		r.at = here.time
		if there == nil {
			r.fate = unclear
		}
	}
	var words []string
	if here != nil {
		r.here = here.text
		words = append(words, "here "+prose.Packet(here.pos, len(l.r.Here.Files) > 1))
	}
	if there != nil {
		r.there = there.text
		words = append(words, "there "+prose.Packet(there.pos, len(l.r.There.Files) > 1))
	}
	r.note = strings.Join(words, ", ")
	l.rungs = append(l.rungs, r)
}

// connection is the SYN that came through, and the data.
func (l *pairLadder) connection(t *compare.Transfer) {
	x, y := t.ConnHere, t.ConnThere
	if x == nil || y == nil {
		return
	}
	if a, b := x.SYN(), y.SYN(); a != nil && b != nil {
		w := compare.ToClient
		if x.FromClient {
			w = compare.ToServer
		}
		l.say(w, &utterance{a.Time, a.Pos, "SYN to port " + prose.Port(x.Dst.Port())}, &utterance{b.Time, b.Pos, "SYN to port " + prose.Port(y.Dst.Port())})
		l.rungs[len(l.rungs)-1].bold = true
	}
	if t.Here == nil || t.There == nil || t.Here.Bytes == nil || t.There.Bytes == nil || t.Here.Direction == nil || *t.Here.Bytes+*t.There.Bytes == 0 {
		return
	}
	w := compare.ToClient
	if *t.Here.Direction == record.Upload {
		w = compare.ToServer
	}
	first, ok := x.FirstData(w)
	if !ok {
		return
	}
	l.rungs = append(l.rungs, pairRung{at: first, way: w, here: prose.Number(*t.Here.Bytes) + " bytes", there: prose.Number(*t.There.Bytes) + " bytes", fate: passed, bold: true})
}

// difference is what did not arrive, or came from between.
func (l *pairLadder) difference(d *compare.Difference) {
	if d.At == 0 {
		return
	}
	r := pairRung{at: d.At, way: *d.Way, bold: true, note: packetsOf(d, l.r)}
	text := d.Short
	switch k := compare.VerdictOf(d.Kind); k {
	case compare.Lost, compare.Repaired:
		r.fate = stopped
	case compare.Between:
		r.fate = made
	case compare.Uncertain:
		r.fate = unclear
	default:
		return
	}
	if d.Side == 0 {
		r.here = text
	} else {
		r.there = text
	}
	l.rungs = append(l.rungs, r)
}

const (
	pairRoom  = 36 // columns between two lines at most: PORT with six numbers of three digits fits
	leastNote = 20 // columns that notes have beside the lines; else they stand below
)

// write draws the three lines, closer to each other where the page is narrow.
func (l *pairLadder) write(p *prose.Page) {
	const server = "server (there)"
	room := min(pairRoom, (p.Width-ladder.Indent-3)/2)
	head := prose.Spaces(ladder.Indent) + prose.Pad("client (here)", room-2) + "between"
	p.WriteString(prose.Pad(head, min(ladder.Indent+2*(room-2), p.Width-len(server))) + server + "\n")
	for i := range l.rungs {
		r := &l.rungs[i]
		lead := prose.Spaces(ladder.Indent) + "│"
		line := lead + r.arrow(r.here, true, room) + r.fate + r.arrow(r.there, false, room) + "│"
		beside := p.Width - prose.Columns(line) - 2
		if beside < leastNote {
			p.WriteString(line + "\n")
			for _, n := range prose.Wrap(r.note, 2*room-1) {
				p.WriteString(lead + prose.Pad("  "+n, 2*room+1) + "│\n")
			}
			continue
		}
		for k, n := range prose.Wrap(r.note, beside) {
			if k > 0 {
				line = lead + prose.Spaces(room) + "│" + prose.Spaces(room) + "│"
			}
			p.WriteString(line + "  " + n + "\n")
		}
		if r.note == "" {
			p.WriteString(line + "\n")
		}
	}
}

// arrow draws what a packet is between two lines. Its head is where it arrives: not where
// it was stopped.
func (r *pairRung) arrow(text string, here bool, room int) string {
	if text == "" {
		return prose.Spaces(room)
	}
	dash := "─"
	if r.bold {
		dash = "═"
	}
	headed := r.fate == passed || here == (r.way == compare.ToClient)
	left, right := "", ""
	switch {
	case headed && r.way == compare.ToServer:
		right = "▶"
	case headed:
		left = "◀"
	}
	const around = 6 // dashes, head and spaces
	line := left + strings.Repeat(dash, 2-prose.Columns(left)) + " " + prose.CutEnd(text, room-around) + " "
	return line + strings.Repeat(dash, max(room-prose.Columns(line)-prose.Columns(right), 0)) + right
}
