// Package collect writes the records that sensors sent to a hub: it is restarted where it
// was, whatever ended it, and no record is lost or twice. Its place is its own, in a file
// that is written after the outputs are on the disk; the hub only keeps the blocks.
package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
	"ftpscope/analyze/report"
	"ftpscope/cmd/ftpscope/fleet/link"
	"ftpscope/cmd/ftpscope/fleet/wire"
)

// Options say what is collected, and where it goes.
type Options struct {
	Where   link.Where
	Keep    link.Keep // of streams that are not there yet
	Name    string
	State   string // folder
	Once    bool   // end when all is collected that is there at the start
	Version string
	Outputs []Output
	Report  report.Options
	Stdout  io.Writer
	Reopen  <-chan struct{} // outputs are to be opened anew
	Warn    func(format string, args ...any)
}

// Output is a format and where it goes; no path means standard output.
type Output struct {
	Format report.Format
	Path   string
}

// How much is collected before it is committed, and how long.
const (
	commitTime  = time.Second
	commitBytes = 8 << 20
	retryTime   = time.Second
	statusTime  = 10 * time.Second
	batch       = 16 // blocks that are on their way
)

// collector is one run.
type collector struct {
	Options
	js      jetstream.JetStream
	state   *state
	readers map[string]*wire.Reader
	outs    []*output
	bytes   int // since the last commit
	told    time.Time
	away    bool
	last    uint64 // with Once: the sequence to end at
	unread  map[string]bool
}

// Run collects until the context ends.
func Run(ctx context.Context, opt Options) (err error) {
	c := &collector{Options: opt, readers: map[string]*wire.Reader{}, unread: map[string]bool{}}
	unlock, err := lock(opt.State)
	if err != nil {
		return err
	}
	defer unlock()
	if c.state, err = readState(opt.State); err != nil {
		return err
	}
	conn, err := opt.Where.Connect(link.Options{Name: "ftpscope collector " + opt.Name, Warn: opt.Warn})
	if err != nil {
		return err
	}
	defer conn.Close()
	if c.js, err = jetstream.New(conn); err != nil {
		return err
	}
	if err := link.Streams(ctx, c.js, opt.Keep); err != nil {
		return err
	}
	if err := c.open(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	err = c.loop(ctx)
	c.tell()
	return err
}

// loop reads the stream, and begins anew where it was when the hub was away.
func (c *collector) loop(ctx context.Context) error {
	for {
		done, err := c.read(ctx)
		if done && err != nil {
			return err // of our outputs: what is not committed comes again
		}
		if done || ctx.Err() != nil {
			return c.commit()
		}
		if !c.away {
			c.away = true
			c.Warn("%s: %v; trying again", c.Where.Names(), link.Plain(err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryTime):
		}
	}
}

// consumer reads the stream from behind the last block that was committed, or handled.
func (c *collector) consumer(ctx context.Context) (jetstream.Consumer, error) {
	stream, err := c.js.Stream(ctx, link.RecordStream)
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	if made := info.Created.UTC(); !made.Equal(c.state.Stream) {
		if !c.state.Stream.IsZero() {
			c.Warn("%s: the hub has lost what it stored: its stream was made anew", c.Where.Names())
		}
		c.state.Stream, c.state.Sequence = made, 0
	}
	if c.Once && c.last == 0 {
		c.last = info.State.LastSeq
	}
	return stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: c.state.Sequence + 1,
	})
}

// read handles blocks until the end (done), a failure of ours (done) or of the hub.
func (c *collector) read(ctx context.Context) (done bool, err error) {
	consumer, err := c.consumer(ctx)
	if err != nil {
		return false, err
	}
	if c.away {
		c.away = false
		c.Warn("%s: there again", c.Where.Names())
	}
	if c.Once && c.state.Sequence >= c.last {
		return true, nil
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(batch))
	if err != nil {
		return false, err
	}
	defer messages.Stop()
	got, failed := c.pump(messages)
	tick := time.NewTicker(commitTime)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return true, nil
		case err := <-failed:
			return false, err
		case m := <-got:
			if err := c.take(m); err != nil {
				return true, err
			}
			if c.bytes >= commitBytes || c.Once && c.state.Sequence >= c.last {
				err = c.commit()
			}
			if err != nil || c.Once && c.state.Sequence >= c.last {
				return true, err
			}
		case <-tick.C:
			if err := c.commit(); err != nil {
				return true, err
			}
		case <-c.Reopen:
			if err := errors.Join(c.commit(), c.reopen()); err != nil {
				return true, err
			}
		}
	}
}

// pump makes a channel of an iterator. It ends when the iterator is stopped.
func (c *collector) pump(messages jetstream.MessagesContext) (<-chan jetstream.Msg, <-chan error) {
	got, failed := make(chan jetstream.Msg), make(chan error, 1)
	go func() {
		for {
			m, err := messages.Next()
			if err != nil {
				failed <- err
				return
			}
			select {
			case got <- m:
			case <-time.After(time.Minute): // nobody reads any more
				return
			}
		}
	}()
	return got, failed
}

// take handles one message. An error is of our outputs, or of a version that is too old:
// nothing is lost then, for nothing is committed.
func (c *collector) take(m jetstream.Msg) error {
	meta, err := m.Metadata()
	if err != nil || meta.Sequence.Stream <= c.state.Sequence {
		return nil
	}
	if sensor := link.SubjectName(m.Subject()); sensor != "" {
		if err := c.block(sensor, m.Data()); err != nil {
			return err
		}
	}
	c.state.Sequence, c.bytes = meta.Sequence.Stream, c.bytes+len(m.Data())
	return nil
}

func (c *collector) block(sensor string, message []byte) error {
	content, err := wire.Unpack(message)
	var top wire.Top
	var frames []byte
	if err == nil {
		top, frames, err = wire.ReadTop(content)
	}
	if err == nil && (!storeForm.MatchString(top.Store) || top.Number == 0) {
		err = errors.New("its head is no sensor's")
	}
	if err != nil {
		c.unreadable(sensor, err)
		return nil
	}
	if top.Format > wire.FormatNow {
		return fmt.Errorf("sensor %s runs a newer ftpscope (%s), whose records this one cannot read: nothing is lost, update the collector", sensor, top.Version)
	}
	p := c.state.position(sensor, top.Store)
	if top.Number <= p.Block {
		return nil // it came twice
	}
	r := c.reader(sensor, top.Store, p)
	if top.Number != p.Block+1 {
		r.Drop()
	}
	if top.First > p.Next {
		c.state.lost(p, top.First-p.Next)
	}
	if err := c.gap(sensor, p, r.Lost()); err != nil {
		return err
	}
	var broken error
	begun, err := r.Add(frames, func(rec wire.Record) error { return c.write(sensor, p, rec) }, func(err error) { broken = err })
	if errors.Is(err, wire.ErrTorn) {
		broken, err = err, nil
	}
	if broken != nil {
		c.unreadable(sensor, broken)
	}
	p.Block, p.Next, p.Seen = top.Number, top.First+begun, c.state.Sequence+1
	return err
}

// unreadable says once a sensor that a block or a record of it cannot be read.
func (c *collector) unreadable(sensor string, err error) {
	if !c.unread[sensor] {
		c.unread[sensor] = true
		c.Warn("sensor %s: %v", sensor, err)
	}
}

func (c *collector) reader(sensor, store string, p *position) *wire.Reader {
	key := sensor + "/" + store
	r := c.readers[key]
	if r == nil {
		r = wire.Resume(p.Part)
		c.readers[key] = r
	}
	return r
}

// gap tells that records of a sensor are missing.
func (c *collector) gap(sensor string, p *position, more uint64) error {
	if more > 0 {
		c.state.lost(p, more)
	}
	n := p.untold
	if n == 0 {
		return nil
	}
	p.untold = 0
	c.Warn("sensor %s: %s lost on the way: its store or the hub's was full, or its disk failed", sensor, prose.Many(n, "record"))
	for _, o := range c.outs {
		if w, ok := o.writer.(report.GapWriter); ok {
			if err := errors.Join(w.Gap(&record.Gap{Sensor: sensor, Records: n}), o.flush()); err != nil {
				return err
			}
		}
	}
	return nil
}

// write hands a record to all outputs. A record that makes a format fail was made by no
// sensor of ours.
func (c *collector) write(sensor string, p *position, r wire.Record) error {
	r.From(sensor)
	for _, o := range c.outs {
		if err := o.write(r); errors.Is(err, errRecord) {
			c.unreadable(sensor, err)
		} else if err != nil {
			return err
		}
	}
	p.Records++
	return nil
}

// commit makes what was collected last: the outputs first, then the place.
func (c *collector) commit() error {
	if c.bytes > 0 {
		for _, o := range c.outs {
			if err := o.commit(c.state.Outputs); err != nil {
				return err
			}
		}
		for key, r := range c.readers {
			if p := c.state.Stores[key]; p != nil {
				p.Part = r.Part()
			} else {
				delete(c.readers, key)
			}
		}
		if err := c.state.write(c.Options.State); err != nil {
			return err
		}
		c.bytes = 0
	}
	if time.Since(c.told) >= statusTime {
		c.told = time.Now()
		c.tell()
	}
	return nil
}

// Status is a collector's last word, for fleet status.
type Status struct {
	Version  string    `json:"version"`
	At       time.Time `json:"at"`
	Sequence uint64    `json:"sequence"`
	Records  uint64    `json:"records"`
	Lost     uint64    `json:"lost_records"`
}

func (c *collector) tell() {
	ctx, cancel := context.WithTimeout(context.Background(), retryTime)
	defer cancel()
	word := Status{Version: c.Version, At: time.Now().UTC(), Sequence: c.state.Sequence}
	for _, p := range c.state.Stores {
		word.Records, word.Lost = word.Records+p.Records, word.Lost+p.Lost
	}
	if err := link.Tell(ctx, c.js, "collector", c.Name, word); err != nil && !errors.Is(err, nats.ErrTimeout) {
		return // the next one tells
	}
}
