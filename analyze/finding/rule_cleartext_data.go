package finding

import (
	"ftpscope/analyze/prose"
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
	message, frames := "", clearConnections(c)
	if c.Notes.ProtC.Seen() {
		frames = []flow.Pos{c.Notes.ProtC.Pos}
		message = "PROT C was accepted under TLS" + c.packets(frames...) + ": the data connections after it are in clear text"
	} else if len(frames) > 0 {
		message = "the control connection is under TLS, and " + prose.Many(len(frames), "data connection") + " carried clear text" + c.packets(frames[:min(len(frames), 3)]...)
	} else {
		return draft{}, false
	}
	return draft{
		message: message,
		frames:  frames,
		advice:  "let the client send PBSZ 0 and PROT P, and let the server require it" + c.settings(settings.ProtectedData),
	}, true
}

// clearConnections is where data in clear began on data connections of which the control
// connection says nothing that can be read.
func clearConnections(c *Case) (frames []flow.Pos) {
	for i := range c.Transfers {
		if t := &c.Transfers[i]; t.Notes.InClear {
			frames = append(frames, t.Frames.FirstData)
		}
	}
	return frames
}
