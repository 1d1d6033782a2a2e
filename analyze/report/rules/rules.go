// Package rules sketches firewall rules that would permit what was seen, a dialect a
// format, for -o rules. Package formats makes it known.
package rules

import (
	"io"
	"net/netip"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/servers"
	"ftpscope/capture/flow"
)

// rules sketches firewall rules that would permit the FTP traffic that was seen, each
// with its evidence. What looks wrong (another host's connection, another address, a low
// port, logins that all failed) is named, never permitted.
type rules struct {
	out      io.Writer
	opt      report.Options
	d        *dialect
	servers  *servers.Seen
	attempts []string // the first few, and all counted
	attempted,
	orphans int
}

// Formats are the dialects of rules.
func Formats() []report.Format {
	return []report.Format{
		{Name: "rules-nft", Doc: "a sketch of nftables rules that would permit what was seen; also rules=nft", New: newRules(&nft)},
		{Name: "rules-iptables", Doc: "the same for iptables-restore and ip6tables-restore; also rules=iptables", New: newRules(&iptables)},
		{Name: "rules-cisco", Doc: "the same as Cisco IOS access lists; also rules=cisco", New: newRules(&cisco)},
	}
}

func newRules(d *dialect) func(io.Writer, report.Options) report.Writer {
	return func(w io.Writer, o report.Options) report.Writer {
		return &rules{out: w, opt: o, d: d, servers: servers.New()}
	}
}

// rule permits new TCP connections. An address stands for itself as a prefix of all its
// bits; a zero span is any port.
type rule struct {
	from, to     netip.Prefix
	sport, dport portSpan
	toServer     bool
	why          string
}

type portSpan struct{ lo, hi uint16 }

func (p portSpan) any() bool { return p == portSpan{} }

func (r *rule) v6() bool { return r.from.Addr().Is6() }

// block is what the sketch holds of one server.
type block struct {
	title []string
	rules []rule
	notes []string // what was left out
}

func (r *rules) Session(s *record.Session) error {
	r.servers.Add(s)
	return nil
}

func (r *rules) Attempt(a *record.Attempt) error {
	if r.attempted++; len(r.attempts) < servers.Sampled {
		r.attempts = append(r.attempts, a.ClientIP.String()+" to "+ascii(a.Server))
	}
	return nil
}

func (r *rules) Orphan(*record.Orphan) error {
	r.orphans++
	return nil
}

func (r *rules) Summary(s *record.Summary) error {
	var b strings.Builder
	r.head(&b, s)
	blocks := r.blocks()
	permitted := 0
	for i := range blocks {
		permitted += len(blocks[i].rules)
	}
	if permitted > 0 {
		r.d.write(&b, r.d, blocks)
	} else {
		r.d.remark(&b, "", "No FTP session was seen that a rule should permit.")
		for i := range blocks {
			r.d.remarks(&b, "", append(blocks[i].title, blocks[i].notes...))
		}
	}
	r.foot(&b)
	_, err := io.WriteString(r.out, b.String())
	return err
}

// head says what the sketch is and what to check before it is used.
func (r *rules) head(b *strings.Builder, s *record.Summary) {
	r.d.remark(b, "", "ftpscope: "+r.d.title+" that would permit the FTP traffic seen in "+fileWords(s.Files)+".")
	r.d.remark(b, "", "A sketch: it knows only what was observed. Read the evidence above each rule, then check:")
	for _, line := range append([]string{
		"Ports: the passive ranges are those observed, not those configured. The server's settings have them: vsftpd " +
			"pasv_min_port and pasv_max_port, ProFTPD PassivePorts, pure-ftpd -p.",
		"Clients: networks are the /24 (IPv4) or /64 (IPv6) around the clients seen; narrow or widen them.",
		"EPSV and EPRT need the same rules as PASV and PORT; helpers and address translation (NAT) must know them too.",
		r.d.helper,
	}, r.d.checks...) {
		r.d.item(b, line)
	}
	b.WriteByte('\n')
}

// foot says what else was seen and is not permitted.
func (r *rules) foot(b *strings.Builder) {
	var notes []string
	if r.attempted > 0 {
		note := "left out: " + prose.Many(r.attempted, "pair") + " of client and server without a control connection (" + strings.Join(r.attempts, ", ")
		if r.attempted > len(r.attempts) {
			note += ", …"
		}
		notes = append(notes, note+"): a blocked client looks like this, and so does a scan")
	}
	if r.orphans > 0 {
		notes = append(notes, "left out: "+prose.Many(r.orphans, "data connection")+" from port 20 whose control connection is not in the capture")
	}
	if r.servers.Left > 0 {
		notes = append(notes, "left out: "+prose.Many(r.servers.Left, "session")+", since more servers or client networks were seen than are kept")
	}
	if len(notes) > 0 {
		b.WriteByte('\n')
		r.d.remarks(b, "", notes)
	}
}

func (r *rules) blocks() []block {
	var all []block
	for _, f := range r.servers.All {
		all = append(all, r.block(f))
	}
	return all
}

// block makes a server's rules, client network by client network.
func (r *rules) block(f *servers.Server) block {
	title := "server " + ascii(f.Server)
	if f.Network != "" {
		title += ", in " + strings.ReplaceAll(f.Network, "–", "-")
	}
	if len(f.Banners) > 0 && f.Banners[0].Text != "" {
		title += ", which greets with " + quoted(f.Banners[0].Text)
	}
	b := block{title: []string{title}}
	if p := f.Ports(); p != "" {
		b.title = append(b.title, p)
	}
	if f.Encrypted > 0 {
		b.title = append(b.title, prose.Many(f.Encrypted, "session")+" under TLS: no helper can follow them, the data rules are needed")
	}
	if _, _, far := f.Permitted(); len(far) > 0 {
		b.notes = append(b.notes, farWords(far))
	}
	for _, c := range f.Clients {
		if c.Plausible == 0 {
			b.notes = append(b.notes, "left out: "+c.Network.String()+", "+r.seen(&c.Control)+": every login failed")
			continue
		}
		b.rules = append(b.rules, r.of(f, c)...)
		for i := range c.Odd {
			b.notes = append(b.notes, r.oddWords(&c.Odd[i]))
		}
	}
	return b
}

// of are the rules of one client network.
func (r *rules) of(f *servers.Server, c *servers.Client) []rule {
	host := netip.PrefixFrom(f.Server.Addr(), f.Server.Addr().BitLen())
	control := portSpan{f.Server.Port(), f.Server.Port()}
	all := []rule{{from: c.Network, to: host, dport: control, toServer: true, why: "control: " + r.seen(&c.Control)}}
	if m := &c.Passive; m.Evidence.N > 0 {
		why := "passive: " + r.evidence(m)
		lo, hi, _ := f.Permitted()
		if n := uint64(hi-lo) + 1; n > 1 {
			why += "; " + prose.Number(n) + " ports from the lowest to the highest seen of this server"
		}
		all = append(all, rule{from: c.Network, to: host, dport: portSpan{lo, hi}, toServer: true, why: why})
	}
	for _, active := range []struct {
		evidence *servers.Mode
		from     servers.Ports
	}{{&c.Low, f.Low}, {&c.High, f.High}} {
		if active.evidence.Evidence.N > 0 {
			all = append(all, activeRule(host, c.Network, active.from, ": "+r.evidence(active.evidence)))
		}
	}
	return all
}

func activeRule(server, clients netip.Prefix, from servers.Ports, why string) rule {
	return rule{from: server, to: clients, sport: portSpan{from.Lo, from.Hi}, dport: portSpan{flow.FirstUnprivileged, 65535}, why: "active from " + from.Words() + why}
}
