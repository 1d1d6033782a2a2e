package carve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// dialogueOf is n passwords on one connection, of which the server says each again.
func dialogueOf(n int) *dialogue {
	d := &dialogue{}
	for side, line := range []string{"PASS wrong-%06d\r\n", "530 wrong-%06d is not right\r\n"} {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, line, i)
		}
		d.size += d.side[side].add(&flow.Segment{Seq: 1, Payload: []byte(b.String())})
	}
	return d
}

// Of very many passwords each line is compared with those that it may have: twice as many
// take twice as long.
func BenchmarkPasswords(b *testing.B) {
	for _, n := range []int{2500, 5000, 10_000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			d := dialogueOf(n)
			for b.Loop() {
				c := cleaner{redact: true}
				c.clean(d, false)
			}
		})
	}
}

// Text in very many pieces, and bytes that each copy has otherwise, are bounded.
func TestPieces(t *testing.T) {
	var s stream
	grown := 0
	for i := range 1000 {
		grown += s.add(&flow.Segment{Seq: uint32(10_000 - 2*i), Payload: []byte("x")})
	}
	require.Len(t, s.pieces, 1000)
	require.Equal(t, 1000*(1+pieceCost), grown)
	for _, b := range []string{"y", "z", "y"} {
		grown = s.add(&flow.Segment{Seq: 10_000, Payload: []byte(b)})
	}
	require.Zero(t, grown)
	require.Len(t, s.conflicts, 1)
}
