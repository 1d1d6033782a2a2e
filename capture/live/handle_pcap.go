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
	parcels = 4 // of a handle: one is read, one filled

	// linger is how old the first packet of a parcel gets before it is handed over.
	linger = 20 * time.Millisecond
	// late is by how much the clock is taken back for what libpcap may keep back.
	late = flow.Time(timeout) + 250*flow.Millisecond
)

// parcel is packets on their way from libpcap, which reuses its memory for each.
type parcel struct {
	capture.Batch
	end bool // there will be no more
}

// handle is an open libpcap handle, and a goroutine that reads it: as a gopacket source
// that ends when it is told to. A capture.Stream makes batches of it.
type handle struct {
	pcap   *pcap.Handle
	stream *capture.Stream
	tell   func(error)
	wake   chan<- struct{} // tells the waiter that there is a parcel

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
		pcap: h, tell: tell, wake: wake,
		full: make(chan *parcel, parcels), free: make(chan *parcel, parcels), done: make(chan struct{}),
	}
	s.stream = capture.FromZeroCopy(s, uint32(h.LinkType()))
	s.stream.Name, s.stream.Digits, s.stream.Linger = name, 6, linger
	if h.Resolution() == gopacket.TimestampResolutionMicrosecond { // gopacket 1.1.19 has the two exchanged
		s.stream.Digits = 9
	}
	s.stream.Wait = func(err error) bool { return err == pcap.NextErrorTimeoutExpired }
	s.stream.Problem = func(e *capture.FileError) { s.failure = plain(e.Err) }
	for range parcels {
		s.free <- &parcel{}
	}
	go s.run()
	return s
}

// run hands over parcels until there are no more packets.
func (s *handle) run() {
	defer close(s.done)
	for {
		p := <-s.free
		for p.end = false; ; {
			p.end = s.stream.Fill(&p.Batch) != nil
			s.account()
			if p.end || len(p.Packets) > 0 {
				break
			}
		}
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

// ZeroCopyReadPacketData is libpcap's, until the handle is closed, or all that had come
// when it was halted was read.
func (s *handle) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	end := s.ending.Load()
	data, info, err := s.pcap.ZeroCopyReadPacketData()
	switch {
	case s.closing.Load():
		err = io.EOF
	case err == pcap.NextErrorTimeoutExpired:
		if end != 0 && int64(clock()-late) > end {
			err = io.EOF
		}
	case err != nil:
		err = s.reason(err)
	case end != 0 && info.Timestamp.UnixNano() > end:
		err = io.EOF
	}
	return data, info, err
}

// reason is libpcap's text, which stands in the handle.
func (s *handle) reason(err error) error {
	if err == io.EOF {
		return err
	}
	if e := s.pcap.Error(); e != nil && e.Error() != "" {
		return errors.New(e.Error())
	}
	return err
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
		n := copy(batch, p.Packets)
		if n > 0 {
			s.last = batch[n-1].Time
		}
		if p.end && s.failure != nil {
			s.tell(&Error{s.stream.Name, s.failure})
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
