package finding

import (
	"maps"
	"net/netip"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// lacking is until when there were sessions between two hosts of which the capture lacks
// something: what one of them said may be what explains another session.
type lacking map[hosts]flow.Time

// hosts are the client and the server of a session.
type hosts struct{ client, server netip.Addr }

// maxLackingHosts bounds them; then those that are over for long go, and if there are none,
// those that come later are not noted.
const maxLackingHosts = 16 << 10

// add notes a session if it is one.
func (l lacking) add(s *record.Session) {
	if isWhole(s) {
		return
	}
	if len(l) >= maxLackingHosts {
		maps.DeleteFunc(l, func(_ hosts, until flow.Time) bool { return s.Start.Time-until > hold })
	}
	k := hosts{s.Client.Addr(), s.Server.Addr()}
	if until, known := l[k]; known || len(l) < maxLackingHosts {
		l[k] = max(until, s.End.Time)
	}
}

// has reports whether there was one at a time, or not long before.
func (l lacking) has(k hosts, at flow.Time) bool {
	until, known := l[k]
	return known && at-until <= hold
}
