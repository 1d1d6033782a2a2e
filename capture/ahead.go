package capture

import "io"

const (
	// maxAhead is how many files are read ahead at once, whatever the number of files and Options.Ahead.
	maxAhead = 8
	// aheadBlocks is how many blocks of bufferSize each of them has: one is being filled, the others bridge the time
	// until the system lets the one side or the other run again. More of them gain nothing.
	aheadBlocks = 4
)

// ahead decompresses a file in a goroutine of its own while packets before are analyzed. A buffer gets from it the
// bytes and the error that it would have read itself, so no result depends on it.
//
// Files that can be read only once (standard input, FIFOs) are not read ahead: a read that waits cannot be ended.
type ahead struct {
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

func newAhead() *ahead { return &ahead{free: make(chan block, aheadBlocks)} }

// start begins to read src, to its end or its first error.
func (a *ahead) start(src io.Reader) {
	a.full, a.stop, a.part = make(chan block, aheadBlocks), make(chan struct{}), block{}
	go a.run(src)
}

func (a *ahead) run(src io.Reader) {
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

// empty waits for a block to fill, or makes one while there may be more; false: the reading is to stop.
func (a *ahead) empty() (block, bool) {
	if a.stopped() {
		return block{}, false
	}
	var b block
	select {
	case b = <-a.free:
	default:
		if a.made < aheadBlocks {
			a.made++
			b.mem = make([]byte, bufferHead+bufferSize)
			break
		}
		select {
		case b = <-a.free:
		case <-a.stop:
			return block{}, false
		}
	}
	return block{mem: b.mem, at: bufferHead, end: bufferHead}, true
}

func (a *ahead) stopped() bool {
	select {
	case <-a.stop:
		return true
	default:
		return false
	}
}

// close ends the goroutine and waits for it; the blocks are kept for the next file.
func (a *ahead) close() {
	close(a.stop)
	for b := range a.full {
		a.free <- b
	}
	if a.part.mem != nil {
		a.free <- a.part
	}
}

// swap gives b the next block's memory for its own; only the unread rest is copied. False: Read must copy all, since
// the rest is too long, or the buffer grew.
func (a *ahead) swap(b *buffer) bool {
	rest := b.unread()
	if len(rest) > bufferHead || a.part.mem != nil || len(b.mem) != bufferHead+bufferSize {
		return false
	}
	next := <-a.full
	at := bufferHead - len(rest)
	copy(next.mem[at:], rest)
	a.free <- block{mem: b.mem}
	b.mem, b.at, b.end = next.mem, at, next.end
	b.total += int64(next.end - next.at)
	b.err = next.err
	return true
}

func (a *ahead) Read(p []byte) (int, error) {
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

// aheads are those that no file uses, and how many more may be made.
type aheads struct {
	left int
	free []*ahead
}

func (p *aheads) get() *ahead {
	if n := len(p.free); n > 0 {
		a := p.free[n-1]
		p.free = p.free[:n-1]
		return a
	}
	if p.left <= 0 {
		return nil
	}
	p.left--
	return newAhead()
}

func (p *aheads) put(a *ahead) { p.free = append(p.free, a) }
