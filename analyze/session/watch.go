package session

import (
	"net/netip"

	"ftpscope/capture/flow"
)

// Watcher hears which data connections sessions have a use for, and of their ends.
type Watcher interface {
	Mark(a, b netip.AddrPort, net flow.Net)
	Ended(a, b netip.AddrPort, nets flow.Nets)
}

// Watch has the Watcher told; before anything else.
func (m *Matcher) Watch(w Watcher) { m.watcher = w }

// Claimer hears that a session, known by the ID of its control connection, is given a connection: once for each time.
type Claimer interface {
	Claimed(c *flow.Conn, control uint64)
}

// Claims has the Claimer told; before anything else.
func (m *Matcher) Claims(c Claimer) { m.claimer = c }
