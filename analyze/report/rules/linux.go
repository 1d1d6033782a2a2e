package rules

import (
	"strings"

	"ftpscope/analyze/prose"
)

// dialect is how one firewall writes rules.
type dialect struct {
	title   string // what the sketch is
	comment string // how a comment line begins
	helper  string // what to check of connection tracking
	checks  []string
	write   func(*strings.Builder, *dialect, []block)
}

const commentWidth = 96

// plainASCII turns our own dashes and dots into what any console shows.
var plainASCII = strings.NewReplacer("–", "-", "…", "...", "→", "->")

// remark writes a comment, wrapped: no line of it is without its mark.
func (d *dialect) remark(b *strings.Builder, before, text string) {
	for _, line := range prose.Wrap(prose.Escape(plainASCII.Replace(text)), commentWidth-len(before)-len(d.comment)) {
		b.WriteString(before + d.comment + line + "\n")
	}
}

func (d *dialect) remarks(b *strings.Builder, before string, texts []string) {
	for _, text := range texts {
		d.remark(b, before, text)
	}
}

// item is a remark with a bullet.
func (d *dialect) item(b *strings.Builder, text string) {
	for i, line := range prose.Wrap(prose.Escape(plainASCII.Replace(text)), commentWidth-len(d.comment)-2) {
		bullet := "- "
		if i > 0 {
			bullet = "  "
		}
		b.WriteString(d.comment + bullet + line + "\n")
	}
}

const linuxHelper = "Helper: where conntrack follows the control connections (nf_conntrack_ftp, assigned to their port), the data rules can go. " +
	"It cannot follow TLS, nor ports that it was not told."

var nft = dialect{
	title: "nftables rules", comment: "# ", write: writeNFT, helper: linuxHelper,
	checks: []string{"Loading: nft -c -f FILE checks it, nft -f FILE loads it. Nothing jumps to the chain yet: copy it into the table of your " +
		"filter and jump to it from forward, input or output, before what drops."},
}

// writeNFT follows nft(8): one table of both families, rules by family.
func writeNFT(b *strings.Builder, d *dialect, blocks []block) {
	const in = "        "
	b.WriteString("table inet ftpscope {\n    chain ftp {\n" + in + "ct state established,related accept\n")
	for i := range blocks {
		b.WriteByte('\n')
		d.remarks(b, in, blocks[i].title)
		for k := range blocks[i].rules {
			r := &blocks[i].rules[k]
			family := "ip"
			if r.v6() {
				family = "ip6"
			}
			d.remark(b, in, r.why)
			b.WriteString(in + family + " saddr " + prefixOrHost(r.from) + " " + family + " daddr " + prefixOrHost(r.to) +
				spanned(" tcp sport ", r.sport, "-") + spanned(" tcp dport ", r.dport, "-") + " ct state new accept\n")
		}
		d.remarks(b, in, blocks[i].notes)
	}
	b.WriteString("    }\n}\n")
}

var iptables = dialect{
	title: "iptables and ip6tables rules", comment: "# ", write: writeIPTables, helper: linuxHelper,
	checks: []string{"Loading: iptables-restore --test FILE and ip6tables-restore --test FILE check it, with --noflush instead of --test they load it; " +
		"each takes the lines of its family (-4, -6). Nothing jumps to the chain yet: jump to FTPSCOPE from FORWARD, INPUT or OUTPUT, " +
		"before what drops."},
}

// writeIPTables follows iptables-restore(8): one file for both families by -4 and -6
// (iptables(8)).
func writeIPTables(b *strings.Builder, d *dialect, blocks []block) {
	b.WriteString("*filter\n:FTPSCOPE - [0:0]\n-A FTPSCOPE -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n")
	for i := range blocks {
		b.WriteByte('\n')
		d.remarks(b, "", blocks[i].title)
		for k := range blocks[i].rules {
			r := &blocks[i].rules[k]
			family := "-4"
			if r.v6() {
				family = "-6"
			}
			d.remark(b, "", r.why)
			b.WriteString(family + " -A FTPSCOPE -s " + r.from.String() + " -d " + r.to.String() + " -p tcp" +
				spanned(" --sport ", r.sport, ":") + spanned(" --dport ", r.dport, ":") + " -m conntrack --ctstate NEW -j ACCEPT\n")
		}
		d.remarks(b, "", blocks[i].notes)
	}
	b.WriteString("COMMIT\n")
}
