package table

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

const aDay = 24 * 3600 * flow.Second

// A time of day without its date is of the one day that the page is about: attempts and
// orphans count, too.
func TestDaysBesideSessions(t *testing.T) {
	for _, x := range []struct {
		name     string
		sessions []int // the days of sessions, attempts and orphans
		attempts []int
		orphans  []int
		want     []string
	}{
		{"attempts of one day", nil, []int{0, 0}, nil, []string{" 10:02:15 192.0.2.1 tried"}},
		{"attempts of two days", nil, []int{0, 1}, nil, []string{" 03-01 10:02:15 192.0.2.1 tried", " 03-02 10:02:15 192.0.2.1 tried"}},
		{"of two years", nil, []int{0, 366}, nil, []string{" 2024-03-01 10:02:15 192.0.2.1 tried", " 2025-03-02 10:02:15 192.0.2.1 tried"}},
		{"an orphan on the next day", []int{0}, nil, []int{1}, []string{" 03-02 10:02:15 server opened", " 1  03-01 10:02:15  "}},
		{"all on one", []int{0}, []int{0}, []int{0}, []string{" 1  10:02:15  ", " 10:02:15 192.0.2.1 tried", " 10:02:15 server opened"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			w, out := reporttest.New(t, tableFormats(), "table", report.Options{})
			for i, day := range x.sessions {
				s := reporttest.ActiveSession()
				s.ID, s.Start.Time = i+1, s.Start.Time+flow.Time(day)*aDay
				require.NoError(t, w.Session(s))
			}
			for _, day := range x.attempts {
				a, _ := reporttest.OtherRecords()
				a.First.Time += flow.Time(day) * aDay
				require.NoError(t, w.Attempt(a))
			}
			for _, day := range x.orphans {
				_, o := reporttest.OtherRecords()
				o.Connection.Start.Time += flow.Time(day)*aDay - 10*flow.Millisecond
				require.NoError(t, w.Orphan(o))
			}
			require.NoError(t, w.Summary(reporttest.SummaryOf()))
			for _, want := range x.want {
				require.Contains(t, out.String(), want)
			}
		})
	}
}

// The page is dealt out by rank, then among the groups of a rank, and groups stand in an
// order of their own.
func TestShelf(t *testing.T) {
	verdict := func(cause, at string) *record.Verdict { return &record.Verdict{Cause: cause, At: at} }
	blocked, busy := verdict(record.CauseDataBlocked, record.AtFirewall), verdict(record.CauseServerBusy, record.AtServer)
	type lot struct {
		count, rank int
		v           *record.Verdict
	}
	for _, x := range []struct {
		name string
		lots []lot
		want []string // the headings of what is shown, and how many rows
	}{
		{"nothing", nil, nil},
		{"all fit: none has a heading", []lot{{20, diagnosis.Quiet, nil}, {30, diagnosis.Trouble, blocked}}, []string{" 50"}},
		{"trouble first, and nothing else fits", []lot{{30, diagnosis.Quiet, nil}, {60, diagnosis.Trouble, blocked}}, []string{
			"── 60 sessions: data-blocked, look at firewall; 50 shown, all with --cause data-blocked --at firewall --all 50"}},
		{"the rest of the page is for the next rank", []lot{{300, diagnosis.Quiet, nil}, {10, diagnosis.Noted, nil}, {3, diagnosis.Trouble, busy}}, []string{
			"── 3 sessions: server-busy, look at server 3", "── 10 sessions with findings only 10", "── 300 sessions without trouble; 37 shown 37"}},
		{"the larger group first, a row each in turn", []lot{{40, diagnosis.Trouble, busy}, {41, diagnosis.Trouble, blocked}}, []string{
			"── 41 sessions: data-blocked, look at firewall; 25 shown, all with --cause data-blocked --at firewall --all 25",
			"── 40 sessions: server-busy, look at server; 25 shown, all with --cause server-busy --at server --all 25"}},
		{"a small group is whole", []lot{{100, diagnosis.Trouble, blocked}, {2, diagnosis.Trouble, busy}}, []string{
			"── 100 sessions: data-blocked, look at firewall; 48 shown, all with --cause data-blocked --at firewall --all 48", "── 2 sessions: server-busy, look at server 2"}},
		{"equal ones by their names", []lot{{30, diagnosis.Trouble, busy}, {30, diagnosis.Trouble, blocked}}, []string{
			"── 30 sessions: data-blocked, look at firewall; 25 shown, all with --cause data-blocked --at firewall --all 25",
			"── 30 sessions: server-busy, look at server; 25 shown, all with --cause server-busy --at server --all 25"}},
		{"failures that decided nothing", []lot{{60, diagnosis.Trouble, nil}}, []string{"── 60 sessions with failures that did not decide; 50 shown 50"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var h shelf
			order := 0
			for _, l := range x.lots {
				for range l.count {
					order++
					if g := h.room(&record.Session{Verdict: l.v}, l.rank); g != nil {
						g.rows = append(g.rows, sessionRow{order: order})
					}
				}
			}
			var got []string
			heading, n := "", 0
			flush := func() {
				if n > 0 {
					got = append(got, fmt.Sprintf("%s %d", heading, n))
				}
			}
			last := 0
			for _, r := range h.chosen() {
				if r.heading != "" {
					flush()
					heading, n, last = r.heading, 0, 0
				}
				require.Greater(t, r.order, last, "in the order of arrival")
				last = r.order
				n++
			}
			flush()
			require.Equal(t, x.want, got)
		})
	}
}

// Steps are sentences, whole ones only, and the first stands however long it is.
func TestSomeSteps(t *testing.T) {
	long := strings.Repeat("word ", mostSteps/5) + "end"
	for _, x := range []struct {
		name  string
		steps []string
		width int
		want  string
	}{
		{"none", nil, 100, ""},
		{"sentences", []string{"look here", "does it listen?", "ask."}, 100, "Look here. Does it listen? Ask."},
		{"the first is too long", []string{long, "more"}, 100, "W" + long[1:] + "."},
		{"the second is", []string{"look", long}, 100, "Look."},
		{"on a wide page it fits", []string{"look", long}, wide, "Look. W" + long[1:] + "."},
	} {
		t.Run(x.name, func(t *testing.T) { require.Equal(t, x.want, someSteps(x.steps, x.width)) })
	}
}

// What a session's verdict says is said once, and referred to; so are its steps.
func TestSaidOnce(t *testing.T) {
	a, b, c := reporttest.BlockedSession(), reporttest.BlockedSession(), reporttest.BlockedSession()
	a.ID, b.ID, c.ID = 1, 2, 3
	other := *c.Verdict
	other.Text = "Another one."
	c.Verdict = &other
	for i, s := range []*record.Session{a, b, c} {
		s.Transfers[0].Verdict = nil
		s.Transfers[0].Connection.Src = reporttest.Endpoint("203.0.113.10:4060" + strconv.Itoa(i))
	}
	got := strings.Join(strings.Fields(reporttest.Write(t, tableFormats(), "table", report.Options{}, a, b, c)), " ")
	require.Equal(t, 1, strings.Count(got, "which the client at 203.0.113.10 cannot reach"))
	require.Contains(t, got, "The same as in session 1.")
	require.Contains(t, got, "Another one.")
	require.Contains(t, got, "next As in session 1.")

	w := newTable(&strings.Builder{}, report.Options{}).(*table)
	for i := range maxSaid {
		require.Empty(t, w.before("1", strconv.Itoa(i)))
	}
	require.Empty(t, w.before("1", "one more"))
	require.Empty(t, w.before("2", "one more"), "there is no room for it: it is said again")
	require.Equal(t, "1", w.before("2", "7"))
}

// Findings of one rule name their first places, each once.
func TestPlaces(t *testing.T) {
	r := &foundRow{}
	for i := range 4 {
		r.add(&record.Session{ID: 1}, &record.Finding{Transfer: i / 2})
	}
	require.Equal(t, "#1 #1.1", r.places())
	for i := range maxRefs {
		r.add(&record.Session{ID: i + 2}, &record.Finding{})
	}
	require.Equal(t, "#1 #1.1 #2 #3 #4 #5 …", r.places())
	require.Equal(t, 4+maxRefs, r.count)

	groups := byRule([]*foundRow{{foundKey: foundKey{id: "b"}}, {foundKey: foundKey{id: "a"}}, {foundKey: foundKey{id: "b"}, count: 2}})
	require.Len(t, groups, 2)
	require.Equal(t, []string{"b", "a"}, []string{groups[0][0].id, groups[1][0].id}, "in the order of the first of each")
	require.Equal(t, 2, groups[0][1].count)
}

// Each severity counts, and what is not shown is counted in words.
func TestFindingsAreBounded(t *testing.T) {
	var sessions []*record.Session
	for i := range 40 {
		s := reporttest.ActiveSession()
		s.ID, s.Client = i+1, reporttest.Endpoint("192.0.2."+strconv.Itoa(i+1)+":1000")
		s.Findings = []record.Finding{{ID: "many", Severity: record.Severities[i%5], Message: "seen"}}
		sessions = append(sessions, s)
	}
	got := reporttest.Write(t, tableFormats(), "table", report.Options{}, sessions...)
	require.Contains(t, got, "many × 8\n")
	require.Contains(t, got, "… 20 more findings: -o json has them all")
	require.Less(t, strings.Index(got, "critical"), strings.Index(got, "● high"), "the gravest first")
	require.NotContains(t, got, "info", "the mildest are left out")
	all := reporttest.Write(t, tableFormats(), "table", report.Options{All: true}, sessions...)
	require.NotContains(t, all, "more finding")
	require.Equal(t, 40, strings.Count(all, "  seen\n"))
}

// The last line counts modes in one order, and what is no session.
func TestCountsInWords(t *testing.T) {
	require.Equal(t, "1,000 active, 2 passive, 3 mixed, 4 unknown, 5 without a transfer", modesInWords(map[string]int{
		record.None: 5, record.Unknown: 4, record.Mixed: 3, record.Passive: 2, record.Active: 1000}))
	require.Empty(t, modesInWords(nil))
	require.Equal(t, " · 1 host without a control connection · 2 data connections without a session", tail(&tableStats{attempts: 1, orphans: 2}))
}

// A log has one line an event, whatever a peer says, and each begins with its time.
func TestLinesAreLines(t *testing.T) {
	for _, s := range append(reporttest.HostileSessions(), reporttest.Takeover()) {
		w, out := reporttest.New(t, tableFormats(), "lines", report.Options{})
		require.NoError(t, w.Session(s))
		got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		want := 1 + len(s.Transfers) + len(s.Findings)
		if s.Verdict != nil {
			want++
		}
		require.Len(t, got, want)
		for _, line := range got {
			require.Regexp(t, `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  #`, line)
		}
		reporttest.Harmless(t, out.String(), 0)
	}
}
