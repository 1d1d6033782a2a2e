package analyze

import (
	"ftpscope/analyze/compare"
	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
)

// Point is one of the two points of a comparison: a capture that can be read several
// times.
type Point struct {
	Name string
	Open func() (Source, error) // as often as it is read
}

// Compare analyzes what was captured at two points and says what both together show. It
// reads each point twice, since only the analysis says which connections matter: the
// first time for the sessions, the second for the segments of their connections; and a
// third time where connections of the other point's are not among them.
func Compare(here, there Point, opt Options) (*compare.Result, error) {
	points := [2]Point{here, there}
	var sides [2]*compare.Side
	for i, p := range points {
		var err error
		if sides[i], err = p.side(opt); err != nil {
			return nil, err
		}
	}
	for i, p := range points {
		if missing := compare.Missing(sides[1-i], sides[i]); len(missing) > 0 {
			opt.Problem = nil // told before
			if err := p.trace(opt, sides[i].LookFor(missing)); err != nil {
				return nil, err
			}
		}
	}
	return compare.Compare(sides[0], sides[1]), nil
}

// side makes the facts of a point.
func (p *Point) side(opt Options) (*compare.Side, error) {
	src, err := p.Open()
	if err != nil {
		return nil, err
	}
	s := &compare.Side{Name: p.Name}
	opt.Dialogue, opt.Evidence, opt.Interval, opt.Status = false, nil, 0, nil
	control := newPorts(opt.Ports)
	c := compare.NewCollector(s, control.has)
	sum, err := Run(src, opt, c)
	if err != nil {
		return nil, err
	}
	summary := *sum // it stands in what the analysis held
	s.Summary = &summary
	s.Files, s.Packets, s.Dropped, s.Undecoded, s.Truncated = sum.Files, sum.Packets, sum.Capture.Dropped, sum.Capture.Undecoded, sum.Capture.TruncatedFiles
	if sum.First != nil {
		s.First, s.Last = *sum.First, *sum.Last
	}
	opt.Problem = nil // told once
	err = p.trace(opt, c.Segment)
	c.Close()
	return s, err
}

// trace reads the point again and gives its segments to take, and nil for packets that
// hold none.
func (p *Point) trace(opt Options, take func(*flow.Segment)) error {
	src, err := p.Open()
	if err != nil {
		return err
	}
	var d decode.Decoder
	d.Options = opt.Decode
	var seg flow.Segment
	for {
		batch, err := src.Next()
		if err != nil {
			return nil // what could not be read was reported the first time
		}
		for i := range batch {
			q := &batch[i]
			if opt.Filter != nil && !opt.Filter.Match(q.Data, q.Length, q.Link) {
				continue
			}
			seg.Mark, seg.Digits = q.Mark, q.Digits
			switch d.Decode(decode.Frame{Data: q.Data, Length: q.Length, Link: q.Link, FCS: q.FCS}, &seg) {
			case decode.TCP, decode.ICMP:
				for ok := true; ok; ok = d.More(&seg) {
					take(&seg)
				}
			default:
				take(nil)
			}
		}
	}
}
