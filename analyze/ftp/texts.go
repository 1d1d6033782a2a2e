package ftp

import (
	"hash/maphash"
	"strings"
)

// Texts keeps the texts that were seen last, so that one that comes again, as most of
// what servers and clients say does, needs no memory of its own. Others
// share pieces of memory. The zero value is ready; it must not be copied.
type Texts struct {
	recent [512]string // by hash; a new text takes the place of the one that is there
	piece  strings.Builder
	seed   maphash.Seed
	seeded bool
}

const (
	// maxText bounds what is kept.
	maxText = 128
	// pieceSize is what a text keeps alive at most: about what a command, a negotiation or
	// a transfer takes besides its text.
	pieceSize = 256
)

// Keep returns b as a string.
func (t *Texts) Keep(b []byte) string {
	if t == nil || len(b) > maxText {
		return string(b)
	}
	if !t.seeded {
		t.seed, t.seeded = maphash.MakeSeed(), true
	}
	s := &t.recent[maphash.Bytes(t.seed, b)%uint64(len(t.recent))]
	if *s != string(b) {
		*s = t.copied(b)
	}
	return *s
}

// copied is b in the piece of memory at hand, or a new one.
func (t *Texts) copied(b []byte) string {
	if t.piece.Cap()-t.piece.Len() < len(b) {
		t.piece.Reset() // its texts keep it
		t.piece.Grow(pieceSize)
	}
	from := t.piece.Len()
	t.piece.Write(b)
	return t.piece.String()[from:]
}
