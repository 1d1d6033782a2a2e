package compare

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

const (
	us = flow.Microsecond
	ms = flow.Millisecond
)

// skewed are the samples of a path whose clocks differ by offset and ppm: a packet a step each
// way, which takes way, and some up to jitter longer.
type skewed struct {
	offset, way, jitter flow.Time
	ppm                 float64
	from, span, step    flow.Time
}

func (s skewed) samples() (list []sample) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for at := s.from; at < s.from+s.span; at += s.step {
		off := func(at flow.Time) flow.Time { return s.offset + flow.Time(float64(at-s.from)*s.ppm/1e6) }
		delay := func() flow.Time {
			if s.jitter == 0 {
				return s.way
			}
			return s.way + flow.Time(rnd.Int64N(int64(s.jitter)))
		}
		back := at + s.step/2
		list = append(list, sample{at, off(at) + delay(), ToServer}, sample{back, off(back) - delay(), ToClient})
	}
	return list
}

func TestEstimateFromSamples(t *testing.T) {
	hour := 3600 * flow.Second
	for _, test := range []struct {
		name string
		of   skewed
		ppm  float64
	}{
		{"the same clock", skewed{way: 5 * ms, span: 60 * flow.Second, step: flow.Second}, 0},
		{"ahead", skewed{offset: 90 * flow.Second, way: 5 * ms, span: 60 * flow.Second, step: flow.Second}, 0},
		{"behind by a day, an hour in", skewed{offset: -24 * hour, way: ms, from: hour, span: 60 * flow.Second, step: flow.Second}, 0},
		{"too short to drift", skewed{ppm: 20, way: ms, span: 9 * flow.Second, step: 100 * ms}, 0},
		{"drifts ahead", skewed{ppm: 50, way: ms, span: hour, step: 5 * flow.Second}, 50},
		{"drifts behind, and is behind", skewed{ppm: -200, offset: -7 * flow.Second, way: ms, span: hour, step: 5 * flow.Second}, -200},
		{"jitter hides no drift", skewed{ppm: 80, way: ms, jitter: 2 * ms, span: hour, step: flow.Second}, 80},
		{"jitter is no drift", skewed{way: ms, jitter: 20 * ms, span: 60 * flow.Second, step: flow.Second}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := test.of.samples()
			c := estimate(list)
			require.True(t, c.Known && c.HasRound)
			require.Equal(t, len(list), c.Packets)
			require.InDelta(t, test.ppm, c.PPM, 2)
			require.Equal(t, test.of.from, c.Since)
			slack := float64(test.of.jitter) + 100*float64(us)
			require.InDelta(t, float64(test.of.offset), float64(c.Offset), slack)
			require.InDelta(t, float64(2*test.of.way), float64(c.RoundTrip), 2*slack)
			for _, at := range []flow.Time{test.of.from, test.of.from + test.of.span/2, test.of.from + test.of.span} {
				require.InDelta(t, float64(at), float64(c.Here(c.There(at))), 10, "there and back")
			}
		})
	}
}

// A queue that stands in one direction for a while is no drift: most windows do not know of it.
func TestEstimateWithQueue(t *testing.T) {
	list := skewed{way: ms, span: 3600 * flow.Second, step: flow.Second}.samples()
	for i := range list {
		if s := &list[i]; s.way == ToServer && s.at > 3000*flow.Second {
			s.diff += 200 * ms
		}
	}
	c := estimate(list)
	require.Zero(t, c.PPM)
	require.Equal(t, 2*ms, c.RoundTrip)
}

func TestBounds(t *testing.T) {
	for _, test := range []struct {
		name      string
		list      []sample
		low, high flow.Time
		both      bool
	}{
		{"nothing", nil, 0, 0, false},
		{"to the server only", []sample{{0, 9 * ms, ToServer}, {1, 4 * ms, ToServer}}, 4 * ms, 4 * ms, false},
		{"to the client only", []sample{{0, -9 * ms, ToClient}, {1, -4 * ms, ToClient}}, -4 * ms, -4 * ms, false},
		{"both", []sample{{0, 9 * ms, ToServer}, {1, 2 * ms, ToClient}, {2, 8 * ms, ToServer}, {3, 3 * ms, ToClient}}, 3 * ms, 8 * ms, true},
		{"sides the wrong way round", []sample{{0, 2 * ms, ToServer}, {1, 9 * ms, ToClient}}, 9 * ms, 2 * ms, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			low, high, both := (&Clock{}).bounds(test.list)
			require.Equal(t, []any{test.low, test.high, test.both}, []any{low, high, both})
		})
	}
}

// Of several sessions' clocks the one is taken that most agree on, drift and all; one that was
// of a time when a clock stood otherwise is counted.
func TestConsensus(t *testing.T) {
	of := func(list ...skewed) (groups []group) {
		for _, s := range list {
			samples := s.samples()
			groups = append(groups, group{estimate(samples), samples})
		}
		return groups
	}
	at := func(from, offset flow.Time) skewed {
		return skewed{offset: offset, way: ms, from: from, span: 5 * flow.Second, step: flow.Second}
	}
	oneWay := group{samples: []sample{{0, 4 * ms, ToServer}}}
	oneWay.clock = estimate(oneWay.samples)
	minute := 60 * flow.Second
	for _, test := range []struct {
		name    string
		groups  []group
		offset  flow.Time
		stepped int
		packets int
	}{
		{"none", nil, 0, 0, 0},
		{"one", of(at(0, 3*flow.Second)), 3 * flow.Second, 0, 10},
		{"one way only", []group{oneWay}, 4 * ms, 0, 1},
		{"one way counts where another has both", append(of(at(0, flow.Second)), oneWay), flow.Second, 0, 10},
		{"one was of another time", of(at(0, 0), at(minute, 0), at(2*minute, 37*flow.Second), at(3*minute, 0)), 0, 1, 30},
		{"drift is no step", of(at(0, 0), at(1000*minute, 6*flow.Second), at(2000*minute, 12*flow.Second), at(3000*minute, 18*flow.Second)), 0, 0, 40},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, stepped := consensus(test.groups)
			require.Equal(t, test.stepped, stepped)
			require.Equal(t, test.packets, c.Packets)
			require.InDelta(t, float64(test.offset), float64(c.at(0)), float64(2*ms))
		})
	}
}

func TestMedian(t *testing.T) {
	require.Zero(t, median([]int(nil)))
	require.Equal(t, 7, median([]int{7}))
	require.Equal(t, 5, median([]int{9, 5, 1}))
	require.Equal(t, 3.5, median([]float64{3.5, 1, 2, 9}))
}

// Sides of which no session is on both have other connections' SYNs to compare: the TTL tells
// which way they went.
func TestStrangers(t *testing.T) {
	seg := func(at flow.Time, seq uint32, flags, ttl uint8) Seg {
		return Seg{Time: at, Seq: seq, Flags: flags, TTL: ttl}
	}
	a := &Side{Strangers: []Seg{
		seg(10*ms, 1, flow.SYN, 64), seg(20*ms, 2, flow.SYN|flow.ACK, 60), seg(30*ms, 3, flow.SYN, 64), seg(40*ms, 4, flow.SYN, 64), seg(50*ms, 5, flow.SYN, 64),
	}}
	b := &Side{Strangers: []Seg{
		seg(15*ms, 1, flow.SYN, 62), seg(18*ms, 2, flow.SYN|flow.ACK, 62), seg(33*ms, 3, flow.SYN, 64), seg(44*ms, 4, flow.SYN|flow.ACK, 62),
	}}
	require.Equal(t, []sample{{10 * ms, 5 * ms, ToServer}, {20 * ms, -2 * ms, ToClient}}, strangers(a, b),
		"without a hop nothing tells the way, and flags must agree")
}
