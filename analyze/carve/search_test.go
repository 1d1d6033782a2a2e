package carve

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/ftp"
	"ftpscope/capture/flow"
)

// What is found is what a look for each word finds.
func TestFinder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func(most int) []byte {
		b := make([]byte, r.IntN(most))
		for i := range b {
			b[i] = "aab ."[r.IntN(5)]
		}
		return b
	}
	for range 2000 {
		var list [][]byte
		for range r.IntN(20) {
			list = append(list, text(6))
		}
		list = different(list)
		line := text(60)
		for _, ok := range []func(from, to int) bool{
			func(from, to int) bool { return true },
			func(from, to int) bool { return ftp.Alone(line, from, to) },
		} {
			var want []found
			for n, w := range list {
				for at := 0; at+len(w) <= len(line); {
					if bytes.HasPrefix(line[at:], w) && ok(at, at+len(w)) {
						want = append(want, found{w, n, at})
						at += len(w)
					} else {
						at++
					}
				}
			}
			require.ElementsMatch(t, want, newFinder(list).in(line, ok))
		}
	}
}

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
