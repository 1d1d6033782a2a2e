package traffic

import (
	"encoding/binary"
	"io"
)

// wire writes packets as pcap. It makes each record in place in its buffer.
type wire struct {
	w        io.Writer
	buf      []byte
	used     int
	at       int   // where the record in the making begins
	now      int64 // nanoseconds since the epoch below
	packets  int64
	written  int64
	captured int64
	err      error

	holding  bool // records go to held, to be let go in another order
	held     [][]byte
	heldFrom int64 // since when
}

const (
	epoch       = 1767225600 // 2026-01-01 00:00:00 UTC
	wireBuffer  = 1 << 20
	longest     = recordHead + etherHead + 40 + 40 + 1500 // no record is longer
	recordHead  = 16
	etherHead   = 14
	microsecond = int64(1000)
	millisecond = 1000 * microsecond
	second      = 1000 * millisecond
)

func (w *wire) begin(to io.Writer) {
	w.w, w.buf = to, make([]byte, wireBuffer)
	le := binary.LittleEndian
	head := le.AppendUint32(w.buf[:0], 0xa1b2c3d4)
	head = le.AppendUint16(le.AppendUint16(head, 2), 4)
	head = le.AppendUint32(le.AppendUint64(head, 0), 262144)
	head = le.AppendUint32(head, 1) // LINKTYPE_ETHERNET
	w.used = len(head)
	w.written = int64(len(head))
}

func (w *wire) flush() {
	if w.err == nil {
		_, w.err = w.w.Write(w.buf[:w.used])
	}
	w.used = 0
}

// endpoint is an address and a port; an IPv4 address is in the first 4 bytes.
type endpoint struct {
	ip   [16]byte
	port uint16
	v6   bool
}

const (
	protoICMP = 1
	protoTCP  = 6
	protoUDP  = 17
)

// datagram is what frame needs to know of the packet to come.
type datagram struct {
	src, dst *endpoint
	dir      int // 0: from the client's side of the wire
	id       uint16
	proto    byte
	size     int // what follows the IP header
}

// frame begins a record and returns the room after the IP header, with the sum of the
// pseudo-header.
func (w *wire) frame(d datagram) (room []byte, sum uint64) {
	if len(w.buf)-w.used < longest {
		w.flush()
	}
	w.at = w.used
	ipHead, ether := 20, uint16(0x0800)
	if d.src.v6 {
		ipHead, ether = 40, 0x86dd
	}
	length := etherHead + ipHead + d.size
	rec := w.buf[w.at : w.at+recordHead+length]
	w.stamp(rec)
	binary.LittleEndian.PutUint32(rec[8:], uint32(length))
	binary.LittleEndian.PutUint32(rec[12:], uint32(length))
	e := rec[recordHead:]
	copy(e, macs[d.dir])
	binary.BigEndian.PutUint16(e[12:], ether)
	ip := e[etherHead:]
	if d.src.v6 {
		return ip[40:], ipv6(ip, d)
	}
	return ip[20:], ipv4(ip, d)
}

// macs are destination and source by direction: two routers, as far as the wire can tell.
var macs = [2]string{"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01", "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"}

func ipv4(b []byte, d datagram) uint64 {
	be := binary.BigEndian
	be.PutUint16(b, 0x4500)
	be.PutUint16(b[2:], uint16(20+d.size))
	be.PutUint16(b[4:], d.id)
	be.PutUint16(b[6:], 0x4000) // do not fragment
	b[8], b[9] = 64, d.proto
	be.PutUint16(b[10:], 0)
	copy(b[12:16], d.src.ip[:4])
	copy(b[16:20], d.dst.ip[:4])
	addresses := sumOf(b[12:20])
	be.PutUint16(b[10:], finish(sumOf(b[:12])+addresses))
	return addresses + uint64(d.proto) + uint64(d.size)
}

func ipv6(b []byte, d datagram) uint64 {
	be := binary.BigEndian
	be.PutUint32(b, 6<<28)
	be.PutUint16(b[4:], uint16(d.size))
	b[6], b[7] = d.proto, 64
	copy(b[8:24], d.src.ip[:])
	copy(b[24:40], d.dst.ip[:])
	return sumOf(b[8:40]) + uint64(d.proto) + uint64(d.size)
}

// done ends the record that frame began: size is of its packet from the link layer on.
func (w *wire) done() {
	rec := w.buf[w.at:]
	size := int(binary.LittleEndian.Uint32(rec[8:]))
	rec = rec[:recordHead+size]
	w.packets++
	w.captured += int64(size)
	w.written += int64(len(rec))
	if w.holding {
		w.held = append(w.held, append([]byte(nil), rec...))
		return
	}
	w.used = w.at + len(rec)
}

func (w *wire) stamp(rec []byte) {
	binary.LittleEndian.PutUint32(rec, uint32(epoch+w.now/second))
	binary.LittleEndian.PutUint32(rec[4:], uint32(w.now%second/microsecond))
}

// sumOf adds up 16-bit words as the Internet checksum does (RFC 1071); an odd byte is the
// high one of a last word.
func sumOf[T string | []byte](b T) uint64 {
	sum := uint64(0)
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint64(b[i])<<8 | uint64(b[i+1])
	}
	if len(b)&1 != 0 {
		sum += uint64(b[len(b)-1]) << 8
	}
	return sum
}

// finish makes a checksum of a sum.
func finish(sum uint64) uint16 {
	sum = sum>>32 + sum&0xffffffff
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
