package capture

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// maxWindow is how much memory a zstd or xz file may ask for: what the zstd tool itself accepts without being told to,
// and twice what xz -9 makes. The others need 8 MiB at most.
const maxWindow = 128 << 20

// unpacker decompresses a stream and says in plain words what is wrong with it.
type unpacker struct {
	kind  string // "gzip", "zstd", "xz", "bzip2", "lz4"
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
	case string(b[:4]) == xzMagic[:4]:
		u := &unpacker{kind: "xz", close: func() {}}
		z, err := newXZ(raw)
		u.r = z
		return u, u.explain(err)
	case string(b[:3]) == "BZh" && b[3] >= '1' && b[3] <= '9': // the digit is the size of its blocks
		return &unpacker{kind: "bzip2", close: func() {}, r: bzip2.NewReader(bufio.NewReaderSize(raw, smallBuffer))}, nil
	case isLZ4(b):
		return &unpacker{kind: "lz4", close: func() {}, r: lz4.NewReader(raw)}, nil
	}
	return nil, nil
}

// isLZ4 knows the magic of LZ4's frames, and that of the older ones that the Linux kernel and lz4 -l make.
func isLZ4(b []byte) bool {
	return b[1] == 0x22 && b[0] == 0x04 && b[2] == 0x4d && b[3] == 0x18 || b[1] == 0x21 && b[0] == 0x02 && b[2] == 0x4c && b[3] == 0x18
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
	case errors.Is(err, errXZDict) || errors.Is(err, errXZFilter):
		return err
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("the zstd data needs a window of more than %d MiB (%w)", maxWindow>>20, err)
	}
	return fmt.Errorf("the %s data is corrupt (%w)", u.kind, err)
}
