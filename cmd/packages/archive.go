package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// member is a file of an archive.
type member struct {
	name string // in the archive
	path string
	mode fs.FileMode
}

// archive lists what an archive holds, all in one folder: the program, what to read, and what shells and systemd want.
func (b *build) archive(folder, program, system string) (list []member) {
	add := func(name string, mode fs.FileMode) {
		list = append(list, member{path.Join(folder, name), filepath.Join(b.stage, filepath.FromSlash(name)), mode})
	}
	add(program, 0o755)
	add("README.md", 0o644)
	add("CHANGELOG.md", 0o644)
	if system == "windows" {
		return list
	}
	if system == "linux" {
		add("ftpscope-sniff@.service", 0o644)
	}
	for _, pattern := range []string{"completions/*", "man/man1/*", "man/man7/*"} {
		found, err := filepath.Glob(filepath.Join(b.stage, filepath.FromSlash(pattern)))
		if err != nil {
			panic(err) // our own pattern is wrong
		}
		slices.Sort(found)
		for _, f := range found {
			add(path.Join(path.Dir(pattern), filepath.Base(f)), 0o644)
		}
	}
	return list
}

// writeTar writes a compressed tar of files that nobody owns.
func writeTar(name string, list []member, date time.Time) error {
	return create(name, func(w io.Writer) error {
		z := gzip.NewWriter(w)
		t := tar.NewWriter(z)
		for _, m := range list {
			text, err := os.ReadFile(m.path)
			if err != nil {
				return err
			}
			head := tar.Header{Name: m.name, Mode: int64(m.mode), Size: int64(len(text)), ModTime: date, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
			if err := t.WriteHeader(&head); err != nil {
				return err
			}
			if _, err := t.Write(text); err != nil {
				return err
			}
		}
		return errors.Join(t.Close(), z.Close())
	})
}

// writeZip writes a zip archive.
func writeZip(name string, list []member, date time.Time) error {
	return create(name, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, m := range list {
			text, err := os.ReadFile(m.path)
			if err != nil {
				return err
			}
			head := zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: date.UTC()}
			head.SetMode(m.mode)
			f, err := z.CreateHeader(&head)
			if err != nil {
				return err
			}
			if _, err := f.Write(text); err != nil {
				return err
			}
		}
		return z.Close()
	})
}

func create(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

const sumsName = "SHA256SUMS"

// writeSums writes what sha256sum -c reads.
func writeSums(dir string, names []string) error {
	var b strings.Builder
	for _, n := range names {
		text, err := os.ReadFile(filepath.Join(dir, n))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(text), n)
	}
	return os.WriteFile(filepath.Join(dir, sumsName), []byte(b.String()), 0o644)
}
