package analyze_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// A capture that holds every packet twice, far apart and with the times of the first, says
// what it says of them once, and that they are there twice. What lies between are enough
// connections of the same hosts that all those of the sample were closed and are out of the
// table, or nothing: then they linger.
func TestRecordedTwice(t *testing.T) {
	for _, s := range samples(t) {
		want := analyzetest.Analyzed(t, s.frames, options)
		for name, between := range map[string][]capturetest.Frame{"at once": nil, "long after": others(t, s.frames)} {
			got := analyzetest.Analyzed(t, slices.Concat(s.frames, between, s.frames), options)
			if d := differences(withoutCounts(t, want), withoutCounts(t, got)); d != "" {
				t.Errorf("%s, %s\n%s", s.name, name, d)
			}
			if len(between) > 0 && closed(want) {
				require.Positive(t, got.Total.Capture.Repeated, s.name)
			}
		}
	}
}

// So it is where the clock was set meanwhile, and where the second recorder's clock goes wrong:
// IPv4 numbers its packets.
func TestRecordedByOtherClock(t *testing.T) {
	const hour = 3600 * flow.Second
	for _, s := range samples(t) {
		want := analyzetest.Analyzed(t, s.frames, options)
		if len(want.Sessions) == 0 || !closed(want) || slices.ContainsFunc(want.Sessions, func(s *record.Session) bool { return !s.Client.Addr().Is4() || s.Verdict.Cause != record.CauseNone }) {
			continue
		}
		for _, by := range []flow.Time{-hour, -5 * flow.Second, 5 * flow.Second, hour} {
			set := capturetest.Shift(s.frames, 0)
			for i := len(set) / 2; i < len(set); i++ {
				set[i].Time += by
			}
			once := withoutCounts(t, analyzetest.Analyzed(t, set, options))
			require.Empty(t, differences(once, withoutCounts(t, analyzetest.Analyzed(t, slices.Concat(set, set), options))), "%s, the clock set by %d", s.name, by)
			again := analyzetest.Analyzed(t, slices.Concat(s.frames, capturetest.Shift(s.frames, 20*by)), options)
			require.Empty(t, differences(withoutCounts(t, want), withoutCounts(t, again)), "%s, again %d later", s.name, 20*by)
		}
	}
}

// others are connections between the hosts of the frames' first connection, as many as a
// table remembers while they wait for stragglers, behind their time.
func others(t *testing.T, frames []capturetest.Frame) []capturetest.Frame {
	first, last := frames[0].Meta, flow.Time(0)
	if first == nil || first.ICMP != nil || frames[0].Link != capturetest.LinkEthernet {
		return nil
	}
	for _, f := range frames {
		last = max(last, f.Time)
	}
	var b strings.Builder
	for i := range 70 {
		fmt.Fprintf(&b, "data d%[1]d %[2]s > %[3]s\nd%[1]d> 10\nd%[1]d fin >\n", i, netip.AddrPortFrom(first.Src.Addr(), uint16(20000+i)), netip.AddrPortFrom(first.Dst.Addr(), 80))
	}
	list := capturetest.MustFrames(t, b.String())
	return capturetest.Shift(list, last-list[0].Time)
}

// closed reports whether every control connection had its beginning and its end.
func closed(r *analyzetest.Records) bool {
	return len(r.Sessions) > 0 && !slices.ContainsFunc(r.Sessions, func(s *record.Session) bool { return !s.Capture.FromStart || !s.Capture.ToEnd })
}

// withoutCounts are the records, but for what the summary counts of packets.
func withoutCounts(t *testing.T, r *analyzetest.Records) (list []string) {
	for _, line := range normal(t, []byte(r.JSON(t))) {
		if !strings.Contains(line, `"type": "summary"`) {
			list = append(list, line)
		}
	}
	return list
}
