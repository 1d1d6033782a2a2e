package record

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOfFile(t *testing.T) {
	for command, want := range map[string]bool{
		"RETR": true, "STOR": true, "STOU": true, "APPE": true, "retr": true, "Stor": true,
		"LIST": false, "NLST": false, "MLSD": false, "": false, "RETRX": false,
	} {
		require.Equal(t, want, (&Transfer{Command: &command}).OfFile(), command)
	}
	require.False(t, (&Transfer{}).OfFile(), "a negotiation that nothing used carries no file")
}

func TestSeverities(t *testing.T) {
	require.Equal(t, [...]string{Critical, High, Medium, Low, Info}, Severities)
	for i, s := range Severities {
		require.Equal(t, i, Gravity(s))
	}
	for _, s := range []string{"", "CRITICAL", "fatal"} {
		require.Equal(t, len(Severities)-1, Gravity(s), "what nobody knows ranks last")
	}
}

func TestFromMildest(t *testing.T) {
	list := FromMildest()
	require.Equal(t, []string{Info, Low, Medium, High, Critical}, list)
	list[0] = "changed"
	require.Equal(t, Info, Severities[len(Severities)-1], "the list is the caller's own")
	require.True(t, slices.Equal(FromMildest(), []string{Info, Low, Medium, High, Critical}))
}
