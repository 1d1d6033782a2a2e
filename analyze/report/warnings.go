package report

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// Warnings says, a line each, what the records may lack because of how the capture was made or read. Files that were
// cut are not among them: the reader tells of those with their place. Nor are packets that were not decoded, of which
// Undecoded tells.
func Warnings(s *record.Summary) []string {
	var lines []string
	c := &s.Capture
	lines = append(lines, checksumWarnings(c)...)
	if c.Dropped > 0 {
		lines = append(lines, prose.Many(c.Dropped, "packet")+" dropped by the capturing machine: transfers may look worse than they were")
	}
	if c.Evicted > 0 {
		lines = append(lines, prose.Many(c.Evicted, "connection")+" forgotten because too many were open at once")
	}
	for _, l := range c.Limits {
		lines = append(lines, "limit reached: "+prose.Escape(l.Limit)+" ("+prose.Many(l.Count, "time")+")")
	}
	return lines
}

// Undecoded says how many packets were not decoded and why ("4,000 packets not decoded (IPsec ESP 3,990; …)"), nothing
// if all were; mostly tells that they are most of the packets, so that there is little to the records.
func Undecoded(s *record.Summary) (text string, mostly bool) {
	const most = 6 // reasons: a line, not a table
	c := &s.Capture
	if c.Undecoded == 0 {
		return "", false
	}
	if len(s.Files) == 1 {
		text = prose.Escape(s.Files[0]) + ": "
	}
	text += prose.Many(c.Undecoded, "packet") + " not decoded"
	shown := c.Reasons[:min(len(c.Reasons), most)]
	for i, r := range shown {
		text += [2]string{" (", "; "}[min(i, 1)] + prose.Escape(r.Text) + " " + prose.Number(r.Packets)
	}
	if n := len(c.Reasons) - len(shown); n > 0 {
		text += "; " + prose.Many(uint64(n), "other reason")
	}
	if len(shown) > 0 {
		text += ")"
	}
	return text, 2*c.Undecoded > s.Packets
}
