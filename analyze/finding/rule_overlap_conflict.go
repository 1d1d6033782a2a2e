package finding

import (
	"slices"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var overlapConflict = Rule{
	ID: "overlap-conflict", Severity: record.Medium,
	Title:   "same bytes, two contents",
	Meaning: "Bytes of the control connection, or with --hash or --extract of a data connection, came again with different content. The capture does not show which of the two the receiver used: somebody injects segments or evades an inspection, or a device on the way rewrites only one of them.",
	judge:   func(c *Case) []draft { return append(once(overlaps)(c), each(dataOverlaps)(c)...) },
}

const overlapAdvice = "compare the two contents, and find out who sent the second (TTL, Ethernet address)"

// dataOverlaps speaks of a data connection whose bytes somebody compared.
func dataOverlaps(c *Case, t *record.Transfer) (draft, bool) {
	if t.Notes.Conn == nil || t.Notes.Conn.Conflict == nil {
		return draft{}, false
	}
	at := t.Notes.Conn.Conflict.Pos
	return draft{
		message: "bytes of " + named(t) + " came again with different content" + c.packets(at) + "; the receiver may have used either, so there is no hash",
		frames:  []flow.Pos{at},
		advice:  overlapAdvice,
	}, true
}

func overlaps(c *Case) (draft, bool) {
	var packets []flow.Pos
	var sides []string
	for i := range c.Notes.Oddities {
		if o := &c.Notes.Oddities[i]; o.Kind == record.OddConflict {
			packets = append(packets, o.Mark.Pos)
			if side := "the " + o.Detail; !slices.Contains(sides, side) {
				sides = append(sides, side)
			}
		}
	}
	if len(packets) == 0 {
		return draft{}, false
	}
	return draft{
		message: prose.Many(uint64(len(packets)), "segment") + " of the control connection had different bytes for sequence numbers that " + prose.List(sides) + " had sent already" + c.packets(packets...) +
			"; ftpscope uses the first content, the receiver may have used the other",
		frames: packets,
		advice: overlapAdvice,
	}, true
}
