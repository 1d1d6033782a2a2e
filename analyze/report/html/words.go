package html

import (
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/servers"
)

// What the page says of servers, and of what was read.

// serverRow is a server with what its data connections tell.
type serverRow struct {
	Name     string
	Banners  []banner
	Sessions string
	Lines    []string
}

// banner is a greeting; Whom is empty where all sessions had the same.
type banner struct{ Text, Whom string }

// greetings are a server's banners without the lines that some are drawn in.
func greetings(f *servers.Server) (list []banner) {
	for _, b := range f.Banners {
		x := banner{Text: prose.Escape(strings.Trim(b.Text, "-=*#_~ \t\r"))}
		if x.Text == "" {
			x.Text = "an empty greeting"
		}
		if len(f.Banners) > 1 {
			x.Whom = prose.Many(b.Sessions, "session") + ", " + strconv.Itoa(b.First) + " to " + strconv.Itoa(b.Last)
			if b.First == b.Last {
				x.Whom = "session " + strconv.Itoa(b.First)
			}
		}
		list = append(list, x)
	}
	return list
}

func (h *writer) serverRows() (rows []serverRow, more string) {
	const most = 20
	shown, left := h.servers.Told(true)
	if n := len(shown) - most; n > 0 {
		shown, left = servers.TroubledFirst(shown)[:most], n
	}
	for _, f := range shown {
		x := serverRow{Name: diagnosis.Placed(f.Server.String(), f.Network), Banners: greetings(f), Sessions: prose.Number(uint64(f.Sessions))}
		if n := len(f.Banners); n > 1 {
			at := "at least " // of them are kept
			if n < servers.MaxBanners {
				at = ""
			}
			x.Lines = append(x.Lines, "its greeting changed: "+at+prose.Many(n, "kind")+" in this capture, so the program, its version or the host behind the address did")
		}
		if p := f.Ports(); p != "" {
			x.Lines = append(x.Lines, p)
		}
		lines := f.ClientLines(true)
		if n := len(lines) - most; n > 0 {
			lines = append(lines[:most], "… "+prose.Many(n, "more client network"))
		}
		x.Lines = append(x.Lines, lines...)
		rows = append(rows, x)
	}
	if left > 0 {
		more = "… and " + prose.Many(left, "more server")
	}
	return rows, more
}

// coverage says something that the capture does not show, or how much it does.
type coverage struct {
	Name, Text  string
	First, Last when // of what was read
}

// coverage is what was read and what could not be known.
func (h *writer) coverage(s *record.Summary) []coverage {
	var rows []coverage
	say := func(name, text string) { rows = append(rows, coverage{Name: name, Text: text}) }
	c := &s.Capture
	read := prose.Many(s.Packets, "packet") + ", " + prose.Size(s.Bytes) + " on the wire"
	if s.First != nil && s.Last != nil {
		read += " over " + prose.Span(s.Last.Time-s.First.Time)
	}
	say("Read", read)
	if s.First != nil && s.Last != nil {
		rows[0].First, rows[0].Last = h.clock().when(exact, s.First.Time), h.clock().when(exact, s.Last.Time)
	}
	h.account(s, say)
	told := len(rows)
	for _, name := range c.TruncatedFiles {
		say("File cut short", prose.Escape(name)+" could not be read to its end: what came after is unknown")
	}
	if c.Undecoded > 0 {
		text := prose.Many(c.Undecoded, "packet") + " that no decoder understood: FTP in them was not seen"
		for i, r := range c.Reasons {
			const most = 8
			if i == most {
				text += "; …"
				break
			}
			text += "; " + prose.Escape(r.Text) + " (" + prose.Number(r.Packets) + ")"
		}
		say("Not decoded", text)
	}
	for _, text := range diagnosis.ChecksumWarnings(c) {
		say("Checksums", text)
	}
	if c.Dropped > 0 {
		say("Dropped", prose.Many(c.Dropped, "packet")+" dropped by the capturing machine: transfers may look worse than they were")
	}
	if c.MissingBytes > 0 {
		say("Missing", prose.Many(c.MissingBytes, "byte")+" of control connections are not in the capture: commands or replies may be missing")
	}
	if n := h.tally.partial; n > 0 {
		say("Incomplete", prose.Many(n, "session")+" without beginning, without end, with one side only or with gaps in the capture; the details of each say so")
	}
	if n := h.tally.encrypted; n > 0 {
		say("Encrypted", prose.Many(n, "session")+" under TLS: commands, names and outcomes cannot be read, transfers are told by their connections alone")
	}
	if c.Evicted > 0 {
		say("Forgotten", prose.Many(c.Evicted, "connection")+" forgotten because too many were open at once")
	}
	if c.Repeated > 0 {
		say("Recorded twice", prose.Many(c.Repeated, "packet")+" that came before, counted once")
	}
	for _, l := range c.Limits {
		say("Limit reached", prose.Escape(l.Limit)+", "+prose.Many(l.Count, "time"))
	}
	if complete := len(rows) == told; complete {
		say("Missing", "nothing that is known of: every packet was decoded, no control connection has gaps, each session is there from its start to its end")
	}
	return rows
}

// account says which packets belong to the sessions, where nothing hides that.
func (h *writer) account(s *record.Summary, say func(name, text string)) {
	c := &h.tally
	used := c.control + c.data
	if used == 0 || used > s.Packets || s.Hidden != nil {
		return
	}
	text := prose.Number(c.control) + " of control connections and " + prose.Number(c.data) + " of data connections"
	if other := s.Packets - used; other > 0 {
		text += "; the other " + prose.Number(other) + " belong to no session: they are not FTP, or tries and data connections whose session is not in the capture"
	} else {
		text += ": all of them"
	}
	say("Packets of FTP", text)
}
