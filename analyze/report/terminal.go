package report

import (
	"strconv"

	"ftpscope/analyze/record"
)

// Secret reports whether a command is PASS, in any letter case: its argument is a
// password.
func Secret(command string) bool {
	return len(command) == 4 && command[0]|0x20 == 'p' && command[1]|0x20 == 'a' && command[2]|0x20 == 's' && command[3]|0x20 == 's'
}

// ShownPassword is a session's password, or what stands for it.
func (o Options) ShownPassword(s *record.Session, hidden string) *string {
	if s.Password == nil || o.ShowPasswords {
		return s.Password
	}
	return &hidden
}

// Mark is a severity's sign: what supports its colour.
func Mark(gravity int) string {
	switch record.Severities[gravity] {
	case "critical", "high":
		return "●"
	case "medium":
		return "○"
	}
	return "·"
}

// Color is one of a terminal, as a parameter of Select Graphic Rendition (ECMA-48 section
// 8.3.117).
type Color int

// The colours that pages use.
const (
	Bold    Color = 1
	Dim     Color = 2
	Red     Color = 31
	Advice  Color = 32
	Yellow  Color = 33
	Active  Color = 35
	Passive Color = 36
)

// richly are the colours of terminals that have 256: those that are legible on light and
// on dark backgrounds, whatever palette the user has. The others are the user's own.
var richly = map[Color]string{Advice: "38;5;29", Yellow: "38;5;136", Active: "38;5;133", Passive: "38;5;32"}

// ModeColor is a mode's.
func ModeColor(mode string) Color {
	switch mode {
	case record.Active:
		return Active
	case record.Passive:
		return Passive
	}
	return 0
}

// ColorOf is a severity's colour.
func ColorOf(gravity int) Color {
	switch record.Severities[gravity] {
	case "critical", "high":
		return Red
	case "medium":
		return Yellow
	}
	return Dim
}

// Paint colours text, where colours are wanted.
func (o Options) Paint(c Color, s string) string {
	if !o.Color || s == "" || c == 0 {
		return s
	}
	code := richly[c]
	if code == "" || !o.Rich {
		code = strconv.Itoa(int(c))
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
