// Package report is the contract between records and the formats that users choose with
// -o: Writer, Options, Format, Choice and Tee. It is the last step: the packages below
// it, one a format, read the record model and nothing else, and what they print of the
// wire is escaped for the place it is printed in. Package formats lists them.
package report

import (
	"io"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Writer takes the records of a run, one call a record; Summary is the last. Records are
// valid only during the call. A session with Open is a snapshot of one that goes on, and
// comes again: formats of events leave it out.
type Writer interface {
	Session(*record.Session) error
	Attempt(*record.Attempt) error
	Orphan(*record.Orphan) error
	Summary(*record.Summary) error
}

// GapWriter is a Writer that can say where records of a sensor are missing.
type GapWriter interface {
	Writer
	Gap(*record.Gap) error
}

// Heading tells whether the heading of a format, such as the names of columns, stands in
// the file already. Files that are written for long are moved away and made anew, or go
// on: who writes them sets it before each record.
type Heading struct{ Written bool }

// Options are what users may choose about any format; the zero value is the default.
type Options struct {
	ShowPasswords bool
	Color         bool // terminal colours; they support the words and never replace them
	Rich          bool // the terminal has 256 colours
	Width         int  // columns, DefaultWidth if 0
	All           bool // show every session and transfer, where a format would shorten
	Live          bool // each record is to be seen at once
	Files         int  // files that the run reads; more than one makes packet numbers need their file
	Zone          prose.Zone
	Heading       *Heading // nil: the writer's file begins with its first record

	Title string // of a report; empty: the names of its files

	// Where a report comes from, for the formats that say so; what is unknown is empty.
	CommandLine []string
	Version     string
	Inputs      func() []Input // called with the summary, when all was read; nil when unknown
}

// DefaultWidth is the width of a page when the terminal does not say another.
const DefaultWidth = 100

// What pages show without Options.All.
const (
	MaxShown = 50 // sessions
	MaxTried = 10 // attempts and orphans each
)

// minWidth keeps layouts sane on absurdly narrow terminals: lines may then be longer than
// the terminal.
const minWidth = 60

// PageWidth is the width of the page to write, in columns.
func (o Options) PageWidth() int {
	if o.Width == 0 {
		return DefaultWidth
	}
	return max(o.Width, minWidth)
}

// Stamped is a moment as a line of a log begins with it: what is not UTC has its offset.
func (o Options) Stamped(t flow.Time) string {
	if o.Zone.IsUTC() {
		return o.Zone.Moment(t)
	}
	return o.Zone.At(t).Format("2006-01-02 15:04:05-07:00")
}

// OwnHeading is the heading of a new writer's file.
func (o Options) OwnHeading() *Heading {
	if o.Heading == nil {
		return &Heading{}
	}
	return o.Heading
}

// FileNumbers reports whether a session's packets need their file's number.
func (o Options) FileNumbers(s *record.Session) bool {
	if o.Files > 1 || s.First.Pos.File() > 0 || s.Notes.Control.Last.Pos.File() > 0 {
		return true
	}
	for i := range s.Transfers {
		f := &s.Transfers[i].Frames
		if (f.Negotiation | f.Command | f.SYN | f.FirstData | f.Reply).File() > 0 {
			return true
		}
	}
	return false
}

// Format is one way to write records.
type Format struct {
	Name, Doc string
	New       func(io.Writer, Options) Writer
	Separator rune // of columns, in a file whose first lines name them; 0: it has none
	Sensors   bool // says which sensor a record is of
	Dialogue  bool // shows every command and reply, whether or not they are asked for
	Curves    bool // draws how the data of transfers came
}

// Input is a file that a run reads. What is not known of it is zero: standard input has
// no size until it was read.
type Input struct {
	Name   string
	Size   int64
	SHA256 string // in lower-case hexadecimal
}
