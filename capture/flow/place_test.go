package flow

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHops(t *testing.T) {
	for ttl, want := range map[uint8]int{0: -1, 1: 31, 32: 0, 33: 31, 63: 1, 64: 0, 65: -1, 87: -1, 88: 40, 128: 0, 129: -1, 214: -1, 215: 40, 255: 0} {
		require.Equal(t, want, Hops(ttl), "TTL %d", ttl)
	}
}

func TestIsInternal(t *testing.T) {
	for text, want := range map[string]bool{
		"10.1.2.3": true, "172.16.0.1": true, "172.32.0.1": false, "192.168.1.1": true, "100.64.0.1": true, "100.128.0.1": false,
		"169.254.1.1": true, "127.0.0.1": true, "0.0.0.0": true, "203.0.113.21": false, "fd00::1": true, "fe80::1": true, "::1": true, "2001:db8::1": false,
	} {
		require.Equal(t, want, IsInternal(netip.MustParseAddr(text)), text)
	}
}

func TestNAT64(t *testing.T) {
	require.True(t, NAT64.Contains(netip.MustParseAddr("64:ff9b::cb00:7115")))
	require.False(t, NAT64.Contains(netip.MustParseAddr("64:ff9c::cb00:7115")))
}
