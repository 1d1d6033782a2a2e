package siem

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report/reporttest"
)

// TestTimesketch: what Timesketch's importer asks for: message, datetime and
// timestamp_desc in every row, datetime ISO 8601 with its offset, timestamp the same in
// microseconds; JSON Lines say what the CSV says.
func TestTimesketch(t *testing.T) {
	sessions := append(reporttest.HostileSessions(), reporttest.ActiveSession(), reporttest.BlockedSession(), reporttest.Ipv6Session())
	header, rows := csvRows(t, reporttest.WriteAll(t, Formats(), "timesketch-csv", sessions...))
	require.Equal(t, []string{"message", "datetime", "timestamp_desc"}, header[:3])
	list := objects(t, reporttest.WriteAll(t, Formats(), "timesketch-jsonl", sessions...))
	require.Len(t, list, len(rows))
	for i, row := range rows {
		for _, must := range header[:3] {
			require.NotEmpty(t, row[must])
		}
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$`, row["datetime"])
		at, err := time.Parse(time.RFC3339Nano, row["datetime"])
		require.NoError(t, err)
		require.Equal(t, row["timestamp"], fmt.Sprint(at.UnixMicro()))
		for _, name := range header {
			v, set := list[i][name]
			text := fmt.Sprint(v)
			if !set {
				text = ""
			}
			if _, number := v.(json.Number); number {
				require.Equal(t, row[name], text)
				continue
			}
			require.Equal(t, sameBytes(row[name]), sameBytes(cell(text)), name)
		}
		require.Subset(t, header, keys(list[i]))
	}
}

// sameBytes leaves out how bytes are written that are not UTF-8: CSV has them as \xNN,
// JSON as U+FFFD.
func sameBytes(s string) string {
	return strings.NewReplacer("\ufffd", "", `\xe9`, "", `\xff`, "").Replace(s)
}

func keys(m map[string]any) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	return list
}

func TestTimeline(t *testing.T) {
	var got []string
	for _, o := range objects(t, reporttest.WriteAll(t, Formats(), "timesketch-jsonl", reporttest.ActiveSession(), reporttest.BlockedSession())) {
		got = append(got, fmt.Sprint(dig(o, "timestamp_desc"), ": ", dig(o, "message")))
	}
	reporttest.Golden(t, "timeline.txt", strings.Join(got, "\n")+"\n")
}

// TestOperationMoments: what changed the server's files is a moment of its own.
func TestOperationMoments(t *testing.T) {
	s := reporttest.ActiveSession()
	for _, x := range []struct {
		o                record.Operation
		outcome, message string
	}{
		{record.Operation{What: "DELE", Path: ptr("/a"), Reply: &record.Reply{Code: 250, Text: "gone"}}, "ok", "DELE /a: 250 gone"},
		{record.Operation{What: "SITE CHMOD", Path: ptr("/a"), Argument: ptr("755"), Reply: &record.Reply{Code: 550}}, "denied", "SITE CHMOD 755 /a: 550"},
		{record.Operation{What: "RNTO", Path: ptr("/b"), From: ptr("/a")}, "unknown", "Rename of /a to /b"},
	} {
		e := operationMoment(s, &x.o)
		require.Equal(t, []string{x.outcome, x.message, "ftp:operation"}, []string{e.outcome, strings.TrimSpace(e.message), e.kind})
	}
}

func ptr(s string) *string { return &s }
