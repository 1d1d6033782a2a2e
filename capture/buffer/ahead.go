package buffer

import "io"

const (
	// MaxAhead is how many files are read ahead at once, whatever the number of files and
	// the limit that is asked for.
	MaxAhead = 8
	// aheadBlocks is how many blocks of Large each of them has: one is being filled, the
	// others bridge the time until the system lets the one side or the other run again.
	// More of them gain nothing.
	aheadBlocks = 4
)

// Ahead reads a file in a goroutine of its own while packets before are analyzed. A
// buffer gets from it the bytes and the error that it would have read itself, so no
// result depends on it.
//
// Files that can be read only once (standard input, FIFOs) are not read ahead: a read
// that waits cannot be ended.
type Ahead struct {
	full, free chan block // both hold all blocks there are: only receiving waits
	made       int        // blocks
	stop       chan struct{}
	part       block // of which Read has not given all
}

// block is what was read: mem[at:end], then err.
type block struct {
	mem     []byte
	at, end int
	err     error
}

func newAhead() *Ahead { return &Ahead{free: make(chan block, aheadBlocks)} }

// start begins to read src, to its end or its first error.
func (a *Ahead) start(src io.Reader) {
	a.full, a.stop, a.part = make(chan block, aheadBlocks), make(chan struct{}), block{}
	go a.run(src)
}

func (a *Ahead) run(src io.Reader) {
	defer close(a.full)
	for {
		b, ok := a.empty()
		if !ok {
			return
		}
		for b.err == nil && b.end < len(b.mem) && !a.stopped() {
			var n int
			n, b.err = src.Read(b.mem[b.end:])
			if b.end += n; n == 0 {
				break // the buffer counts how often
			}
		}
		ended := b.err != nil
		a.full <- b
		if ended {
			return
		}
	}
}

// empty waits for a block to fill, or makes one while there may be more; false: the
// reading is to stop.
func (a *Ahead) empty() (block, bool) {
	if a.stopped() {
		return block{}, false
	}
	var b block
	select {
	case b = <-a.free:
	default:
		if a.made < aheadBlocks {
			a.made++
			b.mem = make([]byte, Head+Large)
			break
		}
		select {
		case b = <-a.free:
		case <-a.stop:
			return block{}, false
		}
	}
	return block{mem: b.mem, at: Head, end: Head}, true
}

func (a *Ahead) stopped() bool {
	select {
	case <-a.stop:
		return true
	default:
		return false
	}
}

// close ends the goroutine and waits for it; the blocks are kept for the next file.
func (a *Ahead) close() {
	close(a.stop)
	for b := range a.full {
		a.free <- b
	}
	if a.part.mem != nil {
		a.free <- a.part
	}
}

// swap gives b the next block's memory for its own; only the unread rest is copied.
// False: Read must copy all, since the rest is too long, or the buffer grew.
func (a *Ahead) swap(b *Buffer) bool {
	rest := b.Unread()
	if len(rest) > Head || a.part.mem != nil || len(b.mem) != Head+Large {
		return false
	}
	next := <-a.full
	at := Head - len(rest)
	copy(next.mem[at:], rest)
	a.free <- block{mem: b.mem}
	b.mem, b.at, b.end = next.mem, at, next.end
	b.total += int64(next.end - next.at)
	b.err = next.err
	return true
}

func (a *Ahead) Read(p []byte) (int, error) {
	if a.part.mem == nil {
		a.part = <-a.full
	}
	part := &a.part
	n := copy(p, part.mem[part.at:part.end])
	if part.at += n; part.at < part.end {
		return n, nil
	}
	err := part.err
	a.free <- *part
	*part = block{}
	return n, err
}

// Aheads starts and keeps a bounded number of them. The blocks of one that was closed
// serve the next: of ten thousand rotated files each would otherwise allocate its own
// (BenchmarkAheads).
type Aheads struct {
	left int
	free []*Ahead
}

// Limit says how many may read at once, at most MaxAhead.
func (p *Aheads) Limit(n int) { p.left = min(n, MaxAhead) }

// Start lets another goroutine read src, and b take what it reads; nil if as many as may
// be are at work.
func (p *Aheads) Start(src io.Reader, b *Buffer) *Ahead {
	var a *Ahead
	switch n := len(p.free); {
	case n > 0:
		a, p.free = p.free[n-1], p.free[:n-1]
	case p.left > 0:
		p.left--
		a = newAhead()
	default:
		return nil
	}
	a.start(src)
	b.src, b.ahead = a, a
	return a
}

// Close ends the goroutine of one that Start gave, and waits for it.
func (p *Aheads) Close(a *Ahead) {
	a.close()
	p.free = append(p.free, a)
}
