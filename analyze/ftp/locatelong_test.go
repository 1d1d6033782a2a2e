package ftp

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A line without end comes in pieces, each with the places of its bytes, and nothing of it is lost.
func TestLocateLongLine(t *testing.T) {
	text := []byte("PASS " + strings.Repeat("x", 5*maxLocated/2))
	var l Locator
	var got []byte
	var flags []LineFlags
	l.Write(append(bytes.Clone(text), '\r', '\n'), 100, func(x *LocatedLine) {
		require.LessOrEqual(t, len(x.Text), maxLocated)
		require.EqualValues(t, 100+len(got), x.At[0])
		got, flags = append(got, x.Text...), append(flags, x.Flags)
	})
	require.Equal(t, text, got)
	require.Equal(t, []LineFlags{Unterminated, HeadLost | Unterminated, HeadLost}, flags)
}

// Numbers in a row that is no address are read once, however long it is.
func BenchmarkChanges(b *testing.B) {
	var r Renamer
	for _, n := range []int{8 << 10, 16 << 10, 32 << 10} {
		line := []byte(strings.Repeat("1.a.", n/4))
		b.Run(fmt.Sprintf("bytes=%d", n), func(b *testing.B) {
			for b.Loop() {
				r.Changes(line)
			}
		})
	}
}
