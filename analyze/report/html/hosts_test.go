package html

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// The matrix has control and data connections, by who opened them to whom, what failed
// first; those of a server say from which ports they come.
func TestMatrix(t *testing.T) {
	h := newHostTable()
	h.add(reporttest.ActiveSession())
	h.add(reporttest.BlockedSession())
	a, _ := reporttest.OtherRecords()
	h.attempt(a)
	rows, more := h.rows()
	require.Zero(t, more)
	require.Equal(t, []hostRow{
		{From: "203.0.113.10", To: "192.168.50.2", Worked: "0", Failed: "1", What: "data, passive", Bytes: "0 B", Ports: "50001", Session: 3, Level: "bad"},
		{From: "192.0.2.1", To: "2001:db8::1", Worked: "0", Failed: "1", What: "control", Bytes: "–", Ports: "21", Level: "bad"},
		{From: "192.0.2.21", To: "192.0.2.10", Worked: "2", Failed: "0", What: "data, active", Bytes: "60.3 kB", Ports: "43591 and 43677", Sources: "20", Session: 1},
		{From: "192.0.2.10", To: "192.0.2.21", Worked: "1", Failed: "0", What: "control", Bytes: "–", Ports: "21", Session: 1},
		{From: "203.0.113.10", To: "203.0.113.1", Worked: "1", Failed: "0", What: "control", Bytes: "–", Ports: "21", Session: 3},
	}, rows)
	require.Len(t, h.picture(), 2, "the map is of data connections")
	s := reporttest.BlockedSession()
	s.Transfers[0].Connection.State = record.Established
	h.add(s)
	require.Equal(t, "some", h.sorted()[1].row().Level, "what fails now and then is not all bad")
}

// Findings that say why stand before those that say what became of it, and a table of all
// before their texts.
func TestCauseBeforeSymptom(t *testing.T) {
	s := reporttest.BlockedSession()
	s.Findings = append(s.Findings, record.Finding{ID: "nat-mismatch", Severity: "high", Message: "another address"})
	f := findingTable{}
	f.add(s)
	require.Equal(t, []foundKind{{1, "nat-mismatch"}, {1, "data-unanswered"}}, f.kinds())
	require.False(t, diagnosis.Symptom("nat-mismatch"))
	page := htmlOf(t, report.Options{Title: "Uploads <fail>"}, s)
	require.Contains(t, page, `<a href="#f1" class="title">announced address is not the peer&#39;s</a>`)
	require.Contains(t, page, "<title>Uploads &lt;fail&gt;</title>")
	require.Contains(t, page, "<h1><bdi>Uploads &lt;fail&gt;</bdi></h1>")
}

func TestLasting(t *testing.T) {
	require.Equal(t, []string{"0 ms", "under 1 ms", "3 ms", "2.0 s"},
		[]string{lasting(0), lasting(999 * flow.Microsecond), lasting(3 * flow.Millisecond), lasting(2 * flow.Second)})
	require.Equal(t, []string{"0.45 ms", "12 ms"}, []string{roundTrip(450 * flow.Microsecond), roundTrip(12 * flow.Millisecond)})
}

// overDays: the axis names the days, and leaves out long times in which nothing happened.
func overDays(t *testing.T, b *browser) {
	first, later := reporttest.ActiveSession(), reporttest.ActiveSession()
	later.ID = 2
	const away = 8 * 24 * 3600 * flow.Second
	later.Start.Time, later.End.Time = later.Start.Time+away, later.End.Time+away
	for i := range later.Transfers {
		x := &later.Transfers[i]
		x.Connection.Start.Time, x.Connection.End.Time = x.Connection.Start.Time+away, x.Connection.End.Time+away
		x.Notes.Asked, x.Notes.Ran, x.Reply = nil, nil, nil
	}
	b.open(htmlOf(t, report.Options{}, first, later), "")
	require.Equal(t, "7 d", eval[string](b, `[...new Set([...document.querySelectorAll("#time-box .cut-label")].map(n => n.textContent))].join()`))
	require.Regexp(t, `^03-01 10:02:15.*03-09 10:02:1`, eval[string](b, `[...document.querySelector("#time-box svg").querySelectorAll("text[text-anchor=middle]:not(.cut-label)")].map(n => n.textContent).join("|")`))
	long := reporttest.ActiveSession()
	long.End.Time += away
	long.Notes.Control.Half[flow.Out].FIN = flow.Mark{Time: long.Start.Time + away, Ord: 106, Pos: flow.At(0, 106)}
	defer func() {
		b.open(htmlOf(t, report.Options{}, long), "")
		require.Contains(t, eval[string](b, `[...document.querySelectorAll("#details-1 tr.gap")].map(n => n.textContent).join()`), " d later, on 2024-03-09")
		require.Equal(t, "10:02:15.0000002024-03-09", eval[string](b, `[...document.querySelectorAll("#details-1 .ladder tbody .time")].pop().textContent`))
	}()
	require.Equal(t, 4, eval[int](b, `document.querySelectorAll("#time-box svg:nth-child(2) .part").length`), "each transfer has its bar")
	require.True(t, eval[bool](b, `[...document.querySelectorAll("#time-box svg:nth-child(2) .part")].every(n => n.getBBox().width >= 5)`))
}
