package report

import (
	"cmp"
	"slices"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

// Findings in the order in which readers want them, and the worst of them in a sentence.

// cleartextID is the finding that nearly every session without TLS has: it must not hide why a transfer failed.
const cleartextID = "cleartext-credentials"

// ranked are a session's findings, the gravest first. Among equals they keep their order, but a password in clear text
// comes last, and never before a finding on a transfer that did not end well.
func ranked(s *record.Session) []*record.Finding {
	list := make([]*record.Finding, len(s.Findings))
	least := 0 // the mildest finding on a transfer in trouble
	for i := range s.Findings {
		f := &s.Findings[i]
		list[i] = f
		if f.ID != cleartextID && inTrouble(s, f.Transfer) {
			least = max(least, record.Gravity(f.Severity))
		}
	}
	weight := func(f *record.Finding) int {
		if f.ID == cleartextID {
			return 2*max(record.Gravity(f.Severity), least) + 1
		}
		return 2 * record.Gravity(f.Severity)
	}
	slices.SortStableFunc(list, func(a, b *record.Finding) int { return cmp.Compare(weight(a), weight(b)) })
	return list
}

// inTrouble reports whether the transfer with this number failed or did not end.
func inTrouble(s *record.Session, n int) bool {
	for i := range s.Transfers {
		if t := &s.Transfers[i]; n > 0 && t.N == n {
			return failed(t) || t.Outcome == record.Incomplete
		}
	}
	return false
}

// grave reports whether a severity is high or critical.
func grave(severity string) bool {
	g := record.Gravity(severity)
	return record.Severities[g] == "critical" || record.Severities[g] == "high"
}

// graveFindings reports whether any of a session's findings is high or critical.
func graveFindings(s *record.Session) bool {
	return slices.ContainsFunc(s.Findings, func(f record.Finding) bool { return grave(f.Severity) })
}

// inShort is the sentence that a session in trouble begins with: what the worst finding says first.
func inShort(findings []*record.Finding) string {
	if len(findings) == 0 || !grave(findings[0].Severity) {
		return ""
	}
	text := prose.Escape(prose.FirstClause(findings[0].Message))
	if text == "" {
		return ""
	}
	return "In short: " + prose.Ended(text)
}
