//go:build libpcap

package live

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcap"

	"ftpscope/capture"
	"ftpscope/capture/flow"
)

const (
	parcelSize = 1 << 20
	parcels    = 4 // of a handle: one is read, one filled

	// linger is how old the first packet of a parcel gets before it is handed over.
	linger = 20 * time.Millisecond
	// late is by how much the clock is taken back for what libpcap may keep back.
	late = flow.Time(timeout) + 250*flow.Millisecond
)

// parcel is packets on their way from libpcap, which reuses its memory for each.
type parcel struct {
	packets [batchSize]capture.Packet
	count   int
	bytes   []byte
	end     bool // there will be no more
}

// handle is an open libpcap handle, and a goroutine that reads it.
type handle struct {
	pcap *pcap.Handle
	name string
	tell func(error)
	link uint32
	wake chan<- struct{} // tells the waiter that there is a parcel

	full, free chan *parcel
	current    *parcel // that read gave
	over       bool
	last       flow.Time
	failure    error // why the goroutine ended

	ending  atomic.Int64 // the time of halt
	closing atomic.Bool
	done    chan struct{}
	lost    atomic.Uint64
}

func newHandle(h *pcap.Handle, name string, tell func(error), wake chan<- struct{}) *handle {
	s := &handle{
		pcap: h, name: name, tell: tell, link: uint32(h.LinkType()), wake: wake,
		full: make(chan *parcel, parcels), free: make(chan *parcel, parcels), done: make(chan struct{}),
	}
	for range parcels {
		s.free <- &parcel{bytes: make([]byte, 0, parcelSize)}
	}
	go s.run()
	return s
}

// run hands over parcels until there are no more packets.
func (s *handle) run() {
	defer close(s.done)
	for {
		p := <-s.free
		p.count, p.bytes = 0, p.bytes[:0]
		p.end = !s.fill(p)
		s.account()
		s.full <- p
		select {
		case s.wake <- struct{}{}:
		default:
		}
		if p.end {
			return
		}
	}
}

// fill reads packets into p; it returns false after the last.
func (s *handle) fill(p *parcel) bool {
	var first time.Time
	for p.count < batchSize && len(p.bytes)+snapLen <= cap(p.bytes) {
		end := s.ending.Load()
		data, info, err := s.pcap.ZeroCopyReadPacketData()
		switch {
		case s.closing.Load():
			return false
		case err == pcap.NextErrorTimeoutExpired && end != 0 && int64(clock()-late) > end:
			return false // all that had come by then was read
		case err == pcap.NextErrorTimeoutExpired && p.count > 0:
			return true
		case err == pcap.NextErrorTimeoutExpired:
			s.account()
		case err != nil:
			s.failure = s.reason(err)
			return false
		case end != 0 && info.Timestamp.UnixNano() > end:
			return false
		default:
			s.put(p, data, info)
		}
		if p.count == 1 {
			first = time.Now()
		} else if p.count > 1 && time.Since(first) > linger {
			return true
		}
	}
	return true
}

// reason is libpcap's text, which stands in the handle.
func (s *handle) reason(err error) error {
	if err == io.EOF {
		return nil
	}
	if e := s.pcap.Error(); e != nil && e.Error() != "" {
		return errors.New(e.Error())
	}
	return err
}

func (s *handle) put(p *parcel, data []byte, info gopacket.CaptureInfo) {
	digits := uint8(6)
	if s.pcap.Resolution() == gopacket.TimestampResolutionMicrosecond { // gopacket 1.1.19 has the two exchanged
		digits = 9
	}
	at := len(p.bytes)
	p.bytes = append(p.bytes, data...)
	p.packets[p.count] = capture.Packet{
		Data: p.bytes[at:len(p.bytes):len(p.bytes)], Length: uint32(max(info.Length, len(data))), Link: s.link, Digits: digits,
		Mark: flow.Mark{Time: flow.Time(info.Timestamp.UnixNano())},
	}
	p.count++
}

// account reads libpcap's counters, which only the reading goroutine may.
func (s *handle) account() {
	if stats, err := s.pcap.Stats(); err == nil {
		s.lost.Store(uint64(uint32(stats.PacketsDropped)) + uint64(uint32(stats.PacketsIfDropped)))
	}
}

func (s *handle) read(batch []capture.Packet) int {
	if s.current != nil {
		s.free <- s.current
		s.current = nil
	}
	if s.over {
		return 0
	}
	select {
	case p := <-s.full:
		s.current, s.over = p, p.end
		n := copy(batch, p.packets[:p.count])
		if n > 0 {
			s.last = batch[n-1].Time
		}
		if p.end && s.failure != nil {
			s.tell(&Error{s.name, plain(s.failure)})
		}
		return n
	default:
		return 0
	}
}

func (s *handle) horizon(now flow.Time) flow.Time {
	if len(s.full) > 0 {
		return s.last - disorder
	}
	return max(s.last-disorder, now-late)
}

func (s *handle) halt() { s.ending.Store(int64(clock())) }

func (s *handle) ended() bool { return s.over }

func (s *handle) drops() uint64 { return s.lost.Load() }

func (s *handle) close() uint64 {
	s.closing.Store(true)
	for open := true; open; { // the goroutine may wait for a parcel
		if s.current != nil {
			s.free <- s.current
			s.current = nil
		}
		select {
		case p := <-s.full:
			s.current = p
		case <-s.done:
			open = false
		}
	}
	s.pcap.Close()
	return s.lost.Load()
}
