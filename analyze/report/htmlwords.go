package report

import (
	"strconv"
	"strings"

	"ftpscope/analyze/session"
	"ftpscope/capture/flow"
)

// What the page says in sentences.

// verdict is the first thing that a reader sees: what was found, and the gravest of it. Level colours it.
func (h *htmlReport) verdict(s *session.Summary) (level, text, worst string) {
	c := &h.tally
	if h.seen == 0 {
		return "none", "No FTP session was found in " + many(s.Packets, "packet") + ".", ""
	}
	text = many(h.seen, "FTP session") + " with " + many(c.transfers, "transfer")
	switch {
	case c.transfers == 0:
		text = many(h.seen, "FTP session") + ", and nothing was transferred"
	case c.failed == 0 && c.outcomes[session.OK] == c.transfers:
		text += ", and none of them failed"
	case c.transfers == 1 && c.failed == 1:
		text += ", and it failed"
	case c.failed == 0:
		text += ": no failures, " + h.endings()
	default:
		text += ": " + h.endings()
	}
	level = "good"
	if c.failed > 0 || c.third > 0 {
		level = "bad"
	}
	if c.third > 0 {
		worst = "A third party took part in the data connections of " + many(c.third, "session") + "."
	}
	if kinds := h.found.kinds(); len(kinds) > 0 && grave(severities[kinds[0].gravity]) {
		level = "bad"
		worst = ended("The gravest finding: " + firstClause(h.found[kinds[0]].examples[0].message))
	}
	return level, text + ".", worst
}

// endings counts the transfers by how they ended.
func (h *htmlReport) endings() string {
	var words []string
	if n := h.tally.outcomes[session.OK]; n > 0 {
		words = append(words, number(uint64(n))+" worked")
	}
	for _, o := range []struct{ outcome, words string }{
		{session.NoConnection, "without a data connection"}, {session.Denied, "denied"}, {session.Aborted, "aborted"}, {session.Incomplete, "without an end in the capture"},
		{session.Rejected, "rejected at the negotiation"}, {session.Unused, "negotiated and not used"}, {session.Unknown, "hidden by encryption"},
	} {
		if n := h.tally.outcomes[o.outcome]; n > 0 {
			words = append(words, number(uint64(n))+" "+o.words)
		}
	}
	return list(words)
}

func (h *htmlReport) tiles(s *session.Summary) []htmlTile {
	c := &h.tally
	sessions := htmlTile{Name: "Sessions", Value: number(uint64(h.seen))}
	for _, m := range []struct{ mode, words string }{{session.Passive, "passive"}, {session.Active, "active"}, {session.Mixed, "mixed"},
		{session.Unknown, "of unknown mode"}, {session.None, "without a transfer"}} {
		if n := c.modes[m.mode]; n > 0 {
			sessions.Lines = append(sessions.Lines, number(uint64(n))+" "+m.words)
		}
	}
	failures := htmlTile{Name: "Failed transfers", Value: number(uint64(c.failed)), Lines: []string{"of " + many(c.transfers, "transfer")}}
	if c.failed > 0 {
		failures.Level = "bad"
	}
	for _, o := range []string{session.NoConnection, session.Denied, session.Aborted} {
		if n := c.outcomes[o]; n > 0 {
			failures.Lines = append(failures.Lines, number(uint64(n))+" "+o)
		}
	}
	data := htmlTile{Name: "Data connections opened", Value: number(uint64(c.opened)), Lines: []string{"of " + number(uint64(c.expected)) + " expected"}}
	if c.third > 0 {
		data.Level = "bad"
		data.Lines = append(data.Lines, "a third party took part in "+many(c.third, "session"))
	}
	total := 0
	found := htmlTile{Name: "Findings"}
	for g, n := range h.found.bySeverity() {
		if total += n; n > 0 {
			found.Lines = append(found.Lines, number(uint64(n))+" "+severities[g])
			if grave(severities[g]) {
				found.Level = "bad"
			}
		}
	}
	found.Value = number(uint64(total))
	read := htmlTile{Name: "Packets", Value: number(s.Packets)}
	if s.First != nil && s.Last != nil {
		read.Lines = append(read.Lines, "over "+span(s.Last.Time-s.First.Time), "from "+moment(*s.First)+" UTC")
	}
	return []htmlTile{sessions, failures, data, found, read}
}

// static is the row as text.
func (r *htmlRow) static() htmlStaticRow {
	x := htmlStaticRow{ID: strconv.Itoa(r.ID), Start: moment(session.Stamp{Time: flow.Time(r.Start) * flow.Microsecond}), Client: r.Client, Server: r.Server,
		User: r.User, Mode: r.Mode, Initiator: party(r.Initiator), Sums: r.Sums, Bytes: size(r.Bytes), Worst: "none"}
	if r.User == "" {
		x.User = "–"
	}
	if r.Sums == "" {
		x.Sums = "–"
	}
	if r.Gravity < len(severities) {
		x.Severity = severities[r.Gravity]
		x.Worst = x.Severity + " " + strconv.Itoa(r.Severities[r.Gravity])
	}
	return x
}

// htmlServer is a server with what its data connections tell.
type htmlServer struct {
	Name     string
	Banners  []htmlBanner
	Sessions string
	Lines    []string
}

// htmlBanner is a greeting; Whom is empty where all sessions had the same.
type htmlBanner struct{ Text, Whom string }

// greetings are a server's banners without the lines that some are drawn in.
func (f *serverFacts) greetings() (list []htmlBanner) {
	for _, b := range f.banners {
		x := htmlBanner{Text: escape(strings.Trim(b.text, "-=*#_~ \t\r"))}
		if x.Text == "" {
			x.Text = "an empty greeting"
		}
		if len(f.banners) > 1 {
			x.Whom = many(b.sessions, "session") + ", " + strconv.Itoa(b.first) + " to " + strconv.Itoa(b.last)
			if b.first == b.last {
				x.Whom = "session " + strconv.Itoa(b.first)
			}
		}
		list = append(list, x)
	}
	return list
}

func (h *htmlReport) serverRows() (rows []htmlServer, more string) {
	const most = 20
	shown, left := h.servers.told(true)
	if n := len(shown) - most; n > 0 {
		shown, left = troubledFirst(shown)[:most], n
	}
	for _, f := range shown {
		x := htmlServer{Name: f.server.String(), Banners: f.greetings(), Sessions: number(uint64(f.sessions))}
		if n := len(f.banners); n > 1 {
			at := "at least " // maxBanners
			if n < maxBanners {
				at = ""
			}
			x.Lines = append(x.Lines, "its greeting changed: "+at+many(n, "kind")+" in this capture, so the program, its version or the host behind the address did")
		}
		if p := f.ports(); p != "" {
			x.Lines = append(x.Lines, p)
		}
		lines := f.clientLines(true)
		if n := len(lines) - most; n > 0 {
			lines = append(lines[:most], "… "+many(n, "more client network"))
		}
		x.Lines = append(x.Lines, lines...)
		rows = append(rows, x)
	}
	if left > 0 {
		more = "… and " + many(left, "more server")
	}
	return rows, more
}

// htmlCoverage says something that the capture does not show, or how much it does.
type htmlCoverage struct{ Name, Text string }

// coverage is what was read and what could not be known.
func (h *htmlReport) coverage(s *session.Summary) []htmlCoverage {
	var rows []htmlCoverage
	say := func(name, text string) { rows = append(rows, htmlCoverage{name, text}) }
	c := &s.Capture
	read := many(s.Packets, "packet") + ", " + size(s.Bytes) + " on the wire"
	if s.First != nil && s.Last != nil {
		read += ", from " + precise(*s.First) + " to " + precise(*s.Last) + " UTC (" + span(s.Last.Time-s.First.Time) + ")"
	}
	say("Read", read)
	for _, name := range c.TruncatedFiles {
		say("File cut short", escape(name)+" could not be read to its end: what came after is not known")
	}
	if c.Undecoded > 0 {
		text := many(c.Undecoded, "packet") + " that no decoder understood: FTP in them was not seen"
		for i, r := range c.Reasons {
			const most = 8
			if i == most {
				text += "; …"
				break
			}
			text += "; " + escape(r.Text) + " (" + number(r.Packets) + ")"
		}
		say("Not decoded", text)
	}
	for _, text := range checksumWarnings(c) {
		say("Checksums", text)
	}
	if c.Dropped > 0 {
		say("Dropped", many(c.Dropped, "packet")+" dropped by the capturing machine: transfers may look worse than they were")
	}
	if c.MissingBytes > 0 {
		say("Missing", many(c.MissingBytes, "byte")+" of control connections are not in the capture: commands or replies may be missing")
	}
	if n := h.tally.partial; n > 0 {
		say("Seen in part", many(n, "session")+" whose beginning, end or one side the capture lacks, or that has gaps; each says so in its details")
	}
	if n := h.tally.encrypted; n > 0 {
		say("Encrypted", many(n, "session")+" under TLS: commands, names and outcomes cannot be read, transfers are told by their connections alone")
	}
	if c.Evicted > 0 {
		say("Forgotten", many(c.Evicted, "connection")+" forgotten because too many were open at once")
	}
	for _, l := range c.Limits {
		say("Limit reached", escape(l.Limit)+", "+many(l.Count, "time"))
	}
	if len(rows) == 1 {
		say("Missing", "nothing that is known of: every packet was decoded, no control connection has gaps, each session is there from its start to its end")
	}
	return rows
}
