// Package match joins what control connections say with the connections that were opened:
// an expectation meets its data connection, and a session is made when both are over.
// Package finding judges what it makes.
//
// Captures show things late and in disorder, so there are five places where something
// waits. All times are the packets' clock; what strikes a bound is counted in
// Matcher.Limits.
//
//	control connection                       connection
//	 │ Expect                                 │ Opened
//	 ▼                                        ▼
//	expectation in force ◀──── meets ────── fits one? ──no──▶ 2. parked: an expectation may
//	 │ the next one, or the                   │ yes             come late. 12 s, 16 Ki; the
//	 │ session's end                          ▼                 oldest goes: an orphan, an
//	 ▼                                       5. claims: until    attempt, or nothing
//	1. replaced: its connection may           its end           3. strangers of a session:
//	   come late. 2 s, 256 Ki;                │                  fits, but in another
//	   the oldest is forgotten                │ Closed           network. Until the session
//	 │                                        │                  is made, 20,000 a session
//	 ▼                                        ▼
//	4. ended: the control connection is over; until its data connections are over and its
//	   expectations met or forgotten. 64 Ki and 256 MiB; a quarter is made as it stands
//	 │
//	 ▼
//	build: the session
//
// 1 and 4 are a waitingRoom: swept in the order of arrival at each Tick. 2 is a ring with
// chains by endpoint (parking), since each expectation looks its connections up there; 3
// and 5 wait for an event, not for a time.
package match

import (
	"cmp"
	"net/netip"
	"slices"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Times of the join, by the packets' clock.
const (
	// early is how long before its expectation a connection may appear in the capture:
	// packets come in disorder, and an expectation that waits for missing
	// bytes comes up to 10 s late.
	early = flow.Disorder + 10*flow.Second
	// grace is how long an expectation that was replaced, or whose session ended, still
	// waits for its connection.
	grace = flow.Disorder
)

// Limits of the join.
const (
	// maxParked bounds the connections that wait for an expectation to come late.
	maxParked = 16 << 10
	// maxLook bounds how many of them one expectation looks at, the newest first.
	maxLook = 1024
	// maxAlike is how many expectations of one endpoint a connection, or an expectation
	// of it, is compared with, the newest first: servers that have few ports expectation
	// each of them again and again.
	maxAlike = 128
	// maxReplaced bounds the expectations that are in force no longer and still wait for
	// their connection: 60,000 new ones a second.
	maxReplaced = 256 << 10
	// maxTried bounds the connections that one session is given.
	maxTried = 2 * record.MaxSteps
)

// Out takes the records that a Matcher makes.
type Out interface {
	Session(*record.Session)
	Orphan(*record.Orphan)
	Attempt(*record.Attempt)
}

// Matcher joins expectations with connections, and control connections with both, as they
// come: an expectation waits for connections until it is replaced and grace is over, a
// connection waits as long as an expectation may be late, and a session is made when its
// control connection and all its data connections have ended.
//
// It is told of events in the order of the packets that caused them, which is the same
// whatever the number of workers.
type Matcher struct {
	out       Out
	opt       Options
	now       flow.Time
	index     index
	hosts     hostIndex
	sessions  map[uint64]*pendingSession
	claims    map[uint64]*claim
	parked    parking
	replaced  waitingRoom[replaced]
	ended     waitingRoom[ended]
	builder   builder
	names     networkNames
	attempts  attempts
	limits    limits
	snapshots []*control.Transcript // of sessions that go on
	foreign   foreigners
	twins     twinIndex
	overruled []uint64 // connections that met an expectation and were taken for a control connection: see overrule.go
}

// limits counts how often each limit struck.
type limits map[string]uint64

// Options of a Matcher; but for ControlPort the zero value works.
type Options struct {
	ControlPort func(uint16) bool
	Network     func(flow.Net) flow.Path // names networks by their paths; nil: there are none
	// Points says that files which do not continue each other were captured at different
	// points: what only another file than that of its control connection holds is another
	// network's, where the same addresses may be other hosts (NAT).
	Points  bool
	Watcher Watcher // nil: nobody
	Claimer Claimer // nil: nobody
	// Reading says how halves of control connections are read together.
	Reading *control.Options
}

// pendingSession is a session in the making.
type pendingSession struct {
	id    uint64
	nets  flow.Nets           // of its control connection
	said  *control.Transcript // when it is over
	last  *expectation
	tried []tried

	strangers    []tried
	paired       []*claim // connections between the two hosts that no expectation explains
	expectsHosts bool
	pair         hostLinks
	revoked      bool      // its connection carries data
	unmet        int       // expectations that no connection met
	lost         *hostPair // the capture lacks something of it: its hosts
	few          [3]tried  // room for those that most sessions have

	until flow.Time       // when it has ended: how long it waits
	twin  *pendingSession // the same one, captured on a NAT's other side
	made  bool
}

// tried is a connection to an expectation's endpoint.
type tried struct {
	negotiation int
	claim       *claim
	sure        bool // the expectation says what the connection is
}

// New makes a Matcher that gives its records to out.
func New(out Out, opt Options) *Matcher {
	struck := limits{}
	m := &Matcher{
		out: out, opt: opt, limits: struck, sessions: map[uint64]*pendingSession{}, claims: map[uint64]*claim{},
		index: newIndex(struck), hosts: hostIndex{newest: map[hostPair]*pendingSession{}, limits: struck},
		names: networkNames{path: opt.Network}, attempts: newAttempts(), twins: twinIndex{},
	}
	m.replaced.most, m.ended.most, m.ended.mostBytes = maxReplaced, maxEnded, maxEndedSize
	return m
}

func (m *Matcher) session(id uint64) *pendingSession {
	p := m.sessions[id]
	if p == nil {
		p = &pendingSession{id: id}
		p.tried = p.few[:0]
		m.sessions[id] = p
	}
	return p
}

// Expect takes an expectation of a control connection. It replaces the one before.
func (m *Matcher) Expect(o *control.Expectation) {
	if m.isOverruled(o.Control) {
		return
	}
	p := m.session(o.Control)
	p.nets = o.Nets
	if p.last != nil && !o.Also {
		m.replace(p.last, o.Mark)
	}
	x := m.index.add(o, p)
	if o.Also {
		x.beside = p.last
	}
	p.unmet++
	p.last = x
	m.index.link(x)
	if w := m.opt.Watcher; w != nil && o.Endpoint.IsValid() {
		w.Expect(o.Endpoint)
		w.Expect(netip.AddrPortFrom(o.Peer, o.Endpoint.Port())) // there a NAT leads to it
	}
	for _, end := range x.ends() {
		m.parked.look(end, o.Mark.Time-early, func(c *flow.Conn, open bool) bool {
			if x.rank(c) < 0 || m.hasSaid(c.ID) && !x.overrules(c, &m.opt) {
				if x.rankStranger(c) >= 0 {
					m.note(x, c, open)
				}
				return false
			}
			m.give(x, m.claim(c, open))
			return true
		})
	}
	m.reclaim(x)
	m.foreign.expected(m, x)
	m.shareFXP(x)
	m.revokeAll()
}

// Opened takes a connection at its first packet.
func (m *Matcher) Opened(c *flow.Conn) {
	m.place(c, true)
	m.revokeAll()
}

// place gives a connection to who expects it, or parks it; false: neither.
func (m *Matcher) place(c *flow.Conn, open bool) bool {
	if m.index.awaits(c.Dst.Port()) || !c.OpenerKnown && m.index.awaits(c.Src.Port()) {
		if m.meet(c, open) {
			return true
		}
	}
	if len(m.hosts.newest) > 0 && !m.opt.ControlPort(c.Dst.Port()) {
		if k, ok := m.hosts.pairFor(c); ok {
			giveLiveliest(m, k, c, open)
			return true
		}
	}
	if c.OpenerKnown && (c.Dst.Port() < flow.FirstUnprivileged || m.opt.ControlPort(c.Dst.Port())) {
		return false
	}
	if m.parked.full() {
		m.parked.drop(m.unclaimed)
		m.limits["connections that waited for an offer"]++
	}
	m.parked.add(c, [2]endKey{m.index.keyOf(c.Dst), m.index.keyOf(c.Src)})
	if cl := m.claims[c.ID]; cl != nil && cl.stranger {
		m.parked.note(c)
	}
	if !open {
		m.parked.update(c, nil)
	}
	return true
}

// Unanswered takes a SYN that nothing followed. Nearly all of them concern no session:
// that is told by their ports.
func (m *Matcher) Unanswered(s *flow.LoneSYN) {
	isControl := m.opt.ControlPort(s.DstPort)
	if m.index.awaits(s.DstPort) || len(m.hosts.newest) > 0 && !isControl {
		c := s.Conn()
		if m.meet(&c, false) {
			return
		}
		if k, ok := m.hosts.pairFor(&c); ok && !isControl {
			giveLiveliest(m, k, &c, false)
			return
		}
	}
	if isControl {
		m.attempts.unanswered(s)
	}
}

// meet gives the connection to the expectations that it fits best: one, or two if it
// joins two servers (FXP), each of which one session knows.
func (m *Matcher) meet(c *flow.Conn, open bool) bool {
	var best [2]*expectation
	var score [2]int
	for _, end := range [2]netip.AddrPort{c.Dst, c.Src} {
		key := m.index.keyOf(end)
		for x := range m.index.alike(key) {
			n := x.rank(c)
			kind := 0
			if x.Passive {
				kind = 1
			}
			if b := best[kind]; n >= 0 && (b == nil || n > score[kind] || n == score[kind] && x.Mark.Ord > b.Mark.Ord) {
				best[kind], score[kind] = x, n
			}
		}
		if c.OpenerKnown {
			break
		}
	}
	if best[0] != nil && best[1] != nil && best[0].Endpoint != best[1].Endpoint {
		if score[0] > score[1] {
			best[1] = nil
		} else {
			best[0] = nil
		}
	}
	if l := best[1]; l != nil && l.isForeign(c) { // unless another session of its hosts needs it
		if k, ok := m.hosts.pairFor(c); ok && k.b.IsValid() {
			return false
		}
	}
	var cl *claim
	for _, x := range best {
		if x != nil {
			if cl == nil {
				cl = m.claim(c, open)
			}
			m.give(x, cl)
		}
	}
	if cl == nil {
		m.stranger(c, open)
	}
	return cl != nil
}

// Closed takes a connection at its end, with what it said if it was a control connection.
func (m *Matcher) Closed(c *flow.Conn, said *control.Transcript) {
	cl, spoken := m.claims[c.ID], spokenOf(said)
	if cl != nil && said != nil {
		cl.tunnel = said.Tunnel
	}
	if !m.isSession(c, said) {
		said = nil
	}
	switch {
	case cl != nil:
		cl.conn[0], cl.open, cl.control, cl.spoken = *c, false, said != nil, spoken
		delete(m.claims, c.ID)
		if m.opt.Watcher != nil {
			m.opt.Watcher.Ended(c.Src, c.Dst, c.Nets)
		}
		if cl.users == 0 && !m.parked.update(c, spoken) && !cl.stranger && said == nil { // an expectation may come late
			m.unclaimed(c)
		}
	case !m.parked.update(c, spoken) && said == nil:
		m.unclaimed(c)
	}
	if said != nil {
		if m.parked.note(c); said.OnControlPort { // else an expectation that comes late may make it data
			m.parked.remove(c)
		}
		p := m.session(c.ID)
		p.said = said
		if p.last != nil {
			m.replace(p.last, c.Last)
			p.last = nil
		}
		m.foreign.over(p, c.Last.Time)
		m.end(p)
	} else if p := m.sessions[c.ID]; p != nil {
		m.revoke(p) // what looked like a control connection was none
		m.revokeAll()
	}
}

// unclaimed is a connection that is over and that no session wanted.
func (m *Matcher) unclaimed(c *flow.Conn) {
	if m.opt.ControlPort(c.Dst.Port()) {
		m.attempts.add(c)
		return
	}
	if o := orphanOf(c); o != nil {
		o.Connection.Network = m.names.of(c.Nets)
		m.out.Orphan(o)
	}
}

// Tick tells the time; what waited long enough is done with. oldestSYN is the Ord of the
// oldest SYN that still waits for an answer: an expectation that no connection met may
// yet turn out to have been tried by it, or by a later one.
func (m *Matcher) Tick(now flow.Time, oldestSYN uint64) {
	m.now = now
	m.parked.expire(now-early, m.unclaimed)
	m.replaced.sweep(func(r replaced) bool {
		if r.until+grace >= now || !r.met && r.ended >= oldestSYN {
			return false
		}
		m.index.forget(r.expectation)
		return true
	})
	m.complete(func(e ended) bool {
		return e.until < now && !e.waiting() && (e.unmet == 0 || e.said.Notes.Control.Last.Ord < oldestSYN)
	})
}

// End finishes everything: the capture is over and all connections are closed.
func (m *Matcher) End() {
	m.parked.expire(1<<63-1, m.unclaimed)
	m.complete(func(ended) bool { return true })
	m.attempts.each(m.attempt)
}

// SettleAttempts gives out, once, the tries of control connections that were not repeated
// since a time.
func (m *Matcher) SettleAttempts(since flow.Time) { m.attempts.settle(since, m.attempt) }

// Limits tells which limits were reached, and how often.
func (m *Matcher) Limits() []record.LimitHit {
	var list []record.LimitHit
	for limit, n := range m.limits {
		if n > 0 {
			list = append(list, record.LimitHit{Limit: limit, Count: n})
		}
	}
	slices.SortFunc(list, func(a, b record.LimitHit) int { return cmp.Compare(a.Limit, b.Limit) })
	return list
}

// Attempts is how many pairs of client and server tried in vain, those not kept included.
func (m *Matcher) Attempts() int { return m.attempts.total() }
