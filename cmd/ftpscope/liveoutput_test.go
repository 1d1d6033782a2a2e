package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/analyze/report/formats"
)

// Each file of a format with a heading has it once, at its beginning: one that goes on, one that logrotate moved away, one
// that it copied and cut.
func TestLiveHeadings(t *testing.T) {
	for _, format := range formats.All() {
		if format.Separator == 0 {
			continue
		}
		t.Run(format.Name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			file, err := openLive(path, false, t.Errorf)
			require.NoError(t, err)
			w := newEachRecord(file, format, report.Options{})
			record := func() {
				command := "RETR"
				s := record.Session{Transfers: []record.Transfer{{Command: &command, Method: "PASV", Connection: &record.Connection{}, Reply: &record.Reply{Code: 226}}}}
				require.NoError(t, w.Session(&s))
			}
			check := func(path string) {
				b, err := os.ReadFile(path)
				require.NoError(t, err)
				first, _, _ := strings.Cut(string(b), "\n")
				require.Regexp(t, `^(#separator |[a-z_]+,)`, first)
				require.Equal(t, 1, strings.Count(string(b), first), "%s", b)
			}
			record()
			record()
			check(path)

			moved := path + ".1"
			require.NoError(t, os.Rename(path, moved))
			file.reopen.Store(true)
			record()
			check(path)
			check(moved)

			file.reopen.Store(true) // nobody moved it
			record()
			check(path)

			require.NoError(t, os.Truncate(path, 0))
			record()
			check(path)
			require.NoError(t, file.close())

			file, err = openLive(path, false, t.Errorf) // the program started again
			require.NoError(t, err)
			w = newEachRecord(file, format, report.Options{})
			record()
			check(path)
			require.NoError(t, file.close())
		})
	}
}
