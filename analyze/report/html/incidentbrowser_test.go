package html

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

// TestIncidentInBrowser reads the report of an incident as its reviewer does.
func TestIncidentInBrowser(t *testing.T) {
	b := newBrowser(t)
	page := incidentPage(t, report.Options{})
	for _, test := range []struct {
		name string
		run  func(*testing.T, *browser, string)
	}{{"logins", incidentLogins}, {"links", incidentLinks}, {"files", incidentFiles}, {"timeline", incidentTimeline}, {"details", incidentDetails}, {"tables", incidentTables}, {"single", singleSession}} {
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			b.size(1280, 900)
			test.run(t, b, page)
			b.quiet()
		})
	}
}

const cellText = `(id => document.querySelector("#s" + id).innerText.replace(/\s+/g, " "))`

func incidentLogins(t *testing.T, b *browser, page string) {
	b.open(page, "")
	require.Contains(t, eval[string](b, cellText+"(1)"), "labuser 3 rejected")
	require.Contains(t, eval[string](b, cellText+"(2)"), "critical Password guessing told at session 3")
	require.Contains(t, eval[string](b, cellText+"(3)"), "1 rejected, then accepted")
	require.Contains(t, eval[string](b, cellText+"(4)"), "↑ shell.php ↑ 65 B")
	require.Equal(t, "5 sessions, 3 with rejected logins", eval[string](b, counted))
	for _, test := range []struct{ id, value, want string }{
		{"login", "rejected", "1 2 3"}, {"login", "accepted", "3 4 5"}, {"finding", "brute-force", "1 2 3"}, {"file", "2", "4 5"}, {"q", "shell.php", "4"}, {"q", "8080", "5"},
		{"q", "tuesday", "4 5"}, {"q", "password guessing", "1 2 3"}, {"q", "2:#50", "4 5"}, {"q", "rejected", "1 2 3"},
	} {
		b.choose(test.id, test.value)
		b.await(fmt.Sprintf("%s === %q", rowIDs, test.want))
		eval[bool](b, `(document.getElementById("clear").click(), true)`)
		b.await(rowIDs + ` === "1 2 3 4 5"`)
	}
}

// incidentLinks: a finding leads to its transfer, a session of a series to the one that
// tells of it.
func incidentLinks(t *testing.T, b *browser, page string) {
	b.open(page, "")
	b.do(chromedp.Click(chromedp.CSS(`#files a[href="#s4.1"]`)))
	b.await(`document.activeElement.id === "s4.1"`)
	b.do(chromedp.Click(chromedp.CSS(`#s2 a[href="#s3"]`)))
	b.await(`document.activeElement.id === "toggle-3"`)
	b.open(page, "#s5.1")
	b.await(`document.activeElement.id === "s5.1"`)
}

// incidentFiles: wherever a packet has a number, the page says which file to open.
func incidentFiles(t *testing.T, b *browser, page string) {
	b.open(page, "#s5.1")
	require.Equal(t, "packet 36 of tuesday.pcap", eval[string](b, `[...document.querySelectorAll(".finding .pkt")].find(n => n.textContent === "2:#36").title`))
	require.NotEqual(t, 0, eval[int](b, `document.querySelectorAll("#details-5 .ladder .pkt[title]").length`))
	require.Contains(t, eval[string](b, `document.getElementById("details-5").innerText`), "2: tuesday.pcap")
	require.Contains(t, eval[string](b, cellText+"(5)"), "tuesday.pcap")
	require.Greater(t, eval[int](b, `document.querySelector("#origin .key").offsetWidth`), 400, "a sentence is as wide as the page")
	eval[bool](b, `(document.querySelectorAll("#details-5 details").forEach(d => { d.open = true; }), true)`)
	require.Contains(t, eval[string](b, `document.querySelector("#details-5").innerText`), "be it", "what a reply says after its first line")
}

func incidentTimeline(t *testing.T, b *browser, page string) {
	b.open(page, "")
	require.Equal(t, "#1 password guessing|#2 password guessing|#3 password guessing|#4|#4.1 STOR shell.php|#5 FTP bounce|#5.1 NLST|transfers",
		eval[string](b, `[...document.querySelectorAll("#time-box text.halo")].map(n => n.textContent).sort().join("|")`))
	require.Equal(t, 4, eval[int](b, `document.querySelectorAll("#time-box .life.trouble").length`), "findings colour the bar")
	require.Equal(t, 0, eval[int](b, `document.querySelectorAll("#time-box .part.quiet").length`), "a scan that worked is not good")
	for _, width := range []int64{1280, 400} {
		b.size(width, 900)
		b.open(page, "")
		require.True(t, eval[bool](b, `(() => {
			const box = document.querySelector("#time-box svg").getBoundingClientRect();
			return [...document.querySelectorAll("#time-box text")].map(n => n.getBoundingClientRect()).every(r => r.left >= box.left - 1 && r.right <= box.right + 1);
		})()`), "no label is clipped")
	}
}

func incidentDetails(t *testing.T, b *browser, page string) {
	b.open(page, "#open=1,3,5")
	require.Equal(t, "Password guessing|Password in clear text", eval[string](b, `[...document.querySelectorAll("#details-3 .found .fname")].map(n => n.textContent).join("|")`), "the gravest first")
	require.Contains(t, eval[string](b, `document.getElementById("details-1").innerText`), "Its logins belong to what session 3 tells of")
	text := eval[string](b, `document.getElementById("details-5").innerText`)
	for _, want := range []string{"to 192.0.2.31, not to the client (226)", "192.0.2.31:8080", "2:#10", "10:02:35.000000", "(ip.addr == 192.0.2.10 and ip.addr == 192.0.2.21 and tcp.port == 51234 and tcp.port == 21 and frame.number >= 2100 and frame.number <= 2161) or (ip.addr == 192.0.2.21 and ip.addr == 192.0.2.31 and tcp.port == 20 and tcp.port == 8080)"} {
		require.Contains(t, text, want)
	}
	require.Equal(t, "client 192.0.2.10|server 192.0.2.21", eval[string](b, `[...document.querySelectorAll("#details-5 .ladder")[0].querySelectorAll(".lanes > span")].map(n => n.textContent).join("|")`))
	require.Contains(t, text, "s later", "silence has its row")
}

// incidentTables: nothing is cut off at the right of a table where the window is as wide
// as most are.
func incidentTables(t *testing.T, b *browser, _ string) {
	all := incident()
	up := &all[3].Transfers[0]
	up.Argument = reporttest.Ptr(strings.Repeat("../", 9) + "etc/passwd")
	up.Path = up.Argument
	taken := thirdPartySession()
	taken.ID = 6
	for _, s := range append(all, taken) {
		s.Client = netip.AddrPortFrom(netip.MustParseAddr("198.51.100.210"), s.Client.Port())
	}
	b.open(htmlOf(t, report.Options{Files: 2}, append(all, taken)...), "")
	require.Empty(t, eval[string](b, `[...document.querySelectorAll(".table")].filter(n => n.scrollWidth > n.clientWidth).map(n => n.parentNode.id + " " + (n.scrollWidth - n.clientWidth)).join("|")`))
}

// singleSession: with one session there is nothing to search or sort, and its details are
// open.
func singleSession(t *testing.T, b *browser, _ string) {
	b.open(htmlOf(t, report.Options{}, thirdPartySession()), "")
	require.Equal(t, 1, eval[int](b, `document.querySelectorAll("tr.details").length`))
	require.Equal(t, "none|block", eval[string](b, `["filters", "timeline"].map(id => getComputedStyle(document.getElementById(id)).display).join("|")`))
	require.Equal(t, 0, eval[int](b, `document.querySelectorAll("th button:not(.toggle), #host-map").length`), "one edge is no map")
}
