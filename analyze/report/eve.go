package report

import (
	"encoding/binary"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// eve writes records in the shape of Suricata's EVE: an ftp record a command, an ftp_data record a data connection that
// came to be, whose parent_id is its control connection's flow_id. What Suricata has no key for is under "ftpscope".
type eve struct {
	w   io.Writer
	opt Options
	buf []byte
}

func newEVE(w io.Writer, o Options) Writer { return &eve{w: w, opt: o} }

func (e *eve) Session(s *record.Session) error {
	if s.Open || !s.Client.IsValid() || !s.Server.IsValid() {
		return nil
	}
	all := commandsOf(s)
	files := several(s, e.opt)
	for i := range all {
		c := &all[i]
		e.command(s, c, i == 0, files)
		if t := c.transfer; !c.negotiates && t != nil {
			e.data(s, t, files)
		}
		if err := e.spill(); err != nil {
			return err
		}
	}
	for i := range s.Transfers { // those without a command of their own
		if t := &s.Transfers[i]; t.Command == nil || t.Notes.Ran == nil {
			e.data(s, t, files)
		}
		if err := e.spill(); err != nil {
			return err
		}
	}
	return e.flush()
}

func (e *eve) spill() error {
	if len(e.buf) < enough {
		return nil
	}
	return e.flush()
}

func (e *eve) flush() error {
	if len(e.buf) == 0 {
		return nil
	}
	_, err := e.w.Write(e.buf)
	if e.buf = e.buf[:0]; cap(e.buf) > maxKeptLine {
		e.buf = nil
	}
	return err
}

func (e *eve) Attempt(*record.Attempt) error { return nil } // no command was said

func (e *eve) Orphan(o *record.Orphan) error {
	c := &o.Connection
	if !c.Src.IsValid() || !c.Dst.IsValid() {
		return nil
	}
	b := eveEnvelope(e.buf, "ftp_data", eveEnds{c.Start, c.Src, c.Dst, c.Start.Time, c.Network})
	e.buf = append(appendOrphan(append(b, `,"app_proto":"ftp-data","ftp_data":{},"ftpscope":`...), o), "}\n"...)
	return e.flush()
}

func (e *eve) Summary(*record.Summary) error { return nil }

// command writes the ftp record of a command with the replies to it. The time is the command's.
func (e *eve) command(s *record.Session, c *exchange, first, files bool) {
	b := eveEnvelope(e.buf, "ftp", eveEnds{c.at, s.Client, s.Server, s.Start.Time, s.Network})
	b = append(b, `,"app_proto":"ftp"`...)
	if c.pos.Seen() {
		b = integer(b, `,"pcap_cnt":`, c.pos.Packet())
	}
	b = append(b, `,"ftp":{`...)
	if c.verb != "" {
		b = quote(b, `"command":`, c.verb)
		if c.argument != nil && *c.argument != "" {
			argument := *c.argument
			if secret(c.verb) && !e.opt.ShowPasswords {
				argument = hiddenText
			}
			b = quote(b, `,"command_data":`, argument)
		}
		b = append(b, ',')
	}
	b = eveReplies(b, c)
	if c.negotiates {
		b = eveMode(b, c.transfer)
	}
	b = append(b, '}')
	b = integer(b, `,"ftpscope":{"session":`, uint64(s.ID))
	if files {
		b = fileIndex(b, `,"file":`, c.pos)
	}
	of := 0
	if t := c.transfer; t != nil {
		of = t.N
		b = integer(b, `,"transfer":`, uint64(t.N))
		b = term(b, `,"mode":`, t.Mode)
		b = term(b, `,"expected_initiator":`, pointed(t.ExpectedInitiator))
		b = term(b, `,"initiator":`, t.Initiator)
		b = term(b, `,"outcome":`, t.Outcome)
	}
	b = eveFindings(b, s, files, func(f *record.Finding) bool { return f.Transfer == 0 && first || f.Transfer > 0 && f.Transfer == of })
	e.buf = append(b, "}}\n"...)
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
			b = quote(comma(b, n), "", line)
			n++
		}
	}
	b = append(b, `],"completion_code":[`...)
	n = 0
	for _, r := range c.replies {
		if r.Code > 0 {
			b = append(strconv.AppendInt(append(comma(b, n), '"'), int64(r.Code), 10), '"')
			n++
		}
	}
	return append(b, `],"reply_received":"yes"`...)
}

// eveMode tells of a negotiation that named an endpoint.
func eveMode(b []byte, t *record.Transfer) []byte {
	if t.Announced != nil {
		b = integer(b, `,"dynamic_port":`, uint64(t.Announced.Port()))
	}
	if t.Mode == record.Active || t.Mode == record.Passive {
		b = term(b, `,"mode":`, t.Mode)
	}
	return b
}

// data writes the ftp_data record of a transfer whose data connection came to be. It goes from who opened it.
func (e *eve) data(s *record.Session, t *record.Transfer, files bool) {
	c := t.Connection
	if !opened(t) || !c.Src.IsValid() || !c.Dst.IsValid() {
		return
	}
	b := eveEnvelope(e.buf, "ftp_data", eveEnds{c.Start, c.Src, c.Dst, c.Start.Time, seenIn(s, c)})
	b = integer(b, `,"parent_id":`, eveFlow(s.Client, s.Server, s.Start.Time, s.Network))
	if t.Frames.SYN.Seen() {
		b = integer(b, `,"pcap_cnt":`, t.Frames.SYN.Packet())
	}
	b = append(b, `,"app_proto":"ftp-data","ftp_data":{`...)
	if t.Argument != nil {
		b = append(quote(b, `"filename":`, *t.Argument), ',')
	}
	if t.Command != nil {
		b = append(quote(b, `"command":`, strings.ToUpper(*t.Command)), ',')
	}
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	b = integer(b, `},"ftpscope":{"session":`, uint64(s.ID))
	b = text(b, `,"user":`, userAt(s, began(s, t).Time))
	b = appendTransfer(append(b, `,"transfer":`...), s, t, files)
	b = eveFindings(b, s, files, func(f *record.Finding) bool { return f.Transfer == t.N })
	e.buf = append(b, "}}\n"...)
}

func eveFindings(b []byte, s *record.Session, files bool, which func(*record.Finding) bool) []byte {
	n := 0
	for i := range s.Findings {
		if f := &s.Findings[i]; which(f) {
			if n == 0 {
				b = append(b, `,"findings":[`...)
			}
			b = appendFinding(comma(b, n), f, files)
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
}

// eveEnvelope writes what all records begin with.
func eveEnvelope(b []byte, kind string, e eveEnds) []byte {
	src, dst := e.src, e.dst
	b = append(b, `{"timestamp":"`...)
	b = prose.UTC(e.at.Time).AppendFormat(b, "2006-01-02T15:04:05.000000-0700")
	b = integer(b, `","flow_id":`, eveFlow(src, dst, e.start, e.network))
	b = term(b, `,"event_type":`, kind)
	if ids := vlans(e.network); len(ids) > 0 {
		b = append(b, `,"vlan":[`...)
		for i, id := range ids {
			b = integer(comma(b, i), "", id)
		}
		b = append(b, ']')
	}
	b = address(b, `,"src_ip":`, src.Addr())
	b = integer(b, `,"src_port":`, uint64(src.Port()))
	b = address(b, `,"dest_ip":`, dst.Addr())
	b = integer(b, `,"dest_port":`, uint64(dst.Port()))
	b = append(b, `,"proto":"TCP"`...)
	return communityID(b, src, dst)
}

// eveFlow is a connection's flow_id: 51 bits, as Suricata's, which programs that read numbers as floats keep.
func eveFlow(a, b netip.AddrPort, start flow.Time, n *record.Network) uint64 {
	sum := fingerprint(a, b, start, n)
	return binary.BigEndian.Uint64(sum[:]) >> 13
}

func pointed(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
