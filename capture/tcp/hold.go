package tcp

import "ftpscope/capture/flow"

// piece is a segment that has to wait.
type piece struct {
	seq, ack uint32
	hasAck   bool
	data     []byte
	cut      uint32 // bytes after data that the capture's snap length cut off
	at       flow.Mark
}

// overhead is what a held segment costs besides its bytes.
const overhead = 96

func (p *piece) end() uint32 { return p.seq + uint32(len(p.data)) + p.cut }

// hold keeps a copy of what is new in p, in sequence order, overlaps cut off: the first copy of a byte counts.
func (st *stream) hold(dir flow.Direction, p piece) {
	d := &st.dir[dir]
	if st.shared.answers {
		st.relax(d, &p)
	}
	if d.settled {
		p.trimBefore(d.next)
	}
	at := d.held.behind(p.seq)
	if q := d.held.before(at); q != nil {
		p.trimBefore(q.end())
	}
	for len(p.data)+int(p.cut) > 0 {
		rest, next := piece{}, d.held.at(at)
		if next != nil && after(p.end(), next.seq) {
			rest = p
			rest.trimBefore(next.end())
			p.trimAfter(next.seq)
		}
		if len(p.data)+int(p.cut) > 0 {
			if next != nil {
				p.needs(next)
			}
			p.data = append([]byte(nil), p.data...)
			at = d.held.insert(at, p)
			st.account(d, len(p.data)+overhead)
		}
		if p = rest; next != nil {
			at = d.held.next(at)
		}
	}
}

// relax lowers what held pieces acknowledge to what p does, as far as it reaches: all before a byte was sent before it, so
// it cannot answer more. A held piece may be a retransmission that carries a later acknowledgement than the original.
// None acknowledges more than the one after it: the first from behind that needs no change is the last to look at.
func (st *stream) relax(d *side, p *piece) {
	end := p.end()
	last := d.held.behind(end - 1)
	rest := piece{}
	for at := last; ; at = d.held.previous(at) {
		q := d.held.before(at)
		if q == nil || !q.exceeds(p) {
			break
		}
		if at == last && after(q.end(), end) {
			rest = *q
			rest.trimBefore(end)
			q.trimAfter(end)
		}
		q.needs(p)
	}
	if len(rest.data)+int(rest.cut) > 0 {
		d.held.insert(last, rest)
		st.account(d, overhead)
	}
}

// exceeds reports whether p acknowledges more than q.
func (p *piece) exceeds(q *piece) bool { return p.hasAck && (!q.hasAck || after(p.ack, q.ack)) }

// needs takes over what q acknowledges if that is less.
func (p *piece) needs(q *piece) {
	if p.exceeds(q) {
		p.ack, p.hasAck = q.ack, q.hasAck
	}
}

// trimBefore takes off what lies before seq, trimAfter what lies from it on.
func (p *piece) trimBefore(seq uint32) {
	if !before(p.seq, seq) {
		return
	}
	n := seq - p.seq
	k := min(n, uint32(len(p.data)))
	p.data = p.data[k:]
	p.cut -= min(n-k, p.cut)
	p.seq += n
}

func (p *piece) trimAfter(seq uint32) {
	n := seq - p.seq
	if n <= uint32(len(p.data)) {
		p.data, p.cut = p.data[:n], 0
		return
	}
	p.cut = n - uint32(len(p.data))
}
