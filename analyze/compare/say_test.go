package compare

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var (
	clientData = netip.MustParseAddrPort("192.0.2.10:40001")
	serverData = netip.MustParseAddrPort("192.0.2.21:50012")
)

// TestWords holds each kind's sentence, and its two or three words for a diagram.
func TestWords(t *testing.T) {
	opened := &Conn{Src: clientData, Dst: serverData, FromClient: true}
	j := newConnPair(opened, opened, 0)
	alone := newConnPair(opened, nil, 0)
	text := func(here, there string) (x Difference) { x.TextHere, x.TextThere = &here, &there; return x }
	with := func(d Difference, change func(*Difference)) Difference { change(&d); return d }
	icmp := &ICMP{From: netip.MustParseAddr("198.51.100.1"), Type: 3, Code: 13}
	for _, test := range []struct {
		kind        string
		way         Way
		d           Difference
		j           *connPair
		want, short string
	}{
		{SYNLost, ToServer, Difference{Packets: 3, detail: detail{syn: true}}, alone,
			"the client's 3 SYNs to port 50012 of 192.0.2.21 left here and never arrived there", "SYN to port 50012 (3×)"},
		{SYNLost, ToClient, Difference{Packets: 1, Side: 1, detail: detail{side: 1, syn: true}}, j,
			"the server's SYN-ACK left there and never arrived here", "SYN-ACK"},
		{RSTLost, ToServer, Difference{Packets: 1}, j, "the client's RST of RETR a left here and never arrived there", "RST"},
		{FINLost, ToClient, Difference{Packets: 2}, j, "the server's FIN of RETR a left there and never arrived here", "FIN (2×)"},
		{ICMPLost, ToClient, Difference{Packets: 1, detail: detail{icmp: icmp}}, j,
			"an ICMP error (type 3 code 13 from 198.51.100.1) left there and never arrived here", "ICMP 3/13"},
		{ICMPLost, ToClient, Difference{Packets: 1}, j, "an ICMP error (nothing more is known) left there and never arrived here", "1 packet"},
		{DataLost, ToServer, Difference{Packets: 1, Bytes: 1460}, j, "1 packet (1,460 bytes) of the client's in RETR a left here and never arrived there", "1,460 bytes"},
		{Repeated, ToClient, Difference{Packets: 2, Bytes: 2920, RTOs: 3}, j,
			"2 packets (2,920 bytes) of the server's in RETR a left there and never arrived here; 3 retransmissions followed", "2,920 bytes"},
		{Repeated, ToClient, Difference{Packets: 1}, j, "1 packet of the server's in RETR a left there and never arrived here; other copies did", "1 packet"},
		{Repeated, ToServer, Difference{Packets: 1, detail: detail{syn: true}}, j, "1 SYN of the client's in RETR a left here and never arrived there; a later one did", "1 packet"},
		{RSTBetween, ToClient, Difference{Packets: 1, detail: detail{ttl: 63, usual: 60, hasUsual: true}}, j,
			"the RST came from between: it arrived here in the server's name and was never sent there (its TTL is 63, that of the server's packets 60)", "RST"},
		{RSTBetween, ToServer, Difference{Packets: 1, detail: detail{ttl: 60, usual: 60, hasUsual: true}}, j,
			"the RST came from between: it arrived there in the client's name and was never sent here", "RST"},
		{FINBetween, ToServer, Difference{Packets: 1}, j, "the FIN came from between: it arrived there in the client's name and was never sent here", "FIN"},
		{SYNBetween, ToServer, Difference{Packets: 1, detail: detail{syn: true, side: 1}}, j,
			"the SYN came from between: it arrived there in the client's name and was never sent here", "SYN to port 50012"},
		{SYNBetween, ToClient, Difference{Packets: 1, detail: detail{syn: true}}, j,
			"the SYN-ACK came from between: it arrived here in the server's name and was never sent there", "SYN-ACK"},
		{DataBetween, ToServer, Difference{Packets: 1, Bytes: 10}, j,
			"1 packet (10 bytes) in RETR a came from between: it arrived there in the client's name and was never sent here", "10 bytes"},
		{DataBetween, ToClient, Difference{Packets: 2, Bytes: 20}, j,
			"2 packets (20 bytes) in RETR a came from between: they arrived here in the server's name and were never sent there", "20 bytes"},
		{ICMPBetween, ToClient, Difference{Packets: 1, detail: detail{icmp: &ICMP{From: netip.MustParseAddr("2001:db8::1"), Type: 1, Code: 4, V6: true}}}, j,
			"the ICMP error (ICMPv6 type 1 code 4 from 2001:db8::1) came from between: it arrived here and did not pass there", "ICMP 1/4"},
		{NotCompared, ToServer, Difference{Packets: 1}, j, "only 32768 segments in each direction of RETR a are compared", "1 packet"},
		{Duplicated, ToServer, Difference{Packets: 2}, j, "2 packets of the client's in RETR a arrived there more often than they left here", "2 packets"},
		{Numbers, ToClient, text("", ""), j, "the TCP sequence numbers of the server were changed on the way: by a firewall that randomizes them, or by a proxy", ""},
		{OptionsOf, ToServer, text("MSS 1460", "MSS 1380"), j, "of the client's SYN MSS 1460 here is MSS 1380 there", ""},
		{Addresses, ToServer, text("192.0.2.10:40001", "203.0.113.1:40001"), j, "the client's 192.0.2.10:40001 here is 203.0.113.1:40001 there", ""},
		{Lines, ToServer, text("PORT 1,2", "PORT 3,4"), j, "the ALG changed “PORT 1,2” to “PORT 3,4”", ""},
		{Lines, ToClient, text("227 a", "227 b"), j, "the ALG changed “227 b” to “227 a”", ""},
		{Lines, ToServer, text("HOST x", "HOST y"), j, "something on the way changed “HOST x” to “HOST y”", ""},
		{Lines, ToServer, text("AUTH TLS", ""), j, "something on the way removed “AUTH TLS”", ""},
		{Lines, ToClient, text("AUTH TLS", ""), j, "something on the way inserted “AUTH TLS”", ""},
		{NotCaptured, ToServer, Difference{Packets: 1, Bytes: 6, detail: detail{lacks: 1}}, j,
			"1 packet (6 bytes) of RETR a passed, and the capture of the server's side lacks it: it is incomplete", "6 bytes"},
		{NotCaptured, ToServer, Difference{Packets: 1, detail: detail{lacks: 1, whole: true}}, alone,
			"the data connection of RETR a is seen here only: the capture of the server's side does not hold it, because it went another way, " +
				"a filter kept it out, or something on the way answers in the other end's name", "1 packet"},
		{NotCovered, ToServer, Difference{Packets: 2}, j,
			"2 packets of RETR a seen here only: the capture of the server's side does not cover that time, so whether they passed is unknown", "2 packets"},
		{NotCovered, ToServer, with(Difference{Packets: 1}, func(d *Difference) { d.detail.why = whyFilter }), j,
			"1 packet of RETR a seen here only: the capture of the server's side holds nothing but control connections, as a filter (“port 21”) would leave them, " +
				"so whether it passed is unknown", "1 packet"},
		{NotCovered, ToServer, Difference{Packets: 1, detail: detail{why: whyDropped, syn: true}}, alone,
			"the client's SYN to port 50012 of 192.0.2.21 seen here only: the capture of the server's side lost packets itself, so whether it passed is unknown", "1 packet"},
	} {
		t.Run(test.kind, func(t *testing.T) {
			d := test.d
			d.Kind, d.Way = test.kind, &ways[test.way]
			require.Equal(t, test.want, d.words("RETR a", test.j))
			if test.short != "" {
				require.Equal(t, test.short, d.short(test.j))
			}
		})
	}
}

// What makes a difference less than certain is said behind it.
func TestDoubts(t *testing.T) {
	for why, want := range map[string]string{
		"": "", whyClocks: " (if the clocks of both sides agree, which no packet shows)",
		whyNumbers: " (unless as another connection: sequence numbers are changed on the way)",
		whyGaps:    " (as far as the capture of the server's side tells, which lacks packets that passed)",
	} {
		list := []Difference{{Kind: FINLost, Way: &ways[ToServer], Packets: 1, detail: detail{why: why, lacks: 1}}}
		finish(list, 3, "STOR b", newConnPair(nothing, nothing, 0))
		require.Equal(t, 3, list[0].Transfer)
		require.Equal(t, "the client's FIN of STOR b left here and never arrived there"+want, list[0].Message)
	}
}

func TestJudge(t *testing.T) {
	of := func(kind, message string, transfer int) Difference {
		return Difference{Kind: kind, Way: &ways[ToServer], Packets: 1, Message: message, Transfer: transfer}
	}
	for _, test := range []struct {
		name          string
		list          []Difference
		verdict, want string
	}{
		{"nothing", nil, Same, "the same on both sides."},
		{"NAT", []Difference{of(Addresses, "a", 0), of(Addresses, "b", 1)}, Same, "the same on both sides except for addresses or ports (NAT)."},
		{"all that may change", []Difference{of(Duplicated, "", 0), of(OptionsOf, "", 0), of(Numbers, "", 0), of(Addresses, "", 0)}, Same,
			"the same on both sides except for addresses or ports (NAT), TCP sequence numbers, TCP options, packets that arrived twice."},
		{"the worst decides", []Difference{of(Lines, "line", 0), of(NotCovered, "unknown", 0), of(DataLost, "data", 1)}, Lost, "data."},
		{"two of a kind", []Difference{of(FINLost, "fin", 0), of(SYNLost, "syn", 1)}, Lost, "syn; one more of that kind."},
		{"three", []Difference{of(FINLost, "fin", 0), of(SYNLost, "syn", 1), of(RSTLost, "rst", 1)}, Lost, "syn; 2 more of that kind."},
		{"a reset from between, and the SYN that it answered", []Difference{of(SYNLost, "syn", 1), of(RSTBetween, "rst", 1)}, Between, "syn; rst."},
		{"another transfer's SYN", []Difference{of(SYNLost, "syn", 2), of(RSTBetween, "rst", 1)}, Between, "rst."},
		{"repaired", []Difference{of(Repeated, "", 0), of(Repeated, "", 1)}, Repaired,
			"2 packets of the client's left here and never arrived there; what they carried was sent again."},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict, message := judge(test.list)
			require.Equal(t, []string{test.verdict, test.want}, []string{verdict, message})
		})
	}
}

func TestVerdictsAreRanked(t *testing.T) {
	for i, v := range Verdicts() {
		require.Equal(t, i, rank(v))
	}
	worst := 0
	for i, k := range Kinds() {
		require.Equal(t, i, order(k.Name))
		if k.Name != Lines && k.Name != Numbers && k.Name != NotCompared { // harmless ones stand together
			require.GreaterOrEqual(t, rank(k.Verdict), worst, k.Name)
			worst = rank(k.Verdict)
		}
	}
}

func TestOptionsInWords(t *testing.T) {
	require.Equal(t, "no MSS", mssText(&Seg{}))
	require.Equal(t, "MSS 1460", mssText(&Seg{MSS: 1460}))
	require.Equal(t, "no window scale", scaleText(&Seg{Scale: flow.NoScale}))
	require.Equal(t, "window scale 0", scaleText(&Seg{}))
}

// A long line from the wire is cut between characters.
func TestQuoted(t *testing.T) {
	require.Equal(t, "“227 a”", quoted("227 a"))
	for n := range 4 {
		require.Equal(t, "“"+strings.Repeat("a", n)+strings.Repeat("é", (200-n)/2)+"…”", quoted(strings.Repeat("a", n)+strings.Repeat("é", 200)))
	}
}

// What must not be shared is hidden in whatever line it stands.
func TestHidden(t *testing.T) {
	known := &ftp.Secrets{}
	known.Command([]byte("PASS hunter22"))
	for line, want := range map[string]string{
		"USER bob": "USER bob", "PASS secret": "PASS (hidden)", "530 not xHUNTER22": "530 not x(hidden)", "hunter22": "(hidden)", "500 PASS is what?": "500 PASS is what?", "pass  secret word": "pass  (hidden)", "PASS ": "PASS ", "PASV": "PASV",
		"  PASS secret": "  PASS (hidden)", "PASSsecret": "PASS(hidden)", "ACCT secret": "ACCT (hidden)", "SITE PSWD old new": "SITE PSWD (hidden)",
		`500 "PASS secret": what?`: `500 "PASS (hidden)": what?`, "500 'ACCT a' or 'PASS b'": "500 'ACCT (hidden)' or 'PASS (hidden)'", "": "",
	} {
		way := ToServer
		if strings.HasPrefix(line, "5") {
			way = ToClient
		}
		require.Equal(t, want, hidden(line, known, way), line)
	}
}

func TestTransferNames(t *testing.T) {
	ptr := func(s string) *string { return &s }
	for want, x := range map[string]*record.Transfer{
		"RETR a.txt": {Command: ptr("RETR"), Argument: ptr("a.txt"), Method: "PASV"}, "LIST": {Command: ptr("LIST"), Method: "PASV"}, "EPSV": {Method: "EPSV"},
	} {
		require.Equal(t, want, (&Transfer{Here: x}).name())
		require.Equal(t, want, (&Transfer{There: x}).name())
	}
}
