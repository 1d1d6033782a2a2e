package compare

import (
	"cmp"
	"net/netip"
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// stragglers is how long after its last packet that the analysis counted a connection
// still gets some: those of the reset or FIN that ended it, and SYNs that are repeated.
const stragglers = 75 * flow.Second

// tracer gives the segments of a side's connections to their facts.
//
// The analysis has told which connections a side has, from which packet to which; in the
// second pass each segment is given to the connection of its ends that began last before
// it, in its network. What the analysis did not count is a connection's too: resets and
// repeated SYNs until stragglers after its last packet, a reset that came into the
// capture before all else of it (overtaken), and, of control connections that never came
// to be, each SYN (attempt). The SYNs of all others are kept for the clocks' sake
// (stranger).
type tracer struct {
	side     *Side
	budget   *budget
	conns    map[flow.Tuple][]*traced // by their first packet
	attempts map[attemptKey]*record.Attempt
	control  func(port uint16) bool // FTP is expected on this port
	sorted   bool
}

// traced is a connection that segments are wanted of.
type traced struct {
	*Conn
	from, to flow.Mark
	nets     flow.Nets
	control  bool
	isn      uint32 // of the opener
	hasISN   bool
	replaced bool // another connection took its ends
}

func newTracer(s *Side, control func(port uint16) bool) *tracer {
	return &tracer{
		side: s, control: control, budget: newBudget(), conns: map[flow.Tuple][]*traced{},
		attempts: map[attemptKey]*record.Attempt{},
	}
}

// want notes the connections of a session.
func (t *tracer) want(s *Session) {
	c := &s.Notes.Control
	s.Control = t.conn(c, c.Src == s.Client, true)
	for i := range s.Transfers {
		x := &s.Transfers[i]
		list := connsOf(x)
		for k := range list {
			s.Data = append(s.Data, Data{Transfer: i, Conn: t.conn(&list[k], fromClient(s.Session, x, &list[k]), false)})
		}
	}
}

func (t *tracer) conn(c *flow.Conn, fromClient, control bool) *Conn {
	w := &traced{
		Conn: &Conn{Src: c.Src, Dst: c.Dst, FromClient: fromClient, Start: c.Start.Time, End: c.Last.Time, State: c.State, Digits: c.Digits},
		from: c.Start, to: c.Last, nets: c.Nets, control: control,
	}
	if control {
		for i := range w.Half {
			w.Half[i].Text = &Text{}
		}
	}
	k := flow.TupleOf(c.Src, c.Dst)
	t.conns[k] = append(t.conns[k], w)
	return w.Conn
}

// settle is called after the last packet.
func (t *tracer) settle() {
	for _, list := range t.conns {
		for _, c := range list {
			c.settle()
		}
	}
}

// packet takes a segment, or nil for a packet that is none.
func (t *tracer) packet(s *flow.Segment) {
	if !t.sorted {
		for _, list := range t.conns {
			slices.SortStableFunc(list, func(x, y *traced) int { return cmp.Compare(x.from.Ord, y.from.Ord) })
		}
		t.sorted = true
	}
	control := false
	if s != nil {
		control = t.control(s.SrcPort) || t.control(s.DstPort)
		all := t.conns[s.Tuple()]
		list := current(all, s)
		if len(list) == 0 && s.Flags&flow.RST != 0 {
			list = overtaken(all, s)
		}
		if len(list) == 0 {
			list = t.attempt(s)
		}
		for _, c := range list {
			c.take(s, t.budget)
			control = control || c.control
		}
		if len(list) == 0 {
			t.stranger(s)
		}
	}
	if !control {
		t.side.Beside++
	}
}

// maxPassed is how many connections of the same ends, in other networks, began since one
// of which packets still come.
const maxPassed = 1024

// current are the connections of a pair of ends that a segment belongs to: those that
// began last before it, in its network. One that belongs to two sessions (FXP) is there
// twice.
func current(list []*traced, s *flow.Segment) []*traced {
	end, _ := slices.BinarySearchFunc(list, s.Ord+1, func(c *traced, ord uint64) int { return cmp.Compare(c.from.Ord, ord) })
	for first := end; end > 0 && !list[end-1].nets.Has(s.Net); end-- {
		if first-end == maxPassed {
			return nil
		}
	}
	from := end
	for from > 0 && list[from-1].from.Ord == list[end-1].from.Ord {
		from--
	}
	list = list[from:end]
	if len(list) == 0 || list[0].over(s) {
		return nil
	}
	return list
}

// overtaken are the connections that a reset belongs to which came into the capture
// before all else of them: it opens none by itself.
func overtaken(list []*traced, s *flow.Segment) []*traced {
	first, _ := slices.BinarySearchFunc(list, s.Ord+1, func(c *traced, ord uint64) int { return cmp.Compare(c.from.Ord, ord) })
	if first == len(list) || !list[first].nets.Has(s.Net) || s.Time < list[first].from.Time || s.Time-list[first].to.Time > flow.Disorder {
		return nil
	}
	end := first + 1
	for end < len(list) && list[end].from.Ord == list[first].from.Ord {
		end++
	}
	return list[first:end]
}

// over reports whether a segment comes too late to be the connection's.
func (c *traced) over(s *flow.Segment) bool {
	if s.Ord <= c.to.Ord {
		return false
	}
	opens := s.ICMP == nil && s.Flags&(flow.SYN|flow.ACK) == flow.SYN
	c.replaced = c.replaced || opens && (!c.hasISN || s.Seq != c.isn)
	return c.replaced || s.Time-c.to.Time > stragglers
}

func (c *traced) take(s *flow.Segment, b *budget) {
	w := ToServer
	if src, _ := endsOf(s); (src == c.Src) != c.FromClient {
		w = ToClient
	}
	if s.ICMP == nil && s.Flags&(flow.SYN|flow.ACK) == flow.SYN && !c.hasISN {
		c.isn, c.hasISN = s.Seq, true
	}
	if s.ICMP == nil && s.Net != c.nets[c.dir(flow.Direction(w))] && c.doubled(w, s) {
		return
	}
	c.add(w, s, b)
}

// dir is the direction, from who opened the connection, of a way.
func (c *traced) dir(w flow.Direction) flow.Direction {
	if c.FromClient {
		return w // ToServer is Out then
	}
	return 1 - w
}

// copyTime is how far apart the copies of a packet are that a SPAN port sends from
// several networks.
const copyTime = 50 * flow.Millisecond

// doubled reports whether a segment of another network than the first is a copy of one
// that was captured just before.
func (c *traced) doubled(w Way, s *flow.Segment) bool {
	const recent = 16
	list := c.Half[w].Segs
	for i := len(list) - 1; i >= max(len(list)-recent, 0) && s.Time-list[i].Time < copyTime; i-- {
		if x := &list[i]; x.Seq == s.Seq && x.Length == s.Length && x.Flags == s.Flags {
			return true
		}
	}
	return false
}

// attempt makes a connection of a SYN that is one of an attempt's; nil: it is none.
func (t *tracer) attempt(s *flow.Segment) []*traced {
	if s.ICMP != nil || s.Flags&(flow.SYN|flow.ACK) != flow.SYN || len(t.attempts) == 0 {
		return nil
	}
	src, dst := endsOf(s)
	a := t.attempts[attemptKey{src.Addr(), dst}]
	if a == nil || s.Time < a.First.Time || s.Time > a.Last.Time || len(t.side.Attempts) >= MaxAttempts {
		return nil
	}
	c := &traced{
		Conn: &Conn{Src: src, Dst: dst, FromClient: true, Start: s.Time, End: a.Last.Time, State: flow.Unanswered, Digits: s.Digits},
		from: s.Mark, to: flow.Mark{Time: a.Last.Time, Ord: s.Ord}, nets: s.Net.Nets(), control: true,
	}
	t.side.Attempts = append(t.side.Attempts, c.Conn)
	k := s.Tuple()
	t.conns[k] = append(t.conns[k], c)
	return []*traced{c}
}

// stranger keeps the SYNs of other connections, for the clocks' sake.
func (t *tracer) stranger(s *flow.Segment) {
	if s.ICMP == nil && s.Flags&flow.SYN != 0 && len(t.side.Strangers) < MaxStrangers {
		t.side.Strangers = append(t.side.Strangers, Seg{Time: s.Time, Pos: s.Pos, Seq: s.Seq, Flags: s.Flags, TTL: s.TTL})
	}
}

// LookFor returns a taker of the segments of one more pass. It looks for the connections
// that have one of these initial sequence numbers, whatever their ends, and keeps them as
// Strays.
func (s *Side) LookFor(missing map[uint32]bool) func(*flow.Segment) {
	l := &lookout{side: s, missing: missing, budget: newBudget(), open: map[flow.Tuple]*traced{}}
	return l.segment
}

// lookout finds strays.
type lookout struct {
	side    *Side
	missing map[uint32]bool
	budget  *budget
	open    map[flow.Tuple]*traced
}

func (l *lookout) segment(s *flow.Segment) {
	if s == nil {
		return
	}
	k := s.Tuple()
	c := l.open[k]
	opens := s.ICMP == nil && s.Flags&(flow.SYN|flow.ACK) == flow.SYN
	if from, wanted := l.missing[s.Seq]; opens && wanted && (c == nil || c.isn != s.Seq) && len(l.side.Strays) < MaxStrays {
		src, dst := endsOf(s)
		c = &traced{Conn: &Conn{
			Src: src, Dst: dst, FromClient: from, Start: s.Time, Digits: s.Digits,
		}, nets: s.Net.Nets(), isn: s.Seq, hasISN: true}
		l.open[k] = c
		l.side.Strays = append(l.side.Strays, c.Conn)
	}
	if c == nil {
		return
	}
	if opens && s.Seq != c.isn {
		delete(l.open, k)
		return
	}
	c.End = s.Time
	c.take(s, l.budget)
}

// endsOf are the ends of a segment's connection, the sender first.
func endsOf(s *flow.Segment) (src, dst netip.AddrPort) {
	return netip.AddrPortFrom(s.Src.Addr(), s.SrcPort), netip.AddrPortFrom(s.Dst.Addr(), s.DstPort)
}
