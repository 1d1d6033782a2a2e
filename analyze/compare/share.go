package compare

import "math"

// share hands out copies of stretches of bytes: of each stretch there are some, and each
// item that reaches over it takes one as long as there are any. Items that overlap each
// other in a thousand ways cost no look at each stretch (a segment tree).
type share struct {
	n    int   // stretches
	size []int // of a node: bytes of those of its stretches of which there are copies left
	left []int // copies of that of them of which there are fewest
	less []int // copies that were taken of each of a node's stretches, and not yet told to its children
}

// newShare takes how many copies there are of each stretch, and the edges between them.
func newShare(copies, edges []int) *share {
	n := len(edges) - 1
	s := &share{n: n, size: make([]int, 4*n), left: make([]int, 4*n), less: make([]int, 4*n)}
	s.fill(1, 0, n, copies, edges)
	return s
}

func (s *share) fill(node, from, to int, copies, edges []int) {
	if to-from > 1 {
		mid := (from + to) / 2
		s.fill(2*node, from, mid, copies, edges)
		s.fill(2*node+1, mid, to, copies, edges)
		s.sum(node)
		return
	}
	s.left[node] = math.MaxInt
	if copies[from] > 0 {
		s.size[node], s.left[node] = edges[to]-edges[from], copies[from]
	}
}

func (s *share) sum(node int) {
	a, b := 2*node, 2*node+1
	s.size[node], s.left[node] = s.size[a]+s.size[b], min(s.left[a], s.left[b])
}

// take takes a copy of each of the stretches lo … hi-1 of which there are any, and
// returns how many bytes these are.
func (s *share) take(lo, hi int) int { return s.takeOf(1, 0, s.n, lo, hi) }

func (s *share) takeOf(node, from, to, lo, hi int) int {
	size := s.size[node]
	switch {
	case hi <= from || to <= lo || size == 0:
		return 0
	case lo <= from && to <= hi && s.left[node] > 1:
		s.left[node]--
		s.less[node]++
		return size
	case to-from == 1: // the last copy
		s.size[node], s.left[node] = 0, math.MaxInt
		return size
	}
	for _, child := range [2]int{2 * node, 2*node + 1} {
		if s.size[child] > 0 {
			s.left[child] -= s.less[node]
			s.less[child] += s.less[node]
		}
	}
	s.less[node] = 0
	mid := (from + to) / 2
	size = s.takeOf(2*node, from, mid, lo, hi) + s.takeOf(2*node+1, mid, to, lo, hi)
	s.sum(node)
	return size
}
