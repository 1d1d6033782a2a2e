package collect

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"ftpscope/analyze/report"
	"ftpscope/capture/outfile"
	"ftpscope/cmd/ftpscope/fleet/wire"
)

// output is an open one: records → writer → piece → buf → file. A piece is a whole
// record's: of one that makes the format fail nothing is written.
type output struct {
	Output
	opt     report.Options
	heading report.Heading
	writer  report.Writer
	piece   bytes.Buffer
	buf     *bufio.Writer
	file    *os.File // nil: standard output
	regular bool
}

const (
	bufferSize = 64 << 10
	tailSize   = 4 << 10
	maxPiece   = 1 << 20 // whose buffer is kept for the next
)

// errRecord says that a format could not write a record.
var errRecord = errors.New("a record cannot be written: no sensor makes such")

// open opens the outputs, and takes back what was written and not committed. Where each
// ends is noted before anything is written.
func (c *collector) open() error {
	for _, x := range c.Options.Outputs {
		o := &output{Output: x, opt: c.Report}
		o.opt.Heading = &o.heading
		if x.Path == "" {
			o.buf = bufio.NewWriterSize(c.Stdout, bufferSize)
		} else if err := o.open(c.state.Outputs[x.Path], c.Warn); err != nil {
			return fmt.Errorf("%s: %w", x.Path, err)
		}
		o.renew()
		c.outs = append(c.outs, o)
		if err := o.commit(c.state.Outputs); err != nil {
			return err
		}
	}
	return c.state.write(c.Options.State)
}

func (o *output) renew() {
	o.piece = bytes.Buffer{}
	o.writer = o.Format.New(&o.piece, o.opt)
}

func (o *output) open(was end, warn func(string, ...any)) error {
	file, err := outfile.Open(o.Path, os.O_RDWR|os.O_CREATE, o.opt.ShowPasswords)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	o.file, o.regular, o.buf = file, info.Mode().IsRegular(), bufio.NewWriterSize(file, bufferSize)
	if !o.regular {
		return nil
	}
	size := info.Size()
	switch known := was.Tail != "" && tail(file, was.Size) == was.Tail; {
	case known:
		if err := file.Truncate(was.Size); err != nil {
			file.Close()
			return err
		}
		size = was.Size
	case size > 0 && was.Tail != "":
		warn("%s: not as the last run left it; records are appended", o.Path)
	}
	o.heading.Written = size > 0
	_, err = file.Seek(size, io.SeekStart)
	return err
}

// tail is the sum of what stands before a place of a file; empty: it has no such place.
func tail(file *os.File, size int64) string {
	b := make([]byte, min(size, tailSize))
	if n, err := file.ReadAt(b, size-int64(len(b))); n < len(b) && err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// write writes a record.
func (o *output) write(r wire.Record) (err error) {
	defer func() {
		if recover() != nil {
			o.renew()
			err = errRecord
		}
	}()
	if err := r.Write(o.writer); err != nil {
		return err
	}
	return o.flush()
}

func (o *output) flush() error {
	_, err := o.buf.Write(o.piece.Bytes())
	if o.piece.Reset(); o.piece.Cap() > maxPiece {
		o.piece = bytes.Buffer{}
	}
	return o.named(err)
}

func (o *output) named(err error) error {
	if err == nil {
		return nil
	}
	place := o.Path
	if place == "" {
		place = "standard output"
	}
	return fmt.Errorf("%s: %w", place, err)
}

// commit sees to it that all is on the disk, and notes where the file ends.
func (o *output) commit(ends map[string]end) error {
	if err := errors.Join(o.flush(), o.named(o.buf.Flush())); err != nil {
		return err
	}
	if o.file == nil || !o.regular {
		return nil
	}
	if err := o.file.Sync(); err != nil {
		return o.named(err)
	}
	size, err := o.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return o.named(err)
	}
	ends[o.Path] = end{size, tail(o.file, size)}
	return nil
}

// reopen opens outputs anew that were moved away. All was committed before.
func (c *collector) reopen() error {
	for _, o := range c.outs {
		if o.file == nil {
			continue
		}
		o.file.Close()
		if err := o.open(c.state.Outputs[o.Path], func(string, ...any) {}); err != nil {
			return o.named(err)
		}
		o.renew()
		if err := o.commit(c.state.Outputs); err != nil {
			return err
		}
	}
	return c.state.write(c.Options.State)
}

func (c *collector) close() (err error) {
	for _, o := range c.outs {
		if o.file != nil {
			err = errors.Join(err, o.named(o.file.Close()))
		}
	}
	return err
}
