package compare

import (
	"cmp"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// connPair is a connection as both sides have it; one may be nil.
type connPair struct {
	a, b     *Conn
	transfer int // index in sessionPair.transfers; -1: the control connection
	ways     [2]mapping
	rewrites [2][]Rewrite
	matched  [2]matched
}

// conn is the connection on a side: 0 is the first, a.
func (j *connPair) conn(side int) *Conn {
	if side == 0 {
		return j.a
	}
	return j.b
}

var nothing = &Conn{}

// whole is the connection on a side, an empty one if it is not there.
func (j *connPair) whole(side int) *Conn {
	if c := j.conn(side); c != nil {
		return c
	}
	return nothing
}

func newConnPair(a, b *Conn, transfer int) *connPair {
	return &connPair{a: a, b: b, transfer: transfer}
}

// match pairs the packets; toA is nil as long as the clocks are not known.
func (j *connPair) match(c *Clock) {
	var toA func(flow.Time) flow.Time
	if c.Known {
		toA = c.Here
	}
	for w := range j.ways {
		a, b := &j.whole(0).Half[w], &j.whole(1).Half[w]
		m := &j.ways[w]
		*m, j.rewrites[w] = align(a, b)
		x := items(a, m, func(n uint32) uint32 { return n })
		y := items(b, m, m.toA)
		if j.whole(0).CutAt+j.whole(1).CutAt != 0 {
			x, y = j.kept(x, y, toA)
		}
		if !m.known {
			x, y = slices.DeleteFunc(x, numbered), slices.DeleteFunc(y, numbered)
		}
		j.matched[w] = match(x, y, Way(w), toA)
	}
}

// kept leaves out what comes after the limit of segments on either side.
func (j *connPair) kept(a, b []item, toA func(flow.Time) flow.Time) (x, y []item) {
	ends := func(list []item) (end int) {
		for i := range list {
			end = max(end, list[i].end)
		}
		return end
	}
	until := j.whole(0).CutAt
	if t := j.whole(1).CutAt; t != 0 && toA != nil && (until == 0 || toA(t) < until) {
		until = toA(t)
	}
	x = slices.DeleteFunc(a, func(it item) bool { return until != 0 && it.seg.Time >= until })
	y = slices.DeleteFunc(b, func(it item) bool {
		if toA == nil {
			t := j.whole(1).CutAt
			return t != 0 && it.seg.Time >= t
		}
		return until != 0 && toA(it.seg.Time) >= until
	})
	end := min(ends(x), ends(y))
	late := func(it item) bool { return it.end > end }
	return slices.DeleteFunc(x, late), slices.DeleteFunc(y, late)
}

// numbered reports whether only its sequence number tells a thing from others of its
// kind.
func numbered(it item) bool { return it.kind == payload || it.kind == finSent }

// samples are the times of packets that there is one of on each side. Resets and FINs are
// not among them: what a firewall made up looks like what the other side sends later.
func (j *connPair) samples(list []sample) []sample {
	for w := range j.matched {
		for _, p := range j.matched[w].pairs {
			if p.sure && (p.a.Flags|p.b.Flags)&(flow.RST|flow.FIN) == 0 {
				list = append(list, sample{p.a.Time, p.b.Time - p.a.Time, Way(w)})
			}
		}
	}
	return list
}

// sessionPair is a session as both sides have it; one may be nil.
type sessionPair struct {
	a, b      *Session
	control   *connPair
	data      []*connPair
	transfers []transferPair
	indexes   [2][]int // in transfers, of each side's
	renumber  bool     // initial sequence numbers are changed on the way, as far as the control connection tells
}

// transferPair are indexes of a transfer on both sides; -1: not there.
type transferPair struct{ a, b int }

// pairSession pairs what belongs to a session.
//
// Transfers keep their order on both sides, so they are paired by what was commanded, in
// that order, where the times fit (pairTransfers). Data connections are the same if the
// opener's initial sequence number is; where a firewall sets other numbers, or a capture
// lacks the SYN, a connection of the paired transfer will do that was opened from the
// same side at the same time (likely). Connections that the analysis of one side gave to
// no session are looked for among its strays.
func pairSession(a, b *Session, r *run) *sessionPair {
	j := &sessionPair{a: a, b: b}
	switch {
	case a == nil:
		j.control = newConnPair(nil, b.Control, -1)
	case b == nil:
		j.control = newConnPair(a.Control, nil, -1)
	default:
		j.control = newConnPair(a.Control, b.Control, -1)
	}
	x, y := j.control.whole(0).Half[ToServer].syn(), j.control.whole(1).Half[ToServer].syn()
	j.renumber = x == nil || y == nil || x.Seq != y.Seq
	j.pairTransfers(&r.clock)
	for side := range j.indexes {
		for i, t := range j.transfers {
			if [2]int{t.a, t.b}[side] >= 0 {
				j.indexes[side] = append(j.indexes[side], i)
			}
		}
	}
	j.pairData(r)
	return j
}

// key is what a transfer must have in common with its counterpart.
func transferKey(t *record.Transfer) string {
	k := t.Method
	if t.Command != nil {
		k = *t.Command + " "
		if t.Argument != nil {
			k += *t.Argument
		}
	}
	return k
}

// began is when a transfer was first spoken of, or its connection opened.
func began(t *record.Transfer) flow.Time {
	n := &t.Notes
	switch {
	case n.Ran != nil:
		return n.Ran.Mark.Time
	case n.Asked != nil:
		return n.Asked.Mark.Time
	case n.Answer != nil:
		return n.Answer.Time.Time
	case n.Conn != nil:
		return n.Conn.Start.Time
	case t.Reply != nil:
		return t.Reply.Time.Time
	}
	return 0
}

// nearby is how far apart the same thing may be on both sides, beyond what the clocks
// say: the way takes time, and the first of several copies may be missing on one side.
const nearby = 5 * flow.Second

// maxAhead is how many transfers, or connections of one transfer, may be missing on one
// side before the next that both have.
const maxAhead = 1000

// pairTransfers pairs transfers in order.
func (j *sessionPair) pairTransfers(c *Clock) {
	var b []record.Transfer
	if j.b != nil {
		b = j.b.Transfers
	}
	where := map[string][]int{}
	for k := range b {
		key := transferKey(&b[k])
		where[key] = append(where[key], k)
	}
	next := 0
	if j.a != nil {
		for i := range j.a.Transfers {
			t := &j.a.Transfers[i]
			at := transferPair{i, -1}
			alike := where[transferKey(t)]
			from, _ := slices.BinarySearch(alike, next)
			for _, k := range alike[from:] {
				if k >= next+maxAhead {
					break
				}
				if d := began(&b[k]) - c.There(began(t)); c.Known && max(d, -d) > nearby {
					continue
				}
				for ; next < k; next++ {
					j.transfers = append(j.transfers, transferPair{-1, next})
				}
				at.b, next = k, k+1
				break
			}
			j.transfers = append(j.transfers, at)
		}
	}
	for ; next < len(b); next++ {
		j.transfers = append(j.transfers, transferPair{-1, next})
	}
}

// pairData pairs data connections: by their numbers, else those of a transfer in their
// order.
func (j *sessionPair) pairData(r *run) {
	byNumber := map[uint32]*Conn{}
	var a, b []Data
	if j.a != nil {
		a = j.a.Data
	}
	if j.b != nil {
		b = j.b.Data
	}
	for _, d := range b {
		if n, ok := d.Conn.number(); ok {
			byNumber[n] = d.Conn
		}
	}
	used := map[*Conn]bool{}
	partner := make([]*Conn, len(a))
	for i, d := range a {
		n, ok := d.Conn.number()
		if !ok {
			continue
		}
		p := byNumber[n]
		if p == nil {
			p = r.stray[1][n]
		}
		if p != nil && !used[p] && p.FromClient == d.Conn.FromClient {
			partner[i], used[p] = p, true
		}
	}
	tried := map[int][]opened{}
	for _, d := range b {
		_, ok := d.Conn.number()
		tried[d.Transfer] = append(tried[d.Transfer], opened{d.Conn, ok})
	}
	for i, d := range a {
		if partner[i] == nil {
			partner[i] = j.likely(d, tried, used, &r.clock)
			used[partner[i]] = true
		}
		j.data = append(j.data, newConnPair(d.Conn, partner[i], j.index(0, d.Transfer)))
	}
	for _, d := range b {
		if used[d.Conn] {
			continue
		}
		other := (*Conn)(nil)
		if n, ok := d.Conn.number(); ok {
			other = r.stray[0][n]
		}
		j.data = append(j.data, newConnPair(other, d.Conn, j.index(1, d.Transfer)))
	}
	slices.SortStableFunc(j.data, func(x, y *connPair) int { return cmp.Compare(x.transfer, y.transfer) })
}

// opened is a connection, and whether its SYN was seen.
type opened struct {
	*Conn
	seen bool
}

// likely is the connection of the same transfer that was opened from the same side at the
// same time, or, where a capture lacks the SYN, was open at the same time; nil: there is
// none.
func (j *sessionPair) likely(d Data, tried map[int][]opened, used map[*Conn]bool, c *Clock) *Conn {
	want := j.transfers[j.index(0, d.Transfer)].b
	if want < 0 || !c.Known {
		return nil
	}
	start, end := c.There(d.Conn.Start), c.There(d.Conn.End)
	_, seen := d.Conn.number()
	list := tried[want]
	for len(list) > 0 && used[list[0].Conn] {
		list = list[1:]
	}
	tried[want] = list
	for _, o := range list[:min(len(list), maxAhead)] {
		both := o.seen && seen
		if both && !j.renumber { // the numbers are known, and are others
			continue
		}
		if o.FromClient != d.Conn.FromClient || used[o.Conn] {
			continue
		}
		switch away := o.Start - start; {
		case both && max(away, -away) < nearby, !both && away < end-start+nearby && start-o.End < nearby:
			return o.Conn
		}
	}
	return nil
}

// index is where a side's transfer stands among those of both: each side's are in order
// there.
func (j *sessionPair) index(side, transfer int) int { return j.indexes[side][transfer] }

// of are the connections of a transfer of both.
func (j *sessionPair) of(transfer int) []*connPair {
	order := func(x *connPair, t int) int { return cmp.Compare(x.transfer, t) }
	from, _ := slices.BinarySearchFunc(j.data, transfer, order)
	to, _ := slices.BinarySearchFunc(j.data, transfer+1, order)
	return j.data[from:to]
}

// all are the connections.
func (j *sessionPair) all() []*connPair { return append([]*connPair{j.control}, j.data...) }
