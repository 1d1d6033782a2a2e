package capture

import (
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"

	"ftpscope/capture/flow"
)

// batchSize is how many packets are read at a time: enough to make a call a batch cost nothing, few enough to stay in
// the first-level cache.
const batchSize = 256

// format reads the packets of one file.
type format interface {
	start(buf *buffer) error
	// read fills out with packets numbered from ord, one at least; if there is none it says why (io.EOF: the end).
	read(out []Packet, ord uint64) (int, error)
	setFile(index int)
	// notes tells, at the end, what was odd.
	notes() []error
	described() *descriptions // of its interfaces, so far
}

// source is one file that is being read.
type source struct {
	format
	name   string
	file   io.Closer
	counts *counter
	size   int64 // of the file, 0 unknown

	pool   *pool
	raw    *buffer // the file's bytes
	buf    *buffer // the capture's: raw itself, or what is unpacked from it
	packer *unpacker
	aheads *aheads // where ahead goes back to
	ahead  *ahead  // reads from packer; nil: buf does

	tail    *tail     // of a file that others may still write to; nil: it is as it is
	trickle *trickle  // of a pipe that is followed
	until   flow.Time // the last packet that was read
	drained bool      // nothing was written after it, when that was looked at
	root    *root

	index int      // in Capture.Files
	batch []Packet // the last that was read; its capacity is how many are read at a time
	next  int      // first packet of batch that was not delivered
}

// counter reads from a file and counts what it gave.
type counter struct {
	io.Reader
	own   int64         // bytes of this file
	total *atomic.Int64 // bytes of all
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.own += int64(n)
	c.total.Add(int64(n))
	return n, err
}

// input is what a source reads from.
type input struct {
	name    string
	file    io.ReadCloser
	size    int64
	pool    *pool
	aheads  *aheads // nil: nothing is read ahead
	read    *atomic.Int64
	dropped *atomic.Uint64

	described *int // bytes of all files' interfaces; nil: they are not kept
}

// newSource finds out what a file is. On an error it has closed the file.
func newSource(in input) (*source, *FileError) {
	s := &source{name: in.name, file: in.file, size: in.size, pool: in.pool, counts: &counter{Reader: in.file, total: in.read}}
	s.raw = s.pool.get(s.counts)
	s.buf = s.raw
	err := s.recognize(&in)
	if err == nil {
		err = s.start(s.buf)
	}
	if err != nil {
		s.close()
		return nil, s.place(err)
	}
	if in.aheads != nil && s.packer != nil {
		s.readAhead(in.aheads)
	}
	return s, nil
}

// readAhead leaves the decompression of what comes next to another goroutine, if one may be started.
func (s *source) readAhead(from *aheads) {
	if s.ahead = from.get(); s.ahead != nil {
		s.aheads = from
		s.ahead.start(s.packer)
		s.buf.src, s.buf.ahead = s.ahead, s.ahead
	}
}

// magicSize is how many bytes tell what a file is.
const magicSize = 4

func (s *source) recognize(in *input) error {
	if err := s.head(); err != nil {
		return err
	}
	var err error
	if s.packer, err = unpack(s.raw); err != nil {
		return err
	}
	if s.packer != nil {
		s.buf = s.pool.get(s.packer)
		if err := s.head(); err != nil {
			return err
		}
	}
	magic := binary.LittleEndian.Uint32(s.buf.unread())
	if p := pcapOf(magic); p != nil {
		s.format = p
	} else if magic == blockSection {
		s.format = &pcapng{dropped: in.dropped, all: descriptions{all: in.described}}
	} else if magic == snoopMagic {
		s.format = &snoop{dropped: in.dropped}
	} else {
		return s.not()
	}
	return nil
}

// errEmpty is the error of a file of no bytes, or one that unpacks to none.
var errEmpty = errors.New("empty: not even the header of a capture is there")

// head reads the magic.
func (s *source) head() error {
	err := s.buf.fill(magicSize)
	switch {
	case err == io.EOF && len(s.buf.unread()) == 0:
		return errEmpty
	case err == io.EOF:
		return s.not()
	}
	return err
}

func (s *source) not() error {
	kind := looksLike(s.buf.unread())
	if s.packer != nil {
		if kind == "" {
			kind = "unknown data"
		}
		kind += ", compressed by " + s.packer.kind
	}
	return notCapture(kind)
}

// place makes a FileError of err that names the file.
func (s *source) place(err error) *FileError {
	var e *FileError
	if !errors.As(err, &e) {
		e = plain(s.name, err)
	}
	e.File = s.name
	if s.packer != nil {
		e.Packed = s.packer.kind
	}
	return e
}

// refill reads the next batch; the one before is no longer valid. It returns false at the end of what can be read,
// with the error that ended it, if any.
func (s *source) refill(ord uint64) (bool, *FileError) {
	n, err := s.read(s.batch[:cap(s.batch)], ord)
	s.batch, s.next = s.batch[:n], 0
	if err != nil && err != io.EOF {
		return false, s.place(err)
	}
	if n > 0 {
		s.until, s.drained = s.batch[n-1].Time, false
		if s.root != nil {
			s.root.until = max(s.root.until, s.until)
		}
	}
	return err == nil, nil
}

// odd makes warnings of what the format has to say of the file.
func (s *source) odd() (list []*FileError) {
	for _, err := range s.notes() {
		list = append(list, &FileError{File: s.name, Offset: -1, Err: err, Warning: true})
	}
	return list
}

func (s *source) time() flow.Time { return s.batch[s.next].Time }

// number gives the file its index, also in what was read of it before the index was known.
func (s *source) number(index int) {
	s.index = index
	s.setFile(index)
	for i := range s.batch {
		s.batch[i].Pos = flow.At(index, s.batch[i].Pos.Packet())
	}
}

// close gives the buffers back and counts what of the file will not be read, so that progress ends at the end.
func (s *source) close() {
	if s.ahead != nil {
		s.ahead.close()
		s.aheads.put(s.ahead)
	}
	if s.trickle == nil { // else somebody may still read
		if s.packer != nil {
			s.packer.close()
		}
		s.pool.put(s.raw)
	}
	if s.buf != s.raw {
		s.pool.put(s.buf)
	}
	s.file.Close()
	if s.size > 0 {
		s.counts.total.Add(s.size - s.counts.own)
	}
}
