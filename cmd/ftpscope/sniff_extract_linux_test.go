package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Files are written by whom sniff became, into a directory that it made while it was root, or may write to.
func testExtracts(t *testing.T) {
	for _, test := range []struct{ name, dir, workers string }{{"made", "new/out", "1"}, {"there", "", "2"}} {
		t.Run(test.name, func(t *testing.T) {
			lab := newLab(t, 1)
			dir := filepath.Join(lab.folder, test.dir)
			out := filepath.Join(lab.folder, "records.jsonl")
			s := start(t, "-i", "b0", "--workers", test.workers, "-o", "json="+out, "--hash", "md5", "--extract", dir)
			lab.send(0)
			eventually(t, "the session's record", func() bool { return sessionsIn(out) == 1 })
			s.stop(t)
			require.Empty(t, s.errs.String())
			records, err := os.ReadFile(out)
			require.NoError(t, err)
			require.Contains(t, string(records), `"sha256":"0a317259132e89c18f50d82e193e07321b47c25a7963d22fffc838af243d270b"`)
			require.Contains(t, string(records), `"file":"shell.php"`)
			data, err := os.ReadFile(filepath.Join(dir, "shell.php"))
			require.NoError(t, err)
			require.Equal(t, "0a317259132e89c18f50d82e193e07321b47c25a7963d22fffc838af243d270b", digest(string(data)))
			var owner syscall.Stat_t
			require.NoError(t, syscall.Stat(filepath.Join(dir, "shell.php"), &owner))
			require.Equal(t, []int{nobody, nobody}, []int{int(owner.Uid), int(owner.Gid)})
			manifest, err := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(manifest), "\n"))
			require.Contains(t, string(manifest), `"complete":true`)
			left, err := filepath.Glob(filepath.Join(dir, ".ftpscope*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}
