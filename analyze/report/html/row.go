package html

import (
	"net/netip"
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/servers"
	"ftpscope/capture/flow"
)

// What the page keeps of a session: a row of the table, which holds all that filters and
// search need, and the details, which the browser reads when they are opened. Texts are
// escaped as for a terminal, so that nothing of the wire is invisible or changes the
// direction of reading; the page only ever inserts them as text.

// tableRow is a session in the table. The script reads it as an array in the order of its
// fields.
type tableRow struct {
	ID             int
	Start, Length  int64 // microseconds since 1970, and from there
	Client, Server string
	rowModes
	rowLogins
	rowFindings
	rowCause
	rowData
	Spans   [][4]int64
	Named   []string // the transfers of Spans
	Rank    int
	Files   []int // files that hold its packets, counted from 1
	Packets [2]uint64
	More    string // to search in besides
	Series  int    // the session whose finding tells of this one's logins too; 0: none
}

// rowModes is how the transfers went.
type rowModes struct {
	Mode       string // of the session
	Modes      []string
	Initiator  string // of the session
	Initiators []string
	Sums       string // "2 ok, 1 failed"
	Transfers  int
	Failed     int
	Outcomes   []string
}

// rowLogins is who logged in.
type rowLogins struct {
	User       string
	Login, TLS string
	Accepted   int // logins
	Rejected   int
}

// rowFindings is what was found.
type rowFindings struct {
	Gravity  int      // of the worst finding: 0 critical … 4 info, 5 without
	Worst    string   // its ID
	Count    int      // findings
	Findings []string // their IDs
}

// rowCause is what the verdict says.
type rowCause struct {
	Cause, Place, Level string
	At                  string
	Said                bool // the verdict says what the worst finding says
}

// rowData is what the data connections were about.
type rowData struct {
	Bytes uint64
	Hosts []string // of data connections, besides client and server
	Names string   // commands and their arguments, to search in
	Data  []string // "↑ 65 B", "↓ 30.0 kB", "listings 395 B"
	Shown []string // the first transfers' files
}

const (
	maxRowNames = 1500 // bytes: some 30 file names
	maxRowHosts = 8
	maxRowSpans = 40
	maxRowUser  = 80 // columns
	maxRowShown = 3  // files
	maxRowName  = 28 // columns of their names
	maxRowFiles = 64
)

func newTableRow(s *record.Session, rank int) tableRow {
	r := tableRow{
		ID: s.ID, Start: microseconds(s.Start.Time), Length: microseconds(max(s.End.Time-s.Start.Time, 0)),
		Client: s.Client.String(), Server: s.Server.String(),
		rowModes: rowModes{Mode: s.Mode, Modes: []string{s.Mode}, Initiator: diagnosis.Opener(s), Initiators: []string{s.Initiator},
			Sums: strings.Join(diagnosis.Outcomes(s), ", "), Transfers: len(s.Transfers), Outcomes: []string{}},
		rowLogins:   rowLogins{User: prose.Cut(prose.Escape(prose.Known(s.User)), maxRowUser), Login: s.Login, TLS: s.TLS},
		rowFindings: rowFindings{Gravity: len(record.Severities), Findings: []string{}},
		rowData:     rowData{Bytes: diagnosis.Carried(s), Hosts: []string{}, Data: carriedWords(s), Shown: []string{}},
		Spans:       [][4]int64{}, Named: []string{}, Rank: rank, More: prose.Cut(prose.Escape(prose.Known(s.Banner)), maxRowUser),
	}
	for i := range s.Notes.Logins {
		if s.Notes.Logins[i].OK {
			r.Accepted++
		} else if s.Notes.Logins[i].Code > 0 {
			r.Rejected++
		}
	}
	for i := range s.Transfers {
		r.transfer(s, &s.Transfers[i])
	}
	for _, f := range diagnosis.Ranked(s) {
		if g := record.Gravity(f.Severity); g < r.Gravity || g == r.Gravity && isDeed(f.ID) && !isDeed(r.Worst) {
			r.Gravity, r.Worst, r.Said = g, prose.Escape(f.ID), diagnosis.Told(s, f)
		}
		r.Count++
		addOnce(&r.Findings, prose.Escape(f.ID))
	}
	if v := s.Verdict; v != nil {
		j := newJudged(v)
		r.rowCause = rowCause{j.Cause, j.Place, j.Level, prose.Escape(v.At), r.Said}
	}
	r.places(s)
	return r
}

// places notes which packets of which files the session has.
func (r *tableRow) places(s *record.Session) {
	r.Files = []int{}
	add := func(p flow.Pos) {
		if f := p.File() + 1; p.Seen() && len(r.Files) < maxRowFiles && !slices.Contains(r.Files, f) {
			r.Files = append(r.Files, f)
		}
	}
	first, last := s.First.Pos, s.Notes.Control.Last.Pos
	add(first)
	for i := range s.Transfers {
		f := &s.Transfers[i].Frames
		for _, p := range []flow.Pos{f.Negotiation, f.Command, f.SYN, f.FirstData, f.Reply} {
			add(p)
		}
	}
	add(last)
	if first.Seen() && last.Seen() && first.File() == last.File() {
		r.Packets = [2]uint64{first.Packet(), last.Packet()}
	}
}

func (r *tableRow) transfer(s *record.Session, t *record.Transfer) {
	addOnce(&r.Modes, t.Mode)
	addOnce(&r.Initiators, t.Initiator)
	addOnce(&r.Outcomes, t.Outcome)
	if t.Failed() {
		r.Failed++
	}
	name := diagnosis.CommandLine(t)
	if c := t.Connection; c != nil {
		name += " " + c.Src.String() + " " + c.Dst.String()
	}
	if t.Announced != nil && (t.Connection == nil || *t.Announced != t.Connection.Dst) {
		name += " " + t.Announced.String()
	}
	if name != "" && len(r.Names)+len(name) < maxRowNames && !strings.Contains(r.Names, name) {
		r.Names += name + "\n"
	}
	if t.OfFile() {
		if label := arrowOf(t) + " " + prose.Cut(prose.Escape(prose.Known(t.Argument)), maxRowName); len(r.Shown) < maxRowShown {
			r.Shown = append(r.Shown, label)
		} else if len(r.Shown) == maxRowShown {
			r.Shown = append(r.Shown, "…")
		}
	}
	for _, a := range dataHosts(t) {
		if a != s.Client.Addr() && a != s.Server.Addr() && len(r.Hosts) < maxRowHosts {
			addOnce(&r.Hosts, a.String())
		}
	}
	if len(r.Spans) < maxRowSpans {
		if from, to := spanOf(s, t); to >= from {
			r.Named = append(r.Named, prose.Cut(transferName(t), maxRowName))
			r.Spans = append(r.Spans, [4]int64{microseconds(from - s.Start.Time), microseconds(to - from), int64(t.N), int64(stateOf(s, t))})
		}
	}
}

// arrowOf shows the way of the data: up to the server or down from it.
func arrowOf(t *record.Transfer) string {
	if t.Direction != nil && *t.Direction == record.Upload {
		return "↑"
	}
	return "↓"
}

// carriedWords says how much went which way: "↑ 65 B", "↓ 30.0 kB", "listings 395 B".
func carriedWords(s *record.Session) []string {
	var up, down, listed, unknown uint64
	for i := range s.Transfers {
		t := &s.Transfers[i]
		switch {
		case t.Carried() == nil || !t.Opened():
		case t.Direction == nil:
			unknown += *t.Carried()
		case *t.Direction == record.Upload:
			up += *t.Carried()
		case t.OfFile():
			down += *t.Carried()
		default:
			listed += *t.Carried()
		}
	}
	words := []string{}
	for _, w := range []struct {
		n    uint64
		name string
	}{{up, "↑ "}, {down, "↓ "}, {listed, "listings "}, {unknown, ""}} {
		if w.n > 0 {
			words = append(words, w.name+prose.Size(w.n))
		}
	}
	return words
}

// array is what the script reads.
func (r *tableRow) array() []any {
	return []any{r.ID, r.Start, r.Length, r.Client, r.Server, r.User, r.Mode, r.Modes, r.Initiator, r.Initiators, r.Sums, r.Transfers,
		r.Failed, r.Bytes, r.Outcomes, r.Gravity, r.Worst, r.Count, r.Findings, r.Hosts, r.Names, r.Spans, r.Rank, r.Login, r.TLS,
		r.Accepted, r.Rejected, r.Data, r.Shown, r.Files, r.Packets, r.More, r.Series,
		r.Cause, r.Place, r.Level, r.At, r.Said, r.Named}
}

func microseconds(t flow.Time) int64 { return int64(t / flow.Microsecond) }

func addOnce(list *[]string, s string) {
	if s != "" && !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}

// dataHosts are the hosts that a transfer names or connects.
func dataHosts(t *record.Transfer) []netip.Addr {
	var list []netip.Addr
	if t.Announced != nil {
		list = append(list, t.Announced.Addr())
	}
	if c := t.Connection; c != nil {
		list = append(list, c.Src.Addr(), c.Dst.Addr())
	}
	return list
}

// spanOf is when a transfer began and ended, as far as its packets' times are known; to <
// from when they are not.
func spanOf(s *record.Session, t *record.Transfer) (from, to flow.Time) {
	from, to = s.End.Time, s.Start.Time
	see := func(at flow.Time) {
		if at != 0 {
			from, to = min(from, at), max(to, at)
		}
	}
	for _, l := range []*record.Line{t.Notes.Asked, t.Notes.Ran} {
		if l != nil {
			see(l.Mark.Time)
		}
	}
	if t.Reply != nil {
		see(t.Reply.Time.Time)
	}
	if c := t.Connection; c != nil {
		see(c.Start.Time)
		see(c.End.Time)
	}
	return max(from, s.Start.Time), to
}

// How a transfer ended, for colours; the words beside them say it too.
const (
	stateGood = iota
	stateBad
	stateOpen // neither: unused, incomplete, encrypted, or with a finding
)

// stateOf judges a transfer by its findings as well: that a scan worked is not good.
func stateOf(s *record.Session, t *record.Transfer) int {
	if t.Failed() || t.Opened() && t.Initiator == record.ThirdParty {
		return stateBad
	}
	state := stateOpen
	if t.Outcome == record.OK {
		state = stateGood
	}
	for i := range s.Findings {
		switch f := &s.Findings[i]; {
		case f.ID == record.BounceID && servers.Elsewhere(s, t), f.Transfer == t.N && diagnosis.Grave(f.Severity):
			return stateBad
		case f.Transfer == t.N && f.ID != diagnosis.CleartextID:
			state = stateOpen
		}
	}
	return state
}
