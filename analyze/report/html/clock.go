package html

import (
	"time"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Times on the page are elements, so that the script can show them in another zone.

// when is a time: as programs read it, and as the page shows it.
type when struct{ Machine, Form, Text string }

// The forms of times. A fine one has milliseconds, since sessions follow each other in
// less than a second, and its date where the page is about several days; an exact one has
// its date and microseconds.
const (
	fine   = "fine"
	dayed  = "dayed" // with milliseconds and its date
	moment = "moment"
	exact  = "exact"
)

// clock writes times.
type clock struct {
	zone  prose.Zone
	dated bool // the page is about several days
}

var layouts = map[string]string{fine: "15:04:05.000", dayed: "2006-01-02 15:04:05.000", moment: time.DateTime, exact: "2006-01-02 15:04:05.000000"}

func (c clock) when(form string, t flow.Time) when {
	layout := layouts[form]
	if form == fine && c.dated {
		layout = layouts[dayed]
	}
	return when{prose.UTC(t).Format("2006-01-02T15:04:05.000000Z"), form, c.zone.At(t).Format(layout)}
}

// lasting is a duration in the same unit as others of its size: a page does not mix
// microseconds and seconds.
func lasting(t flow.Time) string {
	if t > 0 && t < flow.Millisecond {
		return "under 1 ms"
	}
	return prose.Span(t)
}

// clock is the page's, before it is known whether it is about several days.
func (h *writer) clock() clock { return clock{zone: h.opt.Zone} }

// clockSpan is from when to when the page tells.
func (h *writer) clockSpan(s *record.Summary) (from, to flow.Time) {
	if s.First == nil || s.Last == nil {
		return 0, 0
	}
	return s.First.Time, s.Last.Time
}

// clockChange is when clocks begin to be so much ahead of UTC, and what they are called
// then, as the script reads it: microseconds, seconds, name.
type clockChange [3]any

// maxClockChanges bounds them: 50 years of summer time.
const maxClockChanges = 100

// clockChanges are those that the script needs to show times in the report's zone.
func (h *writer) clockChanges(s *record.Summary) []clockChange {
	from, to := h.clockSpan(s)
	var list []clockChange
	for at := h.opt.Zone.At(from); len(list) < maxClockChanges; {
		_, offset := at.Zone()
		list = append(list, clockChange{at.UnixMicro(), offset, h.opt.Zone.Name(flow.Time(at.UnixNano()), flow.Time(at.UnixNano()))})
		_, next := at.ZoneBounds()
		if next.IsZero() || next.After(h.opt.Zone.At(to)) {
			break
		}
		at = next
	}
	return list
}
