package verdict

import (
	"net/netip"
	"slices"
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

// Data connections that were not opened: what the server said of it, whether what was
// announced can be reached at all, then what met the SYN.

var openings = []judge{
	proxyRefused,
	saidNotLoggedIn, saidUnprotected, saidWrongPeer, saidNoNegotiation, saidExhausted, saidFull, saidError, saidHandshake, unresumed, noEndpoint, saidRefused, otherFamily, wrongSource,
	untranslated, passedUnchanged, droppedHere, answeredLate, establishedInVain, answerLost, refused, unreachable, farPort, unanswered, oneSided, suspected, saidTimedOut, neverTried, late, unexplained,
}

var leftUnused = []judge{unansweredOffer, saidNothing, droppedHere, dialledInVain, nowhere, superfluous}

// opening begins a verdict on a data connection.
func opening(t *record.Transfer, cause, at string) *record.Verdict {
	v := about(t, cause, at)
	v.Certainty = record.Likely
	for i := range t.Notes.Tried {
		x := &t.Notes.Tried[i]
		v.Frames = append(v.Frames, x.SYN.Pos)
		v.Frames = append(v.Frames, x.SYNsAt()...)
	}
	return v
}

// met reports whether the transfer's connection met this fate.
func met(t *record.Transfer, s flow.State) bool {
	return t.Notes.Conn != nil && t.Connection != nil && t.Notes.Conn.State == s
}

// noEndpoint is a PORT or a 227 that names nothing to connect to.
func noEndpoint(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Announced != nil || t.Connection != nil || t.Method == record.MethodDefault || t.Method == record.MethodEncrypted || !c.gapless() {
		return nil
	}
	if t.Mode == record.Passive && (t.Notes.Answer == nil || t.Notes.Answer.Code >= 300 || t.Notes.Answer.Cut) {
		return nil
	}
	return c.invalidEndpoint(t)
}

func (c *hearing) invalidEndpoint(t *record.Transfer) *record.Verdict {
	v := about(t, record.CauseEndpointInvalid, record.AtClient)
	said := t.Method
	if t.Notes.Asked != nil {
		said = t.Notes.Asked.Text
	}
	text := "the client's " + t.Method + " names no usable endpoint: " + prose.Quote(said) + c.packets(t.Frames.Negotiation)
	v.Next = steps("let the client use passive mode (" + passives(c) + "): its " + t.Method + " is malformed, so look for a bug in the client, or in a NAT that rewrites the command")
	if a := t.Notes.Answer; t.Mode == record.Passive && a != nil {
		v.At = record.AtServer
		v.Frames = append(v.Frames, a.Pos)
		text = "the server's reply to " + t.Method + " names no usable endpoint: it replied " + quoted(a) + c.packets(a.Pos)
		v.Next = steps("let the client use EPSV, whose reply names a port only", "look for a bug in the server, or in a NAT that rewrites the reply")
	}
	v.Text = sentence(text, c.then(t))
	return v
}

// otherFamily is an address that means nothing at the other side.
func otherFamily(c *hearing, t *record.Transfer) *record.Verdict {
	switch {
	case t.Announced == nil || t.Connection != nil && t.Notes.Conn.State == flow.Established:
		return nil
	case t.Mode == record.Active && flow.NAT64.Contains(c.Server.Addr()) && t.Announced.Addr().Is6():
		return c.familyVerdict(t, prose.Clauses(t.Method+" named the IPv6 address "+t.Announced.Addr().String()+c.packets(t.Frames.Negotiation)+", which an IPv4 host cannot reach", c.then(t)))
	case t.Announced.Addr().Is4() != c.Server.Addr().Is4():
		return c.familyVerdict(t, prose.Clauses(t.Method+" named "+t.Announced.Addr().String()+c.packets(t.Frames.Negotiation)+" on a control connection to "+c.Server.Addr().String(), c.then(t)))
	}
	return nil
}

// wrongSource is a server that opens its data connection from another address than its
// control connection's: a firewall that follows FTP does not expect it.
func wrongSource(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Initiator != record.ThirdParty || t.Mode != record.Active || t.Connection == nil || met(t, flow.Established) && (t.Carried() == nil || *t.Carried() > 0) {
		return nil
	}
	src := t.Connection.Src
	if src.Port() != flow.PortFTPData && flow.Hops(t.Notes.Conn.Half[flow.Out].TTL) != c.Distance(c.Server.Addr()) {
		return nil
	}
	v := opening(t, record.CauseDataWrongPeer, record.AtServer)
	so := ", so firewalls and NATs that follow FTP do not let it in"
	if v.Or = []string{record.CauseDataBlocked}; met(t, flow.Established) {
		so, v.Or = ", and clients that check their peer do not take data from it", nil
	}
	v.Text = sentence("the server opens the data connection from "+src.Addr().String()+c.packets(t.Frames.SYN)+", another address than the control connection's ("+
		c.Server.Addr().String()+")"+so, c.outcomeOf(t), c.then(t))
	v.Next = steps("let the server use one address for both"+c.settings(settings.OneAddress),
		"or permit TCP from "+src.Addr().String()+" to the client as well", orPassive(c))
	return v
}

// outcomeOf says what met the SYNs of a transfer's connection.
func (c *hearing) outcomeOf(t *record.Transfer) string {
	if t.Connection == nil {
		return ""
	}
	n := prose.Many(t.Connection.Attempts, "SYN")
	switch t.Notes.Conn.State {
	case flow.Unanswered:
		return n + " to " + t.Connection.Dst.String() + " got no answer" + c.packets(t.Frames.SYN)
	case flow.Refused:
		return n + " to " + t.Connection.Dst.String() + " met RST"
	case flow.Unreachable:
		return n + " to " + t.Connection.Dst.String() + " met an ICMP error"
	}
	return ""
}

// untranslated is an announced address that is not the one by which its host is known.
func untranslated(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Announced == nil || c.Client.Addr() == c.Server.Addr() || t.Connection == nil && reached(c, t) {
		return nil
	}
	host, _ := c.announcer(t)
	announced := t.Announced.Addr()
	if announced == host || t.Connection != nil && t.Connection.Dst.Addr() != announced || t.Connection == nil && !flow.IsInternal(announced) && flow.IsInternal(host) {
		return nil // seen inside, where the address is translated already
	}
	v := opening(t, record.CauseAddressUntranslated, record.AtNAT)
	if t.Mode == record.Active && !flow.IsInternal(announced) {
		if !elsewhere(announced, host) {
			return nil
		}
		v.Certainty, v.Or = record.Open, []string{record.CauseDataBlocked}
	}
	who, as := "client", "the server sees it as "
	if t.Mode == record.Passive {
		who, as = "server", "the client reaches it as "
	}
	nobody := ""
	if t.Connection == nil {
		nobody = "no data connection followed"
	}
	v.Text = sentence("the "+who+" announced "+prose.InternalKind(announced)+announced.String()+" by "+t.Method+c.packets(t.Frames.Negotiation)+", but "+as+host.String(),
		c.outcomeOf(t), nobody, c.then(t))
	v.Next = c.translate(t)
	return v
}

// elsewhere reports whether two addresses are of different networks, as far as one can
// guess: another /16.
func elsewhere(a, b netip.Addr) bool {
	bits := 16
	if a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	return err == nil && !p.Contains(b)
}

// establishedInVain is a connection that one side saw open and the server did not get:
// something on the way answered the SYN.
func establishedInVain(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Established) {
		return nil
	}
	if t.Initiator == record.ThirdParty {
		return stolen(c, t)
	}
	if v := late(c, t); v != nil {
		return v
	}
	conn := t.Notes.Conn
	dst := conn.Dst.Addr()
	ttl := conn.Half[flow.In].TTL
	if c.madeBy(dst, ttl) == madeBetween && conn.SYNACK.Seen() {
		v := opening(t, record.CauseDataRejected, record.AtFirewall)
		v.Frames = append(v.Frames, conn.SYNACK.Pos)
		v.Text = sentence("something on the way answered the SYN of the data connection in the name of "+c.party(dst)+c.packets(conn.SYNACK.Pos)+": "+c.hopsApart(dst, ttl), c.then(t))
		v.Next = steps("look for a firewall, SYN proxy or TCP accelerator on the way that accepts the connection and does not forward it", c.permit(t))
		return v
	}
	return duringTransfer(c, t)
}

// slowAnswer is how long a SYN-ACK takes at least that is late for its path's sake.
const slowAnswer = flow.Second

// answeredLate is a data connection whose SYN-ACK came when the server had given up.
func answeredLate(c *hearing, t *record.Transfer) *record.Verdict {
	conn := t.Notes.Conn
	if conn == nil || t.Connection == nil || t.Reply == nil || t.Reply.Code < 400 || !conn.SYN.Seen() || !conn.SYNACK.Seen() ||
		conn.SYN.Time > t.Reply.Time.Time || conn.SYNACK.Time < t.Reply.Time.Time || conn.SYNACK.Time-conn.SYN.Time < slowAnswer {
		return nil
	}
	v := opening(t, record.CauseDataLoss, record.AtPath)
	v.Frames = append(v.Frames, conn.SYNACK.Pos)
	v.Text = sentence(c.party(conn.Src.Addr())+" tried "+prose.Times(t.Connection.Attempts)+" to open the data connection to "+conn.Dst.String()+c.packets(conn.SYN.Pos, conn.LastSYN.Pos)+
		", and the answer came "+prose.Lasting(conn.SYNACK.Time-conn.SYN.Time)+" later"+c.packets(conn.SYNACK.Pos)+", when the server had given up", c.then(t))
	v.Next = steps("look for a path that is slow or loses packets between "+conn.Src.Addr().String()+" and "+conn.Dst.Addr().String()+": the handshake takes longer than the server waits",
		"raise the server's time limit for data connections")
	return v
}

// answerLost is a SYN that was answered with SYN-ACK, and an opener that did not go on.
func answerLost(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Unknown) || !t.Notes.Conn.SYN.Seen() || !t.Notes.Conn.SYNACK.Seen() || !c.gapless() {
		return nil
	}
	conn := t.Notes.Conn
	opener, other := c.party(conn.Src.Addr()), c.party(conn.Dst.Addr())
	v := opening(t, record.CauseDataBlocked, record.AtFirewall)
	v.Frames = append(v.Frames, conn.SYNACK.Pos)
	fate := "after it, this capture shows nothing from " + opener
	switch {
	case conn.Half[flow.Out].RST.Seen():
		v.Cause, v.At = record.CauseDataReset, c.place(conn.Src.Addr())
		v.Frames = append(v.Frames, conn.Half[flow.Out].RST.Pos)
		fate = "then " + opener + " gave up with RST" + c.packets(conn.Half[flow.Out].RST.Pos)
	case conn.LastSYN.Time > conn.SYNACK.Time:
		fate = opener + " sent its SYN again after it, so the answer did not get through"
	case conn.Half[flow.In].Packets > 1:
		fate = other + " sent it again, so no ACK arrived"
	default:
		v.Certainty, v.Or = record.Open, []string{record.CauseNotCaptured}
	}
	v.Text = sentence(opener+" tried "+prose.Times(t.Connection.Attempts)+" to open the data connection to "+conn.Dst.String()+c.packets(conn.SYN.Pos, conn.LastSYN.Pos)+", and "+other+
		" answered with SYN-ACK"+c.packets(conn.SYNACK.Pos), fate, c.then(t))
	v.Next = steps("look at the path back from "+conn.Dst.Addr().String()+" to "+conn.Src.Addr().String()+
		": a firewall or NAT that does not see both directions (asymmetric routing) or drops packets to that port", "capture at "+opener+" at the same time")
	return v
}

func refused(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Refused) {
		return nil
	}
	conn := t.Notes.Conn
	dst := conn.Dst.Addr()
	answer := &conn.Half[flow.In]
	v := opening(t, record.CauseDataRefused, c.place(dst))
	v.Frames = append(v.Frames, answer.RST.Pos)
	tried := c.party(conn.Src.Addr()) + " tried " + prose.Times(t.Connection.Attempts) + " to open the data connection to " + conn.Dst.String()
	switch c.madeBy(dst, answer.TTL) {
	case madeBetween:
		v.Cause, v.At = record.CauseDataRejected, record.AtFirewall
		v.Text = sentence(tried+", and something on the way answered with RST"+c.packets(answer.RST.Pos)+": "+c.hopsApart(dst, answer.TTL), c.then(t))
		v.Next = steps("look for the firewall or NAT that rejects it", c.permit(t))
		return v
	case cannotTell:
		if c.Routed() { // the router itself may reject it
			v.Certainty, v.Or = record.Open, []string{record.CauseDataRejected}
		}
	case madeByEnd:
		v.Certainty = record.Certain
		if dst != c.Client.Addr() && dst != c.Server.Addr() {
			v.Certainty = record.Likely
		}
	}
	told := ""
	if v.Certainty != record.Certain {
		told = asFar(c, dst, answer.TTL)
	}
	v.Text = sentence(tried+", and "+c.party(dst)+" answered with RST"+c.packets(answer.RST.Pos), told, c.then(t))
	if v.Certainty == record.Open {
		v.Text = sentence(tried+", and was answered with RST"+c.packets(answer.RST.Pos)+" in the name of "+c.party(dst), "the capture was taken on both sides of a router, which may have made it", c.then(t))
	}
	switch replaced := newer(c, t); {
	case replaced != nil:
		v.Text = sentence(tried+", and "+c.party(dst)+" answered with RST"+c.packets(answer.RST.Pos), "before that, a newer "+replaced.Method+c.packets(replaced.Frames.Negotiation)+" had replaced this one", c.then(t))
		v.Next = steps("let the client connect to the port that was announced last, or not ask twice: servers close the earlier ports")
	case dst.IsLoopback() && dst == c.Server.Addr():
		v.Next = throughTunnel()
	case dst == c.Client.Addr() && t.Method == record.MethodDefault:
		v.Next = steps("let the client send " + offers(c) + " before each transfer: it sent none, so the server tried the default port (RFC 959 section 3.2)")
	case dst == c.Client.Addr():
		v.Next = steps("does the client still listen on the port that it announced? Look for a program or firewall on the client that refuses", orPassive(c))
	default:
		v.Next = steps("does anything listen on port "+strconv.Itoa(int(conn.Dst.Port()))+" of the server? A container, a forwarded port or a second machine may get the data connections instead",
			"look for a firewall on the server that rejects its passive ports"+c.settings(settings.PassiveRange))
	}
	return v
}

// A port is far from those that worked when it is at least maxSpread outside of them, and
// at least three of them lie closer together than that.
const (
	maxSpread  = 1000
	fewestSeen = 3
)

// farPort is a passive port that is not of the range that worked.
func farPort(c *hearing, t *record.Transfer) *record.Verdict {
	w := c.ports
	if t.Mode != record.Passive || t.Announced == nil || w == nil || w.count < fewestSeen || w.high-w.low >= maxSpread || met(t, flow.Established) {
		return nil
	}
	port := t.Announced.Port()
	if int(port) > int(w.low)-maxSpread && int(port) < int(w.high)+maxSpread {
		return nil
	}
	v := opening(t, record.CausePortsExhausted, record.AtServer)
	v.Or = []string{record.CauseDataBlocked}
	v.Text = sentence("the server announced port "+strconv.Itoa(int(port))+c.packets(t.Frames.Negotiation)+", far from the ports "+strconv.Itoa(int(w.low))+"–"+strconv.Itoa(int(w.high))+
		" that worked, so its range is used up, and it took some other port, which the firewall does not permit", c.outcomeOf(t), c.then(t))
	v.Next = steps(enlarge(c), "permit that range, not the port of this transfer", "look for hanging transfers that hold ports")
	return v
}

func unanswered(c *hearing, t *record.Transfer) *record.Verdict {
	if !met(t, flow.Unanswered) {
		return nil
	}
	conn := t.Notes.Conn
	v := opening(t, record.CauseDataBlocked, record.AtFirewall)
	fate, lacks := " and got no answer", ""
	if !c.Capture.ClientSide || !c.Capture.ServerSide {
		v.Certainty, v.Or = record.Open, []string{record.CauseNotCaptured}
		fate, lacks = ", and it seems that no answer came", c.lacks()
	}
	v.Text = sentence(c.party(conn.Src.Addr())+" tried "+prose.Times(t.Connection.Attempts)+" to open the data connection to "+conn.Dst.String()+
		c.packets(conn.SYN.Pos, conn.LastSYN.Pos)+fate, lacks, c.whereDropped(conn), c.then(t))
	elsewhere := "capture at " + c.party(conn.Dst.Addr()) + " at the same time: if the SYNs arrive there, its own firewall most likely drops them"
	if arrived(c, conn) {
		elsewhere = ""
	}
	v.Next = steps(c.permit(t), elsewhere)
	return v
}

// arrived reports whether a connection's SYNs were captured next to their destination.
func arrived(c *hearing, conn *flow.Conn) bool {
	return c.Distance(conn.Src.Addr()) > 0 && c.Distance(conn.Dst.Addr()) == 0
}

// whereDropped says what the place of capture tells of unanswered SYNs.
func (c *hearing) whereDropped(conn *flow.Conn) string {
	near, far := c.Distance(conn.Src.Addr()), c.Distance(conn.Dst.Addr())
	switch {
	case near < 0 || far < 0:
		return ""
	case arrived(c, conn):
		return "the capture was taken next to " + c.party(conn.Dst.Addr()) + " (by the TTLs), so the SYNs got that far: its own firewall, or one right in front of it, most likely drops them"
	case near == 0 && far > 0:
		return "the capture was taken next to " + c.party(conn.Src.Addr()) + " (by the TTLs), so it does not show how far the SYNs got"
	}
	return ""
}

// oneSided is a failure of which the capture lacks the side that would tell.
func oneSided(c *hearing, t *record.Transfer) *record.Verdict {
	lacks := c.lacks()
	if c.gapless() {
		if c.Capture.FromStart || t.Notes.Asked != nil {
			return nil
		}
		lacks = "it begins after the offer"
	}
	v := about(t, record.CauseNotCaptured, record.AtCapture)
	v.Certainty, v.Or = record.Open, []string{record.CauseDataNeverTried, record.CauseDataBlocked}
	v.Text = sentence(named(t)+" had no data connection in this capture", lacks, c.then(t))
	v.Next = steps("capture both directions, at the client or at the server")
	return v
}

// suspected is a host inside that announces itself to one outside, and nobody comes: seen
// from inside, a NAT that does not translate looks so.
func suspected(c *hearing, t *record.Transfer) *record.Verdict {
	host, other := c.announcer(t)
	if x := counterpart(c, t); x != nil && x.Announced != nil && t.Announced != nil && *x.Announced != *t.Announced {
		return nil // a NAT did so
	}
	if t.Connection != nil || t.Announced == nil || reached(c, t) || !flow.IsInternal(t.Announced.Addr()) || t.Announced.Addr() != host || flow.IsInternal(other) {
		return nil
	}
	v := opening(t, record.CauseAddressUntranslated, record.AtNAT)
	v.Or = []string{record.CauseDataNeverTried, record.CauseDataBlocked}
	who, whom := "client", "server"
	if t.Mode == record.Passive {
		who, whom = whom, who
	}
	v.Text = sentence("the "+who+" announced "+prose.InternalKind(host)+host.String()+" by "+t.Method+c.packets(t.Frames.Negotiation)+" to a "+whom+" outside ("+other.String()+
		"), and no data connection followed: it seems that no NAT on the way translated the address", knownAs(c), c.then(t))
	v.Next = c.translate(t)
	return v
}

// knownAs says what the twin tells of the NAT on the way.
func knownAs(c *hearing) string {
	if o := c.Notes.Twin; o != nil && o.Client.Addr() != c.Client.Addr() {
		return "beyond the NAT the client is known as " + o.Client.Addr().String()
	}
	return ""
}

func neverTried(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Connection != nil {
		return nil
	}
	opener := record.Server
	at := record.AtServer
	if t.Mode == record.Passive {
		opener, at = record.Client, record.AtClient
	}
	v := opening(t, record.CauseDataNeverTried, at)
	if o := older(c, t); o != nil {
		v.Frames = append(v.Frames, o.Frames.SYN)
		v.Text = sentence("the client connected to "+o.Connection.Dst.String()+c.packets(o.Frames.SYN)+", which an earlier "+o.Method+" had announced, and not to "+t.Announced.String()+", which took its place"+c.packets(t.Frames.Negotiation), c.then(t))
		v.Next = steps("let the client connect to the port that was announced last, or not ask twice: servers close the others")
		return v
	}
	near := c.takenAt()
	if near != at {
		v.Certainty, v.Or = record.Open, []string{record.CauseDataBlocked}
	}
	switch shown, unshown := dataShown(c); {
	case unshown > 0 && shown == 0:
		return filtered(c, t, unshown)
	case shown == 0:
		v.Certainty, v.Or = record.Open, []string{record.CauseDataBlocked, record.CauseNotCaptured}
	}
	where := "no SYN for the data connection"
	if t.Announced != nil {
		where += " to " + t.Announced.String()
	}
	v.Text = sentence("the "+opener+" was to open the data connection of "+named(t)+", and "+where+" is in the capture", c.then(t))
	filter := ""
	if v.Certainty == record.Open && slices.Contains(v.Or, record.CauseNotCaptured) {
		filter = "was the capture filtered by port? Data connections use other ports than " + prose.Port(c.Server.Port()) + ": capture again without a filter"
	}
	v.Next = steps(filter, "capture at the "+opener+": if its SYNs leave it, a firewall drops them before they reach this place of capture", c.whyNot(opener))
	return v
}

// reached reports whether another transfer worked at the address that t announced, so that
// it can be reached.
func reached(c *hearing, t *record.Transfer) bool {
	return slices.ContainsFunc(c.Transfers, func(o record.Transfer) bool {
		return o.Outcome == record.OK && o.Command != nil && o.Mode == t.Mode && o.Announced != nil && o.Announced.Addr() == t.Announced.Addr() &&
			(o.Connection == nil || o.Connection.Dst.Addr() == t.Announced.Addr() && o.Notes.Via == nil)
	})
}

// dataShown counts the transfers that worked by whether the capture holds their data
// connections. Of a bounce nobody knows.
func dataShown(c *hearing) (shown, unshown int) {
	for i := range c.Transfers {
		switch t := &c.Transfers[i]; {
		case t.Connection != nil:
			shown++
		case t.Outcome == record.OK && t.Command != nil && !c.Bounces(t):
			unshown++
		}
	}
	return shown, unshown
}

// filtered is a failure in a capture that holds no data connections at all, although
// transfers worked: it was filtered, to port 21 perhaps.
func filtered(c *hearing, t *record.Transfer, unshown int) *record.Verdict {
	v := about(t, record.CauseNotCaptured, record.AtCapture)
	v.Certainty, v.Or = record.Open, []string{record.CauseDataNeverTried, record.CauseDataBlocked}
	v.Text = sentence("the capture holds no data connection of "+named(t)+", nor of any transfer that worked ("+prose.Number(uint64(unshown))+"): it was filtered, so it does not show what happened", c.then(t))
	v.Next = steps("capture again without a filter by port: the data connections use other ports than " + prose.Port(c.Server.Port()))
	return v
}

func (c *hearing) whyNot(opener string) string {
	if opener == record.Client {
		return "look for a firewall or setting on the client that keeps it from connecting, and check whether the server had closed the port"
	}
	return "look for a firewall or setting on the server that keeps it from connecting from " + dataPort(c)
}

// dataPort names the port from which a server opens data connections: the one below its
// control connection's (RFC 959 section 3.2), unless it takes any.
func dataPort(c *hearing) string {
	switch port := c.Server.Port(); port {
	case flow.PortFTP:
		return "port 20" + c.settings(settings.FromPort20)
	case 0, 1:
		return "its data port"
	default:
		return "its data port, usually any or " + strconv.Itoa(int(port)-1) + " (the control port minus 1)" + c.settings(settings.FromPort20)
	}
}

// saidNothing is an answer that was to announce an endpoint and names none.
func saidNothing(c *hearing, t *record.Transfer) *record.Verdict {
	return noEndpoint(c, t)
}

// unansweredOffer is an offer of which the server said neither yes nor no.
func unansweredOffer(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Notes.Asked == nil || t.Notes.Answer != nil || t.Connection != nil || !c.gapless() || c.Notes.Control.Closing == flow.Cut {
		return nil
	}
	v := about(t, record.CauseNoReply, record.AtServer)
	v.Certainty, v.Or = record.Open, []string{record.CauseControlLost}
	v.Text = sentence("the server did not answer " + prose.Quote(t.Notes.Asked.Text) + c.packets(t.Frames.Negotiation))
	v.Next = steps(passable(c, t.Notes.Asked.Text), "a firewall that inspects FTP may drop the command or the reply: compare with a capture at the server")
	return v
}

// dialledInVain is an offer after which the client waited and left: clients that dial
// before they command do that when no connection comes to be.
func dialledInVain(c *hearing, t *record.Transfer) *record.Verdict {
	if !t.Notes.InVain {
		return nil
	}
	for _, j := range []judge{otherFamily, untranslated, suspected, neverTried} {
		if v := j(c, t); v != nil {
			return v
		}
	}
	return nil
}

// nowhere is an offer of an address by which no other host is reached: a client that tries
// it does so within itself, which no capture shows, and leaves at once.
func nowhere(c *hearing, t *record.Transfer) *record.Verdict {
	if t.Announced == nil || t.N != len(c.Transfers) || c.didSomething() || !t.Announced.Addr().IsLoopback() && !t.Announced.Addr().IsUnspecified() {
		return nil
	}
	return untranslated(c, t)
}

func superfluous(c *hearing, t *record.Transfer) *record.Verdict {
	v := about(t, record.CauseNone, record.AtNone)
	v.Text = sentence("the client did not use what " + t.Method + " negotiated")
	if c.RealServer != "" { // behind a proxy, the request for it may be lost
		v.Certainty = record.Likely
	}
	return v
}
