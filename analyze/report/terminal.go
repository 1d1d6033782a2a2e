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
	Dim    Color = 2
	Red    Color = 31
	Yellow Color = 33
)

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
	if !o.Color || s == "" {
		return s
	}
	return "\x1b[" + strconv.Itoa(int(c)) + "m" + s + "\x1b[0m"
}
