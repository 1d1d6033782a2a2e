package siem

import (
	"io"
	"net/netip"
	"path"
	"slices"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture/flow"
)

// ecs writes documents of the Elastic Common Schema, one a line: of each session, of each
// try to log in, transfer and finding, of attempts and orphans. What the schema has no
// field for is under "ftpscope": the record as -o json has it.
type ecs struct {
	jsonl.Lines
	opt report.Options
}

const ecsVersion = "8.17.0"

func newECS(w io.Writer, o report.Options) report.Writer {
	return &ecs{Lines: jsonl.Lines{W: w}, opt: o}
}

// ecsEvent is what all documents have.
type ecsEvent struct {
	kind, action        string
	category, kinds     string // JSON arrays
	outcome             string
	start, end          record.Stamp
	severity            int // 0: none
	message             string
	source, destination netip.AddrPort
	sent, received      *uint64 // by source, by destination
	user                *string
	related             []netip.Addr
	protocol            string
	network             *record.Network
	verdict             *record.Verdict
	sensor              string
}

func (e *ecs) Session(s *record.Session) error {
	if s.Open {
		return nil // it comes again when it ended
	}
	e.session(s)
	for i := range s.Notes.Logins {
		e.login(s, &s.Notes.Logins[i])
		if err := e.Spill(); err != nil {
			return err
		}
	}
	files := e.opt.FileNumbers(s)
	for i := range s.Transfers {
		e.transfer(s, &s.Transfers[i], files)
		if err := e.Spill(); err != nil {
			return err
		}
	}
	for i := range s.Findings {
		e.finding(s, &s.Findings[i])
	}
	return e.Flush()
}

func (e *ecs) session(s *record.Session) {
	v := ecsOf(s)
	v.kind, v.action, v.category, v.kinds = "event", "ftp-session", `["network","session"]`, `["connection","protocol","info"]`
	v.start, v.end, v.verdict = s.Start, s.End, s.Verdict
	v.message = ecsParty(s.Client) + " had an FTP session with " + ecsParty(s.Server) + ": " + s.Mode + ", " + prose.Many(len(s.Transfers), "transfer")
	if c := &s.Notes.Control; c.Start.Seen() {
		out, in := c.Half[flow.Out].Bytes, c.Half[flow.In].Bytes
		if c.Src == s.Server {
			out, in = in, out
		}
		v.sent, v.received = &out, &in
	}
	b := e.begin(&v)
	b = ecsTLS(b, s)
	without := *s
	without.Transfers, without.Findings = nil, nil // documents of their own
	b = append(b, `,"ftpscope":`...)
	e.Buf = append(jsonl.AppendSession(b, &without, e.opt), "}\n"...)
}

// ecsOf is a document on a session's control connection.
func ecsOf(s *record.Session) ecsEvent {
	return ecsEvent{source: s.Client, destination: s.Server, user: s.User, protocol: "ftp", network: s.Network, sensor: s.Sensor,
		related: []netip.Addr{s.Client.Addr(), s.Server.Addr()}}
}

func ecsParty(e netip.AddrPort) string {
	if !e.IsValid() {
		return "an unknown host"
	}
	return e.String()
}

func (e *ecs) login(s *record.Session, l *record.Login) {
	v := ecsOf(s)
	v.kind, v.action, v.category, v.kinds = "event", "ftp-login", `["authentication","network"]`, `["start"]`
	v.start = momentOf(s, l.Mark)
	v.end = v.start
	v.user = l.Name()
	switch {
	case l.OK:
		v.outcome = "success"
	case l.Code == 0:
		v.outcome = "unknown"
	default:
		v.outcome = "failure"
	}
	who := "\"" + l.User + "\""
	if v.user == nil {
		who = "an unknown user"
	}
	v.message = "login of " + who + " to " + ecsParty(s.Server) + ": " + v.outcome
	b := e.begin(&v)
	b = jsonl.Integer(b, `,"ftpscope":{"type":"login","session":`, uint64(s.ID))
	b = jsonl.Frame(b, `,"frame":`, l.Mark.Pos)
	b = jsonl.Code(b, `,"code":`, l.Code)
	e.Buf = append(b, "}}\n"...)
}

// ecsOutcome is how the schema calls an outcome.
func ecsOutcome(t *record.Transfer) string {
	switch {
	case t.Outcome == record.OK:
		return "success"
	case t.Failed() || t.Outcome == record.Rejected:
		return "failure"
	}
	return "unknown"
}

// transfer writes a document on a transfer's data connection; where none was tried, on
// its control connection.
func (e *ecs) transfer(s *record.Session, t *record.Transfer, files bool) {
	v := ecsOf(s)
	v.kind, v.category, v.kinds = "event", `["network"]`, `["connection","protocol"]`
	v.outcome, v.start, v.verdict = ecsOutcome(t), began(s, t), t.Verdict
	v.end = v.start
	v.user = userAt(s, v.start.Time)
	v.action, v.message = "ftp-data-channel", t.Method+" without a transfer command: "+t.Outcome
	if t.Command != nil {
		v.action = "ftp-" + strings.ToLower(*t.Command)
		v.message = strings.TrimRight(*t.Command+" "+prose.Known(t.Argument), " ") + " (" + t.Method + ", " + t.Mode + "): " + t.Outcome
		v.category = `["network","file"]`
		v.kinds = ecsFileKinds(t)
	}
	if r := t.Reply; r != nil {
		v.end = r.Time
	}
	if c := t.Connection; c != nil {
		v.source, v.destination, v.protocol = c.Src, c.Dst, "ftp-data"
		v.related = append(v.related, c.Src.Addr(), c.Dst.Addr())
		if c.Start.Time < v.start.Time {
			v.start = c.Start
		}
		if c.End.Time > v.end.Time {
			v.end = c.End
		}
		if n := t.Notes.Conn; n != nil && n.Src == c.Src && t.Opened() {
			v.sent, v.received = &n.Half[flow.Out].Bytes, &n.Half[flow.In].Bytes
		}
	}
	if t.Announced != nil {
		v.related = append(v.related, t.Announced.Addr())
	}
	b := e.begin(&v)
	b = ecsFile(b, t)
	b = jsonl.Integer(b, `,"ftpscope":{"type":"transfer","session":`, uint64(s.ID))
	if s.Client.IsValid() && s.Server.IsValid() {
		b = jsonl.Endpoint(b, `,"client":`, s.Client)
		b = jsonl.Endpoint(b, `,"server":`, s.Server)
	}
	b = jsonl.AppendTransfer(append(b, `,"transfer":`...), s, t, files)
	e.Buf = append(b, "}}\n"...)
}

// ecsFileKinds says what a command does with a file: a listing is an access, too.
func ecsFileKinds(t *record.Transfer) string {
	switch strings.ToUpper(*t.Command) {
	case "STOR", "STOU":
		return `["connection","protocol","creation"]`
	case "APPE":
		return `["connection","protocol","change"]`
	}
	return `["connection","protocol","access"]`
}

func ecsFile(b []byte, t *record.Transfer) []byte {
	name := t.Path
	if name == nil {
		name = t.Argument
	}
	if t.Command == nil || name == nil || *name == "" {
		return b
	}
	b = jsonl.Quote(b, `,"file":{"path":`, *name)
	switch strings.ToUpper(*t.Command) {
	case "LIST", "NLST", "MLSD":
		b = append(b, `,"type":"dir"`...)
	default:
		b = append(b, `,"type":"file"`...)
		b = jsonl.Quote(b, `,"name":`, path.Base(*name))
		if dir := path.Dir(*name); dir != "." {
			b = jsonl.Quote(b, `,"directory":`, dir)
		}
	}
	if t.Notes.Size != nil {
		b = jsonl.Integer(b, `,"size":`, *t.Notes.Size)
	}
	if t.MIMEType != nil {
		b = jsonl.Quote(b, `,"mime_type":`, *t.MIMEType)
	}
	for i, s := range diagnosis.HashesOf(t) {
		if i == 0 {
			b = append(b, `,"hash":{`...)
		}
		b = jsonl.Quote(jsonl.Comma(b, i), `"`+s.Key+`":`, s.Hex)
	}
	if len(diagnosis.HashesOf(t)) > 0 {
		b = append(b, '}')
	}
	return append(b, '}')
}

// ecsSeverity is a finding's severity as a number, the gravest 5 (the schema leaves the
// scale to its users).
func ecsSeverity(severity string) int { return len(record.Severities) - record.Gravity(severity) }

func (e *ecs) finding(s *record.Session, f *record.Finding) {
	v := ecsOf(s)
	v.kind, v.action, v.category, v.kinds = "alert", "ftp-finding", `["network","intrusion_detection"]`, `["info"]`
	v.start, v.end, v.severity, v.message = s.Start, s.End, ecsSeverity(f.Severity), f.Message
	if f.Transfer > 0 && f.Transfer <= len(s.Transfers) {
		v.start = began(s, &s.Transfers[f.Transfer-1])
		v.end = v.start
	}
	b := e.begin(&v)
	b = jsonl.Word(b, `,"rule":{"id":`, f.ID)
	b = jsonl.Word(b, `,"name":`, f.ID)
	if f.Advice != "" {
		b = jsonl.Quote(b, `,"description":`, f.Advice)
	}
	b = jsonl.Integer(b, `},"ftpscope":{"type":"finding","session":`, uint64(s.ID))
	e.Buf = append(jsonl.AppendFinding(append(b, `,"finding":`...), f, e.opt.FileNumbers(s)), "}}\n"...)
}

func (e *ecs) Attempt(a *record.Attempt) error {
	v := ecsEvent{kind: "event", action: "ftp-connection-attempt", category: `["network"]`, kinds: `["connection","denied"]`, outcome: "failure",
		start: a.First, end: a.Last, source: netip.AddrPortFrom(a.ClientIP, 0), destination: a.Server, protocol: "ftp", network: a.Network, verdict: a.Verdict, sensor: a.Sensor,
		related: []netip.Addr{a.ClientIP, a.Server.Addr()},
		message: a.ClientIP.String() + " tried to reach " + a.Server.String() + " with " + prose.Many(a.Count, "SYN") + ": " + diagnosis.Attempt(a)}
	if a.State == record.Unanswered {
		v.kinds = `["connection"]` // dropped on the way or nobody there: not known
	}
	if a.ICMP != nil {
		v.related = append(v.related, a.ICMP.From)
	}
	b := append(e.begin(&v), `,"ftpscope":`...)
	e.Buf = append(jsonl.AppendAttempt(b, a), "}\n"...)
	return e.Flush()
}

func (e *ecs) Orphan(o *record.Orphan) error {
	c := &o.Connection
	v := ecsEvent{kind: "event", action: "ftp-data-channel", category: `["network"]`, kinds: `["connection","protocol"]`, outcome: "unknown",
		start: c.Start, end: c.End, source: c.Src, destination: c.Dst, protocol: "ftp-data", network: c.Network, verdict: o.Verdict, sensor: o.Sensor,
		related: []netip.Addr{c.Src.Addr(), c.Dst.Addr()},
		message: "data connection without its session: " + prose.Many(o.Bytes, "byte")}
	b := append(e.begin(&v), `,"ftpscope":`...)
	e.Buf = append(jsonl.AppendOrphan(b, o), "}\n"...)
	return e.Flush()
}

func (e *ecs) Summary(*record.Summary) error { return nil }

// begin writes a document up to the fields of its own.
func (e *ecs) begin(v *ecsEvent) []byte {
	b := jsonl.Stamp(append(e.Buf, '{'), `"@timestamp":`, v.start)
	b = append(b, `,"ecs":{"version":"`+ecsVersion+`"}`...)
	b = jsonl.Quote(b, `,"message":`, v.message)
	b = jsonl.Term(b, `,"event":{"module":"ftpscope","dataset":"ftpscope.ftp","kind":`, v.kind)
	b = append(append(b, `,"category":`...), v.category...)
	b = append(append(b, `,"type":`...), v.kinds...)
	b = jsonl.Quote(b, `,"action":`, v.action)
	if v.outcome != "" {
		b = jsonl.Term(b, `,"outcome":`, v.outcome)
	}
	if v.verdict != nil && v.verdict.Cause != record.CauseNone {
		b = jsonl.Quote(b, `,"reason":`, v.verdict.Text)
	}
	if v.severity > 0 {
		b = jsonl.Integer(b, `,"severity":`, uint64(v.severity))
	}
	b = jsonl.Stamp(b, `,"start":`, v.start)
	b = jsonl.Stamp(b, `,"end":`, v.end)
	b = jsonl.Integer(b, `,"duration":`, uint64(max(v.end.Time-v.start.Time, 0)))
	b = append(b, '}')
	b = ecsEndpoint(b, `,"source":{`, v.source, v.sent)
	b = ecsEndpoint(b, `,"destination":{`, v.destination, v.received)
	b = ecsNetwork(b, v)
	if v.user != nil && *v.user != "" {
		b = append(jsonl.Quote(b, `,"user":{"name":`, *v.user), '}')
	}
	b = ecsRelated(b, v)
	b = append(b, `,"observer":{"product":"ftpscope","type":"sensor"`...)
	if v.sensor != "" {
		b = jsonl.Word(b, `,"name":`, v.sensor)
	}
	return append(b, '}')
}

// ecsEndpoint writes who: port 0 stands for several.
func ecsEndpoint(b []byte, key string, e netip.AddrPort, bytes *uint64) []byte {
	if !e.Addr().IsValid() {
		return b
	}
	b = jsonl.Address(append(b, key...), `"address":`, e.Addr())
	b = jsonl.Address(b, `,"ip":`, e.Addr())
	if e.Port() > 0 {
		b = jsonl.Integer(b, `,"port":`, uint64(e.Port()))
	}
	if bytes != nil {
		b = jsonl.Integer(b, `,"bytes":`, *bytes)
	}
	return append(b, '}')
}

func ecsNetwork(b []byte, v *ecsEvent) []byte {
	b = jsonl.Term(b, `,"network":{"transport":"tcp","protocol":`, v.protocol)
	switch a := v.source.Addr().Unmap(); {
	case a.Is4():
		b = append(b, `,"type":"ipv4"`...)
	case a.Is6():
		b = append(b, `,"type":"ipv6"`...)
	}
	if v.sent != nil && v.received != nil {
		b = jsonl.Integer(b, `,"bytes":`, *v.sent+*v.received)
	}
	if v.source.IsValid() && v.destination.IsValid() && v.source.Port() > 0 {
		b = jsonl.CommunityID(b, v.source, v.destination)
	}
	ids := diagnosis.VLANs(v.network)
	if len(ids) > 0 {
		b = append(jsonl.Integer(b, `,"vlan":{"id":"`, ids[0]), `"}`...)
	}
	if len(ids) > 1 {
		b = append(jsonl.Integer(b, `,"inner":{"vlan":{"id":"`, ids[1]), `"}}`...)
	}
	return append(b, '}')
}

func ecsRelated(b []byte, v *ecsEvent) []byte {
	b = append(b, `,"related":{"ip":[`...)
	var told []netip.Addr
	for _, a := range v.related {
		if a = a.Unmap(); a.IsValid() && !slices.Contains(told, a) {
			b = jsonl.Address(jsonl.Comma(b, len(told)), "", a)
			told = append(told, a)
		}
	}
	b = append(b, ']')
	if v.user != nil && *v.user != "" {
		b = append(jsonl.Quote(b, `,"user":[`, *v.user), ']')
	}
	return append(b, '}')
}
