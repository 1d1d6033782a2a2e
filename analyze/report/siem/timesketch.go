package siem

import (
	"cmp"
	"encoding/csv"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture/flow"
)

// timesketch writes a timeline: one row an event, as CSV or JSON Lines, with the columns
// that Timesketch asks for first. A session's events come together, in the order of time;
// Timesketch sorts them all.
type timesketch struct {
	jsonl.Lines
	csv     *csv.Writer // nil: JSON Lines
	opt     report.Options
	heading *report.Heading
	row     []string
}

func newTimesketch(json bool) func(io.Writer, report.Options) report.Writer {
	return func(w io.Writer, o report.Options) report.Writer {
		t := &timesketch{Lines: jsonl.Lines{W: w}, opt: o, heading: o.OwnHeading()}
		if !json {
			t.csv = csv.NewWriter(w)
		}
		return t
	}
}

// timelineColumns are the columns; JSON leaves out what is empty. New ones come at the
// end.
var timelineColumns = []struct {
	name   string
	number bool
}{
	{"message", false}, {"datetime", false}, {"timestamp_desc", false}, {"timestamp", true}, {"data_type", false},
	{"session", true}, {"transfer", true}, {"client_ip", false}, {"client_port", true}, {"server_ip", false}, {"server_port", true},
	{"src_ip", false}, {"src_port", true}, {"dst_ip", false}, {"dst_port", true}, {"community_id", false},
	{"user", false}, {"password", false}, {"command", false}, {"argument", false}, {"reply_code", true}, {"reply", false},
	{"mode", false}, {"initiator", false}, {"outcome", false}, {"bytes", true},
	{"finding", false}, {"severity", false}, {"advice", false}, {"file", true}, {"packet", true},
	{"cause", false}, {"at", false}, {"certainty", false}, {"next", false},
}

// timelineEvent is an event of the timeline.
type timelineEvent struct {
	at                  record.Stamp
	pos                 flow.Pos
	desc, kind, message string
	session, transfer   int
	client, server      netip.AddrPort
	src, dst            netip.AddrPort
	user, password      *string
	command             string
	argument            *string
	reply               *record.Reply
	mode, initiator     string
	outcome             string
	bytes               *uint64
	finding             *record.Finding
	verdict             *record.Verdict
}

func (t *timesketch) Session(s *record.Session) error {
	if s.Open {
		return nil // it comes again when it ended
	}
	events := t.events(s)
	slices.SortStableFunc(events, func(a, b timelineEvent) int { return cmp.Compare(a.at.Time, b.at.Time) })
	return t.write(events, t.opt.FileNumbers(s))
}

// events lists what happened in a session.
func (t *timesketch) events(s *record.Session) []timelineEvent {
	add := func(e timelineEvent) timelineEvent {
		e.session, e.client, e.server = s.ID, s.Client, s.Server
		if !e.src.IsValid() {
			e.src, e.dst = s.Client, s.Server
		}
		return e
	}
	between := ecsParty(s.Client) + " to " + ecsParty(s.Server)
	list := []timelineEvent{add(timelineEvent{at: s.Start, pos: s.First.Pos, desc: "FTP Session Start", kind: "ftp:session:start", user: s.User,
		message: "FTP session from " + between + " starts"})}
	for i := range s.Notes.Logins {
		list = append(list, add(loginMoment(s, &s.Notes.Logins[i], t.opt)))
	}
	all := commandsOf(s)
	for i := range all {
		for _, e := range commandMoments(s, &all[i], t.opt) {
			list = append(list, add(e))
		}
	}
	for i := range s.Operations {
		list = append(list, add(operationMoment(s, &s.Operations[i])))
	}
	for i := range s.Transfers {
		for _, e := range connectionMoments(&s.Transfers[i]) {
			list = append(list, add(e))
		}
	}
	for i := range s.Findings {
		list = append(list, add(findingMoment(s, &s.Findings[i])))
	}
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.Verdict != nil {
			list = append(list, add(verdictMoment(began(s, t), t.N, t.Verdict)))
		}
	}
	if s.Verdict != nil && s.Verdict.Cause != record.CauseNone {
		list = append(list, add(verdictMoment(s.End, 0, s.Verdict)))
	}
	return append(list, add(timelineEvent{at: s.End, pos: s.Notes.Control.Last.Pos, desc: "FTP Session End", kind: "ftp:session:end", verdict: s.Verdict, user: s.User, mode: s.Mode,
		initiator: s.Initiator, message: "FTP session from " + between + " ends (" + s.Closing + "): " + s.Mode + ", " + prose.Many(len(s.Transfers), "transfer")}))
}

func loginMoment(s *record.Session, l *record.Login, o report.Options) timelineEvent {
	e := timelineEvent{at: momentOf(s, l.Mark), pos: l.Mark.Pos, desc: "FTP Login", kind: "ftp:login", user: l.Name(), outcome: "failed"}
	who := l.User
	if e.user == nil {
		who = "an unknown user"
	}
	e.message = "Login of " + who + " failed"
	switch {
	case l.OK:
		e.outcome, e.message = "ok", "Login of "+who+" succeeded"
	case l.Code == 0:
		e.outcome, e.message = record.Unknown, "Login of "+who+" was tried"
	}
	if l.Code > 0 {
		e.reply = &record.Reply{Code: l.Code}
	}
	if o.ShowPasswords && s.User != nil && *s.User == l.User && l == &s.Notes.Logins[len(s.Notes.Logins)-1] {
		e.password = s.Password // the record keeps the last one
	}
	return e
}

// operationMoment is a command that changed the server's files, or tried to.
func operationMoment(s *record.Session, o *record.Operation) timelineEvent {
	e := timelineEvent{at: o.Time, pos: o.Pos, desc: "FTP File Operation", kind: "ftp:operation",
		user: userAt(s, o.Time.Time), command: o.What, argument: o.Path, reply: o.Reply, outcome: record.Unknown}
	e.message = strings.TrimRight(o.What+" "+prose.Known(o.Argument), " ") + " " + prose.Known(o.Path)
	if o.From != nil {
		e.message = "Rename of " + *o.From + " to " + prose.Known(o.Path)
	}
	switch {
	case o.Agreed():
		e.outcome = record.OK
	case o.Reply != nil:
		e.outcome = record.Denied
	}
	if o.Reply != nil {
		e.message += ": " + diagnosis.ReplyLine(o.Reply)
	}
	return e
}

// commandMoments are a command and each reply to it.
func commandMoments(s *record.Session, c *exchange, o report.Options) []timelineEvent {
	e := timelineEvent{at: c.at, pos: c.pos, desc: "FTP Command", kind: "ftp:command", user: userAt(s, c.at.Time), command: c.verb, argument: c.argument}
	hide := record.HiddenText
	if report.Secret(c.verb) && c.argument != nil && !o.ShowPasswords {
		e.argument = &hide
	}
	if t := c.transfer; t != nil {
		e.transfer, e.mode = t.N, t.Mode
		e.desc, e.kind = "FTP Transfer Command", "ftp:transfer"
		if c.negotiates {
			e.desc, e.kind = "FTP Data Channel Negotiation", "ftp:negotiation"
		}
	}
	said := c.verb
	if e.argument != nil && *e.argument != "" {
		said += " " + *e.argument
	}
	e.message = "Client: " + said
	var list []timelineEvent
	if c.verb != "" {
		list = append(list, e)
	}
	for _, r := range c.replies {
		a := e
		a.at, a.pos, a.desc, a.kind, a.reply = r.Time, r.Pos, "FTP Reply", "ftp:reply", r
		if a.at.Time == 0 && !r.Pos.Seen() {
			a.at, a.pos = c.at, c.pos
		}
		a.message = "Server: " + diagnosis.ReplyLine(r)
		if c.verb != "" {
			a.message += " (to " + said + ")"
		}
		if t := c.transfer; t != nil && !c.negotiates && r == t.Reply {
			a.outcome, a.bytes = t.Outcome, t.Bytes
		}
		list = append(list, a)
	}
	return list
}

// connectionMoments are a data connection's beginning and its end.
func connectionMoments(t *record.Transfer) []timelineEvent {
	c := t.Connection
	if c == nil {
		return nil
	}
	e := timelineEvent{at: c.Start, pos: t.Frames.SYN, desc: "FTP Data Connection", kind: "ftp:data:start", transfer: t.N, src: c.Src, dst: c.Dst,
		command: prose.Known(t.Command), argument: t.Argument, mode: t.Mode, initiator: t.Initiator, outcome: t.Outcome}
	way := c.Src.String() + " to " + c.Dst.String()
	by := " by the " + diagnosis.Party(t.Initiator)
	if !t.Opened() {
		e.message = "Data connection from " + way + " tried" + by + " (" + t.Mode + "): " + diagnosis.LastTry(t)
		return []timelineEvent{e}
	}
	e.message = "Data connection from " + way + " opened" + by + " (" + t.Mode + ")"
	end := e
	end.at, end.pos, end.desc, end.kind, end.bytes = c.End, 0, "FTP Data Connection End", "ftp:data:end", t.Bytes
	end.message = "Data connection from " + way + " ends (" + c.Closing + ")"
	if t.Bytes != nil {
		end.message += ": " + prose.Many(*t.Bytes, "byte")
	}
	return []timelineEvent{e, end}
}

func findingMoment(s *record.Session, f *record.Finding) timelineEvent {
	e := timelineEvent{at: s.Start, desc: "FTP Finding", kind: "ftp:finding", transfer: f.Transfer, finding: f, message: "Finding (" + f.Severity + "), " + f.ID + ": " + f.Message}
	if f.Transfer > 0 && f.Transfer <= len(s.Transfers) {
		e.at = began(s, &s.Transfers[f.Transfer-1])
	}
	if len(f.Frames) > 0 {
		e.pos = f.Frames[0]
	}
	return e
}

// verdictMoment is what went wrong with a session, when it ended, or with a transfer, when
// it began.
func verdictMoment(at record.Stamp, transfer int, v *record.Verdict) timelineEvent {
	e := timelineEvent{at: at, desc: "FTP Verdict", kind: "ftp:verdict", transfer: transfer, verdict: v,
		message: "Verdict (" + v.At + ", " + v.Certainty + "), " + v.Cause + ": " + v.Text}
	if len(v.Frames) > 0 {
		e.pos = v.Frames[0]
	}
	return e
}

func (t *timesketch) Attempt(a *record.Attempt) error {
	e := timelineEvent{at: a.First, desc: "FTP Connection Attempt", kind: "ftp:attempt", src: netip.AddrPortFrom(a.ClientIP, 0), dst: a.Server, outcome: a.State, verdict: a.Verdict,
		message: a.ClientIP.String() + " tried to reach " + a.Server.String() + " with " + prose.Many(a.Count, "SYN") + ": " + diagnosis.Attempt(a)}
	return t.write([]timelineEvent{e}, false)
}

func (t *timesketch) Orphan(o *record.Orphan) error {
	c := &o.Connection
	e := timelineEvent{at: c.Start, desc: "FTP Data Connection", kind: "ftp:data:start", src: c.Src, dst: c.Dst, mode: o.Mode, initiator: o.Initiator, bytes: &o.Bytes, verdict: o.Verdict,
		message: "Data connection from " + c.Src.String() + " to " + c.Dst.String() + " without its session: " + prose.Many(o.Bytes, "byte")}
	return t.write([]timelineEvent{e}, false)
}

func (t *timesketch) Summary(*record.Summary) error { return t.write(nil, false) }

// write writes rows; the first call writes the header, too.
func (t *timesketch) write(events []timelineEvent, files bool) error {
	if t.csv != nil && !t.heading.Written {
		t.heading.Written, t.row = true, t.row[:0]
		for _, c := range timelineColumns {
			t.row = append(t.row, c.name)
		}
		if err := t.csv.Write(t.row); err != nil {
			return err
		}
	}
	for i := range events {
		t.row = events[i].cells(t.row[:0], files)
		if t.csv == nil {
			t.object()
			if err := t.Spill(); err != nil {
				return err
			}
			continue
		}
		for k := range t.row {
			if !timelineColumns[k].number {
				t.row[k] = cell(t.row[k])
			}
		}
		if err := t.csv.Write(t.row); err != nil {
			return err
		}
	}
	clear(t.row) // no text of the session outlives it
	if t.csv != nil {
		t.csv.Flush()
		return t.csv.Error()
	}
	return t.Flush()
}

// object appends the row as JSON.
func (t *timesketch) object() {
	t.Buf = append(t.Buf, '{')
	for i, c := range timelineColumns {
		text := t.row[i]
		if text == "" {
			continue
		}
		t.Buf = append(append(append(jsonl.Comma(t.Buf, i), '"'), c.name...), '"', ':')
		if c.number {
			t.Buf = append(t.Buf, text...)
		} else {
			t.Buf = jsonl.Quote(t.Buf, "", text)
		}
	}
	t.Buf = append(t.Buf, "}\n"...)
}

// cells appends the event's values in the order of the columns.
func (e *timelineEvent) cells(row []string, files bool) []string {
	at := prose.UTC(e.at.Time)
	row = append(row, e.message, at.Format("2006-01-02T15:04:05.000000-07:00"), e.desc, strconv.FormatInt(at.UnixMicro(), 10), e.kind)
	row = append(row, positive(e.session), positive(e.transfer))
	for _, p := range []netip.AddrPort{e.client, e.server, e.src, e.dst} {
		ip := ""
		if p.Addr().IsValid() {
			ip = prose.Plain(p.Addr()).String()
		}
		row = append(row, ip, positive(int(p.Port())))
	}
	id := ""
	if e.src.IsValid() && e.dst.IsValid() && e.src.Port() > 0 {
		id = flow.CommunityID(e.src, e.dst)
	}
	row = append(row, id, prose.Known(e.user), prose.Known(e.password), e.command, prose.Known(e.argument))
	if e.reply != nil {
		row = append(row, positive(e.reply.Code), e.reply.Text)
	} else {
		row = append(row, "", "")
	}
	row = append(row, e.mode, e.initiator, e.outcome)
	if e.bytes != nil {
		row = append(row, strconv.FormatUint(*e.bytes, 10))
	} else {
		row = append(row, "")
	}
	if f := e.finding; f != nil {
		row = append(row, f.ID, f.Severity, f.Advice)
	} else {
		row = append(row, "", "", "")
	}
	file, packet := "", ""
	if e.pos.Packet() > 0 {
		packet = strconv.FormatUint(e.pos.Packet(), 10)
		if files {
			file = strconv.Itoa(e.pos.File() + 1)
		}
	}
	row = append(row, file, packet)
	if v := e.verdict; v != nil {
		return append(row, v.Cause, v.At, v.Certainty, strings.Join(v.Next, " | "))
	}
	return append(row, "", "", "", "")
}

// positive is a number, or nothing for 0, which stands for none.
func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}
