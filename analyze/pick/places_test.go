package pick

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// Packets of two interfaces in one file: those that are in it are found both ways.
func TestPlaces(t *testing.T) {
	var x Places
	a, b := func(n uint64) flow.Pos { return flow.OnLink(0, n) }, func(n uint64) flow.Pos { return flow.OnLink(1, n) }
	in := []flow.Pos{a(3), a(4), b(2), a(9), a(10), a(11), b(3)}
	for i, p := range in {
		x.Note(p, uint64(i+1))
	}
	for i, p := range in {
		got := x.InFile(p)
		require.Equal(t, flow.Kept(p.File(), uint64(i+1)), got)
		require.Zero(t, got.File(), "there is one file")
		require.Equal(t, uint64(i+1), got.Packet())
		require.Equal(t, p, x.OnLink(got))
	}
	for _, p := range []flow.Pos{a(1), a(5), a(8), a(12), b(1), b(4), flow.OnLink(7, 1)} {
		got := x.InFile(p)
		require.Equal(t, p.Apart(), got)
		require.True(t, got.Seen())
		require.False(t, got.InFile())
		require.Zero(t, got.Packet())
		require.Equal(t, p, x.OnLink(got), "where it was on the link is known all the same")
	}
	require.Zero(t, x.InFile(0))
	require.Zero(t, x.OnLink(0))
	require.Zero(t, x.OnLink(flow.Kept(0, 99)))
	require.Zero(t, x.OnLink(flow.Kept(7, 1)))
}

// A file that was moved away takes its numbers with it.
func TestPlacesOfNewFile(t *testing.T) {
	var x Places
	x.Note(flow.OnLink(0, 5), 1)
	x.Note(flow.OnLink(0, 6), 2)
	x.Note(flow.OnLink(0, 9), 1)
	require.Equal(t, flow.OnLink(0, 5).Apart(), x.InFile(flow.OnLink(0, 5)))
	require.Equal(t, flow.Kept(0, 1), x.InFile(flow.OnLink(0, 9)))
}

// Of too many runs the older half is forgotten, and is never taken for others.
func TestPlacesAreBounded(t *testing.T) {
	x := Places{most: 8}
	for i := range uint64(100) {
		x.Note(flow.OnLink(int(i%2), 10*i), i+1)
		require.LessOrEqual(t, x.all, 9)
	}
	require.Equal(t, flow.OnLink(0, 10).Apart(), x.InFile(flow.OnLink(0, 10)))
	require.Zero(t, x.OnLink(flow.Kept(0, 2)))
	require.Equal(t, flow.Kept(1, 100), x.InFile(flow.OnLink(1, 990)))
}
