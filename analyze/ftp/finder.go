package ftp

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
)

// Finder finds the words of a set in a text: at a place it looks at those only that begin
// as the text does there, however many others there are.
type Finder struct {
	steps int       // looks at a byte that were taken
	words []Found   // in the order of their bytes
	first [4]uint64 // the bytes that words begin with in a text, a bit each
	fold  bool      // letter case does not matter: words are in lower case
}

// Found is a word of a Finder's list, or where it was found.
type Found struct {
	Word []byte
	N    int // in the list
	At   int
}

// NewFinder takes words that are all different and not empty; in lower case, if letter
// case should not matter.
func NewFinder(list [][]byte, fold bool) *Finder {
	f := &Finder{}
	f.reset(list, fold)
	return f
}

// reset has it find other words.
func (f *Finder) reset(list [][]byte, fold bool) {
	*f = Finder{words: f.words[:0], fold: fold}
	for i, w := range list {
		f.words = append(f.words, Found{Word: w, N: i})
		f.first[w[0]/64] |= 1 << (w[0] % 64)
		if up := w[0] &^ 0x20; fold && lowered(up) == w[0] {
			f.first[up/64] |= 1 << (up % 64)
		}
	}
	slices.SortFunc(f.words, func(x, y Found) int { return bytes.Compare(x.Word, y.Word) })
}

// In lists the words that stand in a text where ok says so of their bytes, those of one
// word without overlaps, in the order of the list.
func (f *Finder) In(text []byte, ok func(from, to int) bool) (list []Found) {
	for at, c := range text {
		if f.first[c/64]&(1<<(c%64)) == 0 {
			continue
		}
		words := f.words
		if len(words) == 1 { // the usual case
			if n := f.alike(words[0].Word, text[at:]); n == len(words[0].Word) && ok(at, at+n) {
				list = append(list, Found{words[0].Word, words[0].N, at})
			}
			continue
		}
		for n := 0; at+n < len(text); n++ {
			c := f.byte(text[at+n])
			words = words[sort.Search(len(words), func(i int) bool { return words[i].Word[n] >= c }):]
			words = words[:sort.Search(len(words), func(i int) bool { return words[i].Word[n] > c })]
			if len(words) == 0 {
				break
			}
			f.steps++
			if w := &words[0]; len(w.Word) == n+1 { // the shortest of those that begin alike comes first
				if ok(at, at+n+1) {
					list = append(list, Found{w.Word, w.N, at})
				}
				if words = words[1:]; len(words) == 0 {
					break
				}
			}
		}
	}
	if len(list) < 2 {
		return list
	}
	slices.SortStableFunc(list, func(x, y Found) int { return cmp.Compare(x.N, y.N) })
	kept := list[:0]
	for _, x := range list {
		if n := len(kept); n == 0 || kept[n-1].N != x.N || kept[n-1].At+len(x.Word) <= x.At {
			kept = append(kept, x)
		}
	}
	return kept
}

// alike is how many bytes of a word a text begins with.
func (f *Finder) alike(word, text []byte) int {
	n := 0
	for n < min(len(word), len(text)) && f.byte(text[n]) == word[n] {
		n++
	}
	f.steps += n
	return n
}

func (f *Finder) byte(c byte) byte {
	if f.fold {
		return lowered(c)
	}
	return c
}
