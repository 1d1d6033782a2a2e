package mistakes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNearest(t *testing.T) {
	known := []string{"analyze", "formats", "version", "help"}
	tests := []struct{ name, word, want string }{
		{"swapped letters", "anaylze", "analyze"},
		{"other spelling", "analyse", "analyze"},
		{"missing letter", "format", "formats"},
		{"capitals", "HELP", "help"},
		{"abbreviation", "ver", "version"},
		{"nothing near", "frobnicate", ""},
		{"one letter", "x", ""},
		{"two letters", "xy", ""},
		{"empty", "", ""},
		{"hostile length", strings.Repeat("a", 1<<20), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, Nearest(test.word, known)) })
	}
}
