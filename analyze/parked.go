package analyze

import (
	"ftpscope/analyze/record"
	"ftpscope/analyze/renumber"
)

// Numbers is an Evidence that keeps packets in one file: records name them by their numbers
// in it. Packets are written late, when it is known what they belong to; a record waits for
// its own.
type Numbers interface {
	Evidence
	renumber.Numbers
	Newest() uint64  // Ord of the last packet that Add took
	Decided() uint64 // it is decided of the packets up to this Ord whether the file has them
	Flush()          // decides on all of them
}

// parked is a session, an attempt or an orphan of a live run that waits until its packets
// are in the file.
type parked struct {
	newest  uint64
	session *record.Session
	attempt *record.Attempt
	orphan  *record.Orphan
	copied  bool // renumbered, with its twin
}

// park lets a record wait where that is needed. When too many wait, the first goes with what
// is known of its packets.
func (o *order) park(p parked) {
	if o.numbers == nil {
		o.unpark(p)
		return
	}
	p.newest = o.numbers.Newest()
	if p.session != nil {
		o.held += p.session.Notes.Size
	}
	o.parked = append(o.parked, p)
	for len(o.parked) > maxWaiting || o.held > maxWaitingSize {
		o.unparkFirst()
	}
}

// ready gives out the records whose packets are in the file.
func (o *order) ready() {
	if o.numbers == nil {
		return
	}
	for decided := o.numbers.Decided(); len(o.parked) > 0 && o.parked[0].newest <= decided; {
		o.unparkFirst()
	}
}

// unparkAll gives out all, at the end.
func (o *order) unparkAll() {
	if o.numbers != nil {
		o.numbers.Flush()
		o.ready()
	}
}

func (o *order) unparkFirst() {
	p := o.parked[0]
	o.parked[0] = parked{}
	if o.parked = o.parked[1:]; len(o.parked) == 0 {
		o.parked = nil
	}
	switch {
	case p.session != nil:
		if o.held -= p.session.Notes.Size; !p.copied {
			p.session = o.renumbered(p.session)
		}
	case p.attempt != nil:
		p.attempt = renumber.Copy(p.attempt, o.numbers)
	case p.orphan != nil:
		p.orphan = renumber.Copy(p.orphan, o.numbers)
	}
	o.unpark(p)
}

// renumbered is a copy of a session. Twins, which come together, know each other's copy.
func (o *order) renumbered(s *record.Session) *record.Session {
	to := renumber.Copy(s, o.numbers)
	for i := range o.parked {
		if p := &o.parked[i]; p.session != nil && p.session == s.Notes.Twin && !p.copied {
			p.session, p.copied = renumber.Copy(p.session, o.numbers), true
			to.Notes.Twin, p.session.Notes.Twin = p.session, to
			break
		}
	}
	return to
}

// unpark goes on with a record.
func (o *order) unpark(p parked) {
	switch {
	case p.session != nil:
		o.judge(p.session)
	case p.attempt != nil:
		o.attempt(p.attempt)
	case p.orphan != nil:
		o.orphan(p.orphan)
	}
}
