package traffic

import "encoding/binary"

// conn is a connection, or the two ends of an exchange of datagrams: arrays are by end,
// the opener's first.
type conn struct {
	end   [2]endpoint
	next  [2]uint32 // the next sequence number
	stamp [2]uint32 // the last timestamp sent
	id    [2]uint16
}

// TCP's flags as the header has them.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

const (
	tcpHead   = 32 // with timestamps
	synHead   = 40
	synWindow = 64240
	window    = 4096 // times 128
	mss4      = 1448 // what timestamps leave
	mss6      = 1428
)

func (c *conn) mss() int {
	if c.end[0].v6 {
		return mss6
	}
	return mss4
}

// connect prepares a connection.
func (g *generator) connect(opener, other endpoint) conn {
	r := g.rnd.Uint64()
	return conn{end: [2]endpoint{opener, other}, next: [2]uint32{uint32(r), uint32(r >> 32)}, id: [2]uint16{uint16(r >> 16), uint16(r >> 48)}}
}

// content is a segment's payload: text, then bytes of a pool from an even offset.
type content struct {
	text   string
	from   *pool
	off, n int
}

// tcp sends one segment. Whatever the other side sent has arrived.
func (g *generator) tcp(c *conn, dir int, flags byte, p content) {
	head := tcpHead
	if flags&syn != 0 {
		head = synHead
	}
	size := len(p.text) + p.n
	b, sum := g.frame(datagram{&c.end[dir], &c.end[1-dir], dir, c.id[dir], protoTCP, head + size})
	c.id[dir]++
	be := binary.BigEndian
	be.PutUint16(b, c.end[dir].port)
	be.PutUint16(b[2:], c.end[1-dir].port)
	be.PutUint32(b[4:], c.next[dir])
	be.PutUint32(b[8:], 0)
	if flags&ack != 0 {
		be.PutUint32(b[8:], c.next[1-dir])
	}
	b[12], b[13] = byte(head/4)<<4, flags
	be.PutUint16(b[14:], window)
	be.PutUint32(b[16:], 0)
	c.stamp[dir] = uint32(g.now/millisecond) + uint32(dir+1)*1e6
	options := b[20:head]
	if flags&syn != 0 {
		be.PutUint16(b[14:], synWindow)
		be.PutUint32(options, 2<<24|4<<16|uint32(c.mss()+12)) // MSS: RFC 9293 section 3.2, without regard to options
		be.PutUint32(options[4:], 4<<24|2<<16|8<<8|10)        // SACK permitted, timestamps
		be.PutUint32(options[16:], 1<<24|3<<16|3<<8|7)        // scaling by 128
		options = options[8:]
	} else {
		be.PutUint32(options, 1<<24|1<<16|8<<8|10)
		options = options[4:]
	}
	be.PutUint32(options, c.stamp[dir])
	be.PutUint32(options[4:], 0)
	if flags&ack != 0 {
		be.PutUint32(options[4:], c.stamp[1-dir])
	}
	sum += sumOf(b[:head]) + p.put(b[head:])
	be.PutUint16(b[16:], finish(sum))
	c.next[dir] += uint32(size)
	if flags&(syn|fin) != 0 {
		c.next[dir]++
	}
	g.done()
}

// put copies the content and returns its sum.
func (p *content) put(b []byte) uint64 {
	sum := sumOf(p.text)
	copy(b, p.text)
	if p.n == 0 {
		return sum
	}
	copy(b[len(p.text):], p.from.data[p.off:p.off+p.n])
	rest := p.from.sum(p.off, p.n)
	if len(p.text)&1 != 0 { // RFC 1071 section 2: the sum of bytes that are swapped is the swapped sum
		rest = uint64(swap(^finish(rest)))
	}
	return sum + rest
}

func swap(x uint16) uint16 { return x<<8 | x>>8 }

// udp sends one datagram.
func (g *generator) udp(c *conn, dir int, p content) {
	size := 8 + len(p.text) + p.n
	b, sum := g.frame(datagram{&c.end[dir], &c.end[1-dir], dir, c.id[dir], protoUDP, size})
	c.id[dir]++
	be := binary.BigEndian
	be.PutUint16(b, c.end[dir].port)
	be.PutUint16(b[2:], c.end[1-dir].port)
	be.PutUint16(b[4:], uint16(size))
	be.PutUint16(b[6:], 0)
	sum += sumOf(b[:8]) + p.put(b[8:])
	check := finish(sum)
	if check == 0 {
		check = 0xffff // RFC 768: zero means none
	}
	be.PutUint16(b[6:], check)
	g.done()
}

// sendPing sends an echo request, or the answer to the last one.
func sendPing(g *generator, c *conn, dir int, p content) {
	b, _ := g.frame(datagram{&c.end[dir], &c.end[1-dir], dir, c.id[dir], protoICMP, 8 + p.n})
	c.id[dir]++
	if dir == 0 {
		c.next[0]++
	}
	be := binary.BigEndian
	be.PutUint32(b, 0)
	if dir == 0 {
		b[0] = 8
	}
	be.PutUint16(b[4:], c.end[0].port) // the identifier
	be.PutUint16(b[6:], uint16(c.next[0]))
	be.PutUint16(b[2:], finish(sumOf(b[:8])+p.put(b[8:])))
	g.done()
}
