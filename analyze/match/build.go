package match

import (
	"cmp"
	"net/netip"
	"slices"
	"sort"
	"unsafe"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// build completes the record of a session out of what its control connection said and the
// connections that it was given.
func (m *Matcher) build(p *pendingSession) *record.Session {
	b := &m.builder
	b.names, b.points, b.foreign = &m.names, m.opt.Points, &m.foreign
	b.begin(p)
	s := &p.said.Session
	s.Transfers = b.transfers()
	s.Mode, s.Initiator = summedUp(s.Transfers)
	s.Notes.Size = p.said.Held + len(s.Transfers)*transferSize
	for i := range s.Transfers {
		s.Notes.Size += max(0, len(s.Transfers[i].Notes.Tried)-1) * int(unsafe.Sizeof(flow.Conn{}))
	}
	b.tcp(s)
	s.Network = m.names.of(seenFrom(&s.Notes.Control, s.Client))
	b.end()
	return s
}

// summedUp sums up the transfers: what was rejected, not used or is unknown says nothing of
// the mode; what the client waited for in vain does.
func summedUp(list []record.Transfer) (mode, initiator string) {
	mode, initiator = record.None, record.None
	for i := range list {
		t := &list[i]
		idle := t.Outcome == record.Unused || t.Command == nil && t.Connection == nil // whether it was used is not known
		if t.Outcome != record.Rejected && t.Mode != record.Unknown && (!idle || t.Notes.InVain) {
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
	c       *control.Transcript
	names   *networkNames
	points  bool
	foreign *foreigners
	opened  []flow.Conn // connections between the two hosts that no expectation explains, in order
	running []flow.Conn // the same, those that ran before the capture
	used    map[uint64]bool
	tunnels map[uint64]*record.Tunnel // by connections that went through a proxy
	spoken  map[uint64]*record.Spoken // by connections that said something of FTP

	// Reused between sessions.
	byNegotiation [][]flow.Conn         // connections given to each negotiation, in their order
	given         [][]flow.Conn         // to each transfer command
	linked        []bool                // the negotiation belongs to a transfer command
	passed        map[netip.Addr]uint32 // the largest segment of each host that arrived
	drafts        drafts

	connections []record.Connection // not used yet, of this session
}

func (b *builder) begin(p *pendingSession) {
	b.c = p.said
	b.byNegotiation = zeroed(b.byNegotiation, len(b.c.Negotiations))
	if len(p.strangers) > 0 {
		p.tried = append(p.tried, p.strange()...)
	}
	if len(p.tried) > 1 {
		slices.SortStableFunc(p.tried, func(x, y tried) int { return cmp.Compare(x.claim.conn[0].Start.Ord, y.claim.conn[0].Start.Ord) })
	}
	n := 0
	var pair []flow.Conn
	for _, t := range p.tried {
		if b.excused(&t) || t.claim.control || !worthTelling(&t.claim.conn[0]) || b.elsewhere(&t.claim.conn[0]) {
			continue
		}
		b.hear(t.claim)
		if (b.c.LostReplies || !b.c.Capture.FromStart) && wasOver(&t.claim.conn[0], &b.c.Negotiations[t.negotiation]) {
			pair = append(pair, t.claim.conn[0])
			continue
		}
		list := &b.byNegotiation[t.negotiation]
		if len(*list) == 0 {
			n++
		}
		*list = b.appendConn(*list, t.claim, &b.c.Negotiations[t.negotiation])
	}
	b.connections = make([]record.Connection, n)
	for _, cl := range p.paired {
		if i := b.tunnelled(cl); i >= 0 {
			b.byNegotiation[i] = append(b.byNegotiation[i], cl.conn[0])
			continue
		}
		if !cl.control && worthTelling(&cl.conn[0]) && !b.elsewhere(&cl.conn[0]) && !b.isOthers(&cl.conn[0]) {
			b.hear(cl)
			pair = append(pair, cl.conn[0])
		}
	}
	if len(pair) > 0 {
		b.opened, b.running = sortPair(pair)
		b.used = map[uint64]bool{}
	}
}

// wasOver reports whether a connection was over before the client asked for the
// negotiation: an earlier one's, whose announcement of the same port the capture lacks.
func wasOver(c *flow.Conn, n *control.Negotiation) bool {
	asked := &n.Asked.Mark
	return asked.Seen() && c.Closing != flow.Cut && c.Last.Ord < asked.Ord && c.Last.Time < asked.Time
}

// hear notes what a connection said of FTP.
func (b *builder) hear(cl *claim) {
	if cl.spoken == nil {
		return
	}
	if b.spoken == nil {
		b.spoken = map[uint64]*record.Spoken{}
	}
	b.spoken[cl.conn[0].ID] = cl.spoken
}

// end lets go of the session.
func (b *builder) end() {
	const usual = 64 // longer lists are not kept
	d := &b.drafts
	if d.list = nil; max(len(b.byNegotiation), len(b.given), len(d.places)) > usual {
		*b = builder{}
		return
	}
	clear(b.byNegotiation)
	clear(b.given)
	clear(b.passed)
	*b = builder{byNegotiation: b.byNegotiation, given: b.given, linked: b.linked, passed: b.passed, drafts: *d}
}

// zeroed is a list of n zero values, in the memory of a list that is not needed any more
// if it has room.
func zeroed[T any](list []T, n int) []T {
	if cap(list) < n {
		return make([]T, n)
	}
	list = list[:n]
	clear(list)
	return list
}

// appendConn adds a connection, turned so that it leads to the offered endpoint if its
// SYN was not seen. Most expectations have one connection and most connections one
// expectation: then it is not copied.
func (b *builder) appendConn(list []flow.Conn, cl *claim, n *control.Negotiation) []flow.Conn {
	c := &cl.conn[0]
	if !c.OpenerKnown {
		o := control.Expectation{Endpoint: n.Endpoint}
		o.Peer, o.Expected = b.c.Parties(n)
		if !o.Fits(c.Src, c.Dst) && o.Fits(c.Dst, c.Src) {
			return append(list, c.Swapped())
		}
	}
	if len(list) == 0 {
		return cl.conn[:]
	}
	return append(list, *c)
}

// worthTelling leaves out stragglers of connections that were over: no SYN and no
// payload.
func worthTelling(c *flow.Conn) bool {
	return c.SYNs > 0 || c.SYNACK.Seen() || c.State != flow.Unknown || c.Half[0].Bytes+c.Half[1].Bytes > 0
}

// drafts are transfers with their place in the order of the session.
type drafts struct {
	list   []record.Transfer
	places []spot
}

// spot is where a transfer stands: by the dialogue, and those of one place in it by the
// capture.
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

// transfers makes one record for each transfer command and for each negotiation that none
// used, then those under TLS.
func (b *builder) transfers() []record.Transfer {
	given, d := b.share(), &b.drafts
	b.linked = zeroed(b.linked, len(b.c.Negotiations))
	d.list, d.places = make([]record.Transfer, 0, max(len(b.c.TransferCommands), len(b.c.Negotiations))), d.places[:0]
	for i := range b.c.TransferCommands {
		s := &b.c.TransferCommands[i]
		at := spot{serial: s.Serial}
		if o := s.Negotiation; o >= 0 {
			if n := &b.c.Negotiations[o]; !b.linked[o] && n.Method != record.MethodDefault {
				at.serial = min(at.serial, n.Serial)
			}
			b.linked[o] = true
		}
		b.commanded(d.add(at), s, given[i])
	}
	for i := range b.c.Negotiations {
		if n := &b.c.Negotiations[i]; !b.linked[i] && n.Method != record.MethodDefault {
			b.uncommanded(d.add(spot{serial: n.Serial}), n)
		}
	}
	b.encrypted(d)
	if b.c.Unheard {
		b.unread(d)
	}
	sort.Stable(d)
	for i := range d.list {
		d.list[i].N = i + 1
	}
	return d.list
}

// commanded makes the record of a transfer command.
func (b *builder) commanded(t *record.Transfer, s *control.TransferCommand, tried []flow.Conn) {
	*t = record.Transfer{
		Argument: record.Known(&s.Argument, s.Argument != ""), Path: record.Known(&s.Path, s.Path != ""), Restart: record.Known(&s.Restart, s.HasRestart),
		Preliminary: record.SeenReply(&s.Preliminary), Reply: record.SeenReply(&s.Reply),
		Method: record.MethodDefault, Mode: record.Unknown, Initiator: record.None, Evidence: record.None,
	}
	t.Notes = record.TransferNotes{Size: record.Known(&s.Size, s.HasSize), SizeFrom: s.SizeFrom}
	if s.Aborted != nil {
		t.Notes.Abort = *s.Aborted
	}
	if s.Mode != 0 {
		t.Notes.Mode = string([]byte{s.Mode})
	}
	t.Frames.Reply = s.Reply.Pos
	if !s.Unseen {
		t.Command, t.Notes.Ran = &control.VerbNames[s.Verb], &s.Line
		t.Frames.Command = s.Line.Mark.Pos
		t.Direction = &download
		if s.Verb.IsUpload() {
			t.Direction = &upload
		}
	}
	if s.Representation != "" {
		t.Representation = &s.Representation
	}
	var n *control.Negotiation
	if s.Negotiation >= 0 {
		n = &b.c.Negotiations[s.Negotiation]
		negotiatedBy(t, n)
	}
	if len(tried) == 0 && (n == nil || n.Method == record.MethodDefault || !n.Endpoint.IsValid()) {
		tried = b.inferred(s, n)
	}
	if t.Reply != nil && t.Reply.Code < 300 && allRefused(tried) { // it was made over one that the capture lacks
		t.Notes.Tried, tried = tried, nil
	}
	b.connect(t, n, tried)
	if t.Notes.Mode == record.ModeParallel {
		parallel(t, tried)
	}
	if s.ReplyDoubtful && b.c.LostCommands && !(t.Reply.Code < 400 && t.Connection != nil && t.Notes.Conn.Closing == flow.Finned) {
		t.Reply, t.Frames.Reply = nil, 0 // it may be of a command that the capture lacks
	}
	t.Outcome = b.outcome(t, s.Aborted != nil)
}

// parallel adds the other connections that a transfer in MODE E used (GFD.20 section 3.4):
// its bytes are those of all.
func parallel(t *record.Transfer, tried []flow.Conn) {
	own := t.Notes.Conn
	if own == nil || own.State != flow.Established || t.Bytes == nil {
		return
	}
	way := flow.In
	if t.Notes.From == own.Src {
		way = flow.Out
	}
	bytes, missing := own.Half[way].Bytes, own.Half[way].Missing
	channels, attempts := 1, own.SYNs
	for i := range tried {
		c := &tried[i]
		if c.ID == own.ID || c.State != flow.Established || c.Src.Addr() != own.Src.Addr() && t.Method != record.MethodStriped {
			continue
		}
		channels++
		attempts += c.SYNs
		bytes, missing = bytes+c.Half[way].Bytes, missing+c.Half[way].Missing
		t.Connection.End.Time = max(t.Connection.End.Time, c.Last.Time)
	}
	if channels > 1 {
		t.Bytes, t.MissingBytes, t.PlainBytes = &bytes, &missing, nil
		t.Connection.Channels, t.Connection.Attempts = channels, max(attempts, channels)
	}
}

// negotiatedBy fills in what the negotiation says.
func negotiatedBy(t *record.Transfer, n *control.Negotiation) {
	t.Method = n.Method
	if n.Method == record.MethodDefault {
		return
	}
	t.Mode = record.Active
	if n.Passive {
		t.Mode = record.Passive
	}
	if n.Endpoint.IsValid() {
		t.Announced = &n.Endpoint
	}
	if n.Asked.Text != "" {
		t.Notes.Asked = &n.Asked
	}
	t.Notes.Answer = record.SeenReply(&n.Answer)
	t.Frames.Negotiation = n.Asked.Mark.Pos
	if n.Passive && n.Endpoint.IsValid() {
		t.Frames.Negotiation = n.Answer.Pos
	}
}

// uncommanded makes the record of a negotiation that no transfer command used.
func (b *builder) uncommanded(t *record.Transfer, n *control.Negotiation) {
	*t = record.Transfer{Initiator: record.None, Evidence: record.None, Mode: record.Unknown, Reply: record.SeenReply(&n.Answer)}
	negotiatedBy(t, n)
	t.Frames.Reply = n.Answer.Pos
	tried := b.byNegotiation[n.Index]
	if len(tried) == 0 {
		tried = b.triedUnheard(n)
	}
	b.connect(t, n, tried)
	carried := t.Bytes != nil && *t.Bytes > 0
	isLast := int(n.Index) == len(b.c.Negotiations)-1
	open := b.c.Notes.Control.Closing == flow.Cut && (isLast || t.Connection != nil && t.Notes.Conn.State == flow.Established) // the command may follow
	switch failed := b.failed(t); {
	case n.Rejected:
		t.Outcome = record.Rejected
	case failed && b.c.LostCommands && b.c.LostReplies: // it may have been tried again, and gone well
		t.Outcome = record.Incomplete
	case failed:
		t.Outcome = record.NoConnection
	case carried, open, b.c.LostCommands, t.Connection != nil && t.Notes.Conn.State == flow.Unknown, b.c.LostReplies && (n.Answer.Code == 0 || n.Passive && !n.Endpoint.IsValid()):
		t.Outcome = record.Incomplete
	default:
		t.Outcome = record.Unused
	}
	t.Notes.InVain = t.Outcome == record.Unused && t.Connection == nil && n.Passive && n.Endpoint.IsValid() && b.waitedAfter(n)
}

// dialling is how long a client that connects before it commands waits for its data
// connection, at least; dropping is the same of one that then leaves without QUIT. Nobody
// dials longer than hopeless: who says nothing for so long was idle.
const (
	dialling = 5 * flow.Second
	dropping = 2 * flow.Second
	hopeless = 10 * 60 * flow.Second
)

// waitedAfter reports whether, after the reply to a negotiation, the client said nothing for
// long and then tried something else or left.
func (b *builder) waitedAfter(n *control.Negotiation) bool {
	next, i, least := b.c.Notes.Control.Last.Time, int(n.Index)+1, dialling
	switch {
	case n.Answer.Code == 0 || !b.c.IsComplete():
		return false
	case i < len(b.c.Negotiations):
		next = b.c.Negotiations[i].Begin()
	case b.c.Notes.Control.Closing == flow.Cut || b.c.Notes.Denied != nil:
		return false
	case !b.c.Notes.Quit.Seen():
		least = dropping
	}
	silence := next - n.Answer.Time.Time
	return silence >= least && silence <= hopeless
}

func allRefused(tried []flow.Conn) bool {
	return !slices.ContainsFunc(tried, func(c flow.Conn) bool { return c.State != flow.Refused })
}

func failedState(s flow.State) bool {
	return s == flow.Refused || s == flow.Unanswered || s == flow.Unreachable
}

// failed reports whether the transfer's connection failed. A single SYN may be answered
// after the end of a capture that ends with the session still open.
func (b *builder) failed(t *record.Transfer) bool {
	if x := t.Notes.Tunnel; x != nil && x.Refused {
		return true
	}
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
	case t.Reply != nil && established && !abort && deniedAtOnce(t):
		return record.Denied
	case t.Reply != nil && established:
		return record.Aborted
	case t.Reply != nil && t.Connection == nil && b.c.IsComplete() && waited(t):
		return record.NoConnection // nobody connected, and the server gave up
	case t.Reply != nil && (t.Preliminary != nil || t.Reply.Code == 426 && t.Command == nil):
		return record.Aborted
	case t.Reply != nil:
		return record.Denied
	case b.c.LostReplies:
		return record.Incomplete
	case established && (abort || t.Notes.Conn.Closing == flow.ResetBy):
		return record.Aborted
	case t.Connection == nil && t.Preliminary != nil && t.Mode != record.Unknown && b.c.IsComplete() && b.c.Notes.Control.Closing != flow.Cut:
		return record.NoConnection // the command waited for a connection to the end
	}
	return record.Incomplete
}

// deniedAtOnce reports whether the server refused a transfer whose data connection was open,
// before a byte came: by another code than those that end transfers which run.
func deniedAtOnce(t *record.Transfer) bool {
	switch t.Reply.Code {
	case 421, 425, 426, 451, 452, 552:
		return false
	}
	c := t.Notes.Conn
	return c.Half[0].Bytes+c.Half[1].Bytes == 0 || c.Sent == flow.SentNothing
}

// patience is more than a server takes to deny a command for a reason of its own.
const patience = 10 * flow.Second

// waited reports whether the server was ready for the data connection: it said so, or it
// took its time to give up.
func waited(t *record.Transfer) bool {
	return t.Preliminary != nil || t.Notes.Ran != nil && t.Reply.Time.Time-t.Notes.Ran.Mark.Time >= patience
}

// transferSize is the bytes of a transfer in a record, texts left out.
const transferSize = int(unsafe.Sizeof(record.Transfer{}) + unsafe.Sizeof(record.Connection{}) + unsafe.Sizeof(flow.Conn{}))
