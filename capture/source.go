package capture

import (
	"errors"
	"io"
	"sync/atomic"

	"ftpscope/capture/buffer"
	"ftpscope/capture/flow"
	"ftpscope/capture/pcapfile"
	"ftpscope/capture/tail"
	"ftpscope/capture/unpack"
)

// batchSize is how many packets are read at a time: enough to make a call a batch cost
// nothing, few enough to stay in the first-level cache.
const batchSize = 256

// source is one file that is being read.
type source struct {
	pcapfile.Reader
	name   string
	file   io.Closer
	counts *counter
	size   int64 // of the file, 0 unknown

	pool   *buffer.Pool
	raw    *buffer.Buffer // the file's bytes
	buf    *buffer.Buffer // the capture's: raw itself, or what is unpacked from it
	packer *unpack.Reader
	aheads *buffer.Aheads // where ahead goes back to
	ahead  *buffer.Ahead  // reads from packer; nil: buf does

	tail    *tail.File // of a file that others may still write to; nil: it is as it is
	pipe    *tail.Pipe // of a pipe that is followed
	until   flow.Time  // the last packet that was read
	drained bool       // nothing was written after it, when that was looked at
	root    *tail.Root

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
	name   string
	file   io.ReadCloser
	size   int64
	pool   *buffer.Pool
	aheads *buffer.Aheads // nil: nothing is read ahead
	read   *atomic.Int64
	pcapfile.Shared
}

// newSource finds out what a file is. On an error it has closed the file.
func newSource(in input) (*source, *FileError) {
	s := &source{name: in.name, file: in.file, size: in.size, pool: in.pool, counts: &counter{Reader: in.file, total: in.read}}
	s.raw = s.pool.Get(s.counts)
	s.buf = s.raw
	if err := s.recognize(in.Shared); err != nil {
		s.close()
		return nil, s.place(err)
	}
	if in.aheads != nil && s.packer != nil {
		s.aheads = in.aheads
		s.ahead = in.aheads.Start(s.packer, s.buf)
	}
	return s, nil
}

// recognize finds the file's format, and its compression if it has one.
func (s *source) recognize(shared pcapfile.Shared) error {
	if err := s.head(); err != nil {
		return err
	}
	var err error
	if s.packer, err = unpack.New(s.raw.Unread(), s.raw); err != nil {
		return err
	}
	if s.packer != nil {
		s.buf = s.pool.Get(s.packer)
		if err := s.head(); err != nil {
			return err
		}
	}
	if s.Reader, err = pcapfile.NewReader(s.buf, shared); errors.Is(err, pcapfile.ErrMagic) {
		return s.not()
	}
	return err
}

// errEmpty is the error of a file of no bytes, or one that unpacks to none.
var errEmpty = errors.New("empty: not even the header of a capture is there")

// head reads the magic.
func (s *source) head() error {
	err := s.buf.Fill(pcapfile.MagicSize)
	switch {
	case err == io.EOF && len(s.buf.Unread()) == 0:
		return errEmpty
	case err == io.EOF:
		return s.not()
	}
	return err
}

func (s *source) not() error {
	kind := looksLike(s.buf.Unread())
	if s.packer != nil {
		if kind == "" {
			kind = "unknown data"
		}
		kind += ", compressed by " + s.packer.Kind()
	}
	return notCapture(kind)
}

// place makes a FileError of err that names the file.
func (s *source) place(err error) *FileError {
	e := plain(s.name, err)
	var at *pcapfile.Error
	if errors.As(err, &at) {
		e = &FileError{File: s.name, Offset: at.Offset, Packet: at.Packet, Before: at.Before, Err: at.Err}
	}
	if s.packer != nil {
		e.Packed = s.packer.Kind()
	}
	return e
}

// refill reads the next batch; the one before is no longer valid. It returns false at the
// end of what can be read, with the error that ended it, if any.
func (s *source) refill(ord uint64) (bool, *FileError) {
	n, err := s.Read(s.batch[:cap(s.batch)], ord)
	s.batch, s.next = s.batch[:n], 0
	if err != nil && err != io.EOF {
		return false, s.place(err)
	}
	if n > 0 {
		s.until, s.drained = s.batch[n-1].Time, false
		if s.root != nil {
			s.root.Saw(s.until)
		}
	}
	return err == nil, nil
}

// odd makes warnings of what the format has to say of the file.
func (s *source) odd() (list []*FileError) {
	for _, err := range s.Notes() {
		list = append(list, &FileError{File: s.name, Offset: -1, Err: err, Warning: true})
	}
	return list
}

func (s *source) time() flow.Time { return s.batch[s.next].Time }

// number gives the file its index, also in what was read of it before the index was
// known.
func (s *source) number(index int) {
	s.index = index
	s.SetFile(index)
	for i := range s.batch {
		s.batch[i].Pos = flow.At(index, s.batch[i].Pos.Packet())
	}
}

// close gives the buffers back and counts what of the file will not be read, so that
// progress ends at the end.
func (s *source) close() {
	if s.ahead != nil {
		s.aheads.Close(s.ahead)
	}
	if s.pipe == nil { // else somebody may still read
		if s.packer != nil {
			s.packer.Close()
		}
		s.pool.Put(s.raw)
	}
	if s.buf != s.raw {
		s.pool.Put(s.buf)
	}
	s.file.Close()
	if s.size > 0 {
		s.counts.total.Add(s.size - s.counts.own)
	}
}
