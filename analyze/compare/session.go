package compare

import (
	"net/netip"
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// session compares one session.
func (r *run) session(j *sessionPair) Comparison {
	c := Comparison{Here: seen(j.a), There: seen(j.b), Delay: r.delay(j)}
	if j.a == nil || j.b == nil {
		c.Verdict, c.Message = r.oneSided(j)
		return c
	}
	c.hops(j.control)
	byTransfer := make([][]Difference, len(j.transfers))
	for _, x := range j.all() {
		list := (&differ{r: r, j: x, control: j.control}).all()
		if x.transfer < 0 {
			c.Differences = list
			continue
		}
		byTransfer[x.transfer] = merge(byTransfer[x.transfer], list)
	}
	finish(c.Differences, 0, "the control connection", j.control)
	for i, t := range j.transfers {
		tr := r.transfer(j, i)
		finish(byTransfer[i], tr.N, tr.name(), r.connOf(j, i))
		tr.Verdict, tr.Message = judge(byTransfer[i])
		tr.Message = prose.FirstUpper(tr.Message)
		c.Transfers = append(c.Transfers, tr)
		c.Differences = append(c.Differences, byTransfer[i]...)
		_ = t
	}
	c.Verdict, c.Message = judge(c.Differences)
	c.Message = prose.FirstUpper(c.Message)
	return c
}

// connOf is the connection that sentences about a transfer name: the last of those that
// were tried.
func (r *run) connOf(j *sessionPair, i int) *connPair {
	if list := j.of(i); len(list) > 0 {
		return list[len(list)-1]
	}
	return &connPair{}
}

func (r *run) transfer(j *sessionPair, i int) Transfer {
	t := j.transfers[i]
	out := Transfer{}
	if t.b >= 0 {
		out.There = &j.b.Transfers[t.b]
		out.N = out.There.N
	}
	if t.a >= 0 {
		out.Here = &j.a.Transfers[t.a]
		out.N = out.Here.N
	}
	for _, d := range j.of(i) {
		if better(d.a, out.ConnHere) {
			out.ConnHere = d.a
		}
		if better(d.b, out.ConnThere) {
			out.ConnThere = d.b
		}
	}
	return out
}

// better reports whether a connection tells more of a transfer than another.
func better(c, than *Conn) bool {
	return c != nil && (than == nil || c.State == flow.Established || than.State != flow.Established)
}

// name is a transfer in a sentence.
func (t *Transfer) name() string {
	x := t.Here
	if x == nil {
		x = t.There
	}
	if x.Command == nil {
		return x.Method
	}
	return strings.TrimRight(transferKey(x), " ")
}

func seen(s *Session) *Seen {
	if s == nil {
		return nil
	}
	return &Seen{ID: s.ID, Client: s.Client, Server: s.Server, User: s.User, Start: s.Start, End: s.End}
}

// merge adds the differences of one more connection of a transfer to those of the others.
func merge(list, more []Difference) []Difference {
	for _, x := range more {
		i := slices.IndexFunc(list, func(y Difference) bool {
			same := func(a, b *string) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
			return y.Kind == x.Kind && *y.Way == *x.Way && y.detail.side == x.detail.side && y.detail.why == x.detail.why &&
				y.detail.syn == x.detail.syn && y.detail.whole == x.detail.whole && same(y.TextHere, x.TextHere) && same(y.TextThere, x.TextThere)
		})
		if i < 0 {
			list = append(list, x)
			continue
		}
		y := &list[i]
		y.Packets, y.Bytes, y.RTOs, y.Certain = y.Packets+x.Packets, y.Bytes+x.Bytes, y.RTOs+x.RTOs, y.Certain && x.Certain
		y.Here = append(y.Here, x.Here...)[:min(len(y.Here)+len(x.Here), maxFrames)]
		y.There = append(y.There, x.There...)[:min(len(y.There)+len(x.There), maxFrames)]
	}
	return list
}

// hops is the path's length by the TTL of the control connection's packets.
func (c *Comparison) hops(j *connPair) {
	for _, w := range ways {
		x, y := &j.a.Half[w], &j.b.Half[w]
		if !x.HasTTL || !y.HasTTL {
			continue
		}
		n := int(x.TTL) - int(y.TTL)
		if w == ToServer {
			c.HopsToServer = &n
		} else {
			n = -n
			c.HopsToClient = &n
		}
	}
}

// delay is how long the session's packets took.
func (r *run) delay(j *sessionPair) Delay {
	var d Delay
	var list [2][]flow.Time
	for _, c := range j.all() {
		for _, s := range c.samples(nil) {
			t := s.diff - r.clock.at(s.at)
			if s.way == ToClient {
				t = -t
			}
			list[s.way] = append(list[s.way], t)
		}
	}
	for w, l := range list {
		if len(l) > 0 {
			mid := median(l) // sorts
			d.Way[w] = &Spread{Least: l[0], Median: mid, Most: l[len(l)-1], Packets: len(l)}
		}
	}
	if d.Way[0] != nil && d.Way[1] != nil {
		sum := d.Way[0].Least + d.Way[1].Least
		d.RoundTrip = &sum
	}
	return d
}

// oneSided says why a session may be on one side only.
func (r *run) oneSided(j *sessionPair) (verdict, message string) {
	s, lacks := j.a, 1
	if s == nil {
		s, lacks = j.b, 0
	}
	n, ok := s.Control.number()
	stray := r.stray[lacks][n]
	switch o := r.sides[lacks]; {
	case o.Packets == 0:
		return Uncertain, "Seen " + where(1-lacks) + " only: " + sideName(lacks) + " holds no packet at all."
	case ok && stray != nil:
		return OneSided, "Seen " + where(1-lacks) + " only: its connection is " + stray.Src.String() + " → " + stray.Dst.String() + " " + where(lacks) +
			", but no FTP can be read in it."
	case !r.clock.Known && !r.overlap(lacks, s.Start, s.End):
		return Uncertain, "Seen " + where(1-lacks) + " only: the sides have no packet in common, so the clocks cannot be compared, and it is unknown whether " +
			sideName(lacks) + " covers its time."
	case !r.overlap(lacks, s.Start, s.End):
		return Uncertain, "Seen " + where(1-lacks) + " only: the capture of " + sideName(lacks) + " does not cover its time."
	case o.Skipped > 0:
		return Uncertain, "Seen " + where(1-lacks) + " only, or among the sessions beyond the limit that were not compared."
	}
	return OneSided, "Seen " + where(1-lacks) + " only, although the capture of " + sideName(lacks) + " covers its time: it went another way or to another server, or a filter kept it out."
}

// overlap reports whether a side's capture covers any of the time of a session on the
// other.
func (r *run) overlap(side int, from, to record.Stamp) bool {
	a, b := from.Time, to.Time
	if side == 1 {
		a, b = r.clock.There(a), r.clock.There(b)
	} else {
		a, b = r.clock.Here(a), r.clock.Here(b)
	}
	s := r.sides[side]
	return a <= s.Last.Time && b >= s.First.Time
}

// attempts compares the control connections that never came to be, those of one client to
// one server together.
func (r *run) attempts() []Comparison {
	type ends struct {
		client netip.Addr
		server netip.AddrPort
	}
	var order []ends
	groups := map[ends][]*connPair{}
	add := func(c *Conn, j *connPair) {
		k := ends{c.Src.Addr(), c.Dst}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], j)
	}
	byNumber, used := map[uint32]*Conn{}, map[*Conn]bool{}
	for _, c := range r.sides[1].Attempts {
		if n, ok := c.number(); ok {
			byNumber[n] = c
		}
	}
	for _, c := range r.sides[0].Attempts {
		n, ok := c.number()
		var other *Conn
		if ok {
			if other = byNumber[n]; other == nil {
				other = r.stray[1][n]
			}
		}
		used[other] = true
		add(c, newConnPair(c, other, -1))
	}
	for _, c := range r.sides[1].Attempts {
		if n, ok := c.number(); !used[c] {
			var other *Conn
			if ok {
				other = r.stray[0][n]
			}
			add(c, newConnPair(other, c, -1))
		}
	}
	var out []Comparison
	for _, k := range order {
		out = append(out, r.attempt(groups[k]))
	}
	return out
}

func (r *run) attempt(list []*connPair) Comparison {
	c := Comparison{Attempt: true}
	for _, j := range list {
		j.match(&r.clock)
		c.Here, c.There = tried(c.Here, j.a), tried(c.There, j.b)
		if j.a == nil && j.b.FromClient {
			continue // other clients do not come by here
		}
		c.Differences = merge(c.Differences, (&differ{r: r, j: j}).all())
	}
	finish(c.Differences, 0, "the control connection", list[len(list)-1])
	c.Verdict, c.Message = judge(c.Differences)
	c.Message = prose.FirstUpper(c.Message)
	if c.Here == nil {
		c.Verdict = OneSided
		c.Message = "Seen there only: SYNs of a client whose packets do not pass here, or a filter kept them out."
	}
	return c
}

// tried adds a connection to what was seen of others like it.
func tried(s *Seen, c *Conn) *Seen {
	if c == nil {
		return s
	}
	if s == nil {
		s = &Seen{Client: c.Src, Server: c.Dst, Start: record.Stamp{Time: c.Start, Digits: c.Digits}}
	}
	s.End = record.Stamp{Time: c.End, Digits: c.Digits}
	for i := range c.Half[ToServer].Segs {
		if c.Half[ToServer].Segs[i].Flags&flow.SYN != 0 {
			s.SYNs++
		}
	}
	return s
}
