package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/cmd/ftpscope/manual"
)

// The columns of the case database and where JSON has the same: "column=path"; the path is the column where it has no other.
var caseColumns = map[string]string{
	"sessions": `number=id community_id start_ns=start end_ns=end client_ip=client.ip client_port=client.port server_ip=server.ip server_port=server.port
		user anonymous password login tls banner system mode initiator closing from_start=capture.from_start to_end=capture.to_end
		client_side=capture.client_side server_side=capture.server_side missing_bytes=capture.missing_bytes verdict_transfer=verdict.transfer decrypted ` + handshakeColumns + verdictColumns,
	"transfers": `n command argument path direction representation restart method mode announced_ip=announced.ip announced_port=announced.port
		expected_initiator initiator evidence ` + dataColumns + ` bytes missing_bytes sha256 mime_type file
		preliminary_code=preliminary.code preliminary_text=preliminary.text reply_code=reply.code reply_text=reply.text outcome
		negotiation_frame=frames.negotiation command_frame=frames.command syn_frame=frames.syn first_data_frame=frames.first_data reply_frame=frames.reply
		negotiation_input=frame_files.negotiation command_input=frame_files.command syn_input=frame_files.syn
		first_data_input=frame_files.first_data reply_input=frame_files.reply filter plain_bytes ` + handshakeColumns + verdictColumns,
	"commands": "time_ns=time frame command argument",
	"replies":  "time_ns=time frame code text",
	"findings": "rule=id severity transfer_n=transfer message advice frames",
	"attempts": `client_ip server_ip=server.ip server_port=server.port count state first_ns=first last_ns=last icmp_from=icmp.from icmp_type=icmp.type icmp_code=icmp.code ` + verdictColumns,
	"orphans":  "mode evidence initiator " + dataColumns + " bytes " + verdictColumns,
	"analyses": `packets bytes first_ns=first last_ns=last sessions attempts orphans missing_bytes=capture.missing_bytes undecoded_packets=capture.undecoded_packets
		dropped_packets=capture.dropped_packets evicted_connections=capture.evicted_connections`,
}

const dataColumns = `data_src_ip=connection.src.ip data_src_port=connection.src.port data_dst_ip=connection.dst.ip data_dst_port=connection.dst.port
	data_community_id=connection.community_id data_start_ns=connection.start data_end_ns=connection.end data_state=connection.state
	data_attempts=connection.attempts data_closing=connection.closing`

const handshakeColumns = `tls_version=handshake.version tls_cipher=handshake.cipher tls_server_name=handshake.server_name tls_protocol=handshake.protocol
	tls_resumed=handshake.resumed tls_alert=handshake.alert.name tls_alert_by=handshake.alert.by ja3=handshake.ja3 ja4=handshake.ja4 ja3s=handshake.ja3s
	certificate_sha256=handshake.certificate.sha256 certificate_subject=handshake.certificate.subject certificate_issuer=handshake.certificate.issuer
	certificate_not_before=handshake.certificate.not_before certificate_not_after=handshake.certificate.not_after `

const verdictColumns = `cause=verdict.cause at=verdict.at certainty=verdict.certainty other_causes=verdict.or verdict=verdict.text next=verdict.next
	verdict_frames=verdict.frames`

// notInJSON are columns that the database has beside the record.
var notInJSON = []string{"id", "session_id", "analysis_id", "command_n", "n", "time_ns", "input", "inputs", "verdict_inputs", "command_count",
	"set_sha256", "version", "settings", "command_line", "show_passwords", "limits",
	"network", "data_network"} // names: the record has the steps too

// TestCaseColumns wants each column in the comparison.
func TestCaseColumns(t *testing.T) {
	db := openCase(t, storeCase(t, "mixed-modes.pcapng"))
	for table, mapping := range caseColumns {
		for _, column := range query(t, db, "SELECT name FROM pragma_table_info('"+table+"')") {
			if !slices.Contains(notInJSON, column[0]) {
				require.Regexp(t, `(^|\s)`+column[0]+`(=|\s|$)`, mapping, table)
			}
		}
	}
}

// TestCaseSamples stores every sample capture and reads it back: the same as in JSON.
func TestCaseSamples(t *testing.T) {
	samples, err := filepath.Glob(filepath.Join(pcaps, "*.pcap*"))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "case.db")
	for _, sample := range append(samples, pcaps) {
		var out, errs bytes.Buffer
		args := []string{"analyze", "--commands", "--show-passwords", "-q", "-o", "json", "-o", "sqlite=" + path, sample}
		require.Equal(t, exitDone, run(args, nil, &out, &errs), errs.String())
		db := openCase(t, path)
		analysis := query(t, db, "SELECT max(id) FROM analyses")[0][0]
		require.Equal(t, inJSON(t, out.Bytes()), inCase(t, db, analysis), sample)
		db.Close()
	}
	db := openCase(t, path)
	require.Equal(t, [][]string{{"ok"}}, query(t, db, "PRAGMA integrity_check"))
	require.Empty(t, query(t, db, "PRAGMA foreign_key_check"))
}

// inJSON are the records by table, as rows.
func inJSON(t *testing.T, lines []byte) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	add := func(table string, record any) {
		rows[table] = append(rows[table], strings.Join(fields(t, table, record), " | "))
	}
	each := func(record any, key string, visit func(any)) {
		for _, x := range record.(map[string]any)[key].([]any) {
			visit(x)
		}
	}
	for line := range bytes.Lines(lines) {
		var r map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		require.NoError(t, d.Decode(&r))
		switch r["type"] {
		case "session":
			add("sessions", r)
			each(r, "transfers", func(x any) { add("transfers", x) })
			each(r, "commands", func(x any) {
				add("commands", x)
				each(x, "replies", func(y any) { add("replies", y) })
			})
			each(r, "findings", func(x any) { add("findings", x) })
		case "attempt", "orphan":
			add(r["type"].(string)+"s", r)
		case "summary":
			add("analyses", r)
		}
	}
	return rows
}

// fields are a record's values in the order of caseColumns.
func fields(t *testing.T, table string, record any) (list []string) {
	t.Helper()
	for mapping := range strings.FieldsSeq(caseColumns[table]) {
		column, path, renamed := strings.Cut(mapping, "=")
		if !renamed {
			path = column
		}
		value := record
		for key := range strings.SplitSeq(path, ".") {
			m, _ := value.(map[string]any)
			value = m[key]
		}
		if strings.HasSuffix(column, "_input") && record.(map[string]any)["frame_files"] == nil { // one file: all frames are of the first
			if key := strings.TrimSuffix(column, "_input"); record.(map[string]any)["frames"].(map[string]any)[key] != nil {
				value = 0
			}
		}
		if column == "decrypted" && value == nil { // the key is there when it is true
			value = false
		}
		list = append(list, column+"="+plainValue(t, column, value))
	}
	return list
}

func plainValue(t *testing.T, column string, value any) string {
	t.Helper()
	switch v := value.(type) {
	case bool:
		return map[bool]string{false: "0", true: "1"}[v]
	case string:
		if strings.HasSuffix(column, "_ns") {
			at, err := time.Parse(time.RFC3339Nano, v)
			require.NoError(t, err)
			return fmt.Sprint(at.UnixNano())
		}
		return strings.ReplaceAll(v, "\x00", "\ufffd")
	case []any:
		b, err := json.Marshal(v)
		require.NoError(t, err)
		return string(b)
	}
	return fmt.Sprint(value)
}

// inCase are the same rows as the database has them.
func inCase(t *testing.T, db *sql.DB, analysis string) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for table, mapping := range caseColumns {
		var columns []string
		for m := range strings.FieldsSeq(mapping) {
			column, _, _ := strings.Cut(m, "=")
			columns = append(columns, column)
		}
		from := " JOIN sessions s ON s.id = x.session_id WHERE s.analysis_id = "
		switch table {
		case "sessions", "attempts", "orphans":
			from = " WHERE x.analysis_id = "
		case "analyses":
			from = " WHERE x.id = "
		}
		for _, row := range query(t, db, "SELECT x."+strings.Join(columns, ", x.")+" FROM "+table+" x"+from+analysis) {
			for i := range row {
				row[i] = columns[i] + "=" + row[i]
			}
			rows[table] = append(rows[table], strings.Join(row, " | "))
		}
	}
	return rows
}

func openCase(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// storeCase stores sample captures, each in a run of its own.
func storeCase(t *testing.T, samples ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "case.db")
	for _, sample := range samples {
		var out, errs bytes.Buffer
		require.Equal(t, exitDone, run([]string{"-q", "-o", "sqlite=" + path, filepath.Join(pcaps, sample)}, nil, &out, &errs), errs.String())
		require.Empty(t, out.String())
	}
	return path
}

// query returns all rows, as text.
func query(t *testing.T, db *sql.DB, text string) (list [][]string) {
	t.Helper()
	rows, err := db.Query(text)
	require.NoError(t, err, text)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		row := make([]string, len(names))
		for i, v := range values {
			row[i] = fmt.Sprint(v)
		}
		list = append(list, row)
	}
	require.NoError(t, rows.Err(), text)
	return list
}

// TestCaseManual runs the manual's queries, and wants each table and view in it.
func TestCaseManual(t *testing.T) {
	page, found := manual.Find("database")
	require.True(t, found)
	section := page.Text
	db := openCase(t, storeCase(t, ""))

	var documented, has []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(section, -1) {
		documented = append(documented, m[1])
	}
	for _, row := range query(t, db, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'") {
		has = append(has, row[0])
	}
	require.ElementsMatch(t, has, documented)

	queries := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(section, -1)
	require.NotEmpty(t, queries)
	statements := strings.Split(strings.TrimSuffix(strings.TrimSpace(queries[0][1]), ";"), ";")
	require.Len(t, statements, 6)
	for _, q := range statements {
		require.NotEmpty(t, query(t, db, q), q)
	}
}
