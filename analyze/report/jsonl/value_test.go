package jsonl

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// Each kind of value has a form, and null where nothing is known.
func TestValues(t *testing.T) {
	n, empty := uint64(7), ""
	for name, test := range map[string]struct {
		got  []byte
		want string
	}{
		"term":              {Term(nil, "k:", "active"), `k:"active"`},
		"no term":           {Term(nil, "k:", ""), "k:null"},
		"word":              {Word(nil, "k:", `say "x"`), `k:"say \"x\""`},
		"no word":           {Word(nil, "k:", ""), "k:null"},
		"text":              {Text(nil, "k:", &empty), `k:""`},
		"no text":           {Text(nil, "k:", nil), "k:null"},
		"number":            {Integer(nil, "k:", 1<<64-1), "k:18446744073709551615"},
		"count":             {Count(nil, "k:", &n), "k:7"},
		"no count":          {Count(nil, "k:", nil), "k:null"},
		"code":              {Code(nil, "k:", 226), "k:226"},
		"no code":           {Code(nil, "k:", 0), "k:null"},
		"boolean":           {Boolean(nil, "k:", true), "k:true"},
		"frame":             {Frame(nil, "k:", flow.At(1, 14)), "k:14"},
		"no frame":          {Frame(nil, "k:", 0), "k:null"},
		"file":              {FileIndex(nil, "k:", flow.At(1, 14)), "k:1"},
		"no file":           {FileIndex(nil, "k:", 0), "k:null"},
		"address":           {Address(nil, "k:", netip.MustParseAddr("::ffff:192.0.2.1")), `k:"192.0.2.1"`},
		"zoned":             {Address(nil, "k:", netip.MustParseAddr("fe80::1%a\"b")), `k:"fe80::1"`},
		"no address":        {Address(nil, "k:", netip.Addr{}), "k:null"},
		"endpoint":          {Endpoint(nil, "k:", reporttest.Endpoint("[2001:db8::1]:21")), `k:{"ip":"2001:db8::1","port":21}`},
		"no endpoint":       {Endpoint(nil, "k:", netip.AddrPort{}), "k:null"},
		"no time":           {MaybeStamp(nil, "k:", nil), "k:null"},
		"no community id":   {CommunityID(nil, netip.AddrPort{}, netip.AddrPort{}), `,"community_id":null`},
		"no fraction":       {Fraction(nil, 123, 0), ""},
		"fraction":          {Fraction(nil, 12_000_000, 3), ".012"},
		"first of an array": {Comma(nil, 0), ""},
		"next of an array":  {Comma(nil, 1), ","},
		"no words":          {words(nil, "k:", nil), "k:[]"},
		"words":             {words(nil, "k:", []string{"a", "\x00"}), `k:["a","\u0000"]`},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, string(test.got)) })
	}
	require.Equal(t, "2024-03-01T10:02:15.000000Z", RFC3339(reporttest.At(0)))
}

// file fails, and knows what was written.
type file struct {
	pieces []int
	err    error
}

func (f *file) Write(b []byte) (int, error) {
	f.pieces = append(f.pieces, len(b))
	return len(b), f.err
}

// Lines are written when there are enough, and never without any; a large buffer is not kept.
func TestLines(t *testing.T) {
	f := &file{}
	l := Lines{W: f, Buf: make([]byte, enough-1)}
	require.NoError(t, l.Spill())
	require.Empty(t, f.pieces)
	l.Buf = append(l.Buf, '\n')
	require.NoError(t, l.Spill())
	require.Equal(t, []int{enough}, f.pieces)
	require.NotNil(t, l.Buf)
	require.NoError(t, l.Flush())
	require.Len(t, f.pieces, 1, "nothing is not written")
	l.Buf = make([]byte, 2*maxKept)
	require.NoError(t, l.Flush())
	require.Nil(t, l.Buf)
	f.err = errors.New("disk full")
	l.Buf = append(l.Buf, '\n')
	require.EqualError(t, l.Flush(), "disk full")
	require.Empty(t, l.Buf, "what could not be written does not come again")
}

// The summary has its pace by the packets' clock, so that two runs are alike.
func TestPace(t *testing.T) {
	first, last := reporttest.At(0), reporttest.At(2500)
	for want, s := range map[string]record.Summary{
		`,"elapsed_seconds":null,"packets_per_second":null`:      {},
		`,"elapsed_seconds":0.000000,"packets_per_second":null`:  {First: &first, Last: &first, Packets: 1},
		`,"elapsed_seconds":2.500000,"packets_per_second":4.000`: {First: &first, Last: &last, Packets: 10},
	} {
		require.Equal(t, want, string(appendPace(nil, &s)))
	}
	got := string(appendSummary(nil, &record.Summary{Hidden: &record.Hidden{Sessions: 1, Orphans: 2}, Capture: record.SummaryCapture{Reasons: []record.Reason{{Text: "ESP", Packets: 3}}}}))
	require.Contains(t, got, `"undecoded":[{"reason":"ESP","packets":3}]`)
	require.Contains(t, got, `"hidden":{"sessions":1,"attempts":0,"orphans":2}`)
	require.Contains(t, got, `"findings":{"info":0,"low":0,"medium":0,"high":0,"critical":0}`)
}

// Records beside sessions.
func TestOthers(t *testing.T) {
	got := strings.Split(reporttest.WriteAll(t, []report.Format{Format()}, "json"), "\n")
	require.Equal(t, `{"type":"attempt","client_ip":"192.0.2.1","server":{"ip":"2001:db8::1","port":21},"network":null,"count":3,"state":"unreachable",`+
		`"first":"2024-03-01T10:02:15.000000Z","last":"2024-03-01T10:02:22.000000Z","icmp":{"from":"10.0.0.1","type":3,"code":13},"verdict":null}`, got[0])
	require.Contains(t, got[1], `{"type":"orphan","mode":"active","evidence":"inferred","initiator":"server","connection":{"src":{"ip":"192.0.2.21","port":20}`)
	require.Contains(t, string(AppendAttempt(nil, &record.Attempt{})), `"icmp":null,"verdict":null}`)
}
