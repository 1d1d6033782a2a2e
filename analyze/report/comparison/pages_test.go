package comparison

import (
	"encoding/json"
	"regexp"
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

func written(t *testing.T, write func(*strings.Builder) error) string {
	var b strings.Builder
	require.NoError(t, write(&b))
	return b.String()
}

func explained(t *testing.T, r *compare.Result, o report.Options) string {
	return written(t, func(b *strings.Builder) error { return writeExplain(b, r, o) })
}

// Whatever the page's width, its lines fit; colours add only themselves.
func TestPagesFit(t *testing.T) {
	sgr := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, r := range []*compare.Result{twoSides(), hostileResult(2)} {
		for width := 60; width <= 200; width += 7 {
			for _, f := range Formats() {
				if f.Name == "json" {
					continue
				}
				plain := written(t, func(b *strings.Builder) error { return f.Write(b, r, report.Options{Width: width, All: true}) })
				for line := range strings.SplitSeq(plain, "\n") {
					require.LessOrEqual(t, prose.Columns(line), width, "%s: %s", f.Name, line)
				}
				reporttest.Harmless(t, plain, 0)
				colored := written(t, func(b *strings.Builder) error {
					return f.Write(b, r, report.Options{Width: width, All: true, Color: true})
				})
				require.Equal(t, plain, sgr.ReplaceAllString(colored, ""))
			}
		}
	}
}

// The ladder of three lines is as wide as the page has room for; packets are named beside it,
// or below where that is too narrow.
func TestPairLadder(t *testing.T) {
	const lost = "Transfer 2 · RETR photo.bin · lost\n\n"
	ladderAt := func(width int) string {
		_, text, _ := strings.Cut(explained(t, twoSides(), report.Options{Width: width}), lost)
		text, _, _ = strings.Cut(text, "\n\n")
		return "\n" + text + "\n"
	}
	require.Equal(t, `
   client (here)            between           server (there)
   │── PORT 192,0,2,10,170,… ─▶│── PORT 192,0,2,10,170,… ─▶│
   │  here #36, there 1:#36                                │
   │◀─ 200 PORT command … ─────│◀─ 200 PORT command … ─────│
   │  here #38, there 1:#38                                │
   │── RETR photo.bin ────────▶│── RETR photo.bin ────────▶│
   │  here #40, there 1:#40                                │
   │                           ╳══ SYN to port 43677 ══════│
   │  there 2:#43                                          │
   │◀─ 150 Opening BINARY … ───│◀─ 150 Opening BINARY … ───│
   │  here #46, there 1:#46                                │
   │◀─ 425 Failed to … ────────│◀─ 425 Failed to … ────────│
   │  here #97, there 1:#97                                │
`, ladderAt(60))
	require.Equal(t, `
   client (here)                     between                           server (there)
   │── PORT 192,0,2,10,170,157 ────────▶│── PORT 192,0,2,10,170,157 ────────▶│  here #36, there 1:#36
   │◀─ 200 PORT command successful ─────│◀─ 200 PORT command successful ─────│  here #38, there 1:#38
   │── RETR photo.bin ─────────────────▶│── RETR photo.bin ─────────────────▶│  here #40, there 1:#40
   │                                    ╳══ SYN to port 43677 ═══════════════│  there 2:#43
   │◀─ 150 Opening BINARY mode data … ──│◀─ 150 Opening BINARY mode data … ──│  here #46, there 1:#46
   │◀─ 425 Failed to establish … ───────│◀─ 425 Failed to establish … ───────│  here #97, there 1:#97
`, ladderAt(120))
	require.Contains(t, ladderAt(80), "\n   │  here #36, there 1:#36                                                  │\n", "a usual terminal")
}

// What happened to a packet between the points is drawn where the lines are; what is not of
// its way is none of the ladder's.
func TestFates(t *testing.T) {
	way := compare.ToServer
	r := twoSides()
	for _, x := range []struct {
		kind, fate string
		side       int
		want       string // here, and there
	}{
		{compare.SYNLost, stopped, 0, "x|"},
		{compare.Repeated, stopped, 0, "x|"},
		{compare.RSTBetween, made, 1, "|x"},
		{compare.NotCaptured, unclear, 1, "|x"},
		{compare.Addresses, "", 0, ""},
		{compare.Hops, "", 0, ""},
	} {
		t.Run(x.kind, func(t *testing.T) {
			l := &pairLadder{r: r}
			l.difference(&compare.Difference{Kind: x.kind, Way: &way, At: 7, Side: x.side, Short: "x"})
			if x.want == "" {
				require.Empty(t, l.rungs)
				return
			}
			require.Equal(t, []string{x.fate, x.want}, []string{l.rungs[0].fate, l.rungs[0].here + "|" + l.rungs[0].there})
			require.True(t, l.rungs[0].bold)
		})
	}
	l := &pairLadder{r: r}
	l.difference(&compare.Difference{Kind: compare.Lines})
	require.Empty(t, l.rungs, "what both sides have has no place of its own")
}

// A line that one side lacks is drawn by the other's clock, and its fate is not known.
func TestSaidOnOneSide(t *testing.T) {
	r := twoSides()
	r.Clock = compare.Clock{Known: true, Offset: 5 * flow.Second}
	here, there := &utterance{10 * flow.Second, flow.At(0, 3), "PASV"}, &utterance{16 * flow.Second, flow.At(1, 4), "PASV"}
	for _, x := range []struct {
		name        string
		here, there *utterance
		at          flow.Time
		fate, note  string
	}{
		{"both", here, there, 10 * flow.Second, passed, "here #3, there 2:#4"},
		{"only here", here, nil, 10 * flow.Second, unclear, "here #3"},
		{"only there", nil, there, 11 * flow.Second, unclear, "there 2:#4"},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := &pairLadder{r: r}
			l.say(compare.ToServer, x.here, x.there)
			got := l.rungs[0]
			require.Equal(t, []any{x.at, x.fate, x.note}, []any{got.at, got.fate, got.note})
		})
	}
	l := &pairLadder{r: r}
	l.say(compare.ToServer, nil, nil)
	require.Empty(t, l.rungs)
	require.Nil(t, uttered(nil))
	require.Nil(t, answered(nil))
}

// What is not known is null, what is none is 0.
func TestJSONNull(t *testing.T) {
	lines := func(r *compare.Result) (list []map[string]any) {
		for line := range strings.Lines(written(t, func(b *strings.Builder) error { return writeJSON(b, r, report.Options{}) })) {
			var x map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &x), line)
			list = append(list, x)
		}
		return list
	}
	at := func(x any, path ...string) any {
		for _, key := range path {
			m, ok := x.(map[string]any)
			require.True(t, ok, path)
			require.Contains(t, m, key)
			x = m[key]
		}
		return x
	}
	r := twoSides()
	got := lines(r)
	require.Len(t, got, 3)
	session, attempt, sum := got[0], got[1], got[2]
	require.EqualValues(t, 2, at(session, "hops", "to_server"))
	require.Nil(t, at(attempt, "hops", "to_server"))
	require.Nil(t, at(attempt, "there"))
	require.Nil(t, at(attempt, "here", "session"), "an attempt is no session")
	require.Nil(t, at(session, "delay", "round_trip"))
	require.Nil(t, at(session, "delay", compare.ToServer.String()))
	require.Nil(t, at(sum, "clock", "give_or_take"))
	require.EqualValues(t, 0.002, at(sum, "clock", "offset"))
	require.EqualValues(t, 0, at(sum, "clock", "drift_ppm"))
	transfers := at(session, "transfers").([]any)
	require.Nil(t, at(transfers[1], "here", "connection"))
	require.Nil(t, at(transfers[1], "here", "bytes"))
	require.EqualValues(t, 60000, at(transfers[1], "there", "bytes"))
	differences := at(session, "differences").([]any)
	require.Nil(t, at(differences[0], "transfer"), "of the control connection")
	require.EqualValues(t, 2, at(differences[1], "transfer"))
	require.Equal(t, []any{43.}, at(differences[1], "frames", "there"))
	require.Equal(t, []any{1.}, at(differences[1], "frame_files", "there"), "one side has several files")

	zero := 0
	r.Comparisons[0].HopsToServer, r.Clock.Known = &zero, false
	r.There.Files, r.Here.Packets = r.There.Files[:1], 0
	r.Comparisons[0].Transfers[0].Here = nil
	got = lines(r)
	require.EqualValues(t, 0, at(got[0], "hops", "to_server"))
	require.Nil(t, at(got[0], "transfers").([]any)[0].(map[string]any)["here"])
	require.NotContains(t, at(got[0], "differences").([]any)[1], "frame_files")
	require.Nil(t, at(got[2], "clock"))
	require.Nil(t, at(got[2], "here", "first"), "a side without packets has no beginning")
	require.Equal(t, len(compare.Verdicts()), len(at(got[2], "verdicts").(map[string]any)), "each verdict is counted, 0 too")
}

func TestSeconds(t *testing.T) {
	for want, x := range map[string]flow.Time{
		"0": 0, "1": flow.Second, "-1.5": -1500 * flow.Millisecond, "0.000000001": 1, "-0.000000001": -1, "86400.25": 86400*flow.Second + 250*flow.Millisecond,
	} {
		require.JSONEq(t, want, string(seconds(nil, "", &x)))
	}
	require.Equal(t, "null", string(seconds(nil, "", nil)))
}

// A session names its user by whichever side heard it, and what one may expect of a data
// connection is told on demand only.
func TestTableDetails(t *testing.T) {
	r := twoSides()
	table := func(o report.Options) string {
		return written(t, func(b *strings.Builder) error { return writeTable(b, r, o) })
	}
	require.Contains(t, table(report.Options{}), "#1 anonymous 192.0.2.10:51234")
	require.NotContains(t, table(report.Options{}), "the address is another")
	require.Contains(t, table(report.Options{All: true}), "the address is another")
	r.Comparisons[0].Here.User, r.Comparisons[0].There.User = nil, reporttest.Ptr("b\x1bob")
	require.Contains(t, table(report.Options{}), `#1 b\x1bob 192.0.2.10:51234`)
	require.Contains(t, table(report.Options{}), "#2 no session 192.0.2.10:51234")
	sum := flow.Millisecond
	spread := &compare.Spread{Least: sum / 2, Median: sum, Most: sum, Packets: 1}
	r.Comparisons[0].Delay = compare.Delay{RoundTrip: &sum, Way: [2]*compare.Spread{spread, spread}}
	require.Contains(t, table(report.Options{}), "    delay             1 ms there and back at least")
	require.Contains(t, explained(t, r, report.Options{}), "The way takes 1 ms there and back at least")

	for text, want := range map[string]int{"here   a.pcap": 7, "word": 0, "one two": 4, "": 0} {
		require.Equal(t, want, leading(text), text)
	}
	require.Equal(t, record.Gravity("low"), verdictGravity("a verdict of the future"))
}
