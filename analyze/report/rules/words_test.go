package rules

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/analyze/report/servers"
	"ftpscope/capture/flow"
)

// Text from outside is quoted in ASCII, without what a console would take for more.
func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{
		"a.pcap": `"a.pcap"`, "help?": `"help\x3f"`, "Grüße": `"Gr\u00fc\u00dfe"`, "a\nb": `"a\nb"`, "\xff": `"\xff"`,
	} {
		require.Equal(t, want, quoted(in))
	}
	require.LessOrEqual(t, len([]rune(quoted(strings.Repeat("x", 10_000)))), 64)
	require.Equal(t, "this capture", fileWords(nil))
	require.Equal(t, `"a" and "b"`, fileWords([]string{"a", "b"}))
	require.Equal(t, `"a", "b", "c" and 2 more files`, fileWords([]string{"a", "b", "c", "d", "e"}))
	require.Equal(t, "192.0.2.1 port 21", ascii(reporttest.Endpoint("[::ffff:192.0.2.1]:21")))
}

// Evidence names the first sessions and packets, and counts the rest.
func TestEvidence(t *testing.T) {
	r := &rules{opt: report.Options{Files: 1}}
	s := servers.Sample{N: 1, Sessions: 1, Packets: 1, Ids: [servers.Sampled]int{4}, At: [servers.Sampled]flow.Pos{flow.At(0, 16)}}
	require.Equal(t, "session 4, packet 16", r.seen(&s))
	require.Equal(t, "1 data connection wanted, none opened; session 4, packet 16", r.evidence(&servers.Mode{Evidence: s}))
	require.Equal(t, "1 data connection; session 4, packet 16", r.evidence(&servers.Mode{Evidence: s, Opened: 1}))
	s = servers.Sample{N: 9, Sessions: 5, Packets: 7, Ids: [servers.Sampled]int{1, 2, 3}, At: [servers.Sampled]flow.Pos{flow.At(0, 1), flow.At(1, 2), flow.At(1, 3)}}
	require.Equal(t, "sessions 1, 2, 3 and 2 more, packets 1, 2, 3 and 4 more", r.seen(&s))
	r.opt.Files = 2
	require.Equal(t, "9 data connections wanted, 4 opened (2 inferred, under TLS or without a SYN: look whether that is FTP); "+
		"sessions 1, 2, 3 and 2 more, packets 1:#1, 2:#2, 2:#3 and 4 more", r.evidence(&servers.Mode{Evidence: s, Opened: 4, Inferred: 2}))
	require.Equal(t, "session 1", r.seen(&servers.Sample{N: 1, Sessions: 1, Ids: [servers.Sampled]int{1}}))
}

// What is left out says why, and what to look for.
func TestOddWords(t *testing.T) {
	r := &rules{}
	src, dst := reporttest.Endpoint("192.0.2.66:1"), reporttest.Endpoint("192.0.2.21:50001")
	one := servers.Sample{N: 1, Sessions: 1, Ids: [servers.Sampled]int{1}}
	for want, o := range map[string]servers.LeftOut{
		"left out: 1 data connection, 192.0.2.66 port 1 to 192.0.2.21 port 50001 (session 1): opened by a host that should not; find out who that is":                                 {Kind: servers.OddHost, Src: src, Dst: dst, Sample: one},
		"left out: 1 data connection to 192.0.2.21 port 50001 (session 1): leads to a port below 1024, where other services listen":                                                   {Kind: servers.OddPort, Dst: dst, Sample: one},
		"left out: 1 data connection (session 1): not to the control connection's peer. A wrong announcement (NAT) is to be corrected, not permitted; it may also be FXP or a bounce": {Kind: servers.OddAddress, Sample: one},
	} {
		require.Equal(t, want, r.oddWords(&o))
	}
}

// Ends of lines, in the words of each firewall.
func TestEnds(t *testing.T) {
	prefix := netip.MustParsePrefix
	for name, test := range map[string]struct {
		p    string
		s    portSpan
		want string
	}{
		"host":      {"192.0.2.21/32", portSpan{}, "host 192.0.2.21"},
		"network":   {"192.0.2.0/24", portSpan{20, 20}, "192.0.2.0 0.0.0.255 eq 20"},
		"IPv6":      {"2001:db8::/64", portSpan{1024, 65535}, "2001:db8::/64 gt 1023"},
		"IPv6 host": {"2001:db8::1/128", portSpan{50000, 50004}, "host 2001:db8::1 range 50000 50004"},
		"anywhere":  {"0.0.0.0/0", portSpan{}, "0.0.0.0 255.255.255.255"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, ciscoEnd(prefix(test.p), test.s)) })
	}
	require.Equal(t, []string{"192.0.2.21", "192.0.2.0/24"}, []string{prefixOrHost(prefix("192.0.2.21/32")), prefixOrHost(prefix("192.0.2.0/24"))})
	require.Equal(t, []string{"", " dport 20", " dport 20-30"}, []string{spanned(" dport ", portSpan{}, "-"), spanned(" dport ", portSpan{20, 20}, "-"), spanned(" dport ", portSpan{20, 30}, "-")})
}

// What was seen beside sessions is named at the end, and permitted nowhere.
func TestFoot(t *testing.T) {
	w, out := reporttest.New(t, Formats(), "rules-nft", report.Options{})
	a, o := reporttest.OtherRecords()
	for range servers.Sampled + 2 {
		require.NoError(t, w.Attempt(a))
		require.NoError(t, w.Orphan(o))
	}
	require.NoError(t, w.Summary(reporttest.SummaryOf()))
	got := strings.Join(strings.Fields(strings.ReplaceAll(out.String(), "#", "")), " ")
	require.Contains(t, got, "No FTP session was seen that a rule should permit.")
	require.Contains(t, got, "left out: 5 pairs of client and server without a control connection (192.0.2.1 to 2001:db8::1 port 21, 192.0.2.1 to 2001:db8::1 port 21, "+
		"192.0.2.1 to 2001:db8::1 port 21, ...): a blocked client looks like this, and so does a scan")
	require.Contains(t, got, "left out: 5 data connections from port 20 whose control connection is not in the capture")
	require.Empty(t, permits(out.String()))
}

func TestFarWords(t *testing.T) {
	require.Contains(t, farWords([]uint16{38211, 20000}), "passive port 38211 and 20000, far from those that worked")
}
