package tcp

import (
	"slices"

	"ftpscope/capture/flow"
)

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
	i := len(d.held)
	for i > 0 && before(p.seq, d.held[i-1].seq) {
		i--
	}
	if i > 0 {
		p.trimBefore(d.held[i-1].end())
	}
	for len(p.data)+int(p.cut) > 0 {
		rest := piece{}
		if i < len(d.held) && after(p.end(), d.held[i].seq) {
			rest = p
			rest.trimBefore(d.held[i].end())
			p.trimAfter(d.held[i].seq)
		}
		if len(p.data)+int(p.cut) > 0 {
			if i < len(d.held) {
				p.needs(&d.held[i])
			}
			p.data = append([]byte(nil), p.data...)
			d.held = slices.Insert(d.held, i, p)
			st.account(d, len(p.data)+overhead)
			i++
		}
		p = rest
		i++
	}
}

// relax lowers what held pieces acknowledge to what p does, as far as it reaches: all before a byte was sent before it, so
// it cannot answer more. A held piece may be a retransmission that carries a later acknowledgement than the original.
func (st *stream) relax(d *side, p *piece) {
	end := p.end()
	for i := 0; i < len(d.held) && before(d.held[i].seq, end); i++ {
		q := &d.held[i]
		if after(q.end(), end) && q.ack != p.ack {
			rest := *q
			rest.trimBefore(end)
			q.trimAfter(end)
			d.held = slices.Insert(d.held, i+1, rest)
			st.account(d, overhead)
		}
		d.held[i].needs(p)
	}
}

// needs takes over what q acknowledges if that is less.
func (p *piece) needs(q *piece) {
	if !q.hasAck || p.hasAck && after(p.ack, q.ack) {
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
