package tcp

import "ftpscope/capture/flow"

// What TCP did on a connection is watched where somebody may ask: a connection that may
// carry data, or commands. Nearly every segment is quiet: new payload right after the
// last, or a new acknowledgement, without a pause. Of those take does no more than look;
// all else is noted. See watching.go.

const (
	// pause is how long nothing may come before somebody looks whether it was a stall.
	pause = 100 * flow.Millisecond
	// leastStall is how long nothing new must come, beyond a round trip, for it to be one:
	// no system repeats a segment sooner after the other side fell silent (Linux: 200 ms).
	leastStall = 200 * flow.Millisecond
	// early is how many segments of a side are timed whenever none is; then it is one in
	// sampling.
	early, sampling = 16, 16
	// idSpan is how far behind the last one the identification of a segment may be that was
	// captured twice, or late.
	idSpan = 1024
	// recovery is how long after a repetition further ones follow without a pause.
	recovery = flow.Second
	// plain are the flags of a segment that only carries or acknowledges.
	plain = flow.ACK | flow.PSH
)

// watch is what is kept of a watched connection.
type watch struct {
	shake   flow.Time
	since   flow.Time // nothing new since; 0: something new was the last
	drawing bool
	busy    bool      // a window is 0, or packets were too big
	zero    bool      // a window is 0
	zeroed  bool      // one was during this stall
	again   bool      // segments were sent again during this stall
	warned  bool      // a router said that packets were too big
	slot    int32     // the connection
	least   flow.Time // of a stall
	stall   flow.Stall
	waited  [flow.Whys]flow.Time
	side    [2]side
}

// side is what is kept of what one side sent.
type side struct {
	timedSeq            uint32 // the acknowledgement of this is waited for since timedAt
	largest, largestEnd uint32 // payload bytes of the largest segment; where the first such ended
	passed              uint32 // of the largest that was acknowledged before
	stuckSeq            uint32
	stuck, repeats      uint32
	window              uint32
	id                  uint16 // IPv4 identification of the last new segment
	ttl                 uint8
	shrunk, heeded      bool
	doubtful            bool // whether all that was sent again counts
	routed              bool // copies had passed a router
	began               began
	tooBigSeq           uint32 // of the first segment that was too big
	tooBig              *flow.ICMP
	timedAt             flow.Time
	rtt                 flow.Time
	zeroSince, zeroTime flow.Time
	lastAgain           flow.Time
	again, againBytes   uint64
	curve               *curve
}

// quiet looks at a segment before the connection is told of it; false: there is more to
// note.
func (w *watch) quiet(c *conn, dir flow.Direction, s *flow.Segment) bool {
	me, x := &c.half[dir], &w.side[dir]
	since := s.Time - c.last.Time
	ahead := flow.After(s.Ack, c.half[dir^1].acked)
	if s.Flags&^plain != 0 || s.Window == 0 || w.busy || w.since != 0 || since < 0 || since >= pause || x.ttl == 0 ||
		!(s.Length > 0 && s.Seq == me.next && s.Length <= x.largest || s.Length == 0 && ahead) {
		return false
	}
	x.numbered(s.ID)
	if s.Length > 0 && x.timedAt == 0 && (me.packets < early || me.packets%sampling == 0) {
		x.timedAt, x.timedSeq = s.Time, s.Seq+s.Length
	}
	if y := &w.side[dir^1]; ahead && y.timedAt != 0 && !flow.Before(s.Ack, y.timedSeq) {
		y.sample(s.Time)
	}
	return true
}

// numbered notes an identification, unless it is of a segment before the last one.
func (x *side) numbered(id uint16) {
	if x.id == 0 || x.id-id >= idSpan {
		x.id = id
	}
}

// sample takes the time that an acknowledgement took (RFC 6298 section 2: an eighth of a
// new sample counts).
func (x *side) sample(now flow.Time) {
	took := max(now-x.timedAt, 1)
	if x.timedAt = 0; x.rtt == 0 {
		x.rtt = took
		return
	}
	x.rtt = max(x.rtt+(took-x.rtt)/8, 1)
}

// watches are the watched connections of a table, maxWatched at most.
type watches struct {
	may    func(*flow.Segment) bool // nil: none is watched
	curves bool
	pages  []*[watchPage]watch
	n      int32
	free   []int32
	look   int32                     // where the next search for one to give up begins
	lost   uint64                    // given up
	blank  flow.Several[flow.Course] // for the next that are told
}

const watchPage = 32

func (l *watches) at(i int32) *watch { return &l.pages[i/watchPage][i%watchPage] }

func (l *watches) of(c *conn) *watch { return l.at(c.watch) }

// room returns an empty one.
func (l *watches) room(s *slab) int32 {
	if n := len(l.free); n > 0 {
		i := l.free[n-1]
		l.free = l.free[:n-1]
		return i
	}
	if l.n == maxWatched {
		return l.giveUp(s)
	}
	if l.n++; int(l.n)/watchPage == len(l.pages) {
		l.pages = append(l.pages, new([watchPage]watch))
	}
	return l.n
}

// giveUp empties one: of the next few, that of the connection that was silent the longest.
func (l *watches) giveUp(s *slab) int32 {
	const few = 8
	var given int32
	var silent *conn
	for range few {
		l.look = l.look%maxWatched + 1
		if c := s.at(l.at(l.look).slot); silent == nil || c.last.Ord < silent.last.Ord {
			given, silent = l.look, c
		}
	}
	l.lost++
	silent.watch, *l.at(given) = 0, watch{}
	return given
}

// wants reports whether a connection that s establishes is to be watched.
func (l *watches) wants(s *flow.Segment) bool { return l.may != nil && l.may(s) }

// unwatch lets a connection's go, if it has one.
func (l *watches) unwatch(c *conn) {
	if c.watch != 0 {
		*l.of(c) = watch{}
		l.free = append(l.free, c.watch)
		c.watch = 0
	}
}

// start begins with a connection that was established by s.
func (l *watches) start(by way, conns *slab, s *flow.Segment) {
	c, dir := conns.at(by.slot), by.dir
	c.watch = l.room(conns)
	w, d := l.of(c), &c.cold
	w.slot = by.slot
	if dir == flow.Out && d.syns == 1 && d.synack.Seen() && s.Time > d.syn.Time && !overtaken(s.Time, d.synack.Time) {
		w.shake = s.Time - d.syn.Time
	}
	w.least = leastStall + w.shake
	x := &w.side[dir]
	x.ttl, x.id, x.window = s.TTL, s.ID, c.half[dir].window
	if len(s.Payload) > 0 {
		x.began.begins(s.PayloadSeq(), s.Payload[0])
	}
	if s.Length > 0 {
		x.largest, x.largestEnd = s.Length, s.Seq+s.Length
		x.timedAt, x.timedSeq = s.Time, s.Seq+s.Length
	}
	if l.curves {
		w.side[0].curve, w.side[1].curve = &curve{}, &curve{}
		w.drawing = true
	}
}

// Watch has it noted what TCP does on connections whose first segment may be of interest,
// with curves for pictures if asked for. It is called before the first segment.
func (l *watches) Watch(may func(*flow.Segment) bool, curves bool) {
	*l = watches{may: may, curves: curves, pages: []*[watchPage]watch{new([watchPage]watch)}}
}

// told is a snapshot with what was noted of the connection so far.
func (l *watches) told(c *conn, fact *flow.Conn) *flow.Conn {
	if c.watch != 0 {
		fact.Course = l.blank.Next()
		l.of(c).course(fact.Course, c)
	}
	return fact
}

// began is the first byte of payload that was seen, by sequence numbers.
type began struct {
	seq uint32
	b   byte // 0: none was
}

// begins notes the first byte of a segment: the SYN that tells whether it is the first of
// all may be late.
func (x *began) begins(seq uint32, b byte) {
	if x.b == 0 || !flow.After(seq, x.seq) {
		*x = began{seq, b}
	}
}

// first is the first byte that a side sent; 0: not known.
func (x *began) first(h *half) byte {
	if h.flags&exact == 0 || x.seq != h.start {
		return 0
	}
	return x.b
}
