// Package prose says how numbers, counts, times, lists and quotes are written, once for all texts
// about records: findings, comparisons and reports.
package prose

import (
	"strconv"
	"strings"
)

// Number writes n with a comma every three digits.
func Number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Many counts things: "1 session", "2,000 sessions", "3 replies".
func Many[T int | uint64](n T, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "s"):
		return Number(uint64(n)) + " " + thing + "es"
	case strings.HasSuffix(thing, "y"):
		return Number(uint64(n)) + " " + strings.TrimSuffix(thing, "y") + "ies"
	}
	return Number(uint64(n)) + " " + thing + "s"
}
