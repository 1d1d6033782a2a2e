package report

import (
	"io"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// jsonWriter writes JSON Lines as SPEC.md says: keys in its order, null for what is unknown. It appends to one buffer
// by hand, since reflection over sessions costs more than analyzing them.
type jsonWriter struct {
	w   io.Writer
	opt Options
	buf []byte
}

// maxKeptLine is the largest line whose buffer is kept for the next: one session with a long dialogue should not hold
// its memory for the rest of the run.
const maxKeptLine = 1 << 20

// enough is when formats of many lines a session write what they have: one session may have thousands, each with a reply.
const enough = maxKeptLine / 2

func newJSON(w io.Writer, o Options) Writer { return &jsonWriter{w: w, opt: o} }

func (j *jsonWriter) Session(s *record.Session) error {
	return j.line(appendSession(j.buf[:0], s, j.opt))
}

func (j *jsonWriter) Attempt(a *record.Attempt) error { return j.line(appendAttempt(j.buf[:0], a)) }

func (j *jsonWriter) Orphan(o *record.Orphan) error { return j.line(appendOrphan(j.buf[:0], o)) }

func (j *jsonWriter) Summary(s *record.Summary) error { return j.line(appendSummary(j.buf[:0], s)) }

func (j *jsonWriter) line(b []byte) error {
	b = append(b, '\n')
	if j.buf = b; cap(b) > maxKeptLine {
		j.buf = nil
	}
	_, err := j.w.Write(b)
	return err
}

const hiddenText = "(hidden)" // stands for a password

func appendSession(b []byte, s *record.Session, o Options) []byte {
	b = append(b, `{"type":"session"`...)
	b = integer(b, `,"id":`, uint64(s.ID))
	if s.Open {
		b = append(b, `,"open":true`...)
	}
	b = communityID(b, s.Client, s.Server)
	b = stamp(b, `,"start":`, s.Start)
	b = stamp(b, `,"end":`, s.End)
	b = endpoint(b, `,"client":`, s.Client)
	b = endpoint(b, `,"server":`, s.Server)
	b = networkPaths(b, s.Network)
	b = text(b, `,"user":`, s.User)
	b = boolean(b, `,"anonymous":`, s.Anonymous)
	if s.Password == nil || o.ShowPasswords {
		b = text(b, `,"password":`, s.Password)
	} else {
		b = word(b, `,"password":`, hiddenText)
	}
	b = term(b, `,"login":`, s.Login)
	b = term(b, `,"tls":`, s.TLS)
	b = text(b, `,"banner":`, s.Banner)
	b = text(b, `,"system":`, s.System)
	b = term(b, `,"mode":`, s.Mode)
	b = term(b, `,"initiator":`, s.Initiator)
	b = term(b, `,"closing":`, s.Closing)
	files := several(s, o)
	b = appendCommands(b, s, o, files)
	b = appendCoverage(b, &s.Capture)
	b = append(b, `,"transfers":[`...)
	for i := range s.Transfers {
		b = appendTransfer(comma(b, i), s, &s.Transfers[i], files)
	}
	b = append(b, `],"findings":[`...)
	for i := range s.Findings {
		b = appendFinding(comma(b, i), &s.Findings[i], files)
	}
	b = appendVerdict(append(b, ']'), s.Verdict, files)
	return append(b, '}')
}

func appendCommands(b []byte, s *record.Session, o Options, files bool) []byte {
	if s.Dialogue == nil {
		return integer(b, `,"commands":`, uint64(s.Commands))
	}
	b = append(b, `,"commands":[`...)
	for i := range s.Dialogue {
		b = appendExchange(comma(b, i), &s.Dialogue[i], o, files)
	}
	return append(b, ']')
}

func appendExchange(b []byte, e *record.Exchange, o Options, files bool) []byte {
	b = stamp(b, `{"time":`, e.Time)
	b = packetPlace(b, e.Pos, files)
	b = word(b, `,"command":`, e.Command)
	if e.Argument != nil && !o.ShowPasswords && secret(e.Command) {
		b = word(b, `,"argument":`, hiddenText)
	} else {
		b = text(b, `,"argument":`, e.Argument)
	}
	b = append(b, `,"replies":[`...)
	for i := range e.Replies {
		r := &e.Replies[i]
		b = stamp(comma(b, i), `{"time":`, r.Time)
		b = packetPlace(b, r.Pos, files)
		b = code(b, `,"code":`, r.Code)
		b = quote(b, `,"text":`, r.Text)
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

// packetPlace is a packet, with its file where there are several.
func packetPlace(b []byte, p flow.Pos, files bool) []byte {
	b = frame(b, `,"frame":`, p)
	if files {
		b = fileIndex(b, `,"frame_file":`, p)
	}
	return b
}

// secret reports whether a command is PASS, in any letter case: its argument is a password.
func secret(command string) bool {
	return len(command) == 4 && command[0]|0x20 == 'p' && command[1]|0x20 == 'a' && command[2]|0x20 == 's' && command[3]|0x20 == 's'
}

func appendCoverage(b []byte, c *record.Coverage) []byte {
	b = boolean(b, `,"capture":{"from_start":`, c.FromStart)
	b = boolean(b, `,"to_end":`, c.ToEnd)
	b = boolean(b, `,"client_side":`, c.ClientSide)
	b = boolean(b, `,"server_side":`, c.ServerSide)
	b = integer(b, `,"missing_bytes":`, c.MissingBytes)
	return append(b, '}')
}

func appendTransfer(b []byte, s *record.Session, t *record.Transfer, files bool) []byte {
	b = integer(b, `{"n":`, uint64(t.N))
	b = text(b, `,"command":`, t.Command)
	b = text(b, `,"argument":`, t.Argument)
	b = text(b, `,"path":`, t.Path)
	b = text(b, `,"direction":`, t.Direction)
	b = text(b, `,"representation":`, t.Representation)
	b = count(b, `,"restart":`, t.Restart)
	b = word(b, `,"method":`, t.Method)
	b = term(b, `,"mode":`, t.Mode)
	if t.Announced != nil {
		b = endpoint(b, `,"announced":`, *t.Announced)
	} else {
		b = append(b, `,"announced":null`...)
	}
	b = text(b, `,"expected_initiator":`, t.ExpectedInitiator)
	b = term(b, `,"initiator":`, t.Initiator)
	b = term(b, `,"evidence":`, t.Evidence)
	b = appendConnection(b, t.Connection)
	b = count(b, `,"bytes":`, t.Bytes)
	b = count(b, `,"missing_bytes":`, t.MissingBytes)
	b = text(b, `,"sha256":`, t.SHA256)
	if t.SHA1 != nil {
		b = text(b, `,"sha1":`, t.SHA1)
	}
	if t.MD5 != nil {
		b = text(b, `,"md5":`, t.MD5)
	}
	b = text(b, `,"mime_type":`, t.MIMEType)
	b = text(b, `,"file":`, t.File)
	b = appendReply(b, `,"preliminary":`, t.Preliminary)
	b = appendReply(b, `,"reply":`, t.Reply)
	b = term(b, `,"outcome":`, t.Outcome)
	b = appendFrames(b, &t.Frames, files)
	if !s.Client.IsValid() || !s.Server.IsValid() {
		b = append(b, `,"filter":null`...)
	} else {
		b = append(s.AppendFilter(append(b, `,"filter":"`...), t), '"')
	}
	return append(appendVerdict(b, t.Verdict, files), '}')
}

func appendConnection(b []byte, c *record.Connection) []byte {
	if c == nil {
		return append(b, `,"connection":null`...)
	}
	b = endpoint(b, `,"connection":{"src":`, c.Src)
	b = endpoint(b, `,"dst":`, c.Dst)
	b = communityID(b, c.Src, c.Dst)
	b = stamp(b, `,"start":`, c.Start)
	b = stamp(b, `,"end":`, c.End)
	b = term(b, `,"state":`, c.State)
	b = integer(b, `,"attempts":`, uint64(c.Attempts))
	b = term(b, `,"closing":`, c.Closing)
	return append(networkPaths(b, c.Network), '}')
}

func appendReply(b []byte, key string, r *record.Reply) []byte {
	b = append(b, key...)
	if r == nil {
		return append(b, "null"...)
	}
	b = code(b, `{"code":`, r.Code)
	b = quote(b, `,"text":`, r.Text)
	return append(b, '}')
}

func appendFrames(b []byte, f *record.Frames, files bool) []byte {
	b = frame(b, `,"frames":{"negotiation":`, f.Negotiation)
	b = frame(b, `,"command":`, f.Command)
	b = frame(b, `,"syn":`, f.SYN)
	b = frame(b, `,"first_data":`, f.FirstData)
	b = frame(b, `,"reply":`, f.Reply)
	b = append(b, '}')
	if !files {
		return b
	}
	b = fileIndex(b, `,"frame_files":{"negotiation":`, f.Negotiation)
	b = fileIndex(b, `,"command":`, f.Command)
	b = fileIndex(b, `,"syn":`, f.SYN)
	b = fileIndex(b, `,"first_data":`, f.FirstData)
	b = fileIndex(b, `,"reply":`, f.Reply)
	return append(b, '}')
}

func appendFinding(b []byte, f *record.Finding, files bool) []byte {
	b = word(b, `{"id":`, f.ID)
	b = word(b, `,"severity":`, f.Severity)
	b = word(b, `,"message":`, f.Message)
	if f.Transfer > 0 {
		b = integer(b, `,"transfer":`, uint64(f.Transfer))
	} else {
		b = append(b, `,"transfer":null`...)
	}
	b = framesOf(b, f.Frames, files)
	b = word(b, `,"advice":`, f.Advice)
	return append(b, '}')
}

// appendVerdict writes a verdict and its key.
func appendVerdict(b []byte, v *record.Verdict, files bool) []byte {
	if v == nil {
		return append(b, `,"verdict":null`...)
	}
	b = term(b, `,"verdict":{"cause":`, v.Cause)
	b = term(b, `,"at":`, v.At)
	b = term(b, `,"certainty":`, v.Certainty)
	b = words(b, `,"or":`, v.Or)
	if v.Transfer > 0 {
		b = integer(b, `,"transfer":`, uint64(v.Transfer))
	} else {
		b = append(b, `,"transfer":null`...)
	}
	b = append(framesOf(b, v.Frames, files), `,"text":`...)
	b = quote(b, "", v.Text)
	b = words(b, `,"next":`, v.Next)
	return append(b, '}')
}

// framesOf writes the packets that prove something.
func framesOf(b []byte, frames []flow.Pos, files bool) []byte {
	b = append(b, `,"frames":[`...)
	for i, p := range frames {
		b = frame(comma(b, i), "", p)
	}
	if files {
		b = append(b, `],"frame_files":[`...)
		for i, p := range frames {
			b = fileIndex(comma(b, i), "", p)
		}
	}
	return append(b, ']')
}
