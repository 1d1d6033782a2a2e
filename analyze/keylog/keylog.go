// Package keylog keeps the secrets of TLS connections that NSS key logs hold. Package
// decrypt opens connections with them.
package keylog

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Random is what a ClientHello names its connection by (RFC 8446 section 4.1.2).
type Random [32]byte

// Who sends with a secret.
const (
	Client = 0
	Server = 1
)

// Secrets are those of one connection: Master of TLS 1.2 and older versions, the others of
// TLS 1.3, by who sends with them. Those that no log has are nil.
type Secrets struct {
	Master             []byte
	Handshake, Traffic [2][]byte
	since              uint64 // the packet from which on they are known
}

// Known reports whether there is enough to open TLS 1.3, or TLS 1.2, with.
func (s *Secrets) Known() bool {
	return s != nil && (s.Master != nil || s.Traffic[0] != nil || s.Traffic[1] != nil || s.Handshake[0] != nil || s.Handshake[1] != nil)
}

// maxConnections bounds the connections whose secrets are kept, about 500 bytes each. The
// newest stay: a log that programs append to for months ends with what the capture shows.
const maxConnections = 1 << 18

// Stats counts what was read.
type Stats struct {
	Secrets uint64 // kept
	Unread  uint64 // lines that are none
	Dropped uint64 // connections beyond the limit
}

// Store keeps secrets. Its methods may be called from several goroutines.
type Store struct {
	mu       sync.RWMutex
	byRandom map[Random]*Secrets
	resumed  map[Random][]byte // master secrets of connections that no log names
	ring     []Random          // in the order of their coming, once full
	next     int               // of ring: the oldest
	most     int
	stats    Stats
	poll     func() // reads what logs have more by now; nil: none grows
	growing  atomic.Bool
	search   func() // reads what captures hold further on; nil: nothing
	searched sync.Once
}

// New makes an empty Store.
func New() *Store {
	return &Store{byRandom: map[Random]*Secrets{}, resumed: map[Random][]byte{}, most: maxConnections}
}

// Grows says that logs may get more lines: poll reads them.
func (s *Store) Grows(poll func()) {
	s.poll = poll
	s.growing.Store(true)
}

// Growing reports whether secrets may still come.
func (s *Store) Growing() bool { return s.growing.Load() }

// Poll reads what logs have more by now.
func (s *Store) Poll() {
	if s.poll != nil {
		s.poll()
	}
}

// Searches says that captures may hold secrets further on: search reads them, once, when a
// connection lacks its own.
func (s *Store) Searches(search func()) { s.search = search }

// Search reads them.
func (s *Store) Search() {
	s.searched.Do(func() {
		if s.search != nil {
			s.search()
		}
	})
}

// Lookup finds the secrets of a connection, as far as they were known at a packet: those
// that a later block of a pipe holds are not known yet, whoever asks first.
func (s *Store) Lookup(r *Random, ord uint64) (Secrets, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	x := s.byRandom[*r]
	if x == nil || x.since > ord {
		return Secrets{}, false
	}
	return *x, true
}

// Newest are the last n connections whose secrets were known at a packet, the newest first.
func (s *Store) Newest(n int, ord uint64) []Random {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []Random
	for i := range s.ring {
		r := s.ring[(s.next+len(s.ring)-1-i)%len(s.ring)]
		if len(list) == n {
			break
		}
		if s.byRandom[r].since <= ord {
			list = append(list, r)
		}
	}
	return list
}

// Stats counts what was read so far.
func (s *Store) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.stats
}

// add keeps a secret.
func (s *Store) add(e *entry, since uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Secrets++
	x := s.byRandom[e.random]
	if x == nil {
		x = &Secrets{since: since}
		s.makeRoom(e.random)
		s.byRandom[e.random] = x
	}
	x.since = min(x.since, since)
	secret := append([]byte(nil), e.secret...)
	switch e.label {
	case labelMaster:
		x.Master = secret
	case labelHandshake:
		x.Handshake[e.sender] = secret
	case labelTraffic:
		x.Traffic[e.sender] = secret
	}
}

// Resumed notes the master secret of a connection that resumed a session, for Lines.
func (s *Store) Resumed(r *Random, master []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byRandom[*r] == nil && len(s.resumed) < s.most {
		s.resumed[*r] = master
	}
}

// Lines are what is known of connections, as a key log has it.
func (s *Store) Lines(list []Random) []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var lines []string
	for i := range list {
		x := s.byRandom[list[i]]
		if x == nil {
			x = &Secrets{Master: s.resumed[list[i]]}
		}
		for label, l := range labels {
			if secret := x.of(l.kind, l.sender); secret != nil {
				lines = append(lines, fmt.Sprintf("%s %x %x\n", label, list[i], secret))
			}
		}
	}
	slices.Sort(lines) // labels have no order
	return []byte(strings.Join(slices.Compact(lines), ""))
}

func (s *Secrets) of(kind, sender int) []byte {
	switch kind {
	case labelHandshake:
		return s.Handshake[sender]
	case labelTraffic:
		return s.Traffic[sender]
	}
	return s.Master
}

// makeRoom lets the oldest connection go when the Store is full.
func (s *Store) makeRoom(r Random) {
	if len(s.ring) < s.most {
		s.ring = append(s.ring, r)
		return
	}
	delete(s.byRandom, s.ring[s.next])
	s.ring[s.next] = r
	s.next = (s.next + 1) % s.most
	s.stats.Dropped++
}

func (s *Store) unread() {
	s.mu.Lock()
	s.stats.Unread++
	s.mu.Unlock()
}
