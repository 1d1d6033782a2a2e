package html

import (
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// How the data of a connection came, as a picture: bytes over time, with what held them up.
// It is an SVG without a word of text, so that it may be stretched to any width; the words
// stand around it.

// curve is the picture of a transfer's data connection.
type curve struct {
	ID                string
	Session, Transfer int
	Ref, Name         string
	Told              string // what it shows, in words
	Top               string // the bytes at its upper edge
	From              when
	Times             [2]string
	Sent, Acked       string // points of lines; empty: not drawn
	Marks             []curveMark
	Keys              []curveKey
	Worth             bool // shown at once, not on demand
}

// curveMark is a mark's place in the picture.
type curveMark struct {
	Class      string
	X, Y, W, H int
}

// curveKey explains a line or a kind of mark.
type curveKey struct{ Class, Text string }

// The picture's own units.
const (
	curveWidth  = 1000
	curveHeight = 200
	stripHeight = 10 // of a zero window, at the lower edge
	tickHeight  = 26 // of segments sent again
)

// Pictures of one page: of transfers that were slow or failed, and of others.
const (
	maxCurves      = 100
	maxQuietCurves = 50
)

// curveRoom is how many pictures the page has room for.
type curveRoom struct{ worth, quiet int }

// curves draws the data connections of a session, as far as there is room on the page.
func (h *writer) curves(s *record.Session) (list []curve) {
	for i := range s.Transfers {
		t := &s.Transfers[i]
		c, ok := newCurve(s, t, h.clock())
		if !ok {
			continue
		}
		room := &h.room.quiet
		if c.Worth {
			room = &h.room.worth
		}
		if *room > 0 {
			*room--
			list = append(list, c)
		}
	}
	return list
}

// curveScale places times and bytes in the picture.
type curveScale struct {
	from, to flow.Time
	top      uint64
}

func (c *curveScale) x(at flow.Time) int {
	at = min(max(at, c.from), c.to)
	return int(float64(at-c.from) / float64(c.to-c.from) * curveWidth)
}

func (c *curveScale) y(n uint64) int {
	return curveHeight - int(float64(min(n, c.top))/float64(c.top)*curveHeight)
}

// newCurve draws a transfer; ok: there is something to see.
func newCurve(s *record.Session, t *record.Transfer, clocks clock) (c curve, ok bool) {
	data := t.Notes.Curve
	if data == nil || len(data.Points) < 2 {
		return c, false
	}
	first, last := &data.Points[0], &data.Points[len(data.Points)-1]
	scale := curveScale{from: first.At, to: last.At, top: max(last.Sent, last.Acked)}
	for i := range data.Marks {
		scale.to = max(scale.to, data.Marks[i].To)
	}
	if scale.top == 0 || scale.to <= scale.from {
		return c, false
	}
	c = curve{ID: "curve-" + strconv.Itoa(s.ID) + "-" + strconv.Itoa(t.N), Session: s.ID, Transfer: t.N, Ref: place(s.ID, t.N), Name: transferName(t),
		Top: prose.Size(scale.top), Worth: worthDrawing(s, t)}
	length := scale.to - scale.from
	c.Times = [2]string{"+" + prose.Span(length/2), "+" + prose.Span(length)}
	c.From = clocks.when(dayed, scale.from)
	c.lines(data, &scale)
	c.marks(data, &scale)
	words := make([]string, len(c.Keys))
	for i := range c.Keys {
		words[i] = c.Keys[i].Text
	}
	c.Told = "Bytes over " + lasting(length) + ": " + prose.List(words) + "."
	return c, true
}

// worthDrawing reports whether a reader wants to see how the data came: it was slow, or it
// failed.
func worthDrawing(s *record.Session, t *record.Transfer) bool {
	v := t.Verdict
	if v == nil && s.Verdict != nil && s.Verdict.Transfer == t.N {
		v = s.Verdict
	}
	return v != nil && diagnosis.StandingOf(v) >= diagnosis.Slow
}

// lines draws what was acknowledged and, where it differs, what was sent.
func (c *curve) lines(data *flow.Curve, scale *curveScale) {
	last := &data.Points[len(data.Points)-1]
	differ := false
	for i := range data.Points {
		differ = differ || scale.y(data.Points[i].Sent) != scale.y(data.Points[i].Acked)
	}
	if last.Acked > 0 {
		c.Acked = polyline(data, scale, func(p *flow.CurvePoint) uint64 { return p.Acked })
		c.Keys = append(c.Keys, curveKey{"acked", prose.Many(last.Acked, "byte") + " acknowledged"})
	}
	if differ || last.Acked == 0 {
		c.Sent = polyline(data, scale, func(p *flow.CurvePoint) uint64 { return p.Sent })
		c.Keys = append(c.Keys, curveKey{"sent", prose.Many(last.Sent, "byte") + " sent"})
	}
}

// polyline are the points of a line. Between points it rises, but not before the end of a
// stall.
func polyline(data *flow.Curve, scale *curveScale, of func(*flow.CurvePoint) uint64) string {
	var b strings.Builder
	add := func(at flow.Time, n uint64) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(scale.x(at)) + "," + strconv.Itoa(scale.y(n)))
	}
	for i := range data.Points {
		p := &data.Points[i]
		add(p.At, of(p))
		until := scale.to
		if i+1 < len(data.Points) {
			until = data.Points[i+1].At
		}
		flat := p.At // until then
		for k := range data.Marks {
			if m := &data.Marks[k]; m.Kind == flow.MarkStall && m.From < until {
				flat = max(flat, min(m.To, until))
			}
		}
		if flat > p.At {
			add(flat, of(p))
		}
	}
	return b.String()
}

// marks draws what held the data up, and counts it.
func (c *curve) marks(data *flow.Curve, scale *curveScale) {
	var stalls, again int
	var longest, closed flow.Time
	for i := range data.Marks {
		m := &data.Marks[i]
		from, to := scale.x(m.From), scale.x(m.To)
		mark := curveMark{X: from, W: max(to-from, 2)}
		switch m.Kind {
		case flow.MarkStall:
			stalls, longest = stalls+1, max(longest, m.To-m.From)
			mark.Class, mark.H = "stall", curveHeight
		case flow.MarkZeroWindow:
			closed += m.To - m.From
			mark.Class, mark.Y, mark.H, mark.W = "window", curveHeight-stripHeight, stripHeight, max(mark.W, 4)
		case flow.MarkAgain:
			again += max(m.Count, 1)
			mark.Class, mark.H, mark.W = "again", tickHeight, max(mark.W, 4)
			mark.Y = min(max(scale.y(m.After)-tickHeight/2, 0), curveHeight-tickHeight)
		default:
			continue
		}
		c.Marks = append(c.Marks, mark)
	}
	if stalls == 1 {
		c.Keys = append(c.Keys, curveKey{"stall", "a stall of " + prose.Span(longest)})
	} else if stalls > 1 {
		c.Keys = append(c.Keys, curveKey{"stall", prose.Many(stalls, "stall") + ", " + prose.Span(longest) + " at most"})
	}
	if again > 0 {
		c.Keys = append(c.Keys, curveKey{"again", prose.Many(again, "segment") + " sent again"})
	}
	if closed > 0 {
		c.Keys = append(c.Keys, curveKey{"window", "window 0 for " + prose.Span(closed)})
	}
}
