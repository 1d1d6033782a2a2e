package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is printed as Markdown, with the columns in line. The first row is the heading.
type table [][]string

func (t *table) add(cells ...string) { *t = append(*t, cells) }

func (t table) print(w io.Writer) {
	widths := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for i, row := range t {
		for c, cell := range row {
			fmt.Fprint(w, "| ", cell, strings.Repeat(" ", widths[c]-utf8.RuneCountInString(cell)), " ")
		}
		fmt.Fprintln(w, "|")
		if i == 0 {
			for _, n := range widths {
				fmt.Fprint(w, "| ", strings.Repeat("-", n), " ")
			}
			fmt.Fprintln(w, "|")
		}
	}
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
