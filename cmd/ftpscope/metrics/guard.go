package metrics

import (
	"net"
	"net/http"
	"slices"
	"sync"
)

// guard keeps the number of connections bounded: a new one takes the place of the oldest.
// So clients that send or read slowly, or not at all, never keep a scraper out.
type guard struct {
	mu   sync.Mutex
	open []net.Conn // the oldest first
}

// state is the server's hook.
func (g *guard) state(c net.Conn, to http.ConnState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch to {
	case http.StateNew:
		if len(g.open) == maxConnections {
			g.open[0].Close()
			g.open = slices.Delete(g.open, 0, 1)
		}
		g.open = append(g.open, c)
	case http.StateClosed:
		g.open = slices.DeleteFunc(g.open, func(o net.Conn) bool { return o == c })
	}
}
