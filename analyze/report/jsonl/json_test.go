package jsonl

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

func TestQuote(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "photo.bin", `"photo.bin"`},
		{"quotes and backslash", `a"b\c`, `"a\"b\\c"`},
		{"line ends and tab", "a\r\n\tb", `"a\r\n\tb"`},
		{"escape, NUL and DEL", "\x1b[31m\x00\x7f", `"\u001b[31m\u0000\u007f"`},
		{"C1", "a\u009bb", `"a\u009bb"`},
		{"bidi override", "a\u202eb", `"a\u202eb"`},
		{"tag beyond the BMP", "\U000e0041", `"\udb40\udc41"`},
		{"text beyond ASCII", "Grüße 最終 😀", `"Grüße 最終 😀"`},
		{"Latin-1 bytes", "caf\xe9!", `"caf` + "\ufffd" + `!"`},
		{"surrogate in UTF-8", "\xed\xa0\x80", `"` + "\ufffd\ufffd\ufffd" + `"`},
		{"cut character at the end", "a\xe6\x9c", `"a` + "\ufffd\ufffd" + `"`},
		{"empty", "", `""`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := string(Quote(nil, "", test.in))
			require.Equal(t, test.want, got)
			var back string
			require.NoError(t, json.Unmarshal([]byte(got), &back))
			require.Equal(t, strings.ToValidUTF8(test.in, "\ufffd"), strings.ToValidUTF8(collapse(back, test.in), "\ufffd"))
		})
	}
}

// collapse undoes that every invalid byte has its own U+FFFD here, one a run in
// strings.ToValidUTF8.
func collapse(got, in string) string {
	if strings.ToValidUTF8(in, "") == in {
		return got
	}
	for strings.Contains(got, "\ufffd\ufffd") {
		got = strings.ReplaceAll(got, "\ufffd\ufffd", "\ufffd")
	}
	return got
}

func TestStamp(t *testing.T) {
	const base = 1709287335*flow.Second + 123456789
	tests := []struct {
		name   string
		time   flow.Time
		digits uint8
		want   string
	}{
		{"microseconds", base, 6, `"2024-03-01T10:02:15.123456Z"`},
		{"nanoseconds", base, 9, `"2024-03-01T10:02:15.123456789Z"`},
		{"milliseconds", base, 3, `"2024-03-01T10:02:15.123Z"`},
		{"seconds", base, 0, `"2024-03-01T10:02:15Z"`},
		{"more than there are", base, 12, `"2024-03-01T10:02:15.123456789Z"`},
		{"before 1970", -1, 9, `"1969-12-31T23:59:59.999999999Z"`},
		{"earliest", -1 << 63, 6, `"1677-09-21T00:12:43.145224Z"`},
		{"latest", 1<<63 - 1, 6, `"2262-04-11T23:47:16.854775Z"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, string(Stamp(nil, "", record.Stamp{Time: test.time, Digits: test.digits})))
		})
	}
}

// encode writes one session and decodes it again.
func encode(t *testing.T, s *record.Session, o report.Options) map[string]any {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, newJSON(&out, o).Session(s))
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	var got map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	return got
}

func TestPasswords(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Dialogue = []record.Exchange{{Time: reporttest.At(1), Pos: flow.At(0, 9), Command: "pAsS", Argument: reporttest.Ptr("me@example.org"),
		Replies: []record.Reply{{Time: reporttest.At(2), Pos: flow.At(0, 10), Code: 230, Text: "hello\nthere"}}}}
	hidden := encode(t, s, report.Options{})
	require.Equal(t, "(hidden)", hidden["password"])
	require.Equal(t, []any{map[string]any{"time": "2024-03-01T10:02:15.001000Z", "frame": 9.0, "command": "pAsS", "argument": "(hidden)",
		"replies": []any{map[string]any{"time": "2024-03-01T10:02:15.002000Z", "frame": 10.0, "code": 230.0, "text": "hello\nthere"}}}}, hidden["commands"])
	shown := encode(t, s, report.Options{ShowPasswords: true})
	require.Equal(t, "me@example.org", shown["password"])
	require.Equal(t, "me@example.org", shown["commands"].([]any)[0].(map[string]any)["argument"])
	s.Password, s.Dialogue = nil, []record.Exchange{}
	none := encode(t, s, report.Options{ShowPasswords: true})
	require.Nil(t, none["password"])
	require.Equal(t, []any{}, none["commands"])
}

func TestUnknownIsNull(t *testing.T) {
	got := encode(t, &record.Session{ID: 1, Transfers: []record.Transfer{{N: 1}}}, report.Options{})
	for _, key := range []string{"community_id", "client", "server", "user", "password", "login", "banner", "mode"} {
		require.Contains(t, got, key)
		require.Nil(t, got[key], key)
	}
	transfer := got["transfers"].([]any)[0].(map[string]any)
	require.Len(t, transfer, 26)
	for key, value := range transfer {
		if key != "n" && key != "frames" {
			require.Nil(t, value, key)
		}
	}
}

func TestFrameFiles(t *testing.T) {
	s := reporttest.ActiveSession()
	require.NotContains(t, encode(t, s, report.Options{}), "frame_files")
	s.Transfers[1].Frames.Reply = flow.At(2, 7)
	s.Transfers[1].Frames.Command = 0
	for i, want := range []map[string]any{
		{"negotiation": 0.0, "command": 0.0, "syn": 0.0, "first_data": 0.0, "reply": 0.0},
		{"negotiation": 0.0, "command": nil, "syn": 0.0, "first_data": 0.0, "reply": 2.0},
	} {
		require.Equal(t, want, encode(t, s, report.Options{})["transfers"].([]any)[i].(map[string]any)["frame_files"])
	}
	s.Findings = []record.Finding{{ID: "data-cut", Frames: []flow.Pos{flow.At(0, 3), flow.At(2, 7)}}}
	found := encode(t, s, report.Options{})["findings"].([]any)[0].(map[string]any)
	require.Equal(t, []any{3.0, 7.0}, found["frames"])
	require.Equal(t, []any{0.0, 2.0}, found["frame_files"])
	s.Dialogue = []record.Exchange{{Pos: flow.At(2, 7), Command: "NOOP", Replies: []record.Reply{{Pos: flow.At(1, 9), Code: 200}}}}
	said := encode(t, s, report.Options{})["commands"].([]any)[0].(map[string]any)
	require.Equal(t, 2.0, said["frame_file"])
	require.Equal(t, 1.0, said["replies"].([]any)[0].(map[string]any)["frame_file"])

	files := encode(t, reporttest.BlockedSession(), report.Options{Files: 2})["transfers"].([]any)[0].(map[string]any)
	require.Equal(t, map[string]any{"negotiation": 0.0, "command": nil, "syn": 0.0, "first_data": nil, "reply": nil}, files["frame_files"])
}

func TestOtherRecords(t *testing.T) {
	var out bytes.Buffer
	w := newJSON(&out, report.Options{})
	require.NoError(t, w.Attempt(&record.Attempt{ClientIP: netip.MustParseAddr("192.0.2.1"), Server: reporttest.Endpoint("[2001:db8::1]:21"), Count: 3,
		State: "unreachable", First: reporttest.At(0), Last: reporttest.At(7000), ICMP: &record.ICMP{From: netip.MustParseAddr("10.0.0.1"), Type: 3, Code: 13}}))
	require.NoError(t, w.Orphan(&record.Orphan{Mode: "active", Evidence: "inferred", Initiator: "server", Bytes: 12,
		Connection: record.Connection{Src: reporttest.Endpoint("192.0.2.1:20"), Dst: reporttest.Endpoint("192.0.2.2:5000"), Start: reporttest.At(0), End: reporttest.At(1), State: "established", Attempts: 1, Closing: "fin"}}))
	first, last := reporttest.At(0), reporttest.At(2000)
	last.Digits = 9
	require.NoError(t, w.Summary(&record.Summary{Files: []string{"a\x1b.pcap"}, Packets: 3, Bytes: 180, First: &first, Last: &last, Sessions: 0,
		Attempts: 1, Orphans: 1, Findings: map[string]int{"high": 2}, Capture: record.SummaryCapture{TruncatedFiles: []string{"b"}, Undecoded: 3, Reasons: []record.Reason{{Text: "IPsec ESP", Packets: 2}, {Text: "\x00", Packets: 1}}}}))
	require.Equal(t, `{"type":"attempt","client_ip":"192.0.2.1","server":{"ip":"2001:db8::1","port":21},"network":null,"count":3,"state":"unreachable","first":"2024-03-01T10:02:15.000000Z","last":"2024-03-01T10:02:22.000000Z","icmp":{"from":"10.0.0.1","type":3,"code":13},"verdict":null}
{"type":"orphan","mode":"active","evidence":"inferred","initiator":"server","connection":{"src":{"ip":"192.0.2.1","port":20},"dst":{"ip":"192.0.2.2","port":5000},"community_id":"1:+pgkpG90SbMwXwpj5J5RO7N4TGQ=","start":"2024-03-01T10:02:15.000000Z","end":"2024-03-01T10:02:15.001000Z","state":"established","attempts":1,"closing":"fin","network":null},"bytes":12,"tcp":null,"verdict":null}
{"type":"summary","files":["a\u001b.pcap"],"packets":3,"bytes":180,"first":"2024-03-01T10:02:15.000000Z","last":"2024-03-01T10:02:17.000000000Z","sessions":0,"transfers":{"active":0,"passive":0,"unknown":0},"attempts":1,"orphans":1,"findings":{"info":0,"low":0,"medium":0,"high":2,"critical":0},"capture":{"missing_bytes":0,"truncated_files":["b"],"undecoded_packets":3,"undecoded":[{"reason":"IPsec ESP","packets":2},{"reason":"\u0000","packets":1}],"dropped_packets":0,"evicted_connections":0},"elapsed_seconds":2.000000000,"packets_per_second":1.500}
`, out.String())
}

func threeTransfers() *record.Session {
	s := reporttest.ActiveSession()
	s.Transfers = append(s.Transfers, reporttest.ActiveTransfer(3, "RETR", "more/photo.bin", 200, 43700, 123456))
	return s
}

func TestJSONAllocatesNothing(t *testing.T) {
	s, w := threeTransfers(), newJSON(io.Discard, report.Options{})
	require.NoError(t, w.Session(s))
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = w.Session(s) }))
}

func BenchmarkJSON(b *testing.B) {
	s, w := threeTransfers(), newJSON(io.Discard, report.Options{})
	b.ReportAllocs()
	for b.Loop() {
		_ = w.Session(s)
	}
}

// A text of the wire, whatever it is, makes one valid JSON string.
func FuzzQuote(f *testing.F) {
	f.Add("a\x1b\xff\u202e\"\\")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		require.NoError(t, json.Unmarshal(Quote(nil, "", s), &back))
		want, err := json.Marshal(s)
		require.NoError(t, err)
		var same string
		require.NoError(t, json.Unmarshal(want, &same))
		require.Equal(t, same, back)
	})
}

func TestGoldens(t *testing.T) { reporttest.Goldens(t, []report.Format{Format()}) }
