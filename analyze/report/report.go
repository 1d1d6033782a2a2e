// Package report writes sessions in the formats that users choose with -o. It is the last step: it reads the record
// model of analyze/session and nothing else, and what it prints of the wire is escaped for the place it is printed in.
package report

import (
	"io"

	"ftpscope/analyze/record"
)

// Writer takes the records of a run, one call a record; Summary is the last. Records are valid only during the call.
type Writer interface {
	Session(*record.Session) error
	Attempt(*record.Attempt) error
	Orphan(*record.Orphan) error
	Summary(*record.Summary) error
}

// Headed is a Writer whose output begins with a heading, such as the names of columns. Heading says, before a record,
// whether it comes first in its file: files that are written for long are moved away and made anew, or go on.
type Headed interface {
	Writer
	Heading(needed bool)
}

// Options are what users may choose about any format; the zero value is the default.
type Options struct {
	ShowPasswords bool
	Color         bool // terminal colours; they support the words and never replace them
	Width         int  // columns, DefaultWidth if 0
	All           bool // show every session and transfer, where a format would shorten
	Files         int  // files that the run reads; more than one makes packet numbers need their file

	// Where a report comes from, for the formats that say so; what is unknown is empty.
	CommandLine []string
	Version     string
	Inputs      func() []Input // called with the summary, when all was read; nil when unknown
}

// DefaultWidth is the width of a page when the terminal does not say another.
const DefaultWidth = 100

// minWidth keeps layouts sane on absurdly narrow terminals: lines may then be longer than the terminal.
const minWidth = 72

func (o Options) width() int {
	if o.Width == 0 {
		return DefaultWidth
	}
	return max(o.Width, minWidth)
}

// Format is one way to write records.
type Format struct {
	Name, Doc string
	New       func(io.Writer, Options) Writer
}

// Formats returns the formats in the order in which help lists them.
func Formats() []Format {
	return []Format{
		{"table", "sessions and their transfers at a glance, findings below", newTable},
		{"json", "JSON Lines: one session, attempt or orphan a line, a summary last", newJSON},
		{"lines", "one line an event: sessions, transfers and findings as they come", newLines},
		{"explain", "plain language with a ladder diagram of every transfer", newExplain},
		{"html", "one self-contained page for reviewers: verdict, findings, timeline, every session's ladder", newHTML},
		{"rules-nft", "a sketch of nftables rules that would permit what was seen; also rules=nft", newRules(&nft)},
		{"rules-iptables", "the same for iptables-restore and ip6tables-restore; also rules=iptables", newRules(&iptables)},
		{"rules-cisco", "the same as Cisco IOS access lists; also rules=cisco", newRules(&cisco)},
		{"csv-sessions", "a table of sessions for spreadsheets and databases; also csv=sessions", newCSV(sessionColumns, sessionRows)},
		{"csv-transfers", "the same of transfers; also csv=transfers", newCSV(transferColumns, transferRows)},
		{"zeek-ftp", "Zeek's ftp.log, tab-separated; also zeek=ftp", newZeekFTP(false)},
		{"zeek-ftp-json", "the same as JSON Lines", newZeekFTP(true)},
		{"zeek-conn", "Zeek's conn.log of control and data connections; also zeek=conn", newZeekConn(false)},
		{"zeek-conn-json", "the same as JSON Lines", newZeekConn(true)},
		{"eve", "Suricata's EVE: an ftp record a command, an ftp_data record a data connection", newEVE},
		{"ecs", "Elastic Common Schema, a document a line", newECS},
		{"timesketch-csv", "a timeline for Timesketch, one row an event; also timesketch=csv", newTimesketch(false)},
		{"timesketch-jsonl", "the same as JSON Lines; also timesketch=jsonl", newTimesketch(true)},
		{"markdown", "a section to paste into a ticket", newMarkdown},
	}
}

// Find returns the format with this name.
func Find(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}
