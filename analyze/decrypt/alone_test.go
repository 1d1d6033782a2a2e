package decrypt

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/analyze/keylog"
	"ftpscope/capture/flow"
)

// ofSide are the pieces that a side sent.
func ofSide(pieces []piece, dir flow.Direction) (list []piece) {
	for _, p := range pieces {
		if p.dir == dir {
			list = append(list, p)
		}
	}
	return list
}

// Of the server's side alone, the logs' secrets tell which connection it is; foreign ones
// open nothing.
func TestServersSide(t *testing.T) {
	for name, version := range map[string]uint16{"1.3": tls.VersionTLS13, "1.2": tls.VersionTLS12} {
		t.Run(name, func(t *testing.T) {
			x, other, more := talked(t, suites(version), suites(version)), talked(t, suites(version), suites(version)), talked(t, suites(version), suites(version))
			log := other.log.String() + x.log.String() + more.log.String()
			for _, n := range []int{1, 100, 1 << 20} {
				h := &heard{}
				o := ringOf([]byte(log)).Open(h)
				play(o, ofSide(x.pieces, flow.In), n)
				require.Equal(t, Open, o.State(), o.Why())
				require.Equal(t, saidBy(1), h.plain[1].String())
				client, known := o.Client()
				require.True(t, known)
				require.Equal(t, flow.Out, client)
			}
			o := ringOf(other.log.Bytes()).Open(&heard{})
			play(o, ofSide(x.pieces, flow.In), 1000)
			require.False(t, o.Opened())
		})
	}
}

// A ClientHello that is lost costs what the client says in clear, and nothing else.
func TestHelloLost(t *testing.T) {
	for name, version := range map[string]uint16{"1.3": tls.VersionTLS13, "1.2": tls.VersionTLS12} {
		t.Run(name, func(t *testing.T) {
			x := talked(t, suites(version), suites(version))
			h := &heard{}
			o := ringOf(x.log.Bytes()).Open(h)
			o.Gap(flow.Out, uint64(len(x.pieces[0].b)), flow.Mark{Ord: 1})
			play(o, x.pieces[1:], 1000)
			require.Equal(t, saidBy(1), h.plain[1].String(), "%d", o.Why())
			require.True(t, strings.HasSuffix(h.plain[0].String(), "QUIT\r\n"), h.plain[0].String())
		})
	}
}

// What captures hold further on is searched once.
func TestSearch(t *testing.T) {
	x := talked(t, suites(tls.VersionTLS13), suites(tls.VersionTLS13))
	store, times := keylog.New(), 0
	store.Searches(func() {
		times++
		store.Block(x.log.Bytes(), 0)
	})
	ring := NewKeyring(store)
	for range 2 {
		h := &heard{}
		play(ring.Open(h), x.pieces, 1000)
		require.Equal(t, saidBy(1), h.plain[1].String())
	}
	play(ring.Open(&heard{}), talked(t, suites(tls.VersionTLS13), suites(tls.VersionTLS13)).pieces, 1000)
	require.Equal(t, 1, times)
}

// Who cannot be helped by keys is told why.
func TestWhy(t *testing.T) {
	for why, want := range map[Why]string{NotShut: "", NoSecrets: "", NoHandshake: "lacks", Unsupported: "SSL 3", WrongKeys: "fit", Damaged: "missing"} {
		require.Contains(t, why.String(), want)
		require.Equal(t, want == "", why.String() == "")
	}
}
