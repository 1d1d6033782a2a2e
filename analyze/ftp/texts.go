package ftp

import "hash/maphash"

// Texts keeps the texts that were seen last, so that one that comes again, as most of
// what servers and clients say does, needs no memory of its own. The zero value is ready;
// it must not be copied.
type Texts struct {
	recent [512]string // by hash; a new text takes the place of the one that is there
	seed   maphash.Seed
	seeded bool
}

// maxText bounds what is kept.
const maxText = 128

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
		*s = string(b)
	}
	return *s
}
