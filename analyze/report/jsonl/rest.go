package jsonl

import (
	"strconv"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

// The records beside sessions: what never became one, and the summary.

// AppendAttempt appends an attempt.
func AppendAttempt(b []byte, a *record.Attempt) []byte {
	b = append(b, `{"type":"attempt"`...)
	b = sensorOf(b, a.Sensor)
	b = Address(b, `,"client_ip":`, a.ClientIP)
	b = Endpoint(b, `,"server":`, a.Server)
	b = networkPaths(b, a.Network)
	b = Integer(b, `,"count":`, uint64(a.Count))
	b = Term(b, `,"state":`, a.State)
	b = Stamp(b, `,"first":`, a.First)
	b = Stamp(b, `,"last":`, a.Last)
	if a.ICMP == nil {
		b = append(b, `,"icmp":null`...)
	} else {
		b = Address(b, `,"icmp":{"from":`, a.ICMP.From)
		b = Integer(b, `,"type":`, uint64(a.ICMP.Type))
		b = append(Integer(b, `,"code":`, uint64(a.ICMP.Code)), '}')
	}
	return append(AppendVerdict(b, a.Verdict, false), '}')
}

// AppendOrphan appends an orphan.
func AppendOrphan(b []byte, o *record.Orphan) []byte {
	b = append(b, `{"type":"orphan"`...)
	b = sensorOf(b, o.Sensor)
	b = Term(b, `,"mode":`, o.Mode)
	b = Term(b, `,"evidence":`, o.Evidence)
	b = Term(b, `,"initiator":`, o.Initiator)
	b = appendConnection(b, &o.Connection)
	b = Integer(b, `,"bytes":`, o.Bytes)
	return append(AppendVerdict(appendTCP(b, o.TCP), o.Verdict, o.Conn.Last.Pos.File() > 0), '}')
}

// sensorOf names the sensor of a record, if it is one's.
func sensorOf(b []byte, sensor string) []byte {
	if sensor == "" {
		return b
	}
	return Word(b, `,"sensor":`, sensor)
}

func appendGap(b []byte, g *record.Gap) []byte {
	b = sensorOf(append(b, `{"type":"gap"`...), g.Sensor)
	return append(Integer(b, `,"records":`, g.Records), '}')
}

func appendSummary(b []byte, s *record.Summary) []byte {
	b = append(b, `{"type":"summary"`...)
	b = sensorOf(b, s.Sensor)
	b = words(b, `,"files":`, s.Files)
	b = Integer(b, `,"packets":`, s.Packets)
	b = Integer(b, `,"bytes":`, s.Bytes)
	b = MaybeStamp(b, `,"first":`, s.First)
	b = MaybeStamp(b, `,"last":`, s.Last)
	b = Integer(b, `,"sessions":`, uint64(s.Sessions))
	b = Integer(b, `,"transfers":{"active":`, uint64(s.Transfers.Active))
	b = Integer(b, `,"passive":`, uint64(s.Transfers.Passive))
	b = Integer(b, `,"unknown":`, uint64(s.Transfers.Unknown))
	b = Integer(b, `},"attempts":`, uint64(s.Attempts))
	b = Integer(b, `,"orphans":`, uint64(s.Orphans))
	b = append(b, `,"findings":{`...)
	for i, severity := range record.FromMildest() {
		b = Quote(Comma(b, i), "", severity)
		b = Integer(b, ":", uint64(s.Findings[severity]))
	}
	c := &s.Capture
	b = Integer(b, `},"capture":{"missing_bytes":`, c.MissingBytes)
	b = words(b, `,"truncated_files":`, c.TruncatedFiles)
	b = Integer(b, `,"undecoded_packets":`, c.Undecoded)
	b = append(b, `,"undecoded":[`...)
	for i, r := range c.Reasons {
		b = Quote(Comma(b, i), `{"reason":`, r.Text)
		b = append(Integer(b, `,"packets":`, r.Packets), '}')
	}
	b = append(b, ']')
	b = Integer(b, `,"dropped_packets":`, c.Dropped)
	b = Integer(b, `,"evicted_connections":`, c.Evicted)
	if c.Repeated > 0 {
		b = Integer(b, `,"repeated_packets":`, c.Repeated)
	}
	b = append(b, '}')
	if h := s.Hidden; h != nil {
		b = Integer(b, `,"hidden":{"sessions":`, uint64(h.Sessions))
		b = Integer(b, `,"attempts":`, uint64(h.Attempts))
		b = Integer(b, `,"orphans":`, uint64(h.Orphans))
		b = append(b, '}')
	}
	return append(appendPace(b, s), '}')
}

// appendPace writes how long the capture lasted and its packets a second, by the packets'
// own clock: wall-clock times would make two runs differ.
func appendPace(b []byte, s *record.Summary) []byte {
	if s.First == nil || s.Last == nil {
		return append(b, `,"elapsed_seconds":null,"packets_per_second":null`...)
	}
	elapsed := max(s.Last.Time-s.First.Time, 0)
	digits := min(max(s.First.Digits, s.Last.Digits), 9)
	b = strconv.AppendInt(append(b, `,"elapsed_seconds":`...), int64(elapsed/flow.Second), 10)
	b = Fraction(b, int(elapsed%flow.Second), digits)
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
		b = Quote(Comma(b, i), "", s)
	}
	return append(b, ']')
}
