package compare

import (
	"cmp"
	"math"
	"slices"

	"ftpscope/capture/flow"
)

// Clock is how the second side's clock compares to the first's, as packets tell that both
// sides have.
//
// A packet to the server says: the offset is at most (its time there − its time here), by
// the time that the way takes. One to the client says: at least that. So the offset lies
// between, and the width of that is what the way there and back takes together. Where in
// it the offset lies nothing can tell; the middle is taken, as if both ways took the
// same.
type Clock struct {
	Known     bool
	Offset    flow.Time // add to a time of the first side; at Since
	PPM       float64   // how much faster the second clock goes, in millionths; 0: not measurable
	Since     flow.Time // by the first side's clock
	RoundTrip flow.Time // the least that both ways together take: certain, whatever the clocks say
	HasRound  bool      // packets of both ways were paired
	Packets   int       // that the estimate is made of
}

// Here is a time of the second side by the first's clock.
func (c *Clock) Here(b flow.Time) flow.Time {
	t := b - c.Offset
	return t - flow.Time(float64(t-c.Since)*c.PPM/(1e6+c.PPM))
}

// There is a time of the first side by the second's clock.
func (c *Clock) There(a flow.Time) flow.Time { return a + c.at(a) }

// at is the offset at a time of the first side.
func (c *Clock) at(a flow.Time) flow.Time {
	return c.Offset + flow.Time(float64(a-c.Since)*c.PPM/1e6)
}

// sample is a packet seen at both points.
type sample struct {
	at   flow.Time // by the first side's clock
	diff flow.Time // the second side's time less that
	way  Way
}

const (
	// maxSamples bounds what a clock is made of: sessions after that add nothing.
	maxSamples = 1 << 18
	// windows is into how many parts the common time is cut to see whether the clocks
	// drift apart.
	windows = 32
	// driftSpan is the shortest time over which drift is looked for, and driftLeast what
	// it must come to over the whole time, as a multiple of what the windows differ
	// otherwise.
	driftSpan  = 10 * flow.Second
	driftLeast = 4
)

// estimate makes a clock of samples.
func estimate(list []sample) Clock {
	if len(list) == 0 {
		return Clock{}
	}
	slices.SortStableFunc(list, func(x, y sample) int { return cmp.Compare(x.at, y.at) })
	c := Clock{Known: true, Since: list[0].at, Packets: len(list)}
	c.PPM = drift(list)
	low, high, both := c.bounds(list)
	c.HasRound = both
	c.Offset = low/2 + high/2 + (low%2+high%2)/2
	if both {
		c.RoundTrip = high - low
	}
	return c
}

// group is what a session's packets say.
type group struct {
	clock   Clock
	samples []sample
}

const (
	// maxGroups is how many sessions say how the clocks drift.
	maxGroups = 200
	// stepLeast is by how much a session must differ from what most say to count as of a
	// time when a clock stood otherwise.
	stepLeast = flow.Second
)

// consensus is the clock that most sessions agree on, and how many do not: a clock was
// set in between.
func consensus(groups []group) (Clock, int) {
	var both []group
	for _, g := range groups {
		if g.clock.HasRound {
			both = append(both, g)
		}
	}
	var list []sample
	if len(both) == 0 {
		for _, g := range groups {
			list = append(list, g.samples...)
		}
		return estimate(list), 0
	}
	slope := trend(both)
	rest := func(g *group) float64 {
		return float64(g.clock.Offset) - slope*float64(g.clock.Since-both[0].clock.Since)
	}
	var all []float64
	for i := range both {
		all = append(all, rest(&both[i]))
	}
	usual, stepped := median(all), 0
	for i := range both {
		if math.Abs(rest(&both[i])-usual) > float64(stepLeast) {
			stepped++
			continue
		}
		list = append(list, both[i].samples...)
	}
	return estimate(list), stepped
}

// trend is the median slope of the sessions' offsets.
func trend(groups []group) float64 {
	every := len(groups)/maxGroups + 1
	var slopes []float64
	for i := 0; i < len(groups); i += every {
		for k := 0; k < i; k += every {
			if d := groups[i].clock.Since - groups[k].clock.Since; d >= driftSpan {
				slopes = append(slopes, float64(groups[i].clock.Offset-groups[k].clock.Offset)/float64(d))
			}
		}
	}
	return median(slopes)
}

// bounds is what the offset lies between, drift taken out; of one way only, both are its
// own.
func (c *Clock) bounds(list []sample) (low, high flow.Time, both bool) {
	var has [2]bool
	for _, s := range list {
		d := s.diff - flow.Time(float64(s.at-c.Since)*c.PPM/1e6)
		switch {
		case s.way == ToServer && (!has[ToServer] || d < high):
			high = d
		case s.way == ToClient && (!has[ToClient] || d > low):
			low = d
		}
		has[s.way] = true
	}
	switch {
	case !has[ToServer]:
		high = low
	case !has[ToClient]:
		low = high
	}
	return low, high, has[0] && has[1]
}

// drift is the median slope of the windows' offsets (Theil and Sen): windows in which a
// queue stood do not bend it.
func drift(list []sample) (ppm float64) {
	begin, end := list[0].at, list[len(list)-1].at
	if end-begin < driftSpan {
		return 0
	}
	type point struct{ at, offset float64 }
	var points []point
	width := (end-begin)/windows + 1
	for from := 0; from < len(list); {
		to := from
		limit := begin + ((list[from].at-begin)/width+1)*width
		for to < len(list) && list[to].at < limit {
			to++
		}
		part := Clock{Since: begin}
		if low, high, both := part.bounds(list[from:to]); both {
			points = append(points, point{float64(list[from].at+list[to-1].at-2*begin) / 2, float64(low-list[0].diff)/2 + float64(high-list[0].diff)/2})
		}
		from = to
	}
	var slopes []float64
	for i := range points {
		for k := range points[:i] {
			if d := points[i].at - points[k].at; d > 0 {
				slopes = append(slopes, (points[i].offset-points[k].offset)/d)
			}
		}
	}
	if len(points) < 3 {
		return 0
	}
	slope := median(slopes)
	var off []float64
	for _, p := range points {
		off = append(off, math.Abs(p.offset-points[0].offset-slope*(p.at-points[0].at)))
	}
	if math.Abs(slope)*float64(end-begin) < driftLeast*max(median(off), float64(flow.Microsecond)) {
		return 0
	}
	return slope * 1e6
}

// median of a list, which it sorts; 0 of none.
func median[T cmp.Ordered](list []T) T {
	var zero T
	if len(list) == 0 {
		return zero
	}
	slices.Sort(list)
	return list[len(list)/2]
}
