package match

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"sort"

	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
)

// Connections that no expectation explains: what a transfer without a known endpoint
// used, and what went on under TLS.

const (
	// maxRetries bounds how many failed connections are looked at for one transfer.
	maxRetries = 16
	// maxCandidates bounds how many connections one transfer looks at, from the time on
	// when it was due.
	maxCandidates = 1024
)

// sortPair puts the connections between the two hosts in order of time, those that ran
// already when the capture began after all others.
func sortPair(pair []flow.Conn) (opened, running []flow.Conn) {
	slices.SortStableFunc(pair, func(x, y flow.Conn) int {
		return cmp.Or(-compareBool(x.OpenerKnown, y.OpenerKnown), cmp.Compare(x.Start.Time, y.Start.Time), cmp.Compare(x.Start.Ord, y.Start.Ord))
	})
	n := 0
	for n < len(pair) && pair[n].OpenerKnown {
		n++
	}
	return pair[:n], pair[n:]
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}

// inferred finds the connections of a transfer whose negotiation names no endpoint: the
// first between the two hosts, unclaimed, opened while the transfer was due, by the
// expected side where that is known; and when that failed, those that tried the same
// endpoint again.
func (b *builder) inferred(s *control.TransferCommand, n *control.Negotiation) []flow.Conn {
	from := s.Line.Mark.Time
	if n != nil {
		from = min(from, n.Begin())
	}
	to := b.c.Notes.Control.Last.Time + grace
	if s.Reply.Code != 0 {
		to = s.Reply.Time.Time
	}
	b.opened, b.running = b.unused(b.opened), b.unused(b.running)
	tried := b.due(b.opened, search{s, n, from - grace, to})
	if len(tried) == 0 {
		tried = b.due(b.running, search{s, n, from - grace, to + grace})
	}
	if len(tried) == 0 { // opened after the reply, as a capture may show it
		tried = b.due(b.opened, search{s, n, to, min(to+grace, untilNext(b.c.Negotiations, n))})
	}
	if n := len(tried); n > 0 {
		if c := &tried[n-1]; s.Carried() && empty(c) || c.Half[flow.In].Silent && c.Half[flow.Out].Bytes == 0 && c.Closing != flow.Cut {
			return nil // data flowed, so it was most likely over another connection; or nothing tells whether it did
		}
	}
	return tried
}

// triedUnheard finds the connections of a PASV or EPSV whose reply the capture lacks with all
// that the server sent: those that the client opened to the server before it said anything
// else that leads to one, if all go to one port.
func (b *builder) triedUnheard(n *control.Negotiation) []flow.Conn {
	if !n.Passive || n.Rejected || n.Answer.Code != 0 || b.c.Capture.ServerSide || !n.Asked.Mark.Seen() {
		return nil
	}
	to := min(b.c.Notes.Control.Last.Time, untilNext(b.c.Negotiations, n))
	list := b.due(b.opened, search{&control.TransferCommand{}, n, n.Begin(), to})
	for i := range b.opened {
		c := &b.opened[i]
		if isOther := len(list) > 0 && c.Dst != list[0].Dst; isOther && c.Start.Time >= n.Begin() && c.Start.Time <= to && !b.used[c.ID] && !b.isControlPort(c) {
			return nil
		}
	}
	return list
}

// untilNext is when the negotiation after n began, which later connections are of.
func untilNext(list []control.Negotiation, n *control.Negotiation) flow.Time {
	if n == nil || int(n.Index)+1 >= len(list) {
		return math.MaxInt64
	}
	return list[n.Index+1].Begin()
}

// unused leaves out the first connections of a list that transfers use: thousands of
// transfers would look at them again and again.
func (b *builder) unused(list []flow.Conn) []flow.Conn {
	for len(list) > 0 && b.used[list[0].ID] {
		list = list[1:]
	}
	return list
}

// empty reports whether the capture has both sides of c, and neither sent anything.
func empty(c *flow.Conn) bool {
	out, in := &c.Half[flow.Out], &c.Half[flow.In]
	return out.Packets > 0 && in.Packets > 0 && out.Bytes+in.Bytes == 0
}

// search is what is looked for: the connection of a transfer, opened within a time.
type search struct {
	command     *control.TransferCommand
	negotiation *control.Negotiation // nil: there is none
	from, to    flow.Time
}

// due is inferred for one list, in order of time.
func (b *builder) due(list []flow.Conn, w search) (tried []flow.Conn) {
	n, from, to := w.negotiation, w.from, w.to
	negotiated := n != nil && n.Method != record.MethodDefault
	var expected netip.Addr
	if negotiated {
		_, expected = b.c.Parties(n)
	}
	first, _ := slices.BinarySearchFunc(list, from, func(c flow.Conn, t flow.Time) int { return cmp.Compare(c.Start.Time, t) })
	for i := first; i < min(len(list), first+maxCandidates) && list[i].Start.Time <= to; i++ {
		if c := &list[i]; negotiated && c.OpenerKnown && c.Src.Addr() != expected || b.isControlPort(c) || b.used[c.ID] {
			continue
		}
		c := list[i]
		if carriedBefore(&c, w.command) {
			continue
		}
		if negotiated && c.Src.Addr() != expected || b.fromDataPort(&c) || !negotiated && b.toServer(&c) {
			c = c.Swapped()
		}
		if len(tried) > 0 && c.Dst != tried[0].Dst {
			continue
		}
		if tried = append(tried, c); !failedState(c.State) || len(tried) == maxRetries {
			break
		}
	}
	return tried
}

// fromDataPort reports whether c, whose SYN was not seen, was opened from the server's
// port 20, which listens for nobody.
func (b *builder) fromDataPort(c *flow.Conn) bool {
	return !c.OpenerKnown && c.Dst.Port() == flow.PortFTPData && c.Dst.Addr() == b.c.Server.Addr()
}

// toServer reports whether c, whose SYN was not seen and which looks as if the server had
// opened it, was more likely opened by the client: servers open theirs from port 20, or
// to where the client's control connection comes from (RFC 959 section 3.2).
func (b *builder) toServer(c *flow.Conn) bool {
	return !c.OpenerKnown && c.Src.Addr() == b.c.Server.Addr() && c.Dst.Addr() == b.c.Client.Addr() &&
		c.Src.Addr() != c.Dst.Addr() && c.Src.Port() != flow.PortFTPData && c.Dst.Port() != b.c.Client.Port()
}

// isControlPort reports whether c goes to the port of the control connection itself:
// another session's, no data.
func (b *builder) isControlPort(c *flow.Conn) bool {
	return c.Dst == b.c.Server || c.Src == b.c.Server
}

// encrypted makes a record of each connection that opened while the control connection
// was under TLS.
func (b *builder) encrypted(d *drafts) {
	for _, c := range slices.Concat(b.opened, b.running) {
		serial, ok := b.underTLS(&c)
		if b.used[c.ID] || b.isControlPort(&c) || !ok {
			continue
		}
		if b.fromDataPort(&c) || b.toServer(&c) {
			c = c.Swapped()
		}
		t := d.add(spot{serial, c.Start.Ord})
		*t = record.Transfer{Method: record.MethodEncrypted, Mode: record.Unknown, Outcome: record.Unknown, Initiator: record.None, Evidence: record.None}
		b.connect(t, nil, []flow.Conn{c})
		if t.Initiator != record.None {
			t.Evidence = record.EvidenceInferred
		}
		t.Notes.InClear = isClear(t.Notes.Conn)
	}
}

// isClear reports whether a connection began with something else than TLS, by the first
// byte of who spoke.
func isClear(c *flow.Conn) bool {
	out, in := c.Half[flow.Out].First, c.Half[flow.In].First
	return out|in != 0 && c.Dst.Port() >= flow.FirstUnprivileged && !tlsrec.IsRecord(out) && !tlsrec.IsRecord(in) && record.TLSOf(c) == nil
}

// unread makes a record of each connection that opened while the control connection
// lasted of which nothing can be read: a snapshot length cut all that was said. Data
// connections use ports from 1024 on, but for the server's 20.
func (b *builder) unread(d *drafts) {
	control := &b.c.Notes.Control
	for _, c := range slices.Concat(b.opened, b.running) {
		if b.fromDataPort(&c) || b.toServer(&c) {
			c = c.Swapped()
		}
		from := c.Src.Port() >= flow.FirstUnprivileged || c.Src.Port() == flow.PortFTPData && c.Src.Addr() == b.c.Server.Addr()
		if b.used[c.ID] || b.isControlPort(&c) || !from || c.Dst.Port() < flow.FirstUnprivileged ||
			!b.followed(&c) || c.Start.Time > control.Last.Time+grace && c.Start.Ord > control.Last.Ord {
			continue
		}
		t := d.add(spot{0, c.Start.Ord})
		*t = record.Transfer{Method: record.MethodDefault, Mode: record.Unknown, Outcome: record.Incomplete, Initiator: record.None, Evidence: record.None}
		b.connect(t, nil, []flow.Conn{c})
		if t.Initiator != record.None {
			t.Evidence = record.EvidenceInferred
		}
		if failedState(c.State) {
			t.Outcome = record.NoConnection
		}
	}
}

// followed reports whether c began after the control connection did: by its place in the
// capture or, if that shows packets in disorder, by the times.
func (b *builder) followed(c *flow.Conn) bool {
	control := &b.c.Notes.Control
	return c.Start.Ord > control.Start.Ord || c.OpenerKnown && c.Start.Time > control.Start.Time && c.Start.Time < control.Last.Time
}

// underTLS reports whether c opened while the control connection was under TLS, and after
// what was said in clear before. The packet that began it may have come a little late.
func (b *builder) underTLS(c *flow.Conn) (serial int32, ok bool) {
	if !b.followed(c) {
		return 0, false
	}
	spans := b.c.Encrypted
	first := sort.Search(len(spans), func(i int) bool { return !spans[i].To.Seen() || c.Start.Ord <= spans[i].To.Ord })
	for i := first; i < min(len(spans), first+maxCandidates); i++ {
		if s := &spans[i]; c.Start.Time >= s.From.Time-grace || c.Start.Ord > s.From.Ord {
			return s.Serial, true
		}
	}
	return 0, false
}
