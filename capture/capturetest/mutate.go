package capturetest

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"ftpscope/capture/flow"
)

// The mutators are pure functions of frames and seed. They do what networks and captures
// do to packets and nothing else: sequence numbers and bytes stay true, so what the
// connections said stays the same unless packets are lost.

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

// Duplicate repeats the frames with these indexes, all without any, each right after
// itself and at its time.
func Duplicate(frames []Frame, which ...int) []Frame {
	var out []Frame
	for i, f := range frames {
		out = append(out, f)
		if len(which) == 0 || slices.Contains(which, i) {
			out = append(out, f)
		}
	}
	return out
}

// Reorder permutes the packets so that none moves more than window-1 places. The times
// stay where they are: they are the capture's, which stamps what arrives in the order of
// arrival.
func Reorder(frames []Frame, window int, seed uint64) []Frame {
	type placed struct {
		frame Frame
		key   int
	}
	rnd, order := seeded(seed), make([]placed, len(frames))
	for i, f := range frames {
		order[i] = placed{f, i + rnd.IntN(max(window, 1))}
	}
	slices.SortStableFunc(order, func(a, b placed) int { return a.key - b.key })
	out := make([]Frame, len(frames))
	for i := range order {
		out[i] = order[i].frame
		out[i].Time = frames[i].Time
	}
	return out
}

// Change makes each packet anew of what change makes of its Meta; false leaves it out.
// Frames that have no Meta, or lack bytes, pass as they are.
func Change(frames []Frame, change func(f *Frame, m *Meta) bool) []Frame {
	var out []Frame
	for _, f := range frames {
		if f.Meta == nil || f.Length > len(f.Data) {
			out = append(out, f)
			continue
		}
		m := *f.Meta
		if change(&f, &m) {
			out = append(out, f.with(m))
		}
	}
	return out
}

// Drop leaves out the frames with these indexes.
func Drop(frames []Frame, which ...int) []Frame {
	var out []Frame
	for i, f := range frames {
		if !slices.Contains(which, i) {
			out = append(out, f)
		}
	}
	return out
}

// OneSided keeps what was sent in one direction: Out keeps the packets of who opened each
// connection. ICMP errors go In.
func OneSided(frames []Frame, dir flow.Direction) []Frame {
	return keep(frames, func(f *Frame) bool { return f.Meta != nil && f.Meta.Dir == dir })
}

// Only keeps the packets of these connections.
func Only(frames []Frame, conns ...string) []Frame {
	return keep(frames, func(f *Frame) bool { return slices.Contains(conns, f.Conn) })
}

func keep(frames []Frame, wanted func(*Frame) bool) []Frame {
	var out []Frame
	for i := range frames {
		if wanted(&frames[i]) {
			out = append(out, frames[i])
		}
	}
	return out
}

// Snap cuts each frame to n captured bytes, as a snaplen does. A frame whose TCP header
// is cut has no Meta any more; its options may be lost alone.
func Snap(frames []Frame, n int) []Frame {
	out := slices.Clone(frames)
	for i := range out {
		f := &out[i]
		if len(f.Data) <= n {
			continue
		}
		f.Data = f.Data[:n:n]
		f.head = min(f.head, n)
		if f.Meta != nil {
			f.Meta = f.Meta.snapped(f.body, n)
		}
	}
	return out
}

// snapped is what n captured bytes tell, where payload begins at the offset body; nil if
// too little.
func (m *Meta) snapped(body, n int) *Meta {
	out := *m
	if m.ICMP != nil {
		if n < body {
			return nil
		}
		return &out
	}
	if n < body {
		options := 0
		for _, o := range m.Options {
			options += max(1, int(o.OptionLength))
		}
		if n < body-(options+3)&^3 {
			return nil
		}
		out.Options = nil
	}
	have := max(0, min(n-body, len(m.Payload)))
	out.Payload, out.Cut = m.Payload[:have], m.Cut+len(m.Payload)-have
	return &out
}

// Interleave merges captures by time; of equal times the earlier list's packet comes
// first.
func Interleave(lists ...[]Frame) []Frame {
	out := slices.Concat(lists...)
	slices.SortStableFunc(out, func(a, b Frame) int { return cmp.Compare(a.Time, b.Time) })
	return out
}

// Shift moves the frames in time.
func Shift(frames []Frame, by flow.Time) []Frame {
	out := slices.Clone(frames)
	for i := range out {
		out[i].Time += by
	}
	return out
}

// Rotate cuts a capture into n of nearly the same number of packets, as a rotating
// capture writes files.
func Rotate(frames []Frame, n int) [][]Frame {
	out := make([][]Frame, n)
	for i := range out {
		out[i] = slices.Clip(frames[len(frames)*i/n : len(frames)*(i+1)/n])
	}
	return out
}
