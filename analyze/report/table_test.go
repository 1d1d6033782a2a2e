package report

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// crowd makes n sessions, every hundredth of them in trouble.
func crowd(n int) []*record.Session {
	good, bad := activeSession(), blockedSession()
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
	shown := write(t, "table", Options{}, crowd(1000)...)
	require.Len(t, rows(shown), 50)
	require.Equal(t, []string{"100", "200", "300"}, rows(shown)[:3], "trouble first")
	require.Equal(t, "1", rows(shown)[10])
	require.Contains(t, shown, "… 950 more sessions; shown are those with failures or findings first; --all shows every one\n")
	require.Contains(t, shown, "1,000 sessions: 990 active, 10 passive · 1,980 of 1,990 data connections opened")

	all := write(t, "table", Options{All: true}, crowd(1000)...)
	require.Len(t, rows(all), 1000)
	require.Equal(t, "1000", rows(all)[999])
	require.NotContains(t, all, "--all")

	few := write(t, "table", Options{}, crowd(50)...)
	require.NotContains(t, few, "--all")
	require.Equal(t, "1", rows(few)[0])
}

func TestManyTransfers(t *testing.T) {
	s := activeSession()
	for i := range 998 {
		s.Transfers = append(s.Transfers, activeTransfer(i+3, "RETR", "f", uint64(i+100), 4000, 1))
	}
	s.Transfers[800].Outcome = record.Aborted
	got := write(t, "table", Options{}, s)
	require.Contains(t, got, "… 980 more transfers: --all shows them")
	require.Contains(t, got, "aborted 226")
	require.Contains(t, got, "999 ok, 1 failed")
	require.Contains(t, write(t, "explain", Options{}, s), "… 980 more transfers of this session: --all explains them")
}

func TestColorSupportsOnly(t *testing.T) {
	plain := write(t, "table", Options{}, blockedSession())
	colored := write(t, "table", Options{Color: true}, blockedSession())
	require.NotEqual(t, plain, colored)
	for _, sgr := range []string{"\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[0m"} {
		colored = strings.ReplaceAll(colored, sgr, "")
	}
	require.Equal(t, plain, colored)
}

func TestDays(t *testing.T) {
	a, b := activeSession(), activeSession()
	b.ID, b.Start.Time = 2, a.Start.Time+30*24*3600*flow.Second
	got := write(t, "table", Options{}, a, b)
	require.Contains(t, got, "03-01 10:02:15")
	require.Contains(t, got, "03-31 10:02:15")
	b.Start.Time += 365 * 24 * 3600 * flow.Second
	require.Contains(t, write(t, "table", Options{}, a, b), "2025-03-31 10:02:15")
}

func TestWidths(t *testing.T) {
	for _, width := range []int{1, 72, 80, 100, 120, 200} {
		for _, f := range []string{"table", "explain"} {
			got := write(t, f, Options{Width: width}, activeSession(), blockedSession())
			for line := range strings.SplitSeq(got, "\n") {
				require.LessOrEqual(t, prose.Columns(line), max(width, DefaultWidth), line)
			}
		}
	}
}

func TestSeveralFiles(t *testing.T) {
	s := activeSession()
	s.Transfers[1].Frames.Reply = flow.At(1, 7)
	got := write(t, "table", Options{}, s)
	require.Contains(t, got, "1:#40 #43 2:#7")
	require.Contains(t, got, "packets are numbered in each file, 2:#14 is packet 14 of file 2:\n  1  a.pcap\n")
}

// broken is a writer that fails at one record.
type broken struct{ Writer }

func (broken) Session(*record.Session) error { return errors.New("disk full") }

func TestTee(t *testing.T) {
	var out strings.Builder
	tee := NewTee(broken{newJSON(io.Discard, Options{})}, newTable(&out, Options{}))
	require.NoError(t, tee.Session(activeSession()))
	require.NoError(t, tee.Session(activeSession()))
	require.NoError(t, tee.Summary(summaryOf(activeSession())))
	require.Contains(t, out.String(), "2 sessions")
	require.EqualError(t, tee.Errs()[0], "disk full")
	require.NoError(t, tee.Errs()[1])
	require.EqualValues(t, 2, tee.Sessions())

	all := NewTee(broken{}, broken{})
	require.EqualError(t, all.Session(activeSession()), "disk full")
	require.EqualError(t, all.Summary(nil), "disk full", "nobody is asked again")
}

// The table of a large capture costs little more than counting.
func BenchmarkTable(b *testing.B) {
	s := activeSession()
	w := newTable(io.Discard, Options{})
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
