package match

import (
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Behind a proxy the client asks for each data connection as it asked for the control
// connection: all of them lead to the proxy, and what was asked for names the endpoint that
// was announced.

// tunnelled is the negotiation that a connection through a proxy belongs to, the newest that
// announced what the client asked the proxy for; -1: none.
func (b *builder) tunnelled(cl *claim) int {
	if cl.tunnel == nil || cl.control || b.c.Tunnel == nil {
		return -1
	}
	for i, n := range slices.Backward(b.c.Negotiations) {
		if n.Endpoint.IsValid() && n.Begin() <= cl.conn[0].Start.Time+grace && n.Endpoint.String() == cl.tunnel.Target {
			if b.tunnels == nil {
				b.tunnels = map[uint64]*record.Tunnel{}
			}
			b.tunnels[cl.conn[0].ID] = cl.tunnel
			return i
		}
	}
	return -1
}

// through notes the proxy of a transfer's connection. What client and proxy said is no
// payload, so how much there was is known only of what was refused.
func through(t *record.Transfer, x *record.Tunnel) {
	if t.Notes.Tunnel = x; x == nil || t.Bytes == nil {
		return
	}
	t.Bytes, t.MissingBytes, t.Frames.FirstData = nil, nil, flow.Pos(0)
	if x.Refused {
		t.Bytes, t.MissingBytes = new(uint64), new(uint64)
	}
}
