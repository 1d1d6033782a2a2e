package view

import (
	"strconv"
	"strings"

	"ftpscope/analyze/prose"
)

// The attributes of text, as parameters of Select Graphic Rendition (ECMA-48 section
// 8.3.117).
const (
	bold    = 1
	dim     = 2
	reverse = 7
	red     = 31
	yellow  = 33
)

func (m *model) paint(attribute int, s string) string {
	if !m.opt.Color || s == "" {
		return s
	}
	return "\x1b[" + strconv.Itoa(attribute) + "m" + s + "\x1b[0m"
}

// width is the width of text that may be painted.
func width(s string) int { return prose.Columns(prose.Unpainted(s)) }

// clip cuts plain text at its end.
func clip(s string, width int) string {
	if prose.Columns(s) <= width {
		return s
	}
	return prose.Prefix(s, max(width-1, 0)) + "…"
}

func pad(s string, width int) string { return s + strings.Repeat(" ", max(width-prose.Columns(s), 0)) }
