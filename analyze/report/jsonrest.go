package report

import (
	"strconv"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// The records beside sessions: what never became one, and the summary.

func appendAttempt(b []byte, a *record.Attempt) []byte {
	b = append(b, `{"type":"attempt"`...)
	b = address(b, `,"client_ip":`, a.ClientIP)
	b = endpoint(b, `,"server":`, a.Server)
	b = networkPaths(b, a.Network)
	b = integer(b, `,"count":`, uint64(a.Count))
	b = term(b, `,"state":`, a.State)
	b = stamp(b, `,"first":`, a.First)
	b = stamp(b, `,"last":`, a.Last)
	if a.ICMP == nil {
		b = append(b, `,"icmp":null`...)
	} else {
		b = address(b, `,"icmp":{"from":`, a.ICMP.From)
		b = integer(b, `,"type":`, uint64(a.ICMP.Type))
		b = append(integer(b, `,"code":`, uint64(a.ICMP.Code)), '}')
	}
	return append(appendVerdict(b, a.Verdict, false), '}')
}

func appendOrphan(b []byte, o *record.Orphan) []byte {
	b = append(b, `{"type":"orphan"`...)
	b = term(b, `,"mode":`, o.Mode)
	b = term(b, `,"evidence":`, o.Evidence)
	b = term(b, `,"initiator":`, o.Initiator)
	b = appendConnection(b, &o.Connection)
	b = integer(b, `,"bytes":`, o.Bytes)
	return append(appendVerdict(b, o.Verdict, o.Conn.Last.Pos.File() > 0), '}')
}

func appendSummary(b []byte, s *record.Summary) []byte {
	b = append(b, `{"type":"summary"`...)
	b = words(b, `,"files":`, s.Files)
	b = integer(b, `,"packets":`, s.Packets)
	b = integer(b, `,"bytes":`, s.Bytes)
	b = maybeStamp(b, `,"first":`, s.First)
	b = maybeStamp(b, `,"last":`, s.Last)
	b = integer(b, `,"sessions":`, uint64(s.Sessions))
	b = integer(b, `,"transfers":{"active":`, uint64(s.Transfers.Active))
	b = integer(b, `,"passive":`, uint64(s.Transfers.Passive))
	b = integer(b, `,"unknown":`, uint64(s.Transfers.Unknown))
	b = integer(b, `},"attempts":`, uint64(s.Attempts))
	b = integer(b, `,"orphans":`, uint64(s.Orphans))
	b = append(b, `,"findings":{`...)
	for i := range record.Severities { // the mildest first, as SPEC.md lists them
		severity := record.Severities[len(record.Severities)-1-i]
		b = quote(comma(b, i), "", severity)
		b = integer(b, ":", uint64(s.Findings[severity]))
	}
	c := &s.Capture
	b = integer(b, `},"capture":{"missing_bytes":`, c.MissingBytes)
	b = words(b, `,"truncated_files":`, c.TruncatedFiles)
	b = integer(b, `,"undecoded_packets":`, c.Undecoded)
	b = append(b, `,"undecoded":[`...)
	for i, r := range c.Reasons {
		b = quote(comma(b, i), `{"reason":`, r.Text)
		b = append(integer(b, `,"packets":`, r.Packets), '}')
	}
	b = append(b, ']')
	b = integer(b, `,"dropped_packets":`, c.Dropped)
	b = integer(b, `,"evicted_connections":`, c.Evicted)
	b = append(b, '}')
	if h := s.Hidden; h != nil {
		b = integer(b, `,"hidden":{"sessions":`, uint64(h.Sessions))
		b = integer(b, `,"attempts":`, uint64(h.Attempts))
		b = integer(b, `,"orphans":`, uint64(h.Orphans))
		b = append(b, '}')
	}
	return append(appendPace(b, s), '}')
}

// appendPace writes how long the capture lasted and its packets a second, by the packets' own clock: wall-clock times
// would make two runs differ.
func appendPace(b []byte, s *record.Summary) []byte {
	if s.First == nil || s.Last == nil {
		return append(b, `,"elapsed_seconds":null,"packets_per_second":null`...)
	}
	elapsed := max(s.Last.Time-s.First.Time, 0)
	digits := min(max(s.First.Digits, s.Last.Digits), 9)
	b = strconv.AppendInt(append(b, `,"elapsed_seconds":`...), int64(elapsed/flow.Second), 10)
	b = fraction(b, int(elapsed%flow.Second), digits)
	if elapsed == 0 {
		return append(b, `,"packets_per_second":null`...)
	}
	pace := float64(s.Packets) / (float64(elapsed) / float64(flow.Second))
	return strconv.AppendFloat(append(b, `,"packets_per_second":`...), pace, 'f', 3, 64)
}

// words writes an array of strings.
func words(b []byte, key string, list []string) []byte {
	b = append(append(b, key...), '[')
	for i, s := range list {
		b = quote(comma(b, i), "", s)
	}
	return append(b, ']')
}
