// Package buffer reads streams in large pieces into memory that it uses again, so that
// nothing is copied or allocated for what lies in it; capture/pcapfile, the next step,
// takes packets as views of it.
package buffer

import (
	"errors"
	"io"
)

const (
	// Large is what one read(2) may bring: larger reads cost no fewer cycles, and what
	// they bring leaves the second-level cache before it is looked at (1 MiB: a twentieth
	// more CPU time for the whole analysis).
	Large = 256 << 10
	// Small is for looking at a file's first packet, and for each of very many files that
	// are open at once.
	Small = 64 << 10
	// Head is kept free before the place where reads go: the unread rest is moved to just
	// before that place, so that every read goes to the start of a page (the kernel
	// copies a tenth faster to there).
	Head = 64 << 10
	// Tiny and its head are for each of thousands of files.
	Tiny = 8 << 10
	// maxEmptyReads is how often a reader may return nothing and no error.
	maxEmptyReads = 100
)

// Buffer reads src in large pieces into memory that it uses again. Bytes are consumed by
// moving at.
type Buffer struct {
	src     io.Reader
	mem     []byte // the runtime puts an object of this size on a page boundary
	head    int    // of mem
	at, end int    // unread: mem[at:end]
	total   int64  // bytes read from src
	err     error  // of src, sticky
	ahead   *Ahead // src, when another goroutine reads
}

// Unread is what was read and not consumed.
func (b *Buffer) Unread() []byte { return b.mem[b.at:b.end] }

// Offset is the place of the first unread byte in src.
func (b *Buffer) Offset() int64 { return b.total - int64(b.end-b.at) }

// ErrPending is the error of a read that would have to wait: nothing more is there now.
// Unlike others it does not stay.
var ErrPending = errors.New("more may come")

// Advance consumes n unread bytes.
func (b *Buffer) Advance(n int) { b.at += n }

// Keep consumes all unread bytes but the last n.
func (b *Buffer) Keep(n int) { b.at = b.end - n }

// Total is how many bytes were read from the source.
func (b *Buffer) Total() int64 { return b.total }

// Ended reports whether the source has given its last byte, or its error.
func (b *Buffer) Ended() bool { return b.err != nil }

// Divert lets what comes next be read through another reader of the same source.
func (b *Buffer) Divert(through func(io.Reader) io.Reader) { b.src = through(b.src) }

// Fill makes at least need bytes unread. Otherwise it returns src's error, io.EOF too;
// what could be read is unread. Slices of unread given out before are no longer valid.
func (b *Buffer) Fill(need int) error {
	for empty := 0; b.end-b.at < need; {
		if b.err != nil {
			return b.err
		}
		before := b.total
		if b.ahead == nil || !b.ahead.swap(b) {
			b.makeRoom(need)
			n, err := b.src.Read(b.mem[b.end:])
			b.end += n
			b.total += int64(n)
			if err == ErrPending && n == 0 {
				return err
			} else if err != ErrPending {
				b.err = err
			}
		}
		if b.total > before {
			empty = 0
		} else if empty++; empty > maxEmptyReads && b.err == nil {
			b.err = io.ErrNoProgress
		}
	}
	return nil
}

// makeRoom makes place for at least one byte after end. Memory grows with the bytes that
// are there, not with need: a length that lies costs nothing.
func (b *Buffer) makeRoom(need int) {
	rest := b.end - b.at
	switch {
	case rest == 0:
		b.at, b.end = b.head, b.head
	case b.end < len(b.mem) && (b.at == 0 || b.at+need <= len(b.mem)):
		// a short read left room
	case rest <= b.head && b.head-rest+need <= len(b.mem):
		b.move(b.mem, b.head-rest)
	case b.at > 0:
		b.move(b.mem, 0)
	default:
		b.move(make([]byte, min(2*len(b.mem), max(need, len(b.mem)+Head))), 0)
	}
}

func (b *Buffer) move(to []byte, at int) {
	n := copy(to[at:], b.Unread())
	b.mem, b.at, b.end = to, at, at+n
}

// Discard consumes n bytes, of which only the buffered ones need be in memory.
func (b *Buffer) Discard(n int) error {
	for {
		skip := min(n, b.end-b.at)
		b.at += skip
		if n -= skip; n == 0 {
			return nil
		}
		if err := b.Fill(1); err != nil {
			return err
		}
	}
}

// Read lets a decompressor take the bytes.
func (b *Buffer) Read(p []byte) (int, error) {
	if err := b.Fill(1); err != nil {
		return 0, err
	}
	n := copy(p, b.Unread())
	b.at += n
	return n, nil
}

// Pool keeps the buffers of files that were read to their end for those that come next:
// thousands of small files would clear one each (BenchmarkPool).
type Pool struct {
	Size int // Large, Small or Tiny
	free []*Buffer
}

// head is how much its buffers keep free.
func (p *Pool) head() int {
	if p.Size == Tiny {
		return Tiny
	}
	return Head
}

func (p *Pool) Get(src io.Reader) *Buffer {
	var b *Buffer
	head := p.head()
	if n := len(p.free); n > 0 {
		b, p.free = p.free[n-1], p.free[:n-1]
	} else {
		b = &Buffer{mem: make([]byte, head+p.Size)}
	}
	*b = Buffer{src: src, mem: b.mem, head: head, at: head, end: head}
	return b
}

func (p *Pool) Put(b *Buffer) {
	b.src, b.ahead = nil, nil
	if len(b.mem) == b.head+p.Size { // one that grew is left to the collector
		p.free = append(p.free, b)
	}
}
