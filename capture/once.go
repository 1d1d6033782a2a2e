package capture

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"

	"ftpscope/capture/buffer"
)

// Again is a capture of the same files in the same order, from the start: Ord and Pos are
// the same for each packet. c must have been opened with Spool, and be closed after it.
// Problems of the opening are not told again, those of the reading are.
func (c *Capture) Again(problem func(*FileError)) *Capture {
	again := newCapture(Options{Problem: problem, Ahead: c.ahead})
	again.stats = c.opened
	again.dropped.Store(c.opened.Dropped)
	again.begin(c.found)
	again.found = nil // what was copied is c's
	return again
}

// endable reads a stream in a goroutine of its own, so that nobody has to wait for a
// writer that has stopped.
func endable(from io.ReadCloser, ended <-chan struct{}) io.ReadCloser {
	out, in := io.Pipe()
	closed := make(chan struct{})
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{in}, struct{ io.Reader }{from}, make([]byte, buffer.Large))
		in.CloseWithError(err)
	}()
	go func() {
		select {
		case <-ended:
			in.CloseWithError(ErrEnded)
		case <-closed:
		}
	}()
	return &endableStream{out, from, closed}
}

type endableStream struct {
	*io.PipeReader
	from   io.Closer
	closed chan struct{}
}

func (s *endableStream) Close() error {
	close(s.closed)
	s.PipeReader.Close()
	return s.from.Close()
}

// spool is a copy of what can be read only once.
type spool struct {
	file *os.File
	size int64
	name string // as long as it has one
}

// spooled copies what can be read only once, and lists the copy; false if it is no
// capture.
func (f *finder) spooled(name string, from io.ReadCloser) bool {
	defer from.Close()
	f.spool(name)
	s, err := newSpool(from)
	if err != nil {
		f.problem(plain(name, err))
		return false
	}
	if !f.look(&entry{name: name, size: s.size, spool: s}, s.open(), false) {
		s.remove()
		return false
	}
	return true
}

func newSpool(from io.Reader) (*spool, error) {
	file, err := os.CreateTemp("", "ftpscope-*.part")
	if err != nil {
		return nil, err
	}
	s := &spool{file: file, name: file.Name()}
	if os.Remove(s.name) == nil { // an open file without a name is gone at the end, whatever ends the program
		s.name = ""
	}
	if s.size, err = io.Copy(file, from); err != nil {
		s.remove()
		var where *fs.PathError
		if errors.As(err, &where) && where.Op == "write" {
			return nil, errors.New("cannot be copied to a temporary file, to be read twice: " + where.Err.Error())
		}
		return nil, err
	}
	return s, nil
}

func (s *spool) open() io.ReadCloser { return io.NopCloser(io.NewSectionReader(s.file, 0, s.size)) }

func (s *spool) remove() {
	if s == nil {
		return
	}
	s.file.Close()
	if s.name != "" {
		os.Remove(s.name)
	}
}

// Digest is what was read of a file: its bytes as they are, compressed or not.
type Digest struct {
	Size   int64
	SHA256 [sha256.Size]byte
}

// digester digests what is read of a file that can be read only once.
type digester struct {
	io.ReadCloser
	sum   hash.Hash
	size  int64
	drain bool // it is a capture: what is not read of it, after an error, belongs to its digest, too
	ended bool
}

func newDigester(file io.ReadCloser) *digester { return &digester{ReadCloser: file, sum: sha256.New()} }

func (d *digester) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	d.sum.Write(p[:n])
	d.size += int64(n)
	d.ended = d.ended || err == io.EOF
	return n, err
}

func (d *digester) Close() error {
	if d.drain && !d.ended {
		io.Copy(io.Discard, d)
	}
	return d.ReadCloser.Close()
}

// Digests tells, after the end, of the files that could be read only once (standard
// input, FIFOs) and were read to their end, by name. It needs Options.Digest. Files in zip
// archives, which others cannot open by their names, are read once more.
func (c *Capture) Digests() map[string]Digest {
	list := map[string]Digest{}
	for name, d := range c.digesters {
		if d.ended {
			list[name] = Digest{d.size, [sha256.Size]byte(d.sum.Sum(nil))}
		}
	}
	for _, e := range c.found {
		if e.zipped == nil || c.digesters == nil {
			continue
		}
		if file, err := e.zipped.Open(); err == nil {
			d := newDigester(file)
			if n, err := io.Copy(io.Discard, d); err == nil {
				list[e.name] = Digest{n, [sha256.Size]byte(d.sum.Sum(nil))}
			}
			d.Close()
		}
	}
	return list
}
