package tcp

// slab holds connections in pages, so that it grows without copying them. Slot 0 is not used.
type slab struct {
	pages []*[pageSize]conn
	n     int // slots that were ever in use
}

const (
	pageBits = 7
	pageSize = 1 << pageBits // connections: 60 KB, little beside what even a small capture takes
)

func newSlab() slab { return slab{pages: []*[pageSize]conn{new([pageSize]conn)}, n: 1} }

func (s *slab) at(slot int32) *conn { return &s.pages[slot>>pageBits][slot&(pageSize-1)] }

// grow returns a slot that was never used.
func (s *slab) grow() int32 {
	if s.n == len(s.pages)<<pageBits {
		s.pages = append(s.pages, new([pageSize]conn))
	}
	s.n++
	return int32(s.n - 1)
}
