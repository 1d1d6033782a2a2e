package diagnosis

import (
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// NoSessions says that there are none to show, which is not that there are none.
func NoSessions(s *record.Summary) string {
	if s.Hidden != nil && s.Hidden.Sessions > 0 {
		return "none of the requested FTP sessions"
	}
	return "no FTP sessions"
}

// NoneFound is the same as a sentence.
func NoneFound(s *record.Summary, read string) string {
	if s.Hidden == nil || s.Hidden.Sessions == 0 {
		return "No FTP session was found in " + read + "."
	}
	return "None of the requested FTP sessions was found in " + read + ": " + HiddenWords(s) + "."
}

// HiddenWords counts what a Choice hides; empty: nothing.
func HiddenWords(s *record.Summary) string {
	if s.Hidden == nil || *s.Hidden == (record.Hidden{}) {
		return ""
	}
	text := prose.Many(s.Hidden.Sessions, "session") + " not shown, as requested"
	if n := s.Hidden.Attempts + s.Hidden.Orphans; n > 0 {
		text += ", and " + prose.Many(n, "connection") + " without one"
	}
	return text
}

// Warnings says, a line each, what the records may lack because of how the capture was
// made or read. Files that were cut are not among them: the reader tells of those with
// their place. Nor are packets that were not decoded, of which Undecoded tells.
func Warnings(s *record.Summary) []string {
	var lines []string
	c := &s.Capture
	lines = append(lines, ChecksumWarnings(c)...)
	if c.Dropped > 0 {
		lines = append(lines, prose.Many(c.Dropped, "packet")+" dropped by the capturing machine: transfers may look worse than they were")
	}
	if c.Evicted > 0 {
		lines = append(lines, prose.Many(c.Evicted, "connection")+" forgotten because too many were open at once")
	}
	if c.Repeated > 0 {
		lines = append(lines, prose.Many(c.Repeated, "packet")+" recorded twice, counted once: was the capture joined with a copy of itself?")
	}
	for _, l := range c.Limits {
		lines = append(lines, "limit reached: "+prose.Escape(l.Limit)+" ("+prose.Many(l.Count, "time")+")")
	}
	return lines
}

// Undecoded says how many packets were not decoded and why ("4,000 packets not decoded
// (IPsec ESP 3,990; …)"), nothing if all were; mostly tells that they are most of the
// packets, so that there is little to the records.
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

// mostChecksumHosts bounds the hosts that are named; of more, the capture point sees one
// side of a whole network.
const mostChecksumHosts = 3

// ChecksumWarnings tells of hosts that --verify-checksums left nearly nothing of.
func ChecksumWarnings(c *record.SummaryCapture) (lines []string) {
	for i, h := range c.WrongChecksums {
		if i == mostChecksumHosts {
			lines = append(lines, "most checksums of "+prose.Many(uint64(len(c.WrongChecksums)-i), "other host")+" are wrong too")
			break
		}
		lines = append(lines, prose.Number(h.Wrong)+" of "+prose.Many(h.Checked, "packet")+" from "+h.Host.String()+" have wrong checksums and were left out;"+
			" if the capture was made on that host, its network card fills them in later (offload): analyze without --verify-checksums")
	}
	return lines
}

// Summary is the sentence that a run ends with.
func Summary(s *record.Summary) string {
	read := prose.Many(s.Packets, "packet")
	if s.First != nil && s.Last != nil {
		read += " over " + prose.Span(s.Last.Time-s.First.Time)
	}
	hidden := 0
	if s.Hidden != nil {
		hidden = s.Hidden.Sessions
	}
	switch {
	case s.Sessions == hidden:
		return NoneFound(s, read)
	case s.Sessions == 1:
		return "That is the only session in " + read + "."
	}
	t := s.Transfers
	text := "In total, " + prose.Many(s.Sessions, "session") + " and " + prose.Many(t.Active+t.Passive+t.Unknown, "transfer") + " (" +
		prose.Number(uint64(t.Active)) + " active, " + prose.Number(uint64(t.Passive)) + " passive, " + prose.Number(uint64(t.Unknown)) +
		" unknown) in " + read + "."
	if hidden > 0 {
		text += " Of them " + HiddenWords(s) + "."
	}
	return text
}
