package spool

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"ftpscope/cmd/ftpscope/fleet/wire"
)

// mark is where a store's numbers are. It is in a file of its own for the time when no
// block is there to tell.
type mark struct {
	ID    string // 16 hexadecimal digits: numbers of another store begin anew
	Next  uint64 // block, from 1
	Begun uint64 // records, over all of the store's life
}

const (
	markFile  = "store.json"
	markBytes = 4 << 10 // that it may have
)

var (
	blockName = regexp.MustCompile(`^([0-9a-f]{16})\.block$`)
	idForm    = regexp.MustCompile(`^[0-9a-f]{16}$`)
)

func (s *Store) readMark() error {
	name := filepath.Join(s.opt.Dir, markFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		id := make([]byte, 8)
		_, _ = rand.Read(id) // it never fails
		s.mark = mark{ID: hex.EncodeToString(id), Next: 1}
		return s.writeMark()
	}
	if err != nil {
		return err
	}
	if len(b) > markBytes || json.Unmarshal(b, &s.mark) != nil || !idForm.MatchString(s.mark.ID) || s.mark.Next == 0 {
		return fmt.Errorf("%s: is not what a sensor wrote", name)
	}
	return nil
}

func (s *Store) writeMark() error {
	b, err := json.Marshal(s.mark)
	if err != nil {
		return err
	}
	return WriteWhole(filepath.Join(s.opt.Dir, markFile), append(b, '\n'))
}

// WriteWhole writes a file that is there as a whole or as it was, also when the machine
// goes down.
func WriteWhole(name string, b []byte) error {
	f, err := os.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name())
		return err
	}
	return os.Rename(f.Name(), name)
}

// scan takes up what an earlier run left.
func (s *Store) scan() error {
	entries, err := os.ReadDir(s.opt.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries { // in the order of their numbers
		m := blockName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		number, err := strconv.ParseUint(m[1], 16, 64)
		if err == nil {
			err = s.adopt(number)
		}
		if err != nil {
			return err
		}
	}
	slices.SortFunc(s.ready, func(a, b block) int { return cmp.Compare(a.number, b.number) })
	if len(s.ready) > 0 {
		s.wake()
	}
	return nil
}

// adopt takes a block up as far as it is whole.
func (s *Store) adopt(number uint64) error {
	b, err := os.ReadFile(s.path(number))
	if err != nil {
		return err
	}
	s.mark.Next = max(s.mark.Next, number+1)
	top, rest, err := wire.ReadTop(b)
	if err != nil || top.Store != s.mark.ID || top.Number != number {
		return os.Remove(s.path(number)) // nothing of it can be used; its number is not given again
	}
	var records uint64
	for len(rest) > 0 {
		kind, _, after, err := wire.NextFrame(rest)
		if err != nil {
			break
		}
		if kind.Begins() {
			records++
		}
		rest = after
	}
	s.mark.Begun = max(s.mark.Begun, top.First+records)
	size := int64(len(b) - len(rest))
	if len(rest) > 0 {
		if err := os.Truncate(s.path(number), size); err != nil {
			return err
		}
	}
	s.ready, s.bytes = append(s.ready, block{number, records, size}), s.bytes+size
	return nil
}
