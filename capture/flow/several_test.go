package flow

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSeveralAreEmptyAndTheirOwn(t *testing.T) {
	var s Several[Half]
	seen := map[*Half]bool{}
	for range 11 {
		h := s.Next()
		require.Zero(t, *h)
		require.False(t, seen[h])
		h.Bytes = 1
		seen[h] = true
	}
}
