package match

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"net/netip"

	"ftpscope/analyze/control"
	"ftpscope/capture/flow"
)

// expectation is one that connections may still meet: in force, or replaced.
type expectation struct {
	control.Expectation
	session *pendingSession
	until   flow.Time       // when it was replaced, plus grace; 0: in force
	ended   uint64          // Ord of the packet that replaced it
	met     bool            // by a connection
	beside  *expectation    // another endpoint of the same negotiation, while in force; nil: none
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

// index finds expectations by the endpoints that a fitting connection may lead to: for
// each the newest, which leads to the older ones. Most connections are turned away by
// their port.
type index struct {
	ports  [1 << 16 / 64]uint64 // ports that some expectation names
	refs   [1 << 16]int32       // how many do
	seed   [2]uint64            // of an endKey
	newest map[endKey]*expectation
	active map[netip.Addr]int // hosts that are expected to open a connection, with how often
	free   []*expectation     // forgotten, for the next ones (BenchmarkStep/step=match/traffic=chatty in package analyze)
	room   flow.Several[expectation]
	limits limits
}

func newIndex(l limits) index {
	seed := maphash.MakeSeed()
	return index{
		seed:   [2]uint64{maphash.String(seed, "low"), maphash.String(seed, "high")},
		newest: map[endKey]*expectation{}, active: map[netip.Addr]int{}, limits: l,
	}
}

// endKey stands for an endpoint. Others may have the same: it narrows the search, and
// Expectation.Fits decides.
type endKey uint64

// The seed is of this run, or clients could announce endpoints that all have one.
func (ix *index) keyOf(end netip.AddrPort) endKey {
	h := flow.HostOf(end.Addr())
	high, low := bits.Mul64(h.Lo^ix.seed[0], h.Hi^ix.seed[1])
	high, low = bits.Mul64(high^low^uint64(end.Port())<<32, 0x8ebc6af09c88c6e3^ix.seed[0])
	return endKey(high ^ low)
}

// add makes an expectation of what a control connection said.
func (ix *index) add(o *control.Expectation, p *pendingSession) *expectation {
	var x *expectation
	if n := len(ix.free); n > 0 {
		x = ix.free[n-1]
		ix.free = ix.free[:n-1]
	} else {
		x = ix.room.Next()
	}
	x.Expectation, x.session = *o, p
	x.keys[0] = ix.keyOf(o.Endpoint)
	if o.Peer != o.Endpoint.Addr() {
		x.keys[1] = ix.keyOf(netip.AddrPortFrom(o.Peer, o.Endpoint.Port()))
		x.two = x.keys[1] != x.keys[0]
	}
	return x
}

// ends are the keys of the endpoint that was announced and, where it differs, of its port
// at the control peer's address.
func (x *expectation) ends() []endKey {
	if x.two {
		return x.keys[:]
	}
	return x.keys[:1]
}

func (ix *index) awaits(port uint16) bool { return ix.ports[port/64]>>(port%64)&1 != 0 }

// alike are the newest expectations with a key, at most maxAlike of them.
func (ix *index) alike(end endKey) iter.Seq[*expectation] {
	return func(yield func(*expectation) bool) {
		for x, n := ix.newest[end], 0; x != nil; x, n = x.older[x.which(end)], n+1 {
			if n == maxAlike {
				ix.limits["offers of one endpoint at a time"]++
				return
			}
			if !yield(x) {
				return
			}
		}
	}
}

// link makes an expectation the newest of its keys, and counts it.
func (ix *index) link(x *expectation) {
	for i, end := range x.ends() {
		if old := ix.newest[end]; old != nil {
			x.older[i], old.newer[old.which(end)] = old, x
		}
		ix.newest[end] = x
	}
	port := x.Endpoint.Port()
	ix.refs[port]++
	ix.ports[port/64] |= 1 << (port % 64)
	if !x.Passive {
		ix.active[x.Expected]++
	}
}

func (x *expectation) which(end endKey) int {
	if x.keys[0] == end {
		return 0
	}
	return 1
}

// shareFXP gives an expectation the connections that an expectation of the same endpoint
// and the other kind has met already: FXP, where the capture shows one server's side of
// the negotiation late.
func (m *Matcher) shareFXP(x *expectation) {
	for met := range m.index.alike(x.keys[0]) {
		if met.Passive == x.Passive || met.Endpoint != x.Endpoint || met.session == x.session {
			continue
		}
		for _, t := range met.session.tried {
			if c := &t.claim.conn[0]; t.negotiation == met.Index && c.Start.Time >= x.Mark.Time-early && x.rank(c) >= 0 {
				m.give(x, t.claim)
			}
		}
	}
}

// replace says that an expectation is in force no longer; it is done once.
func (m *Matcher) replace(x *expectation, at flow.Mark) {
	for x != nil {
		next := x.beside
		x.until, x.ended, x.beside = at.Time+grace, at.Ord, nil
		if m.replaced.add(replaced{x.until, x}) {
			m.limits["offers that waited for a connection"]++
			m.index.forget(m.replaced.first().expectation)
		}
		x = next
	}
}

// isLate reports whether a connection began after the expectation was replaced, by its
// time and its place in the capture: the clock may have been set back between.
func (x *expectation) isLate(c *flow.Conn) bool {
	return x.until != 0 && c.Start.Time > x.until && c.Start.Ord > x.ended
}

// rank tells how well a connection fits the expectation; -1: not at all. Without a SYN
// either end may be the opener.
func (x *expectation) rank(c *flow.Conn) int {
	if x.session.revoked || x.isLate(c) {
		return -1
	}
	if !x.session.nets.Meet(&c.Nets) {
		return -1
	}
	if x.Fits(c.Src, c.Dst) {
		return x.Rank(c.Src, c.Dst)
	}
	if !c.OpenerKnown && x.Fits(c.Dst, c.Src) {
		return x.Rank(c.Dst, c.Src)
	}
	return -1
}

// maxFreeLive bounds the expectations that are kept for the next ones: as many as a busy
// capture forgets at once.
const maxFreeLive = 4096

func (ix *index) forget(x *expectation) {
	for i, end := range x.ends() {
		ix.unlink(x, i, end)
	}
	port := x.Endpoint.Port()
	if ix.refs[port]--; ix.refs[port] == 0 {
		ix.ports[port/64] &^= 1 << (port % 64)
	}
	if !x.Passive {
		if ix.active[x.Expected]--; ix.active[x.Expected] == 0 {
			delete(ix.active, x.Expected)
		}
	}
	*x = expectation{}
	if len(ix.free) < maxFreeLive {
		ix.free = append(ix.free, x)
	}
}

// unlink takes an expectation out of the list of its i-th key.
func (ix *index) unlink(x *expectation, i int, end endKey) {
	older, newer := x.older[i], x.newer[i]
	if older != nil {
		older.newer[older.which(end)] = newer
	}
	switch {
	case newer != nil:
		newer.older[newer.which(end)] = older
	case older != nil:
		ix.newest[end] = older
	default:
		delete(ix.newest, end)
	}
}
