package comparison

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// twoSides is a download whose SYN was lost between, and one that went through, of which the ALG changed PORT.
func twoSides() *compare.Result {
	way, bytes := compare.ToClient, uint64(60000)
	s := reporttest.ActiveSession()
	lost := s.Transfers[1]
	lost.Bytes, lost.Reply = &bytes, reporttest.Reply(900, 97, 425, "Failed to establish connection.")
	arrived := lost
	arrived.N, arrived.Connection, arrived.Bytes, arrived.Outcome = 1, nil, nil, record.NoConnection
	seen := &compare.Seen{ID: 1, Client: s.Client, Server: s.Server, User: s.User, Start: s.Start, End: s.End}
	translated := *seen
	translated.Client = reporttest.Endpoint("203.0.113.7:40000")
	hops := 2
	first, last := reporttest.At(0), reporttest.At(7200)
	return &compare.Result{
		Here:  &compare.Side{Name: "a.pcap", Files: []string{"a.pcap"}, Packets: 106, First: first, Last: last},
		There: &compare.Side{Name: "b.pcap", Files: []string{"b1.pcap", "b2.pcap"}, Packets: 1, Dropped: 3, First: first, Last: first},
		Clock: compare.Clock{Known: true, Offset: 2 * flow.Millisecond, Packets: 7}, OrderKnown: true, OrderReason: "by the TTL",
		Verdicts: map[string]int{compare.Lost: 1, compare.OneSided: 1},
		Comparisons: []compare.Comparison{
			{ID: 1, Verdict: compare.Lost, Message: "the server's SYN to port 43677 left there and never arrived here.", Here: seen, There: &translated, HopsToServer: &hops, HopsToClient: &hops,
				Transfers: []compare.Transfer{
					{N: 1, Here: &s.Transfers[0], There: &s.Transfers[0], Verdict: compare.Same},
					{N: 2, Here: &arrived, There: &lost, Verdict: compare.Lost}},
				Differences: []compare.Difference{
					{Kind: compare.Addresses, Way: reporttest.Ptr(compare.ToServer), Message: "the client's address 192.0.2.10 here is 203.0.113.7 there"},
					{Kind: compare.SYNLost, Transfer: 2, Way: &way, At: reporttest.At(430).Time, Side: 1, Packets: 1, Message: "the server's SYN to port 43677 left there and never arrived here",
						Short: "SYN to port 43677", There: []flow.Pos{flow.At(1, 43)}},
					{Kind: compare.Addresses, Transfer: 2, Way: &way, Message: "the address is another"},
				}},
			{ID: 2, Attempt: true, Verdict: compare.OneSided, Message: "no packet of it is there.", Here: &compare.Seen{Client: s.Client, Server: s.Server, SYNs: 3}},
		},
	}
}

func TestGoldens(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			var some, all strings.Builder
			require.NoError(t, f.Write(&some, twoSides(), report.Options{}))
			reporttest.Golden(t, "lost."+f.Name, some.String())
			require.NoError(t, f.Write(&all, twoSides(), report.Options{All: true}))
			require.GreaterOrEqual(t, all.Len(), some.Len())
		})
	}
}

func TestHeads(t *testing.T) {
	r := twoSides()
	require.Equal(t, []string{
		"here   a.pcap (the client's side): 106 packets, 2024-03-01 10:02:15 to 10:02:22 UTC",
		"there  b.pcap (the server's side): 1 packet, 2024-03-01 10:02:15 UTC, 3 packets lost by the capture itself",
		"clocks there 2 ms ahead of here and what the way takes, by 7 packets of one direction only",
	}, headsOf(r, prose.Zone{}))
	require.Contains(t, openingOf(r), "“Here” is the client's side, a.pcap, “there” is the server's side, b.pcap. That this is their order is told by the TTL. The clocks: ")
	r.Swapped, r.Stepped = true, 2
	require.Contains(t, headsOf(r, prose.Zone{})[2], "order  given the other way round: a.pcap is nearer to the clients, by the TTL")
	require.Contains(t, headsOf(r, prose.Zone{})[3], "; not of 2 sessions, by whose own packets they are compared: a clock was set")
	require.Contains(t, openingOf(r), "They were given the other way round: which is nearer to the clients is told by the TTL.")
	r.Swapped, r.OrderKnown = false, false
	require.Contains(t, headsOf(r, prose.Zone{})[2], "order  taken as given: nothing tells which side is nearer to the clients")
	require.Contains(t, openingOf(r), "Nothing tells which is nearer to the clients; they are taken as given.")
}

func TestNames(t *testing.T) {
	r := twoSides()
	c := &r.Comparisons[0]
	require.Equal(t, "192.0.2.10:51234 → 192.0.2.21:21 here, 203.0.113.7:40000 → 192.0.2.21:21 there", endsOf(c))
	c.There.Client = c.Here.Client
	require.Equal(t, "192.0.2.10:51234 → 192.0.2.21:21", endsOf(c))
	c.There.Client = reporttest.Endpoint("192.0.2.10:1")
	c.Attempt = true
	require.Equal(t, "192.0.2.10:51234 → 192.0.2.21:21", endsOf(c), "of attempts the port changes")
	require.Equal(t, "192.0.2.10:51234 → 192.0.2.21:21 here", endsOf(&r.Comparisons[1]))
	require.Equal(t, "192.0.2.10:1 → 192.0.2.21:21 there", endsOf(&compare.Comparison{There: c.There}))
	require.Equal(t, "RETR photo.bin", comparedName(&c.Transfers[1]))
	require.Equal(t, "PASV", comparedName(&compare.Transfer{There: &record.Transfer{Method: "PASV"}}))
	require.Equal(t, "here (transfer 1) no connection, no-connection; there (transfer 2) server 192.0.2.21:20 → 192.0.2.10:43677, ok, 60.0 kB", transferSides(&c.Transfers[1]))
	require.Equal(t, "here not seen; there no connection, ok", transferSides(&compare.Transfer{There: &record.Transfer{Outcome: record.OK}}))
}

func TestPackets(t *testing.T) {
	r := twoSides()
	many := make([]flow.Pos, 10)
	for i := range many {
		many[i] = flow.At(0, uint64(i+1))
	}
	for want, d := range map[string]compare.Difference{
		"":                               {},
		"there 2:#43":                    r.Comparisons[0].Differences[1],
		"here #7, there 1:#8":            {Here: []flow.Pos{flow.At(0, 7)}, There: []flow.Pos{flow.At(0, 8)}},
		"here #1 #2 #3 #4 #5 #6 #7 #8 …": {Here: many},
	} {
		require.Equal(t, want, packetsOf(&d, r))
	}
	require.Equal(t, "2 sessions: 1 lost, 1 one-sided", lastLine(r))
	r.Here.Skipped = 4
	require.Equal(t, "2 sessions: 1 lost, 1 one-sided; 4 more sessions not compared: the limit is "+prose.Number(compare.MaxSessions)+" a side", lastLine(r))
	require.Equal(t, "0 sessions", lastLine(&compare.Result{Here: &compare.Side{}, There: &compare.Side{}}))
}

func TestFine(t *testing.T) {
	for want, x := range map[string]flow.Time{
		"0 µs": 0, "12 µs": 12 * flow.Microsecond, "1.5 ms": 1500 * flow.Microsecond, "−1.5 ms": -1500 * flow.Microsecond, "2 s": 2 * flow.Second, "2.000001 s": 2*flow.Second + flow.Microsecond,
		"1 ms": 999_500, "999 µs": 999_499, "1 s": 999_999_500, "999.999 ms": 999_999_499, "−1 ms": -999_500,
	} {
		require.Equal(t, want, fine(x))
	}
	require.Empty(t, delayWords(&compare.Delay{}))
	sum := 3 * flow.Millisecond
	out, back := &compare.Spread{Least: flow.Millisecond, Median: 2 * flow.Millisecond, Most: 5 * flow.Millisecond}, &compare.Spread{Least: 2 * flow.Millisecond, Median: 2 * flow.Millisecond, Most: 2 * flow.Millisecond}
	require.Equal(t, "3 ms there and back at least (by the clocks as estimated 1 ms to the server and 2 ms to the client; only the sum is certain); "+
		"beyond its own least, a packet to the server took 1 ms more (median; at most 4 ms), one to the client 0 µs (0 µs)",
		delayWords(&compare.Delay{RoundTrip: &sum, Way: [2]*compare.Spread{out, back}}))
}

func TestHops(t *testing.T) {
	two, none := 2, 0
	require.Empty(t, hopWords(&compare.Comparison{HopsToServer: &two}))
	require.Equal(t, "2 hops between, by the TTL of both directions", hopWords(&compare.Comparison{HopsToServer: &two, HopsToClient: &two}))
	require.Equal(t, "none between by the TTL: a switch, a bridge, or a middlebox that leaves it as it is", hopWords(&compare.Comparison{HopsToServer: &none, HopsToClient: &none}))
	require.Contains(t, hopWords(&compare.Comparison{HopsToServer: &two, HopsToClient: &none}), "the TTL says 2 to the server and 0 to the client")
}

// The graver the verdict, the graver it looks.
func TestVerdictGravity(t *testing.T) {
	for verdict, severity := range map[string]string{
		compare.Between: "high", compare.Lost: "high", compare.OneSided: "medium", compare.Uncertain: "medium", compare.Repaired: "low", compare.Rewritten: "low", compare.Same: "info",
	} {
		require.Equal(t, record.Gravity(severity), verdictGravity(verdict), verdict)
	}
}

// What control connection and data connection were rewritten alike is said once.
func TestAsUsual(t *testing.T) {
	c := &compare.Comparison{Differences: []compare.Difference{{Kind: compare.Numbers, Message: "changed"}}}
	for _, x := range []struct {
		d    compare.Difference
		want bool
	}{
		{compare.Difference{Kind: compare.Addresses, Transfer: 1}, true},
		{compare.Difference{Kind: compare.Numbers, Transfer: 1, Message: "changed"}, true},
		{compare.Difference{Kind: compare.Numbers, Transfer: 1, Message: "changed otherwise"}, false},
		{compare.Difference{Kind: compare.OptionsOf, Transfer: 1, Message: "changed"}, false},
		{compare.Difference{Kind: compare.DataLost, Transfer: 1, Message: "changed"}, false},
	} {
		require.Equal(t, x.want, asUsual(c, &x.d), x.d)
	}
}

// An arrow's head is where the packet arrives.
func TestArrow(t *testing.T) {
	for name, x := range map[string]struct {
		r           pairRung
		here, there string
	}{
		"passed":       {pairRung{way: compare.ToServer, fate: passed}, "── x ──────────────────────────────▶", "── x ──────────────────────────────▶"},
		"passed back":  {pairRung{way: compare.ToClient, fate: passed, bold: true}, "◀═ x ═══════════════════════════════", "◀═ x ═══════════════════════════════"},
		"stopped":      {pairRung{way: compare.ToServer, fate: stopped}, "── x ───────────────────────────────", "── x ──────────────────────────────▶"},
		"stopped back": {pairRung{way: compare.ToClient, fate: stopped}, "◀─ x ───────────────────────────────", "── x ───────────────────────────────"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, []string{x.here, x.there}, []string{x.r.arrow("x", true, pairRoom), x.r.arrow("x", false, pairRoom)})
			require.Equal(t, pairRoom, prose.Columns(x.r.arrow(strings.Repeat("long text ", 20), true, pairRoom)))
			require.Equal(t, prose.Spaces(pairRoom), x.r.arrow("", true, pairRoom))
		})
	}
}
