package capture

import (
	"math"
	"math/bits"

	"ftpscope/capture/flow"
)

const nano = 1_000_000_000

// Times outside these are moved to them, and counted. The ends leave room so that the difference of any two times, and any time
// with a time-out added, is a flow.Time too; no capture is from before 1970 or after 2260.
const (
	minTime flow.Time = 0
	maxTime flow.Time = math.MaxInt64 - 2*365*86400*nano
)

// clock turns an interface's ticks into time.
type clock struct {
	scale  uint64 // nanoseconds a tick, when ticks are whole nanoseconds and no offset is given; else 0
	most   uint64 // ticks that scale can take
	digits uint8  // of the second that a tick gives
	binary bool   // a tick is 2^-power s, else 10^-power
	power  uint8
	offset int64 // seconds
	moved  uint64
}

// newClock reads if_tsresol and if_tsoffset (draft-ietf-opsawg-pcapng section 4.2): the highest bit tells powers of 2
// from powers of 10.
func newClock(resolution byte, offset int64) clock {
	c := clock{binary: resolution&0x80 != 0, power: resolution & 0x7f, offset: offset}
	if c.binary {
		const log2 = 30103 // 10^5 times the decimal digits of a bit
		c.digits = uint8(min(9, (int(c.power)*log2+99999)/100000))
		return c
	}
	c.digits = min(9, c.power)
	if c.power <= 9 && offset == 0 {
		c.scale = power10(9 - c.power)
		c.most = uint64(maxTime) / c.scale
	}
	return c
}

// time is small enough to be inlined where packets are read.
func (c *clock) time(ticks uint64) flow.Time {
	if c.scale != 0 && ticks <= c.most {
		return flow.Time(ticks * c.scale)
	}
	return c.anyTime(ticks)
}

// anyTime is time for every resolution and offset, without overflow.
func (c *clock) anyTime(ticks uint64) flow.Time {
	seconds, nanos := c.split(ticks)
	const far = 1 << 61 // seconds: any more make no difference, and two of them can be added
	sum := int64(min(seconds, far)) + max(min(c.offset, far), -far)
	switch {
	case sum < int64(minTime/flow.Second):
		c.moved++
		return minTime
	case sum > int64(maxTime/flow.Second):
		c.moved++
		return maxTime
	}
	return min(flow.Time(sum)*flow.Second+flow.Time(nanos), maxTime)
}

// split divides ticks into seconds and nanoseconds.
func (c *clock) split(ticks uint64) (seconds, nanos uint64) {
	switch {
	case c.binary && c.power < 64:
		seconds = ticks >> c.power
		hi, lo := bits.Mul64(ticks-seconds<<c.power, nano)
		return seconds, hi<<(64-c.power) | lo>>c.power // hi < 2^power: the quotient is below 10^9
	case c.binary:
		hi, _ := bits.Mul64(ticks, nano)
		return 0, hi >> (c.power - 64)
	case c.power <= 19:
		unit := power10(c.power)
		hi, lo := bits.Mul64(ticks%unit, nano)
		nanos, _ = bits.Div64(hi, lo, unit)
		return ticks / unit, nanos
	case c.power-9 <= 19:
		return 0, ticks / power10(c.power-9)
	}
	return 0, 0
}

// power10 is 10^n, n ≤ 19.
func power10(n uint8) uint64 {
	v := uint64(1)
	for range n {
		v *= 10
	}
	return v
}
