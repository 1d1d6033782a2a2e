package finding

import (
	"fmt"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var negotiationRejected = Rule{
	ID: "negotiation-rejected", Severity: record.Medium,
	Title:   "data connection refused in words",
	Meaning: "The server answered PORT, EPRT, PASV or EPSV by 4yz or 5yz: it does not know the command, does not allow this mode, or has no port left.",
	judge:   rejections,
}

// rejections has one draft for each command and reply code: clients try again and again.
func rejections(c *Case) []draft {
	type key struct {
		method string
		code   int
	}
	var groups map[key]int
	var list []draft
	var firsts []*record.Transfer
	var counts []int
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Outcome != record.Rejected || t.Reply == nil {
			continue
		}
		k := key{t.Method, t.Reply.Code}
		g, known := groups[k]
		if !known {
			g = len(firsts)
			if groups == nil {
				groups = map[key]int{}
			}
			groups[k] = g
			firsts, counts = append(firsts, t), append(counts, 0)
		}
		counts[g]++
	}
	worked := workedAfter(c, firsts)
	for g, t := range firsts {
		what := "the server " + c.answered(t.Reply) + " to " + t.Method + c.packets(t.Frames.Negotiation)
		if counts[g] > 1 {
			what = fmt.Sprintf("the server %s to %s%s, and %s in all", c.answered(t.Reply), t.Method,
				c.packets(t.Frames.Negotiation), prose.Times(counts[g]))
		}
		list = append(list, draft{
			transfer: t.N, message: prose.Clauses(what, fallback(worked[g])), advice: rejectedAdvice(c, t),
			frames: []flow.Pos{t.Frames.Negotiation, t.Reply.Pos},
		})
	}
	return list
}

// workedAfter finds, for each of some transfers in their order, the first after it that
// succeeded; nil: none did, or under TLS.
func workedAfter(c *Case, after []*record.Transfer) []*record.Transfer {
	list := make([]*record.Transfer, len(after))
	var next *record.Transfer
	for i, g := len(c.Transfers)-1, len(after)-1; g >= 0; i-- {
		t := &c.Transfers[i]
		if t == after[g] {
			list[g] = next
			g--
		}
		if t.Outcome == record.OK && t.Method != record.MethodEncrypted {
			next = t
		}
	}
	return list
}

// fallback says how the transfers went on.
func fallback(t *record.Transfer) string {
	if t == nil {
		return ""
	}
	return t.Method + " was used after it and worked"
}

// rejectedAdvice follows RFC 959 section 4.2 and RFC 2428 section 3.
func rejectedAdvice(c *Case, t *record.Transfer) string {
	active := t.Mode == record.Active || t.Method == "PORT" || t.Method == "EPRT" || t.Method == "LPRT"
	switch code := t.Reply.Code; {
	case foreign(c, t) == byBounce:
		return "the server did well to refuse an address that is not the client's; look at what else this client did"
	case foreign(c, t) == byFXP:
		return "the server does not take part in transfers between servers (FXP), as it should unless somebody needs them"
	case strings.Contains(strings.ToUpper(t.Reply.Text), "EPSV ALL"):
		return "the client itself sent EPSV ALL before, after which a server takes nothing but EPSV (RFC 2428 section 4): it has to stay with EPSV"
	case otherFamily(c, t):
		return "PORT and PASV know IPv4 addresses only, and EPRT has to name one of the control connection's family (RFC 2428): let the client use EPSV, or EPRT with its own address"
	case code == 530 || code == 332:
		return "the client was not logged in: it has to log in first"
	case code == 522:
		return "the server does not take this address family: let the client use the family that the reply names, or EPSV"
	case code == 421 || code == 425 || code == 450:
		return "has the server a port left? Its passive range may be too small or its addresses may be wrong (vsftpd pasv_min_port, pasv_max_port, pasv_address)"
	case c.encrypted() && (code == 521 || code == 533 || code == 534 || code == 536):
		return "the server wants protected data connections: let the client send PBSZ 0 and PROT P"
	case active && t.Announced != nil && t.Announced.Port() < flow.FirstUnprivileged:
		return "the server refuses ports below 1024, as RFC 2577 section 3 asks: the client has to name another"
	case active && t.Announced == nil && t.Method != "LPRT":
		return "the command names no valid endpoint (see protocol-violation): the client writes it wrongly, or what rewrites it on the way does"
	case active && !mismatched(c, t) && flow.IsInternal(t.Announced.Addr()) && !flow.IsInternal(c.Server.Addr()):
		return "the client names a private address to a server outside: it arrives as somebody else's unless the client's NAT rewrites " + t.Method + " (an FTP ALG)" + c.unread() +
			". Use passive mode (EPSV, PASV); or active mode is not to be had here (vsftpd port_enable)"
	case active && mismatched(c, t):
		return "the server refuses an address that is not the client's: use passive mode (EPSV, PASV), or let the client's NAT rewrite " + t.Method + c.unread()
	case t.Method == "LPRT" || t.Method == "LPSV":
		return "few servers know " + t.Method + " (RFC 1639, historic): let the client use EPSV or EPRT, which took its place"
	case active:
		return "active mode is not to be had here (vsftpd port_enable): let the client use passive mode (EPSV, PASV)"
	case code == 500 || code == 501 || code == 502 || code == 504:
		return "the server does not know the command, or a firewall between does not let it pass: let the client use PASV instead of EPSV, or the other way round"
	}
	return "passive mode is not to be had here (vsftpd pasv_enable), or a firewall between does not let " + t.Method + " pass: let the client use another mode"
}

// otherFamily reports whether the negotiation is of another address family than the
// control connection.
func otherFamily(c *Case, t *record.Transfer) bool {
	v6 := c.Client.Addr().Unmap().Is6()
	if t.Announced != nil && t.Announced.Addr().Is6() != v6 {
		return true
	}
	return v6 && (t.Method == "PORT" || t.Method == "PASV")
}
