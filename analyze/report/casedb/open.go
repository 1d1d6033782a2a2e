package casedb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ftpscope/analyze/report"
	"ftpscope/capture/outfile"
)

// Options say what is kept beside the records.
type Options struct {
	ShowPasswords bool
	Version       string   // of ftpscope
	CommandLine   []string //
	Settings      string   // flags that change the result, in a fixed order
	// Inputs are the captures, in the order in which Pos.File counts them. Asked for with
	// the summary, when all are read.
	Inputs func() []report.Input

	wait       time.Duration // for other writers; maxWait if 0
	pages      int           // that the case may have, in tests of full disks
	migrations []migration   // nil: the program's
}

// maxWait is how long a run waits for others that write: storing a run takes seconds.
const maxWait = time.Minute

// Open opens the case at path, or makes one.
func Open(path string, opt Options) (*Writer, error) {
	if opt.wait == 0 {
		opt.wait = maxWait
	}
	if opt.migrations == nil {
		opt.migrations = migrations
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if abs, err = outfile.Resolve(abs); err != nil {
		return nil, err
	}
	info, err := touch(abs, opt.ShowPasswords)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(abs))
	if err != nil {
		return nil, plain(err)
	}
	w := &Writer{db: db, path: abs, info: info, opt: opt}
	if err := w.open(); err != nil {
		w.Close()
		return nil, plain(err)
	}
	return w, nil
}

// touch sees to it that there is a file that may become, or is, a database: SQLite's own
// errors say less.
func touch(path string, private bool) (os.FileInfo, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return nil, errors.New("is a directory")
		}
		return nil, errors.New("is not a regular file: a database needs one")
	}
	file, err := outfile.Open(path, os.O_RDWR|os.O_CREATE, private)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	if n, err := io.ReadFull(file, head); err != io.EOF && string(head[:n]) != magic {
		return nil, ErrNotSQL
	}
	return file.Stat()
}

// dsn names the file in a way that no character of its path changes.
func dsn(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// open makes the one connection, the schema and the temporary tables.
func (w *Writer) open() error {
	c, err := w.db.Conn(context.Background())
	if err != nil {
		return err
	}
	w.conn = &conn{c}
	// secure_delete: passwords of an analysis that another one replaces are gone.
	// trusted_schema: the case may come from others.
	err = w.conn.exec(fmt.Sprintf(`PRAGMA busy_timeout = %d; PRAGMA foreign_keys = ON; PRAGMA temp_store = FILE; PRAGMA temp.cache_size = -%d; PRAGMA temp.journal_mode = OFF;
		PRAGMA cache_size = -%d; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON`,
		w.opt.wait.Milliseconds(), stageCache>>10, caseCache>>10))
	if err == nil && w.opt.pages > 0 {
		err = w.conn.exec(fmt.Sprintf("PRAGMA max_page_count = %d", w.opt.pages))
	}
	if err == nil {
		err = w.conn.transaction(func() error { return w.conn.migrate(w.opt.migrations) })
	}
	if err != nil {
		return err
	}
	for i := range w.staged {
		if err := w.staged[i].open(w.conn, tables[i]); err != nil {
			return staging(err)
		}
	}
	return w.conn.exec("BEGIN") // of the temporary tables only: it locks nothing in the case
}

// Memory for pages, in bytes: enough for appending, and for the indexes' upper levels.
const (
	stageCache = 4 << 20
	caseCache  = 32 << 20
)
