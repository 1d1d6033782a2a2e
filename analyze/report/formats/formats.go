// Package formats is the registry: the formats of -o by name, in the order in which help
// lists them. A format is a package below analyze/report, or a file of one, that returns
// a report.Format; a line here makes it known. Package cmd/ftpscope asks for them.
package formats

import (
	"slices"

	"ftpscope/analyze/report"
	"ftpscope/analyze/report/explain"
	"ftpscope/analyze/report/html"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/analyze/report/markdown"
	"ftpscope/analyze/report/rules"
	"ftpscope/analyze/report/siem"
	"ftpscope/analyze/report/table"
)

// All returns the formats of sessions.
func All() []report.Format {
	return slices.Concat(
		[]report.Format{table.Format(), jsonl.Format(), table.Lines(), explain.Format(), html.Format()},
		rules.Formats(),
		siem.Formats(),
		[]report.Format{markdown.Format()},
	)
}

// Find returns the format with this name.
func Find(name string) (report.Format, bool) {
	for _, f := range All() {
		if f.Name == name {
			return f, true
		}
	}
	return report.Format{}, false
}
