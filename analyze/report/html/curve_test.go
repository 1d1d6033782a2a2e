package html

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// curved is a slow download with everything that a picture can show.
func curved(id int) *record.Session {
	s := reporttest.ActiveSession()
	s.ID = id
	at := func(ms int) flow.Time { return reporttest.At(ms).Time }
	s.Verdict = &record.Verdict{Cause: record.CauseSlow, At: record.AtClient, Certainty: record.Certain, Transfer: 2, Text: "The client did not read.", Next: []string{"why?"}}
	s.Transfers[1].Verdict = s.Verdict
	s.Transfers[1].Notes.Curve = &flow.Curve{
		Points: []flow.CurvePoint{{At: at(0)}, {At: at(1000), Sent: 20_000, Acked: 12_000}, {At: at(6000), Sent: 20_000, Acked: 20_000}, {At: at(8000), Sent: 45_000, Acked: 40_000}, {At: at(10_000), Sent: 60_000, Acked: 60_000}},
		Marks: []flow.CurveMark{
			{Kind: flow.MarkStall, From: at(2000), To: at(6000), After: 20_000}, {Kind: flow.MarkZeroWindow, From: at(2500), To: at(5900), After: 20_000},
			{Kind: flow.MarkAgain, From: at(7000), To: at(7100), After: 33_000, Count: 12}, {Kind: flow.MarkAgain, From: at(9000), To: at(9000), After: 50_000},
			{Kind: flow.MarkStall, From: at(8000), To: at(8500), After: 45_000}, {Kind: 99, From: at(1), To: at(2)},
		},
	}
	quiet := *s.Transfers[1].Notes.Curve
	quiet.Marks = nil
	s.Transfers[0].Notes.Curve = &quiet
	return s
}

// The picture shows what was acknowledged and sent, and what held it up; its words say the
// same.
func TestCurve(t *testing.T) {
	s := curved(7)
	c, ok := newCurve(s, &s.Transfers[1], clock{})
	require.True(t, ok)
	require.Equal(t, "curve-7-2", c.ID)
	require.Equal(t, "60.0 kB", c.Top)
	require.Equal(t, [2]string{"+5.0 s", "+10.0 s"}, c.Times)
	require.Equal(t, "0,200 100,160 600,160 600,134 800,67 850,67 1000,0", c.Acked)
	require.Equal(t, "0,200 100,134 600,134 600,134 800,50 850,50 1000,0", c.Sent, "nothing rises in a stall")
	require.Equal(t, []curveMark{{"stall", 200, 0, 400, 200}, {"window", 250, 190, 340, 10}, {"again", 700, 77, 10, 26}, {"again", 900, 21, 4, 26}, {"stall", 800, 0, 50, 200}}, c.Marks)
	require.Equal(t, "Bytes over 10.0 s: 60,000 bytes acknowledged, 60,000 bytes sent, 2 stalls, 4.0 s at most, 13 segments sent again and window 0 for 3.4 s.", c.Told)
	require.True(t, c.Worth)
	c, ok = newCurve(s, &s.Transfers[0], clock{})
	require.True(t, ok)
	require.False(t, c.Worth, "it went well")
}

// There is no picture where there is nothing to see, and none of what was not acknowledged.
func TestCurveOfLittle(t *testing.T) {
	points := func(list ...flow.CurvePoint) *flow.Curve { return &flow.Curve{Points: list} }
	for name, data := range map[string]*flow.Curve{
		"none": nil, "one point": points(flow.CurvePoint{At: 1, Sent: 5}), "no bytes": points(flow.CurvePoint{At: 1}, flow.CurvePoint{At: 2}),
		"no time": points(flow.CurvePoint{At: 1}, flow.CurvePoint{At: 1, Sent: 5}), "backwards": points(flow.CurvePoint{At: 2, Sent: 1}, flow.CurvePoint{At: 1, Sent: 5}),
	} {
		s := reporttest.ActiveSession()
		s.Transfers[0].Notes.Curve = data
		_, ok := newCurve(s, &s.Transfers[0], clock{})
		require.False(t, ok, name)
	}
	s := reporttest.ActiveSession()
	s.Transfers[0].Notes.Curve = points(flow.CurvePoint{At: 1, Sent: 1}, flow.CurvePoint{At: 3, Sent: 5})
	c, ok := newCurve(s, &s.Transfers[0], clock{})
	require.True(t, ok)
	require.Empty(t, c.Acked, "the capture has one direction")
	require.Equal(t, []curveKey{{"sent", "5 bytes sent"}}, c.Keys)
	s.Transfers[0].Notes.Curve = points(flow.CurvePoint{At: 1, Sent: 1, Acked: 1}, flow.CurvePoint{At: 3, Sent: 5, Acked: 5})
	s.Transfers[0].Notes.Curve.Marks = []flow.CurveMark{{Kind: flow.MarkStall, From: 2 * flow.Second, To: 4 * flow.Second}}
	c, _ = newCurve(s, &s.Transfers[0], clock{})
	require.Empty(t, c.Sent, "the same line")
	require.Equal(t, "a stall of 2.0 s", c.Keys[1].Text)
}

// The pictures are well-formed and named by what they show, and the page has a limit for
// them; those worth a look do not give way to others.
func TestCurvesOnThePage(t *testing.T) {
	var sessions []*record.Session
	for i := range maxCurves + 10 {
		s := curved(i + 1)
		hostile := "</title><script>alert(1)</script>\u202e"
		s.Transfers[1].Argument = &hostile
		sessions = append(sessions, s)
	}
	page := reporttest.WithoutAssets(htmlOf(t, report.Options{}, sessions...))
	require.Equal(t, maxCurves, strings.Count(page, `<figure class="curve worth"`))
	require.Equal(t, maxQuietCurves, strings.Count(page, `<figure class="curve"`))
	for part := range strings.SplitSeq(page, "<figure ") {
		figure, _, found := strings.Cut(part, "</figure>")
		if !found || !strings.HasPrefix(figure, "class") {
			continue
		}
		d := xml.NewDecoder(strings.NewReader("<figure " + figure + "</figure>"))
		d.Entity = xml.HTMLEntity
		for err := error(nil); err != io.EOF; _, err = d.Token() {
			require.NoError(t, err, figure)
		}
		require.Regexp(t, `role="img" aria-label="Bytes over [^"]+"><title>Bytes over `, figure)
	}
	require.NotContains(t, page, "<script>alert")
	require.NotContains(t, page, "\u202e")
}
