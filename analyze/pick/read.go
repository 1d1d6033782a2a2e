package pick

import (
	"bytes"
	"cmp"
	"io"
	"slices"

	"ftpscope/capture"
	"ftpscope/capture/decode"
	"ftpscope/capture/flow"
)

// Source gives packets in batches, as capture.Capture does.
type Source interface {
	Next() ([]capture.Packet, error)
}

// Take takes a packet of a chosen connection, known by its index, and the segment in it.
// Both are valid during the call. A packet that holds several segments is given for each
// of them. Of an IP fragment the segment has addresses, ports and Mark only; that of the
// last to come of a datagram is the whole.
type Take func(index int, p *capture.Packet, seg *flow.Segment) error

const (
	// maxWaiting bounds what waits for a fragment of which it is not known yet whose it
	// is: more than what the decoder holds of fragments, and all that comes meanwhile.
	maxWaiting = 32 << 20
	// fragmentWait is longer than the decoder waits for the rest of a datagram.
	fragmentWait = 31 * flow.Second
)

// Read gives each packet of the chosen connections, in the order of the capture. It ends
// after the last of them, or with the first error of take.
func Read(from Source, s *Set, take Take) error {
	r := reader{set: s, take: take, decoder: decode.Decoder{Options: s.Decode}}
	var seg flow.Segment
	for {
		batch, err := from.Next()
		if err == io.EOF {
			r.waiting.giveUp()
			return r.flush(0)
		} else if err != nil {
			return err
		}
		for i := range batch {
			p := &batch[i]
			if p.Ord > s.last && len(r.waiting.list) == 0 {
				return nil
			}
			if err := r.packet(p, &seg); err != nil {
				return err
			}
		}
	}
}

// reader decides on packets in their order.
//
// A fragment but the first has no ports, so whose it is shows only when its datagram is
// whole, and packets leave in the order of the capture. So while one fragment is
// undecided, it and all packets of chosen connections behind it wait. It is decided when
// the decoder says which fragments a segment was made of (waiting.decide), and dropped
// when the decoder has given up its datagram (fragmentWait), when more than maxWaiting
// bytes wait, or when the capture ends.
type reader struct {
	set     *Set
	take    Take
	decoder decode.Decoder
	waiting waiting
}

func (r *reader) packet(p *capture.Packet, seg *flow.Segment) error {
	if f := r.set.Filter; f != nil && !f.Match(p.Data, p.Length, p.Link) {
		return r.flush(p.Time)
	}
	seg.Mark = p.Mark
	verdict := r.decoder.Decode(decode.Frame{Data: p.Data, Length: p.Length, Link: p.Link, FCS: p.FCS}, seg)
	for more := true; more; more = verdict != decode.Fragment && r.decoder.More(seg) {
		switch verdict {
		case decode.TCP, decode.ICMP, decode.Fragment:
		default:
			return r.flush(p.Time)
		}
		seg.Mark, seg.Digits = p.Mark, p.Digits
		if r.set.MergeNetworks {
			seg.Net = flow.PlainNet
		}
		index, ok := r.set.Find(seg)
		if verdict == decode.Fragment && !ok && r.set.later(seg) {
			r.waiting.add(p, seg, undecided)
			continue
		}
		if verdict == decode.Fragment && !ok && len(r.decoder.Parts()) == 0 {
			if seg.SrcPort == 0 && seg.DstPort == 0 && r.set.between(seg) {
				r.waiting.add(p, seg, undecided)
			}
			continue
		}
		r.waiting.decide(r.decoder.Parts(), seg, index, ok)
		if !ok {
			continue
		}
		if len(r.waiting.list) > 0 {
			r.waiting.add(p, seg, index)
		} else if err := r.take(index, p, seg); err != nil {
			return err
		}
	}
	return r.flush(p.Time)
}

// flush gives what waits no longer; now is the time of the newest packet, 0 at the end.
func (r *reader) flush(now flow.Time) error {
	w := &r.waiting
	for len(w.list) > 0 {
		h := &w.list[0]
		if h.index == undecided {
			if w.bytes <= maxWaiting && now-h.packet.Time <= fragmentWait {
				return nil
			}
			h.index = dropped
		}
		if h.index != dropped {
			if err := r.take(h.index, &h.packet, &h.seg); err != nil {
				return err
			}
		}
		w.bytes -= h.size()
		w.list = w.list[1:]
	}
	w.list = nil
	return nil
}

// held is a packet that waits.
type held struct {
	index  int // of its connection; or:
	packet capture.Packet
	seg    flow.Segment
}

const (
	undecided = -1
	dropped   = -2
)

// size is what it costs to hold it, roughly.
func (h *held) size() int { return len(h.packet.Data) + len(h.seg.Payload) + 512 }

// waiting is packets in their order.
type waiting struct {
	list  []held
	bytes int
}

func (w *waiting) add(p *capture.Packet, seg *flow.Segment, index int) {
	h := held{index, *p, *seg}
	h.packet.Data, h.seg.Payload = bytes.Clone(p.Data), bytes.Clone(seg.Payload)
	if seg.ICMP != nil {
		icmp := *seg.ICMP
		h.seg.ICMP = &icmp
	}
	w.list = append(w.list, h)
	w.bytes += h.size()
}

// decide gives the fragments that a segment was made of to its connection, or drops them.
func (w *waiting) decide(parts []flow.Mark, seg *flow.Segment, index int, ok bool) {
	if !ok {
		index = dropped
	}
	for _, m := range parts {
		at, found := slices.BinarySearchFunc(w.list, m.Ord, func(h held, ord uint64) int { return cmp.Compare(h.packet.Ord, ord) })
		if found && w.list[at].index == undecided {
			h := &w.list[at]
			h.index, h.seg.SrcPort, h.seg.DstPort = index, seg.SrcPort, seg.DstPort
		}
	}
}

// giveUp drops what is not known to be wanted: the capture is over.
func (w *waiting) giveUp() {
	for i := range w.list {
		if w.list[i].index == undecided {
			w.list[i].index = dropped
		}
	}
}
