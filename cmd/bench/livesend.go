package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"time"

	"ftpscope/capture/capturetest/traffic"
)

// sendCommand is the sender: a process of its own, since it belongs on another processor
// and in another network namespace than what captures. It takes an interface and a plan
// of traffic, and requests on standard input, one a line.
const sendCommand = "send"

// request asks for packets: of the plan, over and over, or new ones as long as a plan
// goes on.
type request struct {
	Packets int64
	New     *traffic.Plan `json:",omitempty"`
	Rate    float64       // packets a second; 0: as fast as it can
}

// sent is the answer.
type sent struct {
	Packets, Bytes int64
	Seconds        float64
	Counts         traffic.Counts // of the new traffic, or of the plan
}

func (s sent) rate() float64 { return float64(s.Packets) / max(s.Seconds, 1e-9) }

func (s sent) gbits() float64 { return float64(s.Bytes) * 8 / max(s.Seconds, 1e-9) / 1e9 }

func runSender(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if err := serve(args, stdin, stdout); err != nil {
		fmt.Fprintln(stderr, "bench: error:", err)
		return exitUnable
	}
	return exitMet
}

func serve(args []string, stdin io.Reader, stdout io.Writer) error {
	var p traffic.Plan
	if len(args) != 2 {
		return errors.New(sendCommand + " takes an interface and a plan")
	}
	if err := json.Unmarshal([]byte(args[1]), &p); err != nil {
		return err
	}
	kept := &frames{}
	counts, err := traffic.Write(&records{to: kept.add}, p)
	if err != nil {
		return err
	}
	socket, err := plug(args[0])
	if err != nil {
		return err
	}
	defer socket.close()
	requests, answers := json.NewDecoder(stdin), json.NewEncoder(stdout)
	for {
		var r request
		if err := requests.Decode(&r); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		s := &stream{out: socket, pace: pace{rate: r.Rate}, Counts: counts}
		if err := s.answer(r, kept); err != nil {
			return err
		}
		if err := answers.Encode(s.sent()); err != nil {
			return err
		}
	}
}

// burst is how many packets are sent with one system call.
const burst = 64

// outlet sends frames, all of them.
type outlet interface{ send(frames [][]byte) error }

// stream is packets on their way.
type stream struct {
	out            outlet
	pace           pace
	start          time.Time
	frames         [][]byte
	packets, bytes int64
	traffic.Counts
}

func (s *stream) answer(r request, kept *frames) (err error) {
	s.start = time.Now()
	if r.New != nil {
		return s.fresh(*r.New)
	}
	for n := int64(0); n < r.Packets && err == nil; n++ {
		err = s.add(kept.at(int(n % int64(len(kept.ends)))))
	}
	return errors.Join(err, s.flush())
}

// fresh sends new traffic as it is made: elsewhere, since to make it takes a third of
// what it takes to send it.
func (s *stream) fresh(p traffic.Plan) error {
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), 2))
	made, used := make(chunks, chunksAhead), make(chunks, chunksAhead)
	for range chunksAhead {
		used <- nil
	}
	failed := make(chan error, 1)
	go func() {
		defer close(made)
		runtime.LockOSThread()
		moveTo(sniffersProcessor)
		var err error
		s.Counts, err = traffic.Write(&chunkWriter{made, used}, p)
		failed <- err
	}()
	out := &records{to: s.add, flush: s.flush}
	var err error
	for b := range made {
		if err == nil {
			_, err = out.Write(b)
		}
		used <- b
	}
	return errors.Join(err, <-failed)
}

type chunks chan []byte

// chunksAhead is how many chunks, of a megabyte, may be ready.
const chunksAhead = 4

// chunkWriter hands on copies of what is written to it.
type chunkWriter struct{ made, used chunks }

func (w *chunkWriter) Write(b []byte) (int, error) {
	w.made <- append((<-w.used)[:0], b...)
	return len(b), nil
}

func (s *stream) sent() sent {
	return sent{Packets: s.packets, Bytes: s.bytes, Seconds: time.Since(s.start).Seconds(), Counts: s.Counts}
}

// add sends a frame, or lets it wait for others. It is valid until flush.
func (s *stream) add(frame []byte) error {
	s.frames = append(s.frames, frame)
	s.packets++
	s.bytes += int64(len(frame))
	if len(s.frames) < burst {
		return nil
	}
	return s.flush()
}

func (s *stream) flush() error {
	if len(s.frames) == 0 {
		return nil
	}
	s.pace.wait(len(s.frames))
	err := s.out.send(s.frames)
	s.frames = s.frames[:0]
	return err
}

// pace lets packets go at a rate.
type pace struct {
	rate float64
	next time.Time
}

// catchUp is how far a sender that was kept from running is let catch up: more would be a
// burst at another rate.
const catchUp = 20 * time.Millisecond

// wait waits until n packets are due.
func (p *pace) wait(n int) {
	const nap, wakes = 200 * time.Microsecond, 100 * time.Microsecond // below a nap it spins: to wake takes as long
	if p.rate <= 0 {
		return
	}
	now := time.Now()
	for ; now.Before(p.next); now = time.Now() {
		if left := p.next.Sub(now); left > nap {
			time.Sleep(left - wakes)
		}
	}
	if late := now.Add(-catchUp); p.next.Before(late) {
		if p.next.IsZero() {
			late = now
		}
		p.next = late
	}
	p.next = p.next.Add(time.Duration(float64(n) / p.rate * 1e9))
}

// frames are packets in memory, one after the other.
type frames struct {
	bytes []byte
	ends  []int
}

func (f *frames) add(frame []byte) error {
	f.bytes = append(f.bytes, frame...)
	f.ends = append(f.ends, len(f.bytes))
	return nil
}

func (f *frames) at(i int) []byte {
	from := 0
	if i > 0 {
		from = f.ends[i-1]
	}
	return f.bytes[from:f.ends[i]]
}

// records takes a capture as traffic.Write writes it, whole records at a time, to pieces.
// flush, if any, is called before the frames that to was given are overwritten.
type records struct {
	to    func(frame []byte) error
	flush func() error
	begun bool
}

func (r *records) Write(b []byte) (int, error) {
	const fileHead, recordHead, length = 24, 16, 8 // pcap's
	rest := b
	if !r.begun {
		r.begun, rest = true, b[min(fileHead, len(b)):]
	}
	for len(rest) > 0 {
		size := math.MaxInt
		if len(rest) >= recordHead {
			size = recordHead + int(binary.LittleEndian.Uint32(rest[length:]))
		}
		if size > len(rest) {
			return 0, errors.New("half a record")
		}
		if err := r.to(rest[recordHead:size]); err != nil {
			return 0, err
		}
		rest = rest[size:]
	}
	if r.flush != nil {
		if err := r.flush(); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
