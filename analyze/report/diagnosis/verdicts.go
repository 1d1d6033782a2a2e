package diagnosis

import (
	"cmp"
	"slices"
	"strconv"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
)

// CleartextID is the finding that nearly every session without TLS has: it must not hide
// why a transfer failed.
const CleartextID = "cleartext-credentials"

// Ranked are a session's findings, the gravest first. Among equals they keep their order,
// but a password in clear text comes last, and never before a finding on a transfer that
// did not end well.
func Ranked(s *record.Session) []*record.Finding {
	list := make([]*record.Finding, len(s.Findings))
	least := 0 // the mildest finding on a transfer in trouble
	for i := range s.Findings {
		f := &s.Findings[i]
		list[i] = f
		if f.ID != CleartextID && inTrouble(s, f.Transfer) {
			least = max(least, record.Gravity(f.Severity))
		}
	}
	weight := func(f *record.Finding) int {
		if f.ID == CleartextID {
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
			return t.Failed() || t.Outcome == record.Incomplete
		}
	}
	return false
}

// Grave reports whether a severity is high or critical.
func Grave(severity string) bool {
	g := record.Gravity(severity)
	return record.Severities[g] == "critical" || record.Severities[g] == "high"
}

// graveFindings reports whether any of a session's findings is high or critical.
func graveFindings(s *record.Session) bool {
	return slices.ContainsFunc(s.Findings, func(f record.Finding) bool { return Grave(f.Severity) })
}

// Worst is the gravest severity of findings and how many have it.
func Worst(findings []record.Finding) (string, int) {
	best, n := len(record.Severities), 0
	for i := range findings {
		switch g := record.Gravity(findings[i].Severity); {
		case g < best:
			best, n = g, 1
		case g == best:
			n++
		}
	}
	if n == 0 {
		return "", -1
	}
	return report.Mark(best) + " " + record.Severities[best] + " " + strconv.Itoa(n), best
}

// How much a session deserves to be looked at.
const (
	Quiet   = iota
	Noted   // with findings
	Trouble // with failures or grave findings
	Ranks
)

// TrueFirst orders what is so before what is not.
func TrueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
