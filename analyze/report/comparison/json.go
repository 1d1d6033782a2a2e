package comparison

import (
	"io"
	"strconv"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/jsonl"
	"ftpscope/capture/flow"
)

func writeJSON(w io.Writer, r *compare.Result, _ report.Options) error {
	var b []byte
	for i := range r.Comparisons {
		b = append(appendComparison(b[:0], &r.Comparisons[i], r), '\n')
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	_, err := w.Write(append(appendCompareSummary(b[:0], r), '\n'))
	return err
}

func appendComparison(b []byte, c *compare.Comparison, r *compare.Result) []byte {
	b = append(b, `{"type":"comparison"`...)
	b = jsonl.Integer(b, `,"id":`, uint64(c.ID))
	b = jsonl.Boolean(b, `,"attempt":`, c.Attempt)
	b = jsonl.Term(b, `,"verdict":`, c.Verdict)
	b = jsonl.Quote(b, `,"message":`, c.Message)
	b = appendSeen(b, `,"here":`, c.Here)
	b = appendSeen(b, `,"there":`, c.There)
	b = seconds(b, `,"delay":{"round_trip":`, c.Delay.RoundTrip)
	for _, w := range []compare.Way{compare.ToServer, compare.ToClient} {
		b = appendSpread(append(b, `,"`+w.String()+`":`...), c.Delay.Way[w])
	}
	b = hopCount(b, `},"hops":{"to_server":`, c.HopsToServer)
	b = hopCount(b, `,"to_client":`, c.HopsToClient)
	b = append(b, `},"transfers":[`...)
	for i := range c.Transfers {
		b = appendCompared(jsonl.Comma(b, i), &c.Transfers[i])
	}
	b = append(b, `],"differences":[`...)
	for i := range c.Differences {
		b = appendDifference(jsonl.Comma(b, i), &c.Differences[i], r)
	}
	return append(b, "]}"...)
}

func appendSeen(b []byte, key string, s *compare.Seen) []byte {
	b = append(b, key...)
	if s == nil {
		return append(b, "null"...)
	}
	b = append(b, `{"session":`...)
	if s.ID == 0 {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(s.ID), 10)
	}
	b = jsonl.Endpoint(b, `,"client":`, s.Client)
	b = jsonl.Endpoint(b, `,"server":`, s.Server)
	b = jsonl.Text(b, `,"user":`, s.User)
	b = jsonl.Stamp(b, `,"start":`, s.Start)
	b = jsonl.Stamp(b, `,"end":`, s.End)
	return append(b, '}')
}

func appendSpread(b []byte, s *compare.Spread) []byte {
	if s == nil {
		return append(b, "null"...)
	}
	b = seconds(b, `{"least":`, &s.Least)
	b = seconds(b, `,"median":`, &s.Median)
	b = seconds(b, `,"most":`, &s.Most)
	b = jsonl.Integer(b, `,"packets":`, uint64(s.Packets))
	return append(b, '}')
}

// seconds writes a time in seconds with as many digits as it has, at most nanoseconds.
func seconds(b []byte, key string, t *flow.Time) []byte {
	b = append(b, key...)
	if t == nil {
		return append(b, "null"...)
	}
	n := *t
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, int64(n/flow.Second), 10)
	return jsonl.Fraction(b, int(n%flow.Second), 9)
}

func hopCount(b []byte, key string, n *int) []byte {
	b = append(b, key...)
	if n == nil {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, int64(*n), 10)
}

func appendCompared(b []byte, t *compare.Transfer) []byte {
	b = jsonl.Integer(b, `{"n":`, uint64(t.N))
	b = jsonl.Term(b, `,"verdict":`, t.Verdict)
	b = jsonl.Quote(b, `,"message":`, t.Message)
	for i, s := range []*record.Transfer{t.Here, t.There} {
		b = append(b, [...]string{`,"here":`, `,"there":`}[i]...)
		if s == nil {
			b = append(b, "null"...)
			continue
		}
		b = jsonl.Integer(b, `{"n":`, uint64(s.N))
		b = jsonl.Text(b, `,"command":`, s.Command)
		b = jsonl.Text(b, `,"argument":`, s.Argument)
		b = jsonl.Term(b, `,"method":`, s.Method)
		b = jsonl.Term(b, `,"initiator":`, s.Initiator)
		b = jsonl.Term(b, `,"outcome":`, s.Outcome)
		b = jsonl.Count(b, `,"bytes":`, s.Bytes)
		b = append(b, `,"announced":`...)
		if s.Announced == nil {
			b = append(b, "null"...)
		} else {
			b = jsonl.Endpoint(b, "", *s.Announced)
		}
		b = append(b, `,"connection":`...)
		if s.Connection == nil {
			b = append(b, "null}"...)
			continue
		}
		b = jsonl.Endpoint(b, `{"src":`, s.Connection.Src)
		b = jsonl.Endpoint(b, `,"dst":`, s.Connection.Dst)
		b = jsonl.Term(b, `,"state":`, s.Connection.State)
		b = append(b, "}}"...)
	}
	return append(b, '}')
}

func appendDifference(b []byte, d *compare.Difference, r *compare.Result) []byte {
	b = jsonl.Term(b, `{"kind":`, d.Kind)
	if d.Transfer == 0 {
		b = append(b, `,"transfer":null`...)
	} else {
		b = jsonl.Integer(b, `,"transfer":`, uint64(d.Transfer))
	}
	b = jsonl.Term(b, `,"way":`, d.Way.String())
	b = jsonl.Quote(b, `,"message":`, d.Message)
	b = jsonl.Boolean(b, `,"certain":`, d.Certain)
	b = jsonl.Integer(b, `,"packets":`, uint64(d.Packets))
	b = jsonl.Integer(b, `,"bytes":`, d.Bytes)
	b = jsonl.Integer(b, `,"retransmissions":`, uint64(d.RTOs))
	b = jsonl.Text(b, `,"here":`, d.TextHere)
	b = jsonl.Text(b, `,"there":`, d.TextThere)
	b = positions(b, `,"frames":{"here":`, d.Here, flow.Pos.Packet)
	b = positions(b, `,"there":`, d.There, flow.Pos.Packet)
	b = append(b, '}')
	if len(r.Here.Files) > 1 || len(r.There.Files) > 1 {
		file := func(p flow.Pos) uint64 { return uint64(p.File()) }
		b = positions(b, `,"frame_files":{"here":`, d.Here, file)
		b = positions(b, `,"there":`, d.There, file)
		b = append(b, '}')
	}
	return append(b, '}')
}

func positions(b []byte, key string, list []flow.Pos, of func(flow.Pos) uint64) []byte {
	b = append(append(b, key...), '[')
	for i, p := range list {
		b = strconv.AppendUint(jsonl.Comma(b, i), of(p), 10)
	}
	return append(b, ']')
}

func appendCompareSummary(b []byte, r *compare.Result) []byte {
	b = append(b, `{"type":"comparison_summary"`...)
	for i, s := range []*compare.Side{r.Here, r.There} {
		b = append(b, [...]string{`,"here":`, `,"there":`}[i]...)
		b = jsonl.Quote(b, `{"name":`, s.Name)
		b = texts(b, `,"files":`, s.Files)
		b = jsonl.Integer(b, `,"packets":`, s.Packets)
		var first, last *record.Stamp
		if s.Packets > 0 {
			first, last = &s.First, &s.Last
		}
		b = jsonl.MaybeStamp(b, `,"first":`, first)
		b = jsonl.MaybeStamp(b, `,"last":`, last)
		b = jsonl.Integer(b, `,"sessions":`, uint64(len(s.Sessions)+s.Skipped))
		b = jsonl.Integer(b, `,"not_compared":`, uint64(s.Skipped))
		b = jsonl.Integer(b, `,"dropped_packets":`, s.Dropped)
		b = jsonl.Integer(b, `,"undecoded_packets":`, s.Undecoded)
		b = texts(b, `,"truncated_files":`, s.Truncated)
		b = jsonl.Boolean(b, `,"complete":`, !r.Imperfect[i] && s.Dropped == 0 && len(s.Truncated) == 0)
		b = append(b, '}')
	}
	b = jsonl.Boolean(b, `,"swapped":`, r.Swapped)
	b = jsonl.Boolean(b, `,"order_known":`, r.OrderKnown)
	b = appendClock(b, &r.Clock)
	b = jsonl.Integer(b, `,"stepped_sessions":`, uint64(r.Stepped))
	b = jsonl.Integer(b, `,"comparisons":`, uint64(len(r.Comparisons)))
	b = append(b, `,"verdicts":{`...)
	for i, v := range compare.Verdicts() {
		b = jsonl.Integer(jsonl.Comma(b, i), `"`+v+`":`, uint64(r.Verdicts[v]))
	}
	return append(b, "}}"...)
}

func appendClock(b []byte, c *compare.Clock) []byte {
	if !c.Known {
		return append(b, `,"clock":null`...)
	}
	b = seconds(b, `,"clock":{"offset":`, &c.Offset)
	var half *flow.Time
	if c.HasRound {
		h := max(c.RoundTrip, -c.RoundTrip) / 2
		half = &h
	}
	b = seconds(b, `,"give_or_take":`, half)
	b = append(b, `,"drift_ppm":`...)
	b = strconv.AppendFloat(b, c.PPM, 'f', 3, 64)
	b = jsonl.Integer(b, `,"packets":`, uint64(c.Packets))
	return append(b, '}')
}

func texts(b []byte, key string, list []string) []byte {
	b = append(append(b, key...), '[')
	for i, s := range list {
		b = jsonl.Quote(jsonl.Comma(b, i), "", s)
	}
	return append(b, ']')
}
