package reassembly

import "ftpscope/capture/flow"

// hold keeps a copy of what is new in p, in sequence order, overlaps cut off: the first
// copy of a byte counts.
func (st *Stream) hold(dir flow.Direction, p segment) {
	d := &st.dir[dir]
	if st.group.answers {
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
		rest, next := segment{}, d.held.at(at)
		if next != nil && flow.After(p.end(), next.seq) {
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
			st.reserve(d, len(p.data)+overhead)
		}
		if p = rest; next != nil {
			at = d.held.next(at)
		}
	}
}

// relax lowers what held segments acknowledge to what p does, as far as it reaches: all
// before a byte was sent before it, so it cannot answer more. A held segment may be a
// retransmission that carries a later acknowledgement than the original. None
// acknowledges more than the one after it: the first from behind that needs no change is
// the last to look at.
func (st *Stream) relax(d *direction, p *segment) {
	end := p.end()
	last := d.held.behind(end - 1)
	rest := segment{}
	for at := last; ; at = d.held.previous(at) {
		q := d.held.before(at)
		if q == nil || !q.exceeds(p) {
			break
		}
		if at == last && flow.After(q.end(), end) {
			rest = *q
			rest.trimBefore(end)
			q.trimAfter(end)
		}
		q.needs(p)
	}
	if len(rest.data)+int(rest.cut) > 0 {
		d.held.insert(last, rest)
		st.reserve(d, overhead)
	}
}

// Settle gives up waiting where the wait is over. Now is the time of a packet or of a
// tick; acked tells of each direction how far the other side received it.
func (st *Stream) Settle(now flow.Time, m Moment, acked [2]Acked) {
	st.moment = m
	st.begun(now)
	for st.drain(); !st.over && st.Held() > 0 && !st.mayCome(now, &acked); st.drain() {
		st.yield()
	}
}

// begun settles where directions begin: at the handshake, also one that payload overtook,
// or, when it does not come in time, at the first byte there is.
func (st *Stream) begun(now flow.Time) {
	for dir := range st.dir {
		d := &st.dir[dir]
		switch {
		case d.settled:
			continue
		case d.begins:
			st.begin(d, d.start)
		case !d.held.empty() && now-st.moment.Shake > GapWait:
			st.begin(d, d.from(d.held.first().seq))
		}
	}
}

// begin settles that a side's first byte is that at seq. What is held from before it (a
// keep-alive) is none of it.
func (st *Stream) begin(d *direction, seq uint32) {
	d.next, d.settled = seq, true
	for !d.held.empty() && flow.Before(d.held.first().seq, seq) {
		p := d.held.first()
		n := len(p.data)
		p.trimBefore(seq)
		if len(p.data)+int(p.cut) > 0 {
			st.release(d, n-len(p.data))
			return
		}
		st.release(d, n+overhead)
		d.held.shift()
	}
}

// mayCome reports whether a missing packet may still come, and there is room for what
// waits for it.
func (st *Stream) mayCome(now flow.Time, acked *[2]Acked) bool {
	if st.dir[0].budget.Exceeded() || st.dir[1].budget.Exceeded() || st.group.all.Exceeded() {
		return false
	}
	since := now
	for dir := range st.dir {
		if d := &st.dir[dir]; !d.held.empty() {
			since = min(since, st.blocked(d))
		}
	}
	return now-since <= GapWait || now-since <= lossWait && !st.acknowledged(acked)
}

// blocked is since when a side waits. A stream of data that goes on before the gap is not
// held up by it: what lies behind may be no part of it (a forged or broken segment), and
// giving it up early would lose the rest.
func (st *Stream) blocked(d *direction) flow.Time {
	if st.group.answers {
		return d.held.first().at.Time
	}
	return max(d.held.first().at.Time, d.given)
}

// acknowledged reports whether every gap that blocks was acknowledged: no retransmission
// will fill it.
func (st *Stream) acknowledged(acked *[2]Acked) bool {
	for dir := range st.dir {
		d, a := &st.dir[dir], acked[dir]
		if !d.held.empty() && d.settled && d.held.first().seq != d.next && (!a.Known || flow.Before(a.Seq, d.held.first().seq)) {
			return false
		}
	}
	return true
}

// yield takes one obstacle away; something is held.
func (st *Stream) yield() {
	for dir := range flow.Direction(2) {
		if d := &st.dir[dir]; !d.settled && !d.held.empty() {
			st.begin(d, d.from(d.held.first().seq))
			return
		}
	}
	for dir := range flow.Direction(2) {
		if d := &st.dir[dir]; !d.held.empty() && d.held.first().seq != d.next && st.mayFollow(dir, d.held.first()) {
			st.skip(dir, d.held.first().seq, d.held.first().at)
			return
		}
	}
	for dir := range flow.Direction(2) { // what a segment acknowledges never came
		d, o := &st.dir[dir], &st.dir[dir^1]
		if d.held.empty() || !o.settled || st.mayFollow(dir, d.held.first()) {
			continue
		}
		to := d.held.first().ack
		if o.ends && to == o.fin+1 {
			to--
		}
		if !o.held.empty() && flow.Before(o.held.first().seq, to) {
			to = o.held.first().seq
		}
		if flow.After(to, o.next+1) || !o.held.empty() && to != o.next { // one number alone is a FIN that was not seen
			st.skip(dir^1, to, d.held.first().at)
			return
		}
	}
	st.force()
}

// skip gives the gap from a side's next byte to seq.
func (st *Stream) skip(dir flow.Direction, seq uint32, at flow.Mark) {
	d := &st.dir[dir]
	st.gap(dir, uint64(seq-d.next), at)
	d.next, d.past.bytes = seq, d.past.bytes[:0]
}

// force gives the segment that came first, whatever it acknowledges: the other side is
// not in the capture, or its FIN is not, or (only forged packets do that)
// acknowledgements contradict each other.
func (st *Stream) force() {
	first, found := flow.Out, false
	for dir := range flow.Direction(2) {
		if h := &st.dir[dir].held; !h.empty() && (!found || h.first().at.Ord < st.dir[first].held.first().at.Ord) {
			first, found = dir, true
		}
	}
	if found {
		if d := &st.dir[first]; d.held.first().seq != d.next {
			st.skip(first, d.held.first().seq, d.held.first().at)
		}
		st.shift(first)
	}
}
