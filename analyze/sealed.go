package analyze

import (
	"bytes"
	"net/netip"

	"ftpscope/analyze/decrypt"
	"ftpscope/analyze/record"
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// sealing follows connections that may be data connections under TLS, for what its records
// tell, and whatever next wants: with keys, in clear.
type sealing struct {
	next Follower
	keys *decrypt.Keyring // nil: none
	room flow.Budget      // for open messages of handshakes
}

// maxMessages bounds what open handshake messages of data connections hold, over all shards:
// 16 MiB.
const maxMessages = 16 << 20 / tcp.Shards

// maySeal reports whether a connection's first payload can be the beginning of TLS on a
// data connection. Data connections lead to unprivileged ports, and come from such or
// from port 20.
func maySeal(s *flow.Segment, isFirst bool) bool {
	return len(s.Payload) > 0 && (tlsrec.IsHandshake(s.Payload[0]) || !isFirst) && mayBeData(s)
}

// mayBeData reports whether the ports of a segment are such as data connections have.
func mayBeData(s *flow.Segment) bool {
	low, high := min(s.SrcPort, s.DstPort), max(s.SrcPort, s.DstPort)
	return high >= flow.FirstUnprivileged && (low >= flow.FirstUnprivileged || low == flow.PortFTPData || low == flow.PortFTPS-1)
}

// ReadsAll reports whether readers want more than a connection's beginning.
func (f *sealing) ReadsAll() bool { return f.keys != nil }

// Follow makes the reader.
func (f *sealing) Follow(c *flow.Conn) tcp.DataReader {
	var next tcp.DataReader
	if f.next != nil {
		next = f.next.Follow(c)
	}
	w := watched{Passing: tlsrec.NewData(&f.room), next: next, ends: [2]netip.AddrPort{c.Src, c.Dst}}
	if f.keys == nil {
		return &w
	}
	d := &sealed{watched: w, keys: f.keys}
	d.opener = f.keys.Open(d)
	return d
}

// watched reads a data connection for what its records tell without keys.
type watched struct {
	tlsrec.Passing
	next tcp.DataReader // hears all as well; nil: nobody
	off  bool           // nothing more can be told
	ends [2]netip.AddrPort
}

// Data takes the next bytes of a direction; false: nobody needs more.
func (w *watched) Data(dir flow.Direction, b []byte, at flow.Mark) bool {
	w.watch(dir, b, at)
	return w.pass(dir, b, at) || !w.off
}

func (w *watched) watch(dir flow.Direction, b []byte, at flow.Mark) {
	if w.off {
		return
	}
	w.Passing.Data(dir, b, at)
	if w.off = w.Lost(); w.off {
		w.Drop()
	}
}

// pass gives bytes to next; false: it wants no more.
func (w *watched) pass(dir flow.Direction, b []byte, at flow.Mark) bool {
	if w.next != nil && !w.next.Data(dir, b, at) {
		w.next = nil
	}
	return w.next != nil
}

// Gap says that n bytes of a direction are missing.
func (w *watched) Gap(dir flow.Direction, n uint64, at flow.Mark) {
	w.Passing.Gap(dir, n, at)
	if w.next != nil {
		w.next.Gap(dir, n, at)
	}
}

// Compares reports whether next wants to hear of bytes with two contents.
func (w *watched) Compares() bool {
	c, ok := w.next.(tcp.Comparer)
	return ok && c.Compares()
}

// Conflict passes them on.
func (w *watched) Conflict(dir flow.Direction, from int64, n uint64, at flow.Mark) {
	if c, ok := w.next.(tcp.Comparer); ok {
		c.Conflict(dir, from, n, at)
	}
}

// Closed tells what the connection carried.
func (w *watched) Closed(c *flow.Conn) flow.Told {
	if w.next != nil {
		w.next.Closed(c)
	}
	w.Drop()
	told := flow.Told{Sent: w.Sent(c.Closing != flow.Cut)}
	if d := w.Told(); d != nil {
		d.Ends, told.Facts = w.ends, d
	}
	return told
}

// sealed reads a data connection, and opens it if it is under TLS. Until it is known that
// it can be, next waits for what comes; if it cannot, next is given it as it came.
type sealed struct {
	watched
	keys   *decrypt.Keyring
	opener *decrypt.Opener
	raw    bool // it is not under TLS, or cannot be opened
	held   []piece
	size   int // of held
	opened bool
}

// piece is what came of a direction: bytes, or a gap.
type piece struct {
	dir  flow.Direction
	data []byte
	gap  uint64
	at   flow.Mark
}

// Data takes the next bytes of a direction; false: nobody needs more.
func (d *sealed) Data(dir flow.Direction, b []byte, at flow.Mark) bool {
	d.watch(dir, b, at)
	if o := d.opener; !d.raw {
		o.Data(dir, b, at)
		if d.settle() {
			if o.State() == decrypt.Shut {
				d.Missing(dir, uint64(len(b)), at)
			}
			return true
		}
		if !d.raw {
			d.hold(piece{dir, bytes.Clone(b), 0, at})
			return true
		}
		d.replay()
	}
	return d.pass(dir, b, at) || !d.off
}

// settle reports whether the connection is opened. One that cannot be is raw from
// then on.
func (d *sealed) settle() bool {
	switch {
	case d.opened:
		return true
	case d.opener.State() == decrypt.Open:
		d.opened = true
		d.forget()
	case d.opener.State() == decrypt.Shut, !d.isTLS():
		d.raw = true
	}
	return d.opened
}

func (d *sealed) isTLS() bool { return !d.opener.Ended(flow.Out) && !d.opener.Ended(flow.In) }

func (d *sealed) hold(p piece) {
	if d.next == nil {
		return
	}
	if !d.keys.Hold(len(p.data)) {
		d.raw = true
		d.replay()
		d.give(&p)
		return
	}
	d.held = append(d.held, p)
	d.size += len(p.data)
}

func (d *sealed) forget() {
	d.keys.Let(d.size)
	d.held, d.size = nil, 0
}

// replay gives what waited as it came.
func (d *sealed) replay() {
	for i := range d.held {
		d.give(&d.held[i])
	}
	d.forget()
}

func (d *sealed) give(p *piece) {
	if p.gap > 0 && d.next != nil {
		d.next.Gap(p.dir, p.gap, p.at)
	} else if p.gap == 0 {
		d.pass(p.dir, p.data, p.at)
	}
}

// Plain, Missing, Shaken and Alert are what the Opener tells.
func (d *sealed) Plain(dir flow.Direction, b []byte, at flow.Mark) {
	if !d.opened {
		d.opened = true
		d.forget()
	}
	d.pass(dir, b, at)
}

func (d *sealed) Missing(dir flow.Direction, n uint64, at flow.Mark) {
	if d.next != nil {
		d.next.Gap(dir, n, at)
	}
}

func (d *sealed) Shaken(dir flow.Direction, b []byte, at flow.Mark) { d.Opened(dir, b, at) }

func (d *sealed) Alert(dir flow.Direction, level, description byte, at flow.Mark) {
	d.OpenedAlert(dir, level, description, at)
}

// Gap says that n bytes of a direction are missing.
func (d *sealed) Gap(dir flow.Direction, n uint64, at flow.Mark) {
	d.Passing.Gap(dir, n, at)
	if o := d.opener; !d.raw {
		o.Gap(dir, n, at)
		if d.settle() {
			return
		}
		if !d.raw {
			d.hold(piece{dir, nil, n, at})
			return
		}
		d.replay()
	}
	if d.next != nil {
		d.next.Gap(dir, n, at)
	}
}

// Conflict passes them on, unless the keys tell which content is the right one.
func (d *sealed) Conflict(dir flow.Direction, from int64, n uint64, at flow.Mark) {
	if !d.opened {
		d.watched.Conflict(dir, from, n, at)
	}
}

// Waits reports whether what waits for keys may still be opened.
func (d *sealed) Waits(now flow.Time) bool { return !d.raw && d.opener.Waits(now) }

// Closed tells what the connection carried.
func (d *sealed) Closed(c *flow.Conn) flow.Told {
	if d.opener.Close(); !d.settle() {
		d.raw = true
		d.replay()
	}
	told := d.watched.Closed(c)
	if !d.opened {
		return told
	}
	client, _ := d.opener.Client()
	x := &record.DataTLS{Ends: d.ends, Opened: true, Info: d.Info(client)}
	told.Facts = x
	for dir := range flow.Direction(2) {
		s := d.opener.Sent(dir)
		if n := s.Plain + s.Lost; c.Half[dir].Packets > 0 && (d.opener.State() == decrypt.Open || s.Closed) {
			x.Plain[dir] = &n
		}
	}
	out, in := d.opener.Sent(flow.Out), d.opener.Sent(flow.In)
	switch {
	case out.Gaps || in.Gaps || d.opener.State() != decrypt.Open:
	case out.Plain+in.Plain == 0 && min(c.Half[flow.Out].Packets, c.Half[flow.In].Packets) == 0: // the capture lacks a side
	case out.Plain+in.Plain == 0:
		told.Sent = flow.SentNothing
	case out.Plain > in.Plain:
		told.Sent = flow.SentOut
	default:
		told.Sent = flow.SentIn
	}
	return told
}
