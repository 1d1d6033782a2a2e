package tcp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
	"ftpscope/capture/tcp"
)

// Who chooses the addresses does not choose where in the index their connections go: ends
// that any sum without the seed takes for the same are spread as others are.
func TestHashOfMadeUpEnds(t *testing.T) {
	const n = 10_000
	for name, make := range map[string]func(s *flow.Segment, i uint64){
		"halves of an address": func(s *flow.Segment, i uint64) { s.Src.Hi, s.Src.Lo = i, i*0xa0761d6478bd642f },
		"the same halves":      func(s *flow.Segment, i uint64) { s.Src.Hi, s.Src.Lo = i, i },
		"half and port":        func(s *flow.Segment, i uint64) { s.Src.Hi, s.SrcPort = i<<32, uint16(i) },
		"ports":                func(s *flow.Segment, i uint64) { s.SrcPort, s.DstPort = uint16(i), uint16(-i) },
		"both ends":            func(s *flow.Segment, i uint64) { s.Src.Lo, s.Dst.Lo = i, -i },
	} {
		table, seen := tcp.New(&silent{}), map[uint32]bool{}
		for i := range uint64(n) {
			s := flow.Segment{Src: hosts[0], Dst: hosts[1], SrcPort: 50000, DstPort: 21}
			make(&s, i)
			seen[table.Hash(&s)] = true
		}
		require.Greater(t, len(seen), n*99/100, name)
	}
}
