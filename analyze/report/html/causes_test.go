package html

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/reporttest"
)

// A verdict has its place, its cause in words, its sentence, what else fits, what to do and
// the packets that decide.
func TestJudged(t *testing.T) {
	v := *reporttest.BlockedSession().Verdict
	v.Certainty, v.Or = record.Open, []string{record.CauseDataBlocked}
	require.Equal(t, judged{Place: "nat · open", Cause: "address untranslated", Level: "bad", Text: v.Text,
		Also:   diagnosis.AlsoFits(&v),
		Next:   []string{"Announce the public address (vsftpd pasv_address) and forward the passive ports.", "Or let the client use EPSV, which names no address."},
		Filter: "frame.number in {15, 16}", File: 1}, newJudged(&v))
	for _, test := range []struct{ cause, at, place, level, words string }{
		{record.CauseNone, record.AtNone, "no failure · likely", "good", ""}, {record.CauseClientAborted, record.AtClient, "client · likely", "good", "client aborted"},
		{record.CauseNotCaptured, record.AtCapture, "capture · likely", "none", "not captured"}, {record.CauseSlow, record.AtPath, "path · likely", "warn", "slow"},
		{record.CauseDataMTU, record.AtPath, "path · likely", "bad", "data mtu"},
	} {
		j := newJudged(&record.Verdict{Cause: test.cause, At: test.at, Certainty: record.Likely, Text: "so"})
		require.Equal(t, judged{Place: test.place, Cause: test.words, Level: test.level, Text: "So."}, j)
	}
	long := newJudged(reporttest.HostileVerdict(strings.Repeat("A", 64<<10)))
	require.Less(t, len(long.Text)+len(long.Next[0]), 3*maxStory, "nobody reads 64 KB")
}

// What failed is trouble, what was slow deserves a note, the rest depends on findings.
func TestRankOf(t *testing.T) {
	for cause, want := range map[string]int{record.CauseNone: diagnosis.Quiet, record.CauseNotCaptured: diagnosis.Quiet, record.CauseSlowGreeting: diagnosis.Noted, record.CauseLoginRejected: diagnosis.Trouble} {
		require.Equal(t, want, rankOf(&record.Verdict{Cause: cause}), cause)
	}
	require.Equal(t, diagnosis.Quiet, rankOf(nil))
}

// blockedBy is n sessions that fail of one cause at the same server, of n clients.
func blockedBy(n int) (list []*record.Session) {
	for i := range n {
		s := reporttest.BlockedSession()
		s.ID, s.Client = i+1, reporttest.Endpoint("203.0.113."+strconv.Itoa(100+i)+":40000")
		list = append(list, s)
	}
	return list
}

// viewOf is what the page would show.
func viewOf(t *testing.T, sessions ...*record.Session) *view {
	t.Helper()
	h := newWriter(&bytes.Buffer{}, report.Options{}).(*writer)
	for _, s := range sessions {
		require.NoError(t, h.Session(s))
	}
	return h.view(reporttest.SummaryOf(sessions...), h.entries())
}

// The page begins with the answer for the whole capture; one cause at one server is told
// once, with the sessions that it hurt.
func TestCausesOfThePage(t *testing.T) {
	v := viewOf(t, blockedBy(9)...)
	require.Equal(t, "bad", v.Level)
	require.True(t, strings.HasPrefix(v.Answer, "9 of 9 sessions failed: most likely the server announces 192.168.50.2"), v.Answer)
	require.Len(t, v.Causes, 1)
	c := v.Causes[0]
	require.Equal(t, []string{"9 sessions", "and 3 more"}, []string{c.Count, c.More})
	require.Equal(t, causeRef{1, 1, "session 1, transfer 1"}, c.Refs[0])
	require.Empty(t, v.Leads, "the finding says what the verdict says")
	well := reporttest.ActiveSession()
	v = viewOf(t, well)
	require.Equal(t, "good", v.Level)
	require.Empty(t, v.Causes)
	slow := reporttest.ActiveSession()
	slow.Verdict = &record.Verdict{Cause: record.CauseSlow, At: record.AtPath, Certainty: record.Certain, Text: "Much was sent again."}
	require.Equal(t, "warn", viewOf(t, slow).Level)
}

// What one rule found between the same hosts is one example with the others' places; what
// only a transfer's verdict says leads, for its session went well.
func TestFindingsOnce(t *testing.T) {
	sessions := blockedBy(1)
	for i := range 9 {
		s := reporttest.BlockedSession()
		s.ID = i + 2
		sessions = append(sessions, s)
	}
	groups := viewOf(t, sessions...).Groups
	require.Len(t, groups, 1)
	require.Equal(t, "10 findings in 10 sessions", groups[0].Count)
	require.Len(t, groups[0].Examples, 2)
	e := groups[0].Examples[1]
	require.Equal(t, []any{2, 6, "and 2 more between these hosts", ""}, []any{e.Session, len(e.Others), e.More, e.Advice})
	require.Empty(t, groups[0].More)

	altered := reporttest.ActiveSession()
	altered.Transfers[1].Verdict = &record.Verdict{Cause: record.CauseDataAltered, At: record.AtClient, Certainty: record.Likely, Text: "ASCII mode changed it."}
	altered.Findings = []record.Finding{{ID: "ascii-mode-binary", Severity: "medium", Transfer: 2, Message: "photo.bin was sent in ASCII mode"}, reporttest.ClearText}
	leads := viewOf(t, altered).Leads
	require.Len(t, leads, 1, "a habit leads nowhere")
	require.Equal(t, "Photo.bin was sent in ASCII mode.", leads[0].Text)
	groups = viewOf(t, altered).Groups
	require.Equal(t, []string{"ascii-mode-binary", "cleartext-credentials"}, []string{groups[0].ID, groups[1].ID}, "habits last")
}

// The details begin with the verdict; a transfer says its own if it is another one, and
// findings of one kind are one.
func TestDetailsBeginWithTheVerdict(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Verdict = &record.Verdict{Cause: record.CauseFileDenied, At: record.AtServer, Certainty: record.Certain, Transfer: 1, Text: "The server denied it."}
	s.Transfers[0].Verdict = s.Verdict
	s.Transfers[1].Verdict = &record.Verdict{Cause: record.CauseDataAltered, At: record.AtClient, Certainty: record.Likely, Text: "It was changed."}
	s.Notes.Logins = append(s.Notes.Logins, record.Login{Mark: reporttest.MarkAt(30, 8), User: "root", Code: 530, Reply: reporttest.Reply(35, 9, 530, "Login incorrect.")})
	s.Findings = []record.Finding{reporttest.ClearText, {ID: "x", Severity: "low", Transfer: 1, Message: "one", Advice: "look"}, {ID: "x", Severity: "low", Transfer: 2, Message: "two", Advice: "look there"},
		{ID: "y", Severity: "high", Message: "shared", Advice: "as the verdict says", Shared: true}}
	var d detail
	require.NoError(t, json.Unmarshal(newWriter(&bytes.Buffer{}, report.Options{}).(*writer).detail(s), &d))
	require.Equal(t, "server · certain", d.Verdict.Place)
	var transfers []*judged
	for _, b := range d.Blocks {
		if b.N > 0 {
			transfers = append(transfers, b.Judged)
		}
	}
	require.Nil(t, transfers[0], "the session says it")
	require.Equal(t, "It was changed.", transfers[1].Text)
	require.Equal(t, []*verdict{
		{ID: "y", Severity: "high", Count: 1, Message: "Shared."}, {ID: "x", Severity: "low", Count: 2, T: []int{1, 2}, Message: "One.", Advice: "Look."},
		{ID: "cleartext-credentials", Severity: "medium", Count: 1, Message: toldOf(reporttest.ClearText.Message), Advice: "Use FTP over TLS."},
	}, d.Findings)
	require.Contains(t, d.Facts, fact{"Failed logins", "1 login failed before one succeeded: 530 Login incorrect."})
}

// The table shows where to look, and not again as a finding what the verdict says.
func TestRowVerdict(t *testing.T) {
	s := reporttest.BlockedSession()
	r := newTableRow(s, diagnosis.Trouble)
	require.Equal(t, rowCause{"address untranslated", "nat · likely", "bad", "nat", true}, r.rowCause)
	require.Equal(t, record.Gravity("high"), r.Gravity, "filters go by it")
	x := r.static(clock{})
	require.Equal(t, []string{"nat · likely", "address untranslated", "bad", ""}, []string{x.Place, x.Cause, x.Level, x.Severity})
	s.Findings = append(s.Findings, record.Finding{ID: "brute-force", Severity: "critical"})
	r = newTableRow(s, diagnosis.Trouble)
	require.False(t, r.Said)
	require.Equal(t, "critical", r.static(clock{}).Severity)
	s.Verdict = nil
	r = newTableRow(s, diagnosis.Trouble)
	require.Empty(t, r.rowCause)
}

// TestVerdictsInBrowser reads the verdicts as their reader does.
func TestVerdictsInBrowser(t *testing.T) {
	b := newBrowser(t)
	sessions := blockedBy(3)
	slow := curved(4)
	sessions = append(sessions, slow, reporttest.ActiveSession())
	sessions[4].ID = 5
	page := htmlOf(t, report.Options{}, sessions...)
	b.open(page, "")
	require.Equal(t, "1 2 3 4 5", eval[string](b, rowIDs))
	require.Regexp(t, `nat · likely address untranslated$`, eval[string](b, cellText+"(1)"))
	require.Regexp(t, `no failure · certain$`, eval[string](b, cellText+"(5)"))
	for _, test := range []struct{ id, value, want string }{
		{"cause", "address untranslated", "1 2 3"}, {"cause", "slow", "4"}, {"at", "nat", "1 2 3"}, {"at", "client", "4"}, {"at", "none", "5"}, {"q", "untranslated", "1 2 3"},
	} {
		b.choose(test.id, test.value)
		b.await(rowIDs + " === " + strconv.Quote(test.want))
		eval[bool](b, `(document.getElementById("clear").click(), true)`)
		b.await(rowIDs + ` === "1 2 3 4 5"`)
	}
	b.do(chromedp.Click(chromedp.CSS(`#verdict a[href="#s1.1"]`)))
	b.await(`document.activeElement.id === "s1.1"`)
	require.Equal(t, "judged", eval[string](b, `document.querySelector("#details-1 .panel").firstElementChild.classList[0]`), "the verdict stands first")
	require.Equal(t, 2, eval[int](b, `document.querySelectorAll("#details-1 .judged .next li").length`))
	require.True(t, eval[bool](b, `!(document.querySelector("#details-1 .found").compareDocumentPosition(document.querySelector("#details-1 .block")) & Node.DOCUMENT_POSITION_FOLLOWING)`), "findings stand after transfers")
	b.quiet()
	t.Run("picture", func(t *testing.T) { picture(t, b, page) })
}

// picture: what is worth a look is drawn at once, the rest on demand; both are as wide as
// there is room, without a word that is stretched.
func picture(t *testing.T, b *browser, page string) {
	b.t = t
	b.open(page, "#open=4")
	require.Equal(t, 1, eval[int](b, `document.querySelectorAll("#details-4 .block > figure.curve.worth").length`))
	require.False(t, eval[bool](b, `document.querySelector("#details-4 details figure.curve").checkVisibility()`))
	require.Equal(t, 0, eval[int](b, `document.querySelectorAll(".plot svg text").length`))
	require.Equal(t, 1, eval[int](b, `document.querySelectorAll("#curve-4-2").length`), "the copy has no name")
	require.False(t, eval[bool](b, `document.getElementById("curve-4-2").checkVisibility()`))
	for _, width := range []int64{1280, 400} {
		b.size(width, 900)
		wide := eval[float64](b, `document.querySelector("#details-4 figure.worth svg").getBoundingClientRect().width`)
		require.Greater(t, wide, 250.0)
		require.Less(t, wide, float64(width))
	}
	for _, shape := range []string{"polyline.acked", "polyline.sent", "rect.stall", "rect.window", "rect.again"} {
		require.NotEqual(t, "none none", eval[string](b, `(s => s.stroke + " " + s.fill)(getComputedStyle(document.querySelector("#details-4 figure.worth `+shape+`")))`), shape)
	}
	require.Regexp(t, `^Bytes over 10.0 s: 60,000 bytes acknowledged`, eval[string](b, `document.querySelector("#details-4 figure.worth svg").getAttribute("aria-label")`))
	b.quiet()
}
