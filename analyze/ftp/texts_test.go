package ftp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTexts(t *testing.T) {
	var texts, none *Texts = new(Texts), nil
	for _, s := range []string{"", "Transfer complete.", "227 Entering Passive Mode (192,0,2,21,195,80)", strings.Repeat("x", maxText+1)} {
		b := []byte(s)
		kept := texts.Keep(b)
		require.Equal(t, s, kept)
		require.Equal(t, s, none.Keep(b))
		clear(b)
		require.Equal(t, s, kept, "it does not alias the bytes")
		if len(s) <= maxText {
			b = append(b[:0], s...)
			require.Zero(t, testing.AllocsPerRun(10, func() { texts.Keep(b) }))
		}
	}
}
