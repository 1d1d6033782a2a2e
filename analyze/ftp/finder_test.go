package ftp

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// different lists words without repetitions and empty ones.
func different(words [][]byte) (list [][]byte) {
	seen := map[string]bool{"": true}
	for _, w := range words {
		if !seen[string(w)] {
			seen[string(w)] = true
			list = append(list, w)
		}
	}
	return list
}

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
			func(from, to int) bool { return Alone(line, from, to) },
		} {
			var want []Found
			for n, w := range list {
				for at := 0; at+len(w) <= len(line); {
					if bytes.HasPrefix(line[at:], w) && ok(at, at+len(w)) {
						want = append(want, Found{w, n, at})
						at += len(w)
					} else {
						at++
					}
				}
			}
			require.ElementsMatch(t, want, NewFinder(list, false).In(line, ok))
		}
	}
}
