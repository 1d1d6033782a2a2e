package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

func TestCSV(t *testing.T) {
	header, rows := csvRows(t, writeAll(t, "csv-sessions", activeSession(), blockedSession()))
	require.Equal(t, sessionColumns, header)
	require.Len(t, rows, 2)
	require.Equal(t, "192.0.2.10", rows[0]["client_ip"])
	require.Equal(t, "60266", rows[0]["bytes"])
	require.Equal(t, "data-unanswered", rows[1]["findings"])
	require.Equal(t, "high", rows[1]["worst_finding"])
	header, rows = csvRows(t, writeAll(t, "csv-transfers", activeSession(), blockedSession()))
	require.Equal(t, transferColumns, header)
	require.Len(t, rows, 3)
	require.Equal(t, []string{"2", "RETR", "photo.bin", "/photo.bin", "server", "43", "226", "2024-03-01T10:02:15.400000Z"},
		[]string{rows[1]["transfer"], rows[1]["command"], rows[1]["argument"], rows[1]["path"], rows[1]["initiator"], rows[1]["syn_frame"], rows[1]["reply_code"], rows[1]["time"]})
	require.Equal(t, "no-connection", rows[2]["outcome"])
	require.Empty(t, rows[2]["command"])
}

func TestCSVFiles(t *testing.T) {
	s := activeSession()
	s.Transfers[1].Frames.Reply = flow.At(3, 7)
	_, rows := csvRows(t, write(t, "csv-transfers", Options{Files: 3}, s))
	require.Equal(t, []string{"1", "36", "4:7"}, []string{rows[1]["file"], rows[1]["negotiation_frame"], rows[1]["reply_frame"]})
}

// TestCSVFormula: no cell of the wire's text begins as a formula does, in any table.
func TestCSVFormula(t *testing.T) {
	for _, name := range []string{"csv-sessions", "csv-transfers", "timesketch-csv"} {
		_, rows := csvRows(t, write(t, name, Options{ShowPasswords: true}, hostileSessions()...))
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
