package tcp_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// The first data of a direction are those with the first numbers, whether the capture shows
// them late, twice, or by the clock of another interface.
func TestFirstData(t *testing.T) {
	frames := capturetest.MustFrames(t, "data d1 192.0.2.10:40000 > 192.0.2.21:50000\nd1< 9000\nd1 fin <")
	plain := capturetest.Segments(frames)
	first := slices.IndexFunc(plain, func(s flow.Segment) bool { return s.Length > 0 })
	for _, test := range []struct {
		name   string
		change func(list []flow.Segment)
	}{
		{"in order", func([]flow.Segment) {}},
		{"the second by a clock that is behind", func(list []flow.Segment) { list[first+1].Time -= flow.Second }},
		{"the second came first", func(list []flow.Segment) {
			list[first], list[first+1] = list[first+1], list[first]
		}},
		{"the second came first, by a clock that is ahead", func(list []flow.Segment) {
			list[first], list[first+1] = list[first+1], list[first]
			list[first+1].Time += flow.Second
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := slices.Clone(plain)
			test.change(list)
			for i := range list {
				list[i].Mark.Ord, list[i].Mark.Pos = uint64(i+1), flow.At(0, uint64(i+1))
			}
			want := slices.IndexFunc(list, func(s flow.Segment) bool { return s.Length > 0 && s.Seq == plain[first].Seq })
			r := newRecorder(t)
			r.classify = counted
			table := tcp.New(r)
			for i := range list {
				table.Segment(&list[i])
			}
			table.Close(1 << 62)
			require.Len(t, r.closed, 1)
			require.Equal(t, flow.At(0, uint64(want+1)), r.closed[0].conn.Half[flow.In].FirstData.Pos)
		})
	}
}

// The FIN takes a number that is no byte: also where it is lost with what it ended and with
// the other side's, and where a keep-alive repeats it.
func TestNumberOfFIN(t *testing.T) {
	frames := capturetest.MustFrames(t, "data d1 192.0.2.10:40000 > 192.0.2.21:50000\nd1< 9000\nd1 fin <")
	plain := capturetest.Segments(frames)
	isEnd := func(s flow.Segment) bool { return s.Flags&flow.FIN != 0 }
	last := 0
	for i, s := range plain {
		if s.Length > 0 {
			last = i
		}
	}
	keepAlive := plain[last]
	keepAlive.Seq, keepAlive.Length, keepAlive.Payload, keepAlive.Flags = plain[last].End(), 1, []byte{0}, flow.ACK
	keepAlive.Time = plain[len(plain)-1].Time
	for name, list := range map[string][]flow.Segment{
		"all":                  plain,
		"the end is lost":      slices.DeleteFunc(slices.Concat(plain[:last], plain[last+1:]), isEnd),
		"a keep-alive behind":  append(slices.Clone(plain), keepAlive),
		"only the FIN is lost": slices.DeleteFunc(slices.Clone(plain), func(s flow.Segment) bool { return isEnd(s) && s.SrcPort == 50000 }),
	} {
		r := newRecorder(t)
		r.classify = counted
		table := tcp.New(r)
		for i := range list {
			list[i].Mark.Ord = uint64(i + 1)
			table.Segment(&list[i])
		}
		table.Close(1 << 62)
		require.Len(t, r.closed, 1, name)
		require.Equal(t, uint64(9000), r.closed[0].conn.Half[flow.In].Bytes, name)
	}
}
