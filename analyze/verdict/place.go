package verdict

import (
	"net/netip"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Where packets came from, as TTLs tell it, and where the capture was taken.

// origin is who made a packet, as its TTL tells.
type origin uint8

const (
	cannotTell origin = iota
	madeByEnd
	madeBetween
)

// madeBy compares a packet's TTL with that of its host's packets on the control
// connection.
func (c *hearing) madeBy(host netip.Addr, ttl uint8) origin {
	own := c.Distance(host)
	h := flow.Hops(ttl)
	switch {
	case own < 0 || h < 0:
		return cannotTell
	case own == h:
		return madeByEnd
	}
	return madeBetween
}

// foreignReset says why the RST of a side is not of its host, by its TTL; empty: it is, or
// nothing tells. It is held against the host's packets on the connection and on the
// control connection.
func foreignReset(c *hearing, conn *flow.Conn, by string) string { return forged(c, conn, by, true) }

// forged says the same of a RST or of a FIN.
func forged(c *hearing, conn *flow.Conn, by string, rst bool) string {
	if !c.IsForged(conn, by, rst) {
		return ""
	}
	client, server := c.Halves(conn)
	half, host := server, c.Server.Addr()
	if by == record.Client {
		half, host = client, c.Client.Addr()
	}
	if rst {
		return c.hopsApart(host, half.RSTTTL)
	}
	return c.hopsApart(host, half.FINTTL)
}

// hopsApart says how the TTL of a packet differs from its host's others.
func (c *hearing) hopsApart(host netip.Addr, ttl uint8) string {
	return "by its TTL it came from " + prose.Many(flow.Hops(ttl), "router") + " away, but " + c.party(host) + " is " + prose.Many(c.Distance(host), "router") + " away"
}

// asFar says what a packet's TTL tells of who made it, where that does not decide; empty: it
// is not known.
func asFar(c *hearing, host netip.Addr, ttl uint8) string {
	switch {
	case ttl == 0:
		return ""
	case c.madeBy(host, ttl) == madeByEnd:
		return "by its TTL it came from as far away as " + c.party(host) + "'s other packets"
	}
	return "its TTL was " + prose.Number(uint64(ttl))
}

// resetAsFar says the same of a side's RST.
func resetAsFar(c *hearing, conn *flow.Conn, by string) string {
	client, server := c.Halves(conn)
	if by == record.Client {
		return asFar(c, c.Client.Addr(), client.RSTTTL)
	}
	return asFar(c, c.Server.Addr(), server.RSTTTL)
}

// party names a host by its part in the session.
func (c *hearing) party(a netip.Addr) string {
	switch a {
	case c.Client.Addr():
		return "the client"
	case c.Server.Addr():
		return "the server"
	}
	return a.String()
}

// place is where a host's troubles are.
func (c *hearing) place(a netip.Addr) string {
	if a == c.Client.Addr() {
		return record.AtClient
	}
	return record.AtServer
}

// takenAt says where the capture was taken: AtClient, AtServer, or empty.
func (c *hearing) takenAt() string {
	near, far := c.Distance(c.Client.Addr()), c.Distance(c.Server.Addr())
	switch {
	case near == 0 && far > 0:
		return record.AtClient
	case far == 0 && near > 0:
		return record.AtServer
	}
	return ""
}

// announcer is the control connection's end that announces a transfer's endpoint, other
// the one that is to connect.
func (c *hearing) announcer(t *record.Transfer) (announcer, other netip.Addr) {
	if t.Mode == record.Passive {
		return c.Server.Addr(), c.Client.Addr()
	}
	return c.Client.Addr(), c.Server.Addr()
}

// left is when a side ended a connection: its FIN, or its RST if that came first; not seen:
// it did not.
func left(h *flow.Half) flow.Mark {
	if earlier(h.RST, h.FIN) {
		return h.RST
	}
	return h.FIN
}

func earlier(a, b flow.Mark) bool { return a.Seen() && (!b.Seen() || a.Time < b.Time) }

// hasForeignReset reports whether the first RST of a connection is of neither of its hosts.
func hasForeignReset(c *hearing, conn *flow.Conn) bool {
	e := c.reset(conn)
	return e.at.Seen() && foreignReset(c, conn, e.by) != ""
}
