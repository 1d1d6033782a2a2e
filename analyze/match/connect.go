package match

import (
	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// connect chooses the transfer's connection among those that were tried and fills in what
// it shows. A SYN that nobody answers is repeated after a second (RFC 6298 section 2): of
// one that was not, the answer, or the repetition, is missing from the capture.
func (b *builder) connect(t *record.Transfer, n *control.Negotiation, tried []flow.Conn) {
	t.ExpectedInitiator = expectedInitiator(t.Mode)
	if len(tried) == 0 {
		return
	}
	best := 0
	for i := 1; i < len(tried); i++ {
		if b.quality(&tried[i], n) > b.quality(&tried[best], n) {
			best = i
		}
	}
	c := &tried[best]
	attempts := 0
	for i := range tried {
		if b.used != nil {
			b.used[tried[i].ID] = true
		}
		if tried[i].Src.Addr() == c.Src.Addr() {
			attempts += tried[i].SYNs
		}
	}
	if c.State == flow.Unanswered && attempts <= 1 {
		lone := []flow.Conn{*c}
		if c = &lone[0]; len(tried) == 1 {
			tried = lone
		}
		c.State = flow.Unknown
	}
	t.Notes.Conn, t.Notes.Tried, t.Notes.Spoken = c, tried, b.spoken[c.ID]
	t.Connection = b.connection(c, max(attempts, 1))
	t.Initiator, t.Evidence = record.None, record.None
	if b.tellsOpener(c, n) {
		t.Initiator = b.initiator(c, n)
	}
	switch {
	case t.Initiator == record.None:
	case c.SYN.Seen():
		t.Evidence = record.EvidenceSYN
	default:
		t.Evidence = record.EvidenceInferred
	}
	if t.Mode == record.Unknown {
		t.Mode = modeOf(t.Initiator)
		t.ExpectedInitiator = expectedInitiator(t.Mode)
	}
	t.Frames.SYN = c.SYN.Pos
	t.Notes.Blind = b.c.IsUnderTLS() && !c.SYN.Seen() && !c.SYNACK.Seen() && record.TLSOf(c) == nil
	if t.Announced != nil && t.Announced.Addr() != c.Dst.Addr() {
		via := c.Dst.Addr()
		t.Notes.Via = &via
	}
	b.count(t, c)
	through(t, b.tunnels[c.ID])
}

// The words that records point to; they are never written to.
var download, upload, client, server = record.Download, record.Upload, record.Client, record.Server

func expectedInitiator(mode string) *string {
	switch mode {
	case record.Passive:
		return &client
	case record.Active:
		return &server
	}
	return nil
}

func modeOf(initiator string) string {
	switch initiator {
	case record.Server:
		return record.Active
	case record.Client:
		return record.Passive
	}
	return record.Unknown
}

// quality orders the connections of one transfer: an established one before one that
// failed, then that of the expected host, then one whose failure the capture proves, then
// the first.
func (b *builder) quality(c *flow.Conn, n *control.Negotiation) int {
	q := 0
	if c.State == flow.Established {
		q += 8
	}
	if c.Half[0].Bytes+c.Half[1].Bytes > 0 {
		q += 4
	}
	if c.State == flow.Refused || c.State == flow.Unreachable {
		q++
	}
	if n != nil {
		if _, expected := b.c.Parties(n); c.Src.Addr() == expected {
			q += 2
		}
	}
	return q
}

func (b *builder) connection(c *flow.Conn, attempts int) *record.Connection {
	if len(b.connections) == 0 {
		b.connections = make([]record.Connection, 1)
	}
	x := &b.connections[0]
	b.connections = b.connections[1:]
	*x = connectionOf(c, attempts)
	if !within(&c.Nets, &b.c.Notes.Control.Nets) {
		x.Network = b.names.of(c.Nets)
	}
	return x
}

func connectionOf(c *flow.Conn, attempts int) record.Connection {
	return record.Connection{
		Src: c.Src, Dst: c.Dst,
		Start: record.Stamp{Time: c.Start.Time, Digits: c.Digits}, End: record.Stamp{Time: c.Last.Time, Digits: c.Digits},
		State: c.State.String(), Attempts: attempts, Closing: c.Closing.String(),
	}
}

// tellsOpener reports whether something tells who opened c: its handshake, the endpoint
// that was announced, or a port that the server opens data connections from or to (RFC
// 959 section 3.2). Who sent the first packet of what ran already when the capture began
// tells nothing.
func (b *builder) tellsOpener(c *flow.Conn, n *control.Negotiation) bool {
	return c.OpenerKnown || c.SYN.Seen() || n != nil && n.Method != record.MethodDefault || c.Src.Port() == flow.PortFTPData ||
		c.Dst == b.c.Client || c.Src == b.c.Client
}

// initiator names who opened c. Where client and server are one host, the endpoint that c
// leads to tells.
func (b *builder) initiator(c *flow.Conn, n *control.Negotiation) string {
	client, server, src := b.c.Client.Addr(), b.c.Server.Addr(), c.Src.Addr()
	switch {
	case client == server && src == client:
		switch {
		case n != nil && n.Passive:
			return record.Client
		case (n == nil || n.Method == record.MethodDefault) && c.Src.Port() != flow.PortFTPData && c.Dst != b.c.Client:
			return record.None // one host, and nothing tells which of its two programs it was
		}
		return record.Server
	case src == client:
		return record.Client
	case src == server:
		return record.Server
	}
	return record.ThirdParty
}

// count fills in the bytes in the data's direction. The announced end is the server's in
// passive mode, the client's in active mode, whoever connected to it.
func (b *builder) count(t *record.Transfer, c *flow.Conn) {
	serverEnd := flow.In
	if t.Mode == record.Active || t.Mode == record.Unknown && c.Src.Addr() == b.c.Server.Addr() {
		serverEnd = flow.Out
	}
	var h *flow.Half
	switch {
	case t.Direction != nil && *t.Direction == record.Upload:
		h = &c.Half[serverEnd^1]
	case t.Direction != nil:
		h = &c.Half[serverEnd]
	default:
		h = b.mostly(t, c, serverEnd)
	}
	if h == nil {
		return
	}
	if h.Packets > 0 || h.Bytes > 0 || c.State != flow.Established {
		t.Bytes, t.MissingBytes = &h.Bytes, &h.Missing // else the capture lacks that side
	}
	t.Frames.FirstData = h.FirstData.Pos
	if t.Notes.From = c.Dst; h == &c.Half[flow.Out] {
		t.Notes.From = c.Src
	}
	if d := record.TLSOf(c); d != nil {
		t.PlainBytes, t.Handshake = d.PlainFrom(t.Notes.From, tickets(&b.c.Session)), d.Info
		if t.PlainBytes == nil && c.Sent == flow.SentNothing && min(c.Half[0].Packets, c.Half[1].Packets) > 0 {
			t.PlainBytes = new(uint64) // nothing but a hello
		}
	}
}

// clientHandshake is more than a client sends that takes data: a ClientHello with
// post-quantum keys and a ticket, Finished, close_notify.
const clientHandshake = 3 << 10

// mostly is the direction in which most bytes flowed, where no command tells. Where a TLS
// handshake may outweigh the data, only the records tell who sent what; if they do not,
// the direction and what depends on it are unknown: nil.
func (b *builder) mostly(t *record.Transfer, c *flow.Conn, serverEnd flow.Direction) *flow.Half {
	d := record.TLSOf(c)
	if d != nil {
		c.Sent = sent(c, d, tickets(&b.c.Session))
	}
	down, up := &c.Half[serverEnd], &c.Half[serverEnd^1]
	if down.Bytes+up.Bytes == 0 {
		if up.Packets == 0 {
			return up
		}
		return down
	}
	if d != nil && d.Opened && c.Sent == flow.SentUnknown && min(up.Packets, down.Packets) == 0 {
		if up.Packets == 0 {
			return up
		}
		return down // whoever is heard sent no data, and of the other one the capture has nothing
	}
	isUpload := up.Bytes > down.Bytes
	handshake := min(up.Bytes, down.Bytes) > 0 || (d != nil || t.Method == record.MethodEncrypted) && min(up.Packets, down.Packets) == 0
	if handshake && max(up.Bytes, down.Bytes) < flow.Short && (!isUpload || up.Bytes < clientHandshake) {
		if c.Sent == flow.SentUnknown {
			return nil
		}
		isUpload = c.Sent == flow.SentBy(serverEnd^1)
	}
	h := down
	if isUpload {
		h = up
	}
	switch {
	case c.Sent == flow.SentNothing && down.Packets > 0 && up.Packets > 0:
	case t.Initiator == record.None: // nor does anything tell which end is the server's
	case isUpload:
		t.Direction = &upload
	default:
		t.Direction = &download
	}
	return h
}

// tickets are the sizes of those that the server sent on the control connection.
func tickets(s *record.Session) []int {
	if s.Handshake == nil {
		return nil
	}
	return s.Handshake.Tickets
}

// sent is who sent what a connection under TLS carried, now that tickets can be told from
// data.
func sent(c *flow.Conn, d *record.DataTLS, tickets []int) flow.Sent {
	out, in := d.PlainFrom(c.Src, tickets), d.PlainFrom(c.Dst, tickets)
	switch {
	case out == nil || in == nil:
		return c.Sent
	case *out+*in == 0:
		return flow.SentNothing
	case *out > *in:
		return flow.SentOut
	}
	return flow.SentIn
}
