package match

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// What a revoked session was given is taken back once, by the revocation alone.
func TestForeignersForget(t *testing.T) {
	revoked, other := &pendingSession{id: 1}, &pendingSession{id: 2}
	first, second := &claim{users: 1}, &claim{users: 1}
	f := foreigners{list: []foreigner{{to: revoked, claim: first}, {to: other, claim: second}}}
	f.forget(revoked)
	require.False(t, f.has(revoked))
	require.True(t, f.has(other))
	taken := f.take(0, func(netip.Addr, *flow.Conn) bool { return true })
	require.Equal(t, []*claim{second}, taken)
	require.Equal(t, []int{1, 0}, []int{int(first.users), int(second.users)})
}
