package analyze_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze"
	"ftpscope/analyze/analyzetest"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/formats"
	"ftpscope/capture"
	"ftpscope/capture/capturetest"
	"ftpscope/capture/flow"
)

// What networks and captures do to packets without changing what was said must not change what ftpscope says.

// mutations are such changes; each gets the frames and gives the files of the capture.
var mutations = []struct {
	name string
	do   func([]capturetest.Frame) [][]byte
}{
	{"split to 1 byte", func(f []capturetest.Frame) [][]byte {
		return pcapOf(capturetest.SplitAt(f, capturetest.Cuts(f, talkative(f)...)...))
	}},
	{"split at random", func(f []capturetest.Frame) [][]byte { return pcapOf(capturetest.SplitRandomly(f, 40, 1)) }},
	{"split at random, other seed", func(f []capturetest.Frame) [][]byte { return pcapOf(capturetest.SplitRandomly(f, 900, 2)) }},
	{"merged", func(f []capturetest.Frame) [][]byte { return pcapOf(capturetest.Merge(f, 60000)) }},
	{"duplicated", func(f []capturetest.Frame) [][]byte { return pcapOf(capturetest.Duplicate(f)) }},
	{"retransmitted", func(f []capturetest.Frame) [][]byte { return pcapOf(capturetest.Retransmit(f, 3)) }},
	{"reordered", func(f []capturetest.Frame) [][]byte { return pcapOf(capturetest.Reorder(hasty(f), 64, 4)) }},
	{"reordered a little", func(f []capturetest.Frame) [][]byte { return pcapOf(capturetest.Reorder(hasty(f), 4, 5)) }},
	{"split and reordered", func(f []capturetest.Frame) [][]byte {
		return pcapOf(capturetest.Reorder(capturetest.SplitRandomly(hasty(f), 40, 6), 16, 6))
	}},
	{"pcapng", func(f []capturetest.Frame) [][]byte {
		var b bytes.Buffer
		must(capturetest.WritePcapng(&b, f, capturetest.NgOptions{Sections: 2, Extras: true, Alternate: true}))
		return [][]byte{b.Bytes()}
	}},
	{"rotated", func(f []capturetest.Frame) [][]byte {
		return pcapOf(capturetest.Rotate(f, 5)...)
	}},
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func pcapOf(parts ...[]capturetest.Frame) (files [][]byte) {
	for _, frames := range parts {
		var b bytes.Buffer
		must(capturetest.WritePcap(&b, frames, capturetest.PcapOptions{}))
		files = append(files, b.Bytes())
	}
	return files
}

// hasty lets at most 10 ms pass between packets: networks reorder by distance in time too, and who waits for a packet
// that is late does not do so for ever.
func hasty(frames []capturetest.Frame) []capturetest.Frame {
	out := slices.Clone(frames)
	for i := 1; i < len(out); i++ {
		out[i].Time = out[i-1].Time + min(frames[i].Time-frames[i-1].Time, 10*flow.Millisecond)
	}
	return out
}

// talkative lists the connections with little payload: control connections. To cut megabytes of data into bytes takes long.
func talkative(frames []capturetest.Frame) []string {
	size := map[string]int{}
	for i := range frames {
		if m := frames[i].Meta; m != nil {
			size[frames[i].Conn] += len(m.Payload)
		}
	}
	names := []string{"none"}
	for name, n := range size {
		if n < 5000 {
			names = append(names, name)
		}
	}
	return names
}

// recordsOf analyzes a capture of one or more files and returns its JSON records, decoded and normal.
func recordsOf(t testing.TB, files [][]byte) []string {
	t.Helper()
	dir, args := t.TempDir(), []string(nil)
	for i, data := range files {
		name := filepath.Join(dir, fmt.Sprintf("%d.pcap", i))
		require.NoError(t, os.WriteFile(name, data, 0o600))
		args = append(args, name)
	}
	c, err := capture.Open(args, capture.Options{Problem: func(e *capture.FileError) {
		if !e.Warning {
			t.Error(e)
		}
	}})
	require.NoError(t, err)
	format, _ := formats.Find("json")
	var out bytes.Buffer
	_, err = analyze.Run(c, analyze.Options{Dialogue: true}, format.New(&out, report.Options{}))
	require.NoError(t, err)
	return normal(t, out.Bytes())
}

// volatile keys say where and when packets were, and how many: they may differ.
var volatile = []string{
	"message", "advice", "start", "end", "first", "last", "time", "frame", "frames", "frame_file", "frame_files", "id", // place and time; ids follow the first packets
	"packets", "files", "elapsed_seconds", "packets_per_second", "undecoded_packets", "undecoded", // of the summary
	"attempts", "count", // SYNs, of which a repetition is one more
}

var frameNumber = regexp.MustCompile(` and frame\.number [<>]= \d+`)

// normal decodes JSON Lines and writes them again without what is volatile, in an order of their own; the summary's
// bytes are of packets, those of transfers are facts.
func normal(t testing.TB, lines []byte) []string {
	var list []string
	for line := range bytes.Lines(lines) {
		var r map[string]any
		require.NoError(t, json.Unmarshal(line, &r))
		if r["type"] == "summary" {
			delete(r, "bytes")
		}
		clean, err := json.MarshalIndent(stripped(r), "", " ")
		require.NoError(t, err)
		list = append(list, string(clean))
	}
	slices.Sort(list)
	return list
}

func stripped(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range volatile {
			if _, isName := v[k].(string); k != "id" || !isName { // findings have names
				delete(v, k)
			}
		}
		if told, ok := v["verdict"].(map[string]any); ok { // its texts name packets and times
			delete(told, "text")
			delete(told, "next")
		}
		if did, ok := v["tcp"].(map[string]any); ok { // what is a time, rests on times, or counts segments
			for _, k := range []string{"retransmitted_segments", "retransmitted_bytes", "duration", "rate", "rtt", "rtt_handshake", "zero_window_time", "longest_stall", "limit"} {
				delete(did, k)
			}
		}
		for k := range v {
			v[k] = stripped(v[k])
		}
	case []any:
		for i := range v {
			v[i] = stripped(v[i])
		}
	case string:
		return frameNumber.ReplaceAllString(v, "")
	}
	return v
}

func requireSame(t *testing.T, frames []capturetest.Frame, but ...string) {
	want := recordsOf(t, pcapOf(frames))
	for _, m := range mutations {
		if slices.Contains(but, m.name) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			want, got := want, recordsOf(t, m.do(frames))
			if strings.Contains(m.name, "reordered") {
				want, got = withoutFindings(want), withoutFindings(got)
			}
			if d := differences(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

var finOrRST = regexp.MustCompile(`"closing": "(fin|rst)",?\n *`)

// withoutFindings takes out what reordering changes by its nature: what was late, silent or first is judged by the
// packets' times, which reordered packets exchange.
func withoutFindings(records []string) []string {
	var out []string
	for _, r := range records {
		var v map[string]any
		if json.Unmarshal([]byte(r), &v) == nil {
			delete(v, "findings")
			delete(v, "verdict")
			transfers, _ := v["transfers"].([]any)
			for _, x := range transfers {
				delete(x.(map[string]any), "verdict")
			}
			clean, _ := json.MarshalIndent(v, "", " ")
			r = finOrRST.ReplaceAllString(string(clean), "") // which came first
		}
		out = append(out, r)
	}
	return out
}

// differences lists the lines of records that only one side has.
func differences(want, got []string) string {
	var b strings.Builder
	w, g := strings.Split(strings.Join(want, "\n"), "\n"), strings.Split(strings.Join(got, "\n"), "\n")
	for len(w) > 0 && len(g) > 0 && w[0] == g[0] {
		w, g = w[1:], g[1:]
	}
	for len(w) > 0 && len(g) > 0 && w[len(w)-1] == g[len(g)-1] {
		w, g = w[:len(w)-1], g[:len(g)-1]
	}
	for _, line := range w[:min(len(w), 20)] {
		fmt.Fprintln(&b, "-", line)
	}
	for _, line := range g[:min(len(g), 20)] {
		fmt.Fprintln(&b, "+", line)
	}
	return b.String()
}

// conversations of which variants are tried.
var varied = []analyzetest.Conversation{
	{Name: "passive", Script: "login\nC: CWD /pub\nS: 250 ok\n" + analyzetest.Passed("RETR a", "9000") + pushed2 + "bye"},
	{Name: "active", Script: "login\nC: TYPE I\nS: 200 ok\nport\nC: RETR a\nS: 150 here\ndata d1 S:20 > C:50000\nd1> 9000 fin\nd1 fin <\nS: 226 done\nbye"},
	{Name: "pipelined", Script: "S: 220 ready\nC! USER bob\\r\\nPASS x\\r\\nTYPE I\\r\\nPWD\\r\\nPASV\\r\\nRETR a\\r\\n\nS! 331 p\\r\\n230-in\\r\\n230 go\\r\\n200 ok\\r\\n257 \"/h\"\\r\\n227 ok (192,0,2,21,195,80)\\r\\n\ndata d1 C:40000 > S:50000\nS: 150 here\nd1< 5000\nd1 fin <\nS: 226 done\nbye"},
	{Name: "aborted", Script: "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000\nS: 150 here\nd1< 5000\nC! \\xff\\xf4\\xff\nC^ \\xf2\nC: ABOR\nd1 rst <\nS: 426 aborted\nS: 226 ok\nbye"},
	{Name: "refused and tried again", Script: "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000 refused\ndata d2 C:40001 > S:50000\nS: 150 here\nd2< 100\nd2 fin <\nS: 226 done\nbye"},
	{Name: "unanswered", Script: "login\npasv\nC: RETR a\ndata d1 C:40000 > S:50000 unanswered 3\nwait 30s\nS: 425 no\nbye"},
	{Name: "rejected, then passive", Script: "login\nC: EPRT |1|192.0.2.10|50000|\nS: 522 no\n" + analyzetest.Passed("LIST", "300") + "bye"},
	{Name: "TLS", Script: "S: 220 ready\nC: AUTH TLS\nS: 234 go\n" + analyzetest.Hello + strings.Repeat(analyzetest.Said, 40) + analyzetest.Asked + "data d1 C:40000 > S:50000\n" + analyzetest.Told + "d1< 70000\nd1 fin <\n" + analyzetest.Told + "close C"},
	{Name: "default data port", Script: "login\nC: LIST\nS: 150 here\ndata d1 S:20 > C:51234\nd1> 700\nd1 fin >\nS: 226 done\nbye"},
	{Name: "multi-line", Script: "S: 220-a\nS: 220 b\nS: c\nC: USER bob\nS: 230-x\nS:  y\nS: 230 z\nC: FEAT\nS: 211-F\nS:  SIZE\nS: 211 End\nC: RETR a\nS: 550 no\nbye"},
	{Name: "NAT", Script: "login\nC: PASV\nS: 227 ok (10,0,0,5,195,80)\nC: RETR a\ndata d1 C:40000 > S:50000\nS: 150 here\nd1< 70\nd1 fin <\nS: 226 done\nbye"},
	{Name: "two sessions", Script: "control c2 192.0.2.11:51234 > 192.0.2.21:21\nlogin\nc2S: 220 ready\nc2C: USER eve\nc2S: 230 in\nC: PASV\nc2C: PASV\nS: 227 ok (192,0,2,21,195,81)\nc2S: 227 ok (192,0,2,21,195,82)\nc2C: RETR b\nC: RETR a\ndata d1 C:40001 > S:50001\ndata d2 192.0.2.11:40002 > S:50002\nS: 150 here\nc2S: 150 here\nd2< 82\nd1< 81\nd2 fin <\nd1 fin <\nS: 226 done\nc2S: 226 done\nc2C: QUIT\nc2S: 221 bye\nc2 fin >\nbye"},
}

const pushed2 = "C: PASV\nS: 227 ok (192,0,2,21,195,81)\nC: STOR b\ndata d2 C:40001 > S:50001\nS: 150 here\nd2> 3000\nd2 fin >\nS: 226 done\n"

func TestVariants(t *testing.T) {
	for _, c := range varied {
		t.Run(c.Name, func(t *testing.T) { requireSame(t, c.Frames(t)) })
	}
}

func TestVariantsOfSamples(t *testing.T) {
	files, err := filepath.Glob("../pcaps/*.pcap")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range some(files) {
		name := strings.TrimSuffix(filepath.Base(file), ".pcap")
		t.Run(name, func(t *testing.T) {
			frames, err := capturetest.ReadPcap(file)
			require.NoError(t, err)
			requireSame(t, frames, silent[name]...)
		})
	}
}

// silent are samples of which the length of a silence, or which of two contents came first,
// says something, and the mutations that give packets other times or places.
var silent = map[string][]string{
	"pair-dnat-server": {"reordered", "reordered a little", "split and reordered"}, "overlap-conflict": {"reordered", "reordered a little", "split and reordered"},
}
