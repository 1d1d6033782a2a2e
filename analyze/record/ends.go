package record

import (
	"net/netip"

	"ftpscope/capture/flow"
)

// ClientWay is the direction of a connection in which the client's host sends; where one
// host is both, the opener is the client.
func (s *Session) ClientWay(conn *flow.Conn) flow.Direction {
	if conn.Src == s.Client || conn.Src.Addr() == s.Client.Addr() && conn.Dst != s.Client {
		return flow.Out
	}
	return flow.In
}

// Halves are what the client's and the server's host sent on a connection.
func (s *Session) Halves(conn *flow.Conn) (client, server *flow.Half) {
	way := s.ClientWay(conn)
	return &conn.Half[way], &conn.Half[way^1]
}

// Routed reports whether the capture was taken on both sides of a router.
func (s *Session) Routed() bool {
	course := s.Notes.Control.Course
	return course != nil && (course.Side[flow.Out].Routed || course.Side[flow.In].Routed)
}

// Distance is how many routers lie between a host of the session and the place of capture,
// by the TTLs of the control connection; -1: not known, or different for the copies that a
// router's both sides show.
func (s *Session) Distance(host netip.Addr) int {
	if s.Routed() {
		return -1
	}
	client, server := s.Halves(&s.Notes.Control)
	switch host {
	case s.Client.Addr():
		return flow.Hops(client.TTL)
	case s.Server.Addr():
		return flow.Hops(server.TTL)
	}
	return -1
}

// IsForged reports whether the RST, or else the FIN, that a connection has in a side's name
// came from another place than the host's packets on the control connection, by its TTL,
// and than its other packets on this one: something between made it.
func (s *Session) IsForged(conn *flow.Conn, by string, rst bool) bool {
	half, host := s.side(conn, by)
	ttl := half.FINTTL
	if rst {
		ttl = half.RSTTTL
	}
	own, hops := s.Distance(host), flow.Hops(ttl)
	return own >= 0 && hops >= 0 && own != hops && (half.PlainTTL == 0 || flow.Hops(half.PlainTTL) != hops)
}

// side is what one side of the session sent on a connection, and its host.
func (s *Session) side(conn *flow.Conn, by string) (*flow.Half, netip.Addr) {
	client, server := s.Halves(conn)
	if by == Client {
		return client, s.Client.Addr()
	}
	return server, s.Server.Addr()
}

// Named is a transfer's command as sent, or what else there is to call it by; quote shows
// what the wire says.
func (t *Transfer) Named(quote func(string) string) string {
	switch {
	case t.Command != nil && t.Argument != nil:
		return *t.Command + " " + quote(*t.Argument)
	case t.Command != nil:
		return *t.Command
	case t.Method == MethodEncrypted:
		return "a transfer under TLS"
	case t.Method == MethodDefault:
		return "a transfer"
	}
	return "the transfer that " + t.Method + " negotiated"
}
