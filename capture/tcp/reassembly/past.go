package reassembly

import "ftpscope/capture/flow"

// Comparer is a Reader that wants to hear of bytes that came twice, with two contents:
// which of them the receiver took nothing tells.
type Comparer interface {
	Reader
	// Compares reports whether it does.
	Compares() bool
	// Conflict says so of n bytes from the one on that lies from after the next one that
	// Data will give; below 0: before it. At is the packet that has other bytes.
	Conflict(dir flow.Direction, from int64, n uint64, at flow.Mark)
}

// pastControl and pastData are how many of the last bytes that were given of a direction
// are kept for what comes again.
const (
	pastControl = 512
	pastData    = 32 << 10
	leastPast   = 64 // bytes that are made room for at first; then four times as many
)

// past is the last bytes that were given of a direction; it ends at direction.next.
type past struct {
	bytes []byte
	most  int
}

// rooms are what directions that are over, or needed more, had room in: for others, by
// size. Many short connections would allocate more for their pasts than for anything else.
type rooms [6][][]byte

// maxRooms bounds the bytes of each size.
const maxRooms = 64 << 10

// take returns an empty one for n bytes.
func (r *rooms) take(n int) []byte {
	size := leastPast
	for i := range r {
		if size >= n {
			if k := len(r[i]); k > 0 {
				b := r[i][k-1]
				r[i] = r[i][:k-1]
				return b
			}
			break
		}
		size *= 4
	}
	return make([]byte, 0, size)
}

// release takes one back.
func (r *rooms) release(b []byte) {
	size := leastPast
	for i := range r {
		if cap(b) == size && (len(r[i])+1)*size <= maxRooms {
			r[i] = append(r[i], b[:0])
		}
		size *= 4
	}
}

// add keeps what is given.
func (p *past) add(b []byte, r *rooms) {
	if len(b) >= p.most {
		p.bytes = append(p.bytes[:0], b[len(b)-p.most:]...)
		return
	}
	if len(p.bytes)+len(b) > 2*p.most {
		p.bytes = append(p.bytes[:0], p.bytes[len(p.bytes)-p.most:]...)
	}
	if n := len(p.bytes) + len(b); n > cap(p.bytes) {
		old := p.bytes
		p.bytes = append(r.take(n), old...)
		r.release(old)
	}
	p.bytes = append(p.bytes, b...)
}

// compare tells the reader where the bytes of p differ from those that were given before
// or are held already. The byte of a keep-alive (RFC 9293 section 3.8.4) means nothing.
func (st *Stream) compare(dir flow.Direction, p *segment) {
	d := &st.dir[dir]
	if d.settled && len(p.data) == 1 && (p.seq+1 == d.next || p.data[0] == 0) {
		return
	}
	if n := uint32(len(d.past.bytes)); d.settled && n > 0 && flow.Before(p.seq, d.next) {
		st.differ(dir, p, &segment{seq: d.next - n, data: d.past.bytes})
	}
	for at := d.held.behind(p.seq); ; at = d.held.next(at) {
		if q := d.held.before(at); q != nil {
			st.differ(dir, p, q)
		}
		if q := d.held.at(at); q == nil || !flow.Before(q.seq, p.end()) {
			return
		}
	}
}

// FirstConflict is the first of the bytes with two contents; nil: there were none, or
// nobody wanted to hear of them.
func (st *Stream) FirstConflict() *flow.Mark { return st.conflict }

// differ compares what two segments have in common.
func (st *Stream) differ(dir flow.Direction, p, q *segment) {
	from, to := p.seq, p.seq+uint32(len(p.data))
	if flow.After(q.seq, from) {
		from = q.seq
	}
	if end := q.seq + uint32(len(q.data)); flow.Before(end, to) {
		to = end
	}
	if !flow.Before(from, to) {
		return
	}
	a, b := p.data[from-p.seq:to-p.seq], q.data[from-q.seq:to-q.seq]
	first, last := -1, 0
	for i := range a {
		if a[i] != b[i] {
			if last = i; first < 0 {
				first = i
			}
		}
	}
	if first >= 0 {
		if st.conflict == nil {
			at := p.at
			st.conflict = &at
		}
		st.comparer.Conflict(dir^st.swapped, int64(int32(from-st.dir[dir].next))+int64(first), uint64(last-first+1), p.at)
	}
}
