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

// summarize adds what the whole capture tells.
func (a *analysis) summarize() {
	a.decoder.Close()
	st, s := a.source.Stats(), a.order.sum
	s.Files, s.Packets, s.Bytes = a.source.Files(), a.count.packets, a.count.bytes
	s.Attempts, s.Orphans = a.matcher.Attempts(), len(a.orphans)+a.lost
	s.Capture = record.SummaryCapture{
		MissingBytes: s.Capture.MissingBytes, TruncatedFiles: st.Truncated, Undecoded: a.decoder.Undecoded(),
		Dropped: st.Dropped, Evicted: a.stats.Evicted, Repeated: a.stats.Repeated, Limits: a.limits(),
	}
	if a.count.packets > 0 {
		first, last := a.count.first, a.count.last
		s.First, s.Last = &first, &last
	}
	for _, n := range a.decoder.WrongChecksums() {
		s.Capture.WrongChecksums = append(s.Capture.WrongChecksums, record.ChecksumCount(n))
	}
	for _, r := range a.decoder.Reasons() {
		s.Capture.Reasons = append(s.Capture.Reasons, record.Reason(r))
	}
}

// limits lists the limits that were reached.
func (a *analysis) limits() []record.LimitHit {
	list := a.matcher.Limits()
	if n := a.decoder.LostNetworks(); n > 0 && !a.opt.MergeNetworks {
		list = append(list, record.LimitHit{Limit: "networks told apart", Count: n})
	}
	if n := a.order.early; n > 0 {
		list = append(list, record.LimitHit{Limit: "sessions that waited for an older one to end", Count: n})
	}
	if n := a.stats.Unwatched; n > 0 {
		list = append(list, record.LimitHit{Limit: "connections of which it is noted what TCP did", Count: n})
	}
	dropped := a.order.judged.Dropped()
	for _, id := range slices.Sorted(maps.Keys(dropped)) {
		list = append(list, record.LimitHit{Limit: "findings " + id, Count: uint64(dropped[id])})
	}
	return list
}
