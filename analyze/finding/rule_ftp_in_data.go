package finding

import (
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var ftpInData = Rule{
	ID: "ftp-in-data", Severity: record.Low,
	Title:   "data that read like FTP",
	Meaning: "A data connection carried what control connections say: greetings, replies or commands. Programs that know FTP by its content alone take it for a session of its own, lose the file, and report logins and commands that nobody sent; so this hides a file from them. It may also be a script or a log of FTP that was transferred. Medium when both sides spoke, which data connections do not.",
	judge:   each(spokeFTP),
}

func spokeFTP(c *Case, t *record.Transfer) (draft, bool) {
	s, conn := t.Notes.Spoken, t.Notes.Conn
	if s == nil || conn == nil {
		return draft{}, false
	}
	line := "the command " + s.Verb
	if s.Code > 0 {
		line = "the reply " + strconv.Itoa(s.Code)
	}
	d := draft{
		message: prose.Clauses("the data connection "+conn.Src.String()+" → "+conn.Dst.String()+" of "+named(t)+
			" carries what FTP says on control connections, first "+line+c.packets(s.Mark.Pos),
			"what stands in it is content: no session, no login, no command"),
		frames: []flow.Pos{t.Frames.Negotiation, t.Frames.Command, s.Mark.Pos},
		advice: "look at what was transferred (--extract): a script or a log of FTP is harmless, anything else was made to pass monitors that know FTP by its content unseen; what those said of this connection is not true",
	}
	if s.Both {
		d.severity = record.Medium
	}
	return d, true
}
