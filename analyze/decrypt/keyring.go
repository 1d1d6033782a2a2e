// Package decrypt opens TLS connections whose secrets are known: it gives the plaintext of
// records as they pass. Package control reads that of control connections, package extract
// that of data connections.
package decrypt

import (
	"crypto/sha256"

	"ftpscope/analyze/keylog"
	"ftpscope/capture/flow"
)

// Limits, of a Keyring: an analysis has one a shard.
const (
	// maxSessions bounds the sessions that may be resumed. A data connection resumes that
	// of its control connection, or of the transfer before.
	maxSessions = 1 << 13
	// maxHeld bounds the bytes of a connection that wait for keys, maxHeldAll those of all: a
	// program writes its keys down within milliseconds.
	maxHeld    = 4 << 20
	maxHeldAll = 16 << 20
	// maxWait is how long they wait.
	maxWait = 10 * flow.Second
)

// Keyring is what the connections of a shard are opened with: the secrets of the logs, and
// which session goes on in which connection. It belongs to one goroutine.
type Keyring struct {
	store    *keylog.Store
	sessions map[sessionID]keylog.Random // the connection that a session began with
	ring     []sessionID                 // in the order of their coming
	next     int                         // of ring: the oldest, once it is full
	held     flow.Budget
	scratch  []byte
	waiting  []*Opener // for secrets
	tried    uint64    // how many secrets there were when they last went on
}

// sessionID is a session's ID or ticket, hashed.
type sessionID [32]byte

// NewKeyring makes a Keyring with the secrets of store.
func NewKeyring(store *keylog.Store) *Keyring {
	return &Keyring{store: store, sessions: map[sessionID]keylog.Random{}, held: flow.NewBudget(maxHeldAll)}
}

// Kinds of session IDs: an ID and a ticket may have the same bytes.
const (
	byID     = 'i'
	byTicket = 't'
)

func idOf(kind byte, b []byte) sessionID {
	h := sha256.New()
	h.Write([]byte{kind})
	h.Write(b)
	return sessionID(h.Sum(nil))
}

// remember notes that a session began with a connection.
func (k *Keyring) remember(id sessionID, first keylog.Random) {
	if _, known := k.sessions[id]; !known {
		if len(k.ring) < maxSessions {
			k.ring = append(k.ring, id)
		} else {
			delete(k.sessions, k.ring[k.next])
			k.ring[k.next] = id
			k.next = (k.next + 1) % maxSessions
		}
	}
	k.sessions[id] = first
}

// Holds reports whether there are secrets.
func (k *Keyring) Holds() bool { return k.store.Stats().Secrets > 0 }

// Hold accounts for n bytes that wait for keys; false: there is no room for them.
func (k *Keyring) Hold(n int) bool { return k.held.Reserve(n) }

// Let gives them back.
func (k *Keyring) Let(n int) { k.held.Release(n) }

// lookup finds secrets in the logs, in what they have by now if they grow, and in what
// captures hold further on.
func (k *Keyring) lookup(r *keylog.Random, ord uint64) (keylog.Secrets, bool) {
	s, ok := k.store.Lookup(r, ord)
	if !ok {
		k.seek()
		s, ok = k.store.Lookup(r, ord)
	}
	return s, ok && s.Known()
}

func (k *Keyring) seek() {
	k.store.Poll()
	k.store.Search()
}
