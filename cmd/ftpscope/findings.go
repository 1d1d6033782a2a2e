package main

import (
	"slices"
	"strings"

	"ftpscope/analyze/finding"
	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

const findingsUsage = `Lists what ftpscope finds in sessions: each rule's name, its usual severity and what it means.

Usage:
  ftpscope findings

Examples:
  ftpscope findings
  ftpscope analyze --disable cleartext-credentials --fail-on high capture.pcap
`

// runFindings lists the rules.
func runFindings(e *env, args []string) int {
	if code, done := e.noArguments("findings", findingsUsage, args); done {
		return code
	}
	var b strings.Builder
	for i, r := range finding.Rules() {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(r.ID + " (" + r.Severity + ")\n")
		for _, line := range prose.Wrap(r.Title+". "+r.Meaning, 92) {
			b.WriteString("    " + line + "\n")
		}
	}
	return e.print(b.String())
}

func knownRule(id string) bool {
	return slices.ContainsFunc(finding.Rules(), func(r finding.Rule) bool { return r.ID == id })
}

// severity is a severity's rank; -1: there is no such severity.
func severity(name string) int { return slices.Index(record.FromMildest(), name) }

// foundAtLeast reports whether the counts by severity have a finding of a severity or above.
func foundAtLeast(counts map[string]int, least string) bool {
	for name, n := range counts {
		if n > 0 && severity(name) >= severity(least) {
			return true
		}
	}
	return false
}
