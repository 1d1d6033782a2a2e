package collect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"ftpscope/cmd/ftpscope/fleet/spool"
)

// state is what a collector knows of what it has done: the file that makes a restart go
// on.
type state struct {
	Stream   time.Time            // when the hub's stream was made: another one has other sequences
	Sequence uint64               // of the last block
	Stores   map[string]*position // by "sensor/store"
	Outputs  map[string]end       // by path
}

// position is how far a sensor's store was read.
type position struct {
	Block   uint64 // the last one
	Next    uint64 // record that begins next
	Records uint64 // collected
	Lost    uint64 // missing
	Seen    uint64 // the sequence of the last block: stores that are no more are forgotten
	Part    []byte `json:",omitempty"` // of a record that goes on in the next block

	untold uint64 // of Lost
}

// end is where an output's file ended.
type end struct {
	Size int64
	Tail string // hexadecimal SHA-256 of what stands before it: tells whether it is the same file
}

const (
	stateFile = "collector.json"
	stateForm = "not what a collector wrote: name another folder, or move it away to collect all that the hub has"
	maxStores = 4 // of a sensor: each new one stands for a disk that was made anew
)

var storeForm = regexp.MustCompile(`^[0-9a-f]{16}$`)

func readState(dir string) (*state, error) {
	s := &state{Stores: map[string]*position{}, Outputs: map[string]end{}}
	name := filepath.Join(dir, stateFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, s); err != nil || s.Stores == nil || s.Outputs == nil {
		return nil, fmt.Errorf("%s: %s", name, stateForm)
	}
	for _, p := range s.Stores {
		if p == nil {
			return nil, fmt.Errorf("%s: %s", name, stateForm)
		}
	}
	return s, nil
}

func (s *state) write(dir string) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return spool.WriteWhole(filepath.Join(dir, stateFile), append(b, '\n'))
}

// position finds a store's. A new one may take the place of the one of the same sensor
// that was seen least lately.
func (s *state) position(sensor, store string) *position {
	key := sensor + "/" + store
	if p := s.Stores[key]; p != nil {
		return p
	}
	others, oldest := 0, ""
	for name, p := range s.Stores {
		if !strings.HasPrefix(name, sensor+"/") {
			continue
		}
		if others++; oldest == "" || p.Seen < s.Stores[oldest].Seen {
			oldest = name
		}
	}
	if others >= maxStores {
		delete(s.Stores, oldest)
	}
	p := &position{}
	s.Stores[key] = p
	return p
}

func (s *state) lost(p *position, n uint64) { p.Lost, p.untold = p.Lost+n, p.untold+n }
