package analyze_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/formats"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
)

// Whatever a session's packets are wrapped in, link types and tunnels, the records are
// the same but for the network.
func TestWrapped(t *testing.T) {
	for sample, only := range map[string]int{"active-port.pcap": 4, "passive-pasv.pcap": 4, "active-eprt-ipv6.pcap": 6} {
		frames, err := capturetest.ReadPcap(filepath.Join("../pcaps", sample))
		require.NoError(t, err)
		frames = capturetest.WithIP(frames)
		want, _ := wrappedRecords(t, frames)
		require.Contains(t, want, `"type": "session"`)
		for _, w := range append(capturetest.Wrappings(), capturetest.OnlyIP(only)) {
			t.Run(sample+"/"+w.Name, func(t *testing.T) {
				got, undecoded := wrappedRecords(t, w.Wrap(frames))
				requireRecords(t, want, got)
				require.Zero(t, undecoded)
			})
		}
	}
}

// A Teredo client's addresses are IPv6's with a prefix of their own.
func TestWrappedInTeredo(t *testing.T) {
	frames := capturetest.MustFrames(t, `
client [2001:0:4136:e378:8000:63bf:3fff:fdd2]:51234
server [2001:db8::21]:21
S: 220 ready
C: USER bob
S: 331 password
C: PASS x
S: 230 in
C: EPRT |2|2001:0:4136:e378:8000:63bf:3fff:fdd2|40000|
S: 200 fine
C: RETR a
data d1 [2001:db8::21]:20 > [2001:0:4136:e378:8000:63bf:3fff:fdd2]:40000
S: 150 here
d1> 5000 fin
S: 226 done
C: QUIT
S: 221 bye
close`)
	want, _ := wrappedRecords(t, frames)
	require.Contains(t, want, `"mode": "active"`)
	for _, w := range capturetest.Teredo() {
		t.Run(w.Name, func(t *testing.T) {
			got, undecoded := wrappedRecords(t, w.Wrap(frames))
			requireRecords(t, want, got)
			require.Zero(t, undecoded)
		})
	}
}

// requireRecords shows where records begin to differ.
func requireRecords(t *testing.T, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	at := 0
	for at < min(len(want), len(got)) && want[at] == got[at] {
		at++
	}
	around := func(s string) string { return s[max(0, at-100):min(len(s), at+100)] }
	t.Fatalf("records differ: want …%s…\ngot …%s…", around(want), around(got))
}

// withoutNetworks takes what says what a connection was in out of records.
func withoutNetworks(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "network")
		for _, inner := range v {
			withoutNetworks(inner)
		}
	case []any:
		for _, inner := range v {
			withoutNetworks(inner)
		}
	}
	return v
}

// wrappedRecords are the JSON records but the summary, without networks, and how many
// packets were not decoded.
func wrappedRecords(t *testing.T, frames []capturetest.Frame) (string, uint64) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.pcap")
	require.NoError(t, os.WriteFile(name, pcapOf(frames)[0], 0o600))
	c, err := capture.Open([]string{name}, capture.Options{Problem: func(e *capture.FileError) { t.Error(e) }})
	require.NoError(t, err)
	format, _ := formats.Find("json")
	var out bytes.Buffer
	sum, err := analyze.Run(c, analyze.Options{Dialogue: true}, format.New(&out, report.Options{}))
	require.NoError(t, err)
	var records strings.Builder
	for line := range bytes.Lines(out.Bytes()) {
		var r map[string]any
		require.NoError(t, json.Unmarshal(line, &r))
		if r["type"] == "summary" {
			break
		}
		b, err := json.MarshalIndent(withoutNetworks(r), "", " ")
		require.NoError(t, err)
		records.Write(b)
	}
	return records.String(), sum.Capture.Undecoded
}

// An 802.11 frame may hold several packets, of several connections that begin there.
func TestAggregated(t *testing.T) {
	script := func(port string) []capturetest.Frame {
		return capturetest.MustFrames(t, `
client 192.0.2.10:`+port+`
S: 220 ready
C: USER bob
S: 331 password
C: PASS x
S: 230 in
C: PASV
S: 227 ok (192,0,2,21,195,80)
C: RETR a
data d1 192.0.2.10:4`+port[1:]+` > 192.0.2.21:50000
S: 150 here
d1< 5000 fin
S: 226 done
C: QUIT
S: 221 bye
close`)
	}
	one, two := script("51000"), script("52000")
	require.Len(t, two, len(one))
	var frames []capturetest.Frame
	for i := range one {
		frames = append(frames, one[i], two[i])
	}
	want := recordsOf(t, pcapOf(frames))
	for _, n := range []int{1, 2, 4} {
		got := recordsOf(t, pcapOf(capturetest.Aggregate(frames, n)))
		require.Empty(t, differences(want, got), n)
	}
}
