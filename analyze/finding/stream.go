package finding

import (
	"net/netip"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Limits of the Stream.
const (
	// hold is how long a session is remembered after its end, by the packets' clock:
	// logins that follow each other more slowly are no brute force, and both sessions of
	// an FXP transfer are open at the same time.
	hold = BruteWindow
	// holdLive is the same where somebody waits for the session.
	holdLive = 10 * flow.Second
	// maxHeld and maxHeldTransfers bound the sessions that are remembered, 50 MB or so if
	// all of them wait; then the first goes on with what is known.
	maxHeld          = 4096
	maxHeldTransfers = 32 << 10
	// maxHeldBytes bounds what they hold with all texts and connections, of which one
	// transfer may have thousands.
	maxHeldBytes = 64 << 20
	// maxSeries bounds the series of logins that are followed; then those that ended go,
	// then the oldest.
	maxSeries = 4096
	// maxFound is how many findings of one rule a capture has, for more are read by
	// nobody. Dropped tells the rest.
	maxFound = 10_000
)

// Stream judges sessions together with their neighbours in time. Sessions come in the
// order of their first packet and leave in that order, with their findings; for the same
// sessions the findings are the same, however the sessions came to it.
//
// A session is in one of three states. It is held while a session still to come could
// change its findings: it may be one end of an FXP transfer (offers), its logins belong
// to a series that may go on (series), a twin captured beyond a NAT may come (twins), or
// a rule asked how long the capture runs on (Case.open). It also waits for those before
// it. It left when its findings were certain, or when its time was up (due: hold after
// its end): then it is judged and emitted, and stays in held without the rest of the
// record, for what the findings of others still need: its offers, and the session itself
// while it may be somebody's twin. It is forgotten when it is due, or when the limits
// above are reached, the oldest first; what was emitted never changes. held[:left] left,
// held[left:] are held.
type Stream struct {
	opt     Options
	hold    flow.Time
	rules   []*Rule
	c       Case // the one at hand
	emit    func(*record.Session)
	patient bool // let no session go before it has to, for tests
	held    []*waiting
	left    int       // how many of these left, the first ones
	added   int       // sessions
	began   flow.Time // when the newest session began
	until   flow.Time // the last time that a session spoke of
	size    int       // transfers held
	bytes   int       // held beside them
	offers  offers
	logins  map[loginKey]*waiting // the newest session with logins of those that wait
	series  map[loginKey]*series
	lacking lacking
	spare   []*series // to be used again
	room    room
	names   int // for how many more names they have room
	found   map[string]int
	dropped map[string]int
}

// waiting is a session that waits for its neighbours, or that left and is remembered for
// theirs.
type waiting struct {
	*record.Session // nil when nobody may ask for it any more
	ends            ends
	due             flow.Time
	size, offers    int             // transfers, and those in Stream.offers
	bytes           int             // that the session holds beside its transfers
	links           map[int]*link   // FXP: by the transfer's number
	series          *series         // what its logins belong to, when it is its turn
	again           bool            // they all failed, for users that the series knows
	next            *waiting        // the next session with logins of the same host at the same server
	twin            *record.Session // the same session, captured earlier on a NAT's other side,
	twinNth         int             // that one's nth
	later           *waiting        // the session whose twin this is
	nth             int             // of all sessions
	left            bool
	unsure          bool // its findings are not certain before it has to go
}

// room is what those that come are made in.
type room struct {
	waiting flow.Several[waiting]
	series  flow.Several[series]
}

// ends name a session where it is not at hand.
type ends struct {
	id             int
	client, server netip.AddrPort
	nets           flow.Nets
}

// NewStream makes a Stream that gives its sessions to emit.
func NewStream(opt Options, emit func(*record.Session)) *Stream {
	st := &Stream{
		opt: opt, hold: hold, rules: opt.rules(), emit: emit, offers: newOffers(), logins: map[loginKey]*waiting{}, series: map[loginKey]*series{}, lacking: lacking{},
		found: map[string]int{}, dropped: map[string]int{}, names: maxAllNames,
	}
	_, window := opt.brute()
	if st.hold = max(hold, window); opt.Live {
		st.hold = holdLive
	}
	return st
}

// Preview judges a session that goes on by itself: its findings so far.
func (st *Stream) Preview(s *record.Session) {
	c := Case{Session: s, files: st.opt.numbering(), until: max(st.until, s.End.Time)}
	c.judge(st.rules)
	s.Findings = c.found
}

// Add takes the next session. It is the Stream's until it is emitted.
func (st *Stream) Add(s *record.Session) {
	st.added++
	w := st.room.waiting.Next()
	*w = waiting{
		Session: s, ends: ends{s.ID, s.Client, s.Server, s.Notes.Control.Nets}, due: max(s.Start.Time, s.End.Time) + st.hold,
		size: len(s.Transfers), bytes: s.Notes.Size, nth: st.added,
	}
	st.twins(w)
	st.held = append(st.held, w)
	st.size += w.size
	st.bytes += w.bytes
	st.offers.add(w)
	st.lacking.add(s)
	st.until = max(st.until, latest(s))
	if p := st.precursor(w); p != nil {
		p.next = w
	}
	st.Tick(s.Start.Time)
	if !w.left && len(s.Notes.Logins) > 0 {
		st.logins[keyOf(s)] = w
	}
}

// precursor is the newest session that waits and has logins of the same host at the same
// server.
func (st *Stream) precursor(w *waiting) *waiting {
	if len(st.logins) == 0 || len(w.Notes.Logins) == 0 {
		return nil
	}
	return st.logins[keyOf(w.Session)]
}

// Files tells how many files the run has by now.
func (st *Stream) Files(n int) { st.opt.Files = n }

// Tick says that sessions still to come begin at this time or later, so that live
// sessions need not wait for another.
func (st *Stream) Tick(now flow.Time) {
	if setBack := st.began-now > flow.Disorder && !st.opt.Live; setBack || now > st.began {
		st.began = now
	}
	for len(st.held) > 0 && (st.held[0].due < st.began || len(st.held) > maxHeld || st.size > maxHeldTransfers || st.bytes > maxHeldBytes) {
		st.release()
	}
	for st.left < len(st.held) && !st.patient && st.goes(st.held[st.left]) {
		st.left++
	}
}

// Flush lets all sessions go.
func (st *Stream) Flush() {
	for len(st.held) > 0 {
		st.release()
	}
}

// Dropped tells how many findings of each rule were left out because there were too many.
func (st *Stream) Dropped() map[string]int { return st.dropped }

// release forgets the first session, and judges it and lets it go if it is still there.
func (st *Stream) release() {
	w := st.held[0]
	if w.left {
		st.left--
	} else {
		st.follow(w)
		st.leave(w, st.judged(w))
	}
	st.held[0] = nil
	st.held = st.held[1:]
	st.size -= w.size
	st.offers.remove(w)
	st.drop(w)
	w.later = nil
}

// goes lets a session go whose turn it is if its findings are certain.
func (st *Stream) goes(w *waiting) bool {
	if o := w.Notes.Twin; w.unsure || o != nil && o.ID == 0 || w.twin != nil && st.added < w.twinNth+maxTwins {
		return false
	}
	st.follow(w)
	if r := w.series; r != nil && r.due() && r.success == nil && w.next == nil {
		return false
	}
	c := st.judged(w)
	if w.unsure = c.open; w.unsure {
		return false
	}
	st.leave(w, c)
	return true
}

// judged finds what is to be found with what is known by now.
func (st *Stream) judged(w *waiting) *Case {
	c := &st.c
	*c = Case{
		Session: w.Session, files: st.opt.numbering(), links: w.links, lacking: st.lacking, twin: w.twin, until: st.until, again: w.again, untold: c.untold[:0], scratch: c.scratch,
	}
	if r := w.series; r != nil && r.due() && (r.success != nil || !w.goesOn()) {
		r.conclude()
		c.series, c.rivals = r, st
	}
	c.judge(st.rules)
	return c
}

// leave gives a judged session away.
func (st *Stream) leave(w *waiting, c *Case) {
	if c.series != nil {
		c.series.reported()
	}
	if st.precursor(w) == w {
		delete(st.logins, keyOf(w.Session))
	}
	s := w.Session
	if o := s.Notes.Twin; o != nil {
		s.Twin = o.ID
	}
	w.left, w.links, w.twin, w.series, w.next = true, nil, nil, nil, nil
	if !st.comparable(w) {
		st.drop(w)
	}
	s.Findings = st.bounded(c)
	*c = Case{untold: c.untold[:0], scratch: c.scratch}
	st.emit(s)
}

// drop lets go of what a session holds, for nobody asks for it any more.
func (st *Stream) drop(w *waiting) {
	st.bytes -= w.bytes
	w.Session, w.bytes = nil, 0
}

// bounded counts findings and leaves out those beyond the limit.
func (st *Stream) bounded(c *Case) []record.Finding {
	for _, id := range c.untold {
		st.dropped[id]++
	}
	return slices.DeleteFunc(c.found, func(f record.Finding) bool {
		n := st.found[f.ID]
		if n == maxFound {
			st.dropped[f.ID]++
			return true
		}
		if st.found[f.ID]++; n+1 == maxFound {
			st.spend(f.ID)
		}
		return false
	})
}

// spend has a rule count only, from the next session on.
func (st *Stream) spend(id string) {
	i := slices.IndexFunc(st.rules, func(r *Rule) bool { return r.ID == id })
	r := *st.rules[i]
	r.spent = true
	st.rules[i] = &r
}
