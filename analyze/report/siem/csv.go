package siem

import (
	"encoding/csv"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture/flow"
)

// csvTable writes one of two tables as RFC 4180 says (lines end in LF, as most programs
// write and all read them): a row a session, or a row a transfer. New columns come at the
// end.
type csvTable struct {
	w       *csv.Writer
	opt     report.Options
	columns []string
	rows    func(*csvTable, *record.Session) error
	row     []string
	heading *report.Heading
}

// sessionColumns are the columns of csv-sessions, named as the keys of the JSON record.
var sessionColumns = []string{
	"session", "start", "end", "client_ip", "client_port", "server_ip", "server_port", "community_id", "user", "anonymous", "password", "login", "tls",
	"banner", "system", "mode", "initiator", "closing", "commands", "transfers", "transfers_ok", "transfers_failed", "bytes", "worst_finding", "findings",
	"from_start", "to_end", "client_side", "server_side", "missing_bytes", "network",
	"cause", "at", "certainty", "or", "verdict", "next",
}

// transferColumns are the columns of csv-transfers.
var transferColumns = []string{
	"session", "transfer", "time", "client_ip", "client_port", "server_ip", "server_port", "user", "command", "argument", "path", "direction",
	"representation", "restart", "method", "mode", "announced_ip", "announced_port", "expected_initiator", "initiator", "evidence",
	"data_src_ip", "data_src_port", "data_dst_ip", "data_dst_port", "data_community_id", "data_start", "data_end", "data_state", "data_attempts", "data_closing",
	"bytes", "missing_bytes", "sha256", "mime_type", "preliminary_code", "preliminary_text", "reply_code", "reply_text", "outcome",
	"file", "negotiation_frame", "command_frame", "syn_frame", "first_data_frame", "reply_frame", "worst_finding", "findings", "filter", "network",
	"cause", "at", "certainty", "or", "verdict", "next",
}

func newCSV(columns []string, rows func(*csvTable, *record.Session) error) func(io.Writer, report.Options) report.Writer {
	return func(w io.Writer, o report.Options) report.Writer {
		return &csvTable{w: csv.NewWriter(w), opt: o, heading: o.OwnHeading(), columns: columns, rows: rows}
	}
}

func (t *csvTable) Session(s *record.Session) error {
	if s.Open {
		return nil // it comes again when it ended
	}
	if err := t.open(); err != nil {
		return err
	}
	if err := t.rows(t, s); err != nil {
		return err
	}
	return t.flush()
}

func (t *csvTable) Attempt(*record.Attempt) error { return nil }

func (t *csvTable) Orphan(*record.Orphan) error { return nil }

func (t *csvTable) Summary(*record.Summary) error {
	if err := t.open(); err != nil {
		return err
	}
	return t.flush()
}

func (t *csvTable) flush() error {
	t.w.Flush()
	return t.w.Error()
}

func (t *csvTable) open() error {
	if t.heading.Written {
		return nil
	}
	t.heading.Written = true
	return t.w.Write(t.columns)
}

// write ends a row.
func (t *csvTable) write() error {
	err := t.w.Write(t.row)
	clear(t.row) // no text of the session outlives it
	t.row = t.row[:0]
	return err
}

func sessionRows(t *csvTable, s *record.Session) error {
	t.number(uint64(s.ID))
	t.stamp(s.Start)
	t.stamp(s.End)
	t.endpoint(s.Client)
	t.endpoint(s.Server)
	t.communityID(s.Client, s.Server)
	t.text(s.User)
	t.boolean(s.Anonymous)
	t.text(t.opt.ShownPassword(s, record.HiddenText))
	t.words(s.Login, s.TLS)
	t.text(s.Banner)
	t.text(s.System)
	t.words(s.Mode, s.Initiator, s.Closing)
	t.number(uint64(s.Commands))
	var ok, bad, bytes uint64
	for i := range s.Transfers {
		x := &s.Transfers[i]
		if x.Outcome == record.OK {
			ok++
		} else if x.Failed() {
			bad++
		}
		if x.Bytes != nil {
			bytes += *x.Bytes
		}
	}
	for _, n := range []uint64{uint64(len(s.Transfers)), ok, bad, bytes} {
		t.number(n)
	}
	t.findings(s, 0)
	c := &s.Capture
	for _, b := range []bool{c.FromStart, c.ToEnd, c.ClientSide, c.ServerSide} {
		t.boolean(b)
	}
	t.number(c.MissingBytes)
	t.words(diagnosis.Network(s.Network))
	t.verdict(s.Verdict)
	return t.write()
}

func transferRows(t *csvTable, s *record.Session) error {
	files := t.opt.FileNumbers(s)
	for i := range s.Transfers {
		x := &s.Transfers[i]
		t.number(uint64(s.ID))
		t.number(uint64(x.N))
		t.stamp(began(s, x))
		t.endpoint(s.Client)
		t.endpoint(s.Server)
		t.text(userAt(s, began(s, x).Time))
		for _, text := range []*string{x.Command, x.Argument, x.Path, x.Direction, x.Representation} {
			t.text(text)
		}
		t.count(x.Restart)
		t.words(x.Method, x.Mode)
		if x.Announced != nil {
			t.endpoint(*x.Announced)
		} else {
			t.words("", "")
		}
		t.text(x.ExpectedInitiator)
		t.words(x.Initiator, x.Evidence)
		t.connection(x.Connection)
		t.count(x.Bytes)
		t.count(x.MissingBytes)
		t.text(x.SHA256)
		t.text(x.MIMEType)
		t.reply(x.Preliminary)
		t.reply(x.Reply)
		t.words(x.Outcome)
		t.frames(&x.Frames, files)
		t.findings(s, x.N)
		if s.Client.IsValid() && s.Server.IsValid() {
			t.words(string(s.AppendFilter(nil, x)))
		} else {
			t.words("")
		}
		t.words(diagnosis.Network(diagnosis.SeenIn(s, x.Connection)))
		t.verdict(x.Verdict)
		if err := t.write(); err != nil {
			return err
		}
	}
	return nil
}

// began is when a transfer's first sign was seen.
func began(s *record.Session, t *record.Transfer) record.Stamp {
	n := &t.Notes
	switch {
	case n.Ran != nil:
		return momentOf(s, n.Ran.Mark)
	case n.Asked != nil:
		return momentOf(s, n.Asked.Mark)
	case t.Connection != nil:
		return t.Connection.Start
	case n.Answer != nil:
		return n.Answer.Time
	}
	return s.Start
}

// connection writes a data connection's cells.
func (t *csvTable) connection(c *record.Connection) {
	if c == nil {
		t.words("", "", "", "", "", "", "", "", "", "")
		return
	}
	t.endpoint(c.Src)
	t.endpoint(c.Dst)
	t.communityID(c.Src, c.Dst)
	t.stamp(c.Start)
	t.stamp(c.End)
	t.words(c.State)
	t.number(uint64(c.Attempts))
	t.words(c.Closing)
}

func (t *csvTable) reply(r *record.Reply) {
	if r == nil {
		t.words("", "")
		return
	}
	if r.Code == 0 {
		t.words("")
	} else {
		t.number(uint64(r.Code))
	}
	t.text(&r.Text)
}

// frames writes packet numbers; those of other files than the first have the file's
// number before them, from 1.
func (t *csvTable) frames(f *record.Frames, files bool) {
	list := []flow.Pos{f.Negotiation, f.Command, f.SYN, f.FirstData, f.Reply}
	file := ""
	for _, p := range list {
		if p.Packet() > 0 && files && file == "" {
			file = strconv.Itoa(p.File() + 1)
		}
	}
	t.words(file)
	for _, p := range list {
		switch {
		case p.Packet() == 0:
			t.words("")
		case files && strconv.Itoa(p.File()+1) != file:
			t.words(strconv.Itoa(p.File()+1) + ":" + strconv.FormatUint(p.Packet(), 10))
		default:
			t.number(p.Packet())
		}
	}
}

// findings writes the gravest severity and the names of a transfer's findings, of all for
// transfer 0.
func (t *csvTable) findings(s *record.Session, transfer int) {
	worst, ids := len(record.Severities), []string(nil)
	for i := range s.Findings {
		f := &s.Findings[i]
		if transfer > 0 && f.Transfer != transfer {
			continue
		}
		worst = min(worst, record.Gravity(f.Severity))
		ids = append(ids, prose.Escape(f.ID))
	}
	if ids == nil {
		t.words("", "")
		return
	}
	t.words(record.Severities[worst], strings.Join(ids, " "))
}

// verdict writes what went wrong and where to look; the steps are divided by bars.
func (t *csvTable) verdict(v *record.Verdict) {
	if v == nil {
		t.words("", "", "", "", "", "")
		return
	}
	next := strings.Join(v.Next, " | ")
	for _, text := range []string{v.Cause, v.At, v.Certainty, strings.Join(v.Or, " "), v.Text, next} {
		t.text(&text)
	}
}

// words writes terms of ours, which need no guard.
func (t *csvTable) words(list ...string) { t.row = append(t.row, list...) }

func (t *csvTable) number(n uint64) { t.words(strconv.FormatUint(n, 10)) }

func (t *csvTable) boolean(b bool) { t.words(strconv.FormatBool(b)) }

func (t *csvTable) count(n *uint64) {
	if n == nil {
		t.words("")
		return
	}
	t.number(*n)
}

// text writes a text of the wire; an empty cell is none.
func (t *csvTable) text(s *string) {
	if s == nil {
		t.words("")
		return
	}
	t.words(cell(*s))
}

func (t *csvTable) stamp(s record.Stamp) { t.words(jsonl.RFC3339(s)) }

func (t *csvTable) endpoint(e netip.AddrPort) {
	if !e.IsValid() {
		t.words("", "")
		return
	}
	t.words(prose.Plain(e.Addr()).String())
	t.number(uint64(e.Port()))
}

func (t *csvTable) communityID(a, b netip.AddrPort) {
	if !a.IsValid() || !b.IsValid() {
		t.words("")
		return
	}
	t.words(flow.CommunityID(a, b))
}

// cell makes a text of the wire fit for a spreadsheet: what cannot be seen is written as
// an escape, and a text that a spreadsheet would take for a formula gets an apostrophe
// before it.
func cell(s string) string {
	s = prose.Escape(s)
	if formula(s) {
		return "'" + s
	}
	return s
}

// formula reports whether a spreadsheet might calculate with a text. Some trim spaces
// first, and some take the wide forms of East Asian keyboards for the narrow ones.
func formula(s string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \t\r\n\u3000\u00a0"))
	return strings.ContainsRune("=+-@\t\r＝＋－＠", r)
}
