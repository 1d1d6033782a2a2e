package capture

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// errPending is the error of a read that would have to wait: nothing more is there now. Unlike others it does not stay.
var errPending = errors.New("more may come")

// tail reads a file that others still write to.
type tail struct {
	*os.File
	path  string
	ended bool   // its end is the end, nothing more is waited for
	head  []byte // what it begins with
	read  int64
	most  int64 // bytes that may be read; 0: all there are
}

// headSize is how much of a file's beginning is remembered, to see that it was written anew.
const headSize = 1024

func newTail(file *os.File, path string) *tail { return &tail{File: file, path: path, ended: true} }

func (t *tail) Read(p []byte) (int, error) {
	if t.most > 0 {
		p = p[:min(int64(len(p)), t.most-t.read)]
	}
	n, err := 0, io.EOF
	if len(p) > 0 {
		n, err = t.File.Read(p)
	}
	t.read += int64(n)
	if err == io.EOF && !t.ended {
		err = errPending
	}
	return n, err
}

// follow lets the end be no end from now on.
func (t *tail) follow() {
	t.ended = false
	t.head = t.begins(headSize)
}

// stop lets what is written from now on be of no interest.
func (t *tail) stop() {
	if info, err := t.Stat(); err == nil && t.most == 0 {
		t.most = max(info.Size(), t.read)
	}
}

// begins is what the file begins with, n bytes of it at most.
func (t *tail) begins(n int) []byte {
	b := make([]byte, n)
	n, _ = t.ReadAt(b, 0)
	return b[:n]
}

// fate is what became of a file.
type fate int

const (
	still   fate = iota // nothing new
	grown               // there is more to read
	renewed             // it was emptied or written anew
	gone                // it has lost its name, or another file has it
)

// look tells what became of the file.
func (t *tail) look() fate {
	info, err := t.Stat()
	switch {
	case err != nil:
		return gone
	case info.Size() < t.read || !bytes.Equal(t.begins(len(t.head)), t.head):
		return renewed
	case info.Size() > t.read && t.read != t.most:
		return grown
	case !sameFile(t.path, info):
		return gone
	}
	return still
}

// sameFile reports whether a path leads to a file.
func sameFile(path string, file fs.FileInfo) bool {
	info, err := os.Stat(path)
	return err == nil && os.SameFile(info, file)
}

// trickle reads what comes through a pipe in a goroutine of its own, so that nobody else has to wait.
type trickle struct {
	full, free chan []byte
	err        error  // after full is closed
	mem, part  []byte // the piece that is read, and what is left of it
}

const tricklePieces = 4

// newTrickle begins to read src.
func newTrickle(src io.Reader) *trickle {
	t := &trickle{full: make(chan []byte, tricklePieces), free: make(chan []byte, tricklePieces)}
	for range tricklePieces {
		t.free <- make([]byte, smallBuffer)
	}
	go t.run(src)
	return t
}

func (t *trickle) run(src io.Reader) {
	defer close(t.full)
	for mem := range t.free {
		n, err := src.Read(mem[:smallBuffer])
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

func (t *trickle) Read(p []byte) (int, error) {
	if len(t.part) == 0 {
		select {
		case part, open := <-t.full:
			if !open {
				return 0, t.err
			}
			t.mem, t.part = part, part
		default:
			return 0, errPending
		}
	}
	n := copy(p, t.part)
	if t.part = t.part[n:]; len(t.part) == 0 {
		t.free <- t.mem
	}
	return n, nil
}
