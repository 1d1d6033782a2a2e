package session

import "math"

// Oldest is the Ord of the first packet of the oldest session in the making whose control connection has ended;
// math.MaxUint64 when there is none.
func (m *Matcher) Oldest() uint64 {
	oldest := uint64(math.MaxUint64)
	for i := range m.ended {
		oldest = min(oldest, m.ended[i].first)
	}
	return oldest
}
