package comparison

import (
	"io"
	"strings"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/report"
)

// writeExplain tells each session in plain language, with ladders of what was not the
// same.
func writeExplain(w io.Writer, r *compare.Result, o report.Options) error {
	p := &prose.Page{Width: o.PageWidth()}
	p.Paragraph(openingOf(r))
	list := r.Comparisons
	if !o.All {
		list = list[:min(len(list), maxCompared)]
	}
	for i := range list {
		explainComparison(p, &list[i], r, o)
	}
	if n := len(r.Comparisons) - len(list); n > 0 {
		p.Paragraph("… " + prose.Many(n, "more session") + ": --all explains them")
	}
	p.WriteString(strings.Join(prose.Wrap(lastLine(r)+".", p.Width), "\n") + "\n")
	_, err := io.WriteString(w, p.String())
	return err
}

// openingOf says what is compared, and what “here” and “there” mean.
func openingOf(r *compare.Result) string {
	text := "“Here” is the client's side, " + prose.Escape(r.Here.Name) + ", “there” is the server's side, " + prose.Escape(r.There.Name) + "."
	switch {
	case r.Swapped:
		text += " They were given the other way round: which is nearer to the clients is told " + r.OrderReason + "."
	case r.OrderKnown:
		text += " That this is their order is told " + r.OrderReason + "."
	default:
		text += " Nothing tells which is nearer to the clients; they are taken as given."
	}
	return text + " The clocks: " + clockWords(&r.Clock) + stepWords(r) + "."
}

func explainComparison(p *prose.Page, c *compare.Comparison, r *compare.Result, o report.Options) {
	title := "Session " + prose.Number(uint64(c.ID))
	if c.Attempt {
		title = "No session " + prose.Number(uint64(c.ID))
	}
	p.Paragraph(title + " · " + c.Verdict + " · " + endsOf(c))
	p.Paragraph(prose.Escape(c.Message))
	for i := range c.Differences {
		if d := &c.Differences[i]; d.Transfer == 0 && (c.Attempt || d.Kind != compare.OptionsOf || o.All) {
			p.Paragraph(differenceSentence(d, r))
		}
	}
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Verdict == compare.Same && !o.All && c.Verdict != compare.Same && c.Verdict != compare.Rewritten {
			continue // it is not what the session is about
		}
		p.Paragraph("Transfer " + prose.Number(uint64(t.N)) + " · " + comparedName(t) + " · " + t.Verdict)
		newPairLadder(c, t, r).write(p)
		p.WriteByte('\n')
		for k := range c.Differences {
			if d := &c.Differences[k]; d.Transfer == t.N && (!asUsual(c, d) || o.All) {
				p.Paragraph(differenceSentence(d, r))
			}
		}
	}
	if text := delayWords(&c.Delay); text != "" {
		p.Paragraph("The way takes " + text + ".")
	}
	if text := hopWords(c); text != "" {
		p.Paragraph(prose.Sentence(text))
	}
}

func differenceSentence(d *compare.Difference, r *compare.Result) string {
	text := prose.Escape(d.Message)
	if f := packetsOf(d, r); f != "" {
		text += " (" + f + ")"
	}
	return prose.Sentence(text)
}
