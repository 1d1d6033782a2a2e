// Package explain tells sessions in plain language, with a ladder of every transfer, for
// -o explain. Package formats makes it known.
package explain

import (
	"io"
	"net/netip"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/ladder"
	"ftpscope/analyze/report/servers"
)

// explain tells sessions in plain language, for readers who never heard of PORT and PASV.
// Sessions are written as they come; only what the servers did is kept for the end.
type explain struct {
	out      io.Writer
	opt      report.Options
	width    int
	any      bool
	others   int  // attempts and orphans told
	critical bool // a finding of the run is

	servers *servers.Seen
}

// Format is -o explain.
func Format() report.Format {
	return report.Format{Name: "explain", Doc: "plain language with a ladder diagram of every transfer", New: newExplain}
}

func newExplain(w io.Writer, o report.Options) report.Writer {
	return &explain{out: w, opt: o, width: o.PageWidth(), servers: servers.New()}
}

func (e *explain) write(p *prose.Page) error {
	_, err := io.WriteString(e.out, p.String())
	return err
}

func (e *explain) Session(s *record.Session) error {
	e.any = true
	e.servers.Add(s)
	p := &prose.Page{Width: e.width}
	files := e.opt.FileNumbers(s)
	findings := diagnosis.Ranked(s)
	p.Paragraph(diagnosis.Title(s))
	p.Paragraph(diagnosis.InShort(findings))
	p.Paragraph(diagnosis.Story(s, files))
	shown := diagnosis.Shown(s.Transfers, e.opt)
	for _, i := range shown {
		e.transfer(p, s, &s.Transfers[i])
	}
	if n := len(s.Transfers) - len(shown); n > 0 {
		p.Paragraph("… " + prose.Many(n, "more transfer") + " of this session: --all explains them")
	}
	p.Paragraph(diagnosis.Firewall(s))
	p.Paragraph(diagnosis.Limits(s))
	for _, f := range findings {
		e.critical = e.critical || record.Severities[record.Gravity(f.Severity)] == "critical"
		p.Paragraph(report.Mark(record.Gravity(f.Severity)) + " " + prose.Escape(f.Severity) + ": " + prose.Sentence(prose.Escape(f.Message)) + " " + prose.Sentence(prose.Escape(f.Advice)))
	}
	return e.write(p)
}

func (e *explain) transfer(p *prose.Page, s *record.Session, t *record.Transfer) {
	name := diagnosis.CommandLine(t)
	if name == "" {
		name = t.Method + " without a transfer command"
		if t.Method == record.MethodEncrypted {
			name = "data connection"
		}
	}
	head := "Transfer " + prose.Number(uint64(t.N)) + " · "
	tail := " · " + t.Mode + " · " + diagnosis.Result(t)
	p.WriteString(head + prose.Cut(name, e.width-prose.Columns(head)-prose.Columns(tail)) + tail + "\n\n")
	ladder.New(s, t, e.opt.FileNumbers(s)).Write(p)
	p.WriteByte('\n')
	p.Paragraph(strings.TrimSpace(diagnosis.Outcome(s, t) + " " + diagnosis.ContentSentence(t)))
}

func (e *explain) Attempt(a *record.Attempt) error {
	p := &prose.Page{Width: e.width}
	if e.others++; e.others > report.MaxTried && !e.opt.All {
		return nil
	}
	p.Paragraph(a.ClientIP.String() + " tried to open a control connection to " + a.Server.String() + " with " +
		prose.Many(a.Count, "SYN") + " from " + prose.Moment(a.First.Time) + ": " + diagnosis.Attempt(a) + diagnosis.InNetwork(a.Network) + ".")
	return e.write(p)
}

func (e *explain) Orphan(o *record.Orphan) error {
	p := &prose.Page{Width: e.width}
	if e.others++; e.others > report.MaxTried && !e.opt.All {
		return nil
	}
	c := &o.Connection
	p.Paragraph("At " + prose.Moment(c.Start.Time) + " " + c.Src.String() + " opened a connection to " + c.Dst.String() + " that carried " +
		prose.Many(o.Bytes, "byte") + diagnosis.InNetwork(c.Network) + " and looks like the data connection of an active transfer, but the capture does not hold its control connection.")
	return e.write(p)
}

func (e *explain) Summary(s *record.Summary) error {
	p := &prose.Page{Width: e.width}
	if more := e.others - report.MaxTried; more > 0 && !e.opt.All {
		p.Paragraph("… " + prose.Number(uint64(more)) + " more connections without a session: --all lists them")
	}
	e.writeServers(p)
	p.WriteString(strings.Join(prose.Wrap(diagnosis.Summary(s), e.width), "\n") + "\n")
	return e.write(p)
}

// spoken is an address and port in a sentence, which IPv6 needs.
func spoken(e netip.AddrPort) string {
	return e.Addr().String() + " port " + strconv.Itoa(int(e.Port()))
}

// writeServers ends the explanations: what the servers' ports and modes were, a paragraph
// a server.
func (e *explain) writeServers(p *prose.Page) {
	shown, more := e.servers.Told(e.opt.All)
	if len(shown) == 0 {
		return
	}
	p.Paragraph("Servers")
	for _, f := range shown {
		var sentences []string
		for _, text := range append([]string{f.Ports()}, f.ClientLines(e.opt.All)...) {
			sentences = append(sentences, prose.Sentence(text))
		}
		p.Paragraph(diagnosis.Placed(spoken(f.Server), f.Network) + ": " + strings.TrimSpace(strings.Join(sentences, " ")))
	}
	if more > 0 {
		p.Paragraph("… " + prose.Many(more, "more server") + ": --all names them")
	}
	if e.servers.Left > 0 {
		p.Paragraph("… and what " + prose.Many(e.servers.Left, "more session") + " did, from or to hosts beyond the number kept")
	}
	if !e.critical {
		p.Paragraph("Firewall rules that would permit what was seen: ftpscope analyze -o rules=nft FILE (or rules=iptables, rules=cisco).")
	}
}
