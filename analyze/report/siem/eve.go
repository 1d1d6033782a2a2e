package siem

import (
	"encoding/binary"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/diagnosis"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture/flow"
)

// eve writes records in the shape of Suricata's EVE: an ftp record a command, an ftp_data
// record a data connection that came to be, whose parent_id is its control connection's
// flow_id, a tls record a handshake of a control connection. What Suricata has no key for is under "ftpscope".
type eve struct {
	jsonl.Lines
	opt report.Options
}

func newEVE(w io.Writer, o report.Options) report.Writer {
	return &eve{Lines: jsonl.Lines{W: w}, opt: o}
}

func (e *eve) Session(s *record.Session) error {
	if s.Open || !s.Client.IsValid() || !s.Server.IsValid() {
		return nil
	}
	all := commandsOf(s)
	if len(all) == 0 {
		all = loginsOf(s)
	}
	files := e.opt.FileNumbers(s)
	e.tls(s)
	for i := range all {
		c := &all[i]
		e.command(s, c, i == 0, files)
		if t := c.transfer; !c.negotiates && t != nil {
			e.data(s, t, files)
		}
		if err := e.Spill(); err != nil {
			return err
		}
	}
	for i := range s.Transfers { // those without a command of their own
		if t := &s.Transfers[i]; t.Command == nil || t.Notes.Ran == nil {
			e.data(s, t, files)
		}
		if err := e.Spill(); err != nil {
			return err
		}
	}
	return e.Flush()
}

func (e *eve) Attempt(*record.Attempt) error { return nil } // no command was said

func (e *eve) Orphan(o *record.Orphan) error {
	c := &o.Connection
	if !c.Src.IsValid() || !c.Dst.IsValid() {
		return nil
	}
	b := eveEnvelope(e.Buf, "ftp_data", eveEnds{c.Start, c.Src, c.Dst, c.Start.Time, c.Network, o.Sensor})
	e.Buf = append(jsonl.AppendOrphan(append(b, `,"app_proto":"ftp-data","ftp_data":{},"ftpscope":`...), o), "}\n"...)
	return e.Flush()
}

func (e *eve) Summary(*record.Summary) error { return nil }

// command writes the ftp record of a command with the replies to it. The time is the
// command's.
func (e *eve) command(s *record.Session, c *exchange, first, files bool) {
	b := eveEnvelope(e.Buf, "ftp", eveEnds{c.at, s.Client, s.Server, s.Start.Time, s.Network, s.Sensor})
	b = append(b, `,"app_proto":"ftp"`...)
	if c.pos.Packet() > 0 {
		b = jsonl.Integer(b, `,"pcap_cnt":`, c.pos.Packet())
	}
	b = append(b, `,"ftp":{`...)
	if c.verb != "" {
		b = jsonl.Quote(b, `"command":`, c.verb)
		if c.argument != nil && *c.argument != "" {
			argument := *c.argument
			if report.Secret(c.verb) && !e.opt.ShowPasswords {
				argument = record.HiddenText
			}
			b = jsonl.Quote(b, `,"command_data":`, argument)
		}
		b = append(b, ',')
	}
	b = eveReplies(b, c)
	if c.negotiates {
		b = eveMode(b, c.transfer)
	}
	b = append(b, '}')
	b = jsonl.Integer(b, `,"ftpscope":{"session":`, uint64(s.ID))
	if files {
		b = eveFile(b, c.pos)
	}
	of := 0
	if t := c.transfer; t != nil {
		of = t.N
		b = jsonl.Integer(b, `,"transfer":`, uint64(t.N))
		b = jsonl.Term(b, `,"mode":`, t.Mode)
		b = jsonl.Term(b, `,"expected_initiator":`, prose.Known(t.ExpectedInitiator))
		b = jsonl.Term(b, `,"initiator":`, t.Initiator)
		b = jsonl.Term(b, `,"outcome":`, t.Outcome)
	}
	if first {
		b = jsonl.AppendVerdict(b, s.Verdict, files)
	}
	b = eveFindings(b, s, files, func(f *record.Finding) bool { return f.Transfer == 0 && first || f.Transfer > 0 && f.Transfer == of })
	e.Buf = append(b, "}}\n"...)
}

// eveFile counts files from 1, as the other formats that people look into.
func eveFile(b []byte, p flow.Pos) []byte {
	if !p.Seen() {
		return append(b, `,"file":null`...)
	}
	return jsonl.Integer(b, `,"file":`, uint64(p.File())+1)
}

// loginsOf are the logins of a session of which no command was kept.
func loginsOf(s *record.Session) (all []exchange) {
	for i := range s.Notes.Logins {
		l := &s.Notes.Logins[i]
		c := exchange{at: momentOf(s, l.Mark), pos: l.Mark.Pos, verb: "PASS", argument: s.Password}
		if l.NoPassword {
			c.verb, c.argument = "USER", l.Name()
		} else if i < len(s.Notes.Logins)-1 {
			hidden := record.HiddenText // the record keeps the last one only
			c.argument = &hidden
		}
		if r := loginReply(l); r != nil {
			c.replies = append(c.replies, r)
		}
		all = append(all, c)
	}
	return all
}

// eveReplies writes the lines of the replies, and the code of each reply.
func eveReplies(b []byte, c *exchange) []byte {
	if len(c.replies) == 0 {
		return append(b, `"reply_received":"no"`...)
	}
	b = append(b, `"reply":[`...)
	n := 0
	for _, r := range c.replies {
		for line := range strings.SplitSeq(r.Text, "\n") {
			b = jsonl.Quote(jsonl.Comma(b, n), "", line)
			n++
		}
	}
	b = append(b, `],"completion_code":[`...)
	n = 0
	for _, r := range c.replies {
		if r.Code > 0 {
			b = append(strconv.AppendInt(append(jsonl.Comma(b, n), '"'), int64(r.Code), 10), '"')
			n++
		}
	}
	return append(b, `],"reply_received":"yes"`...)
}

// eveMode tells of a negotiation that named an endpoint.
func eveMode(b []byte, t *record.Transfer) []byte {
	if t.Announced != nil {
		b = jsonl.Integer(b, `,"dynamic_port":`, uint64(t.Announced.Port()))
	}
	if t.Mode == record.Active || t.Mode == record.Passive {
		b = jsonl.Term(b, `,"mode":`, t.Mode)
	}
	return b
}

// data writes the ftp_data record of a transfer whose data connection came to be. It goes
// from who opened it.
func (e *eve) data(s *record.Session, t *record.Transfer, files bool) {
	c := t.Connection
	if !t.Opened() || !c.Src.IsValid() || !c.Dst.IsValid() {
		return
	}
	b := eveEnvelope(e.Buf, "ftp_data", eveEnds{c.Start, c.Src, c.Dst, c.Start.Time, diagnosis.SeenIn(s, c), s.Sensor})
	b = jsonl.Integer(b, `,"parent_id":`, eveFlow(s.Client, s.Server, s.Start.Time, s.Network))
	if t.Frames.SYN.Packet() > 0 {
		b = jsonl.Integer(b, `,"pcap_cnt":`, t.Frames.SYN.Packet())
	}
	b = append(b, `,"app_proto":"ftp-data","ftp_data":{`...)
	if t.Argument != nil {
		b = append(jsonl.Quote(b, `"filename":`, *t.Argument), ',')
	}
	if t.Command != nil {
		b = append(jsonl.Quote(b, `"command":`, strings.ToUpper(*t.Command)), ',')
	}
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	b = jsonl.Integer(b, `},"ftpscope":{"session":`, uint64(s.ID))
	b = jsonl.Text(b, `,"user":`, userAt(s, began(s, t).Time))
	b = jsonl.AppendTransfer(append(b, `,"transfer":`...), s, t, files)
	b = eveFindings(b, s, files, func(f *record.Finding) bool { return f.Transfer == t.N })
	e.Buf = append(b, "}}\n"...)
}

func eveFindings(b []byte, s *record.Session, files bool, which func(*record.Finding) bool) []byte {
	n := 0
	for i := range s.Findings {
		if f := &s.Findings[i]; which(f) {
			if n == 0 {
				b = append(b, `,"findings":[`...)
			}
			b = jsonl.AppendFinding(jsonl.Comma(b, n), f, files)
			n++
		}
	}
	if n > 0 {
		b = append(b, ']')
	}
	return b
}

// eveEnds are the connection that a record is about, and when what it tells was.
type eveEnds struct {
	at       record.Stamp
	src, dst netip.AddrPort
	start    flow.Time
	network  *record.Network
	sensor   string
}

// eveEnvelope writes what all records begin with.
func eveEnvelope(b []byte, kind string, e eveEnds) []byte {
	src, dst := e.src, e.dst
	b = append(b, `{"timestamp":"`...)
	b = prose.UTC(e.at.Time).AppendFormat(b, "2006-01-02T15:04:05.000000-0700")
	b = jsonl.Integer(b, `","flow_id":`, eveFlow(src, dst, e.start, e.network))
	b = jsonl.Term(b, `,"event_type":`, kind)
	if e.sensor != "" {
		b = jsonl.Word(b, `,"host":`, e.sensor) // as Suricata's sensor-name
	}
	if ids := diagnosis.VLANs(e.network); len(ids) > 0 {
		b = append(b, `,"vlan":[`...)
		for i, id := range ids {
			b = jsonl.Integer(jsonl.Comma(b, i), "", id)
		}
		b = append(b, ']')
	}
	b = jsonl.Address(b, `,"src_ip":`, src.Addr())
	b = jsonl.Integer(b, `,"src_port":`, uint64(src.Port()))
	b = jsonl.Address(b, `,"dest_ip":`, dst.Addr())
	b = jsonl.Integer(b, `,"dest_port":`, uint64(dst.Port()))
	b = append(b, `,"proto":"TCP"`...)
	return jsonl.CommunityID(b, src, dst)
}

// eveFlow is a connection's flow_id: 51 bits, as Suricata's, which programs that read
// numbers as floats keep.
func eveFlow(a, b netip.AddrPort, start flow.Time, n *record.Network) uint64 {
	sum := fingerprint(a, b, start, n)
	return binary.BigEndian.Uint64(sum[:]) >> 13
}
