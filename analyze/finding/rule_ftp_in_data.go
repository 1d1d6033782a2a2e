package finding

import (
	"strconv"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var ftpInData = Rule{
	ID: "ftp-in-data", Severity: record.Low,
	Title:   "data that look like FTP",
	Meaning: "A data connection carried greetings, replies or commands of FTP. Programs that recognize FTP only by its content take it for a session, lose the file, and report logins and commands that nobody sent, so this can hide a file from them. It may also be a script or a log of FTP that was transferred. Medium if both sides sent, which does not happen on data connections.",
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
			" carries what FTP sends on control connections, first "+line+c.packets(s.Mark.Pos),
			"this is content: no session, no login, no command"),
		frames: []flow.Pos{t.Frames.Negotiation, t.Frames.Command, s.Mark.Pos},
		advice: "look at what was transferred (--extract): a script or a log of FTP is harmless, anything else was made to deceive monitors that recognize FTP by its content; what they report about this connection is wrong",
	}
	if s.Both {
		d.severity = record.Medium
	}
	return d, true
}
