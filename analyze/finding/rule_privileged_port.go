package finding

import (
	"fmt"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var privilegedPort = Rule{
	ID: "privileged-port", Severity: record.Medium,
	Title:   "PORT to a well-known port",
	Meaning: "PORT or EPRT names a port below 1024, where services listen and clients do not: a sign of a bounce (RFC 2577 section 3).",
	judge:   each(privileged),
}

func privileged(c *Case, t *record.Transfer) (draft, bool) {
	if t.Mode != record.Active || t.Announced == nil || t.Announced.Port() >= flow.FirstUnprivileged || t.Frames.Negotiation == 0 {
		return draft{}, false
	}
	answer := ""
	if a := t.Notes.Answer; a != nil {
		answer = "the server " + c.answered(a)
	}
	return draft{
		message: prose.Clauses(fmt.Sprintf("%s names port %d of %s, which belongs to services, not to clients%s",
			t.Method, t.Announced.Port(), t.Announced.Addr(), c.packets(t.Frames.Negotiation)), answer),
		frames: []flow.Pos{t.Frames.Negotiation, t.Frames.SYN},
		advice: "let the server refuse PORT to ports below 1024; check what else this client did",
	}, true
}
