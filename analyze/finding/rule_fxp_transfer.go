package finding

import (
	"fmt"
	"net/netip"
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

var fxpTransfer = Rule{
	ID: "fxp-transfer", Severity: record.Medium,
	Title:   "server-to-server transfer (FXP)",
	Meaning: "A client gave the endpoint that one server announced (PASV) to another server (PORT), so that the two servers transfer directly (RFC 959 section 2.3, figure 2). High if the two sessions have different client hosts.",
	judge:   serverToServer,
}

// link is an FXP transfer's other end, as much of it as outlives its session.
type link struct {
	of                   *waiting // its session, which may have left
	method               string
	negotiation, command flow.Pos
	met                  meeting
}

// meeting is a transfer's data connection.
type meeting struct {
	state    string // empty: there is none
	src, dst netip.AddrPort
	syn      flow.Pos
	counted  bool // bytes is known
	bytes    uint64
}

func linkOf(w *waiting, t *record.Transfer) link {
	return link{of: w, method: t.Method, negotiation: t.Frames.Negotiation, command: t.Frames.Command, met: meetingOf(t)}
}

func meetingOf(t *record.Transfer) meeting {
	if t.Connection == nil {
		return meeting{}
	}
	m := meeting{state: t.Connection.State, src: t.Connection.Src, dst: t.Connection.Dst, syn: t.Frames.SYN, counted: t.Carried() != nil}
	if m.counted {
		m.bytes = *t.Carried()
	}
	return m
}

// link is the other end of a transfer; one may yet come for each that may be an end.
func (c *Case) link(t *record.Transfer) *link {
	c.open = c.open || candidate(c.Session, t)
	return c.links[t.N]
}

// fxp reports whether FXP, by one client host, explains who meets whom in a transfer.
func fxp(c *Case, t *record.Transfer) bool {
	l := c.link(t)
	return l != nil && l.of.ends.client.Addr() == c.Client.Addr()
}

// serverToServer reports at the active end, once for each other server.
func serverToServer(c *Case) []draft {
	var groups map[netip.AddrPort]int
	var list []draft
	var counts []int
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Mode != record.Active {
			continue
		}
		l := c.link(t)
		if l == nil {
			continue
		}
		g, known := groups[l.of.ends.server]
		if !known {
			g = len(list)
			if groups == nil {
				groups = map[netip.AddrPort]int{}
			}
			groups[l.of.ends.server] = g
			list, counts = append(list, fxpDraft(c, t, l)), append(counts, 0)
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

func fxpDraft(c *Case, t *record.Transfer, l *link) draft {
	other := "another session"
	if l.of.ends.id > 0 {
		other = "session " + strconv.Itoa(l.of.ends.id)
	}
	what := fmt.Sprintf("%s names %s, which the server %s announced by %s in %s: %s made the two servers transfer directly%s",
		t.Method, t.Announced, l.of.ends.server.Addr(), l.method, other, c.Client.Addr(), c.packets(l.negotiation, t.Frames.Negotiation))
	v := draft{
		transfer: t.N, frames: []flow.Pos{l.negotiation, t.Frames.Negotiation, t.Frames.SYN, t.Frames.Command, l.command},
		advice: "if nobody needs it, let servers accept data connections only to and from the client's address" + c.settings(settings.OwnPeer),
	}
	data := meetingOf(t)
	if data.state == "" {
		data = l.met
	}
	done := "this capture holds no data connection of it"
	if data.state != "" {
		done = data.src.Addr().String() + " connected to " + data.dst.String()
		switch {
		case data.state != established:
			done = data.src.Addr().String() + " tried to connect and " + opened(data.state)
		case data.counted:
			done += " and " + prose.Many(data.bytes, "byte") + " were transferred"
		}
		done += c.packets(data.syn)
	} else if t.Notes.Answer != nil && t.Notes.Answer.Code >= 400 {
		done = "the server " + c.answered(t.Notes.Answer)
	}
	clients := ""
	if l.of.ends.client.Addr() != c.Client.Addr() {
		v.severity = record.High
		clients = "the other session's client is " + l.of.ends.client.Addr().String() + ": unless both addresses belong to one machine, one of them interferes with the other's transfer"
	}
	v.message = prose.Clauses(what, done, clients)
	return v
}
