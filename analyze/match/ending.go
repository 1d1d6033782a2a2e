package match

import (
	"math"
	"slices"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Sessions whose control connection has ended wait for their data connections and for
// expectations to be met.

const (
	// maxEnded and maxEndedSize (bytes) bound them. Only where the clock stands still, or
	// very many data connections go on after their sessions, are there so many; then
	// those that waited longest are made with what is known.
	maxEnded     = 64 << 10
	maxEndedSize = 256 << 20
)

// ended is what Tick looks at again and again, so it lies together.
type ended struct {
	until flow.Time
	first uint64 // Ord of the control connection's first packet
	*pendingSession
}

func (e ended) bytes() int { return e.said.Held }

func (m *Matcher) end(p *pendingSession) {
	c := &p.said.Notes.Control
	until := c.Last.Time + grace
	if !p.said.OnControlPort { // an expectation that comes late may make it data
		until = max(until, c.Start.Time+early)
	}
	if m.foreign.has(p) { // a connection of it may turn out to be another's
		until = max(until, c.Last.Time+early)
	}
	p.until = until
	m.twins.pairUp(p)
	if m.ended.add(ended{until, c.Start.Ord, p}) {
		m.hurry()
	}
}

// hurry makes a quarter of the sessions, those first whose data connections are all over.
func (m *Matcher) hurry() {
	for _, open := range []bool{false, true} {
		m.complete(func(e ended) bool {
			if m.ended.count <= maxEnded*3/4 && m.ended.size <= maxEndedSize*3/4 || !open && e.waiting() {
				return false
			}
			e.said.Open = open // what is told of its data connections is how far they came
			m.limits["sessions that waited for their data connections"]++
			return true
		})
	}
}

// complete makes those sessions that are ready.
func (m *Matcher) complete(ready func(ended) bool) {
	m.ended.sweep(func(e ended) bool {
		switch {
		case e.revoked || e.made:
			return true
		case !isReady(e, ready):
			return false
		case e.twin != nil:
			finishTwins(m, e.pendingSession, e.twin)
			return true
		}
		m.finish(e.pendingSession)
		return true
	})
}

// waiting reports whether a connection of the session is still open.
func (p *pendingSession) waiting() bool {
	for _, t := range p.tried {
		if t.claim.open {
			return true
		}
	}
	for _, t := range p.strangers {
		if t.claim.open && t.claim.users == 0 && !p.met(t.negotiation) {
			return true
		}
	}
	return slices.ContainsFunc(p.paired, func(c *claim) bool { return c.open })
}

func (m *Matcher) finish(p *pendingSession) {
	m.twins.unpair(p)
	settle(m, p) // first: what it gives up, it may get back, from another network
	s := m.build(p)
	p.said.Spend() // the record waits for older ones, and for its neighbours
	m.out.Session(s)
}

// settle gives up what a session that is made has no use for.
func settle(m *Matcher, p *pendingSession) {
	m.limits["commands, negotiations or transfers of one session"] += uint64(p.said.LimitHits)
	m.letGo(p)
	m.giveBack(p)
	delete(m.sessions, p.id)
}

// Progress takes how far an open connection came, and what it said so far if it is a
// control connection.
func (m *Matcher) Progress(c *flow.Conn, said *control.Transcript) {
	if cl := m.claims[c.ID]; cl != nil {
		cl.conn[0], cl.spoken = *c, spokenOf(said)
	}
	if m.isSession(c, said) {
		m.snapshots = append(m.snapshots, said)
	}
}

// Snapshots gives records of the sessions of which Progress told since the last time.
func (m *Matcher) Snapshots(out func(*record.Session)) {
	for _, said := range m.snapshots {
		p := &pendingSession{said: said}
		if have := m.sessions[said.Notes.Control.ID]; have != nil {
			p.tried, p.paired, p.strangers = slices.Clone(have.tried), slices.Clone(have.paired), have.strangers
		}
		s := m.build(p)
		s.Open = true
		out(s)
	}
	clear(m.snapshots)
	m.snapshots = m.snapshots[:0]
}

// Oldest is the Ord of the first packet of the oldest session in the making whose control
// connection has ended; math.MaxUint64 when there is none.
func (m *Matcher) Oldest() uint64 {
	oldest := uint64(math.MaxUint64)
	for i := range m.ended.list {
		oldest = min(oldest, m.ended.list[i].first)
	}
	return oldest
}
