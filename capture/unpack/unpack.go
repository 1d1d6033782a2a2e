// Package unpack decompresses what captures are packed in: gzip, zstd, xz, bzip2 and lz4.
// capture/pcapfile, the next step, reads the captures.
package unpack

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/pierrec/lz4/v4"
)

const (
	// maxWindow is how much memory a zstd or xz file may ask for: what the zstd tool
	// itself accepts without being told to, and twice what xz -9 makes. The others need 8
	// MiB at most.
	maxWindow = 128 << 20
	// inputSize is how much is read at a time for those that read byte by byte.
	inputSize = 64 << 10
	// magicSize is how many bytes tell how data is compressed.
	magicSize = 4
)

// xzReaders keeps readers for their dictionaries, of up to maxWindow: very many small
// files would clear one each (BenchmarkManySmall). No reader of xz but this one bounds
// what a file may ask for.
var xzReaders = sync.Pool{New: func() any {
	z, _ := xz.NewReader(nil, maxWindow)
	return z
}}

// steady gives pieces of one size, as pieces does to the library.
type steady struct{ *bufio.Reader }

func (s steady) Read(p []byte) (int, error) {
	if _, err := s.Peek(1); err != nil {
		return 0, err
	}
	return s.Reader.Read(p[:min(len(p), s.Buffered())])
}

// Reader decompresses a stream, and says in plain words what is wrong with it.
type Reader struct {
	kind  string // "gzip", "zstd", "xz", "bzip2", "lz4"
	r     io.Reader
	close func()
}

// New returns a reader of what src packs. It judges by head, the first bytes that src
// will give, 4 at least, and returns nil if compressed data does not begin so.
func New(head []byte, src io.Reader) (*Reader, error) {
	if len(head) < magicSize {
		return nil, nil
	}
	u := &Reader{close: func() {}}
	var err error
	switch {
	case head[0] == 0x1f && head[1] == 0x8b: // RFC 1952 section 2.3.1
		u.kind = "gzip"
		// flate is fast only on a reader whose type it knows. Concatenated members are
		// one stream (RFC 1952 section 2.2).
		u.r, err = gzip.NewReader(bufio.NewReaderSize(src, inputSize))
	case isZstd(head):
		u.kind = "zstd"
		var z *zstd.Decoder
		z, err = zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err == nil {
			u.r, u.close = z, z.Close
		}
	case string(head[:4]) == "\xfd7zX": // the .xz file format, section 2.1.1.1
		u.kind = "xz"
		z := xzReaders.Get().(*xz.Reader)
		var x *xzReader
		x, err = newXZReader(z, src)
		u.r, u.close = steady{bufio.NewReaderSize(x, inputSize)}, func() { xzReaders.Put(z) }
	case string(head[:3]) == "BZh" && head[3] >= '1' && head[3] <= '9': // the digit is the size of its blocks
		u.kind, u.r = "bzip2", bzip2.NewReader(bufio.NewReaderSize(src, inputSize))
	case isLZ4(head):
		u.kind, u.r = "lz4", lz4.NewReader(src)
	default:
		return nil, nil
	}
	return u, u.explain(err)
}

// Kind is the name of the compression.
func (u *Reader) Kind() string { return u.kind }

// Close frees what the reader holds; src stays open.
func (u *Reader) Close() {
	u.close()
	u.close = func() {}
}

// isLZ4 knows the magic of LZ4's frames, and that of the older ones that the Linux kernel
// and lz4 -l make.
func isLZ4(b []byte) bool {
	return b[1] == 0x22 && b[0] == 0x04 && b[2] == 0x4d && b[3] == 0x18 || b[1] == 0x21 && b[0] == 0x02 && b[2] == 0x4c && b[3] == 0x18
}

// isZstd knows the frame magic, and that of a skippable frame, which may come first (RFC
// 8878 section 3.1).
func isZstd(b []byte) bool {
	return b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd ||
		b[0]&0xf0 == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18
}

func (u *Reader) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	return n, u.explain(err)
}

func (u *Reader) explain(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, xz.ErrBuf):
		return fmt.Errorf("the %s data is cut, its end is missing", u.kind)
	case errors.Is(err, xz.ErrMemlimit):
		return fmt.Errorf("the xz data needs a dictionary of more than %d MiB; decompress it first (xz -dc)", maxWindow>>20)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("the zstd data needs a window of more than %d MiB (%w)", maxWindow>>20, err)
	}
	return fmt.Errorf("the %s data is corrupt (%w)", u.kind, err)
}
