package html

import (
	"testing"
	_ "time/tzdata"

	"github.com/chromedp/cdproto/emulation"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

func zoneOf(t *testing.T, name string) prose.Zone {
	t.Helper()
	z, err := prose.ReadZone(name)
	require.NoError(t, err)
	return z
}

// Over a change to summer time the page knows both.
func TestClockChanges(t *testing.T) {
	h := &writer{opt: report.Options{Zone: zoneOf(t, "Europe/Berlin")}}
	first, last := reporttest.At(0), reporttest.At(0)
	last.Time += 40 * 24 * 3600 * flow.Second
	require.Equal(t, []clockChange{{microseconds(first.Time), 3600, "CET"}, {int64(1711846800000000), 7200, "CEST"}},
		h.clockChanges(&record.Summary{First: &first, Last: &last}))
	require.Len(t, h.clockChanges(&record.Summary{First: &first, Last: &first}), 1)
	require.Equal(t, []clockChange{{int64(0), 0, "UTC"}}, (&writer{}).clockChanges(&record.Summary{}))
}

// switching: the page is in the report's zone, with or without script; the reader may
// switch to UTC or to his own.
func switching(t *testing.T, b *browser) {
	page := htmlOf(t, report.Options{Zone: zoneOf(t, "Asia/Tokyo")}, reporttest.ActiveSession(), reporttest.BlockedSession())
	require.Contains(t, page, `data-form="fine">19:02:15.000</time>`)
	call(b, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "America/New_York"})
	b.open(page, "#open=1")
	times := func() string {
		return eval[string](b, `[document.querySelector("#s1 .start").firstChild.textContent, document.querySelector(".tile time").textContent, document.querySelector("#details-1 .ladder tbody .time").textContent,
			document.querySelector("#details-1 .facts dd:not(:empty)").textContent && [...document.querySelectorAll("#details-1 dt")].find(d => d.textContent === "Start").nextSibling.textContent,
			[...new Set([...document.querySelectorAll(".zone")].map(z => z.textContent))].join()].join(" | ")`)
	}
	require.Equal(t, "19:02:15.000 | 2024-03-01 19:02:15 | 19:02:15.000000 | 2024-03-01 19:02:15.000000 | JST", times())
	require.Equal(t, "JST|UTC|my time: America/New_York", eval[string](b, `[...document.getElementById("clock").options].map(o => o.textContent).join("|")`))
	b.choose("clock", "utc")
	require.Equal(t, "10:02:15.000 | 2024-03-01 10:02:15 | 10:02:15.000000 | 2024-03-01 10:02:15.000000 | UTC", times())
	b.choose("clock", "own")
	require.Equal(t, "05:02:15.000 | 2024-03-01 05:02:15 | 05:02:15.000000 | 2024-03-01 05:02:15.000000 | UTC-05:00", times())
	require.Contains(t, eval[string](b, `document.getElementById("time-said").textContent`), "05:02:15.000 to 05:02:22.200 UTC-05:00")
	call(b, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"})
	b.open(htmlOf(t, report.Options{}, reporttest.ActiveSession()), "")
	require.Zero(t, eval[int](b, `document.querySelectorAll("#clock").length`), "there is nothing to switch")
}
