package mistakes

import (
	"slices"
	"strings"
)

// hint is the way out for who gives a flag that other programs have.
type hint struct {
	flags    string   // letters and names, each in spaces
	commands []string // that it is for; nil: all
	text     string
}

var reading, files = []string{"analyze", "carve", "compare"}, []string{"analyze", "compare"}

// hints are in the order of their precedence.
var hints = []hint{
	{" i interface ", reading, "sniff listens on interfaces: sudo ftpscope sniff -i INTERFACE"},
	{" w write ", files, "carve writes packets: ftpscope carve -w OUT.pcapng --all-ftp FILE"},
	{" r read ", []string{"sniff"}, "analyze reads files: ftpscope analyze FILE"},
	{" r read ", []string{"compare"}, "the two sides are arguments: ftpscope compare CLIENT-SIDE SERVER-SIDE"},
	{" p ", []string{"sniff"}, "--no-promisc"},
	{" G C W ", []string{"sniff"}, "--rotate 100MB or --rotate 1h, and --keep N files"},
	{" c ", reading, "all packets are read; sniff -c N ends after N"},
	{" D ", nil, "ftpscope interfaces lists them"},
	{" n ", nil, "leave it out: names are never looked up"},
	{" v verbose ", reading, "-o explain says more; --all shows every session and transfer"},
	{" v verbose ", []string{"sniff"}, "-o json says more, --commands every command"},
	{" V version ", nil, "ftpscope version"},
	{" Y display-filter ", nil, "display filters are Wireshark's; --host, --user, --outcome, … choose sessions (ftpscope help choosing), -f 'EXPR' packets"},
	{" R recursive ", nil, "leave it out: a directory is read with all that is below it"},
	{" l line-buffered U ", nil, "leave it out: results are written as they come"},
	{" s snaplen snapshot-length ", nil, "leave it out: whole packets are read"},
	{" e x X A t tt ttt tttt ", nil, "tcpdump and tshark show packets; -o explain shows sessions with their packets' numbers"},
	{" T json format fields ", nil, "-o FORMAT: json, csv-transfers, … (ftpscope formats)"},
	{" d decode-as ", nil, "FTP is found on any port; --port N names one that it is to be expected on"},
	{" y E b B z ", nil, "it is another program's flag; ftpscope help lists ours"},
}

// Flag is the way out for who gives a command a flag, by its letter or its name, that it does not have; "" when it is
// nobody's whom we know.
func Flag(command, flag string) string {
	for _, h := range hints {
		if strings.Contains(h.flags, " "+flag+" ") && (h.commands == nil || slices.Contains(h.commands, command)) {
			return h.text
		}
	}
	return ""
}
