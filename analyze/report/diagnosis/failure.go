package diagnosis

import (
	"net/netip"
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// LastTry says how the last try of a data connection ended.
func LastTry(t *record.Transfer) string {
	switch t.Connection.State {
	case record.Refused:
		return "refused"
	case record.Unanswered:
		return "no answer"
	case record.Unreachable:
		if i := ICMPOf(t); i != nil {
			return icmpWords(ICMPRecord(i))
		}
		return "unreachable"
	}
	if Lone(t) {
		return "no answer in this capture"
	}
	return "too little seen to say how it ended"
}

// Lone reports whether of a data connection the capture holds one SYN and nothing else,
// which says nothing of who answered.
func Lone(t *record.Transfer) bool {
	c := t.Notes.Conn
	return c != nil && c.State == flow.Unknown && c.SYNs == 1 && !c.SYNACK.Seen() &&
		c.Half[flow.Out].Packets == 1 && c.Half[flow.In].Packets == 0
}

// ICMPOf is the ICMP error that met a transfer's data connection.
func ICMPOf(t *record.Transfer) *flow.ICMP {
	if c := t.Notes.Conn; c != nil && c.ICMP != nil {
		return c.ICMP
	}
	for i := range t.Notes.Tried {
		if e := t.Notes.Tried[i].ICMP; e != nil {
			return e
		}
	}
	return nil
}

// ICMPRecord is an ICMP error as the record has it.
func ICMPRecord(i *flow.ICMP) *record.ICMP {
	return &record.ICMP{From: i.From.Addr(), Type: int(i.Type), Code: int(i.Code)}
}

// icmpWords names an error and who sent it: "host unreachable, says 10.0.0.1".
func icmpWords(i *record.ICMP) string {
	return ICMPName(i) + ", says " + i.From.Unmap().String()
}

// ICMPName names an error: "host unreachable".
func ICMPName(i *record.ICMP) string {
	if name := prose.ICMPName(i.From, i.Type, i.Code); name != "" {
		return name
	}
	return "ICMP type " + strconv.Itoa(i.Type) + " code " + strconv.Itoa(i.Code)
}

// Attempt says how tries of a control connection ended.
func Attempt(a *record.Attempt) string {
	switch a.State {
	case record.Refused:
		return "refused"
	case record.Unanswered:
		return "no answer"
	case record.Unreachable:
		if a.ICMP != nil {
			return icmpWords(a.ICMP)
		}
	}
	return prose.Escape(a.State)
}

// Target is the endpoint that a transfer's connection should have gone to; ok is false
// when none was announced.
func Target(t *record.Transfer) (netip.AddrPort, bool) {
	if t.Announced != nil {
		return *t.Announced, true
	}
	if t.Connection != nil {
		return t.Connection.Dst, true
	}
	return netip.AddrPort{}, false
}

// Detour reports whether the connection went to another endpoint than the announced one.
func Detour(t *record.Transfer) bool {
	return t.Announced != nil && t.Connection != nil && t.Connection.Dst != *t.Announced
}

// Outcome tells what the ladder's last line means, where it is not plain success.
func Outcome(s *record.Session, t *record.Transfer) string {
	switch t.Outcome {
	case record.NoConnection:
		return noConnection(s, t)
	case record.Denied:
		if t.Opened() {
			return "The server denied the transfer" + said(t) + " before any data were sent; the data connection was already open and was not used."
		}
		return "The server denied the transfer" + said(t) + ", so no data connection was needed."
	case record.Aborted:
		return "The data connection was open but the transfer was aborted" + said(t) + "; " + carried(t) + "."
	case record.Incomplete:
		if Running(s, t) {
			return "The transfer goes on."
		}
		if p := Progress(t); p != "" {
			return "The capture holds no final reply; it shows " + p + "."
		}
		return "The capture holds no final reply, so whether the transfer ended well is not known."
	case record.Unused:
		return "The data connection was negotiated but never used."
	case record.Rejected:
		return "The server rejected the negotiation" + said(t) + "."
	}
	if t.Opened() && t.Initiator == record.ThirdParty {
		return "A third host, " + t.Connection.Src.Addr().String() + ", opened the data connection."
	}
	return natSentence(s, t)
}

func said(t *record.Transfer) string {
	if t.Reply == nil || t.Reply.Code == 0 {
		return ""
	}
	return " (reply " + strconv.Itoa(t.Reply.Code) + ")"
}

func carried(t *record.Transfer) string {
	if t.Carried() == nil {
		return "it is unknown how much it carried"
	}
	if p := Progress(t); p != "" {
		return p + " had been sent"
	}
	return prose.Many(*t.Carried(), "byte") + " had been sent"
}

// noConnection tells why there was no data connection.
func noConnection(s *record.Session, t *record.Transfer) string {
	who := "the client"
	if t.ExpectedInitiator != nil {
		who = "the " + *t.ExpectedInitiator
	}
	e, known := Target(t)
	to := ""
	if known {
		to = " to " + e.String()
	}
	c := t.Connection
	if c == nil && t.Method == record.MethodDefault {
		return "Neither PORT nor PASV had been negotiated, and the server did not try the default port (RFC 959 section 3.2)."
	}
	if c == nil {
		return prose.Sentence(who + " should have opened the data connection" + to + ", but the capture holds no SYN: " +
			"it never tried, or its SYN was dropped before it reached the place of capture")
	}
	if Detour(t) {
		to = " to " + c.Dst.String() + " (announced: " + e.String() + ")"
	}
	by := "the " + Party(t.Initiator)
	if t.Initiator == record.ThirdParty {
		by = "a third host, " + c.Src.Addr().String() + ","
	}
	text := by + " tried to open the data connection" + to + " with " + prose.Many(c.Attempts, "SYN")
	switch c.State {
	case record.Unanswered:
		text += " and got no answer: that is what a firewall that drops them looks like"
		if a := c.Dst.Addr(); a != s.Client.Addr() && a != s.Server.Addr() {
			text += ", or an address that leads nowhere"
		}
	case record.Refused:
		text += " and was refused with RST: nothing listened there, or a firewall rejected it"
	case record.Unreachable:
		text += " and a router or host answered that it is unreachable (" + LastTry(t) + ")"
	default:
		text += ", but no transfer came of it" + said(t)
	}
	return prose.Sentence(text + privateHint(s, t))
}

// privateHint explains a private address announced to a peer that is reached by a public
// one.
func privateHint(s *record.Session, t *record.Transfer) string {
	if t.Announced == nil || t.ExpectedInitiator == nil {
		return ""
	}
	announcer, peer := "server", s.Server.Addr()
	if *t.ExpectedInitiator == record.Server {
		announcer, peer = "client", s.Client.Addr()
	}
	if a := t.Announced.Addr(); a == peer || !a.IsPrivate() || peer.IsPrivate() {
		return ""
	}
	return ". The " + announcer + " announced a private address although its peer reaches it as " + peer.String() +
		": address translation (NAT) between them did not change the announcement"
}

// natSentence tells of a transfer that worked although it went elsewhere than announced.
func natSentence(_ *record.Session, t *record.Transfer) string {
	if t.Outcome != record.OK || !t.Opened() || !Detour(t) {
		return ""
	}
	return "The announced endpoint was " + t.Announced.String() + ", but the connection went to " + t.Connection.Dst.String() +
		": address translation (NAT) changed one of them, or the peer ignored the announced address."
}
