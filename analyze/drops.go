package analyze

import (
	"slices"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// drops remembers when the kernel dropped packets, so that sessions of that time can say
// so.
type drops struct {
	list  []spell
	total uint64
	until flow.Time // of the last look
}

// spell is a stretch of time in which packets were dropped.
type spell struct {
	from, to flow.Time
	n        uint64
}

// maxSpells bounds them; then the older half becomes coarser.
const maxSpells = 4096

// look notes the count as of now.
func (d *drops) look(now flow.Time, total uint64) {
	if n := total - d.total; total > d.total {
		if last := len(d.list) - 1; last >= 0 && d.list[last].to == d.until {
			d.list[last].to, d.list[last].n = now, d.list[last].n+n
		} else {
			d.list = append(d.list, spell{d.until, now, n})
		}
		d.total = total
	}
	if d.until = now; len(d.list) <= maxSpells {
		return
	}
	older := d.list[:maxSpells/2]
	for i := range older[:len(older)/2] {
		a, b := older[2*i], older[2*i+1]
		older[i] = spell{a.from, b.to, a.n + b.n}
	}
	d.list = slices.Delete(d.list, len(older)/2, len(older))
}

// during is how many packets were dropped while a session lasted, at most.
func (d *drops) during(s *record.Session) uint64 {
	n := uint64(0)
	for i := len(d.list) - 1; i >= 0 && d.list[i].to >= s.Start.Time; i-- {
		if d.list[i].from <= s.End.Time {
			n += d.list[i].n
		}
	}
	return n
}
