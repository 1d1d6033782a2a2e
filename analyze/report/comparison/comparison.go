// Package comparison writes what analyze/compare says of two points of capture, as a
// table, as JSON Lines or in plain language. Package cmd/ftpscope asks for it.
package comparison

import (
	"io"
	"strconv"
	"strings"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture/flow"
)

// Format is one way to write a comparison of two points of capture.
type Format struct {
	Name, Doc string
	Write     func(io.Writer, *compare.Result, report.Options) error
}

// Formats returns the formats in the order in which help lists them.
func Formats() []Format {
	return []Format{
		{"table", "sessions at a glance, the worst first, each with what is not the same on both sides", writeTable},
		{"json", "JSON Lines: one comparison a line, a comparison_summary last", writeJSON},
		{"explain", "plain language with a ladder of three lines: client, between, server", writeExplain},
	}
}

// verdictGravity is the severity that a verdict is shown with.
func verdictGravity(verdict string) int {
	switch verdict {
	case compare.Between, compare.Lost:
		return record.Gravity("high")
	case compare.OneSided, compare.Uncertain:
		return record.Gravity("medium")
	case compare.Same:
		return record.Gravity("info")
	}
	return record.Gravity("low")
}

// headsOf says which side is which, and how the clocks compare.
func headsOf(r *compare.Result, z prose.Zone) []string {
	side := func(place, name string, s *compare.Side) string {
		line := place + prose.Escape(s.Name) + " (" + name + "): " + prose.Many(s.Packets, "packet")
		if s.Packets > 0 {
			line += ", " + z.Period(s.First.Time, s.Last.Time) + " " + z.Name(s.First.Time, s.Last.Time)
		}
		if s.Dropped > 0 {
			line += ", " + prose.Many(s.Dropped, "packet") + " lost by the capture itself"
		}
		return line
	}
	heads := []string{side("here   ", "the client's side", r.Here), side("there  ", "the server's side", r.There)}
	if r.Swapped {
		heads = append(heads, "order  given the other way round: "+prose.Escape(r.Here.Name)+" is nearer to the clients, "+r.OrderReason)
	} else if !r.OrderKnown {
		heads = append(heads, "order  taken as given: nothing tells which side is nearer to the clients")
	}
	return append(heads, "clocks "+clockWords(&r.Clock)+stepWords(r))
}

// clockWords says what is known of the clocks.
func clockWords(c *compare.Clock) string {
	if !c.Known {
		return "no packet that both sides have tells how they compare; taken as equal"
	}
	text := "there " + fine(c.Offset) + " ahead of here"
	if c.Offset < 0 {
		text = "there " + fine(-c.Offset) + " behind here"
	}
	if c.Offset == 0 || c.HasRound && max(c.Offset, -c.Offset) <= max(c.RoundTrip, -c.RoundTrip)/2 {
		text = "the same"
	}
	if c.PPM != 0 {
		text += " at the beginning, going " + decimal(max(c.PPM, -c.PPM), 1) + " ppm "
		if c.PPM > 0 {
			text += "faster"
		} else {
			text += "slower"
		}
	}
	if c.HasRound {
		return text + ", give or take " + fine(max(c.RoundTrip, -c.RoundTrip)/2) + " (half of what both ways take together), by " + prose.Many(c.Packets, "packet")
	}
	return text + " and what the way takes, by " + prose.Many(c.Packets, "packet") + " of one direction only"
}

// stepWords tells of sessions of a time when a clock stood otherwise.
func stepWords(r *compare.Result) string {
	if r.Stepped == 0 {
		return ""
	}
	return "; not of " + prose.Many(r.Stepped, "session") + ", by whose own packets they are compared: a clock was set"
}

// fine writes a short time with three digits or more.
func fine(t flow.Time) string {
	sign := ""
	if t < 0 {
		sign, t = "−", -t
	}
	const half = flow.Microsecond / 2 // of the last digit: what is rounded up is of the next unit
	switch {
	case t < flow.Millisecond-half:
		return sign + decimal(float64(t)/float64(flow.Microsecond), 0) + " µs"
	case t < flow.Second-half:
		return sign + decimal(float64(t)/float64(flow.Millisecond), 3) + " ms"
	}
	return sign + decimal(float64(t)/float64(flow.Second), 6) + " s"
}

// decimal writes a number with digits after the point, zeros at its end left out.
func decimal(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// delayWords tells of a session's delay: what is certain, and what depends on the clocks.
func delayWords(d *compare.Delay) string {
	if d.RoundTrip == nil {
		return ""
	}
	out, back := d.Way[compare.ToServer], d.Way[compare.ToClient]
	text := fine(*d.RoundTrip) + " there and back at least (by the clocks as estimated " + fine(out.Least) + " to the server and " + fine(back.Least) +
		" to the client; only the sum is certain)"
	text += "; beyond its own least, a packet to the server took " + fine(out.Median-out.Least) + " more (median; at most " + fine(out.Most-out.Least) +
		"), one to the client " + fine(back.Median-back.Least) + " (" + fine(back.Most-back.Least) + ")"
	return text
}

// packetsOf names the packets of a difference: "here #17 #19, there #21".
func packetsOf(d *compare.Difference, r *compare.Result) string {
	const most = 8
	side := func(place string, list []flow.Pos, files int) string {
		if len(list) == 0 {
			return ""
		}
		words := []string{place}
		for _, p := range list[:min(len(list), most)] {
			words = append(words, prose.Packet(p, files > 1))
		}
		if n := len(list) - most; n > 0 {
			words = append(words, "…")
		}
		return strings.Join(words, " ")
	}
	var words []string
	for _, s := range []string{side("here", d.Here, len(r.Here.Files)), side("there", d.There, len(r.There.Files))} {
		if s != "" {
			words = append(words, s)
		}
	}
	return strings.Join(words, ", ")
}

// endsOf names a session by its ends on one side, or on both where they differ.
func endsOf(c *compare.Comparison) string {
	ends := func(s *compare.Seen) string { return s.Client.String() + " → " + s.Server.String() }
	switch {
	case c.Here == nil:
		return ends(c.There) + " there"
	case c.There == nil:
		return ends(c.Here) + " here"
	case c.Attempt && c.Here.Client.Addr() == c.There.Client.Addr() && c.Here.Server == c.There.Server, ends(c.Here) == ends(c.There):
		return ends(c.Here)
	}
	return ends(c.Here) + " here, " + ends(c.There) + " there"
}

// lastLine is the last line.
func lastLine(r *compare.Result) string {
	var words []string
	for _, v := range compare.Verdicts() {
		if n := r.Verdicts[v]; n > 0 {
			words = append(words, prose.Number(uint64(n))+" "+v)
		}
	}
	text := prose.Many(len(r.Comparisons), "session")
	if len(words) > 0 {
		text += ": " + strings.Join(words, ", ")
	}
	if n := r.Here.Skipped + r.There.Skipped; n > 0 {
		text += "; " + prose.Many(n, "more session") + " not compared: the limit is " + prose.Number(compare.MaxSessions) + " a side"
	}
	return text
}
