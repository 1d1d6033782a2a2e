package finding

import (
	"cmp"
	"net/netip"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// The usual measure of a brute force: so many failed logins within such a time.
const (
	BruteFailures = 5
	BruteWindow   = 5 * 60 * flow.Second
	// MaxBruteFailures bounds what is remembered of each series.
	MaxBruteFailures = 1000
)

// loginKey is who tries to log in where.
type loginKey struct {
	client netip.Addr
	server netip.AddrPort
	net    flow.Net // of its networks the first
}

func keyOf(s *record.Session) loginKey {
	return loginKey{s.Client.Addr(), s.Server, s.Notes.Control.Nets.First()}
}

// series is the logins of one client host at one server that follow each other within the
// window.
type series struct {
	key         loginKey
	window      flow.Time
	sessions    int
	failed      int
	limit       int         // as many failures are a brute force
	recent      []flow.Mark // the last of them, a ring of limit from the first on; the oldest is at failed modulo limit
	first, last flow.Mark   // failures
	until       flow.Time   // the last login
	users       names
	frames      []flow.Pos
	hot         bool          // enough of them came within the window
	success     *record.Login // a login that succeeded thereafter
	early       record.Login  // the last login that did so before; sessions come in the order of their first packets, not of logins
	before      int           // failures that came before it nevertheless
	told        bool          // it was reported
}

// begin makes it the first series of a key; what it has room for is used again.
func (r *series) begin(k loginKey, opt *Options) {
	failures, window := opt.brute()
	r.users.forget()
	*r = series{key: k, window: window, limit: failures, recent: r.recent, users: r.users}
}

// follow adds a session whose turn it is to its series of logins.
func (st *Stream) follow(w *waiting) {
	if w.series != nil || len(w.Notes.Logins) == 0 {
		return
	}
	k := keyOf(w.Session)
	r := st.series[k]
	if r == nil || w.Notes.Logins[0].Mark.Time-r.until > r.window {
		st.prune(w.Start.Time)
		r = st.newSeries(k)
	}
	w.series, w.again = r, r.knows(w.Session)
	r.take(w.Session)
}

// goesOn reports whether the series of a session does so after it, by what came until
// now.
func (w *waiting) goesOn() bool {
	return w.next != nil && w.next.Notes.Logins[0].Mark.Time-w.series.until <= w.series.window
}

func (st *Stream) newSeries(k loginKey) *series {
	r := st.series[k]
	if n := len(st.spare); r == nil && n > 0 {
		r, st.spare = st.spare[n-1], st.spare[:n-1]
	} else if r == nil {
		r = st.room.series.Next()
		r.users.room = &st.names
	}
	r.begin(k, &st.opt)
	st.series[k] = r
	return r
}

// prune makes room for another series.
func (st *Stream) prune(now flow.Time) {
	if len(st.series) < maxSeries {
		return
	}
	type aged struct {
		until flow.Time
		*series
	}
	list := make([]aged, 0, len(st.series))
	for _, r := range st.series {
		if now-r.until > r.window {
			st.end(r)
			continue
		}
		list = append(list, aged{r.until, r})
	}
	if len(list) < maxSeries {
		return
	}
	slices.SortFunc(list, func(a, b aged) int {
		if a.until != b.until {
			return cmp.Compare(a.until, b.until)
		}
		return cmp.Or(a.key.client.Compare(b.key.client), a.key.server.Compare(b.key.server), cmp.Compare(a.key.net, b.key.net))
	})
	for _, r := range list[:maxSeries/2] {
		st.end(r.series)
	}
}

func (st *Stream) end(r *series) {
	delete(st.series, r.key)
	r.users.forget()
	st.spare = append(st.spare, r)
}

// others counts the other hosts that failed at the server while the series ran.
func (st *Stream) others(r *series) int {
	if st == nil {
		return 0
	}
	n := 0
	for k, o := range st.series {
		near := o.last.Time >= r.first.Time-r.window && o.first.Time <= r.until+r.window
		if k.server == r.key.server && k.net == r.key.net && k.client != r.key.client && o.failed > 0 && near {
			n++
		}
	}
	return n
}

// take adds a session's logins and reports whether the series is a brute force.
func (r *series) take(s *record.Session) bool {
	failed, before := r.failed, r.success
	for i := range s.Notes.Logins {
		l := &s.Notes.Logins[i]
		r.until = max(r.until, l.Mark.Time)
		switch {
		case l.OK:
			r.succeed(l)
		case failure(l.Code):
			r.fail(l)
		}
	}
	if r.failed > failed || r.success != before {
		r.sessions++
	}
	return r.hot
}

// succeed takes a login that did.
func (r *series) succeed(l *record.Login) {
	switch {
	case r.success != nil || anonymous(l.User) || l.User == "": // who is not known may be anonymous
	case r.hot && (r.last.Ord < l.Mark.Ord || r.last.Time < l.Mark.Time) && l.Mark.Time-r.last.Time <= r.window:
		success := *l // the session goes
		r.success = &success
	default:
		r.early, r.before = *l, 0
		for _, m := range r.recent[:min(r.failed, r.limit)] {
			r.isBefore(m)
		}
	}
}

// isBefore counts a failure that came before the early success.
func (r *series) isBefore(m flow.Mark) {
	if r.early.OK && precedes(m, r.early.Mark) && r.early.Mark.Time-m.Time <= r.window {
		r.before++
	}
}

// conclude has the early success be that of the series, now that all failures are known,
// if as many as are a brute force were before it.
func (r *series) conclude() {
	if r.success == nil && r.before >= r.limit {
		success := r.early
		r.success = &success
	}
}

// reported notes that the series was. One that succeeded is over with that: what comes
// after it is another.
func (r *series) reported() {
	r.told = true
	if r.success != nil {
		*r = series{key: r.key, window: r.window, limit: r.limit, recent: r.recent, until: r.until, users: r.users}
	}
}

// knows reports whether all logins of a session were rejected, for users that failed in
// the series before.
func (r *series) knows(s *record.Session) bool {
	for i := range s.Notes.Logins {
		if l := &s.Notes.Logins[i]; l.OK || l.Code == 0 || !r.users.has(l.User) {
			return false
		}
	}
	return true
}

// failure tells wrong passwords (530, 430 on some servers) from servers that are busy or
// were asked out of order.
func failure(code int) bool {
	return code == 530 || code == 430 || code == 532 || code == 535 || code == 550
}

func (r *series) fail(l *record.Login) {
	if r.failed == 0 && len(r.recent) != r.limit {
		r.recent = make([]flow.Mark, r.limit)
	}
	r.recent[r.failed%r.limit] = l.Mark
	r.failed++
	r.isBefore(l.Mark)
	if oldest := r.recent[r.failed%r.limit]; r.failed >= r.limit && l.Mark.Time-oldest.Time <= r.window {
		r.hot = true
	}
	if !r.first.Seen() || precedes(l.Mark, r.first) {
		r.first = l.Mark
	}
	if !precedes(l.Mark, r.last) {
		r.last = l.Mark
	}
	if l.User != "" {
		r.users.add(l.User)
	}
	if len(r.frames) < maxFrames-2 {
		r.frames = append(r.frames, l.Mark.Pos)
	}
}

// due reports whether the series has something to tell that was not told.
func (r *series) due() bool { return r.hot && (!r.told || r.success != nil) }
