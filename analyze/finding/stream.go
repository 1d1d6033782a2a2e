package finding

import (
	"cmp"
	"slices"

	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

// Limits of the Stream.
const (
	// hold is how long a session waits for its neighbours after its end, by the packets' clock: logins that follow each other
	// more slowly are no brute force, and both sessions of an FXP transfer are open at the same time.
	hold = bruteTime
	// maxHeld and maxHeldTransfers bound the sessions that wait, 50 MB or so; then the first goes on with what is known.
	maxHeld          = 4096
	maxHeldTransfers = 32 << 10
	// maxSeries bounds the series of logins that are followed; then those that ended go, then the oldest.
	maxSeries = 4096
	// maxFound is how many findings of one rule a capture has, for more are read by nobody. Dropped tells the rest.
	maxFound = 10_000
)

// Stream judges sessions together with their neighbours in time. Sessions come in the order of their first packet and leave
// in that order, with their findings; for the same sessions they are the same.
type Stream struct {
	opt     Options
	emit    func(*session.Session)
	held    []*waiting
	began   flow.Time // when the newest session began
	until   flow.Time // the last time that a session spoke of
	size    int       // transfers held
	offers  offers
	logins  map[loginKey][]*waiting // held sessions with logins
	series  map[loginKey]*series
	found   map[string]int
	dropped map[string]int
}

// waiting is a session that waits for its neighbours.
type waiting struct {
	*session.Session
	links map[int]*link
	twin  *session.Session // the same session, captured earlier on a NAT's other side
	later *waiting         // the session whose twin this is
	due   flow.Time
}

// NewStream makes a Stream that gives its sessions to emit.
func NewStream(opt Options, emit func(*session.Session)) *Stream {
	return &Stream{
		opt: opt, emit: emit, offers: offers{}, logins: map[loginKey][]*waiting{}, series: map[loginKey]*series{},
		found: map[string]int{}, dropped: map[string]int{},
	}
}

// Add takes the next session. It is the Stream's until it is emitted.
func (st *Stream) Add(s *session.Session) {
	w := &waiting{Session: s, due: s.End.Time + hold}
	st.twins(w)
	st.held = append(st.held, w)
	st.size += len(s.Transfers)
	if len(s.Notes.Logins) > 0 {
		st.logins[keyOf(s)] = append(st.logins[keyOf(s)], w)
	}
	st.offers.add(w)
	st.until = max(st.until, latest(s))
	st.Tick(s.Start.Time)
}

// Tick says that sessions still to come begin at this time or later, so that live sessions need not wait for another.
func (st *Stream) Tick(now flow.Time) {
	st.began = max(st.began, now)
	for len(st.held) > 0 && (st.held[0].due < st.began || len(st.held) > maxHeld || st.size > maxHeldTransfers) {
		st.release()
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

// release judges the first session and lets it go.
func (st *Stream) release() {
	w := st.held[0]
	st.held[0] = nil
	st.held = st.held[1:]
	st.size -= len(w.Transfers)
	c := newCase(w.Session, st.opt)
	c.links, c.twin, c.until = w.links, w.twin, max(c.until, st.until)
	if len(w.Notes.Logins) > 0 {
		c.series, c.again = st.follow(w)
	}
	w.Findings = st.bounded(c.judge(st.opt))
	st.offers.remove(w)
	st.emit(w.Session)
}

// bounded counts findings and leaves out those beyond the limit.
func (st *Stream) bounded(list []session.Finding) []session.Finding {
	return slices.DeleteFunc(list, func(f session.Finding) bool {
		if st.found[f.ID]++; st.found[f.ID] > maxFound {
			st.dropped[f.ID]++
			return true
		}
		return false
	})
}

// follow adds a session to its series of logins and returns the series if it is a brute force that ends here, and whether
// the session's logins all failed, for users that the series knows.
func (st *Stream) follow(w *waiting) (ended *series, again bool) {
	k := keyOf(w.Session)
	next := st.logins[k][1:]
	if len(next) > 0 {
		st.logins[k] = next
	} else {
		delete(st.logins, k)
	}
	r := st.series[k]
	if r == nil || w.Notes.Logins[0].Mark.Time-r.until > bruteTime {
		st.prune(w.Start.Time)
		r = newSeries(w.Session)
		st.series[k] = r
	}
	again = r.knows(w.Session)
	r.take(w.Session)
	if !r.due() || len(next) > 0 && next[0].Notes.Logins[0].Mark.Time-r.until <= bruteTime {
		return nil, again
	}
	r.told, r.toldSuccess = true, r.success != nil
	r.others = st.others(r)
	return r, again
}

// others counts the other hosts that failed at the server while the series ran.
func (st *Stream) others(r *series) int {
	n := 0
	for k, o := range st.series {
		if k.server == r.key.server && k.client != r.key.client && o.failed > 0 && o.last.Time >= r.first.Time-bruteTime && o.first.Time <= r.until+bruteTime {
			n++
		}
	}
	return n
}

// prune makes room for another series.
func (st *Stream) prune(now flow.Time) {
	if len(st.series) < maxSeries {
		return
	}
	list := make([]*series, 0, len(st.series))
	for k, r := range st.series {
		if now-r.until > bruteTime {
			delete(st.series, k)
			continue
		}
		list = append(list, r)
	}
	if len(list) < maxSeries {
		return
	}
	slices.SortFunc(list, func(a, b *series) int {
		return cmp.Or(cmp.Compare(a.until, b.until), a.key.client.Compare(b.key.client), a.key.server.Compare(b.key.server))
	})
	for _, r := range list[:maxSeries/2] {
		delete(st.series, r.key)
	}
}
