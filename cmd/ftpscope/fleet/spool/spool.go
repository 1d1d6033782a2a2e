// Package spool keeps a sensor's records on its disk, in numbered blocks, until its hub
// has them: a program that is killed loses none that it kept, and a hub that is away
// costs room, not records. Package sensor sends the blocks.
package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"ftpscope/cmd/ftpscope/fleet/wire"
)

// Options say what a store is for.
type Options struct {
	Dir     string
	Limit   int64  // bytes that wait; the oldest blocks are discarded beyond it
	Version string // of ftpscope, for the head of blocks
}

// Store is the folder: a file a block, the newest of which takes records. A record is
// with the kernel when Append returns, and on the disk when its block is sealed.
type Store struct {
	opt Options
	run uint64 // the number of this run's first block

	mu      sync.Mutex
	mark    mark
	current *file
	ready   []block // sealed, the oldest first
	bytes   int64   // of ready
	sending uint64
	lost    Lost
	sealed  chan struct{}
}

// file is the current block.
type file struct {
	*os.File
	block
}

// block is one that waits.
type block struct {
	number  uint64
	records uint64 // that began in it
	size    int64
}

// Lost counts records that never left.
type Lost struct {
	Discarded uint64 // the store was full
	Unwritten uint64 // the disk was full, or they were too large
}

// Open opens a store, or makes one in a folder that is empty or not there. Blocks of an
// earlier run wait in it; of one that was killed the last may be torn, and is cut.
func Open(opt Options) (*Store, error) {
	s := &Store{opt: opt, sealed: make(chan struct{}, 1)}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := s.readMark(); err != nil {
		return nil, err
	}
	if err := s.scan(); err != nil {
		return nil, err
	}
	s.run = s.mark.Next
	s.discard()
	return s, nil
}

// ID is the store's name.
func (s *Store) ID() string { return s.mark.ID }

// Sealed tells when there is a block to send.
func (s *Store) Sealed() <-chan struct{} { return s.sealed }

func (s *Store) path(number uint64) string {
	return filepath.Join(s.opt.Dir, fmt.Sprintf("%016x.block", number))
}

// Append keeps a record. One that cannot be written is counted, and its number missing
// from the blocks tells the collector.
func (s *Store) Append(payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.append(payload)
	if err != nil {
		s.lost.Unwritten++
	}
	return err
}

// Skip counts a record that could not be made.
func (s *Store) Skip() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skip()
	s.lost.Unwritten++
}

// skip leaves a record out: the block ends, so that the head of the next one shows it.
func (s *Store) skip() {
	_ = s.seal()
	s.mark.Begun++
}

func (s *Store) append(payload []byte) error {
	if len(payload) <= wire.PartSize {
		return s.frame(wire.Whole, payload)
	}
	if err := s.seal(); err != nil {
		s.mark.Begun++
		return err
	}
	for kind := wire.Begin; ; kind = wire.More {
		n := min(len(payload), wire.PartSize)
		if n == len(payload) {
			kind = wire.End
		}
		err := s.frame(kind, payload[:n])
		if err == nil {
			err = s.seal()
		}
		if payload = payload[n:]; err != nil || len(payload) == 0 {
			return err
		}
	}
}

// frame writes one frame, at once.
func (s *Store) frame(kind wire.Kind, payload []byte) error {
	if err := s.write(kind, payload); err != nil {
		if kind.Begins() {
			s.skip()
		}
		return err
	}
	if kind.Begins() {
		s.mark.Begun++
		s.current.records++
	}
	if s.current.size >= wire.BlockSize {
		return s.seal()
	}
	return nil
}

func (s *Store) write(kind wire.Kind, payload []byte) error {
	var b []byte
	if s.current == nil {
		f, err := os.OpenFile(s.path(s.mark.Next), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		s.current = &file{File: f, block: block{number: s.mark.Next}}
		b = wire.AppendTop(nil, wire.Top{Format: wire.FormatNow, Version: s.opt.Version, Store: s.mark.ID, Number: s.mark.Next, Run: s.run, First: s.mark.Begun})
	}
	b = wire.AppendFrame(b, kind, payload)
	if _, err := s.current.Write(b); err != nil {
		_ = s.current.Truncate(s.current.size) // what is left of the frame is torn: who reads it stops there
		if s.current.size == 0 {
			s.current.Close()
			os.Remove(s.path(s.current.number))
			s.current = nil
		}
		return err
	}
	s.current.size += int64(len(b))
	return nil
}

// Seal makes the current block ready, if there is one.
func (s *Store) Seal() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seal()
}

func (s *Store) seal() error {
	c := s.current
	if c == nil {
		return nil
	}
	err := errors.Join(c.Sync(), c.Close())
	s.current, s.mark.Next = nil, c.number+1
	s.ready, s.bytes = append(s.ready, c.block), s.bytes+c.size
	s.discard()
	s.wake()
	return err
}

func (s *Store) wake() {
	select {
	case s.sealed <- struct{}{}:
	default:
	}
}

// discard removes the oldest blocks beyond the limit, but for the one that is being sent.
func (s *Store) discard() {
	for i := 0; s.bytes > s.opt.Limit && i < len(s.ready)-1; {
		if s.ready[i].number == s.sending {
			i++
			continue
		}
		s.lost.Discarded += s.ready[i].records
		s.remove(i)
	}
}

func (s *Store) remove(i int) {
	os.Remove(s.path(s.ready[i].number))
	s.bytes -= s.ready[i].size
	s.ready = slices.Delete(s.ready, i, i+1)
}

// Oldest is the block to send next; it stays until Done. ok tells whether there is one.
func (s *Store) Oldest() (number uint64, content []byte, ok bool, err error) {
	s.mu.Lock()
	if len(s.ready) == 0 {
		s.mu.Unlock()
		return 0, nil, false, nil
	}
	number = s.ready[0].number
	s.sending = number
	s.mu.Unlock()
	content, err = os.ReadFile(s.path(number))
	return number, content, true, err
}

// Done says that the hub has a block, or that it cannot be sent.
func (s *Store) Done(number uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.ready, func(b block) bool { return b.number == number })
	if i < 0 {
		return nil
	}
	var err error
	if len(s.ready) == 1 { // no file will tell where numbers were
		err = s.writeMark()
	}
	if err == nil {
		s.sending = 0
		s.remove(i)
	}
	return err
}

// Waiting is how many blocks and bytes wait, the current one among them.
func (s *Store) Waiting() (blocks int, bytes int64, lost Lost) {
	s.mu.Lock()
	defer s.mu.Unlock()
	blocks, bytes = len(s.ready), s.bytes
	if s.current != nil {
		blocks, bytes = blocks+1, bytes+s.current.size
	}
	return blocks, bytes, s.lost
}

// Close seals the last block; what was not sent waits for the next run.
func (s *Store) Close() error { return s.Seal() }
