package carve

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
)

// finder finds the words of a set in a text: at a place it looks at those only that begin
// as the text does there, however many others there are.
type finder struct {
	steps int          // looks at a byte that were taken
	words []found      // in the order of their bytes
	first [256 + 1]int // in words, by first byte
}

// found is a word of a finder's list, or where it was found.
type found struct {
	word []byte
	n    int // in the list
	at   int
}

// newFinder takes words that are all different and not empty.
func newFinder(list [][]byte) *finder {
	f := &finder{words: make([]found, len(list))}
	for i, w := range list {
		f.words[i] = found{word: w, n: i}
		f.first[int(w[0])+1]++
	}
	for i := range 256 {
		f.first[i+1] += f.first[i]
	}
	slices.SortFunc(f.words, func(x, y found) int { return bytes.Compare(x.word, y.word) })
	return f
}

// in lists the words that stand in a text where ok says so of their bytes, those of one
// word without overlaps, in the order of the list.
func (f *finder) in(text []byte, ok func(from, to int) bool) (list []found) {
	for at, c := range text {
		words := f.words[f.first[c]:f.first[int(c)+1]]
		for n := 1; len(words) > 0; n++ {
			f.steps++
			if w := &words[0]; len(w.word) == n { // the shortest of those that begin alike comes first
				if ok(at, at+n) {
					list = append(list, found{w.word, w.n, at})
				}
				words = words[1:]
			}
			if at+n == len(text) {
				break
			}
			c := text[at+n]
			words = words[sort.Search(len(words), func(i int) bool { return words[i].word[n] >= c }):]
			words = words[:sort.Search(len(words), func(i int) bool { return words[i].word[n] > c })]
		}
	}
	slices.SortStableFunc(list, func(x, y found) int { return cmp.Compare(x.n, y.n) })
	kept := list[:0]
	for _, x := range list {
		if n := len(kept); n == 0 || kept[n-1].n != x.n || kept[n-1].at+len(x.word) <= x.at {
			kept = append(kept, x)
		}
	}
	return kept
}

// different lists words without repetitions and empty ones, in their order.
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
