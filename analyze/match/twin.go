package match

import (
	"ftpscope/analyze/control"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Twins are one control connection that the capture has twice, since it was captured on both
// sides of a NAT: by a gateway on all its interfaces, by a firewall where packets come in, or
// at two points. A NAT changes addresses and ports and leaves sequence numbers as they are,
// so both have the same initial ones; that by chance two others have them too, begin and end
// at the same time and say as much, is left out of account.
//
// Where each has another side of the dialogue, they are halves: see halves.go.

// twinApart is how far apart twins begin and end: the way between the two places, and clocks
// that differ.
const twinApart = 2 * flow.Second

// twinIndex finds sessions that have ended by the initial sequence numbers of their control
// connection. It holds no more of them than wait to be made.
type twinIndex map[uint64]*pendingSession

// pairUp looks for the twin of a session whose control connection has ended. Both are known
// by then for as long as sessions wait for their data connections.
func (ix twinIndex) pairUp(p *pendingSession) {
	n := p.said.Notes.Control.Numbers
	if n == 0 {
		return
	}
	q := ix[n]
	if q == nil {
		ix[n] = p
		return
	}
	if q.twin == nil && areTwins(p.said, q.said) {
		p.twin, q.twin = q, p
	}
}

// unpair forgets a session that is made, or that is none.
func (ix twinIndex) unpair(p *pendingSession) {
	if p.said != nil && ix[p.said.Notes.Control.Numbers] == p {
		delete(ix, p.said.Notes.Control.Numbers)
	}
	if p.twin != nil {
		p.twin.twin, p.twin = nil, nil
	}
}

// areTwins reports whether two sessions of the same initial sequence numbers are one.
func areTwins(a, b *control.Transcript) bool {
	x, y := &a.Notes.Control, &b.Notes.Control
	if (a.Client == b.Client) == (a.Server == b.Server) || apart(x.Start, y.Start) > twinApart || apart(x.Last, y.Last) > twinApart {
		return false
	}
	if a.IsHalf() && b.IsHalf() {
		return a.Capture.ClientSide != b.Capture.ClientSide
	}
	return a.Capture.ClientSide == b.Capture.ClientSide && a.Capture.ServerSide == b.Capture.ServerSide &&
		(a.Commands == b.Commands || a.LostCommands || b.LostCommands) && alike(a.User, b.User) && alike(a.Banner, b.Banner)
}

func alike(a, b *string) bool { return a == nil || b == nil || *a == *b }

func apart(a, b flow.Mark) flow.Time { return max(a.Time-b.Time, b.Time-a.Time) }

// isReady reports whether a session and its twin can be made.
func isReady(e ended, ready func(ended) bool) bool {
	q := e.twin
	return ready(e) && (q == nil || ready(ended{q.until, q.said.Notes.Control.Start.Ord, q}))
}

// finishTwins makes two sessions that are one, the one that began first before the other.
func finishTwins(m *Matcher, p, q *pendingSession) {
	if q.said.Notes.Control.Start.Ord < p.said.Notes.Control.Start.Ord {
		p, q = q, p
	}
	m.twins.unpair(p)
	m.twins.unpair(q)
	q.made = true
	var first, second *record.Session
	switch {
	case !p.said.IsHalf():
		first, second = m.build(p), m.build(q)
	case p.said.Capture.ClientSide:
		first, second = buildHalves(m, p, q)
	default:
		second, first = buildHalves(m, q, p)
	}
	first.Notes.Twin, second.Notes.Twin = second, first
	for _, s := range []*pendingSession{p, q} {
		s.made = true
		settle(m, s)
	}
	m.out.Session(first)
	m.out.Session(second)
}
