package decrypt

import (
	"bytes"

	"ftpscope/capture/flow"
)

// late is what waits for secrets that a log may still get: all that comes, in its order,
// so that a reply never overtakes its command.
type late struct {
	lacking bool      // secrets are
	since   flow.Time // the packet that needed them
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

// lacks notes that a side needs secrets that are missing, and gives up where they cannot
// come. It is false, to wait, or true when there is nothing to wait for.
func (o *Opener) lacks(dir flow.Direction) bool {
	if l := &o.late; o.ring.store.Growing() {
		if l.since == 0 {
			l.since = o.sides[dir].at.Time
			o.ring.waiting = append(o.ring.waiting, o)
		}
		l.lacking = true
		return false
	}
	o.shut(NoSecrets)
	return true
}

// Lacks reports whether what came waits for secrets, Waits whether they may still come in
// time.
func (o *Opener) Lacks() bool { return o.late.lacking }
func (o *Opener) Waits(now flow.Time) bool {
	return o.late.lacking && now-o.late.since <= maxWait
}

// Close ends the wait for secrets: the connection is over. Those that came since its last
// packet open it.
func (o *Opener) Close() {
	if o.resume(); o.state == Waiting {
		giveUp(o)
	}
}

// giveUp ends a wait.
func giveUp(o *Opener) {
	why, h := NoSecrets, &o.shake
	if h.client != unknown && h.version == 0 {
		if x, ok := o.ring.store.Lookup(&h.random, ^uint64(0)); ok && x.Master != nil {
			why = NoAnswer
		}
	}
	o.shut(why)
}

// hold keeps what comes while secrets are missing.
func (o *Opener) hold(p held) {
	l := &o.late
	switch o.resume(); {
	case o.state == Shut:
	case !l.lacking:
		replay(o, &p)
	case p.at.Time-l.since > maxWait, l.size+len(p.data) > maxHeld, !o.ring.Hold(len(p.data)):
		giveUp(o)
	default:
		p.data = bytes.Clone(p.data)
		l.queue = append(l.queue, p)
		l.size += len(p.data)
	}
}

// resume goes on with what waits, as far as secrets are there by now.
func (o *Opener) resume() {
	l := &o.late
	if !l.lacking {
		return
	}
	l.lacking = false
	for dir := range flow.Direction(2) {
		o.unblock(dir)
	}
	for len(l.queue) > 0 && !l.lacking && o.state != Shut {
		p := l.queue[0]
		l.queue = l.queue[1:]
		l.size -= len(p.data)
		o.ring.Let(len(p.data))
		replay(o, &p)
	}
	if !l.lacking {
		l.since = 0
	}
}

func replay(o *Opener, p *held) {
	if p.gap > 0 {
		o.gap(p.dir, p.gap, p.at)
	} else {
		o.data(p.dir, p.data, p.at)
	}
}

// Retry goes on with the connections that wait for secrets, if logs have more of them. It
// is called now and then: what waits may be all that a connection said.
func (k *Keyring) Retry() {
	if len(k.waiting) == 0 {
		return
	}
	k.store.Poll()
	secrets := k.store.Stats().Secrets
	came := secrets != k.tried
	k.tried = secrets
	list := k.waiting
	k.waiting = k.waiting[:0]
	for _, o := range list {
		if came {
			o.resume()
		}
		if o.late.lacking {
			k.waiting = append(k.waiting, o)
		}
	}
	clear(list[len(k.waiting):])
}
