package analyze

import (
	"bytes"
	"net/netip"

	"ftpscope/analyze/control"
	"ftpscope/analyze/decrypt"
	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/analyze/tlsrec"
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

// events is what shards tell; match.Matcher hears it, at once or through a recorder.
type events interface {
	control.Listener
	Opened(c *flow.Conn)
	Unanswered(s *flow.LoneSYN)
	Closed(c *flow.Conn, said *control.Transcript)
	Progress(c *flow.Conn, said *control.Transcript)
}

// shard is one table with what it needs to know of FTP. It implements tcp.Sink.
type shard struct {
	table    *tcp.Table
	events   events
	reading  *control.Options
	ports    *ports
	evidence Evidence
	oldest   horizon
	ticks    int // until the next look
	live     bool
	ticked   flow.Time // the last tick
	readers  readers
}

// horizon is what of the past a shard is not done with.
type horizon struct {
	session uint64 // no session that is still to come began before this packet, as of the last look
	syn     uint64 // the oldest SYN that still waits for an answer
	open    int    // control connections
	tracked int    // connections and lone SYNs
	evicted uint64
}

// add adds that of another shard.
func (h *horizon) add(x horizon) {
	h.session, h.syn = min(h.session, x.session), min(h.syn, x.syn)
	h.open, h.tracked, h.evicted = h.open+x.open, h.tracked+x.tracked, h.evicted+x.evicted
}

// tick tells the shard the time. The look at the whole table for the oldest connection
// comes the less often the larger the table is, so that its cost a packet is bounded.
func (l *shard) tick(now flow.Time) {
	const lookEvery = 4096 // connections
	over := now
	if k := l.reading.Keys; k != nil {
		k.Retry()
	}
	if !l.live { // a file's clock may have been set since: what waits is over if it was at the last tick too
		over, l.ticked = min(now, l.ticked), now
	}
	l.table.Tick(over)
	l.oldest.syn = l.table.OldestSYN()
	st := l.table.Stats()
	l.oldest.open, l.oldest.tracked, l.oldest.evicted = st.Controls, st.Open, st.Evicted
	if l.ticks--; l.ticks < 0 {
		l.oldest.session = l.table.Oldest()
		l.ticks = st.Open / lookEvery
	}
}

func (a *analysis) shards(to events) []*shard {
	list, reading := make([]*shard, tcp.Shards), a.readingOptions(to)
	for i := range list {
		list[i] = a.shard(to, reading)
	}
	return list
}

func (a *analysis) readingOptions(to control.Listener) *control.Options {
	reading := control.NewOptions(a.ports.has, a.opt.Dialogue, to)
	reading.ShowPasswords = a.opt.ShowPasswords
	return reading
}

func (a *analysis) shard(to events, reading *control.Options) *shard {
	l := &shard{events: to, ports: &a.ports, reading: reading.Shard(), evidence: a.opt.Evidence, live: a.heart.live != nil}
	l.table = tcp.New(l)
	l.table.LimitIdle(a.opt.IdleTimeout)
	l.table.Watch(func(s *flow.Segment) bool { return mayBeData(s) || l.ports.has(s.SrcPort) || l.ports.has(s.DstPort) }, a.opt.Curves)
	if a.opt.Keys != nil {
		l.reading.Keys = decrypt.NewKeyring(a.opt.Keys)
	}
	f, may := &sealing{a.opt.Follow, l.reading.Keys, flow.NewBudget(maxMessages)}, tcp.May(maySeal)
	if f.next != nil {
		may = nil
	}
	l.table.Follow(f, may)
	return l
}

// Opened passes on.
func (l *shard) Opened(c *flow.Conn) { l.events.Opened(c) }

// Unanswered passes on a SYN that nothing followed.
func (l *shard) Unanswered(s *flow.LoneSYN) {
	if l.evidence != nil && l.ports.has(s.DstPort) {
		l.evidence.Ended(netip.AddrPortFrom(s.Src.Addr(), s.SrcPort), netip.AddrPortFrom(s.Dst.Addr(), s.DstPort), s.Net.Nets())
	}
	l.events.Unanswered(s)
}

// few are fewer bytes than tell what a side begins to say.
const few = 9

// Classify says whether the first payload bytes of a connection can be of a control
// connection. Where FTP is expected the doubt is in its favour: the conversation decides
// with more to go by.
func (l *shard) Classify(c *flow.Conn, dir flow.Direction, first []byte) tcp.Class {
	expected := l.ports.has(c.Dst.Port()) || !c.OpenerKnown && l.ports.has(c.Src.Port())
	if len(first) == 0 || expected && (!c.OpenerKnown || tlsrec.IsHandshake(first[0])) {
		return class(expected)
	}
	if expected && c.OpenerKnown && (len(first) < few && bytes.IndexByte(first, '\n') < 0 || control.IsForeign(first)) {
		return tcp.Control // more may tell, or the other side waits for FTP
	}
	if dir == flow.Out && c.OpenerKnown && (control.IsTunnel(first) || control.MayBeginMore(first)) {
		return tcp.Control // until what is said in it is known
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

// Reader makes the conversation of a control connection.
func (l *shard) Reader(c *flow.Conn) tcp.Reader {
	r := l.readers.next()
	*r = reader{Conversation: control.New(c, l.reading), shard: l}
	if l.evidence != nil {
		r.a, r.b, r.net = c.Src, c.Dst, c.Nets[0]
		l.evidence.Mark(r.a, r.b, r.net)
	}
	return r
}

// reader is the conversation of a control connection, for the table: it tells the shard's
// events what comes of it. Its packets are kept as evidence, if there is any.
type reader struct {
	*control.Conversation
	shard *shard
	a, b  netip.AddrPort // as they are marked
	net   flow.Net
}

// readers are those that are over, for the next connections.
type readers struct{ free []*reader }

func (l *readers) next() *reader {
	n := len(l.free)
	if n == 0 {
		return new(reader)
	}
	r := l.free[n-1]
	l.free = l.free[:n-1]
	return r
}

func (l *readers) recycle(r *reader) {
	const most = 512
	if *r = (reader{}); len(l.free) < most {
		l.free = append(l.free, r)
	}
}

// Data takes the mark off a connection that turns out not to be a control connection.
func (r *reader) Data(side flow.Direction, b []byte, at flow.Mark) bool {
	ok := r.Conversation.Data(side, b, at)
	if e := r.shard.evidence; !ok && e != nil {
		e.Unmark(r.a, r.b, r.net)
	}
	return ok
}

// Warm looks at what the Conversation will.
func (r *reader) Warm() uint64 { return control.Warm(r.Conversation) }

// Waits reports whether the Conversation waits for what opens it.
func (r *reader) Waits(now flow.Time) bool { return control.Waits(r.Conversation, now) }

// Progress tells how far the session has come.
func (r *reader) Progress(c *flow.Conn) { r.shard.events.Progress(c, r.Snapshot(c)) }

// Closed ends the reading.
func (r *reader) Closed(c *flow.Conn) {
	said := r.Finish(c)
	switch e := r.shard.evidence; {
	case e == nil:
	case said == nil || !said.IsSession():
		e.Unmark(r.a, r.b, r.net)
	default:
		e.Ended(r.a, r.b, c.Nets)
	}
	l := r.shard
	l.closed(c, said)
	l.readers.recycle(r)
}

// Progress passes on.
func (l *shard) Progress(c *flow.Conn) { l.events.Progress(c, nil) }

// Closed passes on a connection without a reader. A connection to a control port that was
// established and on which nobody said a word is a session too: the server is up and does
// not greet.
func (l *shard) Closed(c *flow.Conn) {
	var said *control.Transcript
	if c.OpenerKnown && c.State == flow.Established && l.ports.has(c.Dst.Port()) && c.Half[0].Bytes+c.Half[1].Bytes == 0 {
		said = control.New(c, l.reading).Finish(c)
	}
	l.closed(c, said)
}

// askedBack notes what a server that does not greet waits for.
func (l *shard) askedBack(said *control.Transcript) {
	const late = 2 * flow.Second // after that it may be why
	n := &said.Session.Notes
	end := n.Control.Last.Time
	if n.Greeting.Code != 0 {
		end = n.Greeting.Time.Time
	}
	if end-n.Control.Start.Time < late {
		return
	}
	client, server := flow.HostOf(said.Session.Client.Addr()), flow.HostOf(said.Session.Server.Addr())
	if s, ok := tcp.AloneIdent(l.table, server, client); ok && s.First.Time >= n.Control.Start.Time && s.First.Time < end {
		n.Ident = &record.Ident{First: s.First, Last: s.Last(), Tries: s.Count()}
	}
}

func (l *shard) closed(c *flow.Conn, said *control.Transcript) {
	if said != nil && said.OnControlPort {
		l.askedBack(said)
	}
	if l.evidence != nil && l.ports.has(c.Dst.Port()) {
		l.evidence.Ended(c.Src, c.Dst, c.Nets)
	}
	l.events.Closed(c, said)
}
