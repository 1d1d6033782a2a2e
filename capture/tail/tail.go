// Package tail finds and reads captures that others still write: files that grow, their
// successors, pipes. Package capture, the next step, merges their packets as it does
// those of other files.
package tail

import (
	"bytes"
	"io"
	"io/fs"
	"os"

	"ftpscope/capture/buffer"
)

// File reads a file that others still write to.
type File struct {
	*os.File
	path  string
	ended bool   // its end is the end, nothing more is waited for
	head  []byte // what it begins with
	read  int64
	most  int64 // bytes that may be read; 0: all there are
}

// headSize is how much of a file's beginning is remembered, to see that it was written
// anew.
const headSize = 1024

// NewFile reads what the file, opened by this path, has now: its end is the end until
// Follow is called.
func NewFile(file *os.File, path string) *File { return &File{File: file, path: path, ended: true} }

func (t *File) Read(p []byte) (int, error) {
	if t.most > 0 {
		p = p[:min(int64(len(p)), t.most-t.read)]
	}
	n, err := 0, io.EOF
	if len(p) > 0 {
		n, err = t.File.Read(p)
	}
	t.read += int64(n)
	if err == io.EOF && !t.ended {
		err = buffer.ErrPending
	}
	return n, err
}

// Follow lets the end be no end from now on.
func (t *File) Follow() {
	t.ended = false
	t.head = t.begins(headSize)
}

// Stop lets what is written from now on be of no interest.
func (t *File) Stop() {
	if info, err := t.Stat(); err == nil && t.most == 0 {
		t.most = max(info.Size(), t.read)
	}
}

// begins is what the file begins with, n bytes of it at most.
func (t *File) begins(n int) []byte {
	b := make([]byte, n)
	n, _ = t.ReadAt(b, 0)
	return b[:n]
}

// Fate is what became of a file.
type Fate int

const (
	Still   Fate = iota // nothing new
	Grown               // there is more to read
	Renewed             // it was emptied or written anew
	Gone                // it has lost its name, or another file has it
)

// Finish lets the end be the end again: nothing more is waited for.
func (t *File) Finish() { t.ended = true }

// Look tells what became of the file.
func (t *File) Look() Fate {
	info, err := t.Stat()
	switch {
	case err != nil:
		return Gone
	case info.Size() < t.read || !bytes.Equal(t.begins(len(t.head)), t.head):
		return Renewed
	case info.Size() > t.read && t.read != t.most:
		return Grown
	case !sameFile(t.path, info):
		return Gone
	}
	return Still
}

// sameFile reports whether a path leads to a file.
func sameFile(path string, file fs.FileInfo) bool {
	info, err := os.Stat(path)
	return err == nil && os.SameFile(info, file)
}

// Pipe reads what comes through a pipe in a goroutine of its own, so that nobody else has
// to wait.
type Pipe struct {
	full, free chan []byte
	err        error  // after full is closed
	mem, part  []byte // the piece that is read, and what is left of it
}

const pipePieces = 4

// NewPipe begins to read src.
func NewPipe(src io.Reader) *Pipe {
	t := &Pipe{full: make(chan []byte, pipePieces), free: make(chan []byte, pipePieces)}
	for range pipePieces {
		t.free <- make([]byte, buffer.Small)
	}
	go t.run(src)
	return t
}

func (t *Pipe) run(src io.Reader) {
	defer close(t.full)
	for mem := range t.free {
		n, err := src.Read(mem[:buffer.Small])
		if n > 0 {
			t.full <- mem[:n]
		} else if err == nil {
			t.free <- mem
		}
		if err != nil {
			t.err = err
			return
		}
	}
}

func (t *Pipe) Read(p []byte) (int, error) {
	if len(t.part) == 0 {
		select {
		case part, open := <-t.full:
			if !open {
				return 0, t.err
			}
			t.mem, t.part = part, part
		default:
			return 0, buffer.ErrPending
		}
	}
	n := copy(p, t.part)
	if t.part = t.part[n:]; len(t.part) == 0 {
		t.free <- t.mem
	}
	return n, nil
}
