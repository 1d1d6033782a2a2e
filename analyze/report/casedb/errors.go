package casedb

import (
	"errors"
	"fmt"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What may be wrong with the file.
var (
	ErrNotCase  = errors.New("is an SQLite database, but not a case of ftpscope; nothing was changed")
	ErrNotSQL   = errors.New("is not an SQLite database; nothing was changed")
	ErrNewer    = errors.New("was written by a newer ftpscope; nothing was changed")
	ErrBusy     = errors.New("another program is writing to it; nothing was changed")
	ErrFull     = errors.New("no space left on device; nothing was changed")
	ErrReadOnly = errors.New("cannot be written (the file, or the folder it is in); nothing was changed")
	ErrCorrupt  = errors.New("is damaged; nothing was changed (PRAGMA integrity_check tells more)")
	ErrMoved    = errors.New("was moved, removed or replaced meanwhile; nothing was stored")
	ErrUnknown  = errors.New("the SHA-256 of the captures are not known; nothing was stored")
)

// plain says in our words what SQLite says in its own.
func plain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff { // without the extension
	case sqlite3.SQLITE_NOTADB:
		return ErrNotSQL
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrBusy
	case sqlite3.SQLITE_FULL:
		return ErrFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return ErrReadOnly
	case sqlite3.SQLITE_CORRUPT:
		return ErrCorrupt
	}
	return err
}

// staging names the temporary file's folder: it need not be on the case's disk.
func staging(err error) error {
	if err = plain(err); errors.Is(err, ErrFull) {
		return fmt.Errorf("temporary file (in %s; SQLITE_TMPDIR names another folder): %w", tempFolder(), err)
	}
	return err
}

// tempFolder is where SQLite puts temporary files.
func tempFolder() string {
	for _, name := range []string{"SQLITE_TMPDIR", "TMPDIR"} {
		if folder := os.Getenv(name); folder != "" {
			return folder
		}
	}
	if info, err := os.Stat("/var/tmp"); err == nil && info.IsDir() {
		return "/var/tmp"
	}
	return os.TempDir()
}
