package analyze_test

import (
	"slices"
	"strings"
	"testing"

	"ftpscope/analyze/analyzetest"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// lateGuesses are samples whose data connections look like another's, or another way
// round, when their SYN is not in the capture, or whose first packets repeat what was
// said before; what is said of them then is marked as inferred.
var lateGuesses = []string{
	"active-high-port", "listing-forms", "default-data-port", "loopback", "several-clients",
	"loss-and-reordering", "pair-loss-client", "pair-loss-server",
}

// requireNoneDenied checks a part of a capture; what begins with one of the words may be
// as of the part.
func requireNoneDenied(t *testing.T, what string, n int, full, part *analyzetest.Records, except ...string) {
	t.Helper()
	analyzetest.RequireSane(t, part)
	list := slices.DeleteFunc(contradictions(full, part), func(d string) bool {
		return slices.ContainsFunc(except, func(word string) bool { return strings.HasPrefix(d, word) })
	})
	if len(list) > 0 {
		t.Errorf("%s %d: %q\n%s", what, n, list, differences([]string{full.Facts()}, []string{part.Facts()}))
	}
}

// A capture that ends early, or begins late, knows less, and says nothing false.
func TestCutAnywhere(t *testing.T) {
	const step = 3 // packets
	for i, s := range samples(t) {
		full := analyzetest.Analyzed(t, s.frames, options)
		thirdParty := strings.HasPrefix(s.name, "third-party") // who tried before is not yet the one who got in
		for k := 1 + i%step; k < len(s.frames); k += step {
			if !thirdParty {
				requireNoneDenied(t, s.name+", until", k, full, analyzetest.Analyzed(t, s.frames[:k], options), "login failed", "user ", "direction ")
			}
			if !slices.Contains(lateGuesses, s.name) {
				requireNoneDenied(t, s.name+", from", k+1, full, analyzetest.Analyzed(t, s.frames[k:], options), "banner ", "outcome denied")
			}
		}
	}
}

// A capture that lacks a direction, of all connections, the control connections' or the
// data connections', says nothing false.
func TestOneDirection(t *testing.T) {
	control := func(m *capturetest.Meta) bool { return m.Src.Port() == 21 || m.Dst.Port() == 21 }
	for _, s := range samples(t) {
		if strings.HasPrefix(s.name, "third-party") || s.name == "several-clients" || s.name == "abort-reply-order" {
			continue // who opened what, and which reply is whose, takes both
		}
		full := analyzetest.Analyzed(t, s.frames, options)
		for _, dir := range []flow.Direction{flow.Out, flow.In} {
			for what, lacks := range map[string]func(*capturetest.Meta) bool{
				"all": func(*capturetest.Meta) bool { return true }, "control": control,
				"data": func(m *capturetest.Meta) bool { return !control(m) },
			} {
				part := capturetest.Change(s.frames, func(_ *capturetest.Frame, m *capturetest.Meta) bool { return m.Dir == dir || !lacks(m) })
				requireNoneDenied(t, s.name+", one direction of "+what, int(dir), full, analyzetest.Analyzed(t, part, options), "direction ", "outcome denied", "outcome unused")
			}
		}
	}
}

// Packets of which next to nothing was captured are counted, and nothing false is said of
// the rest.
func TestTinySnaps(t *testing.T) {
	for _, s := range samples(t) {
		if strings.HasPrefix(s.name, "third-party") {
			continue // that the client tried, too, is all that headers tell
		}
		full := analyzetest.Analyzed(t, s.frames, options)
		for _, n := range []int{0, 1, 14, 34, 54} {
			part := analyzetest.Analyzed(t, capturetest.Snap(s.frames, n), options)
			requireNoneDenied(t, s.name+", snap length", n, full, part)
			if n <= 14 && (len(part.Sessions) > 0 || part.Total.Capture.Undecoded == 0) {
				t.Errorf("%s: %d sessions of %d bytes a packet, %d not decoded", s.name, len(part.Sessions), n, part.Total.Capture.Undecoded)
			}
		}
	}
}
