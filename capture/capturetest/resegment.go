package capturetest

import (
	"math/rand/v2"
	"slices"

	"ftpscope/capture/flow"
)

// Split cuts every segment's payload into segments of at most size bytes.
func Split(frames []Frame, size int) []Frame {
	return resegment(frames, func(_, rest int) int { return min(rest, size) })
}

// SplitRandomly cuts payload into segments of 1 to max bytes.
func SplitRandomly(frames []Frame, max int, seed uint64) []Frame {
	rnd := seeded(seed)
	return resegment(frames, func(_, rest int) int { return min(rest, 1+rnd.IntN(max)) })
}

// Cut is a place in a frame's payload: Offset bytes before it.
type Cut struct{ Frame, Offset int }

// Cuts lists every place where a segment of one of these connections (all without any)
// can be cut in two.
func Cuts(frames []Frame, conns ...string) []Cut {
	var out []Cut
	for i := range frames {
		f := &frames[i]
		if !f.data() || len(conns) > 0 && !slices.Contains(conns, f.Conn) {
			continue
		}
		for n := 1; n < len(f.Meta.Payload); n++ {
			out = append(out, Cut{i, n})
		}
	}
	return out
}

// SplitAt cuts segments at these places.
func SplitAt(frames []Frame, cuts ...Cut) []Frame {
	offsets := map[int][]int{}
	for _, c := range cuts {
		offsets[c.Frame] = append(offsets[c.Frame], c.Offset)
	}
	for _, list := range offsets {
		slices.Sort(list)
	}
	return resegment(frames, func(i, rest int) int {
		done := len(frames[i].Meta.Payload) - rest
		list := offsets[i]
		if n, _ := slices.BinarySearch(list, done+1); n < len(list) {
			return min(rest, list[n]-done)
		}
		return rest
	})
}

// resegment cuts each frame's payload; next says how much of the rest of frame i the next
// segment takes. All parts have the time of the whole: a clock that is no finer than the
// sender is fast.
func resegment(frames []Frame, next func(i, rest int) int) []Frame {
	var out []Frame
	for i, f := range frames {
		if !f.data() {
			out = append(out, f)
			continue
		}
		for done := 0; done < len(f.Meta.Payload); {
			n := next(i, len(f.Meta.Payload)-done)
			if n == len(f.Meta.Payload) {
				out = append(out, f)
			} else {
				out = append(out, f.with(f.Meta.part(done, n)))
			}
			done += n
		}
	}
	return out
}

// part is the segment with n bytes of the payload from an offset on: SYN goes with the
// first, FIN and PSH with the last. The urgent pointer (RFC 9293 section 3.8.5) is
// relative to the sequence number and moves with it.
func (m *Meta) part(at, n int) Meta {
	out := *m
	out.Payload = m.Payload[at : at+n]
	out.Seq = m.Seq + uint32(at)
	out.ID = m.ID + uint16(at)
	if at > 0 {
		if m.Flags&flow.SYN != 0 {
			out.Seq++
		}
		out.Flags &^= flow.SYN
		out.Options = nil
	}
	if at+n < len(m.Payload) {
		out.Flags &^= flow.FIN | flow.PSH
	}
	if m.Flags&flow.URG != 0 {
		if out.Urgent = m.Urgent - uint16(at); int(m.Urgent) <= at {
			out.Flags, out.Urgent = out.Flags&^flow.URG, 0
		}
	}
	return out
}

// Merge joins consecutive payload of a direction into segments of at most size bytes,
// larger than any MSS if so wished, as segmentation offload shows them. Only empty ACKs
// of the same connection may lie between: they stay behind.
func Merge(frames []Frame, size int) []Frame {
	size = min(size, maxPacket-100)
	var out []Frame
	last := -1 // in out: the segment that may grow
	for _, f := range frames {
		switch {
		case last >= 0 && out[last].joins(&f, size):
			out[last] = out[last].joined(&f)
			if f.Meta.Flags&flow.FIN != 0 {
				last = -1
			}
			continue
		case f.data() && f.Meta.Flags&(flow.SYN|flow.FIN|flow.RST|flow.URG) == 0:
			last = len(out)
		case last < 0 || !f.emptyACK() || f.connection() != out[last].connection():
			last = -1
		}
		out = append(out, f)
	}
	return out
}

func (f *Frame) emptyACK() bool {
	return f.whole() && f.Meta.Flags == flow.ACK && len(f.Meta.Payload) == 0
}

func (f *Frame) joins(g *Frame, size int) bool {
	return g.data() && g.connection() == f.connection() && g.Meta.Dir == f.Meta.Dir && g.Meta.Seq == f.Meta.end() &&
		g.Meta.Flags&(flow.SYN|flow.RST|flow.URG) == 0 && len(f.Meta.Payload)+len(g.Meta.Payload) <= size
}

func (f *Frame) joined(g *Frame) Frame {
	m := *f.Meta
	m.Payload = slices.Concat(m.Payload, g.Meta.Payload)
	m.Flags |= g.Meta.Flags
	m.Ack, m.Window = g.Meta.Ack, g.Meta.Window
	return f.with(m)
}

// Retransmit adds to about every third segment with payload a repetition: of bytes that
// were sent before, in other segments than they were sent in, or of such bytes at the
// head of the segment itself. The bytes are the same.
func Retransmit(frames []Frame, seed uint64) []Frame {
	r := retransmitter{rnd: seeded(seed), sent: map[connection]*[2]history{}}
	for _, f := range frames {
		r.frame(f)
	}
	return r.out
}

type retransmitter struct {
	rnd  *rand.Rand
	sent map[connection]*[2]history
	out  []Frame
}

// history is what one side has sent: bytes without a gap that end before the sequence
// number next.
type history struct {
	bytes []byte
	next  uint32
	ack   uint32 // the newest acknowledgment
	last  Frame
}

// maxRepeat bounds how far back a repetition goes: about what is in flight at most.
const maxRepeat = 3000

func (r *retransmitter) frame(f Frame) {
	if !f.whole() {
		r.out = append(r.out, f)
		return
	}
	if f.Meta.Flags&(flow.SYN|flow.RST) != 0 { // nothing is repeated after a reset, nor from before a handshake
		delete(r.sent, f.connection())
		r.out = append(r.out, f)
		return
	}
	both := r.sent[f.connection()]
	if both == nil {
		both = &[2]history{}
		r.sent[f.connection()] = both
	}
	h := &both[f.Meta.Dir]
	h.ack = f.Meta.Ack
	r.out = append(r.out, r.overlapping(f, h))
	if f.data() {
		h.add(f)
	}
	r.repeat(f.Time, &both[r.rnd.IntN(2)])
}

// overlapping puts old bytes before the segment's own, now and then.
func (r *retransmitter) overlapping(f Frame, h *history) Frame {
	if !f.data() || h.next != f.Meta.Seq || len(h.bytes) == 0 || f.Meta.Flags&flow.URG != 0 || r.rnd.IntN(6) > 0 {
		return f
	}
	n := 1 + r.rnd.IntN(min(len(h.bytes), maxRepeat))
	m := *f.Meta
	m.Payload = slices.Concat(h.bytes[len(h.bytes)-n:], m.Payload)
	m.Seq -= uint32(n)
	return f.with(m)
}

// repeat sends old bytes once more, now and then.
func (r *retransmitter) repeat(now flow.Time, h *history) {
	if len(h.bytes) == 0 || r.rnd.IntN(3) > 0 {
		return
	}
	back := 1 + r.rnd.IntN(min(len(h.bytes), maxRepeat))
	n := 1 + r.rnd.IntN(back)
	at := len(h.bytes) - back
	m := *h.last.Meta
	m.Payload, m.Seq, m.Ack = slices.Clone(h.bytes[at:at+n]), h.next-uint32(back), h.ack
	m.Flags, m.Urgent = flow.ACK|flow.PSH, 0
	again := h.last.with(m)
	again.Time = now
	r.out = append(r.out, again)
}

func (h *history) add(f Frame) {
	if h.next != f.Meta.Seq {
		h.bytes = nil
	}
	h.bytes = append(h.bytes, f.Meta.Payload...)
	if old := len(h.bytes) - 2*maxRepeat; old > 0 {
		h.bytes = h.bytes[old:]
	}
	h.next, h.last = f.Meta.Seq+uint32(len(f.Meta.Payload)), f
}
