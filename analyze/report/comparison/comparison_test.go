package comparison

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture/flow"
)

// hostileResult has text of the wire that would move the cursor, in every place that text
// of the wire can be in.
func hostileResult(sessions int) *compare.Result {
	const bad = "evil\x1b[2J\r\n\u202egnp.exe\xff"
	text, way := bad, compare.ToServer
	here, there := netip.MustParseAddrPort("192.0.2.10:40000"), netip.MustParseAddrPort("192.0.2.21:21")
	t := &record.Transfer{
		N: 1, Command: &text, Argument: &text, Method: "PASV", Initiator: record.None, Outcome: record.Unused,
		Notes: record.TransferNotes{Asked: &record.Line{Text: bad}, Answer: &record.Reply{Code: 227, Text: bad}, Ran: &record.Line{Text: bad}},
	}
	r := &compare.Result{
		Here: &compare.Side{Name: bad, Files: []string{bad}, Packets: 1}, There: &compare.Side{Name: bad, Files: []string{bad, bad}},
		Verdicts: map[string]int{compare.Rewritten: sessions}, Swapped: true, OrderReason: "by the TTL of 2 of 3 packets",
		Clock: compare.Clock{Known: true, Offset: -1500 * flow.Microsecond, PPM: -3.25, HasRound: true, RoundTrip: 200 * flow.Microsecond, Packets: 3},
	}
	sum := 200 * flow.Microsecond
	spread := &compare.Spread{Least: -50 * flow.Microsecond, Median: flow.Millisecond, Most: 2 * flow.Second, Packets: 9}
	for i := range sessions {
		r.Comparisons = append(r.Comparisons, compare.Comparison{
			ID: i + 1, Verdict: compare.Rewritten, Message: "The ALG changed “" + bad + "”.",
			Here: &compare.Seen{ID: 1, Client: here, Server: there, User: &text}, There: &compare.Seen{Client: there, Server: here},
			Delay:     compare.Delay{RoundTrip: &sum, Way: [2]*compare.Spread{spread, spread}},
			Transfers: []compare.Transfer{{N: 1, Here: t, There: t, Verdict: compare.Rewritten, Message: bad}},
			Differences: []compare.Difference{
				{Kind: compare.Lines, Way: &way, Message: bad, Short: bad, TextHere: &text, TextThere: &text, Here: []flow.Pos{flow.At(0, 7)}, There: []flow.Pos{flow.At(1, 8)}},
				{Kind: compare.DataLost, Transfer: 1, Way: &way, At: 5, Side: 1, Message: bad, Short: "1 packet", There: []flow.Pos{flow.At(1, 9)}},
			},
		})
	}
	return r
}

func TestCompareHostileText(t *testing.T) {
	for _, f := range Formats() {
		var b strings.Builder
		require.NoError(t, f.Write(&b, hostileResult(3), report.Options{All: true}))
		for _, c := range b.String() {
			require.True(t, c == '\n' || unicode.IsPrint(c), "%s: %U", f.Name, c)
		}
		if f.Name == "json" {
			for line := range strings.Lines(b.String()) {
				require.True(t, json.Valid([]byte(line)), line)
			}
			continue
		}
		for line := range strings.Lines(b.String()) {
			require.LessOrEqual(t, prose.Columns(strings.TrimSuffix(line, "\n")), report.DefaultWidth, line)
		}
	}
}

// Of many sessions the worst are shown, and how many are not.
func TestCompareMany(t *testing.T) {
	for _, f := range []string{"table", "explain"} {
		for _, c := range Formats() {
			if c.Name != f {
				continue
			}
			var some, all strings.Builder
			require.NoError(t, c.Write(&some, hostileResult(60), report.Options{}))
			require.NoError(t, c.Write(&all, hostileResult(60), report.Options{All: true}))
			require.Contains(t, some.String(), "… 10 more sessions")
			require.NotContains(t, all.String(), "more sessions")
			require.Contains(t, some.String(), "60 sessions: 60 rewritten")
		}
	}
}

func TestClockWords(t *testing.T) {
	for want, c := range map[string]compare.Clock{
		"no packet that both sides have tells how they compare; taken as equal":                                                                           {},
		"the same, give or take 10 µs (half of what both ways take together), by 2 packets":                                                               {Known: true, Offset: 9000, HasRound: true, RoundTrip: 20000, Packets: 2},
		"there 2.5 s ahead of here at the beginning, going 12.5 ppm faster, give or take 100 µs (half of what both ways take together), by 9,000 packets": {Known: true, Offset: 2500 * flow.Millisecond, PPM: 12.5, HasRound: true, RoundTrip: 200000, Packets: 9000},
		"there 1.25 ms behind here and what the way takes, by 1 packet of one direction only":                                                             {Known: true, Offset: -1250000, Packets: 1},
		"there 86400 s behind here, give or take 100 µs (half of what both ways take together), by 9 packets":                                             {Known: true, Offset: -86400 * flow.Second, HasRound: true, RoundTrip: 200000, Packets: 9},
	} {
		require.Equal(t, want, clockWords(&c))
	}
}
