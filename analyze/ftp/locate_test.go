package ftp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// located runs a stream through a Locator and checks that each byte stands where it says.
func located(t testing.TB, stream string) (lines []Line) {
	var l Locator
	take := func(line *LocatedLine) {
		require.Equal(t, len(line.Text), len(line.At))
		for i, at := range line.At {
			require.Equal(t, stream[at-100], line.Text[i])
			require.True(t, i == 0 || at > line.At[i-1])
		}
		lines = append(lines, Line{append([]byte{}, line.Text...), line.Flags})
	}
	l.Write([]byte(stream), 100, take)
	l.Flush(take)
	return lines
}

func TestLocator(t *testing.T) {
	long := strings.Repeat("x", MaxLine+10)
	for _, stream := range []string{
		"USER bob\r\nPASS x\r\n", "a\nb\rc\r\x00d", "", "\r\n\r\n", "\xff\xf4\xff\xf2ABOR\r\n", "na\xffme\r\n", "y\xff\r\n", "end\xff", "\xff\xffq\r\n",
		"a\xff\xfa\x01\xff\xf0b\r\n", "un\xff\xfbterminated",
	} {
		require.Equal(t, whole(stream), located(t, stream), "%q", stream)
	}
	lines := located(t, "PASS "+long+"\r\nQUIT\r\n")
	require.Len(t, lines, 2)
	require.Equal(t, "PASS "+long, string(lines[0].Text), "nothing is cut")

	var l Locator
	var flags []LineFlags
	take := func(line *LocatedLine) { flags = append(flags, line.Flags) }
	l.Write([]byte("PASS hun"), 0, take)
	l.Gap(take)
	l.Write([]byte("ter2\r\n"), 20, take)
	require.Equal(t, []LineFlags{Unterminated, HeadLost}, flags)
}

func whole(stream string) (lines []Line) {
	var f Framer
	b := []byte(stream)
	for line, rest, ok := f.Next(b); ok; line, rest, ok = f.Next(rest) {
		lines = append(lines, Line{append([]byte{}, line.Text...), line.Flags})
	}
	if line, ok := f.Flush(); ok {
		lines = append(lines, Line{append([]byte{}, line.Text...), line.Flags})
	}
	return lines
}

func FuzzLocator(f *testing.F) {
	f.Add("USER bob\r\n\xff\xf4\xff\xf2ABOR\r\nq\xff")
	f.Fuzz(func(t *testing.T, stream string) {
		if len(stream) > MaxLine {
			return
		}
		require.Equal(t, len(whole(stream)), len(located(t, stream)))
		for i, l := range located(t, stream) {
			require.Equal(t, string(whole(stream)[i].Text), string(l.Text))
			require.Equal(t, whole(stream)[i].Flags, l.Flags)
		}
	})
}
