package diagnosis

import (
	"net/netip"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// verdictOf is a verdict of a cause at a place.
func verdictOf(cause, at string) *record.Verdict {
	return &record.Verdict{Cause: cause, At: at, Certainty: record.Likely, Text: cause, Next: []string{"look"}}
}

// ruled is a session with a verdict.
func ruled(id int, server string, v *record.Verdict) *record.Session {
	s := reporttest.ActiveSession()
	s.ID, s.Server, s.Verdict = id, reporttest.Endpoint(server), v
	return s
}

// One cause at one server is told once, with the sessions that it hurt; what failed comes
// before what was slow and what nobody can tell.
func TestCauses(t *testing.T) {
	const one, other = "192.0.2.21:21", "192.0.2.22:21"
	blocked := verdictOf(record.CauseDataBlocked, record.AtFirewall)
	blocked.Transfer, blocked.Frames = 2, []flow.Pos{flow.At(0, 7)}
	var c Causes
	c.Session(ruled(1, one, verdictOf(record.CauseNotCaptured, record.AtCapture)), false)
	c.Session(ruled(2, one, verdictOf(record.CauseSlow, record.AtPath)), false)
	for id := 3; id <= 12; id++ {
		c.Session(ruled(id, one, blocked), true)
	}
	c.Session(ruled(13, other, blocked), true)
	c.Session(ruled(14, one, verdictOf(record.CauseNone, record.AtNone)), true)
	c.Session(ruled(15, one, nil), true)
	a, o := reporttest.OtherRecords()
	c.Attempt(a)
	a.Verdict, o.Verdict = verdictOf(record.CauseServerUnanswered, record.AtFirewall), verdictOf(record.CauseNotCaptured, record.AtCapture)
	c.Attempt(a)
	c.Orphan(o)
	o.Verdict = verdictOf(record.CauseDataReset, record.AtClient)
	c.Orphan(o)
	blocked.Next[0], blocked.Frames[0] = "changed", 0

	list, left := c.Told(99)
	require.Zero(t, left)
	var got []string
	for _, g := range list {
		got = append(got, strconv.Itoa(g.Count)+" "+g.What+" "+g.Verdict.Cause)
	}
	require.Equal(t, []string{"10 session data-blocked", "1 session data-blocked", "1 host server-unanswered", "1 data connection data-reset", "1 session slow", "1 session not-captured"}, got)
	require.Equal(t, []Ref{{3, 2}, {4, 2}, {5, 2}, {6, 2}, {7, 2}, {8, 2}}, list[0].Refs)
	require.True(t, list[0].Files)
	require.Equal(t, []string{"look"}, list[0].Verdict.Next, "records are valid only during the call")
	require.Equal(t, []flow.Pos{flow.At(0, 7)}, list[0].Verdict.Frames)
	require.Equal(t, Failed, c.Worst())
	list, left = c.Told(1)
	require.Len(t, list, 1)
	require.Equal(t, 5, left)
	require.Equal(t, Well, new(Causes).Worst())
}

// However many servers a capture has, the table of causes is bounded.
func TestCausesAreBounded(t *testing.T) {
	var c Causes
	for i := range maxCauses + 7 {
		s := ruled(i, "192.0.2.1:21", verdictOf(record.CauseNoReply, record.AtServer))
		s.Server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 21)
		c.Session(s, false)
	}
	list, left := c.Told(maxCauses)
	require.Len(t, list, maxCauses)
	require.Equal(t, 7, left)
}
