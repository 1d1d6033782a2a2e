package match

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"net/netip"

	"ftpscope/analyze/control"
	"ftpscope/capture/flow"
)

// live is an offer that connections may still meet.
type expectation struct {
	control.Expectation
	session *pendingSession
	until   flow.Time       // when it was replaced, plus grace; 0: in force
	ended   uint64          // Ord of the packet that replaced it
	met     bool            // by a connection
	two     bool            // it has two keys
	keys    [2]endKey       // of the endpoints that a fitting connection may lead to
	older   [2]*expectation // the next older one with the same key, and the next newer one
	newer   [2]*expectation
}

// replaced is what Tick looks at again and again, so it lies together.
type replaced struct {
	until flow.Time
	*expectation
}

func (replaced) bytes() int { return 0 }

// index finds expectations by the endpoints that a fitting connection may lead to: for each
// the newest, which leads to the older ones. Most connections are turned away by their port.
type index struct {
	ports  [1 << 16 / 64]uint64 // ports that some expectation names
	refs   [1 << 16]int32       // how many do
	seed   [2]uint64            // of endKeys
	newest map[endKey]*expectation
	free   []*expectation // forgotten, for the next ones (BenchmarkStep/step=match/traffic=chatty in package analyze)
	limits limits
}

func newIndex(l limits) index {
	seed := maphash.MakeSeed()
	return index{
		seed:   [2]uint64{maphash.String(seed, "low"), maphash.String(seed, "high")},
		newest: map[endKey]*expectation{}, limits: l,
	}
}

// endKey stands for an endpoint. Others may have the same: it narrows the search, and Offer.fits decides.
type endKey uint64

// The seed is of this run, or clients could announce endpoints that all have one.
func (x *index) keyOf(end netip.AddrPort) endKey {
	h := flow.HostOf(end.Addr())
	high, low := bits.Mul64(h.Lo^x.seed[0], h.Hi^x.seed[1])
	high, low = bits.Mul64(high^low^uint64(end.Port())<<32, 0x8ebc6af09c88c6e3^x.seed[0])
	return endKey(high ^ low)
}

// live makes an offer live.
func (x *index) add(o *control.Expectation, g *pendingSession) *expectation {
	var l *expectation
	if n := len(x.free); n > 0 {
		l = x.free[n-1]
		x.free = x.free[:n-1]
	} else {
		l = new(expectation)
	}
	l.Expectation, l.session = *o, g
	l.keys[0] = x.keyOf(o.Endpoint)
	if o.Peer != o.Endpoint.Addr() {
		l.keys[1] = x.keyOf(netip.AddrPortFrom(o.Peer, o.Endpoint.Port()))
		l.two = l.keys[1] != l.keys[0]
	}
	return l
}

// ends are the keys of the endpoint that was announced and, where it differs, of its port at the control peer's address.
func (l *expectation) ends() []endKey {
	if l.two {
		return l.keys[:]
	}
	return l.keys[:1]
}

func (x *index) awaits(port uint16) bool { return x.ports[port/64]>>(port%64)&1 != 0 }

// alike are the newest offers with a key, at most maxAlike of them.
func (x *index) alike(end endKey) iter.Seq[*expectation] {
	return func(yield func(*expectation) bool) {
		for l, n := x.newest[end], 0; l != nil; l, n = l.older[l.which(end)], n+1 {
			if n == maxAlike {
				x.limits["offers of one endpoint at a time"]++
				return
			}
			if !yield(l) {
				return
			}
		}
	}
}

// link makes an offer the newest of its keys.
func (x *index) link(l *expectation) {
	for i, end := range l.ends() {
		if old := x.newest[end]; old != nil {
			l.older[i], old.newer[old.which(end)] = old, l
		}
		x.newest[end] = l
	}
}

func (l *expectation) which(end endKey) int {
	if l.keys[0] == end {
		return 0
	}
	return 1
}

// join gives an offer the connections that an offer of the same endpoint and the other kind has met already: FXP, where
// the capture shows one server's side of the negotiation late.
func (m *Matcher) shareFXP(l *expectation) {
	for x := range m.index.alike(l.keys[0]) {
		if x.Passive == l.Passive || x.Endpoint != l.Endpoint || x.session == l.session {
			continue
		}
		for _, t := range x.session.tried {
			if c := &t.claim.conn[0]; t.offer == x.Index && c.Start.Time >= l.Mark.Time-early && l.rank(c) >= 0 {
				m.give(l, t.claim)
			}
		}
	}
}

// replace says that an offer is in force no longer; it is done once.
func (m *Matcher) replace(l *expectation, at flow.Mark) {
	l.until, l.ended = at.Time+grace, at.Ord
	if m.replaced.add(replaced{l.until, l}) {
		m.limits["offers that waited for a connection"]++
		m.index.forget(m.replaced.first().expectation)
	}
}

// isLate reports whether a connection began after the offer was replaced, by its time and its place in the capture: the clock may
// have been set back between.
func (l *expectation) isLate(c *flow.Conn) bool {
	return l.until != 0 && c.Start.Time > l.until && c.Start.Ord > l.ended
}

// reaches tells how well a connection fits the offer; -1: not at all. Without a SYN either end may be the opener.
func (l *expectation) rank(c *flow.Conn) int {
	if l.isLate(c) {
		return -1
	}
	if !l.session.nets.Meet(&c.Nets) {
		return -1
	}
	if l.Fits(c.Src, c.Dst) {
		return l.Rank(c.Src, c.Dst)
	}
	if !c.OpenerKnown && l.Fits(c.Dst, c.Src) {
		return l.Rank(c.Dst, c.Src)
	}
	return -1
}

// maxFreeLive bounds the offers that are kept for the next ones: as many as a busy capture forgets at once.
const maxFreeLive = 4096

func (x *index) forget(l *expectation) {
	for i, end := range l.ends() {
		x.unlink(l, i, end)
	}
	port := l.Endpoint.Port()
	if x.refs[port]--; x.refs[port] == 0 {
		x.ports[port/64] &^= 1 << (port % 64)
	}
	if len(x.free) < maxFreeLive {
		*l = expectation{}
		x.free = append(x.free, l)
	}
}

// unlink takes an offer out of the list of its i-th key.
func (x *index) unlink(l *expectation, i int, end endKey) {
	older, newer := l.older[i], l.newer[i]
	if older != nil {
		older.newer[older.which(end)] = newer
	}
	switch {
	case newer != nil:
		newer.older[newer.which(end)] = older
	case older != nil:
		x.newest[end] = older
	default:
		delete(x.newest, end)
	}
}
