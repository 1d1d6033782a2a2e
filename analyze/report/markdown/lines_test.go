package markdown

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

// The section counts, names what failed and what was found, and says what it was made of.
func TestSection(t *testing.T) {
	got := reporttest.WriteAll(t, markdownFormats(), "markdown", reporttest.ActiveSession(), reporttest.BlockedSession())
	for _, want := range []string{
		"| 1 | 2024-03-01 10:02:15 |", "`192.0.2.10:51234`", "`192.0.2.21:21`", "| active | server |", "`anonymous`",
		"| 3 | 2024-03-01 10:02:15 |", "| passive | ", "**high** `data-unanswered`", "`192.168.50.2:50001`", "`a.pcap`",
	} {
		require.Contains(t, got, want)
	}
	require.NotContains(t, got, "me@example.org")
	none := reporttest.Write(t, markdownFormats(), "markdown", report.Options{})
	require.Contains(t, none, "No FTP session was found")
}

// Text of the wire is code: a backquote and a bar within it are written otherwise.
func TestCodeSpan(t *testing.T) {
	for in, want := range map[string]string{
		"": "(empty)", "  ": "(empty)", "a b": "`a b`", "a`b|c": "`a\\x60b\\x7cc`", "\x1b": "`\\x1b`", "@you": "`@you`",
	} {
		require.Equal(t, want, codeSpan(in))
	}
	require.Equal(t, "`aaaa…aaaa`", codeCut(strings.Repeat("a", 1<<20), 9))
}

// A word is plain when no tracker makes anything of it.
func TestPlainWord(t *testing.T) {
	for word, want := range map[string]bool{
		"": true, "server": true, "client's": true, "well-known": true, "60,000": true, "16–31": true, "123456": true, "→": true, "%": true,
		"1234567": false, "#12": false, "@you": false, "GH-7": false, "a.b": false, "-x": false, "x-": false, "7,": false, "é": false, "a1b2c3d": false, "http://x": false,
	} {
		require.Equal(t, want, plainWord(word), word)
	}
	open, core, end := punctuated("(word).,")
	require.Equal(t, []string{"(", "word", ").,"}, []string{open, core, end})
	require.Equal(t, []string{`a`, `"b c"`, `d`}, proseWords(`a "b c"  d`))
}

// The gravest are kept, however many come, in the order in which they came.
func TestGravest(t *testing.T) {
	s := reporttest.BlockedSession()
	var sessions []*record.Session
	for i := range mdFailures + 5 {
		x := *s
		x.ID, x.Client = i+1, reporttest.Endpoint("192.0.2."+strconv.Itoa(i+1)+":50000")
		x.Findings = []record.Finding{{ID: "x", Severity: []string{"low", "critical"}[i%2], Message: "m"}}
		sessions = append(sessions, &x)
	}
	got := reporttest.Write(t, markdownFormats(), "markdown", report.Options{All: true}, sessions...)
	require.Equal(t, len(sessions)/2, strings.Count(got, "**critical**"))
	require.Contains(t, got, "more")
	_, rows, _ := parseMarkdown(t, got)
	require.LessOrEqual(t, rows, mdSessions)
}

// Of more lines than there is room for the gravest stay, of equals the first, and the rest is
// counted; a line that would not stay is not even written.
func TestGravestLines(t *testing.T) {
	for _, x := range []struct {
		name        string
		ranks       []int
		most, shown int
		want        string
	}{
		{"all fit", []int{3, 1, 2}, 5, 5, "a3below b1below c2below "},
		{"the mildest go", []int{3, 1, 2, 0}, 2, 2, "b1 d0 \n… and 2 more lines.\n"},
		{"of equals the first stay", []int{1, 1, 1}, 2, 2, "a1 b1 \n… and 1 more line.\n"},
		{"fewer are shown than kept", []int{3, 1, 2}, 5, 1, "b1below \n… and 2 more lines.\n"},
		{"none", nil, 5, 5, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			w, written := gravest{most: x.most}, 0
			for i, rank := range x.ranks {
				w.add(rank, func() (string, string) {
					written++
					return string(rune('a'+i)) + strconv.Itoa(rank) + map[bool]string{true: " ", false: ""}[len(x.ranks) > x.most], "below "
				})
			}
			var b strings.Builder
			w.write(&b, x.shown, "line")
			require.Equal(t, x.want, b.String())
			require.LessOrEqual(t, written, len(x.ranks))
		})
	}
	w := gravest{most: 1}
	w.add(0, plainly(func() string { return "grave" }))
	w.add(5, func() (string, string) { t.Fatal("it is not kept"); return "", "" })
	require.False(t, w.room(0))
}

// Times are the reader's, with their zone; what the capture lacks is not made up.
func TestZone(t *testing.T) {
	berlin, err := prose.ReadZone("Europe/Berlin")
	require.NoError(t, err)
	got := reporttest.Write(t, markdownFormats(), "markdown", report.Options{Zone: berlin}, reporttest.ActiveSession())
	require.Contains(t, got, "| session | start (CET) |")
	require.Contains(t, got, "| 1 | 2024-03-01 11:02:15 |")
	require.Contains(t, got, "2024-03-01T11:02:15+01:00")
	w, out := reporttest.New(t, markdownFormats(), "markdown", report.Options{})
	require.NoError(t, w.Session(&record.Session{ID: 1}))
	sum := reporttest.SummaryOf()
	sum.First, sum.Last = nil, nil
	for i := range mdFiles + 3 {
		sum.Files = append(sum.Files, "b`"+strconv.Itoa(i))
	}
	require.NoError(t, w.Summary(sum))
	require.Contains(t, out.String(), "| session | start (UTC) |")
	require.Contains(t, out.String(), "\n10. `b\\x608`\n\n… and 4 more files.\n")
	require.Contains(t, out.String(), "| – | – | – |", "ends that are not known")
	parseMarkdown(t, out.String())
}
