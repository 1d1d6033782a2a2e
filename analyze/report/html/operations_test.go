package html

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// operated is a session that changed things at the server.
func operated() *record.Session {
	s := reporttest.ActiveSession()
	s.Operations = []record.Operation{
		{Time: reporttest.At(500), Pos: flow.At(0, 50), What: "DELE", Path: reporttest.Ptr("/logs/auth.log"), Reply: reporttest.Reply(510, 51, 250, "Deleted.")},
		{Time: reporttest.At(520), Pos: flow.At(0, 52), What: "RNTO", From: reporttest.Ptr("/a.txt"), Path: reporttest.Ptr("/a.exe"), Reply: reporttest.Reply(530, 53, 550, "Permission denied.")},
		{Time: reporttest.At(540), Pos: flow.At(0, 54), What: "SITE CHMOD", Path: reporttest.Ptr("/x\u202e<b>"), Argument: reporttest.Ptr("777")},
		{What: "RNTO", From: reporttest.Ptr("/b")}, {What: "MFMT", Argument: reporttest.Ptr("20000101000000")}, {What: "MKD"},
	}
	return s
}

// Each operation has its packet, its file and the server's answer.
func TestOperations(t *testing.T) {
	require.Nil(t, newDoneTable(reporttest.ActiveSession(), false))
	d := newDoneTable(operated(), true)
	require.Empty(t, d.More)
	const none = "no reply in the capture"
	require.Equal(t, [][]any{
		{"1:#50", int64(500_000), "DELE", "/logs/auth.log", "250 Deleted.", true},
		{"1:#52", int64(520_000), "RNTO", "/a.txt → /a.exe", "550 Permission denied.", false},
		{"1:#54", int64(540_000), "SITE CHMOD", `/x\u202e<b>, 777`, none, false},
		{"", "", "RNTO", "/b → ?", none, false}, {"", "", "MFMT", "20000101000000", none, false}, {"", "", "MKD", "", none, false},
	}, d.Rows)
}

// A client that deletes ten thousand files does not fill the page.
func TestOperationsAreBounded(t *testing.T) {
	s := operated()
	for i := range 10_000 {
		s.Operations = append(s.Operations, record.Operation{What: "DELE", Path: reporttest.Ptr("/" + strconv.Itoa(i))})
	}
	s.Notes.OperationsLeft = 5
	d := newDoneTable(s, false)
	require.Len(t, d.Rows, maxDone)
	require.Equal(t, "… and 9,811 more operations: -o json has those that were kept", d.More)
}

// The browser shows them as text, and marks what the server rejected.
func TestOperationsInBrowser(t *testing.T) {
	b := newBrowser(t)
	b.open(htmlOf(t, report.Options{}, operated()), "")
	require.Equal(t, "#50 10:02:15.500 DELE /logs/auth.log 250 Deleted.|#52 10:02:15.520 RNTO /a.txt → /a.exe 550 Permission denied.|#54 10:02:15.540 SITE CHMOD /x\\u202e<b>, 777 no reply in the capture",
		eval[string](b, `[...document.querySelectorAll(".done tbody tr")].slice(0, 3).map(r => [...r.children].map(c => c.textContent).join(" ")).join("|")`))
	require.Equal(t, 5, eval[int](b, `document.querySelectorAll(".done td.failed").length`))
	b.quiet()
}
