package pick

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// kept is a PacketWriter that remembers.
type kept struct {
	ords  []uint64
	bytes [][]byte
	err   error
}

func (k *kept) WritePacket(iface int, p *capture.Packet, _ ...string) error {
	if k.err != nil {
		return k.err
	}
	if iface != p.Pos.File() {
		return errors.New("another interface")
	}
	k.ords, k.bytes = append(k.ords, p.Ord), append(k.bytes, bytes.Clone(p.Data))
	return nil
}

var (
	hostA = netip.MustParseAddrPort("192.0.2.10:40000")
	hostB = netip.MustParseAddrPort("192.0.2.21:21")
	hostC = netip.MustParseAddrPort("[2001:db8::1]:21")
	hostD = netip.MustParseAddrPort("192.0.2.10:40001")
)

// feeder makes packets in order, each with bytes that tell it from others.
type feeder struct {
	k    *Keeper
	ord  uint64
	data map[uint64][]byte
}

func feed(out PacketWriter, opt KeeperOptions) *feeder {
	return &feeder{k: NewKeeper(out, opt), data: map[uint64][]byte{}}
}

// add is a packet from a to b of so many bytes.
func (f *feeder) add(a, b netip.AddrPort, at flow.Time, size int) {
	f.ord++
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(f.ord*31 + uint64(i))
	}
	f.data[f.ord] = data
	view := bytes.Clone(data)
	p := &capture.Packet{Data: view, Length: uint32(size), Link: 1, Digits: 9, Mark: flow.Mark{Time: at, Ord: f.ord, Pos: flow.At(3, f.ord)}}
	s := segmentOf(a, b)
	f.k.Add(p, &s)
	clear(view) // the packet is valid only during the call
}

func segmentOf(a, b netip.AddrPort) flow.Segment {
	return flow.Segment{Src: flow.HostOf(a.Addr()), Dst: flow.HostOf(b.Addr()), SrcPort: a.Port(), DstPort: b.Port()}
}

func TestKeeper(t *testing.T) {
	const s = flow.Second
	for _, test := range []struct {
		name string
		do   func(f *feeder)
		want []uint64
	}{
		{"nothing is marked", func(f *feeder) { f.add(hostA, hostB, s, 60) }, nil},
		{"what came before the mark, both directions, in order", func(f *feeder) {
			f.add(hostA, hostB, s, 60)
			f.add(hostA, hostC, s, 60)
			f.add(hostB, hostA, s, 60)
			f.k.Mark(hostB, hostA, flow.PlainNet)
			f.add(hostD, hostB, s, 60)
			f.add(hostA, hostB, s, 60)
		}, []uint64{1, 3, 5}},
		{"what is too old by the mark", func(f *feeder) {
			f.add(hostA, hostB, s, 60)
			f.add(hostA, hostB, 4*s, 60)
			f.add(hostA, hostC, 7*s, 60)
			f.k.Mark(hostA, hostB, flow.PlainNet)
			f.add(hostA, hostB, 8*s, 60)
		}, []uint64{2, 4}},
		{"as old as may be", func(f *feeder) {
			f.add(hostA, hostB, s, 60)
			f.add(hostA, hostC, 6*s, 60)
			f.k.Mark(hostA, hostB, flow.PlainNet)
		}, []uint64{1}},
		{"an idle time ages too", func(f *feeder) {
			f.add(hostA, hostB, s, 60)
			f.k.Tick(7 * s)
			f.k.Mark(hostA, hostB, flow.PlainNet)
		}, nil},
		{"it is none after all", func(f *feeder) {
			f.k.Mark(hostA, hostB, flow.PlainNet)
			f.add(hostA, hostB, s, 60)
			f.k.Unmark(hostA, hostB, flow.PlainNet)
			f.k.Unmark(hostA, hostB, flow.PlainNet)
			f.k.Ended(hostA, hostB, flow.Nets{})
		}, nil},
		{"no control connection, but a session's data connection", func(f *feeder) {
			f.add(hostA, hostB, s, 60)
			f.k.Mark(hostA, hostB, flow.PlainNet)
			f.k.Mark(hostB, hostA, flow.PlainNet)
			f.k.Unmark(hostA, hostB, flow.PlainNet)
		}, []uint64{1}},
		{"ended: what lingers is kept, what comes later is not", func(f *feeder) {
			f.k.Mark(hostA, hostB, flow.PlainNet)
			f.k.Mark(hostA, hostB, flow.PlainNet)
			f.add(hostA, hostB, s, 60)
			f.k.Ended(hostA, hostB, flow.Nets{})
			f.add(hostB, hostA, 2*s, 60)
			f.add(hostB, hostA, 6*s, 60)
			f.add(hostB, hostA, 6*s+1, 60)
			f.k.Unmark(hostA, hostB, flow.PlainNet)
		}, []uint64{1, 2, 3}},
		{"marked only after its end", func(f *feeder) {
			f.add(hostA, hostB, s, 60)
			f.k.Mark(hostA, hostB, flow.PlainNet)
			f.k.Ended(hostA, hostB, flow.Nets{})
		}, []uint64{1}},
		{"used again after its end", func(f *feeder) {
			f.k.Mark(hostA, hostB, flow.PlainNet)
			f.k.Ended(hostA, hostB, flow.Nets{})
			f.add(hostA, hostB, s, 60)
			f.k.Mark(hostA, hostB, flow.PlainNet)
			f.add(hostA, hostB, 100*s, 60)
		}, []uint64{1, 2}},
		{"a late packet does not put the clock back", func(f *feeder) {
			f.add(hostA, hostB, 10*s, 60)
			f.add(hostA, hostC, 7*s, 60)
			f.add(hostA, hostB, 10*s, 60)
			f.add(hostA, hostC, 7*s, 60)
			f.add(hostA, hostC, 14*s, 60)
			f.k.Mark(hostA, hostB, flow.PlainNet)
		}, []uint64{1, 3}},
		{"the clock is put back for good", func(f *feeder) {
			f.add(hostA, hostB, 1000*s, 60)
			f.add(hostA, hostB, 10*s, 60)
			f.add(hostA, hostC, 14*s, 60)
			f.add(hostA, hostC, 16*s, 60)
			f.k.Mark(hostA, hostB, flow.PlainNet)
		}, nil},
		{"the ends of time", func(f *feeder) {
			f.k.Mark(hostA, hostB, flow.PlainNet)
			for range 10 {
				f.add(hostA, hostB, math.MaxInt64-2*365*86400*s, 60)
				f.add(hostA, hostB, 0, 60)
			}
		}, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}},
		{"empty packets", func(f *feeder) {
			f.add(hostA, hostB, s, 0)
			f.k.Mark(hostA, hostB, flow.PlainNet)
			f.add(hostA, hostB, s, 0)
		}, []uint64{1, 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := &kept{}
			f := feed(out, KeeperOptions{})
			test.do(f)
			f.k.Flush()
			require.Equal(t, test.want, out.ords)
			for i, ord := range out.ords {
				require.Equal(t, f.data[ord], out.bytes[i])
			}
			require.EqualValues(t, len(test.want), f.k.Stats().Written)
			f.k.Flush()
			require.EqualValues(t, len(test.want), f.k.Stats().Written, "once")
		})
	}
}

func TestKeeperMakesRoom(t *testing.T) {
	out := &kept{}
	f := feed(out, KeeperOptions{Bytes: 1000})
	f.add(hostA, hostB, 1, 400)
	f.add(hostA, hostB, 1, 1001)
	f.add(hostA, hostC, 1, 400)
	f.add(hostA, hostC, 1, 400) // the first leaves
	f.k.Mark(hostA, hostB, flow.PlainNet)
	f.add(hostA, hostB, 1, 1000)
	f.add(hostA, hostB, 1, 0)
	f.add(hostA, hostB, 1, 1000)
	f.k.Flush()
	require.Equal(t, []uint64{5, 6, 7}, out.ords)
	require.Equal(t, KeeperStats{Written: 3, TooLarge: 1, Marks: 1}, f.k.Stats())

	f.k.Unmark(hostA, hostB, flow.PlainNet)
	for range 100 { // many small ones
		f.add(hostA, hostB, 1, 1)
	}
	f.k.Mark(hostA, hostB, flow.PlainNet)
	f.k.Flush()
	require.Len(t, out.ords, 3+1000/bytesPerHead+1)
}

// Against a plain model: sizes and marks at random, and never a byte of another packet.
func TestKeeperModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	ends := []netip.AddrPort{hostA, hostB, hostC, hostD}
	for range 200 {
		out := &kept{}
		f := feed(out, KeeperOptions{Bytes: 1 + rng.IntN(5000)})
		var all []flow.Tuple
		marked := map[flow.Tuple]bool{}
		for range 300 {
			a, b := ends[rng.IntN(4)], ends[rng.IntN(4)]
			if rng.IntN(10) == 0 {
				f.k.Mark(a, b, flow.PlainNet)
				marked[flow.TupleOf(a, b)] = true
			}
			f.add(a, b, flow.Time(len(all))*flow.Millisecond, rng.IntN(1500))
			all = append(all, flow.TupleOf(a, b))
			require.LessOrEqual(t, f.k.next-f.k.heads[f.k.first].from, uint64(len(f.k.bytes)))
		}
		f.k.Flush()
		require.True(t, slices.IsSorted(out.ords))
		for i, ord := range out.ords {
			require.True(t, marked[all[ord-1]])
			require.Equal(t, f.data[ord], out.bytes[i])
		}
		if f.k.stats.TooLarge == 0 {
			require.Subset(t, out.ords, tail(all, marked, len(f.k.bytes)/1500))
		}
	}
}

// tail is the marked ones among the last n: they are certainly in the ring at the end.
func tail(all []flow.Tuple, marked map[flow.Tuple]bool, n int) (ords []uint64) {
	for i := max(0, len(all)-n/2); i < len(all); i++ {
		if marked[all[i]] {
			ords = append(ords, uint64(i+1))
		}
	}
	return ords
}

func TestKeeperCountsFailures(t *testing.T) {
	out := &kept{err: errors.New("full")}
	f := feed(out, KeeperOptions{})
	f.k.Mark(hostA, hostB, flow.PlainNet)
	f.add(hostA, hostB, 1, 60)
	f.k.Flush()
	require.Equal(t, KeeperStats{Failed: 1, Marks: 1}, f.k.Stats())
}

// Of two networks' connections of the same ends one may end before the other.
func TestMarksOfNetworks(t *testing.T) {
	s := newMarks(3)
	p := tupleOf(40000)
	one, both := flow.Net(1).Nets(), flow.Nets{2, 3, 2, 2, 2, 2}
	for _, net := range []flow.Net{1, 1, 2, 3} {
		s.add(p, net)
	}
	s.end(p, &one, 10)
	require.True(t, s.has(p, 11), "the other goes on")
	s.remove(p, 1)
	require.True(t, s.has(p, 11), "it ended already")
	s.end(p, &both, 20)
	require.True(t, s.has(p, 20))
	require.False(t, s.has(p, 21))

	s.add(p, 5)
	s.add(p, 6)
	s.remove(p, 5)
	require.True(t, s.has(p, 30))
	s.remove(p, 6)
	require.False(t, s.has(p, 30))
	for n := range flow.Net(10_000) {
		s.add(p, n)
	}
	now, _ := s.counts()
	require.Equal(t, 1, now)
	require.Len(t, s.set[p].Value.(*mark).uses, maxUses)
}

func tupleOf(port uint16) flow.Tuple {
	return (&flow.Segment{Src: flow.Host4(1), Dst: flow.Host4(2), SrcPort: port, DstPort: 21}).Tuple()
}

func TestMarksAreBounded(t *testing.T) {
	s := newMarks(3)
	p := tupleOf
	for n := range uint16(3) {
		s.add(p(n), flow.PlainNet)
	}
	s.end(p(1), &flow.Nets{}, 10)
	s.add(p(3), flow.PlainNet)
	require.False(t, s.has(p(1), 0), "those that are over go first")
	s.add(p(4), flow.PlainNet)
	require.False(t, s.has(p(0), 0), "then the oldest")
	for _, n := range []uint16{2, 3, 4} {
		require.True(t, s.has(p(n), 0))
	}
	now, lost := s.counts()
	require.Equal(t, []uint64{3, 2}, []uint64{uint64(now), lost})

	for n := range uint16(5) {
		s.end(p(n), &flow.Nets{}, 20)
		s.end(p(n), &flow.Nets{}, 30)
	}
	require.True(t, s.has(p(2), 20))
	require.False(t, s.has(p(9), 21))
	now, _ = s.counts()
	require.Zero(t, now)
	require.Zero(t, s.open.Len()+s.ended.Len())
}

// Marks come from other goroutines than packets (for the race detector).
func TestKeeperConcurrently(t *testing.T) {
	out := &kept{}
	f := feed(out, KeeperOptions{Bytes: 10_000})
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for n := range 1000 {
				other := netip.AddrPortFrom(hostC.Addr(), uint16(n*4+w))
				f.k.Mark(hostA, other, flow.PlainNet)
				f.k.Tick(flow.Time(n))
				f.k.Ended(other, hostA, flow.Nets{})
				f.k.Unmark(hostA, other, flow.PlainNet)
				f.k.Stats()
			}
		})
	}
	f.k.Mark(hostA, hostB, flow.PlainNet)
	for n := range 1000 {
		f.add(hostA, hostB, flow.Time(n), 100)
	}
	all.Wait()
	f.k.Flush()
	require.Len(t, out.ords, 1000)
}

// discard is a PacketWriter that takes all.
type discard struct{}

func (discard) WritePacket(int, *capture.Packet, ...string) error { return nil }

// busy is a keeper in steady state and a packet of every second connection of 64, which
// are marked.
func busy(size int) func() {
	k := NewKeeper(discard{}, KeeperOptions{})
	p := &capture.Packet{Data: make([]byte, size), Length: uint32(size), Link: 1, Digits: 9}
	s := segmentOf(hostA, hostB)
	for n := range uint16(32) {
		k.Mark(hostA, netip.AddrPortFrom(hostB.Addr(), 2*n), flow.PlainNet)
	}
	return func() {
		p.Ord++
		p.Pos = flow.At(0, p.Ord)
		p.Time += 10 * flow.Microsecond
		binary.LittleEndian.PutUint64(p.Data, p.Ord)
		s.DstPort = uint16(p.Ord & 63)
		k.Add(p, &s)
	}
}

func TestKeeperAllocatesNothing(t *testing.T) {
	add := busy(600)
	for range 20_000 {
		add()
	}
	require.Zero(t, testing.AllocsPerRun(20_000, add))
}

func BenchmarkKeeper(b *testing.B) {
	for name, size := range map[string]int{"bytes=66": 66, "bytes=1514": 1514} {
		b.Run(name, func(b *testing.B) {
			add := busy(size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				add()
			}
		})
	}
}
