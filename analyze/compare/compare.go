package compare

import (
	"cmp"
	"fmt"
	"slices"

	"ftpscope/capture/flow"
)

// Compare says what both sides show together. here is what the user takes for the
// client's side; if the packets say that it is the other, they are compared the other way
// round.
func Compare(here, there *Side) *Result {
	r := newRun(here, there)
	swapped, known, reason := r.order()
	if swapped {
		r = newRun(there, here)
	}
	res := &Result{Here: r.sides[0], There: r.sides[1], Swapped: swapped, OrderKnown: known, OrderReason: reason, Clock: r.clock, Stepped: r.stepped, Verdicts: map[string]int{}}
	for _, t := range r.sessions {
		res.Comparisons = append(res.Comparisons, r.byItsClock(t))
	}
	res.Comparisons = append(res.Comparisons, r.attempts()...)
	slices.SortStableFunc(res.Comparisons, func(x, y Comparison) int { return cmp.Compare(rank(x.Verdict), rank(y.Verdict)) })
	for i := range res.Comparisons {
		res.Comparisons[i].ID = i + 1
		res.Verdicts[res.Comparisons[i].Verdict]++
	}
	res.Imperfect = r.imperfect
	return res
}

// run is one comparison in the making.
type run struct {
	sides     [2]*Side
	sessions  []bothSides
	nearer    [2]int // packets whose TTL says that a side is nearer to the clients
	clock     Clock
	own       map[*Session]Clock  // of a's sessions, by their own packets
	stepped   int                 // sessions whose own clocks say something else than all others
	stray     [2]map[uint32]*Conn // by the opener's initial sequence number
	slowest   [2]flow.Time        // what packets took at most, each way
	imperfect [2]bool             // a side's capture lacks packets that came by
}

// bothSides is a session on both sides; one may be nil.
type bothSides struct{ a, b *Session }

// newRun pairs sessions and finds out how the clocks compare. Each needs the other, so it
// goes step by step:
//
//  1. Sessions whose sequence numbers agree are paired, whatever the clocks say (byNumbers).
//  2. Their packets are samples of a clock; that on which most sessions agree is taken.
//  3. Sessions of which only the words agree are paired where the times fit it (byWords).
//  4. The clock is estimated again, with their packets. A session that has packets of both ways
//     is compared by its own clock, since clocks are set now and then (own).
func newRun(a, b *Side) *run {
	r := &run{sides: [2]*Side{a, b}, own: map[*Session]Clock{}}
	for i, s := range r.sides {
		r.stray[i] = map[uint32]*Conn{}
		for _, c := range slices.Backward(s.Strays) {
			if n, ok := c.number(); ok {
				r.stray[i][n] = c
			}
		}
	}
	p := newPairs(a.Sessions, b.Sessions)
	p.byNumbers()
	groups := r.sampled(p, nil)
	r.clock, _ = consensus(groups)
	p.byWords(a.Sessions, b.Sessions, &r.clock)
	groups = r.sampled(p, groups)
	if r.clock, r.stepped = consensus(groups); !r.clock.Known {
		r.clock = estimate(strangers(a, b))
	}
	for i, s := range a.Sessions {
		t := bothSides{a: s}
		if p.to[i] >= 0 {
			t.b = b.Sessions[p.to[i]]
		}
		r.sessions = append(r.sessions, t)
	}
	for k, s := range b.Sessions {
		if p.from[k] < 0 {
			r.sessions = append(r.sessions, bothSides{b: s})
		}
	}
	return r
}

// prepare pairs the packets of a session. What it makes is large: there is one at a time.
func (r *run) prepare(a, b *Session) *sessionPair {
	j := pairSession(a, b, r)
	for _, c := range j.all() {
		c.match(&r.clock)
	}
	return j
}

// byItsClock compares a session by what its own packets say of the clocks, if they say
// it: clocks are set now and then.
func (r *run) byItsClock(t bothSides) Comparison {
	if own, ok := r.own[t.a]; ok {
		common := r.clock
		r.clock = own
		defer func() { r.clock = common }()
	}
	return r.session(r.prepare(t.a, t.b))
}

// sampled adds the samples of the sessions that were paired since.
func (r *run) sampled(p *pairs, groups []group) []group {
	total := 0
	for _, g := range groups {
		total += len(g.samples)
	}
	for i, k := range p.to {
		if k < 0 || p.sampled[i] {
			continue
		}
		p.sampled[i] = true
		s := r.sides[0].Sessions[i]
		var list []sample
		for _, c := range r.prepare(s, r.sides[1].Sessions[k]).all() {
			list = c.samples(list)
			r.vote(c)
		}
		g := group{estimate(list), list}
		if g.clock.HasRound {
			r.own[s] = g.clock
			r.slow(list, &g.clock)
		}
		if total += len(list); len(list) > 0 && total < maxSamples {
			groups = append(groups, g)
		}
	}
	return groups
}

// vote counts which side is nearer to the client by the TTL, which gets less on the way.
func (r *run) vote(c *connPair) {
	for w := range c.matched {
		for _, p := range c.matched[w].pairs {
			if p.a.TTL == p.b.TTL || p.a.Flags&flow.RST != 0 {
				continue
			}
			nearer := 0
			if (p.a.TTL > p.b.TTL) != (Way(w) == ToServer) {
				nearer = 1
			}
			r.nearer[nearer]++
		}
	}
}

// strangers are samples of connections that have nothing to do with FTP, for want of
// others. Which way they went the TTL tells: it gets less on the way.
func strangers(a, b *Side) (list []sample) {
	where := map[uint32]*Seg{}
	for i := range b.Strangers {
		where[b.Strangers[i].Seq] = &b.Strangers[i]
	}
	for i := range a.Strangers {
		x := &a.Strangers[i]
		y := where[x.Seq]
		if y == nil || x.Flags != y.Flags || x.TTL == y.TTL {
			continue
		}
		w := ToServer
		if x.TTL < y.TTL {
			w = ToClient
		}
		list = append(list, sample{x.Time, y.Time - x.Time, w})
	}
	return list
}

// order tells which side is nearer to the clients: on the way the TTL gets less, and the
// way there and back takes time that is less than nothing if the sides are taken for each
// other.
func (r *run) order() (swapped, known bool, reason string) {
	votes := r.nearer
	const noise = 20 * flow.Microsecond // what clocks and captures differ by
	switch {
	case votes[0] != votes[1]:
		return votes[1] > votes[0], true, fmt.Sprintf("by the TTL of %d of %d packets", max(votes[0], votes[1]), votes[0]+votes[1])
	case r.clock.HasRound && max(r.clock.RoundTrip, -r.clock.RoundTrip) > noise:
		return r.clock.RoundTrip < 0, true, "by the times of packets in both directions"
	}
	return false, false, ""
}

// covers reports whether the capture of the side that lacks a packet covers the time of
// it. Nothing says how long a capture went on after its last packet. What left one side
// arrives at the other later, by as much as the slowest packet that both have took.
func (r *run) covers(e event, c *Conn) bool {
	lacks := 1 - e.side
	s := r.sides[lacks]
	if s.Packets == 0 {
		return false
	}
	from, to := e.seg.Time, e.seg.Time
	if int(e.way) == e.side {
		to += r.slowest[e.way]
	} else {
		from -= r.slowest[e.way]
	}
	if e.side == 0 {
		from, to = r.clock.There(from), r.clock.There(to)
	} else {
		from, to = r.clock.Here(from), r.clock.Here(to)
	}
	return s.First.Time <= from && to <= s.Last.Time && (c.CutAt == 0 || to < c.CutAt)
}

// slow finds the slowest packets of each way.
func (r *run) slow(list []sample, c *Clock) {
	const most = 10 * flow.Second // what takes longer is no delay
	for _, s := range list {
		d := s.diff - c.at(s.at)
		if s.way == ToClient {
			d = -d
		}
		r.slowest[s.way] = max(r.slowest[s.way], min(d, most))
	}
}

func rank(verdict string) int { return slices.Index(Verdicts(), verdict) }

// VerdictOf is the verdict that a kind of difference leads to.
func VerdictOf(kind string) string {
	list := Kinds()
	return list[slices.IndexFunc(list, func(k Kind) bool { return k.Name == kind })].Verdict
}
