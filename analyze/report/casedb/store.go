package casedb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
)

// Outcome is what became of a run.
type Outcome struct {
	Analysis  int64    // its id in the case; 0: nothing was stored
	Unchanged bool     // the case had the same captures by the same version and settings
	Replaced  *Earlier // the analysis of the same captures that it took the place of
	Overlaps  []string // captures that other analyses read too: what is in them counts more than once
}

// Earlier is an analysis that was replaced.
type Earlier struct{ Version, Settings string }

// store puts the staged records into the case, unless it has them.
func (w *Writer) store(s *record.Summary) error {
	if err := w.conn.exec("COMMIT"); err != nil {
		return staging(err)
	}
	var inputs []report.Input
	if w.opt.Inputs != nil {
		inputs = w.opt.Inputs()
	}
	key, err := setKey(inputs)
	if err != nil {
		return err
	}
	if now, err := os.Stat(w.path); err != nil || !os.SameFile(now, w.info) {
		return ErrMoved
	}
	// Readers go on while a writer writes. Where a reader is in the way right now, the
	// old journal does as well.
	if err := w.conn.exec("PRAGMA journal_mode = WAL"); err != nil && !errors.Is(plain(err), ErrBusy) {
		return plain(err)
	}
	outcome := Outcome{}
	err = w.conn.transaction(func() error {
		if err := w.conn.migrate(w.opt.migrations); err != nil { // another program may have come between
			return err
		}
		return w.merge(s, inputs, key, &outcome)
	})
	if err != nil {
		return plain(err)
	}
	w.outcome = outcome
	return nil
}

// setKey names a set of captures, in whatever order they were given.
func setKey(inputs []report.Input) (string, error) {
	var sums []string
	for _, in := range inputs {
		if len(in.SHA256) != hex.EncodedLen(sha256.Size) {
			return "", ErrUnknown
		}
		sums = append(sums, in.SHA256)
	}
	if len(sums) == 0 {
		return "", ErrUnknown
	}
	slices.Sort(sums)
	sum := sha256.Sum256([]byte(strings.Join(sums, "\n")))
	return hex.EncodeToString(sum[:]), nil
}

// merge is the transaction.
func (w *Writer) merge(s *record.Summary, inputs []report.Input, key string, out *Outcome) error {
	var old struct {
		id       int64
		earlier  Earlier
		password int64
	}
	err := w.conn.get("SELECT id, version, settings, show_passwords FROM analyses WHERE set_sha256 = ?", []any{key},
		&old.id, &old.earlier.Version, &old.earlier.Settings, &old.password)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case old.earlier == (Earlier{valid(w.opt.Version), valid(w.opt.Settings)}) && old.password == flag(w.opt.ShowPasswords):
		out.Analysis, out.Unchanged = old.id, true
		return nil
	default:
		out.Replaced = &old.earlier
		if err := w.conn.exec("DELETE FROM analyses WHERE id = ?", old.id); err != nil {
			return err
		}
	}
	id, err := w.addAnalysis(s, key)
	if err != nil {
		return err
	}
	out.Analysis = id
	if err := w.addInputs(id, inputs, s.Capture.TruncatedFiles); err != nil {
		return err
	}
	var base int64
	if err := w.conn.get("SELECT coalesce(max(id), 0) FROM main.sessions", nil, &base); err != nil {
		return err
	}
	for i := range w.staged {
		if err := w.staged[i].move(w.conn, id, base); err != nil {
			return err
		}
	}
	return w.overlaps(id, out)
}

func (w *Writer) addAnalysis(s *record.Summary, key string) (id int64, err error) {
	limits := map[string]uint64{}
	for _, l := range s.Capture.Limits {
		limits[valid(l.Limit)] = l.Count
	}
	limitsJSON, err := json.Marshal(limits)
	if err != nil {
		return 0, err
	}
	line := []string{}
	for _, arg := range w.opt.CommandLine {
		line = append(line, valid(arg))
	}
	lineJSON, err := json.Marshal(line)
	if err != nil {
		return 0, err
	}
	c := &s.Capture
	err = w.conn.get(`INSERT INTO analyses (set_sha256, version, settings, command_line, show_passwords, packets, bytes, first_ns, last_ns,
		sessions, attempts, orphans, missing_bytes, undecoded_packets, dropped_packets, evicted_connections, limits)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id`,
		[]any{key, valid(w.opt.Version), valid(w.opt.Settings), string(lineJSON), flag(w.opt.ShowPasswords), number(s.Packets), number(s.Bytes), stamp(s.First), stamp(s.Last),
			int64(s.Sessions), int64(s.Attempts), int64(s.Orphans), number(c.MissingBytes), number(c.Undecoded), number(c.Dropped), number(c.Evicted), string(limitsJSON)}, &id)
	return id, err
}

func stamp(s *record.Stamp) any {
	if s == nil {
		return nil
	}
	return int64(s.Time)
}

func (w *Writer) addInputs(id int64, inputs []report.Input, truncated []string) error {
	for n, in := range inputs {
		name := valid(in.Name)
		err := w.conn.exec("INSERT INTO captures (sha256, size, name) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING", in.SHA256, in.Size, name)
		if err != nil {
			return err
		}
		err = w.conn.exec("INSERT INTO inputs (analysis_id, n, capture_id, name, truncated) SELECT ?, ?, id, ?, ? FROM captures WHERE sha256 = ?",
			id, n, name, flag(slices.Contains(truncated, in.Name)), in.SHA256)
		if err != nil {
			return err
		}
	}
	return nil
}

// overlaps finds the captures that other analyses read, too.
func (w *Writer) overlaps(id int64, out *Outcome) error {
	rows, err := w.conn.QueryContext(context.Background(), `SELECT name FROM inputs WHERE analysis_id = ?1
		AND capture_id IN (SELECT capture_id FROM inputs WHERE analysis_id <> ?1) ORDER BY n`, id)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		out.Overlaps = append(out.Overlaps, name)
	}
	return rows.Err()
}
