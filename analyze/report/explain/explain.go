// Package explain tells sessions in plain language, with a ladder of every transfer, for
// -o explain. Package formats makes it known.
package explain

import (
	"io"
	"net/netip"
	"slices"
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
	out      *report.Held
	answer   diagnosis.Answer
	advised  map[string]bool // verdicts of attempts and orphans whose steps were told
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
	return &explain{out: o.Hold(w), advised: map[string]bool{}, opt: o, width: o.PageWidth(), servers: servers.New()}
}

func (e *explain) write(p *prose.Page) error {
	_, err := io.WriteString(e.out, p.String())
	return err
}

func (e *explain) Session(s *record.Session) error {
	e.any = true
	e.servers.Add(s)
	if !s.Open {
		e.answer.Session(s)
	}
	p := &prose.Page{Width: e.width}
	p.Paragraph(diagnosis.Title(s, e.opt.Zone))
	inShort(p, s.Verdict)
	p.Paragraph(diagnosis.FailedLogins(s))
	p.Paragraph(diagnosis.Story(s, e.opt.FileNumbers(s)))
	p.Paragraph(diagnosis.Limits(s))
	shown := diagnosis.Shown(s.Transfers, e.opt)
	for _, i := range shown {
		e.transfer(p, s, &s.Transfers[i])
	}
	if n := len(s.Transfers) - len(shown); n > 0 {
		p.Paragraph("… " + prose.Many(n, "more transfer") + " of this session: --all explains them")
	}
	if l := ladder.End(s, e.opt.FileNumbers(s)); l != nil {
		p.WriteString("The end of the session\n\n")
		l.Write(p)
		p.WriteByte('\n')
	}
	e.findings(p, s)
	return e.write(p)
}

// inShort is the verdict: what happened, where to look and what to do.
func inShort(p *prose.Page, v *record.Verdict) {
	if v == nil {
		return
	}
	p.Paragraph("In short: " + prose.Escape(v.Text))
	p.Paragraph(strings.TrimSpace(diagnosis.WhereToLook(v) + " " + diagnosis.AlsoFits(v)))
	steps := diagnosis.Steps(v)
	if len(steps) == 0 {
		return
	}
	p.WriteString("What to do:\n")
	for i, step := range steps {
		mark := " " + strconv.Itoa(i+1) + ". "
		p.WriteString(mark + strings.Join(prose.Wrap(prose.Sentence(step), p.Width-len(mark)), "\n"+prose.Spaces(len(mark))) + "\n")
	}
	p.WriteByte('\n')
}

// findings come last, habits after all others. The advice of those that the verdict says
// better is its own.
func (e *explain) findings(p *prose.Page, s *record.Session) {
	list := diagnosis.Ranked(s)
	slices.SortStableFunc(list, func(a, b *record.Finding) int { return diagnosis.TrueFirst(!diagnosis.Habit(a), !diagnosis.Habit(b)) })
	for _, f := range list {
		g := record.Gravity(f.Severity)
		e.critical = e.critical || record.Severities[g] == "critical"
		text := report.Mark(g) + " " + prose.Escape(f.Severity) + ": " + prose.Sentence(prose.Escape(f.Message))
		if !diagnosis.Told(s, f) {
			text += " " + prose.Sentence(prose.Escape(f.Advice))
		}
		p.Paragraph(text)
	}
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
	l := ladder.New(s, t, e.opt.FileNumbers(s))
	if t.Verdict != nil && l.DataEnd() {
		l.Order()
	}
	l.Write(p)
	p.WriteByte('\n')
	slow := diagnosis.SlowWords(t)
	if slow != "" {
		slow = "The data took their time: " + prose.Ended(slow) + " "
	}
	p.Paragraph(strings.TrimSpace(whatCame(s, t) + " " + slow + diagnosis.ContentSentence(t)))
}

// whatCame is what the ladder's last line means: as the transfer's verdict says it, unless
// that stands above.
func whatCame(s *record.Session, t *record.Transfer) string {
	switch {
	case s.Verdict != nil && s.Verdict.Transfer == t.N:
		return ""
	case t.Verdict != nil && diagnosis.StandingOf(t.Verdict) != diagnosis.Well:
		return prose.Escape(t.Verdict.Text)
	}
	return diagnosis.Outcome(s, t)
}

func (e *explain) Attempt(a *record.Attempt) error {
	e.answer.Attempt(a)
	p := &prose.Page{Width: e.width}
	if e.others++; e.others > report.MaxTried && !e.opt.All {
		return nil
	}
	p.Paragraph(a.ClientIP.String() + " tried to open a control connection to " + a.Server.String() + " with " +
		prose.Many(a.Count, "SYN") + " from " + e.when(a.First) + ": " + diagnosis.Attempt(a) + diagnosis.InNetwork(a.Network) + ".")
	e.advise(p, a.Verdict)
	return e.write(p)
}

// when is a moment with its zone.
func (e *explain) when(s record.Stamp) string {
	return e.opt.Zone.Moment(s.Time) + " " + e.opt.Zone.Name(s.Time, s.Time)
}

// advise tells the verdict of what is no session: once, for many have the same.
func (e *explain) advise(p *prose.Page, v *record.Verdict) {
	if v == nil || diagnosis.StandingOf(v) == diagnosis.Well {
		return
	}
	if key := v.Cause + v.At + v.Certainty; !e.advised[key] {
		e.advised[key] = true
		inShort(p, v)
	}
}

func (e *explain) Orphan(o *record.Orphan) error {
	e.answer.Orphan(o)
	p := &prose.Page{Width: e.width}
	if e.others++; e.others > report.MaxTried && !e.opt.All {
		return nil
	}
	c := &o.Connection
	p.Paragraph("At " + e.when(c.Start) + " " + c.Src.String() + " opened a connection to " + c.Dst.String() + " that carried " +
		prose.Many(o.Bytes, "byte") + diagnosis.InNetwork(c.Network) + " and looks like the data connection of an active transfer, but its control connection is not in the capture.")
	e.advise(p, o.Verdict)
	return e.write(p)
}

func (e *explain) Summary(s *record.Summary) error {
	p := &prose.Page{Width: e.width}
	if more := e.others - report.MaxTried; more > 0 && !e.opt.All {
		p.Paragraph("… " + prose.Number(uint64(more)) + " more connections without a session: --all lists them")
	}
	e.writeServers(p)
	p.WriteString(strings.Join(prose.Wrap(diagnosis.Summary(s), e.width), "\n") + "\n")
	answer := &prose.Page{Width: e.width}
	answer.Paragraph(prose.Sentence(e.answer.Line()))
	above, err := e.out.Open(answer.String())
	if err != nil {
		return err
	}
	if !above {
		p.WriteString("\n" + strings.TrimSuffix(answer.String(), "\n"))
	}
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
	if !e.critical && e.servers.Failed {
		p.Paragraph("Firewall rules that would permit what was seen: ftpscope analyze -o rules=nft FILE (or rules=iptables, rules=cisco).")
	}
}
