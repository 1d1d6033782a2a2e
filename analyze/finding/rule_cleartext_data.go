package finding

import (
	"ftpscope/analyze/record"
	"ftpscope/analyze/settings"
	"ftpscope/capture/flow"
)

var cleartextData = Rule{
	ID: "cleartext-data", Severity: record.Medium,
	Title:   "data in clear text under TLS",
	Meaning: "The control connection is under TLS, but PROT C left the data connections in clear text (RFC 4217 section 9): names and passwords are hidden, files and listings are not.",
	judge:   once(clearData),
}

func clearData(c *Case) (draft, bool) {
	at := c.Notes.ProtC
	if !at.Seen() {
		return draft{}, false
	}
	return draft{
		message: "PROT C was accepted under TLS" + c.packets(at.Pos) + ": the data connections after it are in clear text",
		frames:  []flow.Pos{at.Pos},
		advice:  "let the client send PBSZ 0 and PROT P, and let the server require it" + c.settings(settings.ProtectedData),
	}, true
}
