//go:build unix

package outfile

import (
	"io/fs"
	"os"
	"syscall"
)

// NoFollow keeps open(2) from following a link at the path's end.
const NoFollow = syscall.O_NOFOLLOW

// isForeign reports whether a link in a directory is another user's trap: see Resolve.
func isForeign(dir string, link fs.FileInfo) bool {
	const others = 0o002
	in, err := os.Stat(dir)
	if err != nil || in.Mode()&fs.ModeSticky == 0 || in.Mode()&others == 0 {
		return false
	}
	owner, known := uid(link)
	parent, also := uid(in)
	return known && also && owner != parent && int64(owner) != int64(os.Geteuid())
}

func uid(info fs.FileInfo) (uint32, bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return s.Uid, true
}
