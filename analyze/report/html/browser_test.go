package html

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
)

// The words of the page that tests look for.
const (
	rowIDs  = `[...document.querySelectorAll("#rows-shown > tr.row")].map(r => r.querySelector("th").textContent).join(" ")`
	counted = `document.getElementById("said").textContent`
)

// choose sets a control as a user would.
func (b *browser) choose(id, value string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const c = document.getElementById(%q); c.value = %q; c.dispatchEvent(new Event(c.localName === "select" ? "change" : "input", {bubbles: true})); return true; })()`, id, value))
}

func TestBrowser(t *testing.T) {
	b := newBrowser(t)
	mixed := htmlOf(t, report.Options{}, reporttest.ActiveSession(), reporttest.Ipv6Session(), reporttest.BlockedSession(), thirdPartySession())
	for _, test := range []struct {
		name string
		run  func(*testing.T, *browser)
	}{
		{"filters", func(t *testing.T, b *browser) { filters(t, b, mixed) }},
		{"sorting", func(t *testing.T, b *browser) { sorting(t, b, mixed) }},
		{"address", func(t *testing.T, b *browser) { kept(t, b, mixed) }},
		{"details", func(t *testing.T, b *browser) { details(t, b, mixed) }},
		{"keyboard", func(t *testing.T, b *browser) { keyboard(t, b, mixed) }},
		{"timeline", func(t *testing.T, b *browser) { timeline(t, b, mixed) }},
		{"layout", func(t *testing.T, b *browser) { layout(t, b, mixed) }},
		{"print", func(t *testing.T, b *browser) { printed(t, b, mixed) }},
		{"clock", switching},
		{"over-days", overDays},
		{"without-script", func(t *testing.T, b *browser) { withoutScript(t, b, mixed) }},
		{"no-sessions", withoutSessions},
		{"hostile", hostileInBrowser},
		{"many", many10000},
	} {
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			b.size(1280, 900)
			test.run(t, b)
			b.quiet()
		})
	}
}

func filters(t *testing.T, b *browser, page string) {
	b.open(page, "")
	require.Equal(t, "1 2 3 4", eval[string](b, rowIDs))
	for _, test := range []struct{ id, value, want string }{
		{"mode", "active", "1 4"}, {"mode", "passive", "2 3 4"}, {"initiator", "third-party", "4"}, {"initiator", "client", "2 3"},
		{"outcome", "failed", "3"}, {"outcome", "no-connection", "3"}, {"outcome", "ok", "1 2 4"}, {"severity", "critical", "4"}, {"severity", "high", "3 4"}, {"severity", "none", "1 2"},
		{"finding", "data-unanswered", "3"}, {"host", "192.168.50.2", "3"}, {"host", "2001:DB8", "2"}, {"host", "192.0.2.66", "4"},
		{"q", "PHOTO.bin", "1 4"}, {"q", "最終版", "2"}, {"q", "labuser no-connection", "3"}, {"q", "nothing has this", ""},
	} {
		if test.want == "1 4" && test.id == "mode" {
			test.want = "1" // session 4 is passive
		}
		b.choose(test.id, test.value)
		b.await(fmt.Sprintf("%s === %q", rowIDs, test.want))
		if test.want == "" {
			require.Contains(t, eval[string](b, `document.getElementById("rows-shown").textContent`), "No session matches")
		}
		eval[bool](b, `(document.getElementById("clear").click(), true)`)
		b.await(rowIDs + ` === "1 2 3 4"`)
	}
	require.Equal(t, "4 sessions, 1 with failed transfers", eval[string](b, counted))
}

func sorting(t *testing.T, b *browser, page string) {
	b.open(page, "")
	for _, test := range []struct{ column, direction, want string }{
		{"id", "descending", "4 3 2 1"}, {"id", "ascending", "1 2 3 4"}, {"server", "ascending", "1 4 3 2"}, {"bytes", "descending", "2 1 4 3"}, {"bytes", "ascending", "3 4 1 2"},
		{"findings", "descending", "4 3 1 2"}, {"transfers", "descending", "3 1 2 4"}, {"user", "ascending", "1 4 3 2"},
	} {
		eval[bool](b, fmt.Sprintf(`(document.querySelector("th[data-sort=%s] button").click(), true)`, test.column))
		require.Equal(t, test.want, eval[string](b, rowIDs), test)
		require.Equal(t, test.column+" "+test.direction,
			eval[string](b, `[...document.querySelectorAll("th[aria-sort]")].map(h => h.dataset.sort + " " + h.getAttribute("aria-sort")).join()`))
	}
}

// kept: a view can be kept as an address and opened again, and links to sessions open
// them.
func kept(t *testing.T, b *browser, page string) {
	b.open(page, "#mode=passive&sort=-id&open=3")
	require.Equal(t, "4 3 2", eval[string](b, rowIDs))
	require.Equal(t, 1, eval[int](b, `document.querySelectorAll("#details-3").length`))
	b.choose("q", "labuser")
	b.await(rowIDs + ` === "3"`)
	require.Equal(t, "#q=labuser&mode=passive&sort=-id&open=3", eval[string](b, "location.hash"))
	b.do(chromedp.Click(chromedp.CSS(`.finding a[href="#s4.2"]`)))
	b.await(`document.activeElement.id === "s4.2"`)
	require.Equal(t, "4 3 2 1", eval[string](b, rowIDs), "filters that hid it are gone")
	b.do(chromedp.Click(chromedp.CSS(`.finding a[href="#finding=data-unanswered"]`)))
	b.await(rowIDs + ` === "3"`)
	for _, hash := range []string{"#open=x,99&page=-5&sort=__proto__&time=9-1", "#sort=&page=1e99&time=NaN-NaN&mode=nonsense", "#s99", "#%E0%A4%A"} {
		b.open(page, hash)
	}
}

func details(t *testing.T, b *browser, page string) {
	b.open(page, "")
	b.do(chromedp.Click(chromedp.CSS("#toggle-4")))
	b.await(`document.getElementById("details-4")`)
	eval[bool](b, `(document.querySelectorAll("#details-4 details").forEach(d => { d.open = true; }), true)`)
	text := eval[string](b, `document.getElementById("details-4").innerText`)
	for _, want := range []string{"The client 192.0.2.10 opened the control connection", "#36", "10:02:15.360", "227 Entering Passive Mode (192,0,2,21,195,80).", "192.0.2.66:40000", "critical",
		"192.0.2.66 connected to 192.0.2.21:50000", "Use TLS.", "PASS (hidden)", "frame.number >= 36", "Copy filter"} {
		require.Contains(t, text, want)
	}
	require.Equal(t, "client to server: | server to client: | to the server: ", eval[string](b,
		`[...new Set([...document.querySelectorAll("#details-4 .block:not(.control) .arrow .unseen")].map(n => n.textContent))].map(s => s.trimStart()).join("| ")`))
	b.do(chromedp.Click(chromedp.CSS("#toggle-4")))
	require.False(t, eval[bool](b, `!!document.getElementById("details-4")`))
}

// keyboard goes through the page by Tab alone and opens a session.
func keyboard(t *testing.T, b *browser, page string) {
	b.open(page, "")
	var seen []string
	for range 80 {
		b.do(chromedp.KeyEvent(kb.Tab))
		at := eval[string](b, `(e => e.id || e.textContent.slice(0, 30))(document.activeElement)`)
		seen = append(seen, at)
		require.NotEqual(t, "none", eval[string](b, `getComputedStyle(document.activeElement).outlineStyle`), "the focus is not seen on %s", at)
		if at == "toggle-1" {
			break
		}
	}
	for _, want := range []string{"Skip to the sessions", "Verdict", "time-in", "time-box", "q", "mode", "initiator", "outcome", "severity", "finding", "host", "Findings", "toggle-1"} {
		require.Contains(t, seen, want)
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	b.await(`document.getElementById("toggle-1").getAttribute("aria-expanded") === "true" && document.activeElement.id === "toggle-1"`)
	require.Equal(t, "details-1", eval[string](b, `document.getElementById("toggle-1").getAttribute("aria-controls")`))
	b.do(chromedp.KeyEvent(kb.Tab))
	require.True(t, eval[bool](b, `document.getElementById("details-1").contains(document.activeElement)`))
}

func timeline(t *testing.T, b *browser, page string) {
	b.open(page, "")
	eval[bool](b, `(document.getElementById("time-box").focus(), true)`)
	require.Equal(t, 4, eval[int](b, `document.querySelectorAll("#time-box .life").length`))
	for range 3 {
		b.do(chromedp.KeyEvent("+"))
	}
	b.await(`/time=\d+-\d+/.test(location.hash)`)
	require.Equal(t, "2 3", eval[string](b, rowIDs), "the other two are over")
	require.Contains(t, eval[string](b, counted), "only from")
	b.do(chromedp.KeyEvent(kb.Home))
	b.await(rowIDs + ` === "1 3 4"`)
	b.do(chromedp.KeyEvent("0"))
	b.await(rowIDs + ` === "1 2 3 4"`)
	eval[bool](b, `(document.getElementById("time-box").dispatchEvent(new WheelEvent("wheel", {deltaY: -100, clientX: 600, cancelable: true})), true)`)
	require.False(t, eval[bool](b, `document.getElementById("whole-time").hidden`))
	eval[bool](b, `(document.getElementById("whole-time").click(), true)`)
	require.Equal(t, "1 2 3 4", eval[string](b, rowIDs))
}

// layout: nothing is wider than the window, at a desk, on a telephone and when texts are
// hostile.
func layout(t *testing.T, b *browser, page string) {
	for _, html := range []string{page, hostilePage(t)} {
		for _, width := range []int64{1280, 800, 400, 320} {
			b.size(width, 900)
			b.open(html, "#open=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18")
			require.LessOrEqual(t, eval[int64](b, "document.documentElement.scrollWidth"), width)
		}
	}
}

func printed(t *testing.T, b *browser, page string) {
	b.open(page, "")
	pdf := run(b, chromedp.PrintToPDF())
	require.Equal(t, "%PDF", string(pdf[:4]))
	eval[bool](b, `(dispatchEvent(new Event("beforeprint")), true)`)
	require.Equal(t, 2, eval[int](b, `document.querySelectorAll("tr.details").length`), "the sessions in trouble are open on paper")
	require.Zero(t, eval[int](b, `document.querySelectorAll(".verdict .fold:not([open])").length`), "paper has all causes")
	eval[bool](b, `(dispatchEvent(new Event("afterprint")), true)`)
	require.Equal(t, 0, eval[int](b, `document.querySelectorAll("tr.details").length`))
}

func withoutScript(t *testing.T, b *browser, page string) {
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open(page, "")
	text := run(b, chromedp.Text(chromedp.CSS("body")))
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
	for _, want := range []string{"4 FTP sessions with 5 transfers", "192.0.2.66 connected to 192.0.2.21:50000", "203.0.113.10:49640", "0 ok, 1 failed", "Who opened connections to whom"} {
		require.Contains(t, text, want)
	}
	for _, hidden := range []string{"Zoom in", "Clear the filters", `"story"`} {
		require.NotContains(t, text, hidden)
	}
}

func withoutSessions(t *testing.T, b *browser) {
	b.open(htmlOf(t, report.Options{}), "")
	text := run(b, chromedp.Text(chromedp.CSS("body")))
	require.Contains(t, text, "No FTP session was found in 34 packets.")
	require.Contains(t, text, "No session matches these filters.")
}

// hostileInBrowser opens every session of the hostile page: no text became an element,
// ran or went anywhere.
func hostileInBrowser(t *testing.T, b *browser) {
	b.open(hostilePage(t), "")
	require.Equal(t, len(pageTexts), eval[int](b, `(() => {
		const rows = [...document.querySelectorAll(".toggle")].map(n => n.id);
		for (const id of rows) document.getElementById(id).click();
		document.querySelectorAll("details").forEach(d => { d.open = true; });
		return document.querySelectorAll("tr.details").length;
	})()`))
	require.Equal(t, "FTP report: <script>alert(1)</script> and 7 more files", run(b, chromedp.Title()))
	require.Equal(t, 3, eval[int](b, `document.scripts.length`))
	require.Equal(t, 0, eval[int](b, `document.querySelectorAll("img, iframe, object, embed, b b, textarea, form form, [onerror], [onmouseover], a[href^=javascript]").length`))
	require.Equal(t, "", eval[string](b, `[...document.querySelectorAll("body *")].flatMap(e => [...e.attributes]).filter(a => a.name.startsWith("on")).map(a => a.name).join()`))
	require.False(t, eval[bool](b, `/[\u0000-\u0008\u001b\u007f\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]/.test(document.body.innerText)`))
	text := eval[string](b, `document.body.innerText`)
	for _, want := range []string{`<script>alert(1)</script>`, `\u202egnp.exe`, `a\u2028b`, `\x1b[31m`, "שלום עולם", `{{.Title}}`} {
		require.Contains(t, text, want)
	}
	b.choose("q", "<script>alert(1)")
	b.await(rowIDs + `.split(" ").length < 18`)
}

// many10000 is a page as large as they get: it opens, filters and turns its leaves.
func many10000(t *testing.T, b *browser) {
	page := manySessions(t, 10_200)
	require.Contains(t, reporttest.WithoutAssets(page)[:20_000], "This page holds 10,000 of 10,200 sessions")
	b.open(page, "")
	require.Equal(t, "10,000 sessions, 1,020 with failed transfers", eval[string](b, counted))
	require.Equal(t, 50, eval[int](b, `document.querySelectorAll("#rows-shown > tr.row").length`))
	require.True(t, strings.HasPrefix(eval[string](b, rowIDs), "10 20 30 "), "troubled sessions come first")
	b.choose("outcome", "failed")
	b.choose("q", "user99")
	b.await(counted + ` === "102 of 10,000 sessions, 102 with failed transfers"`)
	eval[bool](b, `(document.querySelector("#pager button:last-child").click(), true)`)
	require.Equal(t, 2, eval[int](b, `document.querySelectorAll("#rows-shown > tr.row").length`))
	eval[bool](b, `(document.querySelector(".toggle").click(), true)`)
	require.Contains(t, eval[string](b, `document.querySelector("tr.details").innerText`), "192.168.50.2:50001")
	eval[bool](b, `(document.getElementById("clear").click(), document.getElementById("time-in").click(), true)`)
	b.await(`document.querySelectorAll("#time-box rect").length > 20`)
}
