package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is how much memory a zstd file may ask for: what the zstd tool itself accepts without being told to.
const maxWindow = 128 << 20

// unpacker decompresses a stream and says in plain words what is wrong with it.
type unpacker struct {
	kind  string // "gzip", "zstd"
	r     io.Reader
	close func()
}

// unpack returns a decompressor for what raw's first bytes (at least 4 of them) say it is, nil when it is not compressed.
func unpack(raw *buffer) (*unpacker, error) {
	switch b := raw.unread(); {
	case b[0] == 0x1f && b[1] == 0x8b: // RFC 1952 section 2.3.1
		u := &unpacker{kind: "gzip", close: func() {}}
		// flate is fast only on a reader whose type it knows.
		z, err := gzip.NewReader(bufio.NewReaderSize(raw, smallBuffer))
		u.r = z // concatenated members are one stream (RFC 1952 section 2.2)
		return u, u.explain(err)
	case isZstd(b):
		u := &unpacker{kind: "zstd", close: func() {}}
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err == nil {
			u.r, u.close = z, z.Close
		}
		return u, u.explain(err)
	}
	return nil, nil
}

// isZstd knows the frame magic, and that of a skippable frame, which may come first (RFC 8878 section 3.1).
func isZstd(b []byte) bool {
	return b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd ||
		b[0]&0xf0 == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18
}

func (u *unpacker) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	return n, u.explain(err)
}

func (u *unpacker) explain(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the %s data is cut, its end is missing", u.kind)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("the zstd data needs a window of more than %d MiB (%w)", maxWindow>>20, err)
	}
	return fmt.Errorf("the %s data is corrupt (%w)", u.kind, err)
}
