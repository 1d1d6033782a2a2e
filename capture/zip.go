package capture

import (
	"errors"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"ftpscope/capture/zipfile"
)

var errNoneZipped = errors.New("no capture files in this zip archive")

// zipped takes the captures in an archive, as directory does those in a directory; false if there are none.
func (f *finder) zipped(name string, quiet bool) bool {
	found, told := len(f.found), f.told
	list, err := zipfile.List(name)
	if err != nil {
		if !quiet {
			f.problem(plain(name, err))
		}
		return false
	}
	slices.SortFunc(list, func(a, b zipfile.File) int { return strings.Compare(a.Name, b.Name) })
	sealed := false
	for i := range list {
		z := &list[i]
		if base := path.Base(z.Name); strings.HasPrefix(base, ".") || strings.HasPrefix(z.Name, "__MACOSX/") {
			continue
		}
		sealed = sealed || z.Sealed
		if z.Sealed {
			continue
		}
		e := &entry{name: filepath.Join(name, filepath.FromSlash(path.Clean("/"+z.Name))), size: z.Size, zipped: z}
		file, err := z.Open()
		if err != nil {
			if namedCapture(e.name) {
				f.problem(plain(e.name, err))
			}
			continue
		}
		f.look(e, file, len(list) > 1 && !namedCapture(path.Base(z.Name)))
	}
	switch {
	case sealed:
		f.problem(plain(name, zipfile.ErrPassword))
	case len(f.found) == found && f.told == told && !quiet:
		f.problem(plain(name, errNoneZipped))
	}
	return len(f.found) > found
}

// isZip reports whether a file begins as an archive does; what follows is read from its start.
func isZip(file io.ReaderAt) bool {
	var b [len(zipfile.Magic)]byte
	_, err := file.ReadAt(b[:], 0)
	return err == nil && string(b[:]) == zipfile.Magic
}
