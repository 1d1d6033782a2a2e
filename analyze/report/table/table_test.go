package table

import (
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// crowd makes n sessions, every hundredth of them in trouble.
func crowd(n int) []*record.Session {
	good, bad := reporttest.ActiveSession(), reporttest.BlockedSession()
	var all []*record.Session
	for i := range n {
		s := *good
		if i%100 == 99 {
			s = *bad
		}
		s.ID = i + 1
		all = append(all, &s)
	}
	return all
}

func rows(table string) (ids []string) {
	for line := range strings.SplitSeq(table, "\n") {
		if f := strings.Fields(line); len(f) > 3 && strings.Count(f[1], ":") == 2 {
			ids = append(ids, f[0])
		}
	}
	return ids
}

func TestManySessions(t *testing.T) {
	shown := reporttest.Write(t, tableFormats(), "table", report.Options{}, crowd(1000)...)
	require.Len(t, rows(shown), 50)
	require.Equal(t, []string{"100", "200", "300"}, rows(shown)[:3], "trouble first")
	require.Equal(t, "1", rows(shown)[10])
	require.Contains(t, shown, "… 950 more sessions; shown are those with failures or findings first; --all shows every one\n")
	require.Contains(t, shown, "1,000 sessions: 990 active, 10 passive · 1,980 of 1,990 data connections opened")

	all := reporttest.Write(t, tableFormats(), "table", report.Options{All: true}, crowd(1000)...)
	require.Len(t, rows(all), 1000)
	require.Equal(t, "1000", rows(all)[999])
	require.NotContains(t, all, "--all")

	few := reporttest.Write(t, tableFormats(), "table", report.Options{}, crowd(50)...)
	require.NotContains(t, few, "--all")
	require.Equal(t, "1", rows(few)[0])
}

func TestManyTransfers(t *testing.T) {
	s := reporttest.ActiveSession()
	for i := range 998 {
		s.Transfers = append(s.Transfers, reporttest.ActiveTransfer(i+3, "RETR", "f", uint64(i+100), 4000, 1))
	}
	s.Transfers[800].Outcome = record.Aborted
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, s)
	require.Contains(t, got, "… 980 more transfers: --all shows them")
	require.Contains(t, got, "aborted 226")
	require.Contains(t, got, "999 ok, 1 failed")
}

func TestColorSupportsOnly(t *testing.T) {
	plain := reporttest.Write(t, tableFormats(), "table", report.Options{}, reporttest.BlockedSession())
	colored := reporttest.Write(t, tableFormats(), "table", report.Options{Color: true}, reporttest.BlockedSession())
	require.NotEqual(t, plain, colored)
	for _, sgr := range []string{"\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[0m"} {
		colored = strings.ReplaceAll(colored, sgr, "")
	}
	require.Equal(t, plain, colored)
}

func TestDays(t *testing.T) {
	a, b := reporttest.ActiveSession(), reporttest.ActiveSession()
	b.ID, b.Start.Time = 2, a.Start.Time+30*24*3600*flow.Second
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, a, b)
	require.Contains(t, got, "03-01 10:02:15")
	require.Contains(t, got, "03-31 10:02:15")
	b.Start.Time += 365 * 24 * 3600 * flow.Second
	require.Contains(t, reporttest.Write(t, tableFormats(), "table", report.Options{}, a, b), "2025-03-31 10:02:15")
}

func TestWidths(t *testing.T) {
	for _, width := range []int{1, 72, 80, 100, 120, 200} {
		for _, f := range []string{"table"} {
			got := reporttest.Write(t, tableFormats(), f, report.Options{Width: width}, reporttest.ActiveSession(), reporttest.BlockedSession())
			for line := range strings.SplitSeq(got, "\n") {
				require.LessOrEqual(t, prose.Columns(line), max(width, report.DefaultWidth), line)
			}
		}
	}
}

func TestSeveralFiles(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Transfers[1].Frames.Reply = flow.At(1, 7)
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, s)
	require.Contains(t, got, "1:#40 #43 2:#7")
	require.Contains(t, got, "packets are numbered in each file, 2:#14 is packet 14 of file 2:\n  1  a.pcap\n")
}

// The table of a large capture costs little more than counting.
func BenchmarkTable(b *testing.B) {
	s := reporttest.ActiveSession()
	w := newTable(io.Discard, report.Options{})
	b.ReportAllocs()
	for b.Loop() {
		_ = w.Session(s)
	}
}

func TestFewerSums(t *testing.T) {
	for _, test := range []struct {
		sums  string
		width int
		want  string
	}{
		{"4 ok, 43.9 kB", 13, "4 ok, 43.9 kB"}, {"4 ok, 43.9 kB", 9, "4 ok"}, {"0 ok, 1 failed", 10, "1 failed"}, {"2 ok, 1 failed, 3 unused", 20, "1 failed, 3 unused"}, {"–", 1, "–"},
	} {
		require.Equal(t, test.want, fewerSums(test.sums, test.width))
	}
}

func TestManyServers(t *testing.T) {
	var all []*record.Session
	for i := range 8 {
		s := reporttest.PassiveSession(i+1, "192.0.2.10:1234", reporttest.PassiveTransfer(1, "192.0.2.21:50009", record.Established))
		s.Server = netip.AddrPortFrom(s.Server.Addr(), uint16(2100+i))
		all = append(all, s)
	}
	require.NotContains(t, reporttest.Write(t, tableFormats(), "table", report.Options{}, all...), "\nservers")
	require.NotContains(t, reporttest.Write(t, tableFormats(), "table", report.Options{All: true}, all...), "more server")
	all[7].Transfers[0].Connection.State, all[7].Transfers[0].Outcome = "refused", record.NoConnection
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, all...)
	require.Contains(t, got, "passive failed (1)")
	require.Contains(t, got, "… 3 more servers: --all names them")
	_, after, _ := strings.Cut(got, "\nservers")
	_, after, _ = strings.Cut(after, "\n")
	require.True(t, strings.HasPrefix(after, " 192.0.2.21:2107\n"), "trouble first")
}

func tableFormats() []report.Format { return []report.Format{Format(), Lines()} }

func TestGoldens(t *testing.T) { reporttest.Goldens(t, tableFormats()) }
