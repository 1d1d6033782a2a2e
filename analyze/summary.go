package analyze

import "ftpscope/analyze/session"

// summary is the last record in the making.
type summary struct{ session.Summary }

func (a *analysis) summary() *summary {
	st := a.capture.Stats()
	s := session.Summary{
		Files: a.capture.Files(), Packets: a.count.packets, Bytes: a.count.bytes,
		Attempts: a.matcher.Attempts(), Orphans: len(a.orphans) + a.lost, Findings: map[string]int{},
		Capture: session.SummaryCapture{
			MissingBytes: a.stats.Missing, TruncatedFiles: st.Truncated, Undecoded: a.decoder.Undecoded(),
			Dropped: st.Dropped, Evicted: a.stats.Evicted, Limits: a.matcher.Limits(),
		},
	}
	if a.count.packets > 0 {
		first, last := a.count.first, a.count.last
		s.First, s.Last = &first, &last
	}
	for _, r := range a.decoder.Reasons() {
		s.Capture.Reasons = append(s.Capture.Reasons, session.Reason(r))
	}
	return &summary{s}
}

// add counts a session.
func (s *summary) add(x *session.Session) {
	s.Sessions++
	for i := range x.Transfers {
		switch x.Transfers[i].Mode {
		case session.Active:
			s.Transfers.Active++
		case session.Passive:
			s.Transfers.Passive++
		default:
			s.Transfers.Unknown++
		}
	}
	for i := range x.Findings {
		s.Findings[x.Findings[i].Severity]++
	}
}
