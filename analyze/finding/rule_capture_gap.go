package finding

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

var captureGap = Rule{
	ID: "capture-gap", Severity: record.Info,
	Title:   "capture incomplete",
	Meaning: "The capture lacks packets of the control connection, one of its sides, or its start, or the kernel dropped packets while the session lasted: what was said there is not known, and findings that depend on it are missing.",
	judge:   once(gaps),
}

func gaps(c *Case) (draft, bool) {
	if c.Notes.IsHalf {
		return draft{}, false // its twin has what it lacks
	}
	var lacks, doubts []string
	cov := &c.Capture
	switch {
	case cov.FromStart:
	case c.Notes.Greeting.Code == 220:
		lacks = append(lacks, "the handshake")
	case len(c.Notes.Logins) > 0:
		lacks = append(lacks, "its start")
		doubts = append(doubts, "how the server greeted, and what was said before the login")
	default:
		lacks = append(lacks, "its start")
		doubts = append(doubts, "who logged in how, what TYPE and which directory applied")
	}
	switch {
	case cov.ClientSide && !cov.ServerSide:
		lacks = append(lacks, "everything that the server sent")
		doubts = append(doubts, "whether commands succeeded, where passive mode was to connect to")
	case cov.ServerSide && !cov.ClientSide:
		lacks = append(lacks, "everything that the client sent")
		doubts = append(doubts, "which commands the replies answer, which files were meant, where active mode was to connect to")
	}
	if cov.MissingBytes > 0 {
		lacks = append(lacks, prose.Many(cov.MissingBytes, "byte"))
		doubts = append(doubts, "commands and replies in the gap, and the outcome of transfers around it")
	}
	dropped := ""
	if n := c.Notes.Dropped; n > 0 {
		dropped = "while the session lasted the kernel dropped " + prose.Many(n, "packet") + " of all that came"
	}
	v := draft{frames: frames(c.First.Pos)}
	switch {
	case len(lacks) > 0:
		v.message = "of the control connection" + c.packets(c.First.Pos) + " the capture lacks " + prose.List(lacks)
		if len(doubts) > 0 {
			v.message += "; unknown because of it: " + strings.Join(doubts, "; ")
		}
		v.advice = "capture both directions from before the login, whole packets (tcpdump -s 0), with a buffer large enough that nothing is dropped (tcpdump -B)"
		if dropped != "" {
			v.message += "; " + dropped
		}
	case dropped != "":
		v.message = dropped + ": if some were of its data connections, that one is missing or lacks bytes says nothing"
	default:
		return draft{}, false
	}
	if dropped != "" {
		v.advice = "let more packets wait for the analysis (--ring-size)"
	}
	return v, true
}
