package decrypt

import "ftpscope/capture/flow"

// late is what waits for secrets that a log may still get: all that comes, in its order,
// so that a reply never overtakes its command.
type late struct {
	lacking bool // secrets are
	queue   []held
	size    int // bytes of queue
}

// held is bytes of a side, or a gap.
type held struct {
	dir  flow.Direction
	data []byte
	gap  uint64
	at   flow.Mark
}

// lacks notes that secrets are missing, and gives up where they cannot come. It is false,
// to wait, or true when there is nothing to wait for.
func (o *Opener) lacks() bool {
	if o.ring.store.Growing() {
		o.late.lacking = true
		return false
	}
	o.shut(NoSecrets)
	return true
}

// Close ends the wait for secrets: the connection is over.
func (o *Opener) Close() {
	if o.state == Waiting {
		o.shut(NoSecrets)
	}
}

// hold keeps what comes while secrets are missing, and goes on when they are there.
func (o *Opener) hold(p held) {
	l := &o.late
	n := len(p.data)
	if l.size+n > maxHeld || len(l.queue) > 0 && p.at.Time-l.queue[0].at.Time > maxWait || !o.ring.Hold(n) {
		o.shut(NoSecrets)
		return
	}
	l.queue = append(l.queue, p)
	l.size += n
	l.lacking = false
	for dir := range flow.Direction(2) {
		o.unblock(dir)
	}
	for len(l.queue) > 0 && !l.lacking && o.state != Shut {
		p := l.queue[0]
		l.queue = l.queue[1:]
		l.size -= len(p.data)
		o.ring.Let(len(p.data))
		if p.gap > 0 {
			o.gap(p.dir, p.gap, p.at)
		} else {
			o.data(p.dir, p.data, p.at)
		}
	}
}
