package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// chart is panels side by side that share what their horizontal axes say. All axes are
// logarithmic: a cost that grows in proportion climbs a decade with each decade.
type chart struct {
	title, axis string
	panels      []panel
}

type panel struct {
	title string
	lines []line
}

// line is measured points under a label.
type line struct {
	label  string
	points []point
}

type point struct{ x, y float64 }

func (l *line) add(x, y float64) { l.points = append(l.points, point{x, y}) }

// The layout, in pixels.
const (
	panelWidth, panelHeight    = 280, 200
	marginLeft, marginRight    = 56, 84 // what the values, and the labels at the lines' ends, need
	marginTop, marginBottom    = 52, 44
	cellWidth                  = marginLeft + panelWidth + marginRight
	chartHeight                = marginTop + panelHeight + marginBottom
	fontSize                   = 12
	leastDecades               = 1.0
	labelGap, leastLabelOffset = 7, 14
)

// style follows the reader's choice of light or dark.
const style = `<style>
svg{color:#1f2328;background:#fff;font:12px system-ui,sans-serif}
text{fill:currentColor}
.title{font-weight:600}
.grid{stroke:currentColor;stroke-opacity:.15}
.l0{color:#0969da}.l1{color:#9a6700}.l2{color:#8250df}
.line{stroke:currentColor;fill:none;stroke-width:2}
.dot{fill:currentColor}
@media(prefers-color-scheme:dark){svg{color:#e6edf3;background:#0d1117}.l0{color:#58a6ff}.l1{color:#d29922}.l2{color:#bc8cff}}
</style>
`

// svg draws the chart. The same numbers give the same bytes.
func (c chart) svg() []byte {
	var s strings.Builder
	width := cellWidth * len(c.panels)
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", width, chartHeight, width, chartHeight)
	fmt.Fprintf(&s, "<title>%s</title>\n%s", html.EscapeString(c.title), style)
	fmt.Fprintf(&s, `<text class="title" x="%d" y="18">%s</text>`+"\n", marginLeft, html.EscapeString(c.title))
	for i, p := range c.panels {
		p.draw(&s, i*cellWidth, c.axis)
	}
	s.WriteString("</svg>\n")
	return []byte(s.String())
}

// axis maps values to pixels.
type axis struct{ least, most, from, to float64 } // least and most are logarithms to the base 10

func newAxis(values []float64, from, to float64) axis {
	a := axis{math.Inf(1), math.Inf(-1), from, to}
	for _, v := range values {
		a.least, a.most = min(a.least, math.Log10(v)), max(a.most, math.Log10(v))
	}
	a.least, a.most = math.Floor(a.least), math.Ceil(a.most)
	a.most = max(a.most, a.least+leastDecades)
	return a
}

func (a axis) at(v float64) float64 {
	return a.from + (math.Log10(v)-a.least)/(a.most-a.least)*(a.to-a.from)
}

// decades are the powers of ten on the axis.
func (a axis) decades() (all []float64) {
	for e := a.least; e <= a.most; e++ {
		all = append(all, math.Pow(10, e))
	}
	return all
}

func (p panel) draw(s *strings.Builder, left int, unit string) {
	var xs, ys []float64
	for _, l := range p.lines {
		for _, pt := range l.points {
			if pt.x > 0 && pt.y > 0 {
				xs, ys = append(xs, pt.x), append(ys, pt.y)
			}
		}
	}
	if len(xs) == 0 {
		return
	}
	x0, bottom := float64(left+marginLeft), float64(marginTop+panelHeight)
	h, v := newAxis(xs, x0, x0+panelWidth), newAxis(ys, bottom, marginTop)
	fmt.Fprintf(s, `<text x="%d" y="%d">%s</text>`+"\n", left+marginLeft, marginTop-12, html.EscapeString(p.title))
	for _, d := range v.decades() {
		y := v.at(d)
		fmt.Fprintf(s, `<path class="grid" d="M%.1f %.1fH%.1f"/><text x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n", x0, y, x0+panelWidth, x0-6, y+4, short(d))
	}
	for _, d := range h.decades() {
		x := h.at(d)
		fmt.Fprintf(s, `<path class="grid" d="M%.1f %dV%.1f"/><text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", x, marginTop, bottom, x, bottom+16, short(d))
	}
	fmt.Fprintf(s, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", x0+panelWidth/2, bottom+34, html.EscapeString(unit))
	last := math.Inf(-1)
	for i, l := range p.lines {
		last = l.draw(s, i, [2]axis{h, v}, last)
	}
}

// draw draws a line with its label at its end, but not on the label before, which is at
// taken.
func (l line) draw(s *strings.Builder, n int, axes [2]axis, taken float64) float64 {
	var path, dots strings.Builder
	x, y := 0.0, 0.0
	for _, pt := range l.points {
		if pt.x <= 0 || pt.y <= 0 {
			continue
		}
		verb := "L"
		if path.Len() == 0 {
			verb = "M"
		}
		x, y = axes[0].at(pt.x), axes[1].at(pt.y)
		fmt.Fprintf(&path, "%s%.1f %.1f", verb, x, y)
		fmt.Fprintf(&dots, `<circle class="dot" cx="%.1f" cy="%.1f" r="3"><title>%s: %s</title></circle>`, x, y, short(pt.x), short(pt.y))
	}
	if path.Len() == 0 {
		return taken
	}
	label := y + 4
	if math.Abs(label-taken) < leastLabelOffset {
		label = taken + math.Copysign(leastLabelOffset, label-taken)
	}
	fmt.Fprintf(s, `<g class="l%d"><path class="line" d="%s"/>%s<text x="%.1f" y="%.1f">%s</text></g>`+"\n", n, path.String(), dots.String(), x+labelGap, label, html.EscapeString(l.label))
	return label
}

// short writes a number in three digits or so: 0.01, 1.5, 20 k, 1 M.
func short(v float64) string {
	for _, u := range []struct {
		of   float64
		name string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if v >= u.of {
			return fmt.Sprintf("%.3g%s", v/u.of, u.name)
		}
	}
	return fmt.Sprintf("%.3g", v)
}
