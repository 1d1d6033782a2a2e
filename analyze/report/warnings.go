package report

import "ftpscope/analyze/session"

// Warnings says, a line each, what the records may lack because of how the capture was made or read. Files that were
// cut are not among them: the reader tells of those with their place.
func Warnings(s *session.Summary) []string {
	var lines []string
	c := &s.Capture
	if c.Undecoded > 0 {
		lines = append(lines, many(c.Undecoded, "packet")+" not decoded")
	}
	lines = append(lines, checksumWarnings(c)...)
	if c.Dropped > 0 {
		lines = append(lines, many(c.Dropped, "packet")+" dropped by the capturing machine: transfers may look worse than they were")
	}
	if c.Evicted > 0 {
		lines = append(lines, many(c.Evicted, "connection")+" forgotten because too many were open at once")
	}
	for _, l := range c.Limits {
		lines = append(lines, "limit reached: "+escape(l.Limit)+" ("+many(l.Count, "time")+")")
	}
	return lines
}
