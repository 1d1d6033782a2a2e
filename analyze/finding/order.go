package finding

import "ftpscope/capture/flow"

// disorder is how much later than another one a packet can come into a capture that was sent before it.
const disorder = 2 * flow.Second

// precedes reports whether a was before b: by their times, unless these are so far apart and so contrary to their places in the
// capture that the clock was set between.
func precedes(a, b flow.Mark) bool {
	if d := a.Time - b.Time; (a.Ord < b.Ord) == (d < 0) || max(d, -d) > disorder || d == 0 {
		return a.Ord < b.Ord
	}
	return a.Time < b.Time
}
