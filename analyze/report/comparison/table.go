package comparison

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
)

// tablePage is the page that -o table makes of a comparison.
type tablePage struct {
	strings.Builder
	r     *compare.Result
	opt   report.Options
	width int
}

// maxCompared is how many sessions are shown, those with the worst verdicts.
const maxCompared = 50

func writeTable(w io.Writer, r *compare.Result, o report.Options) error {
	t := &tablePage{r: r, opt: o, width: o.PageWidth()}
	for _, line := range headsOf(r, o.Zone) {
		t.hang(0, 7, line)
	}
	list := r.Comparisons
	if !o.All {
		list = list[:min(len(list), maxCompared)]
	}
	for i := range list {
		t.WriteByte('\n')
		t.comparison(&list[i])
	}
	if n := len(r.Comparisons) - len(list); n > 0 {
		t.WriteString("\n… " + prose.Many(n, "more session") + "; shown are the worst first; --all shows every one\n")
	}
	t.WriteString("\n" + lastLine(r) + "\n")
	_, err := io.WriteString(w, t.String())
	return err
}

// hang writes wrapped text after indent columns, further lines after more.
func (t *tablePage) hang(indent, more int, text string) {
	first, lead := true, ""
	if i := leading(text); i > 0 {
		lead, text = text[:i], text[i:]
	}
	for _, line := range prose.Wrap(text, t.width-indent-more) {
		if first {
			t.WriteString(prose.Spaces(indent) + prose.Pad(lead, more) + line + "\n")
			first = false
			continue
		}
		t.WriteString(prose.Spaces(indent+more) + line + "\n")
	}
}

// leading is the length of a first word that stands in a column of its own: it has two
// spaces or more behind it, or a width of its own.
func leading(text string) int {
	i := strings.IndexByte(text, ' ')
	if i < 0 {
		return 0
	}
	for i < len(text) && text[i] == ' ' {
		i++
	}
	return i
}

const indent = 12

func (t *tablePage) comparison(c *compare.Comparison) {
	g := verdictGravity(c.Verdict)
	label := report.Mark(g) + " " + c.Verdict
	title := "#" + strconv.Itoa(c.ID) + " "
	if c.Attempt {
		title += "no session "
	} else if s := c.Here; s == nil || s.User == nil {
		if c.There != nil && c.There.User != nil {
			title += prose.Escape(*c.There.User) + " "
		}
	} else {
		title += prose.Escape(*s.User) + " "
	}
	title += endsOf(c)
	t.WriteString(t.opt.Paint(report.ColorOf(g), label) + prose.Spaces(max(indent-prose.Columns(label), 1)))
	for i, line := range prose.Wrap(title, t.width-indent) {
		if i > 0 {
			t.WriteString(prose.Spaces(indent))
		}
		t.WriteString(line + "\n")
	}
	for _, line := range prose.Wrap(prose.Escape(c.Message), t.width-indent) {
		t.WriteString(prose.Spaces(indent) + line + "\n")
	}
	t.details(c)
}

// details are the transfers and what is not the same, of a session that both sides have.
func (t *tablePage) details(c *compare.Comparison) {
	control := slices.IndexFunc(c.Differences, func(d compare.Difference) bool { return d.Transfer == 0 })
	if control >= 0 {
		if !c.Attempt {
			t.line("control", "")
		}
		t.differences(c, 0)
	}
	for i := range c.Transfers {
		x := &c.Transfers[i]
		t.line(comparedName(x), transferSides(x))
		t.differences(c, x.N)
	}
	if text := delayWords(&c.Delay); text != "" {
		t.line("delay", text)
	}
	if text := hopWords(c); text != "" {
		t.line("hops", text)
	}
}

const nameColumns = 16

// line is a line with a name in a column of its own.
func (t *tablePage) line(name, text string) {
	const at = 4
	head := prose.Spaces(at) + prose.Pad(prose.Cut(name, nameColumns), nameColumns) + "  "
	lines := prose.Wrap(text, t.width-prose.Columns(head))
	if len(lines) == 0 {
		lines = []string{""}
	}
	for i, l := range lines {
		if i > 0 {
			head = prose.Spaces(prose.Columns(head))
		}
		t.WriteString(strings.TrimRight(head+l, " ") + "\n")
	}
}

func (t *tablePage) differences(c *compare.Comparison, transfer int) {
	for i := range c.Differences {
		d := &c.Differences[i]
		if d.Transfer != transfer || transfer > 0 && !t.opt.All && asUsual(c, d) {
			continue
		}
		text := prose.Escape(d.Message)
		if f := packetsOf(d, t.r); f != "" {
			text += " (" + f + ")"
		}
		const at, hang = 6, 2
		for n, l := range prose.Wrap(text, t.width-at-hang) {
			lead := prose.Spaces(at) + "· "
			if n > 0 {
				lead = prose.Spaces(at + hang)
			}
			t.WriteString(lead + l + "\n")
		}
	}
}

// comparedName is the transfer as either side names it.
func comparedName(x *compare.Transfer) string {
	s := x.Here
	if s == nil {
		s = x.There
	}
	if name := diagnosis.CommandLine(s); name != "" {
		return name
	}
	return s.Method
}

// transferSides is what became of a transfer on both sides, in short.
func transferSides(x *compare.Transfer) string {
	side := func(place string, s, other *record.Transfer) string {
		if s == nil {
			return place + " not seen"
		}
		text := place
		if n := s.N; other != nil && n != other.N {
			text += " (transfer " + strconv.Itoa(n) + ")"
		}
		if s.Connection != nil {
			text += " " + diagnosis.Party(s.Initiator) + " " + s.Connection.Src.String() + " → " + s.Connection.Dst.String()
		} else {
			text += " no connection"
		}
		text += ", " + s.Outcome
		if s.Bytes != nil && *s.Bytes > 0 {
			text += ", " + prose.Size(*s.Bytes)
		}
		return text
	}
	return side("here", x.Here, x.There) + "; " + side("there", x.There, x.Here)
}

// hopWords is how many hops are between the points, by the TTL.
func hopWords(c *compare.Comparison) string {
	if c.HopsToServer == nil || c.HopsToClient == nil {
		return ""
	}
	out, back := *c.HopsToServer, *c.HopsToClient
	if out == back {
		if out == 0 {
			return "none between by the TTL: a switch, a bridge, or a middlebox that leaves it as it is"
		}
		return prose.Many(out, "hop") + " between, by the TTL of both directions"
	}
	return "the TTL says " + strconv.Itoa(out) + " to the server and " + strconv.Itoa(back) + " to the client: the ways are not the same, or something between sets it"
}

// asUsual reports whether what was rewritten of a data connection is what one may expect
// by the control connection.
func asUsual(c *compare.Comparison, d *compare.Difference) bool {
	switch d.Kind {
	case compare.Addresses:
		return true
	case compare.OptionsOf, compare.Numbers:
		return slices.ContainsFunc(c.Differences, func(x compare.Difference) bool {
			return x.Transfer == 0 && x.Kind == d.Kind && x.Message == d.Message
		})
	}
	return false
}
