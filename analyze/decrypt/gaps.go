package decrypt

import (
	"ftpscope/analyze/tlsrec"
	"ftpscope/capture/flow"
)

// Limits of the search for the next record after a gap.
const (
	maxScan  = 3 * maxSealed // bytes that are looked at
	maxTries = 4             // places where a record may begin
	maxAhead = 64            // records that may be missing
)

// Gap says that n bytes of a side are missing. Where the header of the record that they
// are in is there, and no other's is among them, the count of records goes on: so does
// everything behind that record.
func (o *Opener) Gap(dir flow.Direction, n uint64, at flow.Mark) {
	if o.late.lacking {
		o.hold(held{dir: dir, gap: n, at: at})
		return
	}
	o.gap(dir, n, at)
}

func (o *Opener) gap(dir flow.Direction, n uint64, at flow.Mark) {
	s := &o.sides[dir]
	if s.at = at; o.state == Shut || s.ended {
		return
	}
	if s.blocked { // what waits cannot be counted on
		o.shut(Damaged)
		return
	}
	if s.skip > 0 && n <= uint64(s.skip) {
		s.skip -= int(n)
		return
	}
	n -= uint64(s.skip)
	s.skip, s.deaf = 0, true
	s.messages = messages{any: s.messages.any}
	if s.lost || len(s.buf) < headerSize {
		s.lose(uint64(len(s.buf)) + n)
		hopeless(o, dir)
		return
	}
	size := recordSize(s.buf)
	left := size - len(s.buf)
	s.pass()
	o.missing(dir, size-headerSize)
	if s.buf = s.buf[:0]; n <= uint64(left) {
		s.skip = left - int(n)
		return
	}
	s.lose(n - uint64(left))
	hopeless(o, dir)
}

// pass counts a record that is lost.
func (s *side) pass() {
	if s.keys != nil {
		s.keys.seq++
		if s.keys.block != nil && s.keys.version <= tls10 {
			s.keys.iv = nil // the block before the next record is not known
		}
	}
}

// lose says that n bytes are missing of which no header is known.
func (s *side) lose(n uint64) {
	s.buf = s.buf[:0]
	if !s.lost {
		s.lost, s.lostSize, s.tries = true, 0, 0
	}
	s.lostSize += n
}

// hopeless gives up a connection whose records nothing will authenticate.
func hopeless(o *Opener, dir flow.Direction) {
	s := &o.sides[dir]
	if other := &o.sides[dir^1]; o.shake.client == unknown && (!other.spoke || other.blocked) {
		return // it may be enough: see alone
	}
	if s.keys == nil && o.shake.version != tls13 && !o.shake.answered {
		o.shut(NoHandshake)
	}
}

// resync looks for a record behind a gap in b: a header whose record the keys open, by its
// number or by one of those after it. It returns what is left of b; s.lost says whether
// the search goes on. What looks like a header whose record is not whole yet is kept, and
// does not hide those behind it: it may be ciphertext.
func (o *Opener) resync(dir flow.Direction, b []byte) []byte {
	s := &o.sides[dir]
	at, kept := 0, -1 // kept: the first place whose record is not whole
	for ; len(b)-at >= headerSize; at++ {
		rest := b[at:]
		if s.lostSize > 1<<40 || s.tries >= maxTries {
			o.shut(Damaged)
			return nil
		}
		if tlsrec.BeginsRecord(rest) {
			size := recordSize(rest)
			if whole := len(rest) >= size; !whole && s.keys != nil {
				if kept < 0 {
					kept = at
				}
				continue
			} else if !whole {
				break
			}
			s.tries++
			if o.fits(dir, rest[:headerSize], rest[headerSize:size]) {
				s.lostSize += uint64(at)
				found(o, dir)
				return rest
			}
		}
		if s.tries == 0 && kept < 0 && s.scanned() > maxScan {
			o.shut(Damaged)
			return nil
		}
	}
	if kept >= 0 {
		at = kept
	}
	s.lostSize += uint64(at)
	return b[at:]
}

// scanned is a bound of how much was looked at.
func (s *side) scanned() uint64 { s.scan++; return s.scan }

// found goes on with a record.
func found(o *Opener, dir flow.Direction) {
	s := &o.sides[dir]
	s.lost, s.scan = false, 0
	s.Gaps = true
	s.Lost += s.lostSize
	if s.keys != nil && !s.shaking {
		o.to.Missing(dir, max(1, s.lostSize), s.at)
	}
}

// fits reports whether the keys open a record, and sets their count to its number.
func (o *Opener) fits(dir flow.Direction, header, b []byte) bool {
	s := &o.sides[dir]
	if s.keys == nil { // in clear: what follows the handshake is still to come
		return true
	}
	ahead := min(maxAhead, s.lostSize/headerSize+1)
	for range 2 {
		for n := range ahead {
			if _, _, ok := s.keys.open(s.keys.seq+n, header, b, o.ring.buffer()); ok {
				s.keys.seq += n
				return true
			}
		}
		if !s.shaking || !o.traffic(dir) {
			return false
		}
	}
	shakes(o, dir)
	return false
}
