package decrypt

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ftpscope/capture/flow"
)

// FuzzOpener changes a byte of a real connection, leaves bytes out, and cuts the rest into
// pieces: nothing that is told was never said, and what is held is bounded.
func FuzzOpener(f *testing.F) {
	var talks []*talk
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13} {
		talks = append(talks, talked(f, suites(version), suites(version)))
	}
	f.Add(0, 10, byte(1), 0, 0, 5)
	f.Add(1, 300, byte(0), 2000, 50, 1448)
	f.Add(2, 3000, byte(255), 3000, 20000, 100)
	f.Fuzz(func(t *testing.T, which, where int, change byte, from, lost, n int) {
		x := talks[uint(which)%uint(len(talks))]
		h := &heard{}
		o := ringOf(x.log.Bytes()).Open(h)
		at := 0
		for _, p := range x.pieces {
			b := append([]byte(nil), p.b...)
			if i := where - at; i >= 0 && i < len(b) {
				b[i] ^= change
			}
			before, after := len(b), len(b)
			if i := from - at; i >= 0 && i < len(b) {
				before, after = i, min(len(b), i+max(0, lost))
			}
			play(o, []piece{{p.dir, b[:before]}}, max(1, n))
			if after > before {
				o.Gap(p.dir, uint64(after-before), flow.Mark{Ord: 1})
			}
			play(o, []piece{{p.dir, b[after:]}}, max(1, n))
			at += len(b)
			for dir := range o.sides {
				require.LessOrEqual(t, len(o.sides[dir].buf), maxHeld+maxSealed)
			}
		}
		for dir := range 2 {
			require.LessOrEqual(t, h.plain[dir].Len(), len(saidBy(dir)))
		}
	})
}

// FuzzHandshake reads any bytes as both sides of a connection, whole and in pieces: the
// two say the same.
func FuzzHandshake(f *testing.F) {
	log := []byte("CLIENT_RANDOM " + strings.Repeat("07", 32) + " " + strings.Repeat("ab", 48) + "\n")
	f.Add(hello(clientHello, 7, "").b, hello(serverHello, 8, "\x00\x16\x00\x00").b, 7)
	f.Add(hello(clientHello, 7, "\x00\x23\x00\x03abc\x00\x2a\x00\x00").b, hello(serverHello, 8, "\x00\x2b\x00\x02\x03\x04").b, 1)
	f.Fuzz(func(t *testing.T, out, in []byte, n int) {
		pieces := []piece{{flow.Out, out}, {flow.In, in}}
		whole, cut := ringOf(log).Open(&heard{}), ringOf(log).Open(&heard{})
		play(whole, pieces, 1<<20)
		play(cut, pieces, max(1, n))
		require.Equal(t, whole.Why(), cut.Why())
		require.Equal(t, whole.shake.version, cut.shake.version)
		require.Equal(t, whole.shake.offeredTicket, cut.shake.offeredTicket)
	})
}
