package markdown

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// What went wrong, and what was found: one kind between the same hosts is told once.

// writeCauses says what went wrong, where to look and what to do next.
func (m *markdown) writeCauses(b *strings.Builder, show room) {
	list, left := m.causes.Told(show.causes)
	if len(list) == 0 {
		return
	}
	b.WriteString("\n### What went wrong\n\n")
	for _, g := range list {
		b.WriteString(causeLines(g, show))
	}
	if left > 0 {
		b.WriteString("\n… and " + prose.Many(left, "more verdict") + ".\n")
	}
}

func causeLines(g *diagnosis.Cause, show room) string {
	v := &g.Verdict
	line := "- **" + diagnosis.Place(v) + "** " + codeSpan(v.Cause)
	var where []string
	if g.Count > 1 {
		where = append(where, prose.Many(g.Count, g.What))
	}
	where = append(where, placesOf(g.Refs, g.Count)...)
	if packets := packetsOf(v.Frames, g.Files); packets != "" && g.Count == 1 {
		where = append(where, packets)
	}
	if len(where) > 0 {
		line += " (" + strings.Join(where, ", ") + ")"
	}
	line += ": " + mdProse(prose.CutEnd(diagnosis.VerdictText(v), show.text)) + "\n"
	if also := diagnosis.AlsoFits(v); also != "" && show.steps > 1 {
		line += "  - " + mdProse(prose.CutEnd(also, mdText)) + "\n"
	}
	steps := diagnosis.Steps(v)
	for _, step := range steps[:min(len(steps), show.steps)] {
		line += "  - next: " + mdProse(prose.CutEnd(step, show.text)) + "\n"
	}
	return line
}

// placesOf names sessions and transfers: "session 3, transfer 1", or "3.1", "4.1", "…" of
// several.
func placesOf(refs []diagnosis.Ref, count int) (words []string) {
	for _, r := range refs {
		text := strconv.Itoa(r.Session)
		switch {
		case count == 1 && r.Transfer > 0:
			text = "session " + text + ", transfer " + strconv.Itoa(r.Transfer)
		case count == 1:
			text = "session " + text
		case r.Transfer > 0:
			text += "." + strconv.Itoa(r.Transfer)
		}
		words = append(words, text)
	}
	if count > len(refs) && len(refs) > 0 {
		words = append(words, "…")
	}
	return words
}

// packetsOf is "packet 7", "packets 7, 8, …".
func packetsOf(frames []flow.Pos, files bool) string {
	const most = 8
	var packets []string
	for _, p := range frames[:min(len(frames), most)] {
		packets = append(packets, mdPacket(p, files))
	}
	switch {
	case len(frames) > most:
		packets = append(packets, "…")
	case len(packets) == 1:
		return "packet " + packets[0]
	case len(packets) == 0:
		return ""
	}
	return "packets " + strings.Join(packets, ", ")
}

// findings groups findings of one rule between the same hosts.
type findings struct {
	byKey map[findingKey]*findingGroup
	order []*findingGroup
	count int
}

type findingKey struct {
	id, severity   string
	client, server netip.Addr
	said           bool // a verdict says it, too
}

// findingGroup is told in the words of its first.
type findingGroup struct {
	findingKey
	rank            int
	count           int
	message, advice string
	frames          string
	refs            []diagnosis.Ref
}

// Limits of findings.
const (
	maxFindingGroups = 1000
	maxFindingRefs   = 6
)

func (f *findings) add(s *record.Session, x *record.Finding, files bool) {
	f.count++
	k := findingKey{x.ID, x.Severity, s.Client.Addr(), s.Server.Addr(), diagnosis.Told(s, x)}
	g := f.byKey[k]
	if g == nil {
		if len(f.order) >= maxFindingGroups {
			return
		}
		if f.byKey == nil {
			f.byKey = map[findingKey]*findingGroup{}
		}
		g = &findingGroup{findingKey: k, rank: record.Gravity(x.Severity), message: x.Message, advice: x.Advice, frames: packetsOf(x.Frames, files)}
		if k.said {
			g.message = prose.FirstClause(x.Message)
		}
		if k.said || x.Shared {
			g.advice = ""
		}
		if diagnosis.Habit(x) {
			g.rank += len(record.Severities)
		}
		f.byKey[k] = g
		f.order = append(f.order, g)
	}
	if g.count++; len(g.refs) < maxFindingRefs {
		g.refs = append(g.refs, diagnosis.Ref{Session: s.ID, Transfer: x.Transfer})
	}
}

// write writes the gravest first, causes before symptoms, habits last.
func (f *findings) write(b *strings.Builder, show room) {
	if f.count == 0 {
		return
	}
	b.WriteString("\n### Findings\n\n")
	slices.SortStableFunc(f.order, func(x, y *findingGroup) int {
		return cmp.Or(cmp.Compare(x.rank, y.rank), diagnosis.TrueFirst(!diagnosis.Symptom(x.id), !diagnosis.Symptom(y.id)))
	})
	told, advised := 0, map[string]bool{}
	for _, g := range f.order[:min(len(f.order), show.findings)] {
		b.WriteString(g.lines(advised, show))
		told += g.count
	}
	if more := f.count - told; more > 0 {
		b.WriteString("\n… and " + prose.Many(more, "more finding") + ".\n")
	}
}

// lines says an advice once, whoever needs it.
func (g *findingGroup) lines(advised map[string]bool, show room) string {
	name := codeSpan(g.id)
	if g.count > 1 {
		name += " × " + prose.Number(uint64(g.count))
	}
	where := placesOf(g.refs, g.count)
	if g.count == 1 && g.frames != "" {
		where = append(where, g.frames)
	}
	message := g.message
	if show.text < mdText {
		message = prose.WithoutPackets(message)
	}
	line := "- **" + record.Severities[record.Gravity(g.severity)] + "** " + name + " (" + strings.Join(where, ", ") + "): " + mdProse(prose.CutEnd(prose.Escape(message), show.text)) + "\n"
	if g.advice != "" && !advised[g.advice] && len(advised) < show.advice {
		advised[g.advice] = true
		line += "  - check: " + mdProse(prose.CutEnd(prose.Escape(g.advice), show.text)) + "\n"
	}
	return line
}
