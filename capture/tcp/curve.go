package tcp

import (
	"slices"

	"ftpscope/capture/flow"
)

// curve gathers a flow.Curve: points are at least step apart, which doubles when there is
// no more room. A nil one takes nothing.
type curve struct {
	points []flow.CurvePoint
	marks  []flow.CurveMark
	step   flow.Time
}

// draw notes how far both directions are with s.
func (w *watch) draw(g *sight) {
	s := g.s
	for d := range flow.Direction(2) {
		h := g.c.half[d]
		if d == g.dir && s.Length > 0 && flow.After(s.Seq+s.Length, h.next) {
			h.bytes += uint64(s.Seq + s.Length - h.next)
			h.next = s.Seq + s.Length
		} else if d != g.dir && s.Flags&flow.ACK != 0 {
			h.acknowledge(s.Ack)
		}
		if h.bytes > 0 {
			w.side[d].curve.add(flow.CurvePoint{At: s.Time, Sent: h.bytes, Acked: h.bytes - min(h.bytes, uint64(max(int32(h.next-h.acked), 0)))})
		}
	}
}

// add notes a point. The last one moves as long as it is near the one before.
func (v *curve) add(p flow.CurvePoint) {
	if v == nil {
		return
	}
	n := len(v.points)
	if n > 0 {
		last := &v.points[n-1]
		p.At, p.Sent, p.Acked = max(p.At, last.At), max(p.Sent, last.Sent), max(p.Acked, last.Acked)
	}
	if n > 1 && p.At-v.points[n-2].At < v.step {
		v.points[n-1] = p
		return
	}
	if n == flow.MaxCurvePoints {
		v.thin()
	}
	v.points = append(v.points, p)
}

// thin drops every second point.
func (v *curve) thin() {
	kept := v.points[:1]
	for i := 2; i < len(v.points); i += 2 {
		kept = append(kept, v.points[i])
	}
	v.points = kept
	v.step = max(2*v.step, 2*(kept[len(kept)-1].At-kept[0].At)/flow.MaxCurvePoints)
}

// mark notes something that held the connection up. Where there is no room it joins the
// last of its kind, and so do repetitions close to each other.
func (v *curve) mark(m flow.CurveMark) {
	if v == nil {
		return
	}
	const close = 100 * flow.Millisecond
	for i := len(v.marks) - 1; i >= 0; i-- {
		last := &v.marks[i]
		if last.Kind != m.Kind {
			continue
		}
		if m.Kind == flow.MarkAgain && m.From-last.To <= max(close, v.step) || len(v.marks) == flow.MaxCurveMarks {
			last.To = max(last.To, m.To)
			last.Count += m.Count
			return
		}
		break
	}
	if len(v.marks) < flow.MaxCurveMarks {
		v.marks = append(v.marks, m)
	}
}

// copied is the curve as it stands now, to be completed.
func (v *curve) copied() *curve {
	if v == nil {
		return nil
	}
	return &curve{points: slices.Clone(v.points), marks: slices.Clone(v.marks), step: v.step}
}

// drawn is the curve; nil where nothing was carried.
func (v *curve) drawn() *flow.Curve {
	if v == nil || len(v.points) == 0 {
		return nil
	}
	return &flow.Curve{Points: v.points, Marks: v.marks}
}
