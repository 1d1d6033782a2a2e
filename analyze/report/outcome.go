package report

import (
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// outcomeSentence tells what the ladder's last line means, where it is not plain success.
func outcomeSentence(s *record.Session, t *record.Transfer) string {
	switch t.Outcome {
	case record.NoConnection:
		return noConnection(s, t)
	case record.Denied:
		return "The server denied the transfer" + said(t) + ", so no data connection was needed."
	case record.Aborted:
		if t.Preliminary == nil && t.Reply != nil && t.Bytes != nil && *t.Bytes == 0 {
			return "The server refused the transfer" + said(t) + " before any data were sent; the data connection, already open, was for nothing."
		}
		return "The data connection was open but the transfer was aborted" + said(t) + "; " + carried(t) + "."
	case record.Incomplete:
		if p := progress(t); p != "" {
			return "The capture holds no final reply; it shows " + p + "."
		}
		return "The capture holds no final reply, so whether the transfer ended well is not known."
	case record.Unused:
		return "The data connection was negotiated but never used."
	case record.Rejected:
		return "The server rejected the negotiation" + said(t) + "."
	}
	if opened(t) && t.Initiator == record.ThirdParty {
		return "Neither the client nor the server but " + t.Connection.Src.Addr().String() + " opened the data connection."
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
	if t.Bytes == nil {
		return "how much it carried is not known"
	}
	if p := progress(t); p != "" {
		return p + " had been sent"
	}
	return prose.Many(*t.Bytes, "byte") + " had been sent"
}

// noConnection tells why there was no data connection.
func noConnection(s *record.Session, t *record.Transfer) string {
	who := "the client"
	if t.ExpectedInitiator != nil {
		who = "the " + *t.ExpectedInitiator
	}
	e, known := target(t)
	to := ""
	if known {
		to = " to " + e.String()
	}
	c := t.Connection
	if c == nil && t.Method == record.MethodDefault {
		return "Neither PORT nor PASV had been agreed on, and the server did not try the port that holds without (RFC 959 section 3.2)."
	}
	if c == nil {
		return prose.Sentence(who + " should have opened the data connection" + to + ", but the capture holds no SYN: " +
			"it never tried, or its SYN was dropped before it came to the place of capture")
	}
	if detour(t) {
		to = " to " + c.Dst.String() + " (announced was " + e.String() + ")"
	}
	by := "the " + party(t.Initiator)
	if t.Initiator == record.ThirdParty {
		by = "a third host, " + c.Src.Addr().String() + ","
	}
	text := by + " tried to open the data connection" + to + " with " + prose.Many(c.Attempts, "SYN")
	switch c.State {
	case "unanswered":
		text += " and got no answer: a firewall that drops them looks like this"
		if a := c.Dst.Addr(); a != s.Client.Addr() && a != s.Server.Addr() {
			text += ", and so does an address that leads nowhere"
		}
	case "refused":
		text += " and was refused by RST: nothing listened there, or a firewall rejected it"
	case "unreachable":
		text += " and a router or host answered that it cannot be reached (" + verdict(t) + ")"
	default:
		text += ", but no transfer came of it" + said(t)
	}
	return prose.Sentence(text + privateHint(s, t))
}

// privateHint explains a private address announced to a peer that is reached by a public one.
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
	if t.Outcome != record.OK || !opened(t) || !detour(t) {
		return ""
	}
	return "The announced endpoint was " + t.Announced.String() + ", but the connection went to " + t.Connection.Dst.String() +
		": address translation (NAT) changed one of them, or the peer ignored the announced address."
}
