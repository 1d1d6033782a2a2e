package finding

import (
	"fmt"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

var sizeMismatch = Rule{
	ID: "size-mismatch", Severity: record.Medium,
	Title:   "size differs from what the server said",
	Meaning: "A download succeeded (226) and the capture holds all of it, but its length is not the size that the server gave in its 150 reply or in reply to SIZE: the file was cut, or it changed meanwhile.",
	judge:   each(sizes),
}

// sizes compares only what can be compared: a whole binary download (RFC 3659 section 4:
// SIZE counts the octets that would be transferred), from its start, in stream mode and
// clear text, seen from SYN to FIN without a gap.
func sizes(c *Case, t *record.Transfer) (draft, bool) {
	conn, said := t.Notes.Conn, t.Notes.Size
	if said == nil || t.Reply == nil || t.Carried() == nil || conn == nil || *t.Carried() == *said || t.Outcome != record.OK ||
		t.Direction == nil || *t.Direction != record.Download || t.Representation == nil || *t.Representation != "I" || t.Restart != nil && *t.Restart > 0 ||
		t.MissingBytes == nil || *t.MissingBytes > 0 || !conn.SYN.Seen() || !c.plain(t) || t.Initiator == record.ThirdParty {
		return draft{}, false
	}
	client, server := c.Halves(conn)
	if !server.FIN.Seen() || client.RST.Seen() {
		return draft{}, false
	}
	missing := "fewer"
	difference := *said - *t.Carried()
	advice := "fetch the file again and compare checksums; was it being written while it was read? A proxy or virus scanner on the way may cut files"
	if *t.Carried() > *said {
		missing, difference = "more", *t.Carried()-*said
		advice = "was the file being written while it was read? Compare checksums"
	}
	return draft{
		message: fmt.Sprintf("the server gave the size of %s as %s%s and sent %s, %s %s, before it replied %d%s", nameOf(t), prose.Many(*said, "byte"),
			c.packets(t.Notes.SizeFrom), prose.Many(*t.Carried(), "byte"), prose.Number(difference), missing, t.Reply.Code, c.packets(t.Reply.Pos)),
		frames: []flow.Pos{t.Notes.SizeFrom, t.Frames.Command, server.FIN.Pos, t.Reply.Pos},
		advice: advice,
	}, true
}
