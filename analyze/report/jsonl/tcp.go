package jsonl

import (
	"bytes"
	"strconv"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// appendTCP appends how a connection did, and its key.
func appendTCP(b []byte, t *record.TCP) []byte {
	if t == nil {
		return append(b, `,"tcp":null`...)
	}
	b = span(b, `,"tcp":{"duration":`, &t.Duration)
	b = append(b, `,"rate":`...)
	if t.Rate == nil {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendFloat(b, *t.Rate, 'f', 1, 64)
	}
	b = Count(b, `,"acknowledged":`, t.Acknowledged)
	var segments, bytes *uint64
	if t.Again != nil {
		segments, bytes = &t.Again.Segments, &t.Again.Bytes
	}
	b = Count(b, `,"retransmitted_segments":`, segments)
	b = Count(b, `,"retransmitted_bytes":`, bytes)
	b = span(b, `,"rtt_handshake":`, t.RTTHandshake)
	b = span(b, `,"rtt":`, t.RTT)
	b = span(b, `,"zero_window_time":`, t.ZeroWindow)
	if s := t.Stall; s == nil {
		b = append(b, `,"longest_stall":null`...)
	} else {
		b = Stamp(b, `,"longest_stall":{"from":`, s.From)
		b = Stamp(b, `,"to":`, s.To)
		b = Integer(b, `,"after_bytes":`, s.After)
		b = append(Term(b, `,"why":`, s.Why), '}')
	}
	return append(Term(b, `,"limit":`, t.Limit), '}')
}

// span appends a time in seconds, or null when it is not known.
func span(b []byte, key string, t *flow.Time) []byte {
	if b = append(b, key...); t == nil {
		return append(b, "null"...)
	}
	n := max(*t, 0)
	if n >= 1e15 { // a float64 holds no more digits
		return strconv.AppendFloat(b, float64(n)/float64(flow.Second), 'f', -1, 64)
	}
	b = strconv.AppendUint(b, uint64(n/flow.Second), 10)
	if n %= flow.Second; n > 0 {
		b = bytes.TrimRight(Fraction(b, int(n), 9), "0")
	}
	return b
}
