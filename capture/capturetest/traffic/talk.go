package traffic

// talk is a conversation: what its hosts put on the wire next, and when.
type talk struct {
	at     int64
	who    speaker
	acts   []act
	next   int // in acts
	line   [2]conn
	number int
	ports  uint16 // of its client, used
	rtt    int64
	gap    int64 // between segments
}

// speaker plans a conversation piece by piece, so that only the piece being played is in
// memory.
type speaker interface {
	// plan adds the next acts; false: that was all.
	plan(g *generator, t *talk) bool
}

// act is one packet, a run of them, or a pause.
type act struct {
	do      doing
	line    uint8
	dir     uint8
	unacked uint8
	segment uint16 // bytes a segment may have; 0: the connection's MSS
	off     int32
	text    string
	from    *pool
	n       int64 // bytes of the pool, or the datagrams' size
	wait    int64 // after each packet
}

type doing uint8

const (
	doPause doing = iota
	doSYN
	doSYNACK
	doACK
	doSend // text, then bytes, with an acknowledgment of every second segment
	doSay  // text alone, acknowledged by whatever comes next
	doFIN
	doUDP
	doPing
	doHold // begin to hold packets
	doFree // let them go, in disorder
)

// step plays the next packet of a conversation; false: it was over.
func (g *generator) step(t *talk) bool {
	for t.next == len(t.acts) {
		t.acts, t.next = t.acts[:0], 0
		if !t.who.plan(g, t) {
			return false
		}
	}
	a := &t.acts[t.next]
	if g.play(t, a) {
		t.next++
	}
	if len(g.held) >= disorderedRun {
		g.free()
		g.hold()
	}
	t.at += a.wait
	return true
}

// play puts one packet of an act on the wire and reports whether it was the last.
func (g *generator) play(t *talk, a *act) bool {
	c, dir := &t.line[a.line], int(a.dir)
	switch a.do {
	case doSYN:
		g.tcp(c, dir, syn, content{})
	case doSYNACK:
		g.tcp(c, dir, syn|ack, content{})
	case doACK:
		g.tcp(c, dir, ack, content{})
	case doFIN:
		g.tcp(c, dir, fin|ack, content{})
	case doSay:
		return g.say(c, a)
	case doSend:
		return g.send(c, a)
	case doUDP:
		g.udp(c, dir, content{text: a.text, from: a.from, off: int(a.off), n: int(a.n)})
	case doPing:
		sendPing(g, c, dir, content{from: a.from, off: int(a.off), n: int(a.n)})
	case doHold:
		g.hold()
	case doFree:
		g.free()
	}
	return true
}

// say sends text, in pieces when the act says so.
func (g *generator) say(c *conn, a *act) bool {
	n := len(a.text)
	if a.segment != 0 {
		n = min(n, 1+g.rnd.IntN(int(a.segment)))
	}
	g.tcp(c, int(a.dir), psh|ack, content{text: a.text[:n]})
	a.text = a.text[n:]
	return a.text == ""
}

// send sends the next segment, or the acknowledgment that is due.
func (g *generator) send(c *conn, a *act) bool {
	rest := int64(len(a.text)) + a.n
	if a.unacked == 2 || rest == 0 {
		a.unacked = 0
		g.tcp(c, int(1-a.dir), ack, content{})
		return rest == 0
	}
	p := content{text: a.text, from: a.from, off: int(a.off)}
	p.n = int(min(a.n, int64(c.mss()-len(a.text))))
	if int64(p.n) < a.n {
		p.n &^= 1 // the next one begins at an even offset
	}
	flags := byte(ack)
	if a.n -= int64(p.n); a.n == 0 {
		flags |= psh
	}
	a.text, a.off = "", int32((p.off+p.n)%a.from.size)
	g.tcp(c, int(a.dir), flags, p)
	if !g.holding {
		a.unacked++
	}
	return false
}

func (t *talk) add(a act) { t.acts = append(t.acts, a) }

// open makes the handshake.
func (t *talk) open(line uint8) {
	t.add(act{do: doSYN, line: line, wait: t.rtt / 2})
	t.add(act{do: doSYNACK, line: line, dir: 1, wait: t.rtt / 2})
	t.add(act{do: doACK, line: line, wait: t.gap})
}

// close closes a connection, dir first.
func (t *talk) close(line, dir uint8) {
	t.add(act{do: doFIN, line: line, dir: dir, wait: t.rtt / 2})
	t.add(act{do: doFIN, line: line, dir: 1 - dir, wait: t.rtt / 2})
	t.add(act{do: doACK, line: line, dir: dir, wait: t.gap})
}

func (t *talk) pause(d int64) { t.add(act{wait: d}) }

// ask sends text that the other side answers.
func (t *talk) ask(line, dir uint8, text string) {
	t.add(act{do: doSay, line: line, dir: dir, text: text, wait: t.rtt / 2})
}

// answer sends text and has it acknowledged.
func (t *talk) answer(line, dir uint8, text string) {
	t.ask(line, dir, text)
	t.add(act{do: doACK, line: line, dir: 1 - dir, wait: t.gap})
}

// planSend plans the sending of text and n bytes of a pool, of noise if none is named.
func (g *generator) planSend(t *talk, a act) {
	if a.from == nil {
		a.from = g.noise
	}
	a.do, a.off, a.wait = doSend, int32(a.from.begin(g.rnd)), t.gap
	t.add(a)
}

// schedule is a heap of conversations by the time of their next packet.
type schedule []*talk

func (s *schedule) add(t *talk) {
	*s = append(*s, t)
	q := *s
	for i := len(q) - 1; i > 0; {
		parent := (i - 1) / 2
		if q[parent].at <= q[i].at {
			return
		}
		q[parent], q[i] = q[i], q[parent]
		i = parent
	}
}

// sink restores the order after the first one's time has moved on.
func (s schedule) sink() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(s) {
			return
		}
		if child+1 < len(s) && s[child+1].at < s[child].at {
			child++
		}
		if s[i].at <= s[child].at {
			return
		}
		s[i], s[child] = s[child], s[i]
		i = child
	}
}

// drop takes the first one out.
func (s *schedule) drop() {
	q := *s
	last := len(q) - 1
	q[0], q[last] = q[last], nil
	*s = q[:last]
	s.sink()
}
