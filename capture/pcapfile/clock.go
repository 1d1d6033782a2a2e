package pcapfile

import (
	"math"
	"math/bits"

	"ftpscope/capture/flow"
)

const nano = 1_000_000_000

// Times outside these are moved to them, and counted. The ends leave room so that the
// difference of any two times, and any time with a time-out added, is a flow.Time too; no
// capture is from before 1970 or after 2260.
const (
	MinTime flow.Time = 0
	MaxTime flow.Time = math.MaxInt64 - 2*365*86400*nano
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

// newClock reads if_tsresol and if_tsoffset (draft-ietf-opsawg-pcapng section 4.2): the
// highest bit tells powers of 2 from powers of 10.
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
		c.most = uint64(MaxTime) / c.scale
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
	case sum < int64(MinTime/flow.Second):
		c.moved++
		return MinTime
	case sum > int64(MaxTime/flow.Second):
		c.moved++
		return MaxTime
	}
	return min(flow.Time(sum)*flow.Second+flow.Time(nanos), MaxTime)
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

// stamp says how to write a time so that the same time and digits are read again: with as
// many digits as the clock gave, or, if it counted in powers of 2 (clock.go rounds those
// down to nanoseconds), in the finest power of 2 of that many digits. A time that is
// neither keeps its nanoseconds at the cost of claiming nine digits.
func stamp(t flow.Time, digits uint8) (resolution byte, ticks uint64) {
	const log2 = 30103                // 10^5 times the decimal digits of a bit
	t = min(max(t, MinTime), MaxTime) // as the reader does
	digits = min(digits, 9)
	if scale := power10(9 - digits); uint64(t)%scale == 0 {
		return digits, uint64(t) / scale
	}
	resolution = 0x80 | byte(uint(digits)*100000/log2)
	ticks = ticksOf(t, resolution)
	if c := newClock(resolution, 0); c.time(ticks) == t {
		return resolution, ticks
	}
	return 9, uint64(t)
}

// ticksOf counts a time by a resolution of stamp: rounded down by powers of 10, up by
// powers of 2.
func ticksOf(t flow.Time, resolution byte) uint64 {
	v := uint64(min(max(t, MinTime), MaxTime))
	if resolution&0x80 == 0 {
		return v / power10(9-resolution)
	}
	power := resolution & 0x7f // at most 26: nothing overflows
	return v/nano<<power + (v%nano<<power+nano-1)/nano
}
