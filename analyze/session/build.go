package session

import (
	"cmp"
	"slices"
	"sort"
	"unsafe"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// build completes the record of a session out of what its control connection said and the connections that it was given.
func (m *Matcher) build(g *gathering) *record.Session {
	b := &m.builder
	b.names, b.points = &m.names, m.points
	b.begin(g)
	s := &g.control.Session
	s.Transfers = b.transfers()
	s.Mode, s.Initiator = verdict(s.Transfers)
	s.Notes.Size = g.control.size + len(s.Transfers)*transferSize
	for i := range s.Transfers {
		s.Notes.Size += max(0, len(s.Transfers[i].Notes.Tried)-1) * int(unsafe.Sizeof(flow.Conn{}))
	}
	s.Network = m.names.of(seenFrom(&s.Notes.Control, s.Client))
	b.end()
	return s
}

// verdict sums up the transfers: rejected, unused and unknown ones say nothing of the mode.
func verdict(list []record.Transfer) (mode, initiator string) {
	mode, initiator = record.None, record.None
	for i := range list {
		t := &list[i]
		idle := t.Command == nil && t.Connection == nil // whether it was used is not known
		if t.Outcome != record.Rejected && t.Outcome != record.Unused && t.Mode != record.Unknown && !idle {
			mode = merge(mode, t.Mode)
		}
		if t.Initiator != record.None {
			initiator = merge(initiator, t.Initiator)
		}
	}
	return mode, initiator
}

func merge(sum, one string) string {
	if sum == record.None || sum == one {
		return one
	}
	return record.Mixed
}

// builder makes the transfers of one session after the other.
type builder struct {
	c       *Control
	names   *networkNames
	points  bool
	opened  []flow.Conn // connections between the two hosts that no offer explains, in order
	running []flow.Conn // the same, those that ran before the capture
	used    map[uint64]bool

	// Lists that serve again.
	byOffer [][]flow.Conn // connections given to each offer, in their order
	given   [][]flow.Conn // to each step
	linked  []bool        // the negotiation belongs to a step
	drafts  drafts

	connections []record.Connection // not used yet, of this session
}

func (b *builder) begin(g *gathering) {
	b.c = g.control
	b.byOffer = zeroed(b.byOffer, len(b.c.negotiations))
	if len(g.strangers) > 0 {
		g.tried = append(g.tried, g.strange()...)
	}
	if len(g.tried) > 1 {
		slices.SortStableFunc(g.tried, func(x, y tried) int { return cmp.Compare(x.claim.conn[0].Start.Ord, y.claim.conn[0].Start.Ord) })
	}
	n := 0
	for _, t := range g.tried {
		if t.claim.control || !worthTelling(&t.claim.conn[0]) || b.elsewhere(&t.claim.conn[0]) {
			continue
		}
		list := &b.byOffer[t.offer]
		if len(*list) == 0 {
			n++
		}
		*list = b.c.appendConn(*list, t.claim, &b.c.negotiations[t.offer])
	}
	b.connections = make([]record.Connection, n)
	var pair []flow.Conn
	for _, p := range g.paired {
		if !p.control && worthTelling(&p.conn[0]) && !b.elsewhere(&p.conn[0]) {
			pair = append(pair, p.conn[0])
		}
	}
	if len(pair) > 0 {
		b.opened, b.running = sortPair(pair)
		b.used = map[uint64]bool{}
	}
}

// end lets go of the session.
func (b *builder) end() {
	const usual = 64 // longer lists are not kept
	d := &b.drafts
	if d.list = nil; max(len(b.byOffer), len(b.given), len(d.places)) > usual {
		*b = builder{}
		return
	}
	clear(b.byOffer)
	clear(b.given)
	*b = builder{byOffer: b.byOffer, given: b.given, linked: b.linked, drafts: *d}
}

// zeroed is a list of n zero values, in the memory of a list that is not needed any more if it has room.
func zeroed[T any](list []T, n int) []T {
	if cap(list) < n {
		return make([]T, n)
	}
	list = list[:n]
	clear(list)
	return list
}

// appendConn adds a connection, turned so that it leads to the offered endpoint if its SYN was not seen. Most offers have one
// connection and most connections one offer: then it is not copied.
func (r *Control) appendConn(list []flow.Conn, cl *claim, n *negotiation) []flow.Conn {
	c := &cl.conn[0]
	if !c.OpenerKnown {
		o := Offer{Endpoint: n.endpoint}
		o.Peer, o.Expected = r.parties(n)
		if !o.fits(c.Src, c.Dst) && o.fits(c.Dst, c.Src) {
			return append(list, turned(*c))
		}
	}
	if len(list) == 0 {
		return cl.conn[:]
	}
	return append(list, *c)
}

// worthTelling leaves out stragglers of connections that were over: no SYN and no payload.
func worthTelling(c *flow.Conn) bool {
	return c.SYNs > 0 || c.SYNACK.Seen() || c.State != flow.Unknown || c.Half[0].Bytes+c.Half[1].Bytes > 0
}

func turned(c flow.Conn) flow.Conn {
	c.Src, c.Dst = c.Dst, c.Src
	c.Half[0], c.Half[1] = c.Half[1], c.Half[0]
	c.Sent = c.Sent.Swapped()
	return c
}

// drafts are transfers with their place in the order of the session.
type drafts struct {
	list   []record.Transfer
	places []spot
}

// spot is where a transfer stands: by the dialogue, and those of one place in it by the capture.
type spot struct {
	serial int32
	ord    uint64
}

func (d *drafts) Len() int { return len(d.list) }
func (d *drafts) Less(i, j int) bool {
	x, y := d.places[i], d.places[j]
	return x.serial < y.serial || x.serial == y.serial && x.ord < y.ord
}
func (d *drafts) Swap(i, j int) {
	d.list[i], d.list[j] = d.list[j], d.list[i]
	d.places[i], d.places[j] = d.places[j], d.places[i]
}

func (d *drafts) add(at spot) *record.Transfer {
	d.list, d.places = append(d.list, record.Transfer{}), append(d.places, at)
	return &d.list[len(d.list)-1]
}

// transfers makes one record for each transfer command and for each negotiation that none used, then those under TLS.
func (b *builder) transfers() []record.Transfer {
	given, d := b.share(), &b.drafts
	b.linked = zeroed(b.linked, len(b.c.negotiations))
	d.list, d.places = make([]record.Transfer, 0, max(len(b.c.steps), len(b.c.negotiations))), d.places[:0]
	for i := range b.c.steps {
		s := &b.c.steps[i]
		at := spot{serial: s.serial}
		if o := s.offer; o >= 0 {
			if n := &b.c.negotiations[o]; !b.linked[o] && n.method != record.MethodDefault {
				at.serial = min(at.serial, n.serial)
			}
			b.linked[o] = true
		}
		b.commanded(d.add(at), s, given[i])
	}
	for i := range b.c.negotiations {
		if n := &b.c.negotiations[i]; !b.linked[i] && n.method != record.MethodDefault {
			b.uncommanded(d.add(spot{serial: n.serial}), n)
		}
	}
	b.encrypted(d)
	if b.c.blind {
		b.unread(d)
	}
	sort.Stable(d)
	for i := range d.list {
		d.list[i].N = i + 1
	}
	return d.list
}

// begin is when the negotiation begins: with its command, or its reply if that was not seen.
func (n *negotiation) begin() flow.Time {
	if n.asked.Mark.Seen() {
		return n.asked.Mark.Time
	}
	return n.since
}

// commanded makes the record of a transfer command.
func (b *builder) commanded(t *record.Transfer, s *step, tried []flow.Conn) {
	*t = record.Transfer{
		Argument: pointer(&s.argument, s.argument != ""), Path: pointer(&s.path, s.path != ""), Restart: pointer(&s.restart, s.hasRestart),
		Preliminary: seenReply(&s.prelim), Reply: seenReply(&s.reply),
		Method: record.MethodDefault, Mode: record.Unknown, Initiator: record.None, Evidence: record.None,
	}
	t.Notes = record.TransferNotes{Size: pointer(&s.size, s.hasSize), SizeFrom: s.sizeFrom}
	if s.aborted != nil {
		t.Notes.Abort = *s.aborted
	}
	if s.mode != 0 {
		t.Notes.Mode = string([]byte{s.mode})
	}
	t.Frames.Reply = s.reply.Pos
	if !s.unseen {
		t.Command, t.Notes.Ran = &verbNames[s.verb], &s.line
		t.Frames.Command = s.line.Mark.Pos
		t.Direction = &download
		if s.verb.IsUpload() {
			t.Direction = &upload
		}
	}
	if s.representation != "" {
		t.Representation = &s.representation
	}
	var offer *negotiation
	if s.offer >= 0 {
		offer = &b.c.negotiations[s.offer]
		negotiatedBy(t, offer)
	}
	if len(tried) == 0 && (offer == nil || offer.method == record.MethodDefault || !offer.endpoint.IsValid()) {
		tried = b.inferred(s, offer)
	}
	b.connect(t, offer, tried)
	t.Outcome = b.outcome(t, s.aborted != nil)
}

// negotiatedBy fills in what the negotiation says.
func negotiatedBy(t *record.Transfer, n *negotiation) {
	t.Method = n.method
	if n.method == record.MethodDefault {
		return
	}
	t.Mode = record.Active
	if n.passive {
		t.Mode = record.Passive
	}
	if n.endpoint.IsValid() {
		t.Announced = &n.endpoint
	}
	if n.asked.Text != "" {
		t.Notes.Asked = &n.asked
	}
	t.Notes.Answer = seenReply(&n.answer)
	t.Frames.Negotiation = n.asked.Mark.Pos
	if n.passive && n.endpoint.IsValid() {
		t.Frames.Negotiation = n.answer.Pos
	}
}

// uncommanded makes the record of a negotiation that no transfer command used.
func (b *builder) uncommanded(t *record.Transfer, n *negotiation) {
	*t = record.Transfer{Initiator: record.None, Evidence: record.None, Mode: record.Unknown, Reply: seenReply(&n.answer)}
	negotiatedBy(t, n)
	t.Frames.Reply = n.answer.Pos
	b.connect(t, n, b.byOffer[n.index])
	carried := t.Bytes != nil && *t.Bytes > 0
	isLast := int(n.index) == len(b.c.negotiations)-1
	open := b.c.Notes.Control.Closing == flow.Cut && (isLast || t.Connection != nil && t.Notes.Conn.State == flow.Established) // the command may follow
	switch failed := b.failed(t); {
	case n.rejected:
		t.Outcome = record.Rejected
	case failed:
		t.Outcome = record.NoConnection
	case carried, open, b.c.lostCommands, b.c.lostReplies && (n.answer.Code == 0 || n.passive && !n.endpoint.IsValid()):
		t.Outcome = record.Incomplete
	default:
		t.Outcome = record.Unused
	}
}

func failedState(s flow.State) bool {
	return s == flow.Refused || s == flow.Unanswered || s == flow.Unreachable
}

// failed reports whether the transfer's connection failed. A single SYN may be answered after the end of a capture that ends
// with the session still open.
func (b *builder) failed(t *record.Transfer) bool {
	if t.Connection == nil || !failedState(t.Notes.Conn.State) {
		return false
	}
	early := t.Notes.Conn.State == flow.Unanswered && t.Connection.Attempts == 1 && b.c.Notes.Control.Closing == flow.Cut
	return !early || t.Command != nil && t.Reply != nil
}

// outcome judges a transfer command by its reply and its connection.
func (b *builder) outcome(t *record.Transfer, abort bool) string {
	established := t.Connection != nil && t.Notes.Conn.State == flow.Established
	failed := b.failed(t)
	switch {
	case t.Reply != nil && t.Reply.Code < 400:
		return record.OK
	case t.Reply != nil && t.Reply.Code == 425:
		return record.NoConnection
	case failed:
		return record.NoConnection
	case t.Reply != nil && established:
		return record.Aborted
	case t.Reply != nil && t.Connection == nil && b.c.complete() && waited(t):
		return record.NoConnection // nobody connected, and the server gave up
	case t.Reply != nil && t.Preliminary != nil:
		return record.Aborted
	case t.Reply != nil:
		return record.Denied
	case b.c.lostReplies:
		return record.Incomplete
	case established && (abort || t.Notes.Conn.Closing == flow.ResetBy):
		return record.Aborted
	case t.Connection == nil && t.Preliminary != nil && t.Mode != record.Unknown && b.c.complete() && b.c.Notes.Control.Closing != flow.Cut:
		return record.NoConnection // the command waited for a connection to the end
	}
	return record.Incomplete
}

// patience is more than a server takes to deny a command for a reason of its own.
const patience = 10 * flow.Second

// waited reports whether the server was ready for the data connection: it said so, or it took its time to give up.
func waited(t *record.Transfer) bool {
	return t.Preliminary != nil || t.Notes.Ran != nil && t.Reply.Time.Time-t.Notes.Ran.Mark.Time >= patience
}
