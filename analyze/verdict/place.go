package verdict

import (
	"net/netip"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Where packets came from, as TTLs tell it, and where the capture was taken.

// halves are what the client's and the server's host sent on a connection; where one host
// is both, the opener is the client.
func (c *hearing) halves(conn *flow.Conn) (client, server *flow.Half) {
	if conn.Src == c.Client || conn.Src.Addr() == c.Client.Addr() && conn.Dst != c.Client {
		return &conn.Half[flow.Out], &conn.Half[flow.In]
	}
	return &conn.Half[flow.In], &conn.Half[flow.Out]
}

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
	own := c.distance(host)
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
func foreignReset(c *hearing, conn *flow.Conn, by string) string {
	client, server := c.halves(conn)
	half, host := server, c.Server.Addr()
	if by == record.Client {
		half, host = client, c.Client.Addr()
	}
	h := flow.Hops(half.RSTTTL)
	if h < 0 || half.PlainTTL != 0 && flow.Hops(half.PlainTTL) == h {
		return "" // its data came from there, too
	}
	if c.madeBy(host, half.RSTTTL) != madeBetween {
		return ""
	}
	return c.hopsApart(host, half.RSTTTL)
}

// distance is how many routers away a host of the session is; -1: not known.
func (c *hearing) distance(host netip.Addr) int {
	client, server := c.halves(&c.Notes.Control)
	switch host {
	case c.Client.Addr():
		return flow.Hops(client.TTL)
	case c.Server.Addr():
		return flow.Hops(server.TTL)
	}
	return -1
}

// hopsApart says how the TTL of a packet differs from its host's others.
func (c *hearing) hopsApart(host netip.Addr, ttl uint8) string {
	return "its TTL says that it came from " + prose.Many(flow.Hops(ttl), "router") + " away, " + c.party(host) + " is " + prose.Many(c.distance(host), "router") + " away"
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
	near, far := c.distance(c.Client.Addr()), c.distance(c.Server.Addr())
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

// kind names an internal address's kind.
func kind(a netip.Addr) string {
	switch {
	case a.IsLoopback():
		return "the loopback address "
	case a.IsUnspecified():
		return "the unspecified address "
	case flow.IsInternal(a):
		return "the private address "
	}
	return ""
}

func earlier(a, b flow.Mark) bool { return a.Seen() && (!b.Seen() || a.Time < b.Time) }
