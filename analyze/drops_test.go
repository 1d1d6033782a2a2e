package analyze

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/record"
	"ftpscope/capture/flow"
)

func TestDrops(t *testing.T) {
	var d drops
	during := func(from, to flow.Time) uint64 {
		return d.during(&record.Session{Start: record.Stamp{Time: from}, End: record.Stamp{Time: to}})
	}
	for now, total := range []uint64{0, 0, 5, 9, 9, 9, 10} {
		d.look(flow.Time(now), total)
	}
	require.Len(t, d.list, 2)
	require.EqualValues(t, 10, during(0, 100))
	require.EqualValues(t, 0, during(0, 0))
	require.EqualValues(t, 9, during(2, 4))
	require.EqualValues(t, 0, during(4, 4))
	require.EqualValues(t, 1, during(5, 5))

	total := uint64(10)
	for now := range 100_000 {
		total += uint64(now % 2)
		d.look(flow.Time(now+7), total)
		require.LessOrEqual(t, len(d.list), maxSpells)
	}
	require.Equal(t, total, during(0, 1<<40), "however coarse, all are counted")
}
