package table

import (
	"cmp"
	"slices"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
)

// Which rows the one page shows, where sessions are too many for it.

// shelf keeps the rows that the page may show: of each group at most a page full. Groups
// are what verdicts have in common, so there are not many of them.
type shelf struct {
	groups map[shelfKey]*shelfGroup
	count  int
}

// shelfKey orders groups: by rank, then what their sessions' verdicts say.
type shelfKey struct {
	rank      int
	cause, at string // of those in trouble
}

type shelfGroup struct {
	shelfKey
	count int
	rows  []sessionRow
}

// room reports whether a session's row is kept, and counts it.
func (h *shelf) room(s *record.Session, rank int) *shelfGroup {
	h.count++
	k := shelfKey{rank: rank}
	if rank == diagnosis.Trouble && s.Verdict != nil {
		k.cause, k.at = s.Verdict.Cause, s.Verdict.At
	}
	g := h.groups[k]
	if g == nil {
		if h.groups == nil {
			h.groups = map[shelfKey]*shelfGroup{}
		}
		g = &shelfGroup{shelfKey: k}
		h.groups[k] = g
	}
	if g.count++; len(g.rows) == report.MaxShown {
		return nil
	}
	return g
}

// chosen are the rows of the page: all by order of arrival when they fit; else those in
// trouble first, grouped by verdict, the largest group first, and something of each.
func (h *shelf) chosen() (rows []sessionRow) {
	var list []*shelfGroup
	for _, g := range h.groups {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *shelfGroup) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(b.count, a.count), cmp.Compare(a.cause, b.cause), cmp.Compare(a.at, b.at))
	})
	if h.count <= report.MaxShown {
		for _, g := range list {
			rows = append(rows, g.rows...)
		}
		slices.SortFunc(rows, func(a, b sessionRow) int { return cmp.Compare(a.order, b.order) })
		return rows
	}
	shares := h.shares(list)
	for i, g := range list {
		if part := g.rows[:shares[i]]; len(part) > 0 {
			part[0].heading = g.heading(len(part))
			rows = append(rows, part...)
		}
	}
	return rows
}

// shares deals the page out: ranks one after the other, among groups of a rank one row
// each in turn.
func (h *shelf) shares(list []*shelfGroup) []int {
	shares, left := make([]int, len(list)), report.MaxShown
	for rank := diagnosis.Trouble; rank >= diagnosis.Quiet; rank-- {
		for dealt := true; dealt && left > 0; {
			dealt = false
			for i, g := range list {
				if g.rank == rank && shares[i] < len(g.rows) && left > 0 {
					shares[i]++
					left--
					dealt = true
				}
			}
		}
	}
	return shares
}

// heading stands above a group.
func (g *shelfGroup) heading(shown int) string {
	text := "── " + prose.Many(g.count, "session")
	switch {
	case g.rank == diagnosis.Quiet:
		text += " without trouble"
	case g.rank == diagnosis.Noted:
		text += " with findings only"
	case g.cause == "" || g.cause == record.CauseNone:
		text += " with failures that did not decide"
	default:
		text += ": " + prose.Escape(g.cause) + ", look at " + prose.Escape(g.at)
	}
	if shown == g.count {
		return text
	}
	text += "; " + prose.Number(uint64(shown)) + " shown"
	if g.cause != "" && g.cause != record.CauseNone {
		text += ", all with --cause " + prose.Escape(g.cause) + " --at " + prose.Escape(g.at) + " --all"
	}
	return text
}
