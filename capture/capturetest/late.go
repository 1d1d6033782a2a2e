package capturetest

import (
	"cmp"
	"net/netip"
	"slices"

	"ftpscope/capture/flow"
)

// Delay puts each packet into the capture up to most later than it came, at random. Times
// stay true, so that they go back and forth, as where the packets of many queues are
// written without being put in order.
func Delay(frames []Frame, most flow.Time, seed uint64) []Frame {
	rnd := seeded(seed)
	return behind(frames, func(*Frame) flow.Time { return flow.Time(rnd.Int64N(int64(most) + 1)) })
}

// Buffer does that by the buffers of a capture's processors, each of which is emptied
// every so often: each direction of each connection comes by one of them, and in its own
// order.
func Buffer(frames []Frame, every flow.Time, seed uint64) []Frame {
	rnd, phase := seeded(seed), map[[2]netip.AddrPort]flow.Time{}
	return behind(frames, func(f *Frame) flow.Time {
		var key [2]netip.AddrPort
		if f.Meta != nil {
			key = [2]netip.AddrPort{f.Meta.Src, f.Meta.Dst}
		}
		p, ok := phase[key]
		if !ok {
			p = flow.Time(rnd.Int64N(int64(every)))
			phase[key] = p
		}
		return every - (f.Time+p)%every
	})
}

// behind orders the frames by when they are written, wait after they came.
func behind(frames []Frame, wait func(*Frame) flow.Time) []Frame {
	type written struct {
		at flow.Time
		Frame
	}
	list := make([]written, len(frames))
	for i := range frames {
		list[i] = written{frames[i].Time + wait(&frames[i]), frames[i]}
	}
	slices.SortStableFunc(list, func(a, b written) int { return cmp.Compare(a.at, b.at) })
	out := make([]Frame, len(frames))
	for i := range list {
		out[i] = list[i].Frame
	}
	return out
}

// Hold has the network hold each packet up for at most so long, before it comes to where
// it is captured: what overtakes it on its way overtakes it in the capture, times and
// all. A host says nothing before it has heard what it said it after, so a packet is held
// up at least until all packets to its sender that it came after have passed.
func Hold(frames []Frame, most flow.Time, seed uint64) []Frame {
	rnd, heard := seeded(seed), map[netip.Addr]flow.Time{}
	out := slices.Clone(frames)
	for i := range out {
		f := &out[i]
		f.Time += flow.Time(rnd.Int64N(int64(most) + 1))
		if f.Meta == nil || f.Meta.ICMP != nil {
			continue
		}
		src, dst := f.Meta.Src.Addr(), f.Meta.Dst.Addr()
		if t, ok := heard[src]; ok {
			f.Time = max(f.Time, t+flow.Microsecond)
		}
		heard[dst] = max(heard[dst], f.Time)
	}
	return Interleave(out)
}
