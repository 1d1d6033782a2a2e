package tlsrec

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// messageOf is a handshake message.
func messageOf(kind byte, body ...byte) []byte {
	n := len(body)
	return append([]byte{kind, byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// Messages are the same however they are cut; of those that are not wanted the header is.
func TestMessages(t *testing.T) {
	const wanted, other = 1, 2
	needs := func(open []byte) int {
		if open[0] == wanted {
			return MessageSize(open)
		}
		return messageHeader
	}
	long := bytes.Repeat([]byte{7}, 300)
	all := bytes.Join([][]byte{messageOf(wanted, 1, 2, 3), messageOf(other, long...), messageOf(wanted), messageOf(other), messageOf(wanted, long...), messageOf(wanted, 9)[:4]}, nil)
	want := [][]byte{messageOf(wanted, 1, 2, 3), messageOf(other, long...)[:4], messageOf(wanted), messageOf(other), messageOf(wanted, long...)}
	for _, n := range []int{1, 2, 3, 7, 100, len(all)} {
		var m Messages
		var got [][]byte
		for b := all; len(b) > 0; {
			piece := b[:min(n, len(b))]
			for b = b[len(piece):]; len(piece) > 0; {
				var message []byte
				if message, piece = m.Next(piece, needs); message != nil {
					got = append(got, bytes.Clone(message))
					require.Zero(t, m.Held())
				}
			}
		}
		require.Equal(t, want, got, "%d bytes at a time", n)
		require.Equal(t, messageHeader, m.Held(), "the last one is not whole")
	}
}

// Who wants nothing gets nothing.
func TestMessagesUnwanted(t *testing.T) {
	var m Messages
	message, rest := m.Next(messageOf(1, 1, 2, 3), func([]byte) int { return 0 })
	require.Nil(t, message)
	require.Nil(t, rest)
}
