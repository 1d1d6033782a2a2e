package finding

import (
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

var captureGap = Rule{
	ID: "capture-gap", Severity: record.Info,
	Title:   "capture incomplete",
	Meaning: "The capture lacks packets of the control connection, one of its sides, or its start, or the kernel dropped packets while the session lasted: what was said there is unknown, and findings that depend on it are missing.",
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
		doubts = append(doubts, "who logged in, and which TYPE and directory applied")
	}
	switch {
	case cov.ClientSide && !cov.ServerSide:
		lacks = append(lacks, "everything from the server")
		doubts = append(doubts, "whether commands succeeded, which endpoints the server announced")
	case cov.ServerSide && !cov.ClientSide:
		lacks = append(lacks, "everything from the client")
		doubts = append(doubts, "which commands the replies answer, which files were transferred, which endpoints the client announced")
	}
	if cov.MissingBytes > 0 {
		lacks = append(lacks, prose.Many(cov.MissingBytes, "byte"))
		doubts = append(doubts, "commands and replies in the gap, and the outcome of transfers around it")
	}
	dropped := ""
	if n := c.Notes.Dropped; n > 0 {
		dropped = "the kernel dropped " + prose.Many(n, "packet") + " while the session lasted"
	}
	v := draft{frames: frames(c.First.Pos)}
	switch {
	case len(lacks) > 0:
		v.message = "the capture of the control connection" + c.packets(c.First.Pos) + " lacks " + prose.List(lacks)
		if len(doubts) > 0 {
			v.message += ", so this is unknown: " + strings.Join(doubts, "; ")
		}
		v.advice = "capture both directions from before the login, whole packets (tcpdump -s 0), with a buffer large enough that nothing is dropped (tcpdump -B)"
		if dropped != "" {
			v.message += "; " + dropped
		}
	case dropped != "":
		v.message = dropped + ": a data connection that is missing or lacks bytes may be due to that"
	default:
		return draft{}, false
	}
	if dropped != "" {
		v.advice = "enlarge the buffer (--ring-size)"
	}
	return v, true
}
