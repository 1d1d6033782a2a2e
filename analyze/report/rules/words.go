package rules

import (
	"net/netip"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/report/servers"
)

// What the comments of rules say. They end up in files that a firewall loads, so text
// from outside is quoted in ASCII.

// fileWords names the captures.
func fileWords(names []string) string {
	var words []string
	for _, n := range names[:min(len(names), servers.Sampled)] {
		words = append(words, quoted(n))
	}
	switch more := len(names) - len(words); {
	case len(words) == 0:
		return "this capture"
	case more > 0:
		words = append(words, prose.Many(more, "more file"))
	}
	return prose.List(words)
}

// evidence is "4 data connections, 3 of them opened; session 1, packets 16, 22 and 31".
func (r *rules) evidence(m *servers.Mode) string {
	text := prose.Many(m.Evidence.N, "data connection")
	switch {
	case m.Opened == 0:
		text += " wanted, none opened"
	case m.Opened < m.Evidence.N:
		text += " wanted, " + prose.Number(uint64(m.Opened)) + " opened"
	}
	if m.Inferred > 0 {
		text += " (" + prose.Number(uint64(m.Inferred)) + " inferred, under TLS or without a SYN: look whether that is FTP)"
	}
	return text + "; " + r.seen(&m.Evidence)
}

// seen is "sessions 1, 4, 9 and 2 more, packets 1, 40, 88 and 12 more".
func (r *rules) seen(s *servers.Sample) string {
	var ids, packets []string
	for _, id := range s.Ids[:min(s.Sessions, servers.Sampled)] {
		ids = append(ids, strconv.Itoa(id))
	}
	if more := s.Sessions - len(ids); more > 0 {
		ids = append(ids, prose.Number(uint64(more))+" more")
	}
	text := "session " + prose.List(ids)
	if len(ids) > 1 {
		text = "sessions " + prose.List(ids)
	}
	for _, p := range s.At[:min(s.Packets, servers.Sampled)] {
		packets = append(packets, strings.TrimPrefix(prose.Packet(p, r.opt.Files > 1), "#"))
	}
	if more := s.Packets - len(packets); more > 0 {
		packets = append(packets, prose.Number(uint64(more))+" more")
	}
	switch len(packets) {
	case 0:
		return text
	case 1:
		return text + ", packet " + packets[0]
	}
	return text + ", packets " + prose.List(packets)
}

func (r *rules) oddWords(o *servers.LeftOut) string {
	text := "left out: " + prose.Many(o.N, "data connection")
	if o.Src.IsValid() {
		text += ", " + ascii(o.Src) + " to " + ascii(o.Dst)
	} else if o.Dst.IsValid() {
		text += " to " + ascii(o.Dst)
	}
	text += " (" + r.seen(&o.Sample) + "): "
	switch o.Kind {
	case servers.OddHost:
		return text + "opened by a host that should not; find out who that is"
	case servers.OddAddress:
		return text + "not to the control connection's peer. A wrong announcement (NAT) is to be corrected, not permitted; it may also be FXP or a bounce"
	case servers.OddPort:
		return text + "leads to a port below 1024, where other services listen"
	}
	return text + "the server should have opened it and no SYN was seen, so its source port is not known"
}

// farWords says why some passive ports are not permitted.
func farWords(far []uint16) string {
	var list []string
	for _, p := range far {
		list = append(list, prose.Port(p))
	}
	return "left out: passive port " + prose.List(list) + ", far from those that worked. The server's range is used up, or something else " +
		"announced it: enlarge the range, and permit that"
}

// ascii is an endpoint of a comment.
func ascii(e netip.AddrPort) string {
	return e.Addr().Unmap().String() + " port " + prose.Port(e.Port())
}

// quoted is text from outside in ASCII and quotes. The question mark goes too: a Cisco
// console takes it for a call for help even in a comment.
func quoted(s string) string {
	const most = 200 // bytes, so that nobody fills a page
	q := strconv.QuoteToASCII(s[:min(len(s), most)])
	return prose.Cut(strings.ReplaceAll(q, "?", `\x3f`), 64)
}
