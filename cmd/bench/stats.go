package main

import (
	"fmt"
	"slices"
	"time"
)

// spread is a sample's median with its ends.
type spread struct{ median, least, most float64 }

func spreadOf(sample []float64) spread {
	s := slices.Sorted(slices.Values(sample))
	n := len(s)
	return spread{(s[(n-1)/2] + s[n/2]) / 2, s[0], s[n-1]}
}

// figure is one column of a usage.
type figure func(usage) float64

func wallTime(u usage) float64      { return u.wall.Seconds() }
func processorTime(u usage) float64 { return u.cpu.Seconds() }
func peakMiB(u usage) float64       { return float64(u.peak) / (1 << 20) }

func of(f figure, us []usage) spread {
	sample := make([]float64, len(us))
	for i, u := range us {
		sample[i] = f(u)
	}
	return spreadOf(sample)
}

// ratio is that of two commands' figures, round by round.
func ratio(f figure, us, to []usage) spread {
	sample := make([]float64, len(us))
	for i, u := range us {
		sample[i] = f(u) / max(f(to[i]), time.Microsecond.Seconds())
	}
	return spreadOf(sample)
}

// text writes the median and, in brackets, the ends.
func (s spread) text(format string) string {
	return fmt.Sprintf(format+" ("+format+"–"+format+")", s.median, s.least, s.most)
}
