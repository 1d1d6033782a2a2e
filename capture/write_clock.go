package capture

import "ftpscope/capture/flow"

// stamp says how to write a time so that the same time and digits are read again: with as many digits as the clock
// gave, or, if it counted in powers of 2 (clock.go rounds those down to nanoseconds), in the finest power of 2 of that
// many digits. A time that is neither keeps its nanoseconds at the cost of claiming nine digits.
func stamp(t flow.Time, digits uint8) (resolution byte, ticks uint64) {
	const log2 = 30103                // 10^5 times the decimal digits of a bit
	t = min(max(t, minTime), maxTime) // as the reader does
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

// ticksOf counts a time by a resolution of stamp: rounded down by powers of 10, up by powers of 2.
func ticksOf(t flow.Time, resolution byte) uint64 {
	v := uint64(min(max(t, minTime), maxTime))
	if resolution&0x80 == 0 {
		return v / power10(9-resolution)
	}
	power := resolution & 0x7f // at most 26: nothing overflows
	return v/nano<<power + (v%nano<<power+nano-1)/nano
}
