package table

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

// names are what users, files and servers are called: short, long, wide, without a blank.
var names = []string{
	"a", "laboratory-user-17", "бухгалтерия-отдел-продаж", "最終版の報告書", strings.Repeat("x", 70), strings.Repeat("long name ", 12), "e\u0301\u0301\u0301",
	"a\x1b[31mb", "\xff\xfe", "line\nbreak", "\u202egnp.exe", "👩‍👩‍👧", "tab\there", "", " blanks  around ", strings.Repeat("ż", 4000),
}

var endpoints = []string{
	"192.0.2.10:51234", "1.2.3.4:1", "255.255.255.255:65535", "[2001:db8::1]:21", "[2001:db8:1234:5678:9abc:def0:1234:5678]:51234", "[::ffff:192.0.2.1]:2121",
}

// anySession is a session of any kind, by a generator that is the same in every run.
func anySession(r *rand.Rand, id int) *record.Session {
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	samples := append(reporttest.Failures(), reporttest.ActiveSession(), reporttest.BlockedSession(), reporttest.Ipv6Session(), reporttest.Takeover())
	s := samples[r.IntN(len(samples))]
	s.ID = id
	if r.IntN(2) == 0 {
		s.Client, s.Server = reporttest.Endpoint(pick(endpoints)), reporttest.Endpoint(pick(endpoints))
	}
	if r.IntN(2) == 0 {
		s.User, s.Banner = reporttest.Ptr(pick(names)), reporttest.Ptr(pick(names))
	}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if r.IntN(2) == 0 {
			t.Argument, t.Path = reporttest.Ptr(pick(names)), reporttest.Ptr("/"+pick(names))
		}
		if t.Connection != nil && r.IntN(3) == 0 {
			t.Connection.Src, t.Connection.Dst = reporttest.Endpoint(pick(endpoints)), reporttest.Endpoint(pick(endpoints))
		}
		if t.Bytes != nil && r.IntN(3) == 0 {
			*t.Bytes = r.Uint64() >> r.IntN(64)
		}
	}
	for i := range s.Findings {
		s.Findings[i].ID = "rule" // our own, always short
	}
	for range r.IntN(3) {
		s.Findings = append(s.Findings, record.Finding{
			ID: "rule-" + strconv.Itoa(r.IntN(4)), Severity: record.Severities[r.IntN(len(record.Severities))], Message: pick(names), Advice: pick(names), Transfer: r.IntN(3),
		})
	}
	if s.Verdict != nil && r.IntN(3) == 0 {
		v := *s.Verdict
		v.Text, v.Next = "It said "+pick(names), []string{pick(names), pick(names)}
		s.Verdict = &v
	}
	if r.IntN(6) == 0 {
		s.Network = reporttest.InVLANs([]uint64{10, 4000}, []uint64{20})
	}
	return s
}

func anySessions(seed uint64) (list []*record.Session) {
	r := rand.New(rand.NewPCG(seed, 17))
	for i := range 1 + r.IntN(6) {
		list = append(list, anySession(r, 1+i*r.IntN(4000)))
	}
	return list
}

// Whatever a page is about, and however wide it is: no line is wider, nothing of it is a
// terminal's, colours add nothing but themselves, and two runs say the same.
func TestAnyPageFits(t *testing.T) {
	for seed := range uint64(60) {
		width := 60 + int(seed*37)%141
		write := func(o report.Options) string {
			return reporttest.Write(t, tableFormats(), "table", o, anySessions(seed)...)
		}
		plain := write(report.Options{Width: width, All: seed%3 == 0})
		for line := range strings.SplitSeq(plain, "\n") {
			require.LessOrEqual(t, prose.Columns(line), width, "seed %d, width %d: %s", seed, width, line)
			require.Equal(t, strings.TrimRight(line, " "), line, "seed %d: no blanks at the end", seed)
		}
		reporttest.Harmless(t, plain, 0)
		require.Equal(t, plain, write(report.Options{Width: width, All: seed%3 == 0}), "seed %d", seed)
		colored := write(report.Options{Width: width, All: seed%3 == 0, Color: true, Rich: seed%2 == 0})
		require.Equal(t, plain, sgr.ReplaceAllString(colored, ""), "seed %d", seed)
	}
}
