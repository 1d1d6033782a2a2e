package main

import (
	"context"
	"fmt"
	"html"
	"math"
	"strings"
)

// curve is what was sampled.
type curve struct {
	title   string
	samples []sample
}

// rows are the samples as a table.
func (c curve) rows(every int) table {
	head := []string{"s"}
	for _, f := range sampled {
		head = append(head, f.name)
	}
	t := table{head}
	for i, s := range c.samples {
		if i%every != 0 && i != len(c.samples)-1 {
			continue
		}
		row := []string{fmt.Sprintf("%.0f", s.at.Seconds())}
		for _, f := range sampled {
			row = append(row, f.text(f.of(s)))
		}
		t.add(row...)
	}
	return t
}

// thinned is about twenty of them.
func (c curve) thinned() table { return c.rows(max(len(c.samples)/20, 1)) }

func (c curve) csv() []byte {
	var b strings.Builder
	for _, row := range c.rows(1) {
		for i, cell := range row {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strings.ReplaceAll(cell, ",", ""))
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// svg draws memory, and what else must not grow, over time. The axes are linear and begin
// at zero: growth is what is looked for.
func (c curve) svg() []byte {
	var s strings.Builder
	panels := []struct {
		title   string
		figures []sampledFigure
	}{{"MiB", []sampledFigure{inRSS, inHeap}}, {"number", []sampledFigure{inGoroutines, inFiles}}}
	width := cellWidth * len(panels)
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", width, chartHeight, width, chartHeight)
	fmt.Fprintf(&s, "<title>%s</title>\n%s", html.EscapeString(c.title), style)
	fmt.Fprintf(&s, `<text class="title" x="%d" y="18">%s</text>`+"\n", marginLeft, html.EscapeString(c.title))
	for i, p := range panels {
		c.panel(&s, i*cellWidth, p.title, p.figures)
	}
	s.WriteString("</svg>\n")
	return []byte(s.String())
}

func (c curve) panel(s *strings.Builder, left int, title string, figures []sampledFigure) {
	const parts = 4 // of each axis
	longest, most := 1.0, 1.0
	for _, x := range c.samples {
		longest = max(longest, x.at.Seconds())
		for _, f := range figures {
			most = max(most, f.of(x))
		}
	}
	most = roundUp(most)
	x0, bottom := float64(left+marginLeft), float64(marginTop+panelHeight)
	fmt.Fprintf(s, `<text x="%.0f" y="%d">%s</text>`+"\n", x0, marginTop-12, html.EscapeString(title))
	for i := range parts + 1 {
		part := float64(i) / parts
		x, y := x0+part*panelWidth, bottom-part*panelHeight
		fmt.Fprintf(s, `<path class="grid" d="M%.1f %.1fH%.1f"/><text x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n", x0, y, x0+panelWidth, x0-6, y+4, short(most*part))
		fmt.Fprintf(s, `<text x="%.1f" y="%.1f" text-anchor="middle">%.0f</text>`+"\n", x, bottom+16, longest*part)
	}
	fmt.Fprintf(s, `<text x="%.1f" y="%.1f" text-anchor="middle">seconds</text>`+"\n", x0+panelWidth/2, bottom+34)
	taken := math.Inf(-1)
	for i, f := range figures {
		var path strings.Builder
		y := bottom
		for n, x := range c.samples {
			verb := "L"
			if n == 0 {
				verb = "M"
			}
			y = bottom - f.of(x)/most*panelHeight
			fmt.Fprintf(&path, "%s%.1f %.1f", verb, x0+x.at.Seconds()/longest*panelWidth, y)
		}
		name, _, _ := strings.Cut(f.name, ",")
		label := y + 4
		if math.Abs(label-taken) < leastLabelOffset {
			label = taken + leastLabelOffset
		}
		taken = label
		fmt.Fprintf(s, `<g class="l%d"><path class="line" d="%s"/><text x="%.1f" y="%.1f">%s</text></g>`+"\n", i, path.String(), x0+panelWidth+labelGap, label, html.EscapeString(name))
	}
}

// roundUp is the next 1, 2, 4 or 8 times a power of ten.
func roundUp(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 2, 4, 8} {
		if v <= n*p {
			return n * p
		}
	}
	return 10 * p
}

// The rates are a ladder: rung 0 is as fast as the sender can, each further one a tenth
// slower.
const (
	rungs       = 25 // to a twelfth
	rungStep    = 0.9
	mustSucceed = 3   // tries at a rate, none of which may lose a packet
	slowSender  = 0.9 // of the rate asked for, or of the sender's top: less is not that rate
)

// climb is a search for the first rung without loss: strides that double, then halves.
type climb struct {
	tool
	lost  int // the slowest rung known to lose; -1: none
	found int // the fastest rung without loss; rungs: none yet
	at    int // the rung that is being tried
	tried []try
	kept  []try   // of the rung found
	worst float64 // share lost on the rung above
}

func newClimb(t tool) *climb { return &climb{tool: t, lost: -1, found: rungs} }

func (c *climb) done() bool { return c.found == c.lost+1 }

// add takes the result of a try and says where to go on.
func (c *climb) add(t try) {
	c.tried = append(c.tried, t)
	switch {
	case t.missing() > 0:
		c.lost, c.worst = c.at, float64(t.missing())/float64(t.Packets)
	case len(c.tried) < mustSucceed:
		return
	default:
		c.found, c.kept = c.at, c.tried
	}
	c.tried = nil
	if c.found == rungs {
		c.at = min(2*c.lost+1, rungs-1)
	} else {
		c.at = (c.lost + c.found) / 2
	}
}

// rung is the rate of a rung; 0: as fast as it can.
func rung(n int, top float64) float64 {
	if n == 0 {
		return 0
	}
	return top * math.Pow(rungStep, float64(n))
}

// search finds each tool's rung, in turns.
func (b liveBench) search(ctx context.Context, l *lab, tools []tool, from *sender, packets int64) (list []*climb, top float64, err error) {
	for _, t := range tools {
		list = append(list, newClimb(t))
	}
	for round, left := 0, true; left; round++ {
		left = false
		for i := range list {
			c := list[(i+round)%len(list)]
			if c.done() {
				continue
			}
			left = true
			r := request{Packets: packets, Rate: rung(c.at, top)}
			least := slowSender * r.Rate
			if c.at == 0 {
				least = slowSender * top
			}
			x, err := l.replay(ctx, c.tool, from, r, least)
			if err != nil {
				return nil, 0, err
			}
			fmt.Fprintf(b.log, "%s: rung %d, %.0f k packets/s: %d of %d missing, the kernel dropped %d, %.3f s CPU\n",
				c.name, c.at, x.rate()/1e3, x.Packets-x.got, x.Packets, x.drops, x.cpu.Seconds())
			if c.at == 0 {
				top = max(top, x.rate())
			}
			c.add(x)
		}
	}
	return list, top, nil
}

// spread is a figure over the tries without loss.
func (c *climb) spread(f func(try) float64) spread {
	if len(c.kept) == 0 {
		return spread{}
	}
	sample := make([]float64, len(c.kept))
	for i, t := range c.kept {
		sample[i] = f(t)
	}
	return spreadOf(sample)
}
