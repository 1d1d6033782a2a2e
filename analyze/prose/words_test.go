package prose

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWords(t *testing.T) {
	for want, got := range map[string]string{
		"0": Number(0), "999": Number(999), "1,000": Number(1000), "1,234,567": Number(1234567),
		"1 packet": Many(1, "packet"), "0 packets": Many(0, "packet"), "2,000 addresses": Many(uint64(2000), "address"), "3 replies": Many(3, "reply"),
	} {
		require.Equal(t, want, got)
	}
}
