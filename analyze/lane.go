package analyze

import (
	"net/netip"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// ports is the set of ports that FTP is expected on.
type ports struct{ set [1 << 16 / 64]uint64 }

func newPorts(more []uint16) ports {
	var p ports
	for _, n := range append([]uint16{flow.PortFTP, flow.PortFTPS}, more...) {
		p.set[n/64] |= 1 << (n % 64)
	}
	return p
}

func (p *ports) has(n uint16) bool { return p.set[n/64]>>(n%64)&1 != 0 }

// events is what lanes tell; session.Matcher hears it, at once or through a recorder.
type events interface {
	session.Offers
	Opened(c *flow.Conn)
	Unanswered(s *flow.LoneSYN)
	Closed(c *flow.Conn, control *session.Control)
	Progress(c *flow.Conn, control *session.Control)
}

// lane is one table with what it needs to know of FTP. It implements tcp.Sink.
type lane struct {
	table    *tcp.Table
	events   events
	fold     *session.FoldOptions
	ports    *ports
	evidence Evidence
	oldest   horizon
	ticks    int // until the next look
	live     bool
	ticked   flow.Time // the last tick
}

// horizon is what of the past a lane is not done with.
type horizon struct {
	session uint64 // no session that is still to come began before this packet, as of the last look
	syn     uint64 // the oldest SYN that still waits for an answer
	open    int    // control connections
	tracked int    // connections and lone SYNs
	evicted uint64
}

// join adds that of another lane.
func (h *horizon) join(x horizon) {
	h.session, h.syn = min(h.session, x.session), min(h.syn, x.syn)
	h.open, h.tracked, h.evicted = h.open+x.open, h.tracked+x.tracked, h.evicted+x.evicted
}

// tick tells the lane the time. The look at the whole table for the oldest connection comes the less often the larger
// the table is, so that its cost a packet is bounded.
func (l *lane) tick(now flow.Time) {
	const lookEvery = 4096 // connections
	over := now
	if !l.live { // a file's clock may have been set since: what waits is over if it was at the last tick too
		over, l.ticked = min(now, l.ticked), now
	}
	l.table.Tick(over)
	l.oldest.syn = l.table.OldestSYN()
	l.oldest.open, l.oldest.tracked, l.oldest.evicted = l.table.Controls(), l.table.Len(), l.table.Stats().Evicted
	if l.ticks--; l.ticks < 0 {
		l.oldest.session = l.table.Oldest()
		l.ticks = l.table.Len() / lookEvery
	}
}

// progress tells how far the sessions that go on have come.
func (l *lane) progress() {
	l.table.Progress(func(c *flow.Conn, r tcp.Reader) {
		var control *session.Control
		if r != nil {
			control = foldOf(r).Snapshot(c)
		}
		l.events.Progress(c, control)
	})
}

func (a *analysis) lanes(to events) []*lane {
	list, fold := make([]*lane, tcp.Lanes), a.foldOptions(to)
	for i := range list {
		list[i] = a.lane(to, fold)
	}
	return list
}

func (a *analysis) foldOptions(to events) *session.FoldOptions {
	return session.NewFoldOptions(a.ports.has, a.opt.Dialogue, to)
}

func (a *analysis) lane(to events, fold *session.FoldOptions) *lane {
	l := &lane{events: to, ports: &a.ports, fold: fold.Lane(), evidence: a.opt.Evidence, live: a.heart.live != nil}
	l.table = tcp.New(l)
	l.table.LimitIdle(a.opt.IdleTimeout)
	if a.opt.Follow != nil {
		l.table.Follow(&sealing{a.opt.Follow}, nil)
	} else {
		l.table.Follow(&sealing{}, maySeal)
	}
	return l
}

// Opened passes on.
func (l *lane) Opened(c *flow.Conn) { l.events.Opened(c) }

// Unanswered passes on a SYN that nothing followed.
func (l *lane) Unanswered(s *flow.LoneSYN) {
	if l.evidence != nil && l.ports.has(s.DstPort) {
		l.evidence.Ended(netip.AddrPortFrom(s.Src.Addr(), s.SrcPort), netip.AddrPortFrom(s.Dst.Addr(), s.DstPort), s.Net.Nets())
	}
	l.events.Unanswered(s)
}

// Classify says whether the first payload bytes of a connection can be of a control connection. Where FTP is expected
// the doubt is in its favour: the fold decides with more to go by.
func (l *lane) Classify(c *flow.Conn, dir flow.Direction, first []byte) tcp.Class {
	expected := l.ports.has(c.Dst.Port()) || !c.OpenerKnown && l.ports.has(c.Src.Port())
	if len(first) == 0 || expected && (!c.OpenerKnown || isTLS(first)) {
		return class(expected)
	}
	var guess ftp.Guess
	if dir == flow.Out || !c.OpenerKnown {
		guess = ftp.GuessClient(first)
	}
	if dir == flow.In || !c.OpenerKnown {
		guess = max(guess, ftp.GuessServer(first))
	}
	return class(guess != ftp.No)
}

func class(control bool) tcp.Class {
	if control {
		return tcp.Control
	}
	return tcp.Counted
}

// isTLS reports whether b begins a TLS handshake record (RFC 8446 section 5.1).
func isTLS(b []byte) bool { return b[0] == 22 }

// Reader makes the fold of a control connection.
func (l *lane) Reader(c *flow.Conn) tcp.Reader {
	fold := session.NewFold(c, l.fold)
	if l.evidence == nil {
		return fold
	}
	l.evidence.Mark(c.Src, c.Dst, c.Nets[0])
	return &watched{fold, l.evidence, c.Src, c.Dst, c.Nets[0]}
}

// watched is a fold whose packets are kept as evidence.
type watched struct {
	*session.Fold
	evidence Evidence
	a, b     netip.AddrPort
	net      flow.Net
}

// Data takes the mark off a connection that turns out not to be a control connection.
func (w *watched) Data(side flow.Direction, b []byte, at flow.Mark) bool {
	ok := w.Fold.Data(side, b, at)
	if !ok {
		w.evidence.Unmark(w.a, w.b, w.net)
	}
	return ok
}

func foldOf(r tcp.Reader) *session.Fold {
	if w, ok := r.(*watched); ok {
		return w.Fold
	}
	return r.(*session.Fold)
}

// finish ends the reading of a connection.
func finish(r tcp.Reader, c *flow.Conn) *session.Control {
	control := foldOf(r).Finish(c)
	if w, ok := r.(*watched); ok {
		if control == nil {
			w.evidence.Unmark(w.a, w.b, w.net)
		} else {
			w.evidence.Ended(w.a, w.b, c.Nets)
		}
	}
	return control
}

// Closed passes on, with what the fold made of the connection. A connection to a control port that was established
// and on which nobody said a word is a session too: the server is up and does not greet.
func (l *lane) Closed(c *flow.Conn, r tcp.Reader) {
	var control *session.Control
	switch {
	case r != nil:
		control = finish(r, c)
	case c.OpenerKnown && c.State == flow.Established && l.ports.has(c.Dst.Port()) && c.Half[0].Bytes+c.Half[1].Bytes == 0:
		control = session.NewFold(c, l.fold).Finish(c)
	}
	if l.evidence != nil && l.ports.has(c.Dst.Port()) {
		l.evidence.Ended(c.Src, c.Dst, c.Nets)
	}
	l.events.Closed(c, control)
}
