package report

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// Servers in words, for table and explain.

// Without Options.All the pages name as many servers and client networks as fit beside the sessions.
const (
	maxServersTold  = 5
	maxNetworksTold = 5 // of each server
)

// told are the servers that have something to say of data connections, those in trouble first, and how many more.
func (g *servers) told(all bool) (shown []*serverFacts, more int) {
	for _, f := range g.all {
		if f.ports() != "" || len(f.clientLines(true)) > 0 {
			shown = append(shown, f)
		}
	}
	if n := len(shown); n > maxServersTold && !all {
		return troubledFirst(shown)[:maxServersTold], n - maxServersTold
	}
	return shown, 0
}

func troubledFirst(list []*serverFacts) []*serverFacts {
	slices.SortStableFunc(list, func(a, b *serverFacts) int { return compareTrouble(a.failed, b.failed) })
	return list
}

func compareTrouble(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// ports says which ports a server announced and used: "passive ports 50000–50004 announced, 50001 reached; active from
// port 20".
func (f *serverFacts) ports() string {
	var parts []string
	switch a, r := f.announced, f.reached; {
	case a.n == 0 && r.n > 0:
		parts = append(parts, "passive "+r.words()+" reached")
	case a.n == 0 && f.taken.n > 0:
		parts = append(parts, "passive "+f.taken.words()+" reached by a third host")
	case a.n > 0 && r.n == 0 && f.taken.n > 0:
		parts = append(parts, "passive "+a.words()+" announced")
	case a.n > 0 && r.n == 0:
		parts = append(parts, "passive "+a.words()+" announced, none reached")
	case a.n > 0 && a.same(r):
		parts = append(parts, "passive "+a.words()+" announced and reached")
	case a.n > 0:
		parts = append(parts, "passive "+a.words()+" announced, "+r.numbers()+" reached")
	}
	if k := f.taken; k.n > 0 && f.announced.n > 0 {
		by := k.numbers() + " reached by a third host"
		if f.reached.n == 0 && k.same(f.announced) {
			by = "reached by a third host"
		}
		parts[0] += ", " + by
	}
	var sources []string
	for _, r := range []portRange{f.low, f.high} {
		if r.n > 0 {
			sources = append(sources, r.words())
		}
	}
	if len(sources) > 0 {
		parts = append(parts, "active from "+prose.List(sources))
	}
	return strings.Join(parts, "; ")
}

// same reports whether both are the same ports, as far as is known.
func (r portRange) same(o portRange) bool {
	return r.lo == o.lo && r.hi == o.hi && r.kinds == o.kinds && (r.kinds > fewPorts || r.few == o.few)
}

// numbers is "50001", "50000 and 50004" or, of many, "some between 50000 and 50100".
func (r portRange) numbers() string {
	if r.kinds > fewPorts {
		return "some between " + port(r.lo) + " and " + port(r.hi)
	}
	var words []string
	for _, p := range r.few[:r.kinds] {
		words = append(words, port(p))
	}
	return prose.List(words)
}

func (r portRange) words() string {
	switch {
	case r.lo == r.hi:
		return "port " + r.numbers()
	case r.kinds > fewPorts:
		return "ports between " + port(r.lo) + " and " + port(r.hi)
	}
	return "ports " + r.numbers()
}

// clientLines says which modes worked and failed, a line each client network.
func (f *serverFacts) clientLines(all bool) []string {
	clients := slices.DeleteFunc(slices.Clone(f.clients), func(c *clientFacts) bool { return c.modes() == "" })
	more := 0
	if n := len(clients); n > maxNetworksTold && !all {
		slices.SortStableFunc(clients, func(a, b *clientFacts) int { return compareTrouble(a.failed(), b.failed()) })
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
func (c *clientFacts) name() string {
	if c.host.IsValid() {
		return "client " + c.host.String()
	}
	return "clients in " + c.network.String()
}

func (c *clientFacts) failed() bool { return c.active.failed+c.passive.failed > 0 }

func (c *clientFacts) modes() string {
	var parts []string
	for _, m := range []struct {
		name string
		*modeFacts
	}{{"active", &c.active}, {"passive", &c.passive}, {"active to other hosts than the client", &c.elsewhere}} {
		if w := m.words(); w != "" {
			parts = append(parts, m.name+" "+w)
		}
	}
	return strings.Join(parts, "; ")
}

func (m *modeFacts) words() string {
	var parts []string
	for _, p := range []struct {
		n    int
		verb string
	}{{m.worked, "worked"}, {m.failed, "failed"}, {m.rejected, "was rejected by the server"}} {
		if p.n > 0 {
			parts = append(parts, p.verb+" ("+prose.Number(uint64(p.n))+")")
		}
	}
	return prose.List(parts)
}

// spoken is an address and port in a sentence, which IPv6 needs.
func spoken(e netip.AddrPort) string {
	return e.Addr().String() + " port " + strconv.Itoa(int(e.Port()))
}

// writeServers writes the servers below the findings, where a data connection failed or with Options.All.
func (t *table) writeServers(b *strings.Builder) {
	if !t.servers.failed && !t.opt.All {
		return
	}
	shown, more := t.servers.told(t.opt.All)
	if len(shown) == 0 {
		return
	}
	hint := t.paint(dim, "  (-o rules=nft, rules=iptables or rules=cisco sketches firewall rules)")
	if t.stats.findings[record.Gravity("critical")] > 0 { // nobody should permit what that was
		hint = ""
	}
	b.WriteString("\nservers" + hint + "\n")
	for _, f := range shown {
		b.WriteString(" " + placed(f.server.String(), f.network) + "\n")
		lines := f.clientLines(t.opt.All)
		if p := f.ports(); p != "" {
			lines = append([]string{p}, lines...)
		}
		for _, text := range lines {
			for _, line := range prose.Wrap(text, t.width-indent) {
				b.WriteString(prose.Spaces(indent) + line + "\n")
			}
		}
	}
	if more > 0 {
		b.WriteString(" … " + prose.Many(more, "more server") + ": --all names them\n")
	}
	if t.servers.left > 0 {
		b.WriteString(" … and what " + prose.Many(t.servers.left, "more session") + " did, from or to hosts beyond the number kept\n")
	}
}

// writeServers ends the explanations: what the servers' ports and modes were, a paragraph a server.
func (e *explain) writeServers(p *page) {
	shown, more := e.servers.told(e.opt.All)
	if len(shown) == 0 {
		return
	}
	p.paragraph("Servers")
	for _, f := range shown {
		var sentences []string
		for _, text := range append([]string{f.ports()}, f.clientLines(e.opt.All)...) {
			sentences = append(sentences, prose.Sentence(text))
		}
		p.paragraph(placed(spoken(f.server), f.network) + ": " + strings.TrimSpace(strings.Join(sentences, " ")))
	}
	if more > 0 {
		p.paragraph("… " + prose.Many(more, "more server") + ": --all names them")
	}
	if e.servers.left > 0 {
		p.paragraph("… and what " + prose.Many(e.servers.left, "more session") + " did, from or to hosts beyond the number kept")
	}
	if !e.critical {
		p.paragraph("Firewall rules that would permit what was seen: ftpscope analyze -o rules=nft FILE (or rules=iptables, rules=cisco).")
	}
}
