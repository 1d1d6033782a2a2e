//go:build !libpcap

package live

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/capture"
)

// Reading makes no garbage.
func TestNoAllocation(t *testing.T) {
	veths(t, 1)
	c := open(t, Options{Interfaces: []string{"a0"}})
	w := plug(t, "a0")
	frame := tcp4(0, 1000, 1000)
	for range 20_000 {
		w.send(frame)
	}
	require.LessOrEqual(t, testing.AllocsPerRun(50, func() { c.Next() }), 0.0)
	require.Equal(t, 20_000, int(c.Stats().Packets)+len(rest(t, c)))
}

// Several rings of an interface give what one does, in the same order.
func TestFanout(t *testing.T) {
	veths(t, 1)
	const n = 50_000
	one := open(t, Options{Interfaces: []string{"a0"}})
	several := open(t, Options{Interfaces: []string{"a0"}, Rings: 3})
	anyway := open(t, Options{Interfaces: []string{Any}, Rings: 2})
	w := plug(t, "a0")
	fragment := tcp4(n, 1000, 100)
	fragment[14+6] = 0x20 // more follow, and never come
	rings := slices.Clone(several.inputs)
	var want, got, out []capture.Packet
	const batch = 5000 // read in between, or a slow machine fills the rings with blocks that time out half empty
	for i := range uint32(n) {
		w.send(tcp4(i, uint16(i%1000), 0))
		if i%batch == batch-1 {
			want, got, out = append(want, take(t, one, batch)...), append(got, take(t, several, batch)...), append(out, take(t, anyway, 2*batch)...)
		}
	}
	w.send(fragment)
	want, got, out = append(want, rest(t, one)...), append(got, rest(t, several)...), append(out, rest(t, anyway)...)
	used := 0
	for _, in := range rings {
		if in.source.(*ring).seen > 0 {
			used++
		}
	}
	require.Greater(t, used, 1, "one ring got all connections")
	require.Len(t, want, n+1)
	require.Equal(t, datas(want), datas(got))
	for i, p := range got {
		require.Equal(t, want[i].Pos, p.Pos)
		require.Equal(t, want[i].Ord, p.Ord)
	}
	const kind = 10 // of a packet, in the cooked header
	out = slices.DeleteFunc(out, func(p capture.Packet) bool { return p.Data[kind] != outgoing })
	require.Len(t, out, n+1)
}

// While the rings join their group nothing may come twice.
func TestFanoutStartsClean(t *testing.T) {
	veths(t, 1)
	w := plug(t, "a0")
	stop, stopped := make(chan bool), sync.WaitGroup{}
	stopped.Go(func() {
		for n := uint32(1); ; n++ {
			select {
			case <-stop:
				return
			default:
				w.send(tcp4(n, uint16(n), 0))
			}
		}
	})
	for range 5 {
		c := open(t, Options{Interfaces: []string{"b0"}, Rings: 4, RingSize: 4 << 20})
		seen := map[uint32]bool{}
		for _, p := range append(take(t, c, 1000), rest(t, c)...) {
			require.False(t, seen[number(p)], "twice: %d", number(p))
			seen[number(p)] = true
		}
		c.Close()
	}
	close(stop)
	stopped.Wait()
}

// Nobody reads, and the ring overflows.
func TestDrops(t *testing.T) {
	veths(t, 1)
	const n = 5000
	c := open(t, Options{Interfaces: []string{"a0"}, RingSize: 1})
	w := plug(t, "a0")
	for i := range uint32(n) {
		w.send(tcp4(i, 1000, 1000))
	}
	dropped := c.Stats().Dropped
	require.NotZero(t, dropped)
	got := take(t, c, n-int(dropped))
	for i := range uint32(n) { // the ring takes packets again
		w.send(tcp4(n+i, 1000, 1000))
	}
	got = append(got, rest(t, c)...)
	require.Greater(t, number(got[len(got)-1]), uint32(n))
	s := c.Stats()
	require.Greater(t, s.Dropped, dropped)
	require.Equal(t, uint64(2*n), s.Packets+s.Dropped)
	require.NoError(t, c.Close())
	require.Equal(t, s, c.Stats(), "counters outlive the capture")
}

// problems are what Problem was told.
type problems []error

func (p *problems) add(err error) { *p = append(*p, err) }

// until reads until enough problems were told.
func (p *problems) until(t *testing.T, c *Capture, n int) {
	t.Helper()
	for end := time.Now().Add(patient); len(*p) < n; {
		require.True(t, time.Now().Before(end), "told: %v", *p)
		_, err := c.Next()
		require.NoError(t, err)
	}
}

func TestInterfaceGoesDownAndUp(t *testing.T) {
	for _, rings := range []int{1, 2} {
		t.Run(fmt.Sprint(rings), func(t *testing.T) {
			veths(t, 1)
			var told problems
			c := open(t, Options{Interfaces: []string{"b0"}, Rings: rings, Problem: told.add})
			plug(t, "a0").send(tcp4(1, 1000, 0))
			take(t, c, 1)
			ip(t, "link set b0 down")
			told.until(t, c, 1)
			ip(t, "link set b0 up")
			told.until(t, c, 2)
			require.Equal(t, problems{&Error{"b0", ErrDown}, &Error{"b0", ErrUp}}, told)
			w := plug(t, "a0")
			for i := range uint32(10) {
				w.send(tcp4(2+i, uint16(1000+i), 0))
			}
			require.Len(t, all(t, c, 10), 10)
			require.Equal(t, uint64(11), c.Stats().Packets)
			require.Len(t, told, 2)
		})
	}
}

func TestInterfaceRemoved(t *testing.T) {
	veths(t, 2)
	var told problems
	c := open(t, Options{Interfaces: []string{"b0", "b1"}, Problem: told.add})
	plug(t, "a0").send(tcp4(1, 1000, 0))
	w := plug(t, "a1")
	ip(t, "link del b0")
	var got []capture.Packet
	for end := time.Now().Add(patient); len(got) < 2; { // the other goes on
		require.True(t, time.Now().Before(end), "%d packets, told %v", len(got), told)
		batch, err := c.Next()
		require.NoError(t, err)
		if got = append(got, batch...); len(got) == 1 && len(batch) == 1 {
			w.send(tcp4(2, 1000, 0))
		}
	}
	removed := func() bool { return len(told) > 0 && errors.Is(told[len(told)-1], ErrRemoved) }
	require.True(t, removed(), "%v", told)
	ip(t, "link del b1")
	for end := time.Now().Add(patient); ; {
		require.True(t, time.Now().Before(end), "no end, told %v", told)
		if _, err := c.Next(); err == io.EOF {
			break
		}
	}
	require.True(t, removed())
	require.EqualError(t, told[len(told)-1], "b1: the interface was removed")
	require.Equal(t, uint64(2), c.Stats().Packets)
}
