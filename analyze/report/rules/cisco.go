package rules

import (
	"net/netip"
	"strings"

	"ftpscope/analyze/prose"
)

var cisco = dialect{
	title: "Cisco IOS access lists", comment: "! ", write: writeCisco,
	helper: "Inspection: a firewall that inspects FTP (ip inspect, inspect ftp, ZBF) opens the data connections itself where the control " +
		"connection is in clear and on a port that it knows; then the data rules can go. It cannot follow TLS.",
	checks: []string{"Loading: access lists know no connections, so each direction has a list of its own and answers are let through by " +
		"\"established\". Every list ends by denying all else: merge the lines into the lists that you have."},
}

// accessList is one of the four: IOS keeps families apart, and a list filters one
// direction.
type accessList struct {
	begin        string
	v6, toServer bool
}

var accessLists = []accessList{
	{"ip access-list extended FTPSCOPE-TO-SERVER", false, true},
	{"ip access-list extended FTPSCOPE-TO-CLIENT", false, false},
	{"ipv6 access-list FTPSCOPE-TO-SERVER-V6", true, true},
	{"ipv6 access-list FTPSCOPE-TO-CLIENT-V6", true, false},
}

// writeCisco writes each rule in the list of its direction, and what answers it in the
// other.
func writeCisco(b *strings.Builder, d *dialect, blocks []block) {
	for _, list := range accessLists {
		empty := true
		for i := range blocks {
			titled := false
			for k := range blocks[i].rules {
				r := &blocks[i].rules[k]
				if r.v6() != list.v6 {
					continue
				}
				if empty {
					b.WriteString(list.begin + "\n")
					empty = false
				}
				if !titled {
					d.remarks(b, " ", titleOf(&blocks[i], list.toServer))
					titled = true
				}
				if r.toServer == list.toServer {
					d.remark(b, " ", r.why)
					b.WriteString(" permit tcp " + ciscoEnd(r.from, r.sport) + " " + ciscoEnd(r.to, r.dport) + "\n")
				} else {
					b.WriteString(" permit tcp " + ciscoEnd(r.to, r.dport) + " " + ciscoEnd(r.from, r.sport) + " established\n")
				}
			}
		}
		if !empty {
			b.WriteString("!\n")
		}
	}
	for i := range blocks {
		if len(blocks[i].notes) > 0 {
			d.remark(b, "", blocks[i].title[0])
			d.remarks(b, "", blocks[i].notes)
		}
	}
}

// titleOf is a server's title, whole in the list that comes first.
func titleOf(b *block, whole bool) []string {
	if whole {
		return b.title
	}
	return b.title[:1]
}

// ciscoEnd is one end of a line: a host, an IPv4 network with its wildcard mask or an
// IPv6 prefix, and its ports.
func ciscoEnd(p netip.Prefix, s portSpan) string {
	end := p.String()
	switch {
	case p.IsSingleIP():
		end = "host " + p.Addr().String()
	case p.Addr().Is4():
		mask := ^uint32(0) >> p.Bits()
		end = p.Addr().String() + " " + netip.AddrFrom4([4]byte{byte(mask >> 24), byte(mask >> 16), byte(mask >> 8), byte(mask)}).String()
	}
	switch {
	case s.any():
		return end
	case s.lo == s.hi:
		return end + " eq " + prose.Port(s.lo)
	case s.hi == 65535:
		return end + " gt " + prose.Port(s.lo-1)
	}
	return end + " range " + prose.Port(s.lo) + " " + prose.Port(s.hi)
}

// prefixOrHost leaves out the length of a single address.
func prefixOrHost(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// spanned is a match of ports, nothing for any port.
func spanned(match string, s portSpan, to string) string {
	switch {
	case s.any():
		return ""
	case s.lo == s.hi:
		return match + prose.Port(s.lo)
	}
	return match + prose.Port(s.lo) + to + prose.Port(s.hi)
}
