package compare

import (
	"bytes"

	"ftpscope/analyze/ftp"
	"ftpscope/capture/flow"
)

// rewritten tells of addresses, numbers, options and lines.
func (d *differ) rewritten() {
	a, b := d.j.a, d.j.b
	if a == nil || b == nil {
		return
	}
	d.addresses(a, b)
	known := secretsOf(d.j)
	for _, w := range ways {
		x, y := a.Half[w].syn(), b.Half[w].syn()
		if x != nil && y != nil {
			d.options(w, x, y)
			if x.Seq != y.Seq {
				d.note(Numbers, w, "", "")
			}
		}
		for _, r := range d.j.rewrites[w] {
			n := d.note(Lines, w, hidden(r.Here, known, w), hidden(r.There, known, w))
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

// secretsOf reads what the client said, at either point, where lines were rewritten.
func secretsOf(j *connPair) *ftp.Secrets {
	known := &ftp.Secrets{}
	if len(j.rewrites[ToServer])+len(j.rewrites[ToClient]) == 0 {
		return known
	}
	for side := range 2 {
		t := j.whole(side).Half[ToServer].Text
		for i := 0; t != nil && i < len(t.bytes); {
			line, skip := t.line(i)
			if i += len(line) + skip; skip == 0 {
				known.Command(bytes.TrimRight(line, "\r\n"))
			}
		}
	}
	return known
}

// hidden takes what is secret out of a line.
func hidden(line string, known *ftp.Secrets, w Way) string {
	b := []byte(line)
	if w == ToClient {
		return ftp.Hide(line, known.OfReply(b))
	}
	parts := known.OfCommand(b)
	if from := ftp.Secret(b); from < len(b) {
		parts = append(parts, ftp.Span{From: from, To: len(b)})
	}
	return ftp.Hide(line, ftp.Merge(parts))
}
