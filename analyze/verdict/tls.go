package verdict

import (
	"slices"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

// TLS: handshakes that failed, on the control connection and on data connections.

var underTLS = []judge{refusedUnderTLS, handshakeOfData, bareHandshake, emptyUnresumed}

// refusedUnderTLS is a data connection that was not opened. What the server said of it is
// encrypted. A connection to a service's port between the two hosts is no data
// connection.
func refusedUnderTLS(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Connection == nil || t.Connection.Dst.Port() < flow.FirstUnprivileged || met(t, flow.Established) {
		return nil
	}
	return first(c, t, []judge{wrongSource, refused, unreachable, farPort, unanswered})
}

// handshakeOfData is a data connection whose handshake failed: an alert says so, or looks
// like one, or the server never answered.
func handshakeOfData(c *hearing, t *record.Transfer) *record.Verdict {
	x := t.Handshake
	if x == nil || !met(t, flow.Established) || !c.gapless() || t.PlainBytes != nil && *t.PlainBytes > 0 {
		return nil
	}
	by := x.Alert.By()
	v := opening(t, record.CauseDataTLSFailed, by)
	v.Frames = append(v.Frames, x.ClientHello.Pos, x.Alert.Mark.Pos)
	switch {
	case x.Alert.Fatal:
		v.Certainty = record.Certain
		v.Text = sentence("the TLS handshake of the data connection failed: the " + by + " sent the alert “" + x.Alert.Name + "”" + c.packets(x.Alert.Mark.Pos))
		v.Next = alertSteps(x, x.Alert.Name, x.Alert.ByServer)
	case x.Alert.Guessed:
		v.Certainty = record.Likely
		v.Text = sentence("the TLS handshake of the data connection most likely failed: where its end was due, the " + by + " sent an encrypted record that is as long as an alert" + c.packets(x.Alert.Mark.Pos))
		v.Next = alertSteps(x, "certificate unknown", x.Alert.ByServer)
	case x.ClientHello.Seen() && !x.ServerHello.Seen() && t.Notes.Conn.Closing != flow.Cut && t.MissingBytes != nil && t.Notes.Conn.Half[flow.Out].Missing+t.Notes.Conn.Half[flow.In].Missing == 0:
		v.At, v.Certainty, v.Or = record.AtServer, record.Open, []string{record.CauseDataReset}
		v.Text = sentence("the server did not answer the client's TLS hello on the data connection" + c.packets(x.ClientHello.Pos) + ", which then ended" + c.packets(t.Notes.Conn.Last.Pos))
		v.Next = steps("look at the server's log for this transfer", "a firewall may drop what it cannot read: compare with a capture at the other end")
		if t.Outcome == record.Incomplete && t.Command == nil {
			v.Next = append(steps("the client began TLS before it sent a transfer command, which some servers do not expect: try another client, or another version of it"), v.Next...)
		}
	default:
		return nil
	}
	return v
}

// What a data connection carries at most that carried a handshake only: a chain of
// certificates included; and where TLS 1.3 hides whether data followed, with two tickets.
const (
	handshakeBytes = 16 << 10
	ticketBytes    = 4 << 10
)

// bareHandshake is a data connection over which a handshake went and nothing else, after
// which the session ended without another word of the client: so do servers refuse that
// demand a resumed session. Whoever listed an empty directory says QUIT at least. A
// handshake that resumed a session was not refused for that.
func bareHandshake(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Established) || t.N != len(c.Transfers) || c.Notes.Control.Closing == flow.Cut || !c.gapless() {
		return nil
	}
	conn, x := t.Notes.Conn, t.Handshake
	out, in := &conn.Half[flow.Out], &conn.Half[flow.In]
	most, carried := uint64(handshakeBytes), " carried a TLS handshake and no data"
	empty := conn.Sent == flow.SentNothing || t.PlainBytes != nil && *t.PlainBytes == 0
	if !empty {
		most, carried = ticketBytes, " carried a TLS handshake and little more, if anything"
	}
	over := out.FIN.Time
	if earlier(in.FIN, out.FIN) {
		over = in.FIN.Time
	}
	if out.Bytes == 0 || in.Bytes == 0 || out.Bytes+in.Bytes > most || c.Notes.ClientSpoke >= over || conn.Start.Time > c.Notes.Control.Last.Time ||
		x != nil && x.Resumed || t.PlainBytes != nil && !empty || workedWithout(c) {
		return nil
	}
	v := opening(t, record.CauseDataTLSFailed, record.AtClient)
	v.Or, carried = []string{record.CauseClientAborted}, "the data connection"+c.packets(t.Frames.SYN, conn.Last.Pos)+carried
	begun := ""
	if x != nil && x.Full && c.Handshake != nil && c.Handshake.Resumable {
		begun = "; this handshake could have done so, and began a new one"
	}
	switch _, server := c.Halves(&c.Notes.Control); {
	case endedBy(c, server):
		v.Text = sentence(carried + ", and the server then ended the session: servers do that if they require the handshake to resume the TLS session of the control connection" + begun)
	case empty:
		v.Certainty = record.Open
		v.Text = sentence(carried + ", and the client then left without a command: clients do that if the server refuses, and servers refuse if they require the handshake to resume the TLS session of the control connection" + begun)
	default:
		return nil
	}
	v.Next = append(resumptionSteps(c), steps("does the client accept the server's certificate chain?")...)
	return v
}

// Replies by which servers end transfers that worked are shorter than those by which they
// refuse: "226 Transfer complete." has 24 bytes, ProFTPD's 425 has 62, vsftpd's 522 has 103.
// Pure-FTPd says how fast it was, in two lines.
const (
	shortRefusal  = 56
	likeSuccess   = 8 // by how much replies of one kind differ in length
	talksOfSpeeds = "pure-ftpd"
)

// emptyUnresumed is a data connection that carried a handshake and no data, after which the
// server's encrypted reply is longer than those of transfers that worked. The handshake could
// have resumed the session of the control connection and began a new one, as no other of the
// session did that carried data. Else it may have been an empty file, or an empty directory.
func emptyUnresumed(c *hearing, t *record.Transfer) *record.Verdict {
	if !mightHaveResumed(c, t) || !c.gapless() {
		return nil
	}
	r := sealedReply(c, t)
	if r.Size < shortRefusal || c.Banner != nil && hasFold(*c.Banner, talksOfSpeeds) {
		return nil
	}
	for i := range c.Transfers {
		if o := &c.Transfers[i]; o.PlainBytes != nil && *o.PlainBytes > 0 {
			if other := sealedReply(c, o); other.Size > 0 && r.Size <= other.Size+likeSuccess {
				return nil
			}
		}
	}
	v := opening(t, record.CauseDataTLSFailed, record.AtClient)
	v.Frames = append(v.Frames, r.At.Pos)
	v.Text = sentence("the data connection" + c.packets(t.Frames.SYN, t.Notes.Conn.Last.Pos) + beganAnew + "; the server's encrypted reply" +
		c.packets(r.At.Pos) + " has " + prose.Many(uint64(r.Size), "byte") + ", more than servers say of transfers that worked: most likely it requires that resumption")
	v.Next = resumptionSteps(c)
	return v
}

// sealedReply is the server's first after a data connection's end began; its size is zero
// where there is none.
func sealedReply(c *hearing, t *record.Transfer) (r record.SealedReply) {
	conn := t.Notes.Conn
	if conn == nil || c.Handshake == nil {
		return r
	}
	over := conn.Half[flow.Out].FIN
	if in := conn.Half[flow.In].FIN; !over.Seen() || in.Seen() && earlier(in, over) {
		over = in
	}
	for _, r := range c.Handshake.Replies {
		if over.Seen() && r.At.Ord > over.Ord {
			return r
		}
	}
	return r
}

// unresumed is a transfer that the server refused after a handshake which began a new session
// though it could have resumed that of the control connection, before any data: no other of
// the session did so and carried data. The server's words often name another reason
// (ProFTPD: 425 "Operation not permitted").
func unresumed(c *hearing, t *record.Transfer) *record.Verdict {
	r := lastReply(t)
	if !code(r, 425, 450, 522) || !mightHaveResumed(c, t) || t.Handshake.Alert.Fatal || t.Notes.Conn.Sent != flow.SentNothing {
		return nil
	}
	v := about(t, record.CauseDataTLSFailed, record.AtClient)
	v.Certainty = record.Likely
	v.Text = sentence("the data connection of "+named(t)+c.packets(t.Frames.SYN)+beganAnew+", and the server most likely requires that", c.replied(r))
	v.Next = resumptionSteps(c)
	return v
}

// mightHaveResumed reports whether a data connection carried no data after a handshake that
// began a new session although it could have resumed that of the control connection, and no
// other of the session that began a new one carried data.
func mightHaveResumed(c *hearing, t *record.Transfer) bool {
	x := t.Handshake
	return x != nil && x.Full && c.Handshake != nil && c.Handshake.Resumable && met(t, flow.Established) && t.PlainBytes != nil && *t.PlainBytes == 0 && !workedWithout(c)
}

const beganAnew = " carried a TLS handshake and no data; the handshake could have resumed the session of the control connection and began a new one"

func resumptionSteps(c *hearing) []string {
	return steps("let the client resume (reuse) the TLS session of the control connection on data connections",
		"or switch this requirement off at the server"+c.settings(settings.NoResumption))
}

// workedWithout reports whether a data connection carried data though its handshake
// resumed no session: the server does not demand that.
func workedWithout(c *hearing) bool {
	return slices.ContainsFunc(c.Transfers, func(t record.Transfer) bool {
		return t.Handshake != nil && t.Handshake.Full && t.PlainBytes != nil && *t.PlainBytes > 0
	})
}

// endedBy reports whether the server ended the control connection.
func endedBy(c *hearing, server *flow.Half) bool {
	client, _ := c.Halves(&c.Notes.Control)
	return earlier(server.FIN, client.FIN) && earlier(server.FIN, client.RST) || earlier(server.RST, client.FIN) && earlier(server.RST, client.RST)
}

// handshakeFailed is a handshake of the control connection that did not lead to a
// session.
func handshakeFailed(c *hearing) *record.Verdict {
	x := c.Handshake
	if !c.IsUnderTLS() || x == nil || len(c.Transfers) > 0 {
		return nil
	}
	if g := &c.Notes.Greeting; x.ClientHello.Seen() && !x.ServerHello.Seen() && g.Code != 0 && c.TLS == record.TLSImplicit {
		return c.impatientTLS(x.ClientHello.Pos)
	}
	control := &c.Notes.Control
	if a := x.Alert; a.Mark.Seen() && a.Fatal {
		by := a.By()
		v := begin(record.CauseTLSFailed, by, record.Certain, x.ClientHello.Pos, a.Mark.Pos)
		v.Text = sentence("the TLS handshake failed: the " + by + " sent the alert “" + a.Name + "”" + c.packets(a.Mark.Pos) + blemish(x))
		v.Next = alertSteps(x, a.Name, a.ByServer)
		return v
	}
	if a := x.Alert; a.Guessed && endedSoon(c, a.Mark) {
		return guessedAlert(c, x)
	}
	if x.ClientHello.Seen() && !x.ServerHello.Seen() && c.Capture.ServerSide && c.Capture.MissingBytes == 0 && control.Closing != flow.Cut {
		v := begin(record.CauseTLSFailed, record.AtServer, record.Open, x.ClientHello.Pos, control.Last.Pos)
		v.Or = []string{record.CauseTLSMismatch, record.CauseControlLost}
		if far := foreignReset(c, control, record.Server); far != "" {
			resetBetween(v, "a RST in the server's name, which it did not send, answered the client's TLS hello"+c.packets(x.ClientHello.Pos, c.reset(control).at.Pos)+": "+far)
			return v
		}
		v.Text = sentence("the server did not answer the client's TLS hello" + c.packets(x.ClientHello.Pos) + ", and the connection ended" + c.packets(control.Last.Pos))
		v.Next = steps("look at the server's log: its certificate, key and TLS versions", "a firewall that inspects FTP may drop what it cannot read: compare with a capture at the server")
		return v
	}
	return nil
}

// patience is how long servers wait for a TLS hello at least: one that ends the connection
// sooner does not do so for want of it.
const patience = 5 * flow.Second

// neverBegan is TLS that the server agreed to, and that no hello of the client began.
func neverBegan(c *hearing) *record.Verdict {
	control, auth := &c.Notes.Control, c.Notes.AuthTLS
	if !c.Notes.Unbegun || !c.gapless() || control.Closing == flow.Cut {
		return nil
	}
	e, far := c.ended(control), ""
	if e.rst {
		far = foreignReset(c, control, e.by)
	}
	agreed := "the server agreed to AUTH" + c.packets(auth.Pos) + ", and "
	v := begin(record.CauseTLSFailed, e.by, record.Likely, auth.Pos, e.at.Pos)
	switch waited := e.at.Time - auth.Time; {
	case far != "":
		resetBetween(v, agreed+"a RST in the "+e.by+"'s name, which it did not send, ended the connection"+c.packets(e.at.Pos)+" before any TLS hello came", far)
	case e.by == record.Client:
		v.Text = sentence(agreed + "the client ended the connection" + c.packets(e.at.Pos) + " without a TLS hello")
		v.Next = steps("look at the client's log: can it do TLS at all, and what did it not like?")
	case waited >= patience:
		v.At, v.Certainty, v.Or = record.AtClient, record.Open, []string{record.CauseControlLost}
		v.Text = sentence(agreed + "no TLS hello came for " + prose.Lasting(waited) + ", until the server ended the connection" + c.packets(e.at.Pos))
		v.Next = steps("capture at the client: if its hello leaves there, something on the way drops what it cannot read", "if it does not, look at the client's log")
	default:
		v.Text = sentence(agreed + "then ended the connection" + c.packets(e.at.Pos) + " before a TLS hello came")
		v.Next = steps("look at the server's log: its certificate, key and TLS versions")
	}
	return v
}

// resetBetween makes v the verdict of a RST that neither side sent, where TLS was to begin.
func resetBetween(v *record.Verdict, text ...string) {
	v.Cause, v.At, v.Certainty, v.Or = record.CauseControlLost, record.AtFirewall, record.Certain, nil
	v.Text = sentence(text...)
	v.Next = steps("look at firewalls and intrusion prevention between the two: they reset what they cannot read", "or let the client use implicit TLS (port 990)")
}

// endedSoon reports whether the control connection ended without another word of either
// side.
func endedSoon(c *hearing, after flow.Mark) bool {
	const soon = 2 * flow.Second
	control := &c.Notes.Control
	return control.Closing != flow.Cut && c.gapless() && control.Last.Time-after.Time < soon
}

// guessedAlert is an encrypted record with the length of an alert where Finished was due.
func guessedAlert(c *hearing, x *record.TLSInfo) *record.Verdict {
	by, why, place := x.Alert.By(), "so does a client that does not take the server's certificate", "where its end was due"
	if x.Alert.Late {
		place = "where its first reply was due"
	}
	if x.Alert.ByServer {
		why = "so does a server that does not take the client's certificate, or wants one"
	}
	v := begin(record.CauseTLSFailed, by, record.Likely, x.ClientHello.Pos, x.Alert.Mark.Pos)
	v.Text = sentence("the TLS handshake most likely failed: " + place + ", the " + by + " sent an encrypted record that is as long as an alert" + c.packets(x.Alert.Mark.Pos) +
		", and the connection ended: " + why + blemish(x))
	v.Next = append(alertSteps(x, "certificate unknown", x.Alert.ByServer), "the "+by+"'s log names the alert")
	return v
}

// blemish says what of the server's certificate explains that a client does not take it;
// empty: nothing that can be seen.
func blemish(h *record.TLSInfo) string {
	switch x := h.Certificate; {
	case !x.Read() || h.Alert.ByServer:
		return ""
	case x.Expired():
		return "; the server's certificate had expired"
	case x.Early():
		return "; the server's certificate was not valid yet"
	case x.SelfSigned:
		return "; the server's certificate is self-signed"
	}
	return ""
}

// alertSteps are what to do about an alert.
func alertSteps(x *record.TLSInfo, name string, byServer bool) []string {
	switch name {
	case "unknown CA", "bad certificate", "certificate unknown", "certificate expired", "unsupported certificate", "certificate revoked", "certificate required":
		if byServer { // RFC 8446 section 4.4.2: it asked the client for one
			return steps("the server rejects the client's certificate, or requires one: give the client the certificate that the server's administrator issued", "or let the server not ask for it")
		}
		return steps("let the client trust the issuer of the certificate, if it is the right one", "or give the server a certificate that the client trusts, with its chain and the right names, and valid today")
	case "unrecognized name":
		named := "that the client names"
		if x.ServerName != "" {
			named = prose.Quote(x.ServerName) + ", which the client names"
		}
		return steps("the server has no certificate for the host "+named+" (SNI): let the client use the server's own name", "or give the server a certificate for that name")
	case "protocol version", "handshake failure", "insufficient security", "inappropriate fallback":
		return steps("compare the TLS versions and ciphers of both sides: update the older side", "permit older versions only if that is impossible")
	}
	return steps("look for the alert in the logs of both sides")
}
