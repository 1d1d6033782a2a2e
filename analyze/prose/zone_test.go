package prose

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

const noon = 1709287335 * flow.Second // 2024-03-01 10:02:15 UTC

func TestZones(t *testing.T) {
	for _, c := range []struct{ name, clock, date, called string }{
		{"", "10:02:15", "2024-03-01", "UTC"},
		{"utc", "10:02:15", "2024-03-01", "UTC"},
		{"Europe/Berlin", "11:02:15", "2024-03-01", "CET"},
		{"Asia/Kolkata", "15:32:15", "2024-03-01", "IST"},
		{"America/Sao_Paulo", "07:02:15", "2024-03-01", "UTC-03:00"},
		{"Pacific/Kiritimati", "00:02:15", "2024-03-02", "UTC+14:00"},
	} {
		z, err := ReadZone(c.name)
		require.NoError(t, err)
		at := flow.Time(noon + 999*flow.Millisecond)
		require.Equal(t, []string{c.clock, c.date, c.called}, []string{z.Clock(at), z.Date(at), z.Name(at, at)}, c.name)
		require.Equal(t, c.called == "UTC", z.IsUTC())
	}
	local, err := ReadZone("local")
	require.NoError(t, err)
	require.Equal(t, time.Local, local.Location())
	for _, bad := range []string{"Mars/Olympus", "../etc/passwd", "CET+1"} {
		_, err := ReadZone(bad)
		require.EqualError(t, err, "no such zone")
	}
	berlin, err := ReadZone("Europe/Berlin")
	require.NoError(t, err)
	require.Equal(t, "CET/CEST", berlin.Name(noon, noon+flow.Time(40*day)), "the clocks change between them")
}

func TestPeriods(t *testing.T) {
	require.Equal(t, "2024-03-01", Zone{}.Days(noon, noon+1))
	require.Equal(t, "2024-03-01 to 2024-03-02", Zone{}.Days(noon, noon+flow.Time(day)))
	for want, to := range map[string]flow.Time{
		"2024-03-01 10:02:15":                        noon + 1,
		"2024-03-01 10:02:15 to 10:02:16":            noon + flow.Second,
		"2024-03-01 10:02:15 to 2024-03-02 10:02:15": noon + flow.Time(day),
	} {
		require.Equal(t, want, Zone{}.Period(noon, to))
	}
}
