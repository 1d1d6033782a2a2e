// Package sensor sends the records of a live analysis to the hub of its fleet: into a
// spool on its own disk first, and from there in blocks as the hub takes them. Package
// collect reads them there.
package sensor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/cmd/ftpscope/fleet/link"
	"ftpscope/cmd/ftpscope/fleet/spool"
	"ftpscope/cmd/ftpscope/fleet/wire"
)

// Options say who sends what, and where to.
type Options struct {
	Where         link.Where
	Name          string // of the sensor
	Dir           string // of the spool
	Limit         int64  // bytes that may wait in it
	Version       string
	ShowPasswords bool
	Warn          func(format string, args ...any)
}

// Sensor is a report.Writer. The order is: Connect, give up rights, Open, records, Close.
type Sensor struct {
	opt   Options
	conn  *nats.Conn
	js    jetstream.JetStream
	store *spool.Store
	end   chan struct{}
	done  sync.WaitGroup

	waits   bool // the last block could not be sent, which was said
	records uint64
	failing bool // the last record could not be kept, which was said
	mu      sync.Mutex
}

// Times of sending.
const (
	blockAge   = time.Second      // a block is sent when it is so old, full or not
	sendTime   = 10 * time.Second // the hub has to take a block
	retryTime  = time.Second
	endTime    = 5 * time.Second // for what waits when the run ends
	statusTime = 10 * time.Second
)

// Connect connects to the hub. One that is away is waited for, while records wait on the
// disk.
func Connect(opt Options) (*Sensor, error) {
	conn, err := opt.Where.Connect(link.Options{Name: "ftpscope sensor " + opt.Name, Patient: true, Warn: opt.Warn})
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &Sensor{opt: opt, conn: conn, js: js, end: make(chan struct{})}, nil
}

// Open opens the spool and begins to send.
func (s *Sensor) Open() error {
	store, err := spool.Open(spool.Options{Dir: s.opt.Dir, Limit: s.opt.Limit, Version: s.opt.Version})
	if err != nil {
		return err
	}
	s.store = store
	s.done.Go(s.run)
	return nil
}

// Session keeps a session that ended.
func (s *Sensor) Session(r *record.Session) error {
	if !r.Open {
		s.keep(wire.Record{Session: r})
	}
	return nil
}

// Attempt keeps an attempt.
func (s *Sensor) Attempt(r *record.Attempt) error { s.keep(wire.Record{Attempt: r}); return nil }

// Orphan keeps an orphan.
func (s *Sensor) Orphan(r *record.Orphan) error { s.keep(wire.Record{Orphan: r}); return nil }

// Summary keeps the summary of the run.
func (s *Sensor) Summary(r *record.Summary) error { s.keep(wire.Record{Summary: r}); return nil }

// keep puts a record into the spool. It never fails: what cannot be kept is counted and
// said once.
func (s *Sensor) keep(r wire.Record) {
	b, err := wire.Encode(r, s.opt.ShowPasswords)
	if err != nil {
		s.store.Skip()
	} else {
		err = s.store.Append(b)
	}
	if (err != nil) != s.failing {
		if s.failing = err != nil; s.failing {
			s.opt.Warn("%s: %v; records are lost", s.opt.Dir, err)
		} else {
			s.opt.Warn("%s: records are kept again", s.opt.Dir)
		}
	}
	s.mu.Lock()
	s.records++
	s.mu.Unlock()
}

// run sends blocks until the end.
func (s *Sensor) run() {
	age, status := time.NewTicker(blockAge), time.NewTicker(statusTime)
	defer age.Stop()
	defer status.Stop()
	for {
		select {
		case <-s.end:
			return
		case <-age.C:
			_ = s.store.Seal() // a record that could not be written was said
		case <-s.store.Sealed():
		case <-status.C:
			s.tell()
			continue
		}
		ctx, cancel := s.until()
		if err := s.send(ctx); err != nil && ctx.Err() == nil {
			pause(ctx, retryTime)
		}
		cancel()
	}
}

// until is a context that ends with the run.
func (s *Sensor) until() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-s.end:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// send sends the blocks that are ready, one after the other: the hub has them in order.
func (s *Sensor) send(ctx context.Context) error {
	for ctx.Err() == nil {
		number, block, ok, err := s.store.Oldest()
		if !ok {
			return nil
		}
		if err != nil {
			s.opt.Warn("%s: block %d is lost: %v", s.opt.Dir, number, err)
		} else if err := s.publish(ctx, number, block); err != nil {
			if !s.waits && ctx.Err() == nil {
				s.waits = true
				s.opt.Warn("%s: %v; records wait in %s", s.opt.Where.Names(), link.Plain(err), s.opt.Dir)
			}
			return err
		}
		if s.waits {
			s.waits = false
			s.opt.Warn("%s: takes records again", s.opt.Where.Names())
		}
		if err := s.store.Done(number); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// publish returns when the hub has stored the block. A block that comes twice, because
// its acknowledgment was lost, has the same name, and a number that collectors know.
func (s *Sensor) publish(ctx context.Context, number uint64, block []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	if !s.conn.IsConnected() {
		return nats.ErrDisconnected
	}
	_, err := s.js.Publish(ctx, link.RecordSubject(s.opt.Name), wire.Pack(block),
		jetstream.WithMsgID(fmt.Sprintf("%s.%d", s.store.ID(), number)), jetstream.WithExpectStream(link.RecordStream))
	if errors.Is(err, context.DeadlineExceeded) {
		err = nats.ErrTimeout
	}
	return err
}

// Status is a sensor's last word, for fleet status.
type Status struct {
	Version   string    `json:"version"`
	At        time.Time `json:"at"`
	Records   uint64    `json:"records"`
	Waiting   int       `json:"waiting_blocks"`
	Bytes     int64     `json:"waiting_bytes"`
	Discarded uint64    `json:"discarded_records"`
	Unwritten uint64    `json:"unwritten_records"`
	Ended     bool      `json:"ended,omitempty"`
}

func (s *Sensor) tell() { s.say(false) }

func (s *Sensor) say(ended bool) {
	if !s.conn.IsConnected() {
		return
	}
	blocks, bytes, lost := s.store.Waiting()
	s.mu.Lock()
	records := s.records
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), retryTime)
	defer cancel()
	_ = link.Tell(ctx, s.js, "sensor", s.opt.Name, Status{Version: s.opt.Version, At: time.Now().UTC(), Records: records,
		Waiting: blocks, Bytes: bytes, Discarded: lost.Discarded, Unwritten: lost.Unwritten, Ended: ended}) // a word that is lost is followed by others
}

// Close sends what can be sent soon; the rest waits for the next run.
func (s *Sensor) Close() {
	if s.store == nil {
		s.conn.Close()
		return
	}
	close(s.end)
	s.done.Wait()
	if err := s.store.Close(); err != nil {
		s.opt.Warn("%s: %v", s.opt.Dir, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	for s.send(ctx) != nil && ctx.Err() == nil {
		pause(ctx, retryTime/4)
	}
	blocks, bytes, lost := s.store.Waiting()
	if blocks > 0 {
		s.opt.Warn("%s: %s (%s) wait in %s, for the next run", s.opt.Where.Names(), prose.Many(blocks, "block"), prose.Size(uint64(bytes)), s.opt.Dir)
	}
	if lost != (spool.Lost{}) {
		s.opt.Warn("%s: %s lost: %d when the store was full, %d that could not be written", s.opt.Dir,
			prose.Many(lost.Discarded+lost.Unwritten, "record"), lost.Discarded, lost.Unwritten)
	}
	s.say(true)
	s.conn.Close()
}
