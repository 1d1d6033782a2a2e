package markdown

import (
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

// part is a part of the section, without its heading.
func part(t *testing.T, section, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(section, "\n### "+heading+"\n\n")
	require.True(t, found, "no %q in\n%s", heading, section)
	text, _, _ := strings.Cut(rest, "\n\n### ")
	return strings.TrimSuffix(text, "\n")
}

// The section begins with the answer for the whole capture, then what went wrong, where to
// look and what to do; the table says it in short.
func TestAnswerFirst(t *testing.T) {
	open := reporttest.BlockedSession()
	open.Verdict.Certainty, open.Verdict.Or = record.Open, []string{record.CauseDataBlocked}
	got := reporttest.Write(t, markdownFormats(), "markdown", report.Options{}, reporttest.ActiveSession(), open)
	require.True(t, strings.HasPrefix(got, "## FTP analysis\n\n**1 of 2 sessions failed: perhaps "), got)
	require.Contains(t, got, "**\n\n2 FTP sessions with 2 active and 1 passive transfers, 1 of them failed; findings: 1 high; in 34 packets over 7.2 s.\n")
	require.Equal(t, "- **nat · open** `address-untranslated` (session 3, transfer 1, packets 15, 16): The server announced `192.168.50.2`, which the client at `203.0.113.10` cannot reach; 3 SYNs in 7 s got no answer.\n"+
		"  - "+mdProse(diagnosis.AlsoFits(open.Verdict))+"\n"+
		"  - next: announce the public address (vsftpd `pasv_address`) and forward the passive ports\n"+
		"  - next: or let the client use EPSV, which names no address", part(t, got, "What went wrong"))
	require.Contains(t, part(t, got, "Sessions"), "| 2 | no failure |")
	require.Contains(t, part(t, got, "Sessions"), "| nat · open, `address-untranslated` |")
	parseMarkdown(t, got)
}

// Sessions that fail of one cause at one server are told once, with their numbers.
func TestCauseOnce(t *testing.T) {
	var sessions []*record.Session
	for i := range 9 {
		s := reporttest.BlockedSession()
		s.ID = i + 1
		sessions = append(sessions, s)
	}
	sessions[8].Server = reporttest.Endpoint("203.0.113.2:21")
	got := reporttest.Write(t, markdownFormats(), "markdown", report.Options{}, sessions...)
	lines := strings.Split(part(t, got, "What went wrong"), "\n")
	require.Len(t, lines, 6)
	require.True(t, strings.HasPrefix(lines[0], "- **nat · likely** `address-untranslated` (8 sessions, 1.1, 2.1, 3.1, 4.1, 5.1, 6.1, …): The server"), lines[0])
	require.True(t, strings.HasPrefix(lines[3], "- **nat · likely** `address-untranslated` (session 9, transfer 1, packets 15, 16): "), lines[3])
	found := part(t, got, "Findings")
	require.Equal(t, 2, strings.Count(found, "- **high** `data-unanswered`"), found)
	require.Contains(t, found, "`data-unanswered` × 8 (1.1, 2.1, 3.1, 4.1, 5.1, 6.1, …): ")
	require.NotContains(t, found, "check:", "the verdict says what to do")
}

// More causes than anybody reads are counted.
func TestCausesAreBounded(t *testing.T) {
	var sessions []*record.Session
	for i := range mdCauses + 5 {
		s := reporttest.BlockedSession()
		s.ID, s.Server = i+1, reporttest.Endpoint("203.0.113."+strconv.Itoa(i+1)+":21")
		sessions = append(sessions, s)
	}
	got := part(t, reporttest.Write(t, markdownFormats(), "markdown", report.Options{All: true}, sessions...), "What went wrong")
	require.Equal(t, mdCauses, strings.Count(got, "- **nat"))
	require.True(t, strings.HasSuffix(got, "\n… and 5 more verdicts."), got)
}

// A transfer that its session's verdict is not about says its own; one that it is about
// says only what it came to.
func TestVerdictOfTransfer(t *testing.T) {
	s := reporttest.BlockedSession()
	require.Equal(t, "- session 3, transfer 1: PASV (passive): **no-connection**. Packets: negotiation 14, SYN 16.",
		part(t, reporttest.Write(t, markdownFormats(), "markdown", report.Options{}, s), "Transfers that went wrong"))
	altered := reporttest.ActiveSession()
	altered.Transfers[1].Verdict = &record.Verdict{Cause: record.CauseDataAltered, At: record.AtClient, Certainty: record.Likely, Transfer: 2,
		Text: "RETR \"photo.bin\" was transferred in ASCII mode (packet 40).", Next: []string{"send TYPE I", "compare checksums", "a third step"}}
	got := reporttest.Write(t, markdownFormats(), "markdown", report.Options{}, altered)
	require.Equal(t, "- session 1, transfer 2: `RETR photo.bin` (PORT, active): **ok**, reply `226 Transfer complete`. Packets: negotiation 36, command 40, SYN 43, reply 97.\n"+
		"  - **client · likely** `data-altered`: RETR `\"photo.bin\"` was transferred in ASCII mode.\n  - next: send TYPE I\n  - next: compare checksums", part(t, got, "Transfers that went wrong"))
	require.Contains(t, got, "with 2 active transfers; no findings", "it did not fail")
}

// Advice is given once, however many findings have it, and habits stand last whatever
// their severity.
func TestFindingsOnce(t *testing.T) {
	one, other := reporttest.ActiveSession(), reporttest.ActiveSession()
	other.ID, other.Client = 2, reporttest.Endpoint("192.0.2.99:1000")
	for _, s := range []*record.Session{one, other} {
		s.Findings = []record.Finding{reporttest.ClearText, {ID: "x", Severity: "low", Message: "seen", Advice: "look", Frames: []flow.Pos{flow.At(0, 7)}},
			{ID: "y", Severity: "low", Message: "shared", Advice: "as the verdict says", Shared: true}}
	}
	lines := strings.Split(part(t, reporttest.Write(t, markdownFormats(), "markdown", report.Options{}, one, other), "Findings"), "\n")
	require.Equal(t, []string{
		"- **low** `x` (session 1, packet 7): seen", "  - check: look", "- **low** `y` (session 1): shared", "- **low** `x` (session 2, packet 7): seen", "- **low** `y` (session 2): shared",
	}, lines[:5])
	require.Len(t, lines, 8)
	require.Contains(t, lines[5], "`cleartext-credentials`")
	require.Equal(t, "  - check: use FTP over TLS", lines[6])
}

// Places and packets are named, not linked.
func TestPlaces(t *testing.T) {
	refs := []diagnosis.Ref{{Session: 3}, {Session: 4, Transfer: 2}}
	require.Equal(t, []string{"session 3"}, placesOf(refs[:1], 1))
	require.Equal(t, []string{"session 4, transfer 2"}, placesOf(refs[1:], 1))
	require.Equal(t, []string{"3", "4.2"}, placesOf(refs, 2))
	require.Equal(t, []string{"3", "4.2", "…"}, placesOf(refs, 9))
	require.Empty(t, placesOf(nil, 3), "attempts have no number")
	many := make([]flow.Pos, 12)
	for i := range many {
		many[i] = flow.At(1, uint64(i+1))
	}
	for want, list := range map[string][]flow.Pos{"": nil, "packet 2:1": many[:1], "packets 2:1, 2:2": many[:2], "packets 2:1, 2:2, 2:3, 2:4, 2:5, 2:6, 2:7, 2:8, …": many} {
		require.Equal(t, want, packetsOf(list, true))
	}
}

// How many transfers there were, by their mode, and how many failed.
func TestTransfers(t *testing.T) {
	for want, m := range map[string]markdown{
		"no transfer": {}, "1 active transfer": {modes: map[string]int{record.Active: 1}}, "1 passive transfer, 1 of them failed": {modes: map[string]int{record.Passive: 1}, failed: 1},
		"1 active, 2 passive and 3 unknown transfers": {modes: map[string]int{record.Active: 1, record.Passive: 2, record.Unknown: 3}},
	} {
		require.Equal(t, want, m.transfers())
	}
}
