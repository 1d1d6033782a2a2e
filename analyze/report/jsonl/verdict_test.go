package jsonl

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// A verdict has all its keys whatever it lacks; packets of several files have their files.
func TestVerdict(t *testing.T) {
	v := reporttest.HostileVerdict("a\"b\u202e\xff")
	require.Equal(t, `,"verdict":null`, string(AppendVerdict(nil, nil, true)))
	require.Equal(t, `,"verdict":{"cause":"none","at":"none","certainty":"certain","or":[],"transfer":null,"frames":[],"text":"","next":[]}`,
		string(AppendVerdict(nil, &record.Verdict{Cause: record.CauseNone, At: record.AtNone, Certainty: record.Certain}, false)))
	v.Frames = []flow.Pos{flow.At(0, 7), flow.At(2, 9), 0}
	got := string(AppendVerdict(nil, v, true))
	require.Contains(t, got, `"certainty":"open","or":["storage-full"],"transfer":2,"frames":[7,9,null],"frame_files":[0,2,null],"text":"`)
	require.NotContains(t, got, "\u202e")
	var back map[string]any
	require.NoError(t, json.Unmarshal([]byte("{"+got[1:]+"}"), &back))
	require.Equal(t, []any{"ask why it said a\"b\u202e\ufffd", "then a\"b\u202e\ufffd"}, back["verdict"].(map[string]any)["next"])
}

// What TCP did is said in seconds and bytes; what the capture does not tell is null, what
// did not happen is 0.
func TestTCP(t *testing.T) {
	require.Equal(t, `,"tcp":null`, string(appendTCP(nil, nil)))
	require.Equal(t, `,"tcp":{"duration":0,"rate":null,"acknowledged":null,"retransmitted_segments":null,"retransmitted_bytes":null,`+
		`"rtt_handshake":null,"rtt":null,"zero_window_time":null,"longest_stall":null,"limit":null}`, string(appendTCP(nil, &record.TCP{})))
	full := record.TCP{Duration: 39 * flow.Second, Rate: reporttest.Ptr(1128.26), Acknowledged: reporttest.Ptr(uint64(44_000)), Again: &record.Again{},
		RTTHandshake: reporttest.Ptr(40 * flow.Millisecond), RTT: reporttest.Ptr(flow.Time(41_500_000)), ZeroWindow: reporttest.Ptr(flow.Time(-1)),
		Stall: &record.Stall{From: reporttest.At(1), To: reporttest.At(4001), After: 20_000, Why: flow.WhyLoss.String()}, Limit: record.LimitLoss}
	require.Equal(t, `,"tcp":{"duration":39,"rate":1128.3,"acknowledged":44000,"retransmitted_segments":0,"retransmitted_bytes":0,"rtt_handshake":0.04,"rtt":0.0415,"zero_window_time":0,`+
		`"longest_stall":{"from":"2024-03-01T10:02:15.001000Z","to":"2024-03-01T10:02:19.001000Z","after_bytes":20000,"why":"loss"},"limit":"loss"}`, string(appendTCP(nil, &full)))
}

// A finding's packets, and what says them.
func TestFinding(t *testing.T) {
	f := record.Finding{ID: "x\ty", Severity: "high", Message: "m\n", Frames: []flow.Pos{flow.At(1, 3)}}
	require.Equal(t, `{"id":"x\ty","severity":"high","message":"m\n","transfer":null,"frames":[3],"frame_files":[1],"advice":null}`, string(AppendFinding(nil, &f, true)))
	f.Transfer, f.Advice = 4, "do"
	require.Contains(t, string(AppendFinding(nil, &f, false)), `"transfer":4,"frames":[3],"advice":"do"}`)
}

// With every command kept they are a list, else their number; the list of a session in
// which nothing was said is empty.
func TestCommandsOfSession(t *testing.T) {
	s := reporttest.ActiveSession()
	commands := func() any { return encode(t, s, report.Options{})["commands"] }
	require.EqualValues(t, 8, commands())
	s.Dialogue = []record.Exchange{}
	require.Equal(t, []any{}, commands())
	s.Dialogue = []record.Exchange{{Time: reporttest.At(1), Pos: flow.At(0, 4), Replies: []record.Reply{*reporttest.Reply(1, 4, 220, "ready")}}, {Time: reporttest.At(2), Pos: flow.At(0, 6), Command: "NOOP"}}
	list := commands().([]any)
	require.Len(t, list, 2)
	require.Nil(t, list[0].(map[string]any)["command"])
	require.Equal(t, "NOOP", list[1].(map[string]any)["command"])
	require.Equal(t, []any{}, list[1].(map[string]any)["replies"])
}
