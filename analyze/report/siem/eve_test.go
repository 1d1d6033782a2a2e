package siem

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

// objects decodes JSON Lines.
func objects(t *testing.T, text string) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		require.NoError(t, err)
		list = append(list, v.(map[string]any))
	}
	return list
}

// TestEVESchema: every record is one that Suricata might write, but for the object
// "ftpscope".
func TestEVESchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/eve.schema.json")
	require.NoError(t, err)
	sessions := append(reporttest.HostileSessions(), reporttest.ActiveSession(), reporttest.BlockedSession(), reporttest.Ipv6Session())
	for _, o := range objects(t, reporttest.WriteAll(t, Formats(), "eve", sessions...)) {
		require.NoError(t, schema.Validate(o))
	}
	wrong := objects(t, reporttest.WriteAll(t, Formats(), "eve", reporttest.ActiveSession()))[0]
	wrong["own"] = 1
	require.Error(t, schema.Validate(wrong), "the schema allows too much")
}

// dig takes values out of nested objects: "ftp.command".
func dig(o map[string]any, path string) any {
	var v any = o
	for key := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	return v
}

func digAll(o map[string]any, paths ...string) (list []any) {
	for _, p := range paths {
		list = append(list, dig(o, p))
	}
	return list
}

func TestEVE(t *testing.T) {
	all := objects(t, reporttest.WriteAll(t, Formats(), "eve", reporttest.ActiveSession(), reporttest.BlockedSession()))
	var got [][]any
	for _, o := range all {
		got = append(got, digAll(o, "event_type", "src_port", "ftp.command", "ftp.mode", "ftp.dynamic_port", "ftp_data.filename", "ftpscope.outcome", "ftpscope.transfer.initiator"))
	}
	require.Equal(t, [][]any{
		{"ftp", "51234", "PORT", "active", "43591", nil, "ok", nil},
		{"ftp", "51234", "LIST", nil, nil, nil, "ok", nil},
		{"ftp_data", "20", nil, nil, nil, nil, nil, "server"},
		{"ftp", "51234", "PORT", "active", "43677", nil, "ok", nil},
		{"ftp", "51234", "RETR", nil, nil, nil, "ok", nil},
		{"ftp_data", "20", nil, nil, nil, "photo.bin", nil, "server"},
		{"ftp", "49640", "PASV", "passive", "50001", nil, "no-connection", nil},
		{"ftp_data", "20", nil, nil, nil, nil, nil, nil}, // the orphan
	}, got)
	retr := all[4]
	require.Equal(t, []any{"Opening BINARY mode data connection", "Transfer complete"}, dig(retr, "ftp.reply"))
	require.Equal(t, []any{"150", "226"}, dig(retr, "ftp.completion_code"))
	require.Equal(t, "2024-03-01T10:02:15.400000+0000", retr["timestamp"])
	require.Equal(t, retr["flow_id"], all[5]["parent_id"], "the data connection's parent is the control connection")
	require.NotEqual(t, retr["flow_id"], all[5]["flow_id"])
	require.Len(t, dig(all[6], "ftpscope.findings"), 1)
}

// TestEVECommands: with every command kept there is a record of each, also of the
// greeting.
func TestEVECommands(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Transfers = nil
	s.Dialogue = []record.Exchange{
		{Time: reporttest.At(1), Pos: flow.At(0, 4), Replies: []record.Reply{*reporttest.Reply(1, 4, 220, "one\ntwo")}},
		{Time: reporttest.At(2), Pos: flow.At(0, 6), Command: "Pass", Argument: reporttest.Ptr("me@example.org")},
		{Time: reporttest.At(3), Pos: flow.At(0, 7), Command: "RETR", Argument: reporttest.Ptr("x")},
	}
	all := objects(t, reporttest.Write(t, Formats(), "eve", report.Options{}, s))
	require.Len(t, all, 2)
	require.Equal(t, []any{nil, []any{"one", "two"}, []any{"220"}, "yes"}, digAll(all[0], "ftp.command", "ftp.reply", "ftp.completion_code", "ftp.reply_received"))
	require.Equal(t, []any{"PASS", "(hidden)", "no"}, digAll(all[1], "ftp.command", "ftp.command_data", "ftp.reply_received"))
	shown := objects(t, reporttest.Write(t, Formats(), "eve", report.Options{ShowPasswords: true}, s))
	require.Equal(t, "me@example.org", dig(shown[1], "ftp.command_data"))
}

// EVE and CSV count files alike, from 1.
func TestFilesFromOne(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Transfers = s.Transfers[1:]
	s.Transfers[0].Notes.Ran.Mark.Pos, s.Transfers[0].Frames.Command = flow.At(2, 40), flow.At(2, 40)
	s.Transfers[0].Frames.Negotiation = flow.At(2, 36)
	var files []any
	for _, o := range objects(t, reporttest.Write(t, Formats(), "eve", report.Options{Files: 3}, s)) {
		if dig(o, "ftp.command") == "RETR" {
			files = append(files, dig(o, "ftpscope.file"))
		}
	}
	require.Equal(t, []any{"3"}, files)
	require.Contains(t, reporttest.Write(t, Formats(), "csv-transfers", report.Options{Files: 3}, s), ",ok,3,36,40,")
	require.Equal(t, `,"file":null`, string(eveFile(nil, 0)))
}
