// Package mistakes knows what people get wrong on the command line, and the way out; the command line tells them.
package mistakes

import "strings"

// Nearest is the known word that an unknown one was probably meant to be, "" when none is near enough.
func Nearest(word string, known []string) string {
	const far = 3 // more slips than this make another word
	best, found := min(far, (len(word)+1)/2), ""
	for _, k := range known {
		d := distance(strings.ToLower(word), k)
		if word != "" && strings.HasPrefix(k, strings.ToLower(word)) {
			d = 1 // an abbreviation
		}
		if d < best || d == best && found == "" {
			best, found = d, k
		}
	}
	return found
}

// distance counts the letters to insert, drop, replace or swap with their neighbour to make b of a (optimal string
// alignment).
func distance(a, b string) int {
	const long = 64 // no word of ours comes near
	if len(a) > long || len(b) > long {
		return long
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for k := range rows[0] {
		rows[0][k] = k
	}
	for i := 1; i <= len(a); i++ {
		for k := 1; k <= len(b); k++ {
			cost := 1
			if a[i-1] == b[k-1] {
				cost = 0
			}
			rows[i][k] = min(rows[i-1][k]+1, rows[i][k-1]+1, rows[i-1][k-1]+cost)
			if i > 1 && k > 1 && a[i-1] == b[k-2] && a[i-2] == b[k-1] {
				rows[i][k] = min(rows[i][k], rows[i-2][k-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
