package report

import (
	"time"

	"ftpscope/capture/flow"
)

// The words that the command line's own messages share with the formats.

// Escape makes text from outside (file names, errors that quote them) fit for a terminal.
func Escape(s string) string { return escape(s) }

// Number writes n with a comma every three digits.
func Number(n uint64) string { return number(n) }

// Many counts things: "1 packet", "2,000 packets".
func Many(n uint64, thing string) string { return many(n, thing) }

// Size writes bytes: "12.3 GB".
func Size(n uint64) string { return size(n) }

// Span writes a duration in its two largest units.
func Span(d time.Duration) string { return span(flow.Time(d)) }

// Wrap breaks text into lines of at most width columns.
func Wrap(text string, width int) []string { return wrap(text, width) }

// Cut shortens escaped text in its middle.
func Cut(s string, width int) string { return cut(s, width) }
