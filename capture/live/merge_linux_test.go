package live

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func TestSeveralInterfaces(t *testing.T) {
	const pairs, n = 3, 20_000
	veths(t, pairs)
	c := open(t, Options{Interfaces: []string{"a2", "a0", "a1"}})
	files := []int{1, 2, 0} // of a0, a1, a2
	wires := []*wire{plug(t, "a0"), plug(t, "a1"), plug(t, "a2")}
	go func() {
		for i := range n {
			wires[i%pairs].send(tcp4(uint32(i), 1000, 0))
		}
	}()
	got := take(t, c, n)
	counts := make([]uint64, pairs)
	for i, p := range got {
		require.Equal(t, uint32(i), number(p), "in the order in which they were sent")
		file := files[i%pairs]
		counts[file]++
		require.Equal(t, flow.Mark{Time: p.Time, Ord: uint64(i + 1), Pos: flow.OnLink(file, counts[file])}, p.Mark)
	}
	require.Empty(t, rest(t, c))
	require.Equal(t, []string{"a2", "a0", "a1"}, c.Files())
}

// Interfaces on which nothing comes do not hold up the others for long, nor Now.
func TestIdleInterfaces(t *testing.T) {
	veths(t, 2)
	c := open(t, Options{Interfaces: []string{"b0", "b1"}})
	plug(t, "a1").send(tcp4(1, 1000, 0))
	got := take(t, c, 1)
	for end := time.Now().Add(patient); c.Now() <= got[0].Time+flow.Second; {
		require.True(t, time.Now().Before(end), "Now stands still")
		batch, err := c.Next()
		require.NoError(t, err)
		require.Empty(t, batch)
		require.LessOrEqual(t, c.Now(), clock())
	}
}

// The last block is not full when Stop comes.
func TestStopDrains(t *testing.T) {
	veths(t, 1)
	w := plug(t, "a0")
	w.send(tcp4(0, 1000, 0)) // until b0 takes packets, send tries again, and a0 would show each try
	for n := range 5 {
		c := open(t, Options{Interfaces: []string{"a0"}, Rings: 1 + n%2}) // what goes out is in the ring when send returns
		for i := range n {
			w.send(tcp4(uint32(i), 1000, 0))
		}
		require.Len(t, rest(t, c), n)
		_, err := c.Next()
		require.Equal(t, io.EOF, err)
		require.Equal(t, uint64(n), c.Stats().Packets)
		require.NoError(t, c.Close())
	}
}
