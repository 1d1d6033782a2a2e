package siem

import (
	"net/netip"
	"strconv"
	"unicode/utf8"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture/flow"
)

// zeekLog writes one of Zeek's logs as Zeek 6 and 7 do: tab-separated with the header
// that tells columns and types, or one JSON object a line. Times in the header are the
// capture's, so that two runs agree.
type zeekLog struct {
	jsonl.Lines
	opt     report.Options
	path    string
	columns []zeekColumn
	session func(*zeekLog, *record.Session)
	orphan  func(*zeekLog, *record.Orphan)
	json    bool
	heading *report.Heading
	at      int // the column that comes next
}

type zeekColumn struct{ name, kind string }

var zeekID = []zeekColumn{{"ts", "time"}, {"uid", "string"}, {"id.orig_h", "addr"}, {"id.orig_p", "port"}, {"id.resp_h", "addr"}, {"id.resp_p", "port"}}

const (
	zeekUnset = "-"
	zeekEmpty = "(empty)"
)

func (z *zeekLog) Session(s *record.Session) error {
	if s.Open {
		return nil // it comes again when it ended
	}
	z.open(s.Start)
	z.session(z, s)
	return z.Flush()
}

func (z *zeekLog) Attempt(*record.Attempt) error { return nil } // knows no ports of the client

func (z *zeekLog) Orphan(o *record.Orphan) error {
	if z.orphan == nil {
		return nil
	}
	z.open(o.Connection.Start)
	z.orphan(z, o)
	return z.Flush()
}

func (z *zeekLog) Summary(s *record.Summary) error {
	if s.First != nil {
		z.open(*s.First)
	} else {
		z.open(record.Stamp{})
	}
	if last := s.Last; !z.json {
		if last == nil {
			last = &record.Stamp{}
		}
		z.Buf = append(z.Buf, "#close\t"+zeekDay(*last)+"\n"...)
	}
	return z.Flush()
}

// open writes the header before the first row.
func (z *zeekLog) open(at record.Stamp) {
	if z.heading.Written || z.json {
		return
	}
	z.heading.Written = true
	b := append(z.Buf, "#separator \\x09\n#set_separator\t,\n#empty_field\t"+zeekEmpty+"\n#unset_field\t"+zeekUnset+"\n#path\t"+z.path+"\n"...)
	b = append(b, "#open\t"+zeekDay(at)+"\n#fields"...)
	for _, c := range z.columns {
		b = append(append(b, '\t'), c.name...)
	}
	b = append(b, "\n#types"...)
	for _, c := range z.columns {
		b = append(append(b, '\t'), c.kind...)
	}
	z.Buf = append(b, '\n')
}

func zeekDay(s record.Stamp) string { return prose.UTC(s.Time).Format("2006-01-02-15-04-05") }

// next begins a value; set tells whether there is one. In JSON unset values are left out.
func (z *zeekLog) next(set bool) bool {
	first := z.at == 0
	name := z.columns[z.at].name
	z.at++
	switch {
	case z.json && first:
		z.Buf = append(z.Buf, '{')
	case z.json && set:
		z.Buf = append(z.Buf, ',')
	case !z.json && !first:
		z.Buf = append(z.Buf, '\t')
	}
	switch {
	case z.json && set:
		z.Buf = append(append(append(z.Buf, '"'), name...), '"', ':')
	case !z.json && !set:
		z.Buf = append(z.Buf, zeekUnset...)
	}
	return set
}

func (z *zeekLog) endRow() {
	if z.json {
		z.Buf = append(z.Buf, '}')
	}
	z.Buf = append(z.Buf, '\n')
	z.at = 0
}

// unset leaves n columns without a value.
func (z *zeekLog) unset(n int) {
	for range n {
		z.next(false)
	}
}

func (z *zeekLog) text(s *string) {
	if !z.next(s != nil) {
		return
	}
	if z.json {
		z.Buf = jsonl.Quote(z.Buf, "", *s)
		return
	}
	z.Buf = zeekText(z.Buf, *s)
}

func (z *zeekLog) word(s string) {
	if s == "" {
		z.text(nil)
		return
	}
	z.text(&s)
}

func (z *zeekLog) count(n uint64, known bool) {
	if z.next(known) {
		z.Buf = strconv.AppendUint(z.Buf, n, 10)
	}
}

func (z *zeekLog) boolean(b bool) {
	z.next(true)
	switch {
	case z.json:
		z.Buf = strconv.AppendBool(z.Buf, b)
	case b:
		z.Buf = append(z.Buf, 'T')
	default:
		z.Buf = append(z.Buf, 'F')
	}
}

// seconds writes a time since 1970 or a duration, in microseconds.
func (z *zeekLog) seconds(t flow.Time, known bool) {
	if !z.next(known) {
		return
	}
	us := int64(t) / int64(flow.Microsecond)
	if us < 0 {
		z.Buf, us = append(z.Buf, '-'), -us
	}
	z.Buf = jsonl.Fraction(strconv.AppendInt(z.Buf, us/1e6, 10), int(us%1e6)*1000, 6)
}

func (z *zeekLog) addr(a netip.Addr, known bool) {
	if z.next(known && a.IsValid()) {
		if z.json {
			z.Buf = append(z.Buf, '"')
		}
		z.Buf = append(z.Buf, prose.Plain(a).String()...)
		if z.json {
			z.Buf = append(z.Buf, '"')
		}
	}
}

func (z *zeekLog) endpoint(e netip.AddrPort) {
	z.addr(e.Addr(), e.IsValid())
	z.count(uint64(e.Port()), e.IsValid())
}

// id begins a row: when, which connection.
func (z *zeekLog) id(at flow.Time, uid string, from, to netip.AddrPort) {
	z.seconds(at, true)
	z.word(uid)
	z.endpoint(from)
	z.endpoint(to)
}

// zeekUID is a connection's name in all logs: Zeek's are random, ours follow from the
// connection.
func zeekUID(a, b netip.AddrPort, start flow.Time, n *record.Network) string {
	const digits, length = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 17
	sum := fingerprint(a, b, start, n)
	uid := make([]byte, 0, 1+length)
	uid = append(uid, 'C')
	for _, c := range sum[:length] {
		uid = append(uid, digits[int(c)*len(digits)>>8])
	}
	return string(uid)
}

// zeekText escapes a text for a tab-separated log: controls, bytes that are not UTF-8,
// the backslash and what cannot be seen as \xNN a byte, which readers turn back; a text
// that would read as no text, too.
func zeekText(b []byte, s string) []byte {
	if s == "" {
		return append(b, zeekEmpty...)
	}
	if s == zeekUnset || s == zeekEmpty {
		return append(hexByte(b, s[0]), s[1:]...)
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == '\\' || prose.Hidden(r) {
			for _, c := range []byte(s[i : i+n]) {
				b = hexByte(b, c)
			}
		} else {
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return b
}

func hexByte(b []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'x', digits[c>>4], digits[c&15])
}
