package casedb

import (
	"context"
	"database/sql"
	_ "embed" // schema.sql
	"fmt"
	"regexp"
	"strings"
)

// schema is version 1. It stays as it is: what comes later is a migration.
//
//go:embed schema.sql
var schema string

// applicationID is in the file's header ("FTPs"): it tells a case from any other
// database.
const applicationID = 0x46545073

// migrations bring a case from the version that is their index to the next one. They run
// in one transaction.
var migrations = []migration{
	func(c *conn) error { return c.exec(expand(schema)) },
	func(c *conn) error { return c.exec(networkColumns) },
	func(c *conn) error { return c.exec(verdicts()) },
	func(c *conn) error { return c.exec(operationsTable) },
	func(c *conn) error { return c.exec(tlsColumns()) },
}

// tlsColumns make version 5: what TLS shows of the control connection and of data
// connections.
func tlsColumns() string {
	return added(handshakeColumns, "sessions", "transfers") + "ALTER TABLE sessions ADD COLUMN decrypted INTEGER CHECK (decrypted IN (0, 1)) /* by keys */;\n" +
		"ALTER TABLE transfers ADD COLUMN plain_bytes INTEGER /* under TLS: the plaintext's size */;\n"
}

// handshakeColumns are a handshake's, in the order of addHandshake.
var handshakeColumns = []string{
	"tls_version TEXT /* TLS 1.3, … */",
	"tls_cipher TEXT",
	"tls_server_name TEXT /* SNI */",
	"tls_protocol TEXT /* ALPN, chosen */",
	"tls_resumed INTEGER CHECK (tls_resumed IN (0, 1)) /* NULL: not known */",
	"tls_alert TEXT",
	"tls_alert_by TEXT CHECK (tls_alert_by IN ('client', 'server'))",
	"ja3 TEXT",
	"ja4 TEXT",
	"ja3s TEXT",
	"certificate_sha256 TEXT",
	"certificate_subject TEXT",
	"certificate_issuer TEXT",
	"certificate_not_before TEXT",
	"certificate_not_after TEXT",
}

// operationsTable makes version 4.
const operationsTable = `CREATE TABLE operations ( -- commands that changed the server's files without carrying any, or tried to
  session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  n          INTEGER NOT NULL, -- 1, 2, … within the session
  time_ns    INTEGER NOT NULL,
  input      INTEGER,
  frame      INTEGER,
  what       TEXT NOT NULL,    -- the command, of SITE with its first word
  path       TEXT,             -- resolved against the working directory
  from_path  TEXT,             -- of RNTO: what was renamed
  argument   TEXT,             -- what is left: a time, a mode
  reply_code INTEGER,
  reply_text TEXT,
  PRIMARY KEY (session_id, n)
) STRICT, WITHOUT ROWID;`

// networkColumns make version 2: the name of the network that a connection was seen in.
// NULL is the plain one, without tags and tunnels; of a transfer's data connection also
// its session's.
const networkColumns = `ALTER TABLE sessions ADD COLUMN network TEXT;
ALTER TABLE transfers ADD COLUMN data_network TEXT;
ALTER TABLE attempts ADD COLUMN network TEXT;
ALTER TABLE orphans ADD COLUMN data_network TEXT;`

// verdicts makes version 3: what went wrong with each session, transfer, attempt and orphan,
// and the views that tell it.
func verdicts() string {
	return added(verdictColumns, "sessions", "transfers", "attempts", "orphans") + "ALTER TABLE sessions ADD COLUMN verdict_transfer INTEGER /* transfers.n of what it is about */;\n" + expand(verdictViews)
}

// added adds columns to tables.
func added(columns []string, tables ...string) string {
	var b strings.Builder
	for _, table := range tables {
		for _, column := range columns {
			b.WriteString("ALTER TABLE " + table + " ADD COLUMN " + column + ";\n")
		}
	}
	return b.String()
}

// verdictColumns are a verdict's, in the order of addVerdict. The comments stay in the
// schema.
var verdictColumns = []string{
	"cause TEXT /* what went wrong: ftpscope schema lists the words */",
	"at TEXT /* where to look: none, client, server, firewall, nat, path, capture */",
	"certainty TEXT CHECK (certainty IN ('certain', 'likely', 'open'))",
	"other_causes TEXT CHECK (json_valid(other_causes)) /* JSON array: what else fits, where it is open */",
	"verdict TEXT /* in a sentence */",
	"next TEXT CHECK (json_valid(next)) /* JSON array: what to check or change, in order of worth */",
	"verdict_frames TEXT CHECK (json_valid(verdict_frames)) /* JSON array: the packets that decide */",
	"verdict_inputs TEXT CHECK (json_valid(verdict_inputs)) /* JSON array: the input of each */",
}

//go:embed verdicts.sql
var verdictViews string

type migration func(*conn) error

// iso is ISO(x), x in nanoseconds: 2024-03-01T10:02:15.000000001Z, also before 1970.
var iso = regexp.MustCompile(`ISO\(((?:[^()]|\([^()]*\))*)\)`)

// expand writes out the schema's only macro.
func expand(text string) string {
	return iso.ReplaceAllStringFunc(text, func(call string) string {
		ns := iso.FindStringSubmatch(call)[1]
		const second = "1000000000"
		fraction := "((" + ns + " % " + second + " + " + second + ") % " + second + ")"
		return "strftime('%Y-%m-%dT%H:%M:%S', (" + ns + " - " + fraction + ") / " + second + ", 'unixepoch') || printf('.%09dZ', " + fraction + ")"
	})
}

// conn is the one connection to the case.
type conn struct{ *sql.Conn }

func (c *conn) exec(statements string, args ...any) error {
	_, err := c.ExecContext(context.Background(), statements, args...)
	return err
}

// get reads one row.
func (c *conn) get(query string, args []any, into ...any) error {
	return c.QueryRowContext(context.Background(), query, args...).Scan(into...)
}

// transaction runs f in a transaction that nobody else writes in.
func (c *conn) transaction(f func() error) error {
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f()
	if err == nil {
		err = c.exec("COMMIT")
	}
	if err != nil {
		c.exec("ROLLBACK") // may have happened already
	}
	return err
}

// migrate makes the schema what the program knows. A database that is no case stays as it
// is.
func (c *conn) migrate(list []migration) error {
	var id, version, objects int
	for query, into := range map[string]*int{"PRAGMA application_id": &id, "PRAGMA user_version": &version, "SELECT count(*) FROM sqlite_schema": &objects} {
		if err := c.get(query, nil, into); err != nil {
			return err
		}
	}
	switch fresh := id == 0 && version == 0 && objects == 0; {
	case !fresh && id != applicationID:
		return ErrNotCase
	case version < 0 || version > len(list):
		return fmt.Errorf("%w (its schema is version %d, this ftpscope knows up to %d)", ErrNewer, version, len(list))
	}
	for _, m := range list[version:] {
		if err := m(c); err != nil {
			return err
		}
	}
	// Also when nothing changes: that the file and its folder can be written is better
	// known now than after an hour.
	return c.exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(list)))
}

// columns lists a table's columns.
func (c *conn) columns(table string) ([]string, error) {
	var list string
	err := c.get("SELECT group_concat(name) FROM pragma_table_info(?)", []any{table}, &list)
	return strings.Split(list, ","), err
}
