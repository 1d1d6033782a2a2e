package pcapfile

import (
	"math"
	exact "math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func TestClock(t *testing.T) {
	for _, test := range []struct {
		name       string
		resolution byte
		offset     int64
		ticks      uint64
		want       flow.Time
		digits     uint8
	}{
		{"seconds", 0, 0, 1_700_000_000, 1_700_000_000 * flow.Second, 0},
		{"microseconds", 6, 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000, 6},
		{"nanoseconds", 9, 0, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789, 9},
		{"picoseconds", 12, 0, 1_234_567_890_123, 1_234_567_890, 9},
		{"powers of 2", 0x80 | 10, 0, 1_700_000_000<<10 | 512, 1_700_000_000*flow.Second + flow.Second/2, 4},
		{"2^-32, as NTP", 0x80 | 32, 0, 1_700_000_000<<32 | 1<<31, 1_700_000_000*flow.Second + flow.Second/2, 9},
		{"2^-63", 0x80 | 63, 0, 1<<63 | 1<<62, flow.Second + flow.Second/2, 9},
		{"2^-64", 0x80 | 64, 0, 1 << 63, flow.Second / 2, 9},
		{"2^-127", 0xff, 0, math.MaxUint64, 0, 9},
		{"10^-19", 19, 0, 15_000_000_000_000_000_000, flow.Second + flow.Second/2, 9},
		{"10^-20", 20, 0, 15_000_000_000_000_000_000, flow.Second * 15 / 100, 9},
		{"10^-127", 127, 0, math.MaxUint64, 0, 9},
		{"offset", 6, 1_700_000_000, 5, 1_700_000_000*flow.Second + 5*flow.Microsecond, 6},
		{"offset back", 6, -1_000, 1_700_000_000_000_005, 1_699_999_000*flow.Second + 5*flow.Microsecond, 6},
		{"before 1970", 6, -10, 5, MinTime, 6},
		{"far before", 6, math.MinInt64, 0, MinTime, 6},
		{"far after", 6, math.MaxInt64, 0, MaxTime, 6},
		{"far after by ticks", 0, 0, math.MaxUint64, MaxTime, 0},
		{"far after by both", 0, math.MaxInt64, math.MaxUint64, MaxTime, 0},
		{"after by microseconds", 6, 0, math.MaxUint64, MaxTime, 6},
		{"after by nanoseconds", 9, 0, math.MaxUint64, MaxTime, 9},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClock(test.resolution, test.offset)
			require.Equal(t, test.want, c.time(test.ticks))
			require.Equal(t, test.digits, c.digits)
		})
	}
}

// Every clock agrees with exact arithmetic.
func TestClockExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		resolution := byte(rng.Uint32())
		ticks := rng.Uint64() >> (rng.Uint32() % 64)
		offset := int64(rng.Uint64()) >> (rng.Uint32() % 64)
		c := newClock(resolution, offset)

		base := int64(10)
		if resolution&0x80 != 0 {
			base = 2
		}
		unit := new(exact.Int).Exp(exact.NewInt(base), exact.NewInt(int64(resolution&0x7f)), nil)
		want := new(exact.Int).Mul(new(exact.Int).SetUint64(ticks), exact.NewInt(nano))
		want.Div(want, unit)
		want.Add(want, new(exact.Int).Mul(exact.NewInt(offset), exact.NewInt(nano)))
		got := c.time(ticks)
		switch {
		case want.Sign() < 0:
			require.Equal(t, MinTime, got)
		case want.Cmp(exact.NewInt(int64(MaxTime))) >= 0:
			require.Equal(t, MaxTime, got)
		default:
			require.Equal(t, want.Int64(), int64(got), "%#x %d %d", resolution, ticks, offset)
		}
	}
}
