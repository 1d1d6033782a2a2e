package pick

import (
	"net/netip"
	"sort"
	"sync"
	"sync/atomic"

	"ftpscope/capture"
	"ftpscope/capture/flow"
)

// PacketWriter takes the packets that a Keeper keeps; iface is the index of their file or
// interface. It is a pcapfile.Output, or a pcapfile.Writer.
type PacketWriter interface {
	WritePacket(iface int, p *capture.Packet, comments ...string) error
}

// KeeperOptions are the bounds of the packets that wait for a decision; the zero value
// works.
type KeeperOptions struct {
	Bytes int       // 0: 8 MiB
	Age   flow.Time // 0: 5 s
}

const (
	keeperBytes = 8 << 20 // beyond what workers can be behind the reader: the batches that are under way
	keeperAge   = 5 * flow.Second
	// bytesPerHead is how many bytes of packets there are for each head, so that small
	// packets cost no more memory than large ones.
	bytesPerHead = 128
	// keeperStep is the most that one packet can advance the clock.
	keeperStep = 10 * flow.Second
)

// KeeperStats counts packets.
type KeeperStats struct {
	Written   uint64
	Failed    uint64 // the writer returned an error
	TooLarge  uint64 // for the ring
	Marks     int    // connections that are marked now
	MarksLost uint64 // to the bound on their number
}

// Keeper writes the packets of marked connections and no others. It implements
// analyze.Evidence.
//
// What a connection is shows only after some packets. So every packet waits in a ring of
// the most recent ones, and it is decided when it leaves, by its age or to make room,
// whether its connection is marked: then what came before the mark is written too, and
// all in the order of arrival.
type Keeper struct {
	out   PacketWriter
	age   flow.Time
	marks marks

	mu     sync.Mutex
	heads  []keptHead // a ring: first and the count after it are used
	first  int
	count  int
	bytes  []byte // a ring: offsets count on over its end, modulo its length
	next   uint64 // offset behind the newest packet
	last   flow.Time
	clock  atomic.Int64 // flow.Time since the first packet, which steps of the packets' clock do not disturb
	newest uint64       // Ord that Add took last
	left   uint64       // Ord of the packet that was given out last: one that holds several segments was added as often
	spare  capture.Packet
	stats  KeeperStats
}

// keptHead is a packet in the ring without its bytes.
type keptHead struct {
	tuple  flow.Tuple
	mark   flow.Mark
	at     flow.Time // by Keeper.clock
	from   uint64    // offset of its bytes
	size   uint32
	length uint32
	link   uint32
	digits uint8
	to     int8 // of a SYN: which end of tuple it is sent to; else notSYN
	net    flow.Net
}

const notSYN = -1

// NewKeeper makes a Keeper.
func NewKeeper(out PacketWriter, opt KeeperOptions) *Keeper {
	if opt.Bytes <= 0 {
		opt.Bytes = keeperBytes
	}
	if opt.Age <= 0 {
		opt.Age = keeperAge
	}
	return &Keeper{
		out: out, age: opt.Age, marks: newMarks(maxMarks),
		heads: make([]keptHead, opt.Bytes/bytesPerHead+1), bytes: make([]byte, opt.Bytes),
	}
}

// Add takes a packet, of which s was decoded: for an ICMP error the connection is that of
// the quoted segment.
func (k *Keeper) Add(p *capture.Packet, s *flow.Segment) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tell(p.Time)
	n := len(p.Data)
	if n > len(k.bytes) {
		k.stats.TooLarge++
		return
	}
	k.newest = p.Ord
	h := keptHead{
		tuple: s.Tuple(), mark: p.Mark, at: flow.Time(k.clock.Load()), from: k.reserve(n),
		size: uint32(n), length: p.Length, link: p.Link, digits: p.Digits, to: notSYN, net: s.Net,
	}
	if s.Flags&(flow.SYN|flow.ACK) == flow.SYN && s.ICMP == nil {
		h.to = 0
		if host, port := h.tuple.End(0); host != s.Dst || port != s.DstPort {
			h.to = 1
		}
	}
	copy(k.bytes[h.from%uint64(len(k.bytes)):], p.Data)
	k.next = h.from + uint64(n)
	k.heads[(k.first+k.count)%len(k.heads)] = h
	k.count++
}

// Reassembled gives packets that are still in the ring to the connection of s, which they
// are fragments of.
func (k *Keeper) Reassembled(parts []flow.Mark, s *flow.Segment) {
	k.mu.Lock()
	defer k.mu.Unlock()
	to := s.Tuple()
	for _, m := range parts {
		i := sort.Search(k.count, func(i int) bool { return k.heads[(k.first+i)%len(k.heads)].mark.Ord >= m.Ord })
		if i == k.count {
			continue
		}
		if h := &k.heads[(k.first+i)%len(k.heads)]; h.mark.Ord == m.Ord {
			h.tuple = to
		}
	}
}

// reserve lets packets leave until there is room for one of n bytes in one piece, and
// returns its offset.
func (k *Keeper) reserve(n int) uint64 {
	size := uint64(len(k.bytes))
	from := k.next
	if at := from % size; at+uint64(n) > size {
		from += size - at
	}
	for k.count == len(k.heads) || k.count > 0 && from+uint64(n)-k.heads[k.first].from > size {
		k.leave()
	}
	return from
}

// Tick tells the time when no packets come.
func (k *Keeper) Tick(now flow.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tell(now)
}

// tell advances the clock, and lets go of what is old. A packet that is a bit late does
// not put the clock back; a clock that was put back by more goes on from there.
func (k *Keeper) tell(t flow.Time) {
	switch step := t - k.last; {
	case step > 0:
		k.clock.Add(int64(min(step, keeperStep)))
		k.last = t
	case step < -keeperStep:
		k.last = t
	}
	old := flow.Time(k.clock.Load()) - k.age
	for k.count > 0 && k.heads[k.first].at < old {
		k.leave()
	}
}

// Flush decides on all packets: at the end.
func (k *Keeper) Flush() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.count > 0 {
		k.leave()
	}
}

// leave decides on the oldest packet.
func (k *Keeper) leave() {
	h := &k.heads[k.first]
	if k.first++; k.first == len(k.heads) {
		k.first = 0
	}
	k.count--
	if !k.marks.has(h.tuple, h.at) && (h.to == notSYN || !k.marks.tried(h)) || k.left == h.mark.Ord && k.left != 0 {
		return
	}
	k.left = h.mark.Ord
	from := h.from % uint64(len(k.bytes))
	k.spare = capture.Packet{
		Data: k.bytes[from : from+uint64(h.size)], Length: h.length, Link: h.link, Digits: h.digits, Mark: h.mark,
	}
	if k.out.WritePacket(h.mark.Pos.File(), &k.spare) != nil {
		k.stats.Failed++
		return
	}
	k.stats.Written++
}

// Newest is the Ord of the last packet that Add took.
func (k *Keeper) Newest() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.newest
}

// Decided is the Ord up to which it is decided which packets are kept.
func (k *Keeper) Decided() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.count == 0 {
		return k.newest
	}
	return k.heads[k.first].mark.Ord - 1
}

// Stats may be called from any goroutine.
func (k *Keeper) Stats() KeeperStats {
	k.mu.Lock()
	s := k.stats
	k.mu.Unlock()
	s.Marks, s.MarksLost = k.marks.counts()
	return s
}

// Mark says that a connection belongs to FTP: also those of its packets that are still in
// the ring. Marks count: a connection is let go when each has been taken back. Packets
// are told by their ends alone, marks by the network too: ends of which connections in
// several networks are marked are kept until all of these ended.
func (k *Keeper) Mark(a, b netip.AddrPort, net flow.Net) { k.marks.add(flow.TupleOf(a, b), net) }

// Expect says that whoever tries to connect to an endpoint means a data connection: one that
// nobody answers is known as such only when its SYNs left the ring long ago.
func (k *Keeper) Expect(end netip.AddrPort) {
	k.marks.expect(expectedEnd{flow.HostOf(end.Addr()), end.Port()}, flow.Time(k.clock.Load()))
}

// Unmark takes a Mark back.
func (k *Keeper) Unmark(a, b netip.AddrPort, net flow.Net) { k.marks.remove(flow.TupleOf(a, b), net) }

// Ended says that a connection is over, however often it was marked. What comes of it
// within a few seconds is kept.
func (k *Keeper) Ended(a, b netip.AddrPort, nets flow.Nets) {
	k.marks.end(flow.TupleOf(a, b), &nets, flow.Time(k.clock.Load())+linger)
}
