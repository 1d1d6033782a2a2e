package facts

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"

	"ftpscope/analyze"
	"ftpscope/analyze/control"
	"ftpscope/analyze/facts/codec"
	"ftpscope/capture/flow"
)

// Error says what is wrong with a facts file, and where.
type Error struct {
	File   string
	Offset int64 // of the frame; -1: it concerns the whole file
	Err    error
}

// Error names the file, and the offset.
func (e *Error) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s: offset %d: %v", e.File, e.Offset, e.Err)
}

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }

// What can be wrong with a file.
var (
	ErrNoFacts = errors.New("not a facts file")
	ErrCut     = errors.New("cut short: it has no end")
	ErrDamaged = errors.New("damaged")
)

// VersionError says that another version of the format, or of the program, wrote a file.
type VersionError struct{ Format int }

// Error says what this program reads.
func (e *VersionError) Error() string {
	return fmt.Sprintf("facts of format %d; this ftpscope reads format %d: make the facts again, or join them with the ftpscope that made them", e.Format, Format)
}

// Reader reads one facts file. It keeps no more of it than a frame.
type Reader struct {
	Head
	name     string
	r        *bufio.Reader
	unpacker *zstd.Decoder
	offset   int64 // of the next frame
	stored   []byte
	content  []byte
	networks map[flow.Net]flow.Path
	events   uint64
}

// NewReader reads a file's head; name is for errors. Close lets go of what it holds.
func NewReader(in io.Reader, name string) (*Reader, error) {
	r := &Reader{name: name, r: bufio.NewReaderSize(in, 64<<10), networks: map[flow.Net]flow.Path{}}
	var err error
	if r.unpacker, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFrame)); err != nil {
		panic(err) // our own options are wrong
	}
	if err := r.readHead(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Close lets go of what the reader holds; the file is the caller's.
func (r *Reader) Close() { r.unpacker.Close() }

// Name is the file's.
func (r *Reader) Name() string { return r.name }

func (r *Reader) wrong(err error) error { return &Error{r.name, r.offset, err} }

func (r *Reader) readHead() error {
	var b [len(magic) + 2]byte
	if _, err := io.ReadFull(r.r, b[:]); err != nil || string(b[:len(magic)]) != magic {
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return &Error{r.name, 0, err}
		}
		return &Error{r.name, -1, ErrNoFacts}
	}
	if n := binary.LittleEndian.Uint16(b[len(magic):]); n != Format {
		return &Error{r.name, -1, &VersionError{int(n)}}
	}
	r.offset = int64(len(b))
	kind, err := r.next()
	if err != nil {
		return err
	}
	c := codec.NewReader(r.content)
	if head(c, &r.Head); c.Err() != nil || kind != headFrame || len(c.Bytes()) > 0 || !r.Piece.valid() {
		return r.wrong(ErrDamaged)
	}
	return nil
}

func (p Piece) valid() bool {
	return p == Piece{} || p.Of > 0 && p.Index > 0 && p.Index <= p.Of
}

// next reads a frame; its content is in r.content until the next call. The offset stays
// that of the frame, for errors, until done.
func (r *Reader) next() (frameKind, error) {
	r.offset += int64(len(r.stored))
	if r.stored != nil {
		r.offset += headerSize
	}
	var h [headerSize]byte
	if _, err := io.ReadFull(r.r, h[:]); err != nil {
		r.stored = nil
		return 0, r.wrong(cut(err))
	}
	whole, stored := binary.LittleEndian.Uint32(h[1:]), binary.LittleEndian.Uint32(h[5:])
	if whole > maxFrame || stored > maxFrame+maxFrame/128+1024 {
		return 0, r.wrong(ErrDamaged)
	}
	var err error
	if r.stored, err = readN(r.r, r.stored[:0], int(stored)); err != nil {
		return 0, r.wrong(cut(err))
	}
	if crc32.Checksum(r.stored, castagnoli) != binary.LittleEndian.Uint32(h[9:]) {
		return 0, r.wrong(ErrDamaged)
	}
	if r.content, err = r.unpacker.DecodeAll(r.stored, r.content[:0]); err != nil || len(r.content) != int(whole) {
		return 0, r.wrong(ErrDamaged)
	}
	return frameKind(h[0]), nil
}

// readN reads n bytes; it takes memory as they come, since n may be a lie.
func readN(r io.Reader, b []byte, n int) ([]byte, error) {
	const step = 1 << 20
	for len(b) < n {
		from := len(b)
		b = append(b, make([]byte, min(step, n-from))...)
		if _, err := io.ReadFull(r, b[from:]); err != nil {
			return b, err
		}
	}
	if b == nil {
		b = []byte{}
	}
	return b, nil
}

func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrCut
	}
	return err
}

// Network is the path of a network that the log named.
func (r *Reader) Network(net flow.Net) flow.Path {
	if net == flow.OtherNet {
		return flow.Path{{Kind: flow.StepOther}}
	}
	return r.networks[net]
}

// Play gives the log all events, once, and returns what the packets amount to.
func (r *Reader) Play(ctx context.Context, log analyze.Log) (*analyze.Totals, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		kind, err := r.next()
		if err != nil {
			return nil, err
		}
		c := codec.NewReader(r.content)
		switch kind {
		case blockFrame:
			for len(c.Bytes()) > 0 && c.Err() == nil {
				r.event(c, log)
			}
			if c.Err() != nil {
				return nil, r.wrong(ErrDamaged)
			}
		case endFrame:
			return r.end(c)
		default:
			return nil, r.wrong(ErrDamaged)
		}
	}
}

func (r *Reader) end(c *codec.Coder) (*analyze.Totals, error) {
	var e end
	if ending(c, &e); c.Err() != nil || e.counts.Events != r.events {
		return nil, r.wrong(ErrDamaged)
	}
	return &e.totals, nil
}

// event reads the next event, and tells the log of it if it could be read.
func (r *Reader) event(c *codec.Coder, log analyze.Log) {
	r.events++
	c.Begin()
	var kind eventKind
	switch codec.Number(c, &kind); kind {
	case aNetwork:
		r.network(c)
	case anOpened:
		var x flow.Conn
		if codec.Conn(c, &x); c.Err() == nil {
			log.Opened(&x)
		}
	case anUnanswered:
		var x flow.LoneSYN
		if codec.LoneSYN(c, &x); c.Err() == nil {
			log.Unanswered(&x)
		}
	case aClosed:
		r.closed(c, log)
	case anExpectation:
		var x control.Expectation
		if codec.Expectation(c, &x); c.Err() == nil {
			log.Expect(&x)
		}
	case aHostExpectation:
		var x control.HostExpectation
		if codec.HostExpectation(c, &x); c.Err() == nil {
			log.ExpectHosts(x)
		}
	case aTick:
		var x analyze.Tick
		if codec.Tick(c, &x); c.Err() == nil {
			log.Tick(x)
		}
	default:
		c.Fail()
	}
}

func (r *Reader) network(c *codec.Coder) {
	var net flow.Net
	var path flow.Path
	codec.Number(c, &net)
	if codec.Path(c, &path); c.Err() != nil {
		return
	}
	if len(r.networks) > maxNetworks {
		c.Fail()
		return
	}
	r.networks[net] = path
}

func (r *Reader) closed(c *codec.Coder, log analyze.Log) {
	var x flow.Conn
	var said *control.Transcript
	var spoke bool
	codec.Conn(c, &x)
	if c.Bool(&spoke); spoke {
		said = new(control.Transcript)
		codec.Transcript(c, said)
	}
	if c.Err() == nil {
		log.Closed(&x, said)
	}
}
