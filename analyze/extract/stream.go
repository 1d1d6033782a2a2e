package extract

import (
	"cmp"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"

	"github.com/gabriel-vasile/mimetype"

	"ftpscope/capture/flow"
)

// hashes are those that can be asked for. MD5 and SHA-1 are for looking files up in lists
// that know no other.
var hashes = []struct {
	name string
	new  func() hash.Hash
}{{"sha256", sha256.New}, {"sha1", sha1.New}, {"md5", md5.New}}

// Hashes are the names of the hashes that can be asked for.
func Hashes() []string {
	var names []string
	for _, h := range hashes {
		names = append(names, h.name)
	}
	return names
}

// stream reads a connection: the directions that are wanted.
type stream struct {
	of    *Extractor
	sides [2]*side
}

// Data takes the next bytes of a direction; false: no more are wanted.
func (s *stream) Data(dir flow.Direction, b []byte, _ flow.Mark) bool {
	if d := s.sides[dir]; d != nil {
		d.data(b)
	}
	return true
}

// Gap takes what is missing.
func (s *stream) Gap(dir flow.Direction, n uint64, _ flow.Mark) {
	if d := s.sides[dir]; d != nil {
		d.gap(n)
	}
}

// Compares asks the table to tell of bytes that come again with another content.
func (s *stream) Compares() bool { return true }

// Conflict takes bytes that came with two contents.
func (s *stream) Conflict(dir flow.Direction, from int64, n uint64, _ flow.Mark) {
	if d := s.sides[dir]; d != nil {
		d.conflict(from, n)
	}
}

// Closed keeps what was learned of the connection until its sessions are told.
func (s *stream) Closed(*flow.Conn) flow.Told {
	s.of.keep(s.sides[:])
	return flow.Told{}
}

// side is one direction of a connection.
type side struct {
	key   key
	want  *want
	names []string // of sums
	sums  []hash.Hash
	head  []byte // of the data
	res   result
}

func newSide(x *Extractor, k key, w *want) *side {
	s := &side{key: k, want: w, names: x.opt.Hashes, res: result{want: w, uses: w.uses}}
	for _, name := range s.names {
		for _, h := range hashes {
			if h.name == name {
				s.sums = append(s.sums, h.new())
			}
		}
	}
	if w.most > 0 && x.folder != nil {
		s.res.file = x.folder.begin(k, w.most)
	}
	return s
}

func (s *side) data(b []byte) {
	r := &s.res
	if r.encrypted {
		return
	}
	if len(s.head) < headSize && r.missing == 0 {
		s.head = append(s.head, b[:min(len(b), headSize-len(s.head))]...)
		if s.want.tls && isTLS(s.head) {
			r.encrypted = true
			return
		}
	}
	if r.missing == 0 {
		for _, h := range s.sums {
			h.Write(b)
		}
	}
	if r.file != nil {
		r.file.write(s.want.offset+r.size, b)
	}
	r.size += uint64(len(b))
}

// gap notes missing bytes; with them there is no hash of what was sent.
func (s *side) gap(n uint64) {
	r := &s.res
	from := r.size
	r.missing += n
	r.size += n
	if last := len(r.gaps) - 1; last >= 0 && r.gaps[last].To == from {
		r.gaps[last].To += n
	} else if len(r.gaps) < maxGaps {
		r.gaps = append(r.gaps, Gap{from, from + n})
	}
}

// conflict notes bytes with two contents: which of them the receiver has nobody can tell,
// so there is no hash. Those that touch are one, and stand in their order.
func (s *side) conflict(from int64, n uint64) {
	r := &s.res
	at := uint64(max(0, int64(r.size)+from))
	c := Gap{at, at + n}
	r.conflicts = slices.DeleteFunc(r.conflicts, func(x Gap) bool {
		touches := c.From <= x.To && x.From <= c.To
		if touches {
			c.From, c.To = min(x.From, c.From), max(x.To, c.To)
		}
		return touches
	})
	if len(r.conflicts) < maxGaps {
		i, _ := slices.BinarySearchFunc(r.conflicts, c.From, func(x Gap, from uint64) int { return cmp.Compare(x.From, from) })
		r.conflicts = slices.Insert(r.conflicts, i, c)
	}
}

// isTLS reports whether data begin with a TLS record (RFC 8446 section 5.1): that of a
// handshake, or of data.
func isTLS(b []byte) bool {
	return len(b) >= 3 && (b[0] == 22 || b[0] == 23) && b[1] == 3 && b[2] <= 4
}

// finish says what there is to say when the connection is over.
func (s *side) finish() *result {
	r := &s.res
	switch {
	case r.encrypted && r.file != nil:
		r.file.discard()
		r.file = nil
		return r
	case r.encrypted:
		return r
	case r.missing == 0 && len(r.conflicts) == 0:
		r.sums = make([]string, len(s.sums))
		for i, h := range s.sums {
			r.sums[i] = hex.EncodeToString(h.Sum(nil))
		}
	}
	if len(s.head) > 0 {
		r.mime = mimetype.Detect(s.head).String()
	}
	if r.file != nil {
		r.file.end(s.want.offset + r.size)
	}
	return r
}
