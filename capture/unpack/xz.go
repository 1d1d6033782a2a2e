package unpack

import (
	"bytes"
	"errors"
	"io"

	"github.com/mikelolasagasti/xz"
	slow "github.com/ulikunitz/xz"
)

// maxKept is how much compressed input is kept, to look at its end once more.
const maxKept = 8 << 20

// maxChunk is how much is unpacked at a time (LZMA2's largest chunk).
const maxChunk = 2 << 20

// errEnds is what the library hears first at the end of the input. It takes that for an
// error that may pass, and goes on when it is asked again.
var errEnds = errors.New("the input ends")

// xzReader reads xz data to the last byte that is certain. The library keeps back what the
// last 20 bytes of its input say, which may be several packets: where the end of the data
// is missing, the xz tool gives them.
type xzReader struct {
	z     *xz.Reader
	in    *pieces
	given int64  // bytes
	tail  []byte // what the last bytes of cut data say
	ended bool
}

// newXZReader reads r by z.
func newXZReader(z *xz.Reader, r io.Reader) (*xzReader, error) {
	x := &xzReader{z: z, in: &pieces{r: r, end: errEnds}}
	err := z.Reset(x.in)
	if err == errEnds { // in the header: there is nothing to keep
		x.in.end = io.EOF
		err = z.Reset(x.in)
	}
	return x, err
}

func (x *xzReader) Read(p []byte) (int, error) {
	if !x.ended {
		n, err := x.z.Read(p)
		if x.given += int64(n); err != errEnds {
			return n, err
		}
		x.ended, x.in.end = true, io.EOF
		if x.in.isCut() {
			x.tail = rest(x.in.kept, x.given)
		}
		x.in.kept = nil
		if n > 0 {
			return n, nil
		}
	}
	if len(x.tail) > 0 {
		n := copy(p, x.tail)
		x.tail = x.tail[n:]
		return n, nil
	}
	return x.z.Read(p)
}

// rest is what cut data says beyond the first bytes of it, as long as no byte is missing
// for it. Another library reads it, byte by byte, that bounds no dictionary: the first has
// seen that it is small enough. An error would take what it has unpacked; a panic leaves it.
func rest(data []byte, beyond int64) (tail []byte) {
	var z *slow.Reader
	for range 2 { // what it has unpacked when the input ends, it gives afterwards
		beforeEnd(func() (err error) {
			if z == nil {
				z, err = slow.NewReader(ending{bytes.NewReader(data)})
			}
			for b := make([]byte, 4096); err == nil; {
				size, n := 1, 0 // what is copied when the input ends is lost, so nothing must be
				if beyond > maxChunk+int64(len(b)) {
					size = len(b)
				}
				if n, err = z.Read(b[:size]); beyond > 0 {
					beyond -= int64(n)
				} else {
					tail = append(tail, b[:n]...)
				}
			}
			return err
		})
	}
	return tail
}

// beforeEnd runs f until it is done, fails, or comes to the end of its input, after which
// the library is in the middle of things.
func beforeEnd(f func() error) {
	defer func() { _ = recover() }()
	_ = f() // z tells what is wrong
}

// ending panics at its end.
type ending struct{ *bytes.Reader }

func (e ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err != nil {
		panic(errEnds)
	}
	return n, nil
}

func (e ending) ReadByte() (byte, error) {
	b, err := e.Reader.ReadByte()
	if err != nil {
		panic(errEnds)
	}
	return b, nil
}

// pieces gives the xz library pieces of one size, whoever asks for how many bytes. When
// data is damaged the library drops what it has unpacked of a piece, so other pieces would
// give other packets before the damage. An end that comes with data it takes for the end
// of all streams: pieces gives the one after the other.
type pieces struct {
	r    io.Reader
	err  error   // it stays
	end  error   // given for io.EOF
	kept []byte  // the first maxKept bytes
	read int     // bytes
	last [2]byte // that are not zero
}

func (w *pieces) Read(p []byte) (n int, err error) {
	if w.err == nil {
		if n, w.err = io.ReadFull(w.r, p); w.err == io.ErrUnexpectedEOF {
			w.err = io.EOF
		}
		w.read += n
		w.kept = append(w.kept, p[:min(n, maxKept-len(w.kept))]...)
		said := bytes.TrimRight(p[:n], "\x00")
		for _, b := range said[max(0, len(said)-len(w.last)):] {
			w.last[0], w.last[1] = w.last[1], b
		}
		if n > 0 {
			return n, nil
		}
	}
	if w.err == io.EOF {
		return 0, w.end
	}
	return 0, w.err
}

// isCut reports whether input that was kept ends other than a stream does, but for padding
// (the .xz file format, sections 2.1.2.4 and 2.2).
func (w *pieces) isCut() bool { return w.read == len(w.kept) && string(w.last[:]) != "YZ" }
