package finding

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var overlapConflict = Rule{
	ID: "overlap-conflict", Severity: record.Medium,
	Title:   "same bytes, two contents",
	Meaning: "Bytes of the control connection came again with another content. Which of the two the receiver took the capture cannot tell: somebody injects segments, tries to slip something past an inspection, or a device on the way rewrites what it sees once only.",
	judge:   once(overlaps),
}

func overlaps(c *Case) (draft, bool) {
	var packets []flow.Pos
	var sides names
	for i := range c.Notes.Oddities {
		if o := &c.Notes.Oddities[i]; o.Kind == record.OddConflict {
			packets = append(packets, o.Mark.Pos)
			sides.add(o.Detail)
		}
	}
	if len(packets) == 0 {
		return draft{}, false
	}
	return draft{
		message: prose.Many(uint64(len(packets)), "segment") + " of the control connection had other bytes for numbers that had been sent already: " + sides.plain() + c.packets(packets...) +
			"; here the first content is taken, the receiver may have taken the other",
		frames: packets,
		advice: "compare both contents; who sent the second (TTL, Ethernet address)?",
	}, true
}
