// Package outfile opens the files that are made of captures: readable by nobody but the
// user and the group, and never behind a link that somebody else put into a directory
// that all may write to.
package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Mode is that of new files: captures hold names, and passwords for private ones.
func Mode(private bool) fs.FileMode {
	if private {
		return 0o600
	}
	return 0o640
}

// LinkError is a link that is not followed.
type LinkError struct{ Link string }

func (e *LinkError) Error() string {
	return fmt.Sprintf("%s is a symbolic link of another user in a directory that all may write to: it is not followed", e.Link)
}

// maxLinks bounds the links of a path, as the kernel does.
const maxLinks = 40

// Resolve returns where a path leads, links followed; what does not exist yet stays as it
// is named. A link in a sticky directory that all may write to must be the user's or the
// directory's owner's, as Linux has it with protected_symlinks, which not every machine
// sets. Open it with [NoFollow], for a link may have come since.
func Resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil || filepath.VolumeName(abs) != "" {
		return path, err
	}
	const root = string(filepath.Separator)
	at, rest, links := root, strings.Split(abs, root), 0
	for len(rest) > 0 {
		next := filepath.Join(at, rest[0])
		info, err := os.Lstat(next)
		if err != nil {
			break // it is to be made, or opening it says what is wrong
		}
		if rest = rest[1:]; info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		if isForeign(at, info) {
			return "", &LinkError{next}
		}
		to, err := os.Readlink(next)
		if links++; err != nil || isMagic(next) {
			return path, err
		}
		if links > maxLinks {
			return "", &fs.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
		}
		if filepath.IsAbs(to) {
			at = root
		}
		rest = append(strings.Split(to, root), rest...)
	}
	if links == 0 {
		return path, nil
	}
	return filepath.Join(append([]string{at}, rest...)...), nil
}

// isMagic knows links that only the kernel can follow: /proc/self/fd/1.
func isMagic(path string) bool { return strings.HasPrefix(path, "/proc/") }

// Open opens a file to write to. New ones have Mode. With O_EXCL a link at the path's end
// is a file that exists.
func Open(path string, flag int, private bool) (*os.File, error) {
	lead, name := path, ""
	if flag&os.O_EXCL != 0 {
		lead, name = filepath.Split(path)
	}
	real, err := Resolve(lead)
	if err != nil {
		return nil, err
	}
	if name != "" {
		real = filepath.Join(real, name)
	}
	if info, err := os.Lstat(real); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		flag |= NoFollow
	} // else a magic one
	return os.OpenFile(real, flag, Mode(private))
}

// Mkdir makes a directory for such files if there is none, and returns where it is. Those
// above it are anybody's.
func Mkdir(path string, private bool) (string, error) {
	real, err := Resolve(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(real), 0o777); err != nil {
		return "", err
	}
	mode := Mode(private)
	if err := os.Mkdir(real, mode|mode>>2&0o110); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return real, nil
}
