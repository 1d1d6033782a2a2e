package unpack

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// The .xz file format, version 1.2.1: stream header, blocks, index, stream footer, and again. The library's own reader
// of it allocates whatever dictionary a block asks for, up to 4 GiB; of the library only LZMA2 is used.
const (
	xzMagic  = "\xfd7zXZ\x00" // section 2.1.1.1
	xzFooter = "YZ"           // section 2.1.2.4
	xzHead   = 12             // stream header, and footer
	xzLZMA2  = 0x21           // section 5.3.1
	minDict  = 4096           // section 5.3.1
)

var (
	errXZDict   = fmt.Errorf("the xz data needs a dictionary of more than %d MiB; decompress it first (xz -dc)", maxWindow>>20)
	errXZFilter = errors.New("the xz data has a filter before LZMA2 (BCJ or delta), which is not known")
	errXZ       = errors.New("xz: bad header or sum")
)

// xzReader unpacks streams one after the other.
type xzReader struct {
	src   *bufio.Reader
	flags [2]byte // of the stream, section 2.1.1.2
	block io.Reader
	sum   hash.Hash // of the block, nil: none that is known
	size  xzSizes
	all   xzSizes // of the stream's blocks: the index must say the same
	count uint64  // of blocks
	said  xzSizes // by the block's header, 0: nothing
	err   error
}

// xzSizes are in bytes: of a block's header, compressed data and check; of the data that comes out.
type xzSizes struct{ unpadded, unpacked uint64 }

func newXZ(src io.Reader) (*xzReader, error) {
	z := &xzReader{src: bufio.NewReaderSize(src, inputSize)}
	return z, z.stream()
}

// Read reads on from block to block. Its errors stay.
func (z *xzReader) Read(p []byte) (int, error) {
	for z.err == nil && len(p) > 0 {
		if z.block == nil {
			z.err = z.next()
			continue
		}
		n, err := z.block.Read(p)
		z.size.unpacked += uint64(n)
		if z.sum != nil {
			z.sum.Write(p[:n])
		}
		if err == io.EOF {
			err = z.endBlock()
		}
		z.err = err
		if n > 0 {
			return n, nil
		}
	}
	return 0, z.err
}

// take reads n bytes; the end is too early there.
func (z *xzReader) take(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(z.src, b); err != nil {
		return nil, cutShort(err)
	}
	return b, nil
}

func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// stream reads a stream's header (section 2.1.1).
func (z *xzReader) stream() error {
	b, err := z.take(xzHead)
	if err != nil {
		return err
	}
	if string(b[:6]) != xzMagic || b[6] != 0 || b[7] > 15 || crc32.ChecksumIEEE(b[6:8]) != binary.LittleEndian.Uint32(b[8:]) {
		return errXZ
	}
	z.flags, z.all, z.count = [2]byte(b[6:]), xzSizes{}, 0
	return nil
}

// next begins the next block, or ends the stream and begins the next one.
func (z *xzReader) next() error {
	size, err := z.src.ReadByte()
	switch {
	case err != nil:
		return cutShort(err)
	case size != 0:
		return z.begin(int(size)*4 + 4)
	}
	if err := z.index(); err != nil {
		return err
	}
	for { // section 2.2: "Stream Padding MUST contain only null bytes", four at a time
		b, err := z.src.Peek(4)
		switch {
		case err == io.EOF && len(b) == 0:
			return io.EOF
		case err != nil:
			return cutShort(err)
		case b[0]|b[1]|b[2]|b[3] != 0:
			return z.stream()
		}
		z.src.Discard(4)
	}
}

// begin reads a block's header of size bytes (section 3.1), of which the first was read.
func (z *xzReader) begin(size int) error {
	b, err := z.take(size - 1)
	if err != nil {
		return err
	}
	sum := crc32.Update(crc32.ChecksumIEEE([]byte{byte(size/4 - 1)}), crc32.IEEETable, b[:size-5])
	if sum != binary.LittleEndian.Uint32(b[size-5:]) {
		return errXZ
	}
	r := bytes.NewReader(b[:size-5])
	flags, _ := r.ReadByte()
	z.said, z.size = xzSizes{}, xzSizes{unpadded: uint64(size)}
	for _, said := range []struct {
		flag byte
		to   *uint64
	}{{0x40, &z.said.unpadded}, {0x80, &z.said.unpacked}} {
		if flags&said.flag != 0 {
			if *said.to, err = xzNumber(r); err != nil {
				return errXZ
			}
		}
	}
	dict, err := z.dictionary(r, flags)
	if err != nil {
		return err
	}
	z.sum = xzSum(z.flags[1])
	b, _ = z.src.Peek(z.src.Buffered())
	z.block, err = lzma.Reader2Config{DictCap: needed(b, dict)}.NewReader2(&xzCounter{z.src, &z.size.unpadded})
	return cutShort(err)
}

// dictionary reads the filter flags (section 3.1.5): how large a dictionary LZMA2 needs.
func (z *xzReader) dictionary(r *bytes.Reader, flags byte) (int, error) {
	id, err := xzNumber(r)
	switch {
	case err != nil || flags&0x3c != 0:
		return 0, errXZ
	case id != xzLZMA2 || flags&3 != 0:
		return 0, errXZFilter
	}
	length, _ := r.ReadByte()
	bits, err := r.ReadByte()
	if err != nil || length != 1 || bits > 40 {
		return 0, errXZ
	}
	size := uint64(1)<<32 - 1
	if bits < 40 {
		size = uint64(2|bits&1) << (bits/2 + 11)
	}
	if z.said.unpacked != 0 { // a longer one is never looked into
		size = min(size, z.said.unpacked)
	}
	if size > maxWindow {
		return 0, errXZDict
	}
	return max(int(size), minDict), nil
}

// needed is the dictionary that a block needs which asks for size bytes: no more than it unpacks to, which can be told where b,
// the bytes from the block's data on that were read, holds its end. Else a file of very many small blocks would allocate the
// largest dictionary for each.
func needed(b []byte, size int) int {
	const props = 0xc0 // from here on a chunk has a byte of properties more
	total := 0
	for len(b) >= 6 || len(b) > 0 && b[0] == 0 { // 6: the longest header of a chunk
		skip := 0
		switch c := int(b[0]); {
		case c == 0:
			return min(size, max(total, minDict))
		case c < 3: // not compressed
			n := int(binary.BigEndian.Uint16(b[1:])) + 1
			total, skip = total+n, 3+n
		case c >= 0x80:
			total += c&0x1f<<16 + int(binary.BigEndian.Uint16(b[1:])) + 1
			if skip = 5 + int(binary.BigEndian.Uint16(b[3:])) + 1; c >= props {
				skip++
			}
		default: // no chunk
			return size
		}
		b = b[min(skip, len(b)):]
	}
	return size
}

// endBlock reads padding and check (sections 3.3 and 3.4).
func (z *xzReader) endBlock() error {
	z.block = nil
	packed := z.size.unpadded
	pad, err := z.take(int(-packed & 3))
	if err != nil {
		return err
	}
	kind := z.flags[1]
	check, err := z.take(xzCheckSize(kind))
	if err != nil {
		return err
	}
	if len(bytes.Trim(pad, "\x00")) > 0 || z.said.unpacked != 0 && z.said.unpacked != z.size.unpacked {
		return errXZ
	}
	if z.sum != nil {
		sum := z.sum.Sum(nil)
		if kind != 10 { // those of hash/crc… are big-endian
			for i, j := 0, len(sum)-1; i < j; i, j = i+1, j-1 {
				sum[i], sum[j] = sum[j], sum[i]
			}
		}
		if !bytes.Equal(sum, check) {
			return errXZ
		}
	}
	z.all.unpadded += packed + uint64(len(check))
	z.all.unpacked += z.size.unpacked
	z.count++
	return nil
}

// index reads the index, of which the first byte was read, and the footer (sections 4 and 2.1.2).
func (z *xzReader) index() error {
	sum := crc32.NewIEEE()
	sum.Write([]byte{0})
	size := uint64(1)
	r := &xzTee{z.src, sum, &size}
	count, err := xzNumber(r)
	if err != nil {
		return cutShort(err)
	}
	var all xzSizes
	for i := uint64(0); i < count && i < z.count; i++ {
		for _, to := range []*uint64{&all.unpadded, &all.unpacked} {
			n, err := xzNumber(r)
			if err != nil {
				return cutShort(err)
			}
			*to += n
		}
	}
	if count != z.count || all != z.all {
		return errXZ
	}
	for size%4 != 0 {
		if b, err := r.ReadByte(); err != nil {
			return cutShort(err)
		} else if b != 0 {
			return errXZ
		}
	}
	b, err := z.take(4 + xzHead)
	if err != nil {
		return err
	}
	foot := b[4:]
	back := uint64(binary.LittleEndian.Uint32(foot[4:]))*4 + 4
	if sum.Sum32() != binary.LittleEndian.Uint32(b) || crc32.ChecksumIEEE(foot[4:10]) != binary.LittleEndian.Uint32(foot) ||
		back != size+4 || [2]byte(foot[8:]) != z.flags || string(foot[10:]) != xzFooter {
		return errXZ
	}
	return nil
}

// xzCounter counts the compressed bytes of a block.
type xzCounter struct {
	src io.Reader
	n   *uint64
}

func (c *xzCounter) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	*c.n += uint64(n)
	return n, err
}

// xzTee sums the bytes of an index.
type xzTee struct {
	src  *bufio.Reader
	sum  hash.Hash32
	size *uint64
}

func (t *xzTee) ReadByte() (byte, error) {
	b, err := t.src.ReadByte()
	if err == nil {
		t.sum.Write([]byte{b})
		*t.size++
	}
	return b, err
}

// xzNumber reads a multibyte integer (section 1.2): at most 9 bytes of 7 bits, the lowest first.
func xzNumber(r io.ByteReader) (uint64, error) {
	v := uint64(0)
	for i := range 9 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if b == 0 && i > 0 {
				return 0, errXZ
			}
			return v, nil
		}
	}
	return 0, errXZ
}

// xzCheckSize is how long a check is (section 2.1.1.2).
func xzCheckSize(kind byte) int {
	return []int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[kind]
}

func xzSum(kind byte) hash.Hash {
	switch kind {
	case 1:
		return crc32.NewIEEE()
	case 4:
		return crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		return sha256.New()
	}
	return nil
}
