package servers

import (
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/report/diagnosis"
)

// Servers in words, for table and explain.

// Without Options.All the pages name as many servers and client networks as fit beside
// the sessions.
const (
	maxServersTold  = 5
	maxNetworksTold = 5 // of each server
)

// Told are the servers that have something to say of data connections, those in trouble
// first, and how many more.
func (g *Seen) Told(all bool) (shown []*Server, more int) {
	for _, f := range g.All {
		if f.Ports() != "" || len(f.ClientLines(true)) > 0 {
			shown = append(shown, f)
		}
	}
	if n := len(shown); n > maxServersTold && !all {
		return TroubledFirst(shown)[:maxServersTold], n - maxServersTold
	}
	return shown, 0
}

// TroubledFirst sorts servers: those in trouble first.
func TroubledFirst(list []*Server) []*Server {
	slices.SortStableFunc(list, func(a, b *Server) int { return diagnosis.TrueFirst(a.failed, b.failed) })
	return list
}

// A port over which nothing worked is far from those that did when it is farSpread outside
// of them, and at least three of them lie closer together than that.
const (
	farSpread = 1000
	farSeen   = 3
)

// Permitted are the lowest and highest passive port that a rule may name, and the ports
// that it must not: a server whose range is used up announces any port.
func (f *Server) Permitted() (lo, hi uint16, far []uint16) {
	w, m := &f.worked, &f.missed
	switch {
	case w.n == 0:
		return m.Lo, m.Hi, nil
	case m.n == 0:
		return w.Lo, w.Hi, nil
	case w.n < farSeen || w.Hi-w.Lo >= farSpread || m.kinds > fewPorts:
		return min(w.Lo, m.Lo), max(w.Hi, m.Hi), nil
	}
	lo, hi = w.Lo, w.Hi
	for _, p := range m.few[:m.kinds] {
		if int(p) <= int(w.Lo)-farSpread || int(p) >= int(w.Hi)+farSpread {
			far = append(far, p)
			continue
		}
		lo, hi = min(lo, p), max(hi, p)
	}
	return lo, hi, far
}

// Ports says which ports a server announced and used: "passive ports 50000–50004
// announced, 50001 reached; active from port 20".
func (f *Server) Ports() string {
	var parts []string
	switch a, r := f.announced, f.reached; {
	case a.n == 0 && r.n > 0:
		parts = append(parts, "passive "+r.Words()+" reached")
	case a.n == 0 && f.taken.n > 0:
		parts = append(parts, "passive "+f.taken.Words()+" reached by a third host")
	case a.n > 0 && r.n == 0 && f.taken.n > 0:
		parts = append(parts, "passive "+a.Words()+" announced")
	case a.n > 0 && r.n == 0 && f.unshown:
		parts = append(parts, "passive "+a.Words()+" announced, whether reached this capture does not show")
	case a.n > 0 && r.n == 0:
		parts = append(parts, "passive "+a.Words()+" announced, none reached")
	case a.n > 0 && a.same(r):
		parts = append(parts, "passive "+a.Words()+" announced and reached")
	case a.n > 0:
		parts = append(parts, "passive "+a.Words()+" announced, "+r.Numbers()+" reached")
	}
	if k := f.taken; k.n > 0 && f.announced.n > 0 {
		by := k.Numbers() + " reached by a third host"
		if f.reached.n == 0 && k.same(f.announced) {
			by = "reached by a third host"
		}
		parts[0] += ", " + by
	}
	var sources []string
	for _, r := range []Ports{f.Low, f.High} {
		if r.n > 0 {
			sources = append(sources, r.Words())
		}
	}
	if len(sources) > 0 {
		parts = append(parts, "active from "+prose.List(sources))
	}
	return strings.Join(parts, "; ")
}

// same reports whether both are the same ports, as far as is known.
func (r Ports) same(o Ports) bool {
	return r.Lo == o.Lo && r.Hi == o.Hi && r.kinds == o.kinds && (r.kinds > fewPorts || r.few == o.few)
}

// Numbers is "50001", "50000 and 50004" or, of many, "some between 50000 and 50100".
func (r Ports) Numbers() string {
	if r.kinds > fewPorts {
		return "some between " + prose.Port(r.Lo) + " and " + prose.Port(r.Hi)
	}
	var words []string
	for _, p := range r.few[:r.kinds] {
		words = append(words, prose.Port(p))
	}
	return prose.List(words)
}

// Words is "port 21", "ports 1 and 2" or, of many, "ports between 1 and 9".
func (r Ports) Words() string {
	switch {
	case r.Lo == r.Hi:
		return "port " + r.Numbers()
	case r.kinds > fewPorts:
		return "ports between " + prose.Port(r.Lo) + " and " + prose.Port(r.Hi)
	}
	return "ports " + r.Numbers()
}

// ClientLines says which modes worked and failed, a line each client network.
func (f *Server) ClientLines(all bool) []string {
	clients := slices.DeleteFunc(slices.Clone(f.Clients), func(c *Client) bool { return c.modes() == "" })
	more := 0
	if n := len(clients); n > maxNetworksTold && !all {
		slices.SortStableFunc(clients, func(a, b *Client) int { return diagnosis.TrueFirst(a.failed(), b.failed()) })
		clients, more = clients[:maxNetworksTold], n-maxNetworksTold
	}
	var lines []string
	for _, c := range clients {
		lines = append(lines, c.name()+": "+c.modes())
	}
	if more > 0 {
		lines = append(lines, "… "+prose.Many(more, "more client network")+": --all names them")
	}
	return lines
}

// name is the client, or the network if more than one of it were seen.
func (c *Client) name() string {
	if c.host.IsValid() {
		return "client " + c.host.String()
	}
	return "clients in " + c.Network.String()
}

func (c *Client) failed() bool { return c.Active.failed+c.Passive.failed > 0 }

func (c *Client) modes() string {
	var parts []string
	for _, m := range []struct {
		name string
		*Mode
	}{{"active", &c.Active}, {"passive", &c.Passive}, {"active to other hosts than the client", &c.elsewhere}} {
		if w := m.words(); w != "" {
			parts = append(parts, m.name+" "+w)
		}
	}
	return strings.Join(parts, "; ")
}

func (m *Mode) words() string {
	var parts []string
	for _, p := range []struct {
		n    int
		verb string
	}{{m.worked, "connected"}, {m.failed, "failed"}, {m.rejected, "was rejected by the server"}} {
		if p.n > 0 {
			parts = append(parts, p.verb+" ("+prose.Number(uint64(p.n))+")")
		}
	}
	return prose.List(parts)
}
