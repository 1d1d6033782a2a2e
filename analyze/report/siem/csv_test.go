package siem

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/report"
	"ftpscope/analyze/report/reporttest"
	"ftpscope/capture/flow"
)

func TestCSV(t *testing.T) {
	header, rows := csvRows(t, reporttest.WriteAll(t, Formats(), "csv-sessions", reporttest.ActiveSession(), reporttest.BlockedSession()))
	require.Equal(t, sessionColumns, header)
	require.Len(t, rows, 2)
	require.Equal(t, "192.0.2.10", rows[0]["client_ip"])
	require.Equal(t, "60266", rows[0]["bytes"])
	require.Equal(t, "data-unanswered", rows[1]["findings"])
	require.Equal(t, "high", rows[1]["worst_finding"])
	header, rows = csvRows(t, reporttest.WriteAll(t, Formats(), "csv-transfers", reporttest.ActiveSession(), reporttest.BlockedSession()))
	require.Equal(t, transferColumns, header)
	require.Len(t, rows, 3)
	require.Equal(t, []string{"2", "RETR", "photo.bin", "/photo.bin", "server", "43", "226", "2024-03-01T10:02:15.400000Z"},
		[]string{rows[1]["transfer"], rows[1]["command"], rows[1]["argument"], rows[1]["path"], rows[1]["initiator"], rows[1]["syn_frame"], rows[1]["reply_code"], rows[1]["time"]})
	require.Equal(t, "no-connection", rows[2]["outcome"])
	require.Empty(t, rows[2]["command"])
}

func TestCSVFiles(t *testing.T) {
	s := reporttest.ActiveSession()
	s.Transfers[1].Frames.Reply = flow.At(3, 7)
	_, rows := csvRows(t, reporttest.Write(t, Formats(), "csv-transfers", report.Options{Files: 3}, s))
	require.Equal(t, []string{"1", "36", "4:7"}, []string{rows[1]["file"], rows[1]["negotiation_frame"], rows[1]["reply_frame"]})
}

// TestCSVFormula: no cell of the wire's text begins as a formula does, in any table.
func TestCSVFormula(t *testing.T) {
	for _, f := range Formats() {
		if f.Separator != ',' {
			continue
		}
		_, rows := csvRows(t, reporttest.Write(t, Formats(), f.Name, report.Options{ShowPasswords: true}, reporttest.HostileSessions()...))
		require.NotEmpty(t, rows)
		for _, row := range rows {
			for column, text := range row {
				require.False(t, strings.HasPrefix(strings.TrimSpace(text), "="), "%s %q", column, text)
				require.False(t, text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])), "%s %q", column, text)
				require.NotContains(t, text, "\n", "a row is a line")
			}
		}
	}
	for in, want := range map[string]string{"a=b": "a=b", "=1": "'=1", " @x": "' @x", "-": "'-", "": "", "\t=1": `\t=1`, "＋1": "'＋1", "1-2": "1-2", "\xff": `\xff`} {
		require.Equal(t, want, cell(in), "%q", in)
	}
}

// csvRows reads CSV back, each row as a map.
func csvRows(t *testing.T, text string) (header []string, rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll() // all rows must be as long as the first
	require.NoError(t, err)
	header = all[0]
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, name := range header {
			m[name] = row[i]
		}
		require.Len(t, m, len(header), "a column's name twice")
		rows = append(rows, m)
	}
	return header, rows
}
