package analyze_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/record"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// What SPAN ports, clocks and drops do to captures, tried on every sample.

// sampled is a sample capture in frames.
type sampled struct {
	name   string
	frames []capturetest.Frame
}

// some are all, or, under the race detector, which sees the same accesses in few captures
// as in many, every fourth.
func some[T any](all []T) (list []T) {
	for i := 0; i < len(all); i += sampleStep {
		list = append(list, all[i])
	}
	return list
}

// samples are all sample captures, whatever they are written as.
func samples(t testing.TB) (list []sampled) {
	t.Helper()
	for _, file := range some(sampleCaptures(t)) {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		list = append(list, sampled{name, framesOf(t, file)})
	}
	return list
}

// framesOf reads any capture file.
func framesOf(t testing.TB, file string) []capturetest.Frame {
	t.Helper()
	c, err := capture.Open([]string{file}, capture.Options{})
	require.NoError(t, err)
	defer c.Close()
	var frames []capturetest.Frame
	for {
		packets, err := c.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		for i := range packets {
			p := &packets[i]
			frames = append(frames, capturetest.Frame{Time: p.Time, Link: p.Link, Data: bytes.Clone(p.Data), Length: int(p.Length)})
		}
	}
	name := filepath.Join(t.TempDir(), "frames.pcap")
	f, err := os.Create(name)
	require.NoError(t, err)
	require.NoError(t, capturetest.WritePcap(f, frames, capturetest.PcapOptions{Nanos: true}))
	require.NoError(t, f.Close())
	frames, err = capturetest.ReadPcap(name)
	require.NoError(t, err)
	return frames
}

// late gives the frames some time later each, at most by most.
func late(frames []capturetest.Frame, most flow.Time) []capturetest.Frame {
	out := capturetest.Shift(frames, 0)
	for i := range out {
		out[i].Time += flow.Millisecond + flow.Time(i)*7919*flow.Microsecond%(most-flow.Millisecond)
	}
	return out
}

// routed is what a router does to a packet: other MAC addresses, a TTL that is one less.
func routed(frames []capturetest.Frame) []capturetest.Frame {
	return capturetest.Change(frames, func(_ *capturetest.Frame, m *capturetest.Meta) bool {
		m.TTL--
		return true
	})
}

func mac(frames []capturetest.Frame) []capturetest.Frame {
	out := capturetest.Shift(frames, 0)
	for i := range out {
		if f := &out[i]; f.Link == capturetest.LinkEthernet && len(f.Data) >= 12 {
			f.Data = bytes.Clone(f.Data)
			f.Data[4] ^= 0x55
			f.Data[10] ^= 0x55
		}
	}
	return out
}

// copied are ways to see packets twice.
var copied = []struct {
	name string
	do   func([]capturetest.Frame) []capturetest.Frame
}{
	{"at once", func(f []capturetest.Frame) []capturetest.Frame { return capturetest.Duplicate(f) }},
	{"late", func(f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(f, late(f, 50*flow.Millisecond))
	}},
	{"out", func(f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(f, late(capturetest.OneSided(f, flow.Out), 2*flow.Millisecond))
	}},
	{"in", func(f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(f, late(capturetest.OneSided(f, flow.In), 2*flow.Millisecond))
	}},
	{"other MAC", func(f []capturetest.Frame) []capturetest.Frame { return capturetest.Interleave(f, mac(f)) }},
	{"routed", func(f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(f, capturetest.Shift(routed(mac(f)), 30*flow.Microsecond))
	}},
	{"three times", func(f []capturetest.Frame) []capturetest.Frame {
		return capturetest.Interleave(f, capturetest.Shift(routed(f), 30*flow.Microsecond), late(f, 20*flow.Millisecond))
	}},
}

// sentAgain lists what was sent again on the connections over IPv4, whose packets are
// numbered: in IPv6 nothing tells copies from repetitions that come at once.
func sentAgain(r *analyzetest.Records) (list []record.Again) {
	for _, s := range r.Sessions {
		if !s.Client.Addr().Is4() {
			continue
		}
		for _, x := range append([]*record.TCP{s.TCP}, tcpOf(s)...) {
			if x != nil && x.Again != nil {
				list = append(list, *x.Again)
			}
		}
	}
	return list
}

func tcpOf(s *record.Session) (list []*record.TCP) {
	for i := range s.Transfers {
		list = append(list, s.Transfers[i].TCP)
	}
	return list
}

var distances = regexp.MustCompile(`"(at|certainty)": "[a-z]*"|"cause": "data-re(fused|jected)"|"or": \[[^\]]*\]`)

// undistanced is records without what of their verdicts rests on how far the ends are: a
// capture on both sides of a router has no distances, by which alone a reset of the host and
// one of something before it differ.
func undistanced(records []string) []string {
	out := slices.Clone(records)
	for i, r := range out {
		out[i] = distances.ReplaceAllString(r, "")
	}
	return out
}

// A packet that was captured again changes nothing, the number of SYNs included.
func TestCopies(t *testing.T) {
	for _, s := range samples(t) {
		full := analyzetest.Analyzed(t, s.frames, analyze.Options{Dialogue: true})
		want := normal(t, []byte(full.JSON(t)))
		for _, c := range copied {
			t.Run(s.name+"/"+c.name, func(t *testing.T) {
				got := analyzetest.Analyzed(t, c.do(s.frames), analyze.Options{Dialogue: true})
				want, said := want, normal(t, []byte(got.JSON(t)))
				if c.name == "routed" || c.name == "three times" {
					want, said = undistanced(want), undistanced(said)
				}
				if d := differences(want, said); d != "" {
					t.Error(d)
				}
				if t.Failed() {
					return
				}
				require.Equal(t, full.Tries(), got.Tries())
				require.Equal(t, sentAgain(full), sentAgain(got))
			})
		}
	}
}

// A clock that is set in the middle of a capture makes no statement false; what is judged
// by time alone may be unknown.
func TestClockSteps(t *testing.T) {
	for _, s := range samples(t) {
		full := analyzetest.Analyzed(t, s.frames, options)
		for _, by := range []flow.Time{-3600 * flow.Second, -flow.Second, flow.Second, 3600 * flow.Second} {
			if s.name == "retr-550" && by > flow.Second {
				continue // the server that took an hour to say 550 waited for a connection
			}
			parts := 10
			if by > 0 {
				parts = 4
			}
			for part := 1; part < parts; part++ {
				if s.name == "fxp-refused" && by == -3600*flow.Second && part == 7 {
					continue // between PASV and PORT: what an hour lies between is no FXP
				}
				frames := capturetest.Shift(s.frames, 0)
				for i := len(frames) * part / parts; i < len(frames); i++ {
					frames[i].Time += by
				}
				got := analyzetest.Analyzed(t, frames, options)
				d := append(contradictions(full, got), falselyFound(full, got)...)
				if len(d) > 0 || len(got.Sessions) != len(full.Sessions) {
					t.Errorf("%s, %d s in part %d: %q\n%s", s.name, by/flow.Second, part, d, differences([]string{full.Facts()}, []string{got.Facts()}))
				}
			}
		}
	}
}

// falselyFound are findings of a part that the whole has not: but those that say what is
// unknown, and, of a connection that was late, those that say of it what else is known.
func falselyFound(full, part *analyzetest.Records) (list []string) {
	known := map[string]bool{"capture-gap": true}
	for _, id := range ruleIDs(full) {
		known[id] = true
	}
	if known["data-late"] {
		known["data-unanswered"], known["data-cut"] = true, true
	}
	for _, id := range ruleIDs(part) {
		if !known[id] {
			list = append(list, id)
		}
	}
	return list
}

// What a capture says does not depend on the century.
func TestAnyYear(t *testing.T) {
	for _, s := range samples(t) {
		first, last := s.frames[0].Time, s.frames[0].Time
		for _, f := range s.frames {
			first, last = min(first, f.Time), max(last, f.Time)
		}
		want := normal(t, []byte(analyzetest.Analyzed(t, s.frames, options).JSON(t)))
		const y2038, y2106 = 1 << 31 * flow.Second, 1 << 32 * flow.Second
		for _, start := range []flow.Time{0, y2038 - flow.Second, y2106 - flow.Second - (last - first)} {
			got := normal(t, []byte(analyzetest.Analyzed(t, capturetest.Shift(s.frames, start-first), options).JSON(t)))
			if d := differences(want, got); d != "" {
				t.Errorf("%s at %d s\n%s", s.name, start/flow.Second, d)
			}
		}
	}
}

// A SPAN port may show packets in each VLAN that they passed, two of them a switch's
// buffer apart.
func TestCopiesInVLANs(t *testing.T) {
	for _, s := range samples(t) {
		if s.frames[0].Link != capturetest.LinkEthernet || strings.HasPrefix(s.name, "vlan") || s.name == "qinq" {
			continue
		}
		full := analyzetest.Analyzed(t, s.frames, options)
		want := unplaced(t, normal(t, []byte(full.JSON(t))))
		copies := tagged(routed(s.frames), in(20), in(30))
		for name, after := range map[string][]capturetest.Frame{
			"30 us": capturetest.Shift(copies, 30*flow.Microsecond), "500 ms": capturetest.Shift(copies, 500*flow.Millisecond), "up to 500 ms": late(copies, 500*flow.Millisecond),
		} {
			got := analyzetest.Analyzed(t, capturetest.Interleave(s.frames, after), options)
			if d := differences(want, unplaced(t, normal(t, []byte(got.JSON(t))))); d != "" {
				t.Errorf("%s, %s\n%s", s.name, name, d)
			}
			require.Equal(t, full.Tries(), got.Tries(), "%s, %s", s.name, name)
		}
	}
}
