package casedb

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/capture/flow"
)

// outsider is a connection of another program.
func outsider(path string) (*conn, error) {
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(0) // closed is closed
	c, err := db.Conn(context.Background())
	return &conn{c}, err
}

func TestStore(t *testing.T) {
	path := casePath(t)
	out := store(t, path, 3, Options{Version: "v1", CommandLine: []string{"ftpscope", "a"}, Inputs: inputs("a.pcap")})
	require.Equal(t, Outcome{Analysis: 1}, out)
	out = store(t, path, 2, Options{Version: "v1", Inputs: inputs("b.pcap", "c.pcap")})
	require.Equal(t, Outcome{Analysis: 2}, out)
	c := look(t, path)
	for query, want := range map[string]string{
		"PRAGMA integrity_check": "ok", "PRAGMA user_version": "5", "PRAGMA application_id": "1179930739", "PRAGMA journal_mode": "delete",
		"SELECT count(*) FROM pragma_foreign_key_check": "0",
		"SELECT count(*) FROM captures":                 "3", "SELECT count(*) FROM inputs": "3", "SELECT count(*) FROM sessions": "5",
		"SELECT group_concat(number) FROM sessions WHERE analysis_id = 2":                                                 "1,2",
		"SELECT group_concat(frames || inputs, ' ') FROM findings WHERE session_id = 1":                                   "[21,22][0,0] [27][0]",
		"SELECT limits || command_line FROM analyses WHERE id = 1":                                                        `{"steps":3}["ftpscope","a"]`,
		"SELECT start_time || ' ' || captures FROM v_sessions WHERE id = 4":                                               "2024-03-01T10:02:16.000000000Z b.pcap, c.pcap",
		"SELECT time || ' ' || why FROM v_failed_transfers WHERE session_id = 2":                                          "2024-03-01T10:02:17.450000000Z nobody listened there",
		"SELECT sum(connections) || ' ' || sum(established) || ' ' || sum(failed) || ' ' || sum(bytes) FROM v_initiators": "10 5 5 300000",
		"SELECT group_concat(DISTINCT password) FROM v_logins":                                                            "(hidden)",
		"SELECT group_concat(DISTINCT argument) FROM commands WHERE command = 'PASS'":                                     "(hidden)",
		"SELECT count(*) FROM v_timeline":                                                                                 "30",
		"SELECT count(*) FROM v_overlaps":                                                                                 "0",
	} {
		require.Equal(t, want, value(t, c, query), query)
	}
	for table, rows := range perSession {
		require.Equal(t, int64(5*rows), count64(t, c, table), table)
	}
	requireOneFile(t, path)
}

func count64(t testing.TB, c *conn, table string) (n int64) {
	t.Helper()
	require.NoError(t, c.get("SELECT count(*) FROM "+table, nil, &n))
	return n
}

// requireOneFile wants nothing beside the case.
func requireOneFile(t testing.TB, path string) {
	t.Helper()
	beside, err := filepath.Glob(path + "?*")
	require.NoError(t, err)
	require.Empty(t, beside)
}

// TestOnce stores the same captures several times.
func TestOnce(t *testing.T) {
	path := casePath(t)
	first := Options{Version: "v1", Inputs: inputs("a.pcap", "b.pcap")}
	store(t, path, 3, first)
	again := first
	again.Inputs = inputs("b.pcap", "a.pcap")
	require.Equal(t, Outcome{Analysis: 1, Unchanged: true}, store(t, path, 3, again), "in another order")
	newer := again
	newer.Version, newer.ShowPasswords = "v2", true
	require.Equal(t, Outcome{Analysis: 1, Replaced: &Earlier{Version: "v1"}}, store(t, path, 2, newer))
	other := newer
	other.Settings = "--port 2100"
	require.Equal(t, &Earlier{Version: "v2"}, store(t, path, 2, other).Replaced)
	c := look(t, path)
	require.Equal(t, "2 2 1", value(t, c, "SELECT (SELECT count(*) FROM captures) || ' ' || (SELECT count(*) FROM sessions) || ' ' || (SELECT count(*) FROM analyses)"))
	require.Equal(t, "s3cret", value(t, c, "SELECT DISTINCT password FROM sessions"))
	require.Equal(t, int64(2*perSession["replies"]), count64(t, c, "replies"))

	hiding := other
	hiding.ShowPasswords = false
	require.NotNil(t, store(t, path, 2, hiding).Replaced)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(b), "s3cret", "passwords are gone, not only their rows")
}

func TestOverlaps(t *testing.T) {
	path := casePath(t)
	store(t, path, 1, Options{Inputs: inputs("a.pcap", "b.pcap")})
	require.Equal(t, []string{"b.pcap"}, store(t, path, 1, Options{Inputs: inputs("b.pcap", "c.pcap")}).Overlaps)
	require.Equal(t, "b.pcap 2 [1,2]", value(t, look(t, path), "SELECT name || ' ' || analyses || ' ' || analysis_ids FROM v_overlaps"))
	require.Empty(t, store(t, path, 1, Options{Inputs: inputs("d.pcap", "d.pcap")}).Overlaps, "the same file twice in one run")
}

// TestText stores what only a hostile peer sends.
func TestText(t *testing.T) {
	path := casePath(t)
	w, err := Open(path, Options{Inputs: inputs("a.pcap")})
	require.NoError(t, err)
	s := sample(1)
	s.Start.Time, s.End.Time = -1, 1<<63-1
	s.User, s.Banner, s.Transfers[0].Path = ptr("a\xff\xfeb\x00c"), ptr("'); DROP TABLE sessions; --"), ptr(strings.Repeat("é\u202e", 50000))
	s.Transfers[0].Bytes, s.System = ptr(uint64(1<<64-1)), ptr("")
	s.Dialogue[2].Command = "pAsS"
	require.NoError(t, w.Session(s))
	require.NoError(t, w.Session(&record.Session{ID: 2, Open: true}))
	require.NoError(t, w.Session(&record.Session{ID: 3})) // of which nothing is known
	require.NoError(t, w.Attempt(&record.Attempt{Count: 1, ICMP: &record.ICMP{Type: 3, Code: 1}}))
	require.NoError(t, w.Orphan(&record.Orphan{Mode: "active", Connection: record.Connection{State: "unknown"}}))
	require.NoError(t, w.Summary(&record.Summary{}))
	require.NoError(t, w.Close())
	c := look(t, path)
	require.Equal(t, "a\ufffd\ufffdb\ufffdc", value(t, c, "SELECT user FROM sessions WHERE number = 1"))
	require.Equal(t, *s.Banner, value(t, c, "SELECT banner FROM sessions WHERE number = 1"))
	require.Equal(t, *s.Transfers[0].Path, value(t, c, "SELECT path FROM transfers WHERE n = 1"))
	require.Equal(t, "9223372036854775807", value(t, c, "SELECT max(bytes) FROM transfers"))
	require.Equal(t, "1969-12-31T23:59:59.999999999Z", value(t, c, "SELECT start_time FROM v_sessions WHERE number = 1"))
	require.Equal(t, "2262-04-11T23:47:16.854775807Z", value(t, c, "SELECT end_time FROM v_sessions WHERE number = 1"))
	require.Equal(t, "(hidden)", value(t, c, "SELECT argument FROM commands WHERE command = 'pAsS'"))
	require.Equal(t, int64(2), count64(t, c, "sessions"))
	require.Equal(t, "0", value(t, c, "SELECT count(*) FROM sessions WHERE system IS NULL AND number = 1"))
}

// TestRefused opens what is no case, or none that can be written: it stays as it was.
func TestRefused(t *testing.T) {
	for name, x := range map[string]struct {
		make func(t *testing.T, path string)
		want error
		text string
	}{
		"text":         {func(t *testing.T, path string) { writeFile(t, path, "hello") }, ErrNotSQL, "not an SQLite database"},
		"long text":    {func(t *testing.T, path string) { writeFile(t, path, strings.Repeat("hello", 1000)) }, ErrNotSQL, "not an SQLite database"},
		"only magic":   {func(t *testing.T, path string) { writeFile(t, path, "SQLite format 3\x00"+strings.Repeat("x", 4080)) }, ErrNotSQL, "not an SQLite database"},
		"another's":    {func(t *testing.T, path string) { execute(t, path, "CREATE TABLE x (y)") }, ErrNotCase, "not a case"},
		"another's id": {func(t *testing.T, path string) { execute(t, path, "PRAGMA application_id = 7") }, ErrNotCase, "not a case"},
		"newer": {func(t *testing.T, path string) {
			store(t, path, 1, Options{Inputs: inputs("a.pcap")})
			execute(t, path, "PRAGMA user_version = 7")
		}, ErrNewer, "version 7, this ftpscope knows up to 5"},
		"a folder": {func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o755)) }, nil, "is a directory"},
		"locked": {func(t *testing.T, path string) {
			store(t, path, 1, Options{Inputs: inputs("a.pcap")})
			require.NoError(t, look(t, path).exec("BEGIN IMMEDIATE"))
		}, ErrBusy, "another program"},
	} {
		t.Run(name, func(t *testing.T) {
			path := casePath(t)
			x.make(t, path)
			before, _ := os.ReadFile(path)
			_, err := Open(path, Options{wait: 10 * time.Millisecond})
			require.ErrorContains(t, err, x.text)
			if x.want != nil {
				require.ErrorIs(t, err, x.want)
			}
			after, _ := os.ReadFile(path)
			require.Equal(t, before, after)
		})
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func execute(t *testing.T, path, statements string) {
	t.Helper()
	c := look(t, path)
	require.NoError(t, c.exec(statements))
	require.NoError(t, c.Close())
}

func TestReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everything")
	}
	path := casePath(t)
	store(t, path, 1, Options{Inputs: inputs("a.pcap")})
	require.NoError(t, os.Chmod(path, 0o400))
	_, err := Open(path, Options{})
	require.ErrorIs(t, err, os.ErrPermission)
	require.NoError(t, os.Chmod(path, 0o600))
	folder := filepath.Dir(path)
	require.NoError(t, os.Chmod(folder, 0o500))
	defer os.Chmod(folder, 0o700)
	_, err = Open(path, Options{})
	require.ErrorIs(t, err, ErrReadOnly)
}

// TestNotStored are runs that fail at their end: the case keeps what it had.
func TestNotStored(t *testing.T) {
	for name, x := range map[string]struct {
		opt  Options
		want error
	}{
		"no inputs":   {Options{}, ErrUnknown},
		"no SHA-256":  {Options{Inputs: func() []report.Input { return []report.Input{{Name: "x"}} }}, ErrUnknown},
		"full":        {Options{Inputs: inputs("b.pcap"), pages: 150}, ErrFull},
		"full, again": {Options{Inputs: inputs("a.pcap"), pages: 150, Version: "v2"}, ErrFull},
	} {
		t.Run(name, func(t *testing.T) {
			path := casePath(t)
			store(t, path, 3, Options{Version: "v1", Inputs: inputs("a.pcap")})
			_, err := storing(path, 500, x.opt)
			require.ErrorIs(t, err, x.want)
			c := look(t, path)
			require.Equal(t, "ok", value(t, c, "PRAGMA integrity_check"))
			require.Equal(t, "3 v1", value(t, c, "SELECT count(*) || ' ' || max(version) FROM sessions JOIN analyses a ON a.id = analysis_id"))
			requireOneFile(t, path)
		})
	}
}

// TestMoved takes the file away while a run goes on.
func TestMoved(t *testing.T) {
	path := casePath(t)
	w, err := Open(path, Options{Inputs: inputs("a.pcap")})
	require.NoError(t, err)
	defer w.Close()
	require.NoError(t, write(w, 1))
	require.NoError(t, os.Rename(path, path+".old"))
	require.ErrorIs(t, w.Summary(&record.Summary{}), ErrMoved)
}

func TestUnfinished(t *testing.T) {
	path := casePath(t)
	w, err := Open(path, Options{Inputs: inputs("a.pcap")})
	require.NoError(t, err)
	require.NoError(t, write(w, 10))
	require.NoError(t, w.Close(), "without a summary")
	require.Zero(t, count64(t, look(t, path), "sessions"))
	requireOneFile(t, path)
}

// TestMigration opens a case with a program that knows a further version, and that again
// with one that does not.
func TestMigration(t *testing.T) {
	path := casePath(t)
	store(t, path, 3, Options{Inputs: inputs("a.pcap")})
	second := Options{Inputs: inputs("b.pcap"), migrations: append(slices.Clip(migrations), func(c *conn) error {
		return c.exec("ALTER TABLE sessions ADD COLUMN place TEXT; UPDATE sessions SET place = 'old'")
	})}
	failing := second
	failing.migrations = append(slices.Clip(migrations), func(c *conn) error {
		return errors.Join(c.exec("DROP TABLE replies"), errors.New("half way"))
	})
	_, err := Open(path, failing)
	require.ErrorContains(t, err, "half way")
	require.Equal(t, int64(3*perSession["replies"]), count64(t, look(t, path), "replies"), "all of a migration or nothing")

	w, err := Open(path, second)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	c := look(t, path)
	require.Equal(t, "6", value(t, c, "PRAGMA user_version"))
	require.Equal(t, "3 old", value(t, c, "SELECT count(*) || ' ' || place FROM sessions"))
	_, err = Open(path, Options{})
	require.ErrorIs(t, err, ErrNewer)
}

// TestVerdicts reads what went wrong, and what to do, a step a row.
func TestVerdicts(t *testing.T) {
	path := casePath(t)
	store(t, path, 2, Options{Inputs: inputs("a.pcap")})
	c := look(t, path)
	for query, want := range map[string]string{
		"SELECT group_concat(transfer_n || ' ' || step || ' ' || next, '; ') FROM v_verdicts WHERE session_id = 1":      "1 1 start it; 1 2 open port 43591",
		"SELECT cause || ' ' || at || ' ' || certainty || ' ' || verdict FROM v_sessions WHERE id = 2":                  "data-refused client likely nobody listened there",
		"SELECT group_concat(cause || ' ' || at || ': ' || why) FROM v_failed_transfers WHERE session_id = 1":           "data-refused client: nobody listened there",
		"SELECT other_causes || verdict_frames || verdict_inputs || verdict_transfer FROM sessions WHERE id = 1":        `["data-rejected"][27,28][0,0]1`,
		"SELECT count(*) FROM transfers WHERE cause IS NULL AND outcome = 'ok' AND verdict IS NULL AND next IS NULL":    "2",
		"SELECT count(*) FROM sqlite_schema WHERE name = 'sessions' AND sql LIKE '%what to check or change, in order%'": "1",
	} {
		require.Equal(t, want, value(t, c, query), query)
	}
	require.Error(t, c.exec("UPDATE sessions SET certainty = 'perhaps'"))
	require.Error(t, c.exec("UPDATE sessions SET next = 'no list'"))
	hostile := list([]string{"a\"b\x00\xff", "<i>"})
	require.Equal(t, "[\"a\\\"b\ufffd\ufffd\",\"\\u003ci\\u003e\"]", hostile)
	require.Equal(t, "<i>", value(t, c, "SELECT json_extract(?, '$[1]')", hostile))
}

// TestTogether has two runs and a reader use the case at once.
func TestTogether(t *testing.T) {
	path := casePath(t)
	store(t, path, 3, Options{Inputs: inputs("a.pcap")})
	one, err := Open(path, Options{Inputs: inputs("one.pcap")})
	require.NoError(t, err)
	two, err := Open(path, Options{Inputs: inputs("two.pcap")})
	require.NoError(t, err)
	for i, w := range []*Writer{one, two, one, two} {
		require.NoError(t, w.Session(sample(1+i/2)))
		require.Equal(t, int64(3), count64(t, look(t, path), "sessions"), "a reader while runs go on")
	}
	require.NoError(t, one.Summary(&record.Summary{}))
	require.NoError(t, two.Summary(&record.Summary{}))

	// A reader in the middle of its transaction sees what was there at its beginning, and
	// is in nobody's way.
	c := look(t, path)
	require.NoError(t, c.exec("BEGIN"))
	require.Equal(t, int64(7), count64(t, c, "sessions"))
	store(t, path, 2, Options{Inputs: inputs("three.pcap")})
	require.Equal(t, int64(7), count64(t, c, "sessions"))
	require.NoError(t, c.exec("COMMIT"))
	require.Equal(t, int64(9), count64(t, c, "sessions"))
	require.NoError(t, one.Close())
	require.NoError(t, two.Close())
}

// TestWaits has a run wait for another writer.
func TestWaits(t *testing.T) {
	path := casePath(t)
	w, err := Open(path, Options{Inputs: inputs("a.pcap")})
	require.NoError(t, err)
	defer w.Close()
	c := look(t, path)
	require.NoError(t, c.exec("BEGIN IMMEDIATE"))
	done := make(chan error)
	go func() { done <- w.Summary(&record.Summary{}) }()
	require.NoError(t, c.exec("COMMIT"))
	require.NoError(t, <-done)
}

func TestNames(t *testing.T) {
	for _, name := range []string{"a b.db", "50%.db", "what?.db", "#1.db", "file:x.db", "дело.db", ":memory:", "a&b=c"} {
		path := filepath.Join(t.TempDir(), name)
		store(t, path, 1, Options{Inputs: inputs("a.pcap")})
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.NotZero(t, info.Size())
		require.Zero(t, info.Mode().Perm()&0o027)
	}
}

func BenchmarkStore(b *testing.B) {
	opt := Options{Inputs: inputs("a.pcap")}
	const sessions = 20000
	for b.Loop() {
		store(b, casePath(b), sessions, opt)
	}
	b.ReportMetric(float64(sessions*(1+2+5+9+2)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// TestHandshake reads what TLS shows; what it does not is NULL.
func TestHandshake(t *testing.T) {
	path := casePath(t)
	w, err := Open(path, Options{Inputs: inputs("a.pcap")})
	require.NoError(t, err)
	seen := flow.Mark{Ord: 1, Pos: flow.At(0, 1)}
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	plain := uint64(7)
	require.NoError(t, w.Session(&record.Session{ID: 1, TLS: record.TLSExplicit, Capture: record.Coverage{Decrypted: true}, Said: record.Said{Handshake: &record.TLSInfo{
		Version: "TLS 1.2", Cipher: "TLS_X", ServerName: "a\x00b", Fingerprints: record.Fingerprints{JA3: "3", JA4: "4", JA3S: "5"}, Resumption: record.Resumption{Full: true},
		Alert: record.TLSAlert{Mark: seen, Name: "unknown CA"}, Certificate: &record.Certificate{Subject: "CN=a", Issuer: "CN=b", NotBefore: day, NotAfter: day},
	}}, Transfers: []record.Transfer{{N: 1, Sealed: record.Sealed{PlainBytes: &plain, Handshake: &record.TLSInfo{Resumption: record.Resumption{Resumed: true}, Certificate: &record.Certificate{}}}}}}))
	require.NoError(t, w.Summary(&record.Summary{}))
	require.NoError(t, w.Close())
	c := look(t, path)
	for query, want := range map[string]string{
		"SELECT concat_ws(' ', tls_version, tls_cipher, tls_server_name, tls_resumed, tls_alert, tls_alert_by, ja3, ja4, ja3s, decrypted) FROM sessions":          "TLS 1.2 TLS_X a\ufffdb 0 unknown CA client 3 4 5 1",
		"SELECT concat_ws(' ', certificate_subject, certificate_issuer, certificate_not_before, certificate_not_after, length(certificate_sha256)) FROM sessions": "CN=a CN=b 2026-01-02T03:04:05Z 2026-01-02T03:04:05Z 64",
		"SELECT concat_ws(' ', tls_resumed, plain_bytes, length(certificate_sha256)) FROM transfers WHERE tls_version IS NULL AND certificate_not_after IS NULL":  "1 7 64",
	} {
		require.Equal(t, want, value(t, c, query), query)
	}
}
