package capture

import "io"

const (
	// bufferSize is what one read(2) may bring: larger reads cost no fewer cycles, and what they bring leaves the
	// second-level cache before it is looked at (1 MiB: a twentieth more CPU time for the whole analysis).
	bufferSize = 256 << 10
	// smallBuffer is for looking at a file's first packet, and for each of very many files that are open at once.
	smallBuffer = 64 << 10
	// bufferHead is kept free before the place where reads go: the unread rest is moved to just before that place,
	// so that every read goes to the start of a page (the kernel copies a tenth faster to there).
	bufferHead = 64 << 10
	// tinyBuffer and its head are for each of thousands of files.
	tinyBuffer = 8 << 10
	// maxEmptyReads is how often a reader may return nothing and no error.
	maxEmptyReads = 100
)

// buffer reads src in large pieces into memory that it uses again. Bytes are consumed by moving at.
type buffer struct {
	src     io.Reader
	mem     []byte // the runtime puts an object of this size on a page boundary
	head    int    // of mem
	at, end int    // unread: mem[at:end]
	total   int64  // bytes read from src
	err     error  // of src, sticky
	ahead   *ahead // src, when another goroutine reads
}

// unread is what was read and not consumed.
func (b *buffer) unread() []byte { return b.mem[b.at:b.end] }

// offset is the place of the first unread byte in src.
func (b *buffer) offset() int64 { return b.total - int64(b.end-b.at) }

// fill makes at least need bytes unread. Otherwise it returns src's error, io.EOF too; what could be read is unread.
// Slices of unread given out before are no longer valid.
func (b *buffer) fill(need int) error {
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
			if err == errPending && n == 0 {
				return err
			} else if err != errPending {
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

// makeRoom makes place for at least one byte after end. Memory grows with the bytes that are there, not with need: a
// length that lies costs nothing.
func (b *buffer) makeRoom(need int) {
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
		b.move(make([]byte, min(2*len(b.mem), max(need, len(b.mem)+bufferHead))), 0)
	}
}

func (b *buffer) move(to []byte, at int) {
	n := copy(to[at:], b.unread())
	b.mem, b.at, b.end = to, at, at+n
}

// discard consumes n bytes, of which only the buffered ones need be in memory.
func (b *buffer) discard(n int) error {
	for {
		skip := min(n, b.end-b.at)
		b.at += skip
		if n -= skip; n == 0 {
			return nil
		}
		if err := b.fill(1); err != nil {
			return err
		}
	}
}

// Read lets a decompressor take the bytes.
func (b *buffer) Read(p []byte) (int, error) {
	if err := b.fill(1); err != nil {
		return 0, err
	}
	n := copy(p, b.unread())
	b.at += n
	return n, nil
}

// pool keeps the buffers of files that were read to their end for those that come next.
type pool struct {
	size int
	free []*buffer
}

// head is how much its buffers keep free.
func (p *pool) head() int {
	if p.size == tinyBuffer {
		return tinyBuffer
	}
	return bufferHead
}

func (p *pool) get(src io.Reader) *buffer {
	var b *buffer
	head := p.head()
	if n := len(p.free); n > 0 {
		b, p.free = p.free[n-1], p.free[:n-1]
	} else {
		b = &buffer{mem: make([]byte, head+p.size)}
	}
	*b = buffer{src: src, mem: b.mem, head: head, at: head, end: head}
	return b
}

func (p *pool) put(b *buffer) {
	b.src, b.ahead = nil, nil
	if len(b.mem) == b.head+p.size { // one that grew is left to the collector
		p.free = append(p.free, b)
	}
}
