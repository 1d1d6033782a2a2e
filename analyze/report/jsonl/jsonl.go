// Package jsonl writes records as JSON Lines, for -o json: their contract is what package
// schema says. Package siem builds its lines of the same values; package formats makes it
// known.
package jsonl

import (
	"io"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture/flow"
)

// Lines gathers the lines of a record and writes them as one piece, or as several when
// there are enough of them. Formats of lines append to Buf.
type Lines struct {
	W   io.Writer
	Buf []byte
}

// maxKept is the largest piece whose buffer is kept for the next: one session with a long
// dialogue should not hold its memory for the rest of the run.
const maxKept = 1 << 20

// enough is when formats of many lines a session write what they have: one session may
// have thousands, each with a reply.
const enough = maxKept / 2

// Spill writes the lines if there are enough.
func (l *Lines) Spill() error {
	if len(l.Buf) < enough {
		return nil
	}
	return l.Flush()
}

// Flush writes the lines.
func (l *Lines) Flush() error {
	if len(l.Buf) == 0 {
		return nil
	}
	_, err := l.W.Write(l.Buf)
	if l.Buf = l.Buf[:0]; cap(l.Buf) > maxKept {
		l.Buf = nil
	}
	return err
}

// jsonWriter writes JSON Lines as package schema says: keys in its order, null for what
// is unknown. It appends to one buffer by hand, since reflection over sessions costs more
// than analyzing them.
type jsonWriter struct {
	Lines
	opt report.Options
}

// Format is -o json.
func Format() report.Format {
	return report.Format{Name: "json", Doc: "JSON Lines: one session, attempt or orphan a line, a summary last", New: newJSON, Sensors: true}
}

func newJSON(w io.Writer, o report.Options) report.Writer {
	return &jsonWriter{Lines: Lines{W: w}, opt: o}
}

func (j *jsonWriter) Session(s *record.Session) error {
	return j.line(AppendSession(j.Buf, s, j.opt))
}

func (j *jsonWriter) Attempt(a *record.Attempt) error { return j.line(AppendAttempt(j.Buf, a)) }

func (j *jsonWriter) Orphan(o *record.Orphan) error { return j.line(AppendOrphan(j.Buf, o)) }

func (j *jsonWriter) Summary(s *record.Summary) error { return j.line(appendSummary(j.Buf, s)) }

func (j *jsonWriter) Gap(g *record.Gap) error { return j.line(appendGap(j.Buf, g)) }

func (j *jsonWriter) line(b []byte) error {
	j.Buf = append(b, '\n')
	return j.Flush()
}

// AppendSession appends a session.
func AppendSession(b []byte, s *record.Session, o report.Options) []byte {
	b = append(b, `{"type":"session"`...)
	b = sensorOf(b, s.Sensor)
	b = Integer(b, `,"id":`, uint64(s.ID))
	if s.Open {
		b = append(b, `,"open":true`...)
	}
	b = CommunityID(b, s.Client, s.Server)
	b = Stamp(b, `,"start":`, s.Start)
	b = Stamp(b, `,"end":`, s.End)
	b = Endpoint(b, `,"client":`, s.Client)
	b = Endpoint(b, `,"server":`, s.Server)
	b = networkPaths(b, s.Network)
	if s.Twin > 0 {
		b = Integer(b, `,"twin":`, uint64(s.Twin))
	}
	if s.RealClient != "" {
		b = Word(b, `,"real_client":`, s.RealClient)
	}
	if s.RealServer != "" {
		b = Word(b, `,"real_server":`, s.RealServer)
	}
	b = Text(b, `,"user":`, s.User)
	b = Boolean(b, `,"anonymous":`, s.Anonymous)
	if s.Password == nil || o.ShowPasswords {
		b = Text(b, `,"password":`, s.Password)
	} else {
		b = Word(b, `,"password":`, record.HiddenText)
	}
	b = Term(b, `,"login":`, s.Login)
	b = Term(b, `,"tls":`, s.TLS)
	if s.Capture.Decrypted {
		b = append(b, `,"decrypted":true`...)
	}
	files := o.FileNumbers(s)
	b = appendHandshake(b, s.Handshake, files)
	b = Text(b, `,"banner":`, s.Banner)
	b = Text(b, `,"system":`, s.System)
	b = Term(b, `,"mode":`, s.Mode)
	b = Term(b, `,"initiator":`, s.Initiator)
	b = Term(b, `,"closing":`, s.Closing)
	b = appendCommands(b, s, o, files)
	b = appendCoverage(b, &s.Capture)
	b = append(b, `,"transfers":[`...)
	for i := range s.Transfers {
		b = AppendTransfer(Comma(b, i), s, &s.Transfers[i], files)
	}
	b = append(b, `],"operations":[`...)
	for i := range s.Operations {
		b = appendOperation(Comma(b, i), &s.Operations[i], files)
	}
	b = append(b, `],"findings":[`...)
	for i := range s.Findings {
		b = AppendFinding(Comma(b, i), &s.Findings[i], files)
	}
	b = AppendVerdict(appendTCP(append(b, ']'), s.TCP), s.Verdict, files)
	return append(b, '}')
}

// appendOperation appends a command that changed the server's files, or tried to.
func appendOperation(b []byte, o *record.Operation, files bool) []byte {
	b = Stamp(b, `{"time":`, o.Time)
	b = linkPlace(packetPlace(b, o.Pos, files), o.Link)
	b = Word(b, `,"what":`, o.What)
	b = Text(b, `,"path":`, o.Path)
	b = Text(b, `,"from":`, o.From)
	b = Text(b, `,"argument":`, o.Argument)
	return append(appendReply(b, `,"reply":`, o.Reply), '}')
}

func appendCommands(b []byte, s *record.Session, o report.Options, files bool) []byte {
	if s.Dialogue == nil {
		return Integer(b, `,"commands":`, uint64(s.Commands))
	}
	b = append(b, `,"commands":[`...)
	for i := range s.Dialogue {
		b = appendExchange(Comma(b, i), &s.Dialogue[i], o, files)
	}
	return append(b, ']')
}

func appendExchange(b []byte, e *record.Exchange, o report.Options, files bool) []byte {
	b = Stamp(b, `{"time":`, e.Time)
	b = linkPlace(packetPlace(b, e.Pos, files), e.Link)
	b = Word(b, `,"command":`, e.Command)
	if e.Argument != nil && !o.ShowPasswords && report.Secret(e.Command) {
		b = Word(b, `,"argument":`, record.HiddenText)
	} else {
		b = Text(b, `,"argument":`, e.Argument)
	}
	b = append(b, `,"replies":[`...)
	for i := range e.Replies {
		r := &e.Replies[i]
		b = Stamp(Comma(b, i), `{"time":`, r.Time)
		b = linkPlace(packetPlace(b, r.Pos, files), r.Link)
		b = Code(b, `,"code":`, r.Code)
		b = Quote(b, `,"text":`, r.Text)
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

// packetPlace is a packet, with its file where there are several.
func packetPlace(b []byte, p flow.Pos, files bool) []byte {
	b = Frame(b, `,"frame":`, p)
	if files {
		b = FileIndex(b, `,"frame_file":`, p)
	}
	return b
}

func appendCoverage(b []byte, c *record.Coverage) []byte {
	b = Boolean(b, `,"capture":{"from_start":`, c.FromStart)
	b = Boolean(b, `,"to_end":`, c.ToEnd)
	b = Boolean(b, `,"client_side":`, c.ClientSide)
	b = Boolean(b, `,"server_side":`, c.ServerSide)
	b = Integer(b, `,"missing_bytes":`, c.MissingBytes)
	return append(b, '}')
}

// AppendTransfer appends a transfer of a session.
func AppendTransfer(b []byte, s *record.Session, t *record.Transfer, files bool) []byte {
	b = Integer(b, `{"n":`, uint64(t.N))
	b = Text(b, `,"command":`, t.Command)
	b = Text(b, `,"argument":`, t.Argument)
	b = Text(b, `,"path":`, t.Path)
	b = Text(b, `,"direction":`, t.Direction)
	b = Text(b, `,"representation":`, t.Representation)
	b = Count(b, `,"restart":`, t.Restart)
	b = Word(b, `,"method":`, t.Method)
	b = Term(b, `,"mode":`, t.Mode)
	if t.Announced != nil {
		b = Endpoint(b, `,"announced":`, *t.Announced)
	} else {
		b = append(b, `,"announced":null`...)
	}
	b = Text(b, `,"expected_initiator":`, t.ExpectedInitiator)
	b = Term(b, `,"initiator":`, t.Initiator)
	b = Term(b, `,"evidence":`, t.Evidence)
	b = appendConnection(b, t.Connection)
	b = Count(b, `,"bytes":`, t.Bytes)
	b = Count(b, `,"missing_bytes":`, t.MissingBytes)
	if t.PlainBytes != nil {
		b = Count(b, `,"plain_bytes":`, t.PlainBytes)
	}
	b = appendHandshake(b, t.Handshake, files)
	b = Text(b, `,"sha256":`, t.SHA256)
	if t.SHA1 != nil {
		b = Text(b, `,"sha1":`, t.SHA1)
	}
	if t.MD5 != nil {
		b = Text(b, `,"md5":`, t.MD5)
	}
	b = Text(b, `,"mime_type":`, t.MIMEType)
	b = Text(b, `,"file":`, t.File)
	b = appendReply(b, `,"preliminary":`, t.Preliminary)
	b = appendReply(b, `,"reply":`, t.Reply)
	b = Term(b, `,"outcome":`, t.Outcome)
	b = appendFrames(b, &t.Frames, files)
	if !s.Client.IsValid() || !s.Server.IsValid() {
		b = append(b, `,"filter":null`...)
	} else {
		b = append(s.AppendFilter(append(b, `,"filter":"`...), t), '"')
	}
	return append(AppendVerdict(appendTCP(b, t.TCP), t.Verdict, files), '}')
}

func appendConnection(b []byte, c *record.Connection) []byte {
	if c == nil {
		return append(b, `,"connection":null`...)
	}
	b = Endpoint(b, `,"connection":{"src":`, c.Src)
	b = Endpoint(b, `,"dst":`, c.Dst)
	b = CommunityID(b, c.Src, c.Dst)
	b = Stamp(b, `,"start":`, c.Start)
	b = Stamp(b, `,"end":`, c.End)
	b = Term(b, `,"state":`, c.State)
	b = Integer(b, `,"attempts":`, uint64(c.Attempts))
	if c.Channels > 0 {
		b = Integer(b, `,"channels":`, uint64(c.Channels))
	}
	b = Term(b, `,"closing":`, c.Closing)
	return append(networkPaths(b, c.Network), '}')
}

func appendReply(b []byte, key string, r *record.Reply) []byte {
	b = append(b, key...)
	if r == nil {
		return append(b, "null"...)
	}
	b = Code(b, `{"code":`, r.Code)
	b = Quote(b, `,"text":`, r.Text)
	return append(b, '}')
}

func appendFrames(b []byte, f *record.Frames, files bool) []byte {
	b = eachFrame(b, `,"frames":`, f, Frame)
	if files {
		b = eachFrame(b, `,"frame_files":`, f, FileIndex)
	}
	if l := f.Link; l != nil {
		b = eachFrame(b, `,"link_frames":`, l, Frame)
		if (l.Negotiation | l.Command | l.SYN | l.FirstData | l.Reply).File() > 0 {
			b = eachFrame(b, `,"link_interfaces":`, l, FileIndex)
		}
	}
	return b
}

// eachFrame writes what a function writes of each of the frames.
func eachFrame(b []byte, key string, f *record.Frames, write func([]byte, string, flow.Pos) []byte) []byte {
	b = write(append(b, key...), `{"negotiation":`, f.Negotiation)
	b = write(b, `,"command":`, f.Command)
	b = write(b, `,"syn":`, f.SYN)
	b = write(b, `,"first_data":`, f.FirstData)
	b = write(b, `,"reply":`, f.Reply)
	return append(b, '}')
}

// linkPlace is where a packet was on the link, if it has another number in the file that
// keeps it.
func linkPlace(b []byte, p flow.Pos) []byte {
	if !p.Seen() {
		return b
	}
	return Frame(b, `,"link_frame":`, p)
}

// AppendFinding appends a finding.
func AppendFinding(b []byte, f *record.Finding, files bool) []byte {
	b = Word(b, `{"id":`, f.ID)
	b = Word(b, `,"severity":`, f.Severity)
	b = Word(b, `,"message":`, f.Message)
	if f.Transfer > 0 {
		b = Integer(b, `,"transfer":`, uint64(f.Transfer))
	} else {
		b = append(b, `,"transfer":null`...)
	}
	b = appendProof(b, f.Frames, f.Link, files)
	b = Word(b, `,"advice":`, f.Advice)
	return append(b, '}')
}

// AppendVerdict appends a verdict and its key.
func AppendVerdict(b []byte, v *record.Verdict, files bool) []byte {
	if v == nil {
		return append(b, `,"verdict":null`...)
	}
	b = Term(b, `,"verdict":{"cause":`, v.Cause)
	b = Term(b, `,"at":`, v.At)
	b = Term(b, `,"certainty":`, v.Certainty)
	b = words(b, `,"or":`, v.Or)
	if v.Transfer > 0 {
		b = Integer(b, `,"transfer":`, uint64(v.Transfer))
	} else {
		b = append(b, `,"transfer":null`...)
	}
	b = Quote(appendProof(b, v.Frames, v.Link, files), `,"text":`, v.Text)
	b = words(b, `,"next":`, v.Next)
	return append(b, '}')
}

// appendProof appends the packets that prove something.
func appendProof(b []byte, frames, link []flow.Pos, files bool) []byte {
	b = eachPacket(b, `,"frames":[`, frames, Frame)
	if files {
		b = eachPacket(b, `,"frame_files":[`, frames, FileIndex)
	}
	if link != nil {
		b = eachPacket(b, `,"link_frames":[`, link, Frame)
	}
	return b
}

func eachPacket(b []byte, key string, list []flow.Pos, write func([]byte, string, flow.Pos) []byte) []byte {
	b = append(b, key...)
	n := 0
	for _, p := range list {
		if p.Packet() > 0 || !p.Seen() { // what the file of -w lacks is among those on the link alone
			b = write(Comma(b, n), "", p)
			n++
		}
	}
	return append(b, ']')
}
