// Package siem writes sessions as other programs log or import them: CSV, Zeek, EVE, ECS
// and Timesketch. Package formats makes them known.
package siem

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/capture/flow"
)

// What the exports for other programs share: a session as the commands that were said and
// the connections that were tried.

// Formats are those that other programs read.
func Formats() []report.Format {
	return []report.Format{
		{Name: "csv-sessions", Doc: "a table of sessions for spreadsheets and databases; also csv=sessions", Separator: ',', New: newCSV(sessionColumns, sessionRows)},
		{Name: "csv-transfers", Doc: "the same of transfers; also csv=transfers", Separator: ',', New: newCSV(transferColumns, transferRows)},
		{Name: "zeek-ftp", Doc: "Zeek's ftp.log, tab-separated; also zeek=ftp", Separator: '\t', New: newZeekFTP(false)},
		{Name: "zeek-ftp-json", Doc: "the same as JSON Lines", New: newZeekFTP(true)},
		{Name: "zeek-conn", Doc: "Zeek's conn.log of control and data connections; also zeek=conn", Separator: '\t', New: newZeekConn(false)},
		{Name: "zeek-conn-json", Doc: "the same as JSON Lines", New: newZeekConn(true)},
		{Name: "zeek-ssl", Doc: "Zeek's ssl.log of TLS handshakes on both; also zeek=ssl", Separator: '\t', New: newZeekSSL(false)},
		{Name: "zeek-ssl-json", Doc: "the same as JSON Lines", New: newZeekSSL(true)},
		{Name: "eve", Doc: "Suricata's EVE: an ftp record a command, an ftp_data record a data connection", New: newEVE, Sensors: true},
		{Name: "ecs", Doc: "Elastic Common Schema, a document a line", New: newECS, Sensors: true},
		{Name: "timesketch-csv", Doc: "a timeline for Timesketch, one row an event; also timesketch=csv", Separator: ',', New: newTimesketch(false)},
		{Name: "timesketch-jsonl", Doc: "the same as JSON Lines; also timesketch=jsonl", New: newTimesketch(true)},
	}
}

// exchange is a command with the replies to it.
type exchange struct {
	at         record.Stamp
	pos        flow.Pos
	verb       string // upper case; empty: a reply to no command
	argument   *string
	replies    []*record.Reply
	transfer   *record.Transfer // that it negotiates or runs; nil: another command
	negotiates bool
}

// commandsOf lists what the record tells of a session's commands in the order of time:
// its negotiations and transfer commands always, all others when they were kept
// (--commands).
func commandsOf(s *record.Session) []exchange {
	var all []exchange
	var asked *record.Line
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if c, ok := negotiationOf(s, t); ok && !sameLine(asked, t.Notes.Asked) {
			all = append(all, c)
		}
		if asked = t.Notes.Asked; t.Command != nil && t.Notes.Ran != nil {
			c := exchange{at: momentOf(s, t.Notes.Ran.Mark), pos: t.Notes.Ran.Mark.Pos, verb: strings.ToUpper(*t.Command), argument: t.Argument, transfer: t}
			for _, r := range []*record.Reply{t.Preliminary, t.Reply} {
				if r != nil {
					c.replies = append(c.replies, r)
				}
			}
			all = append(all, c)
		}
	}
	for i := range s.Dialogue {
		e := &s.Dialogue[i]
		c := exchange{at: e.Time, pos: e.Pos, verb: strings.ToUpper(e.Command), argument: e.Argument}
		if transferVerbs[c.verb] {
			continue // told above
		}
		for k := range e.Replies {
			c.replies = append(c.replies, &e.Replies[k])
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b exchange) int { return cmp.Compare(a.at.Time, b.at.Time) })
	return all
}

// transferVerbs are the commands that a session's transfers tell of.
var transferVerbs = map[string]bool{
	"PORT": true, "EPRT": true, "LPRT": true, "PASV": true, "EPSV": true, "LPSV": true,
	"RETR": true, "STOR": true, "STOU": true, "APPE": true, "LIST": true, "NLST": true, "MLSD": true,
}

// negotiationOf is the command that negotiated a transfer's data connection.
func negotiationOf(s *record.Session, t *record.Transfer) (exchange, bool) {
	n := &t.Notes
	c := exchange{verb: t.Method, transfer: t, negotiates: true}
	if n.Answer != nil {
		c.replies = []*record.Reply{n.Answer}
	}
	switch {
	case n.Asked != nil:
		c.at, c.pos = momentOf(s, n.Asked.Mark), n.Asked.Mark.Pos
		if _, argument, ok := strings.Cut(n.Asked.Text, " "); ok {
			c.argument = &argument
		}
	case n.Answer != nil:
		c.at, c.pos = n.Answer.Time, n.Answer.Pos
	default:
		return c, false
	}
	return c, transferVerbs[c.verb]
}

// sameLine reports whether two transfers share their negotiation: PORT holds until
// another replaces it.
func sameLine(a, b *record.Line) bool { return a != nil && b != nil && (a == b || *a == *b) }

func momentOf(s *record.Session, m flow.Mark) record.Stamp {
	return record.Stamp{Time: m.Time, Digits: s.Start.Digits}
}

// userAt is who was logged in, or tried to be, at a moment; nil: not known.
func userAt(s *record.Session, at flow.Time) *string {
	user := s.User
	for i := range s.Notes.Logins {
		l := &s.Notes.Logins[i]
		if i > 0 && l.Mark.Time > at {
			break
		}
		user = l.Name()
	}
	return user
}

// lastReply is what a command came to so far.
func (c *exchange) lastReply() *record.Reply {
	if len(c.replies) == 0 {
		return nil
	}
	return c.replies[len(c.replies)-1]
}

// triedConnections lists the connections of a session's transfers, each once, tries that
// failed among them.
func triedConnections(s *record.Session) []*flow.Conn {
	var all []*flow.Conn
	seen := map[uint64]bool{}
	add := func(c *flow.Conn) {
		if c == nil || c.Start.Seen() && seen[c.Start.Ord] {
			return
		}
		seen[c.Start.Ord] = true
		all = append(all, c)
	}
	for i := range s.Transfers {
		n := &s.Transfers[i].Notes
		for k := range n.Tried {
			add(&n.Tried[k])
		}
		add(n.Conn)
	}
	return all
}

// fingerprint is a number that stands for a connection in records of different kinds: the
// same in every run, and another one for a connection that uses the same endpoints later.
func fingerprint(a, b netip.AddrPort, start flow.Time, n *record.Network) (sum [sha256.Size]byte) {
	if a.IsValid() && b.IsValid() {
		key := flow.AppendCommunityID(nil, a, b)
		key = binary.BigEndian.AppendUint64(key, uint64(start))
		sum = sha256.Sum256(append(key, diagnosis.Network(n)...))
	}
	return sum
}
