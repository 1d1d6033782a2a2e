package report

import (
	"io"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// explain tells sessions in plain language, for readers who never heard of PORT and PASV. Sessions are written as
// they come; only what the servers did is kept for the end.
type explain struct {
	out      io.Writer
	opt      Options
	width    int
	any      bool
	others   int  // attempts and orphans told
	critical bool // a finding of the run is

	servers *servers
}

func newExplain(w io.Writer, o Options) Writer {
	return &explain{out: w, opt: o, width: o.width(), servers: newServers()}
}

// page collects the text of one record.
type page struct {
	strings.Builder
	width int
}

// paragraph writes text wrapped, with an empty line after it.
func (p *page) paragraph(text string) {
	if text == "" {
		return
	}
	for _, line := range prose.Wrap(text, p.width) {
		p.WriteString(line + "\n")
	}
	p.WriteByte('\n')
}

func (e *explain) write(p *page) error {
	_, err := io.WriteString(e.out, p.String())
	return err
}

func (e *explain) Session(s *record.Session) error {
	e.any = true
	e.servers.add(s)
	p := &page{width: e.width}
	files := several(s, e.opt)
	findings := ranked(s)
	p.paragraph(title(s))
	p.paragraph(inShort(findings))
	p.paragraph(story(s, files))
	shown := pick(s.Transfers, e.opt)
	for _, i := range shown {
		e.transfer(p, s, &s.Transfers[i])
	}
	if n := len(s.Transfers) - len(shown); n > 0 {
		p.paragraph("… " + prose.Many(n, "more transfer") + " of this session: --all explains them")
	}
	p.paragraph(firewall(s))
	p.paragraph(limits(s))
	for _, f := range findings {
		e.critical = e.critical || record.Severities[record.Gravity(f.Severity)] == "critical"
		p.paragraph(mark(record.Gravity(f.Severity)) + " " + prose.Escape(f.Severity) + ": " + prose.Sentence(prose.Escape(f.Message)) + " " + prose.Sentence(prose.Escape(f.Advice)))
	}
	return e.write(p)
}

func (e *explain) transfer(p *page, s *record.Session, t *record.Transfer) {
	name := commandLine(t)
	if name == "" {
		name = t.Method + " without a transfer command"
		if t.Method == record.MethodEncrypted {
			name = "data connection"
		}
	}
	head := "Transfer " + prose.Number(uint64(t.N)) + " · "
	tail := " · " + t.Mode + " · " + result(t)
	p.WriteString(head + prose.Cut(name, e.width-prose.Columns(head)-prose.Columns(tail)) + tail + "\n\n")
	newLadder(s, t, several(s, e.opt)).write(p)
	p.WriteByte('\n')
	p.paragraph(strings.TrimSpace(outcomeSentence(s, t) + " " + contentSentence(t)))
}

func (e *explain) Attempt(a *record.Attempt) error {
	p := &page{width: e.width}
	if e.others++; e.others > maxTried && !e.opt.All {
		return nil
	}
	p.paragraph(a.ClientIP.String() + " tried to open a control connection to " + a.Server.String() + " with " +
		prose.Many(a.Count, "SYN") + " from " + prose.Moment(a.First.Time) + ": " + attemptWords(a) + inNetwork(a.Network) + ".")
	return e.write(p)
}

func (e *explain) Orphan(o *record.Orphan) error {
	p := &page{width: e.width}
	if e.others++; e.others > maxTried && !e.opt.All {
		return nil
	}
	c := &o.Connection
	p.paragraph("At " + prose.Moment(c.Start.Time) + " " + c.Src.String() + " opened a connection to " + c.Dst.String() + " that carried " +
		prose.Many(o.Bytes, "byte") + inNetwork(c.Network) + " and looks like the data connection of an active transfer, but the capture does not hold its control connection.")
	return e.write(p)
}

func (e *explain) Summary(s *record.Summary) error {
	p := &page{width: e.width}
	if more := e.others - maxTried; more > 0 && !e.opt.All {
		p.paragraph("… " + prose.Number(uint64(more)) + " more connections without a session: --all lists them")
	}
	e.writeServers(p)
	p.WriteString(strings.Join(prose.Wrap(summarySentence(s), e.width), "\n") + "\n")
	return e.write(p)
}

func summarySentence(s *record.Summary) string {
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
		return noneFound(s, read)
	case s.Sessions == 1:
		return "That is the only session in " + read + "."
	}
	t := s.Transfers
	text := "In all " + prose.Many(s.Sessions, "session") + " and " + prose.Many(t.Active+t.Passive+t.Unknown, "transfer") + " (" +
		prose.Number(uint64(t.Active)) + " active, " + prose.Number(uint64(t.Passive)) + " passive, " + prose.Number(uint64(t.Unknown)) +
		" unknown) in " + read + "."
	if hidden > 0 {
		text += " Of them " + hiddenWords(s) + "."
	}
	return text
}
