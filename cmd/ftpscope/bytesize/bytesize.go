// Package bytesize is a flag that takes a number of bytes in words that people use.
package bytesize

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes: 64MiB, 100MB, 65536.
type Size uint64

// String is the size as it may be given.
func (n *Size) String() string {
	switch v := uint64(*n); {
	case v >= 1<<30 && v%(1<<30) == 0:
		return fmt.Sprintf("%dGiB", v>>30)
	case v >= 1<<20 && v%(1<<20) == 0:
		return fmt.Sprintf("%dMiB", v>>20)
	case v >= 1<<10 && v%(1<<10) == 0:
		return fmt.Sprintf("%dKiB", v>>10)
	default:
		return fmt.Sprint(v)
	}
}

// Type is the word for it in pages.
func (n *Size) Type() string { return "SIZE" }

var units = []struct {
	name string
	size uint64
}{
	{"KIB", 1 << 10}, {"MIB", 1 << 20}, {"GIB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"B", 1},
}

// Set reads a size.
func (n *Size) Set(s string) error {
	number, unit := strings.ToUpper(strings.TrimSpace(s)), uint64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(rest), u.size
			break
		}
	}
	v, err := strconv.ParseUint(number, 10, 62)
	if err != nil || v > (1<<62)/unit {
		return fmt.Errorf("want a size like 64MiB or 100MB, got %q", s)
	}
	*n = Size(v * unit)
	return nil
}
