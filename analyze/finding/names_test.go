package finding

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/prose"
	"ftpscope/analyze/record"
)

func TestNamesToldApart(t *testing.T) {
	long := strings.Repeat("u", 4000)
	var u names
	for _, name := range []string{"a", "b", "a", long + "1", long + "2", long + "1", "", "c", "d", "c"} {
		u.add(name)
	}
	require.Equal(t, 7, u.n)
	for _, name := range []string{"a", "b", "c", "d", "", long + "1", long + "2"} {
		require.True(t, u.has(name), "%.10q", name)
	}
	require.False(t, u.has(long))
	require.False(t, u.has("e"))
	require.False(t, u.has(u.first[2]), "what is quoted is not the name")
	require.Equal(t, "7 users ("+strings.Join([]string{prose.Quote("a"), prose.Quote("b"), prose.Quote(long + "1"), prose.Quote(long + "2"), prose.Quote("")}, ", ")+", …)", u.String())
}

// However many users however many hosts guess passwords of, and however long their names
// are, what is kept of them is bounded.
func TestNamesOfAllSeries(t *testing.T) {
	st := NewStream(Options{}, func(*record.Session) {})
	const hosts = 2 * maxAllNames / record.MaxLogins
	for host := range hosts {
		s := sess()
		s.Client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(host >> 8), byte(host)}), 5000)
		for i := range record.MaxLogins {
			s.Notes.Logins = append(s.Notes.Logins, record.Login{Mark: at(4), User: strconv.Itoa(i), Code: 530})
		}
		st.Add(s)
	}
	st.Flush()
	kept := 0
	for _, r := range st.series {
		kept += len(r.users.seen)
		for _, name := range r.users.first {
			require.LessOrEqual(t, len([]rune(name)), maxQuoted)
		}
	}
	require.Equal(t, maxAllNames, kept)
	require.Zero(t, st.names)
	for _, r := range st.series {
		st.end(r)
	}
	require.Equal(t, maxAllNames, st.names)
}
