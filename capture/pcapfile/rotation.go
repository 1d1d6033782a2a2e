package pcapfile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"ftpscope/capture/flow"
)

// Rotation says when an Output goes on in a new file: before the file grows beyond Size,
// and when a packet comes Age after the file's first one. Zero: for no such reason.
type Rotation struct {
	Size int64
	Age  flow.Time
}

// The least that makes sense: more files than that are of no use to anybody.
const (
	minRotateSize = 10_000
	minRotateAge  = flow.Second
)

var sizeUnits = map[string]int64{
	"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40,
}

// ParseRotation reads a size (100MB, 64MiB), an age (1h, 30m) or both (100MB,1h).
func ParseRotation(s string) (Rotation, error) {
	var r Rotation
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		size, isSize, err := parseSize(part)
		switch {
		case err != nil:
			return Rotation{}, err
		case isSize && r.Size != 0:
			return Rotation{}, fmt.Errorf("%q has two sizes", s)
		case isSize:
			r.Size = size
			continue
		}
		age, err := time.ParseDuration(part)
		switch {
		case err != nil:
			return Rotation{}, fmt.Errorf("%q is neither a size (100MB, 64MiB) nor a time (1h, 30m)", part)
		case r.Age != 0:
			return Rotation{}, fmt.Errorf("%q has two times", s)
		case flow.Time(age) < minRotateAge:
			return Rotation{}, fmt.Errorf("%q is too short: at least 1s", part)
		}
		r.Age = flow.Time(age)
	}
	return r, nil
}

// parseSize reports whether s is a size at all; one that is may be wrong.
func parseSize(s string) (int64, bool, error) {
	number := strings.TrimRight(s, "BbKkMmGgTtIi")
	unit, known := sizeUnits[strings.ToUpper(s[len(number):])]
	if !known {
		return 0, false, nil
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	bytes := n * float64(unit)
	switch {
	case err != nil || math.IsNaN(n):
		return 0, true, fmt.Errorf("%q is no size", s)
	case bytes < minRotateSize:
		return 0, true, fmt.Errorf("%q is too small: at least 10KB", s)
	case bytes >= math.MaxInt64:
		return 0, true, fmt.Errorf("%q is too large", s)
	}
	return int64(bytes), true, nil
}
