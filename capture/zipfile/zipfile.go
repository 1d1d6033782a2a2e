// Package zipfile lists and opens the files in zip archives; capture/unpack and capture/pcapfile read them.
package zipfile

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxDirectory bounds what is read of an archive to list it: a hundred thousand names.
const maxDirectory = 16 << 20

// Magic begins an archive that is not empty.
const Magic = "PK\x03\x04"

var (
	// ErrPassword is the error of a file that a password protects.
	ErrPassword  = errors.New("password-protected: unpack it first (7z x)")
	errDirectory = fmt.Errorf("the zip archive's list of files has more than %d MiB", maxDirectory>>20)
)

// File is a file in an archive. It holds nothing open.
type File struct {
	Name   string // in the archive
	Size   int64  // unpacked
	Sealed bool   // by a password
	path   string // of the archive
	index  int
}

// List returns the files of an archive; folders are none.
func List(path string) ([]File, error) {
	a, err := open(path)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	var list []File
	for i, f := range a.zip.File {
		if f.FileInfo().Mode().IsRegular() {
			const encrypted = 1 // APPNOTE.TXT section 4.4.4, bit 0
			list = append(list, File{f.Name, int64(min(f.UncompressedSize64, 1<<62)), f.Flags&encrypted != 0, path, i})
		}
	}
	return list, nil
}

// Open unpacks a file.
func (f *File) Open() (io.ReadCloser, error) {
	if f.Sealed {
		return nil, ErrPassword
	}
	a, err := open(f.path)
	if err != nil {
		return nil, err
	}
	if f.index >= len(a.zip.File) || a.zip.File[f.index].Name != f.Name {
		a.Close()
		return nil, errors.New("the zip archive has changed")
	}
	packed := a.zip.File[f.index]
	r, err := packed.Open()
	if err != nil {
		a.Close()
		if errors.Is(err, zip.ErrAlgorithm) {
			return nil, fmt.Errorf("compressed by method %d of zip, which is not known: unpack it first (7z x)", packed.Method)
		}
		return nil, explain(err)
	}
	return &reader{r, a}, nil
}

// archive is an open one.
type archive struct {
	*os.File
	zip  *zip.Reader
	left int64 // bytes that may be read to list it; negative: as many as there are
}

func open(path string) (*archive, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a := &archive{File: file, left: maxDirectory}
	info, err := file.Stat()
	if err == nil {
		a.zip, err = zip.NewReader(a, info.Size())
	}
	if err != nil {
		file.Close()
		return nil, explain(err)
	}
	a.left = -1
	return a, nil
}

// ReadAt bounds what a forged list of files can make the library keep.
func (a *archive) ReadAt(b []byte, at int64) (int, error) {
	if a.left >= 0 {
		if int64(len(b)) > a.left {
			return 0, errDirectory
		}
		a.left -= int64(len(b))
	}
	return a.File.ReadAt(b, at)
}

// reader unpacks a file, and closes its archive.
type reader struct {
	io.ReadCloser
	archive *archive
}

func (r *reader) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	return n, explain(err)
}

func (r *reader) Close() error { return errors.Join(r.ReadCloser.Close(), r.archive.Close()) }

// explain says what is wrong with an archive.
func explain(err error) error {
	switch {
	case err == nil || err == io.EOF || errors.Is(err, errDirectory):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the zip data is damaged or cut")
	case errors.Is(err, zip.ErrFormat):
		return errors.New("the zip archive is damaged or cut: its list of files, at the end, is not there")
	}
	return fmt.Errorf("the zip data is damaged (%w)", err)
}
