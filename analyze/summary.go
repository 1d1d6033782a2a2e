package analyze

import (
	"maps"
	"slices"

	"ftpscope/analyze/record"
)

// summary is the last record in the making.
type summary struct{ record.Summary }

// add counts a session.
func (s *summary) add(x *record.Session) {
	s.Sessions++
	s.Capture.MissingBytes += x.Capture.MissingBytes
	for i := range x.Transfers {
		switch x.Transfers[i].Mode {
		case record.Active:
			s.Transfers.Active++
		case record.Passive:
			s.Transfers.Passive++
		default:
			s.Transfers.Unknown++
		}
	}
	for i := range x.Findings {
		if s.Findings == nil {
			s.Findings = map[string]int{}
		}
		s.Findings[x.Findings[i].Severity]++
	}
}

// Totals are what the packets of a run amount to, beside the log.
type Totals struct {
	Files                        []string
	Packets, Bytes               uint64
	First, Last                  record.Stamp
	Undecoded, Dropped           uint64
	Truncated                    []string
	Reasons                      []record.Reason
	WrongChecksums               []record.ChecksumCount
	LostNetworks                 uint64 // packets in networks that are taken for one
	Evicted, Repeated, Unwatched uint64 // by the tables
}

// totals are those of the source when all was tracked.
func (a *analysis) totals() *Totals {
	st := a.source.Stats()
	t := &Totals{
		Files: a.source.Files(), Packets: a.count.packets, Bytes: a.count.bytes, First: a.count.first, Last: a.count.last,
		Undecoded: a.decoder.Undecoded(), Dropped: st.Dropped, Truncated: st.Truncated, LostNetworks: a.decoder.LostNetworks(),
		Evicted: a.stats.Evicted, Repeated: a.stats.Repeated, Unwatched: a.stats.Unwatched,
	}
	for _, n := range a.decoder.WrongChecksums() {
		t.WrongChecksums = append(t.WrongChecksums, record.ChecksumCount(n))
	}
	for _, r := range a.decoder.Reasons() {
		t.Reasons = append(t.Reasons, record.Reason(r))
	}
	return t
}

// summarize adds what the whole capture tells.
func (a *analysis) summarize(t *Totals) {
	s := a.order.sum
	s.Files, s.Packets, s.Bytes = t.Files, t.Packets, t.Bytes
	s.Attempts, s.Orphans = a.matcher.Attempts(), len(a.orphans)+a.lost
	s.Capture = record.SummaryCapture{
		MissingBytes: s.Capture.MissingBytes, TruncatedFiles: t.Truncated, Undecoded: t.Undecoded, Reasons: t.Reasons, WrongChecksums: t.WrongChecksums,
		Dropped: t.Dropped, Evicted: t.Evicted, Repeated: t.Repeated, Limits: a.limits(t),
	}
	if t.Packets > 0 {
		s.First, s.Last = &t.First, &t.Last
	}
}

// limits lists the limits that were reached.
func (a *analysis) limits(t *Totals) []record.LimitHit {
	list := a.matcher.Limits()
	if n := t.LostNetworks; n > 0 && !a.opt.MergeNetworks {
		list = append(list, record.LimitHit{Limit: "networks told apart", Count: n})
	}
	if n := a.order.early; n > 0 {
		list = append(list, record.LimitHit{Limit: "sessions that waited for an older one to end", Count: n})
	}
	if n := t.Unwatched; n > 0 {
		list = append(list, record.LimitHit{Limit: "connections of which it is noted what TCP did", Count: n})
	}
	dropped := a.order.judged.Dropped()
	for _, id := range slices.Sorted(maps.Keys(dropped)) {
		list = append(list, record.LimitHit{Limit: "findings " + id, Count: uint64(dropped[id])})
	}
	return list
}
