package finding

import (
	"fmt"
	"net/netip"
	"strconv"

	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

var fxpTransfer = Rule{
	ID: "fxp-transfer", Severity: Medium,
	Title:   "server-to-server transfer (FXP)",
	Meaning: "A client gave the endpoint that one server announced (PASV) to another server (PORT), so that these two transfer between them (RFC 959 section 2.3, figure 2). High when it was not one client host that did so.",
	judge:   serverToServer,
}

// link is an FXP transfer's other end.
type link struct {
	of *session.Session
	t  *session.Transfer
}

// fxp reports whether FXP, by one client host, explains who meets whom in a transfer.
func (c *Case) fxp(t *session.Transfer) bool {
	l := c.links[t.N]
	return l != nil && l.of.Client.Addr() == c.Client.Addr()
}

// serverToServer reports at the active end, once for each other server.
func serverToServer(c *Case) []verdict {
	groups := map[netip.AddrPort]int{}
	var list []verdict
	var counts []int
	for i := range c.Transfers {
		t := &c.Transfers[i]
		l := c.links[t.N]
		if l == nil || t.Mode != session.Active {
			continue
		}
		g, known := groups[l.of.Server]
		if !known {
			g = len(list)
			groups[l.of.Server] = g
			list, counts = append(list, c.fxpVerdict(t, l)), append(counts, 0)
		}
		counts[g]++
	}
	for g := range list {
		if counts[g] > 1 {
			list[g].message += fmt.Sprintf("; the session has %d such transfers with that server", counts[g])
		}
	}
	return list
}

func (c *Case) fxpVerdict(t *session.Transfer, l *link) verdict {
	other := "another session"
	if l.of.ID > 0 {
		other = "session " + strconv.Itoa(l.of.ID)
	}
	what := fmt.Sprintf("%s names %s, which the server %s announced by %s in %s: %s had the two servers transfer between them%s",
		t.Method, t.Announced, l.of.Server.Addr(), l.t.Method, other, c.Client.Addr(), c.packets(l.t.Frames.Negotiation, t.Frames.Negotiation))
	v := verdict{
		transfer: t.N, frames: []flow.Pos{l.t.Frames.Negotiation, t.Frames.Negotiation, t.Frames.SYN, t.Frames.Command, l.t.Frames.Command},
		advice: "if nobody needs it, let servers take data connections to and from the client's address only (vsftpd pasv_promiscuous=NO and port_promiscuous=NO, ProFTPD AllowForeignAddress off)",
	}
	data := t
	if data.Connection == nil {
		data = l.t
	}
	done := "in this capture there is no data connection of it"
	if conn := data.Connection; conn != nil {
		done = conn.Src.Addr().String() + " connected to " + conn.Dst.String()
		switch {
		case conn.State != established:
			done = conn.Src.Addr().String() + " tried to connect and " + opened(conn.State)
		case data.Bytes != nil:
			done += " and " + many(*data.Bytes, "byte") + " were transferred"
		}
		done += c.packets(data.Frames.SYN)
	} else if t.Notes.Answer != nil && t.Notes.Answer.Code >= 400 {
		done = "the server " + c.answered(t.Notes.Answer)
	}
	clients := ""
	if l.of.Client.Addr() != c.Client.Addr() {
		v.severity = High
		clients = "the other session's client is " + l.of.Client.Addr().String() + ": unless both are one machine's addresses, one of them meddles with the other's transfer"
	}
	v.message = clauses(what, done, clients)
	return v
}
