package capturetest

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"strconv"

	"github.com/google/gopacket/layers"

	"ftpscope/capture/flow"
)

// conn is a connection in the making: what both ends have sent so far, each array by
// Direction.
type conn struct {
	name   string
	host   [2]netip.AddrPort
	next   [2]uint32
	ttl    [2]uint8
	id     [2]uint16
	rnd    [2]*rand.Rand
	fin    [2]bool
	opened bool // the handshake was made, or need not be
	synced bool // window scaling is in force
}

func newConn(name string, opener, other netip.AddrPort) *conn {
	return &conn{name: name, host: [2]netip.AddrPort{opener, other}, ttl: [2]uint8{64, 64}}
}

// begin makes what is random of a connection. It depends on the connection alone, so that
// a line that is added to a script leaves the others' packets as they are.
func (s *Script) begin(c *conn) {
	for dir := range c.next {
		h := fnv.New64a()
		fmt.Fprint(h, s.seed, c.name, c.host, dir)
		c.rnd[dir] = rand.New(rand.NewPCG(h.Sum64(), 0))
		c.next[dir] = c.rnd[dir].Uint32() / 2 // far from the wrap, which `isn` is for
		c.id[dir] = uint16(c.rnd[dir].Uint32())
		if isn, ok := s.isn[isnKey(c.name, flow.Direction(dir))]; ok {
			c.next[dir] = isn
		}
	}
}

func (c *conn) v6() bool { return !c.host[0].Addr().Is4() }

const (
	unscaledWindow = 64240
	scaledWindow   = 502 // times 128 the same, nearly
	windowShift    = 7
)

// segment is what emit sends.
type segment struct {
	dir     flow.Direction
	flags   uint8
	payload []byte
}

// emit sends one segment, with the sequence and acknowledgment numbers that are due.
func (s *Script) emit(c *conn, seg segment) *Meta {
	m := &Meta{
		Src: c.host[seg.dir], Dst: c.host[1-seg.dir], Dir: seg.dir, ID: c.id[seg.dir], TTL: c.ttl[seg.dir],
		Flags: seg.flags, Seq: c.next[seg.dir], Window: unscaledWindow, Payload: seg.payload,
	}
	c.id[seg.dir]++
	switch {
	case seg.flags&flow.SYN != 0:
		m.Options = s.synOptions(c)
	case c.synced:
		m.Window = scaledWindow
	}
	if seg.flags&flow.RST != 0 {
		m.Window = 0
	}
	if seg.flags&flow.URG != 0 {
		m.Urgent = uint16(len(seg.payload))
	}
	if seg.flags&flow.ACK != 0 {
		m.Ack = c.next[1-seg.dir]
	}
	if seg.flags&flow.FIN != 0 {
		c.fin[seg.dir] = true
	}
	c.next[seg.dir] = m.end()
	s.add(c, m)
	return m
}

// add puts a packet on the wire.
func (s *Script) add(c *conn, m *Meta) {
	packet := m.packet()
	head, _ := Ethernet.header(packet, m.Dir)
	f := Frame{Time: s.now, Link: LinkEthernet, Data: append(head, packet...), Conn: c.name, Meta: m, head: len(head)}
	f.Length = len(f.Data)
	f.body = m.body(&f)
	s.frames = append(s.frames, f)
	s.now += s.step
}

// segmentSize is the MSS: what Ethernet leaves of 1500 bytes, unless the script says
// otherwise.
func (s *Script) segmentSize(c *conn) int {
	switch {
	case s.mss > 0:
		return s.mss
	case c.v6():
		return 1440
	}
	return 1460
}

func (s *Script) synOptions(c *conn) []layers.TCPOption {
	mss := binary.BigEndian.AppendUint16(nil, uint16(s.segmentSize(c)))
	options := []layers.TCPOption{{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: mss}}
	if s.unscaled {
		return options
	}
	return append(options, layers.TCPOption{OptionType: layers.TCPOptionKindNop, OptionLength: 1},
		layers.TCPOption{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{windowShift}})
}

// open makes the handshake, or what came of it: how is a variant and its arguments.
func (s *Script) open(c *conn, how []string) error {
	if c.opened {
		return fmt.Errorf("connection %s is open already", c.name)
	}
	if c.v6() == c.host[1].Addr().Is4() {
		return fmt.Errorf("connection %s between IPv4 and IPv6", c.name)
	}
	how = append(how[:len(how):len(how)], []string{"", "0", ""}[min(len(how), 3):]...)
	if len(how) > 3 || how[2] != "" && how[2] != "short" {
		return fmt.Errorf("too much about how to open: %q", how)
	}
	number, err := strconv.ParseUint(how[1], 10, 8)
	if err != nil {
		return fmt.Errorf("%s %q is not a number up to 255", how[0], how[1])
	}
	c.opened = true
	s.begin(c)
	if how[0] == "none" { // mid-stream: both ends have been talking
		c.next[0]++
		c.next[1]++
		c.synced = !s.unscaled
		return nil
	}
	syn := s.emit(c, segment{dir: flow.Out, flags: flow.SYN})
	switch how[0] {
	case "synonly":
	case "unanswered":
		s.resendSYN(c, int(number))
	case "unreachable":
		s.icmp(c, syn, icmpError{code: uint8(number), short: how[2] == "short"})
	default:
		return s.answerSYN(c, how[0])
	}
	return nil
}

func (s *Script) answerSYN(c *conn, how string) error {
	switch how {
	case "", "synack":
		s.emit(c, segment{dir: flow.In, flags: flow.SYN | flow.ACK})
		c.synced = !s.unscaled
		if how == "" {
			s.emit(c, segment{dir: flow.Out, flags: flow.ACK})
		}
	case "refused": // RFC 9293 section 3.10.7.1: the RST of a closed port has sequence number 0
		isn := c.next[flow.In]
		c.next[flow.In] = 0
		s.emit(c, segment{dir: flow.In, flags: flow.RST | flow.ACK})
		c.next[flow.In] = isn
	default:
		return fmt.Errorf("unknown way to open: %s", how)
	}
	return nil
}

// resendSYN repeats the SYN until there are n, one second after the first, then at twice
// the distance (RFC 6298 section 5.5).
func (s *Script) resendSYN(c *conn, n int) {
	at := s.now - s.step
	for i := 1; i < n; i++ {
		at += flow.Second << (i - 1)
		s.now = max(s.now, at)
		c.next[flow.Out]-- // the SYN takes one number
		s.emit(c, segment{dir: flow.Out, flags: flow.SYN})
	}
}

// icmpError is a destination unreachable: the code, and whether it quotes only what RFC
// 792 demands.
type icmpError struct {
	code  uint8
	short bool
}

func (s *Script) icmp(c *conn, about *Meta, e icmpError) {
	const unreachable4, unreachable6 = 3, 1
	quote, ipHeader, kind := about.packet(), 20, uint8(unreachable4)
	if c.v6() {
		ipHeader, kind = 40, unreachable6
	}
	if e.short {
		quote = quote[:ipHeader+8]
	}
	m := &Meta{Src: about.Src, Dst: about.Dst, Dir: flow.In, TTL: s.routerTTL, Seq: about.Seq}
	m.ICMP = &ICMP{From: s.routerFor(c), Type: kind, Code: e.code, Quote: quote}
	s.add(c, m)
}

func (s *Script) routerFor(c *conn) netip.Addr {
	if s.router.IsValid() && s.router.Is4() != c.v6() {
		return s.router
	}
	if c.v6() {
		return netip.MustParseAddr("2001:db8:ffff::1")
	}
	return netip.MustParseAddr("198.51.100.1")
}

// send sends payload in segments of the MSS; flags beyond PSH and ACK go with the last
// one.
func (s *Script) send(c *conn, seg segment) {
	size, rest := s.segmentSize(c), seg.payload
	for len(rest) > size {
		s.emit(c, segment{seg.dir, flow.ACK, rest[:size]})
		rest = rest[size:]
	}
	s.emit(c, segment{seg.dir, seg.flags | flow.ACK | flow.PSH, rest})
}

// bulk is a number of bytes; fin: the last segment carries FIN.
type bulk struct {
	dir   flow.Direction
	bytes int
	fin   bool
}

// transfer sends random bytes; the other side acknowledges every second segment and the
// last.
func (s *Script) transfer(c *conn, what bulk) {
	dir, n := what.dir, what.bytes
	size := s.segmentSize(c)
	for i := 1; n > 0; i++ {
		payload := make([]byte, min(n, size))
		for j := range payload {
			payload[j] = byte(c.rnd[dir].Uint32())
		}
		n -= len(payload)
		flags := uint8(flow.ACK)
		if n == 0 {
			flags |= flow.PSH
		}
		if n == 0 && what.fin {
			flags |= flow.FIN
		}
		s.emit(c, segment{dir, flags, payload})
		if n == 0 || i%2 == 0 {
			s.emit(c, segment{dir: 1 - dir, flags: flow.ACK})
		}
	}
}

// finish is the FIN exchange, begun by dir. A side that has sent its FIN already does not
// send it again.
func (s *Script) finish(c *conn, dir flow.Direction) {
	s.half(c, dir)
	s.half(c, 1-dir)
}

func (s *Script) half(c *conn, dir flow.Direction) {
	if !c.fin[dir] {
		s.emit(c, segment{dir: dir, flags: flow.FIN | flow.ACK})
		s.emit(c, segment{dir: 1 - dir, flags: flow.ACK})
	}
}
