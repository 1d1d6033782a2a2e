package main

import (
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

// svg draws memory, and what else must not grow, over time. The axes are linear and begin at zero: growth is what is
// looked for.
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
