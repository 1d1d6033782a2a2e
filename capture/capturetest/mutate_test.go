package capturetest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// mutations keep what the connections said; order says whether they also keep it in order and said once.
var mutations = map[string]struct {
	do      func([]Frame) []Frame
	inOrder bool
}{
	"split to bytes":      {func(f []Frame) []Frame { return Split(f, 1) }, true},
	"split to 7":          {func(f []Frame) []Frame { return Split(f, 7) }, true},
	"split randomly":      {func(f []Frame) []Frame { return SplitRandomly(f, 900, 1) }, true},
	"split everywhere":    {func(f []Frame) []Frame { return SplitAt(f, Cuts(f)...) }, true},
	"split control":       {func(f []Frame) []Frame { return SplitAt(f, Cuts(f, Control)...) }, true},
	"split in the middle": {func(f []Frame) []Frame { c := Cuts(f); return SplitAt(f, c[len(c)/2]) }, true},
	"merge":               {func(f []Frame) []Frame { return Merge(f, 60000) }, true},
	"merge a little":      {func(f []Frame) []Frame { return Merge(f, 3000) }, true},
	"merge and split":     {func(f []Frame) []Frame { return SplitRandomly(Merge(f, 60000), 30, 2) }, true},
	"duplicate":           {func(f []Frame) []Frame { return Duplicate(f) }, false},
	"duplicate one":       {func(f []Frame) []Frame { return Duplicate(f, 4) }, false},
	"reorder":             {func(f []Frame) []Frame { return Reorder(f, 8, 3) }, false},
	"retransmit":          {func(f []Frame) []Frame { return Retransmit(f, 4) }, false},
	"all": {func(f []Frame) []Frame {
		return Reorder(Duplicate(Retransmit(SplitRandomly(f, 20, 5), 6)), 64, 7)
	}, false},
}

func TestMutationsKeepTheBytes(t *testing.T) {
	for _, script := range []string{"passive", "active, IPv6, wrap, FIN with the data", "synch, half closed", "two controls", "interleaved"} {
		frames := all(t)
		if script != "interleaved" {
			frames = MustFrames(t, scripts[script])
		}
		before := Dump(frames)
		want := reassemble(t, frames)
		for name, m := range mutations {
			t.Run(script+"/"+name, func(t *testing.T) {
				got := m.do(frames)
				requireSound(t, got)
				require.Equal(t, want, reassemble(t, got))
				require.Equal(t, got, m.do(frames), "two runs differ")
				require.Equal(t, before, Dump(frames), "the input was written to")
				require.True(t, slices.IsSortedFunc(got, func(a, b Frame) int { return int(a.Time - b.Time) }))
				if m.inOrder {
					requireContiguous(t, got)
				}
			})
		}
	}
}

// reassemble puts each side's bytes where their sequence numbers say, however often and in whatever order they came.
// The keys say what was open and how it ended, too.
func reassemble(t *testing.T, frames []Frame) map[string]string {
	t.Helper()
	type stream struct {
		base  uint32
		bytes []byte
		known []bool
		flags uint8
		end   uint32
	}
	streams := map[string]*stream{}
	for i := range frames {
		if !frames[i].whole() {
			continue
		}
		m := frames[i].Meta
		key := fmt.Sprint(frames[i].connection(), " ", m.Dir)
		s := streams[key]
		if s == nil {
			s = &stream{base: m.Seq - 1<<16} // what comes first need not be the lowest
			streams[key] = s
		}
		s.flags |= m.Flags & (flow.SYN | flow.FIN | flow.RST)
		if m.Flags&flow.FIN != 0 {
			s.end = m.end()
		}
		at := int(m.Seq - s.base)
		if m.Flags&flow.SYN != 0 {
			at++
		}
		if grow := at + len(m.Payload) - len(s.bytes); grow > 0 {
			s.bytes, s.known = append(s.bytes, make([]byte, grow)...), append(s.known, make([]bool, grow)...)
		}
		for j, b := range m.Payload {
			if s.known[at+j] && s.bytes[at+j] != b {
				require.FailNow(t, "other bytes", "frame %d\n%s", i+1, Dump(frames))
			}
			s.bytes[at+j], s.known[at+j] = b, true
		}
	}
	out := map[string]string{}
	for key, s := range streams {
		first, last := slices.Index(s.known, true), bytes.LastIndexByte(toBytes(s.known), 1)
		text := ""
		if first >= 0 {
			require.NotContains(t, s.known[first:last+1], false, "%s has a gap", key)
			text = string(s.bytes[first : last+1])
		}
		out[key] = fmt.Sprintf("flags %d end %d: %q", s.flags, s.end, text)
	}
	return out
}

func toBytes(known []bool) []byte {
	out := make([]byte, len(known))
	for i, k := range known {
		if k {
			out[i] = 1
		}
	}
	return out
}

// requireContiguous demands that each side's segments follow each other without gap or overlap.
func requireContiguous(t *testing.T, frames []Frame) {
	t.Helper()
	next := map[string]uint32{}
	for i := range frames {
		m := frames[i].Meta
		key := fmt.Sprint(frames[i].connection(), " ", m.Dir)
		if due, ok := next[key]; ok {
			require.Equal(t, due, m.Seq, "frame %d", i+1)
		}
		next[key] = m.end()
	}
}

func TestSplitKeepsFlagsInPlace(t *testing.T) {
	m := Meta{Seq: 10, Flags: flow.SYN | flow.FIN | flow.PSH | flow.URG, Urgent: 2, Payload: []byte("abc")}
	type part struct {
		flags  uint8
		seq    uint32
		urgent uint16
		text   string
	}
	var got []part
	for i := range 3 {
		p := m.part(i, 1)
		got = append(got, part{p.Flags, p.Seq, p.Urgent, string(p.Payload)})
	}
	require.Equal(t, []part{
		{flow.SYN | flow.URG, 10, 2, "a"},
		{flow.URG, 12, 1, "b"},
		{flow.FIN | flow.PSH, 13, 0, "c"},
	}, got)
}

func TestMergeMakesLargeSegments(t *testing.T) {
	got := Merge(MustFrames(t, scripts["passive"]), 60000)
	require.True(t, slices.ContainsFunc(got, func(f Frame) bool { return f.Meta != nil && len(f.Meta.Payload) == 5000 }), Dump(got))
}

func TestReorderStaysInTheWindow(t *testing.T) {
	frames := make([]Frame, 1000)
	for i := range frames {
		frames[i] = Frame{Time: flow.Time(i), Length: i}
	}
	moved := 0
	for i, f := range Reorder(frames, 16, 9) {
		require.Equal(t, flow.Time(i), f.Time)
		require.Less(t, max(i-f.Length, f.Length-i), 16)
		if f.Length != i {
			moved++
		}
	}
	require.Greater(t, moved, 500)
}

func TestSelections(t *testing.T) {
	frames := MustFrames(t, scripts["passive"])
	require.Len(t, Drop(frames, 0, 5), len(frames)-2)
	require.Equal(t, len(frames), len(OneSided(frames, flow.Out))+len(OneSided(frames, flow.In)))
	require.Empty(t, Stream(OneSided(frames, flow.Out), Control, flow.In))
	require.Equal(t, len(frames), len(Only(frames, Control))+len(Only(frames, "d1")))
	require.Equal(t, frames, slices.Concat(Rotate(frames, 5)...))
	require.Equal(t, frames, Interleave(Only(frames, "d1"), Only(frames, Control)))
	require.Equal(t, frames[0].Time+flow.Second, Shift(frames, flow.Second)[0].Time)
}

func TestSnap(t *testing.T) {
	frames := MustFrames(t, "isn S 1\nS: 220 ready\ndata d1 1.1.1.1:1 > 2.2.2.2:2 unreachable 1")
	for _, test := range []struct {
		snap, segments int
		scale          uint8
		payload        string
	}{
		{70, 6, 7, "220 ready\r\n"},
		{60, 5, flow.NoScale, "220 re"}, // the SYN's options are cut, so is what ICMP quotes
		{54, 5, flow.NoScale, ""},
		{53, 0, 0, ""},
		{3, 0, 0, ""},
	} {
		snapped := Snap(frames, test.snap)
		got := Segments(snapped)
		require.Len(t, got, test.segments, test.snap)
		for i := range snapped {
			require.Equal(t, min(test.snap, frames[i].Length), len(snapped[i].Data))
			require.Equal(t, frames[i].Length, snapped[i].Length)
		}
		if len(got) > 3 {
			require.Equal(t, test.scale, got[0].Scale)
			require.Equal(t, test.payload, string(got[3].Payload))
			require.Equal(t, 11, int(got[3].Length))
		}
	}
	require.Equal(t, Snap(frames, 60), Split(Snap(frames, 60), 1)[:len(frames)], "what is cut cannot be split")
}
