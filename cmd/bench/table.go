package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// table is printed as Markdown, with the columns in line. The first row is the heading.
type table [][]string

func (t *table) add(cells ...string) { *t = append(*t, cells) }

func (t table) print(w io.Writer) {
	widths := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for i, row := range t {
		for c, cell := range row {
			fmt.Fprint(w, "| ", cell, strings.Repeat(" ", widths[c]-utf8.RuneCountInString(cell)), " ")
		}
		fmt.Fprintln(w, "|")
		if i == 0 {
			for _, n := range widths {
				fmt.Fprint(w, "| ", strings.Repeat("-", n), " ")
			}
			fmt.Fprintln(w, "|")
		}
	}
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

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
