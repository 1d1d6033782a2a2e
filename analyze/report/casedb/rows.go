package casedb

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// Records as rows: values in the order of the columns in schema.sql.

const hidden = record.HiddenText

func (w *Writer) addSession(s *record.Session) {
	id := int64(s.ID)
	w.staged[sessions].add(id, id, communityID(s.Client, s.Server), int64(s.Start.Time), int64(s.End.Time),
		ip(s.Client.Addr()), port(s.Client), ip(s.Server.Addr()), port(s.Server), text(s.User), flag(s.Anonymous), w.secret(s.Password),
		term(s.Login), term(s.TLS), text(s.Banner), text(s.System), term(s.Mode), term(s.Initiator), term(s.Closing), int64(s.Commands),
		flag(s.Capture.FromStart), flag(s.Capture.ToEnd), flag(s.Capture.ClientSide), flag(s.Capture.ServerSide), number(s.Capture.MissingBytes),
		network(s.Network))
	addVerdict(&w.staged[sessions], s.Verdict)
	about := 0
	if s.Verdict != nil {
		about = s.Verdict.Transfer
	}
	w.staged[sessions].add(ordinal(about))
	addHandshake(&w.staged[sessions], s.Handshake)
	w.staged[sessions].add(flag(s.Capture.Decrypted))
	for i := range s.Transfers {
		w.addTransfer(id, s, &s.Transfers[i])
	}
	for i := range s.Dialogue {
		w.addCommand(id, int64(i)+1, &s.Dialogue[i])
	}
	for i := range s.Operations {
		o := &s.Operations[i]
		w.staged[operations].add(id, int64(i)+1, int64(o.Time.Time), input(o.Pos), frame(o.Pos), valid(o.What), text(o.Path), text(o.From), text(o.Argument))
		addReply(&w.staged[operations], o.Reply)
	}
	for i := range s.Findings {
		f := &s.Findings[i]
		frames, inputs := positions(f.Frames)
		w.staged[findings].add(id, int64(i)+1, f.ID, f.Severity, ordinal(f.Transfer), valid(f.Message), term(f.Advice), frames, inputs)
	}
}

func (w *Writer) addTransfer(id int64, s *record.Session, t *record.Transfer) {
	to := &w.staged[transfers]
	announcedIP, announcedPort := any(nil), any(nil)
	if t.Announced != nil {
		announcedIP, announcedPort = ip(t.Announced.Addr()), port(*t.Announced)
	}
	to.add(id, int64(t.N), moment(t), text(t.Command), text(t.Argument), text(t.Path), text(t.Direction), text(t.Representation),
		count(t.Restart), term(t.Method), term(t.Mode), announcedIP, announcedPort, text(t.ExpectedInitiator), term(t.Initiator), term(t.Evidence))
	addConnection(to, t.Connection)
	to.add(count(t.Bytes), count(t.MissingBytes), text(t.SHA256), text(t.MIMEType), text(t.File))
	addReply(to, t.Preliminary)
	addReply(to, t.Reply)
	to.add(term(t.Outcome))
	f := &t.Frames
	at := [...]flow.Pos{f.Negotiation, f.Command, f.SYN, f.FirstData, f.Reply}
	for _, p := range at {
		to.add(frame(p))
	}
	for _, p := range at {
		to.add(input(p))
	}
	if s.Client.IsValid() && s.Server.IsValid() {
		to.add(string(s.AppendFilter(nil, t)))
	} else {
		to.add(nil)
	}
	if t.Connection != nil {
		to.add(network(t.Connection.Network))
	} else {
		to.add(nil)
	}
	addVerdict(to, t.Verdict)
	addHandshake(to, t.Handshake)
	to.add(count(t.PlainBytes))
}

// addHandshake adds handshakeColumns.
func addHandshake(to *stage, h *record.TLSInfo) {
	if h == nil {
		h = &record.TLSInfo{}
	}
	var resumed, by any
	if h.Resumed || h.Full {
		resumed = flag(h.Resumed)
	}
	if h.Alert.Mark.Seen() {
		by = h.Alert.By()
	}
	to.add(term(h.Version), term(h.Cipher), term(h.ServerName), term(h.Protocol), resumed, term(h.Alert.Name), by, term(h.JA3), term(h.JA4), term(h.JA3S))
	x := h.Certificate
	if x == nil {
		to.add(nil, nil, nil, nil, nil)
		return
	}
	to.add(hex.EncodeToString(x.SHA256[:]), term(x.Subject), term(x.Issuer))
	if !x.Read() {
		to.add(nil, nil)
		return
	}
	to.add(x.NotBefore.Format(time.RFC3339), x.NotAfter.Format(time.RFC3339))
}

// addVerdict adds verdictColumns.
func addVerdict(to *stage, v *record.Verdict) {
	if v == nil {
		to.add(nil, nil, nil, nil, nil, nil, nil, nil)
		return
	}
	frames, inputs := positions(v.Frames)
	to.add(term(v.Cause), term(v.At), term(v.Certainty), list(v.Or), term(v.Text), list(v.Next), frames, inputs)
}

// list is texts as a JSON array.
func list(texts []string) string {
	clean := make([]string, len(texts))
	for i, t := range texts {
		clean[i] = valid(t)
	}
	b, err := json.Marshal(clean)
	if err != nil {
		panic(err) // of strings
	}
	return string(b)
}

// network is the name of a network; nil for the plain one, and for a data connection's
// that is its session's.
func network(n *record.Network) any {
	if n == nil {
		return nil
	}
	var names []string
	for i := range n.Paths {
		names = append(names, n.Paths[i].Name)
	}
	return strings.Join(names, " and ")
}

// moment is a transfer's time, as its column says.
func moment(t *record.Transfer) any {
	switch n := &t.Notes; {
	case n.Ran != nil:
		return int64(n.Ran.Mark.Time)
	case n.Asked != nil:
		return int64(n.Asked.Mark.Time)
	case t.Connection != nil:
		return int64(t.Connection.Start.Time)
	}
	return nil
}

func addConnection(to *stage, c *record.Connection) {
	if c == nil {
		to.add(nil, nil, nil, nil, nil, nil, nil, nil, nil, nil)
		return
	}
	to.add(ip(c.Src.Addr()), port(c.Src), ip(c.Dst.Addr()), port(c.Dst), communityID(c.Src, c.Dst), int64(c.Start.Time), int64(c.End.Time),
		term(c.State), int64(c.Attempts), term(c.Closing))
}

func addReply(to *stage, r *record.Reply) {
	if r == nil {
		to.add(nil, nil)
		return
	}
	to.add(ordinal(r.Code), valid(r.Text))
}

func (w *Writer) addCommand(id, n int64, e *record.Exchange) {
	argument := text(e.Argument)
	if e.Argument != nil && strings.EqualFold(e.Command, "PASS") {
		argument = w.secret(e.Argument)
	}
	w.staged[commands].add(id, n, int64(e.Time.Time), input(e.Pos), frame(e.Pos), term(e.Command), argument)
	for i := range e.Replies {
		r := &e.Replies[i]
		w.staged[replies].add(id, n, int64(i)+1, int64(r.Time.Time), input(r.Pos), frame(r.Pos), ordinal(r.Code), valid(r.Text))
	}
}

func (w *Writer) addAttempt(a *record.Attempt) {
	to := &w.staged[attempts]
	to.add(int64(w.counts.attempts), ip(a.ClientIP), ip(a.Server.Addr()), port(a.Server), int64(a.Count), term(a.State), int64(a.First.Time), int64(a.Last.Time))
	if a.ICMP == nil {
		to.add(nil, nil, nil)
	} else {
		to.add(ip(a.ICMP.From), int64(a.ICMP.Type), int64(a.ICMP.Code))
	}
	to.add(network(a.Network))
	addVerdict(to, a.Verdict)
}

func (w *Writer) addOrphan(o *record.Orphan) {
	to := &w.staged[orphans]
	to.add(int64(w.counts.orphans), term(o.Mode), term(o.Evidence), term(o.Initiator))
	addConnection(to, &o.Connection)
	to.add(number(o.Bytes), network(o.Connection.Network))
	addVerdict(to, o.Verdict)
}

// secret is a password, or what stands for it.
func (w *Writer) secret(s *string) any {
	if s == nil || w.opt.ShowPasswords {
		return text(s)
	}
	return hidden
}

// term is a text of ours; an empty one is unknown.
func term(s string) any {
	if s == "" {
		return nil
	}
	return valid(s)
}

// text is a text of the wire, which may be empty.
func text(s *string) any {
	if s == nil {
		return nil
	}
	return valid(*s)
}

// valid is the text as SQLite can hold it: each byte that is not UTF-8 becomes U+FFFD, as
// in JSON, and so does NUL, which would end the text for whoever reads it in C.
func valid(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s { // gives U+FFFD for each invalid byte
		if r == 0 {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

// number is n as SQLite's integers can hold it.
func number(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

func count(n *uint64) any {
	if n == nil {
		return nil
	}
	return number(*n)
}

// ordinal is a number that is unknown when it is 0.
func ordinal(n int) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func ip(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	return a.Unmap().WithZone("").String()
}

func port(e netip.AddrPort) any {
	if !e.Addr().IsValid() {
		return nil
	}
	return int64(e.Port())
}

func communityID(x, y netip.AddrPort) any {
	if !x.IsValid() || !y.IsValid() {
		return nil
	}
	return string(flow.AppendCommunityID(nil, x, y))
}

func frame(p flow.Pos) any {
	if p.Packet() == 0 {
		return nil
	}
	return int64(p.Packet())
}

func input(p flow.Pos) any {
	if p.Packet() == 0 {
		return nil
	}
	return int64(p.File())
}

// positions are packets as two JSON arrays: their numbers, and the inputs that these
// count in.
func positions(all []flow.Pos) (frames, inputs string) {
	f, in := []byte{'['}, []byte{'['}
	for i, p := range all {
		if i > 0 {
			f, in = append(f, ','), append(in, ',')
		}
		if p.Packet() == 0 {
			f, in = append(f, "null"...), append(in, "null"...)
			continue
		}
		f, in = strconv.AppendUint(f, p.Packet(), 10), strconv.AppendInt(in, int64(p.File()), 10)
	}
	return string(append(f, ']')), string(append(in, ']'))
}
