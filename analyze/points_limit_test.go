package analyze

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/compare"
	"ftpscope/analyze/record"
)

// A session whose transfers are too many beside those of the others is left out and counted.
func TestPointTransfers(t *testing.T) {
	side := &compare.Side{}
	r := pointRecords{side: side, tracer: newTracer(side, ports{})}
	end := netip.MustParseAddrPort("192.0.2.1:21")
	for _, n := range []int{1, compare.MaxTransfers, 1} {
		s := &record.Session{Client: end, Server: end, Transfers: make([]record.Transfer, n)}
		s.Notes.Control.Src, s.Notes.Control.Dst = end, end
		require.NoError(t, r.Session(s))
	}
	require.Equal(t, 1, side.Skipped)
	require.Len(t, side.Sessions, 2)
}
