package compare

import (
	"ftpscope/analyze/ftp"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// rewritten tells of addresses, numbers, options and lines.
func (d *differ) rewritten() {
	a, b := d.j.a, d.j.b
	if a == nil || b == nil {
		return
	}
	d.addresses(a, b)
	for _, w := range ways {
		x, y := a.Half[w].syn(), b.Half[w].syn()
		if x != nil && y != nil {
			d.options(w, x, y)
			if x.Seq != y.Seq {
				d.note(Numbers, w, "", "")
			}
		}
		for _, r := range d.j.rewrites[w] {
			n := d.note(Lines, w, hidden(r.Here), hidden(r.There))
			n.Here, n.There = seenAt(a.Half[w].at(r.HereSeq)), seenAt(b.Half[w].at(r.ThereSeq))
		}
	}
}

func seenAt(p flow.Pos) []flow.Pos {
	if !p.Seen() {
		return nil
	}
	return []flow.Pos{p}
}

// note adds a difference of what both sides have.
func (d *differ) note(kind string, w Way, here, there string) *Difference {
	d.list = append(d.list, Difference{Kind: kind, Way: &ways[w], Certain: true, TextHere: &here, TextThere: &there})
	return &d.list[len(d.list)-1]
}

func (d *differ) addresses(a, b *Conn) {
	for _, w := range ways {
		x, y := a.Src, b.Src
		if (w == ToServer) != a.FromClient {
			x, y = a.Dst, b.Dst
		}
		if x != y {
			d.note(Addresses, w, x.String(), y.String())
		}
	}
}

func (d *differ) options(w Way, x, y *Seg) {
	if x.MSS != y.MSS {
		d.note(OptionsOf, w, mssText(x), mssText(y))
	}
	if x.Scale != y.Scale {
		d.note(OptionsOf, w, scaleText(x), scaleText(y))
	}
}

// hidden takes passwords out of a line: a client's, or one that a server repeats in quotes.
func hidden(line string) string {
	const shown = record.HiddenText
	b := []byte(line)
	if from := ftp.Secret(b); from < len(b) {
		return line[:from] + shown
	}
	var out []byte
	at := 0
	for from, to := ftp.Quoted(b, 0); from < len(b); from, to = ftp.Quoted(b, to) {
		out, at = append(append(out, b[at:from]...), shown...), to
	}
	return string(append(out, b[at:]...))
}
