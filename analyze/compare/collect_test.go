package compare

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
)

// A session whose transfers are too many beside those of the others is left out and
// counted.
func TestTooManyTransfers(t *testing.T) {
	side := &Side{}
	r := NewCollector(side, func(uint16) bool { return false })
	end := netip.MustParseAddrPort("192.0.2.1:21")
	for _, n := range []int{1, MaxTransfers, 1} {
		s := &record.Session{Client: end, Server: end, Transfers: make([]record.Transfer, n)}
		s.Notes.Control.Src, s.Notes.Control.Dst = end, end
		require.NoError(t, r.Session(s))
	}
	require.Equal(t, 1, side.Skipped)
	require.Len(t, side.Sessions, 2)
}
