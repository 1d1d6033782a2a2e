package report

import (
	"strconv"
	"strings"
	"time"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// The words that several formats share. Whatever comes from the wire goes through escape first.

// many counts things: "1 session", "2,000 sessions".
func many[T int | uint64](n T, thing string) string { return prose.Many(n, thing) }

// number writes n with a comma every three digits.
func number(n uint64) string { return prose.Number(n) }

// size writes bytes with three digits or a little more: 266 B, 60.0 kB, 1.2 GB.
func size(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10) + " B"
	}
	v := float64(n)
	for _, unit := range []string{"kB", "MB", "GB", "TB", "PB"} {
		v /= 1000
		if v < 999.95 { // more would round to 1000.0
			return strconv.FormatFloat(v, 'f', 1, 64) + " " + unit
		}
	}
	return strconv.FormatFloat(v/1000, 'f', 1, 64) + " EB"
}

// span writes a duration in its two largest units.
func span(t flow.Time) string {
	t = max(t, 0)
	d := time.Duration(t)
	two := func(a time.Duration, unit string, b time.Duration, small string) string {
		s := strconv.Itoa(int(d/a)) + " " + unit
		if rest := d % a / b; rest > 0 {
			s += " " + strconv.Itoa(int(rest)) + " " + small
		}
		return s
	}
	const day = 24 * time.Hour
	switch {
	case d < time.Second:
		return strconv.Itoa(int(d.Round(time.Millisecond)/time.Millisecond)) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Truncate(time.Second/10).Seconds(), 'f', 1, 64) + " s"
	case d < time.Hour:
		return two(time.Minute, "min", time.Second, "s")
	case d < day:
		return two(time.Hour, "h", time.Minute, "min")
	}
	return two(day, "d", time.Hour, "h")
}

// utc is a stamp's time; clock, date and day are how pages print it.
func utc(s record.Stamp) time.Time { return time.Unix(0, int64(s.Time)).UTC() }

func clock(s record.Stamp) string { return utc(s).Format(time.TimeOnly) }

func date(s record.Stamp) string { return utc(s).Format(time.DateOnly) }

// list joins words: "a", "a and b", "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// packet writes a packet's number as Wireshark shows it, with the file's number before it if there are several.
func packet(p flow.Pos, several bool) string {
	s := "#" + strconv.FormatUint(p.Packet(), 10)
	if several {
		return strconv.Itoa(p.File()+1) + ":" + s
	}
	return s
}

// party names who opened a connection.
func party(initiator string) string {
	if initiator == record.ThirdParty {
		return "third party"
	}
	return initiator
}

// deref is a text that may be unknown, escaped.
func deref(s *string) string {
	if s == nil {
		return ""
	}
	return escape(*s)
}

// commandLine is a transfer's command with its argument as sent, escaped; empty when there was none.
func commandLine(t *record.Transfer) string {
	if t.Command == nil {
		return ""
	}
	return strings.TrimRight(deref(t.Command)+" "+deref(t.Argument), " ")
}

// failed reports whether a transfer did not do what the client asked for.
func failed(t *record.Transfer) bool {
	return t.Outcome == record.Denied || t.Outcome == record.NoConnection || t.Outcome == record.Aborted
}

const established = "established" // Connection.State

// opened reports whether a transfer's data connection came to be.
func opened(t *record.Transfer) bool {
	return t.Connection != nil && t.Connection.State == established
}

// synSeen reports whether the capture itself shows who opened the data connection.
func synSeen(t *record.Transfer) bool {
	return t.Frames.SYN.Seen() || t.Notes.Conn != nil && t.Notes.Conn.OpenerKnown
}

// several reports whether a session's packets need their file's number.
func several(s *record.Session, o Options) bool {
	if o.Files > 1 || s.First.Pos.File() > 0 || s.Notes.Control.Last.Pos.File() > 0 {
		return true
	}
	for i := range s.Transfers {
		f := &s.Transfers[i].Frames
		if (f.Negotiation | f.Command | f.SYN | f.FirstData | f.Reply).File() > 0 {
			return true
		}
	}
	return false
}
