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

// sealing follows connections that may be data connections under TLS, for who sends what
// they carry, and whatever next wants: with keys, in clear.
type sealing struct {
	next Follower
	keys *decrypt.Keyring // nil: none
}

// maySeal reports whether a connection's first payload can be the beginning of TLS on a
// data connection. Data connections lead to unprivileged ports, and come from such or
// from port 20.
func maySeal(s *flow.Segment) bool {
	return len(s.Payload) > 0 && tlsrec.IsHandshake(s.Payload[0]) && mayBeData(s)
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
	var next tlsrec.ByteReader
	if f.next != nil {
		if r := f.next.Follow(c); r != nil {
			next = r
		}
	}
	if f.keys == nil {
		return &tlsrec.DataReader{Next: next}
	}
	d := &sealed{keys: f.keys, next: next, ends: [2]netip.AddrPort{c.Src, c.Dst}}
	d.opener = f.keys.Open(d)
	return d
}

// sealed reads a data connection, and opens it if it is under TLS. Until it is known that
// it can be, next waits for what comes; if it cannot, next is given it as it came.
type sealed struct {
	keys   *decrypt.Keyring
	sent   tlsrec.DataReader
	opener *decrypt.Opener
	raw    bool // it is not under TLS, or cannot be opened
	next   tlsrec.ByteReader
	ends   [2]netip.AddrPort
	held   []piece
	size   int // of held
	opened bool
	shake  tlsrec.Handshake
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
	sent := d.sent.Data(dir, b, at)
	if o := d.opener; !d.raw {
		d.shake.Data(dir, b, at)
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
	return d.pass(dir, b, at) || sent
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

// pass gives bytes to next; false: it wants no more.
func (d *sealed) pass(dir flow.Direction, b []byte, at flow.Mark) bool {
	if d.next != nil && !d.next.Data(dir, b, at) {
		d.next = nil
	}
	return d.next != nil
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

func (d *sealed) Shaken(dir flow.Direction, b []byte, at flow.Mark) { d.shake.Opened(dir, b, at) }

func (d *sealed) Alert(dir flow.Direction, level, description byte, at flow.Mark) {
	d.shake.OpenedAlert(dir, level, description, at)
}

// Gap says that n bytes of a direction are missing.
func (d *sealed) Gap(dir flow.Direction, n uint64, at flow.Mark) {
	d.sent.Gap(dir, n, at)
	if o := d.opener; !d.raw {
		d.shake.Gap(dir)
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

// comparer is a reader that wants to hear of bytes with two contents.
type comparer interface {
	Compares() bool
	Conflict(dir flow.Direction, from int64, n uint64, at flow.Mark)
}

// Compares reports whether next wants to hear of bytes with two contents.
func (d *sealed) Compares() bool {
	c, ok := d.next.(comparer)
	return ok && c.Compares()
}

// Conflict passes them on, unless the keys tell which content is the right one.
func (d *sealed) Conflict(dir flow.Direction, from int64, n uint64, at flow.Mark) {
	if c, ok := d.next.(comparer); ok && !d.opened {
		c.Conflict(dir, from, n, at)
	}
}

// Closed tells what the connection carried.
func (d *sealed) Closed(c *flow.Conn) flow.Told {
	if !d.opened {
		d.raw = true
		d.replay()
		d.opener.Close()
	}
	if d.next != nil {
		d.next.Closed(c)
	}
	client := flow.Out
	told := flow.Told{Sent: d.sent.Sent(c.Closing != flow.Cut)}
	if dir, ok := d.opener.Client(); ok {
		client = dir
	}
	info := d.shake.Info(client)
	if info == nil && !d.opened {
		return told
	}
	x := &record.DataTLS{Ends: d.ends, Opened: d.opened, Info: info}
	if told.Facts = x; !d.opened {
		return told
	}
	for dir := range flow.Direction(2) {
		s := d.opener.Sent(dir)
		if n := s.Plain + s.Lost; d.opener.State() == decrypt.Open || s.Closed {
			x.Plain[dir] = &n
		}
	}
	out, in := d.opener.Sent(flow.Out), d.opener.Sent(flow.In)
	switch {
	case out.Gaps || in.Gaps || d.opener.State() != decrypt.Open:
	case out.Plain+in.Plain == 0:
		told.Sent = flow.SentNothing
	case out.Plain > in.Plain:
		told.Sent = flow.SentOut
	default:
		told.Sent = flow.SentIn
	}
	return told
}
